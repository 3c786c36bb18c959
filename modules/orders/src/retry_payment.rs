//! Another attempt to pay a pending order, with the same or another method.

use kernel::CallCtx;
use kernel::db::AnyConnection;
use orders_api::{OrderProgress, OrderStatus, RetryPayment};

use crate::Outcome;
use crate::find::Viewer;
use crate::journal::{Act, Entry, SagaStatus, Step, StepStatus};
use crate::work::{Claim, Errand, Shop, not_allowed, when_free};

/// Of one order, all methods together: more than a shopper is let make with cards, so that a transfer is always left.
const MOST_TRIES: i64 = 10;

/// Writes the attempt down, once per key, and makes it.
pub(crate) async fn retry_payment(shop: &Shop, ctx: &CallCtx, request: RetryPayment) -> Outcome<OrderProgress> {
    let viewer = Viewer::of(ctx);
    let is_begun = when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let key = request.key.to_string();
        let begin = move |conn: &mut AnyConnection| begin(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(key, "retry_payment", &request, begin)
    })
    .await?;
    if is_begun {
        let errand = Errand::new(&viewer, |status| status == SagaStatus::Buying).impatient();
        let report = shop.carry_on(ctx, request.order_id, errand).await?;
        return shop.with_page(ctx, report).await.into_answer();
    }
    Ok(shop.carry_on(ctx, request.order_id, Errand::new(&viewer, |_| true)).await?.progress)
}

/// Whether there is an attempt to make. There is none for an order that is not, or no more, to be paid.
fn begin(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &RetryPayment, act: Act) -> Outcome<bool> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let now = act.at;
    let waits = purchase.saga.status == SagaStatus::AwaitingPayment && !purchase.is_late(now);
    if purchase.order.status.order != OrderStatus::Pending || !waits {
        return Ok(false);
    }
    if purchase.saga.try_number >= MOST_TRIES {
        return Err(not_allowed("paid", format!("pending after {MOST_TRIES} attempts to pay")));
    }
    let mut entry = Entry::new(purchase, act);
    entry.end_steps(&[Step::Pay, Step::Reserve], StepStatus::GivenUp);
    let saga = &mut entry.purchase.saga;
    saga.status = SagaStatus::Buying;
    saga.try_number += 1;
    saga.payment_method.clone_from(&wanted.payment_method);
    saga.attempts = 0;
    saga.rest(now);
    entry.announce(&[Step::Reserve, Step::Pay]);
    entry.write(conn)?;
    Ok(true)
}
