//! Taking up what was left undone: by a process that ended, by a neighbour who was away, by a shopper who never came back.

use std::collections::BTreeSet;
use std::time::Duration;

use billing_api::{PaymentAuthorized, PaymentCaptured, PaymentFailed, PaymentRefunded, RefundFailed};
use kernel::db::AnyConnection;
use kernel::inbox::{HandlerError, Subscription};
use kernel::stop::Stop;
use kernel::trace::TraceContext;
use kernel::{CallCtx, Money};
use orders_api::OrderId;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::Outcome;
use crate::find::Viewer;
use crate::journal::{Act, Entry, SagaStatus};
use crate::saga::refund_is_due;
use crate::store::{orders, refunds, sagas};
use crate::work::Shop;

/// How often the journals are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// A hint is given within a unit of work, which is then about to be committed.
const COMMIT: Duration = Duration::from_millis(5);
/// Orders that are worked on at the same time.
const AT_ONCE: i64 = 16;

/// Works until told to stop, and finishes what it has begun then.
pub(crate) async fn recover(shop: Shop, stop: Stop) {
    let mut turns = Turns::default();
    while !stop.is_stopping() {
        turns.take_due(&shop).await;
        tokio::select! {
            () = stop.wait() => {}
            () = sleep(EVERY) => {}
            () = shop.wake.notified() => sleep(COMMIT).await,
            () = turns.next() => {}
        }
    }
    turns.all().await;
}

/// The turns that are under way.
#[derive(Default)]
struct Turns {
    tasks: JoinSet<OrderId>,
    orders: BTreeSet<OrderId>,
}

impl Turns {
    /// Begins a turn with each order that has something to do.
    async fn take_due(&mut self, shop: &Shop) {
        let now = shop.clock.now();
        let due: Outcome<_> = shop.db.read(move |conn| Ok(sagas::sagas_due(conn, now, AT_ONCE)?)).await;
        let due = due.unwrap_or_else(|error| {
            tracing::warn!(%error, "the journals cannot be read");
            Vec::new()
        });
        for order_id in due {
            if self.orders.len() < usize::try_from(AT_ONCE).unwrap_or(1) && self.orders.insert(order_id) {
                self.tasks.spawn(turn(shop.clone(), order_id));
            }
        }
    }

    /// Returns when one has ended; never when there is none.
    async fn next(&mut self) {
        match self.tasks.join_next().await {
            Some(Ok(order_id)) => drop(self.orders.remove(&order_id)),
            // It panicked. The order is left until the next start, since it would only panic again.
            Some(Err(error)) => tracing::error!(%error, "a turn with an order failed"),
            None => std::future::pending().await,
        }
    }

    async fn all(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn turn(shop: Shop, order_id: OrderId) -> OrderId {
    let ctx = CallCtx::of_module("orders");
    match shop.take_turn(&ctx, order_id, true).await {
        Ok(Some(report)) => {
            tracing::debug!(%order_id, progress = ?report.progress, "took up an order");
            return order_id;
        }
        Ok(None) => {}
        Err(error) => tracing::warn!(%order_id, %error, "an order could not be taken up"),
    }
    // It is still to be done, but not at once.
    sleep(EVERY).await;
    order_id
}

/// Listens to what becomes of payments. A consumer asks nobody: it wakes who does, and writes down that the money of an
/// order that has ended is to go back.
pub(crate) fn payments(shop: &Shop) -> Subscription {
    let (on_captured, on_failed, on_authorized) = (shop.clone(), shop.clone(), shop.clone());
    let (on_refunded, on_not_refunded) = (shop.clone(), shop.clone());
    Subscription::new("orders.payments", "billing")
        .on::<PaymentCaptured>(move |conn, envelope, event| {
            news(&on_captured, conn, &event.order_id, |conn, order_id| {
                captured(conn, order_id, &on_captured, (event.amount, envelope.trace_context()))
            })
        })
        .on::<PaymentAuthorized>(move |conn, _, event| {
            news(&on_authorized, conn, &event.order_id, |conn, order_id| {
                sagas::saga_nudge(conn, order_id, on_authorized.clock.now())?;
                Ok(())
            })
        })
        .on::<PaymentFailed>(move |conn, _, event| {
            news(&on_failed, conn, &event.order_id, |conn, order_id| {
                sagas::saga_nudge(conn, order_id, on_failed.clock.now())?;
                Ok(())
            })
        })
        .on::<PaymentRefunded>(move |conn, envelope, event| {
            news(&on_refunded, conn, &event.order_id, |conn, order_id| {
                refund_ended(conn, order_id, &on_refunded, envelope.trace_context())
            })
        })
        .on::<RefundFailed>(move |conn, envelope, event| {
            news(&on_not_refunded, conn, &event.order_id, |conn, order_id| {
                refund_ended(conn, order_id, &on_not_refunded, envelope.trace_context())
            })
        })
        .once()
}

/// A refund ended. Whoever works on the order at this moment may not have seen it, and begins again.
fn refund_ended(conn: &mut AnyConnection, order_id: OrderId, shop: &Shop, trace: TraceContext) -> Outcome<()> {
    if !refunds::is_refund_pending(conn, order_id)? {
        return Ok(());
    }
    let (purchase, at) = (shop.claim().by_force(conn, order_id)?, shop.clock.now());
    let mut entry = Entry::new(purchase, Act { actor: "module:billing".to_owned(), at, trace });
    let saga = &mut entry.purchase.saga;
    if saga.status == SagaStatus::Finished {
        saga.status = SagaStatus::Refunding;
    }
    saga.rest(at);
    entry.write(conn)?;
    Ok(())
}

fn news(
    shop: &Shop,
    conn: &mut AnyConnection,
    order_id: &str,
    tell: impl FnOnce(&mut AnyConnection, OrderId) -> Outcome<()>,
) -> Result<(), HandlerError> {
    let Ok(order_id) = order_id.parse() else {
        tracing::warn!(order_id, "billing knows an order that cannot be one of this shop");
        return Ok(());
    };
    tell(conn, order_id)?;
    shop.wake.notify_one();
    Ok(())
}

/// Money arrived. For an order that has ended this is the end of it; any other is taken up.
fn captured(
    conn: &mut AnyConnection,
    order_id: OrderId,
    shop: &Shop,
    (amount, trace): (Money, TraceContext),
) -> Outcome<()> {
    let at = shop.clock.now();
    let Some(purchase) = orders::purchase_of(conn, order_id, &Viewer::Shop)? else {
        tracing::warn!(%order_id, "billing knows an order that this shop does not");
        return Ok(());
    };
    let status = purchase.order.status;
    if status.payment.has_arrived() {
        return Ok(());
    }
    if !status.has_ended() {
        if !sagas::saga_nudge(conn, order_id, at)? {
            sagas::saga_reopen(conn, order_id, at)?;
        }
        return Ok(());
    }
    // Whoever undoes the order at this moment has not seen the money, and begins again.
    let purchase = shop.claim().by_force(conn, order_id)?;
    if purchase.order.status.payment.has_arrived() {
        return Ok(());
    }
    let mut entry = Entry::new(purchase, Act { actor: "module:billing".to_owned(), at, trace });
    refund_is_due(&mut entry, amount)?;
    let saga = &mut entry.purchase.saga;
    if saga.status == SagaStatus::Finished {
        saga.status = SagaStatus::RefundDue;
    }
    saga.rest(at);
    entry.write(conn)?;
    Ok(())
}
