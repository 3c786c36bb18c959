//! Giving back money of an order that was paid.

use accounts_api::Permission;
use billing_api::FindPayment;
use kernel::db::AnyConnection;
use kernel::{CallCtx, Money};
use orders_api::{FulfillmentLine, Order, OrderId, OrdersError, PaymentStatus, RefundOrder, RefundStatus, RefundTo};

use crate::Outcome;
use crate::find::{Viewer, changed_order};
use crate::journal::{Act, Entry, SagaStatus, internal};
use crate::pack::sorted;
use crate::store::orders;
use crate::store::refunds::{CameBack, NewRefund, refunds_of_order};
use crate::words::check_words;
use crate::work::{Claim, Errand, Shop, for_the_shop, not_allowed, when_free};

const LONGEST_LOCATION: usize = 100;

/// Writes the refund down, once per key, and carries it out. It is refused when billing does not answer; whatever happens
/// after it is written down, the refund is told to billing once, and the order shows how far it is.
pub(crate) async fn refund_order(shop: &Shop, ctx: &CallCtx, request: RefundOrder) -> Outcome<Order> {
    let viewer = Viewer::for_staff(ctx, Permission::ManageOrders)?;
    let reason = request.reason.trim();
    check_words("reason", reason, 1)?;
    check_location(request.location_id.as_deref())?;
    let asked = FindPayment { order_id: request.order_id.to_string() };
    if let Err(error) = shop.billing.payment(&for_the_shop(ctx), asked).await {
        return Err(error.map_domain(internal));
    }
    when_free(|| {
        let (claim, act, viewer, wanted) = (shop.claim(), shop.act(ctx), viewer.clone(), request.clone());
        let begin = move |conn: &mut AnyConnection| begin(conn, &claim, &viewer, &wanted, act);
        shop.db.write_once(request.key.to_string(), "refund_order", &request, begin)
    })
    .await?;
    let errand = Errand::new(&viewer, |status| status == SagaStatus::Refunding);
    shop.carry_on(ctx, request.order_id, errand).await?;
    changed_order(shop, request.order_id).await
}

fn begin(conn: &mut AnyConnection, claim: &Claim, viewer: &Viewer, wanted: &RefundOrder, act: Act) -> Outcome<()> {
    let purchase = claim.for_this_unit(conn, wanted.order_id, viewer)?;
    let currency = purchase.order.total.currency;
    let mut entry = Entry::new(purchase, act);
    let goods = take_back(conn, wanted.order_id, &wanted.restock, currency)?;
    let came_back = CameBack { location_id: wanted.location_id.clone(), goods };
    let (amount, to, reason) = (wanted.amount, wanted.to, wanted.reason.trim().to_owned());
    begin_refund(conn, &mut entry, Back { amount, to, reason, came_back })?;
    entry.write(conn)?;
    Ok(())
}

/// What is to go back.
pub(crate) struct Back {
    pub(crate) amount: Money,
    pub(crate) to: RefundTo,
    pub(crate) reason: String,
    pub(crate) came_back: CameBack,
}

/// Writes down that money of a paid order goes back, at most what is left of it; gives the number of the refund.
pub(crate) fn begin_refund(conn: &mut AnyConnection, entry: &mut Entry, back: Back) -> Outcome<i64> {
    let Back { amount, to, reason, came_back } = back;
    let (order, at) = (&entry.purchase.order, entry.at());
    if !order.status.payment.has_arrived() || order.status.payment == PaymentStatus::Refunded {
        return Err(not_allowed("refunded", order.status.in_words()));
    }
    if !entry.purchase.is_free() {
        return Err(not_allowed("refunded", "being changed"));
    }
    let total = order.total;
    let earlier = refunds_of_order(conn, order.id, total.currency)?;
    let counts = earlier.iter().filter(|refund| refund.shown.status != RefundStatus::Failed);
    let left = order.paid() - counts.map(|refund| refund.shown.amount.amount).sum::<i64>();
    if amount.currency != total.currency || !(1..=left).contains(&amount.amount) {
        let most = Money::new(left.max(0), total.currency);
        return Err(OrdersError::invalid("amount", format!("at most {most} can be refunded")).into());
    }
    let number = i64::try_from(earlier.len()).map_err(internal)? + 1;
    entry.begin_refund(NewRefund { number, amount, to, reason, came_back });
    entry.purchase.saga.rest(at);
    Ok(number)
}

/// The name of a location, which only inventory knows more of.
pub(crate) fn check_location(id: Option<&str>) -> Result<(), OrdersError> {
    match id {
        Some(id) if id.is_empty() || id.chars().count() > LONGEST_LOCATION => {
            Err(OrdersError::invalid("location_id", format!("use 1 to {LONGEST_LOCATION} characters")))
        }
        _ => Ok(()),
    }
}

/// Counts what came back of each line, all of which can be sold again.
fn take_back(
    conn: &mut AnyConnection,
    order_id: OrderId,
    came_back: &[FulfillmentLine],
    currency: kernel::Currency,
) -> Outcome<Vec<(String, i64, bool)>> {
    if came_back.is_empty() {
        return Ok(Vec::new());
    }
    let lines = orders::lines_of_order(conn, order_id, currency)?;
    let mut goods = Vec::new();
    for part in sorted("restock", came_back)? {
        let (line_id, quantity) = (part.order_line_id.to_string(), part.quantity.get());
        let line = lines.iter().find(|line| line.id == part.order_line_id);
        let Some(line) = line else {
            return Err(OrdersError::invalid("restock", format!("{line_id} is not a line of this order")).into());
        };
        if !orders::line_back(conn, order_id, &line_id, quantity, 0)? {
            let problem = format!("at most {} of {} can come back", line.away(), line.title);
            return Err(OrdersError::invalid("restock", problem).into());
        }
        goods.push((line.variant_id.clone(), quantity, false));
    }
    Ok(goods)
}
