//! Canceling an order of which nothing is packed. What was paid goes back.

use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError};
use orders_api::{CancelOrder, Order, OrderStatus, PaymentStatus};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, SagaStatus};
use crate::saga::undo_steps;
use crate::store::orders;
use crate::words::check_words;
use crate::work::{Claim, Errand, Shop, not_allowed, when_free};

/// Writes the wish down, once per key, and carries it out: first the payment is ended, which decides whether the order
/// can be, unless it is paid already; then its stock is given back, and its money.
pub(crate) async fn cancel_order(shop: &Shop, ctx: &CallCtx, request: CancelOrder) -> Outcome<Order> {
    let viewer = Viewer::owner_or_staff(ctx)?;
    let reason = request.reason.trim();
    check_words("reason", reason, 1)?;
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let begin = move |conn: &mut AnyConnection| begin(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(request.key.to_string(), "cancel_order", &request, begin)
    })
    .await?;
    let errand = Errand::new(&viewer, |status| {
        use SagaStatus::{Canceling, Expiring, RefundDue, Refunding, Undoing};
        matches!(status, Canceling | Expiring | Undoing | RefundDue | Refunding)
    });
    let report = shop.carry_on(ctx, request.order_id, errand).await?;
    match report.purchase.saga.status {
        _ if report.purchase.order.status.order == OrderStatus::Canceled => changed_order(shop, request.order_id).await,
        SagaStatus::Canceling | SagaStatus::Expiring => {
            Err(CallError::Unknown("it will be ended when billing answers".to_owned()))
        }
        _ => Err(not_allowed("canceled", report.purchase.order.status.in_words())),
    }
}

fn begin(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &CancelOrder, act: Act) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let status = purchase.order.status;
    let is_open = match status.order {
        OrderStatus::Pending => status.payment == PaymentStatus::Unpaid,
        OrderStatus::Placed => !wanted.unless_placed,
        _ => false,
    };
    if !is_open {
        return Err(not_allowed("canceled", status.in_words()));
    }
    if orders::is_packed(conn, wanted.order_id)? {
        return Err(not_allowed("canceled", "packed"));
    }
    match purchase.saga.status {
        SagaStatus::Canceling | SagaStatus::Expiring => return Ok(()),
        SagaStatus::RefundDue | SagaStatus::Refunding => return Err(not_allowed("canceled", "being refunded")),
        SagaStatus::Recording => return Err(not_allowed("canceled", "being paid")),
        _ => {}
    }
    let mut entry = Entry::new(purchase, act);
    let at = entry.at();
    let saga = &mut entry.purchase.saga;
    saga.status = SagaStatus::Canceling;
    saga.detail = Some(wanted.reason.trim().to_owned());
    saga.write_off = wanted.write_off && viewer.sees_all();
    saga.attempts = 0;
    saga.rest(at);
    entry.announce(undo_steps(&entry.purchase));
    entry.write(conn)?;
    Ok(())
}
