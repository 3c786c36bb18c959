//! Staff saw the money of a placed order on the bank account.

use accounts_api::Permission;
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError};
use orders_api::{MarkPaid, Order, OrderStatus, OrdersError, PaymentStatus};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, SagaStatus, Step};
use crate::work::{Claim, Errand, Shop, not_allowed, when_free};

const LONGEST_REFERENCE: usize = 200;

/// Writes it down, once per key, tells billing, and then the order is paid.
pub(crate) async fn mark_paid(shop: &Shop, ctx: &CallCtx, request: MarkPaid) -> Outcome<Order> {
    let viewer = Viewer::for_staff(ctx, Permission::ManageOrders)?;
    if request.reference.as_ref().is_some_and(|reference| reference.chars().count() > LONGEST_REFERENCE) {
        return Err(OrdersError::invalid("reference", format!("use at most {LONGEST_REFERENCE} characters")).into());
    }
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let begin = move |conn: &mut AnyConnection| begin(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(request.key.to_string(), "mark_paid", &request, begin)
    })
    .await?;
    let errand = Errand::new(&viewer, |status| status == SagaStatus::Recording);
    let report = shop.carry_on(ctx, request.order_id, errand).await?;
    if report.purchase.order.status.payment == PaymentStatus::Paid {
        return changed_order(shop, request.order_id).await;
    }
    let later = || CallError::Unknown("it will be marked as paid when billing answers".to_owned());
    Err(report.failure.unwrap_or_else(later))
}

fn begin(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &MarkPaid, act: Act) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let status = purchase.order.status;
    if status.order != OrderStatus::Placed || status.payment != PaymentStatus::Unpaid {
        return Err(not_allowed("paid", status.in_words()));
    }
    match purchase.saga.status {
        SagaStatus::Recording => return Ok(()),
        SagaStatus::Canceling => return Err(not_allowed("paid", "being canceled")),
        SagaStatus::Refunding => return Err(not_allowed("paid", "being changed")),
        _ => {}
    }
    let mut entry = Entry::new(purchase, act);
    let at = entry.at();
    let saga = &mut entry.purchase.saga;
    saga.status = SagaStatus::Recording;
    saga.detail.clone_from(&wanted.reference);
    saga.attempts = 0;
    saga.rest(at);
    entry.announce(&[Step::RecordPayment]);
    entry.write(conn)?;
    Ok(())
}
