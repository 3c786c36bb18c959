//! What only shows when the data of several modules is compared, order by order.
//!
//! A shop that is open changes while it is read. So an order that looks wrong is looked at again a little later, and counts
//! when it still does.

use std::time::Duration;

use billing_api::{FindPayment, Payment};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kernel::audit::{AuditRequest, Violation};
use kernel::{CallCtx, PageRequest};
use orders_api::{FindOrder, ListOrders, Order, OrderId, OrderStatus, OrderView, PaymentStatus, RefundStatus};

use crate::assemble::Modules;
use crate::cli::Failure;

/// Orders that are compared at the same time.
const AT_ONCE: usize = 8;
/// Longer than an event takes from one module to another.
const SETTLES: Duration = Duration::from_secs(2);

/// Orders whose records in several modules contradict each other.
pub(super) async fn violations(modules: &Modules, request: &AuditRequest) -> Result<Vec<Violation>, Failure> {
    let mut suspects = Vec::new();
    let mut cursor = None;
    loop {
        let page = PageRequest { limit: 100, cursor };
        let list = ListOrders { view: OrderView::All, search: None, page };
        let found = modules.orders.list_orders(&CallCtx::of_module("app"), list).await?;
        let ids = found.items.into_iter().map(|order| order.id);
        suspects.extend(compared(modules, ids.collect()).await?.into_iter().map(|(id, _)| id));
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if suspects.is_empty() {
        return Ok(Vec::new());
    }
    tokio::time::sleep(SETTLES).await;
    let mut violations = Vec::new();
    for (_, broken) in compared(modules, suspects).await? {
        let of_kind = violations.iter().filter(|known: &&Violation| known.invariant == broken.invariant).count();
        if i64::try_from(of_kind).is_ok_and(|count| count < request.capped_rows()) {
            violations.push(broken);
        }
    }
    Ok(violations)
}

/// Those of these orders that contradict what other modules know.
async fn compared(modules: &Modules, ids: Vec<OrderId>) -> Result<Vec<(OrderId, Violation)>, Failure> {
    let each = ids.into_iter().map(|id| async move {
        let broken = compare(modules, id).await?;
        Ok::<_, Failure>(broken.into_iter().map(|violation| (id, violation)).collect::<Vec<_>>())
    });
    let found: Vec<Vec<_>> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn compare(modules: &Modules, id: OrderId) -> Result<Vec<Violation>, Failure> {
    let ctx = CallCtx::of_module("app");
    let Some(order) = modules.orders.order(&ctx, FindOrder::Id(id)).await? else { return Ok(Vec::new()) };
    let payment = modules.billing.payment(&ctx, FindPayment { order_id: id.to_string() }).await?;
    let captured = payment.as_ref().map_or(0, |payment| payment.captured.amount);
    let given_back = payment.map_or(0, |payment| given_back(&payment));
    Ok(money(&order, captured).into_iter().chain(back(&order, given_back)).collect())
}

/// What went back as billing knows it.
fn given_back(payment: &Payment) -> i64 {
    let went_back = payment.refunds.iter().filter(|refund| refund.status == billing_api::RefundStatus::Succeeded);
    went_back.map(|refund| refund.amount.amount).sum()
}

/// Of what went back, both know as much.
fn back(order: &Order, given_back: i64) -> Option<Violation> {
    let went_back = order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let known: i64 = went_back.map(|refund| refund.amount.amount).sum();
    let counted = format!("{} ({}): {known} went back, {given_back} counted by billing", order.number, order.id);
    (known != given_back).then(|| Violation::new("I-O7", "an order and billing differ in what went back", counted))
}

/// An order is paid when its money was counted, and only then.
fn money(order: &Order, captured: i64) -> Option<Violation> {
    let counted = format!("{} ({}) of {}, {captured} counted by billing", order.number, order.id, order.paid());
    let has_ended = matches!(order.status, OrderStatus::Canceled | OrderStatus::Expired);
    match order.payment_status {
        status if status.has_arrived() && captured != order.paid().amount => {
            Some(Violation::new("I-M8", "an order is paid, and other money was counted", counted))
        }
        PaymentStatus::Unpaid | PaymentStatus::Voided if captured != 0 && has_ended => {
            Some(Violation::new("I-M8", "an order has ended, and its money was counted", counted))
        }
        PaymentStatus::Unpaid | PaymentStatus::Voided if captured != 0 => {
            Some(Violation::new("I-O7", "the money of an order was counted, and the order does not know", counted))
        }
        _ => None,
    }
}
