//! Refunds: money of orders that goes back, and what comes back with it.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};
use orders_api::{OrderId, OrderRefund, RefundStatus, RefundTo};

use super::{from_json, one_of, to_json};
use crate::journal::Act;
use crate::schema::order_refunds;

/// Goods that came back, until inventory knows of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct CameBack {
    /// Where they are; inventory's default location when none is named.
    pub(crate) location_id: Option<String>,
    /// `var_…`, how many, and whether they are lost.
    pub(crate) goods: Vec<(String, i64, bool)>,
}

/// A refund to write down.
#[derive(Clone, Debug)]
pub(crate) struct NewRefund {
    pub(crate) number: i64,
    pub(crate) amount: Money,
    pub(crate) to: RefundTo,
    pub(crate) reason: String,
    pub(crate) came_back: CameBack,
}

/// What became of a refund.
#[derive(Clone, Debug)]
pub(crate) struct RefundTurn {
    pub(crate) number: i64,
    pub(crate) amount: Money,
    pub(crate) status: RefundStatus,
    pub(crate) failure: Option<String>,
    /// As billing knows it; none when it refused.
    pub(crate) refund_id: Option<String>,
    /// The store credit that it became.
    pub(crate) gift_card_id: Option<String>,
}

/// A refund and what inventory does not yet know to have come back with it.
#[derive(Clone, Debug)]
pub(crate) struct StoredRefund {
    pub(crate) shown: OrderRefund,
    pub(crate) came_back: CameBack,
}

/// A new refund, pending.
pub(crate) fn refund_insert(
    conn: &mut AnyConnection,
    order_id: OrderId,
    refund: &NewRefund,
    act: &Act,
) -> QueryResult<()> {
    diesel::insert_into(order_refunds::table)
        .values((
            order_refunds::order_id.eq(order_id.to_string()),
            order_refunds::number.eq(refund.number),
            order_refunds::amount.eq(refund.amount.amount),
            order_refunds::destination.eq(refund.to.as_str()),
            order_refunds::reason.eq(&refund.reason),
            order_refunds::status.eq(RefundStatus::Pending.as_str()),
            order_refunds::restock.eq(to_json(&refund.came_back.goods)?),
            order_refunds::location_id.eq(&refund.came_back.location_id),
            order_refunds::actor.eq(&act.actor),
            order_refunds::created_at.eq(act.at.0),
            order_refunds::updated_at.eq(act.at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Writes down what became of a refund that is pending. False when it is not.
pub(crate) fn refund_turn(
    conn: &mut AnyConnection,
    order_id: OrderId,
    turn: &RefundTurn,
    now: Timestamp,
) -> QueryResult<bool> {
    let pending = order_refunds::table
        .find((order_id.to_string(), turn.number))
        .filter(order_refunds::status.eq(RefundStatus::Pending.as_str()));
    let row = (
        order_refunds::status.eq(turn.status.as_str()),
        order_refunds::failure.eq(&turn.failure),
        order_refunds::refund_id.eq(&turn.refund_id),
        order_refunds::gift_card_id.eq(&turn.gift_card_id),
        order_refunds::updated_at.eq(now.0),
    );
    Ok(diesel::update(pending).set(row).execute(conn)? == 1)
}

/// What came back with a refund is on the shelf.
pub(crate) fn refund_restocked(
    conn: &mut AnyConnection,
    order_id: OrderId,
    number: i64,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(order_refunds::table.find((order_id.to_string(), number)))
        .set((order_refunds::restock.eq("[]"), order_refunds::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// The refunds of an order, the oldest first.
pub(crate) fn refunds_of_order(
    conn: &mut AnyConnection,
    order_id: OrderId,
    currency: Currency,
) -> QueryResult<Vec<StoredRefund>> {
    type Goods = (String, Option<String>);
    type Credit = (String, Option<String>);
    type Row = (i64, i64, String, String, Option<String>, Option<String>, Goods, Credit, String, i64);
    let rows: Vec<Row> = order_refunds::table
        .filter(order_refunds::order_id.eq(order_id.to_string()))
        .order(order_refunds::number)
        .select((
            order_refunds::number,
            order_refunds::amount,
            order_refunds::reason,
            order_refunds::status,
            order_refunds::failure,
            order_refunds::refund_id,
            (order_refunds::restock, order_refunds::location_id),
            (order_refunds::destination, order_refunds::gift_card_id),
            order_refunds::actor,
            order_refunds::created_at,
        ))
        .load(conn)?;
    let stored = |(number, amount, reason, status, failure, refund_id, came_back, credit, actor, created_at): Row| {
        use RefundStatus::{Failed, Pending, Succeeded};
        let status = one_of(&[Pending, Succeeded, Failed], RefundStatus::as_str, &status)?;
        let (amount, created_at) = (Money::new(amount, currency), Timestamp(created_at));
        let (to, gift_card_id) = credit;
        let to = one_of(&[RefundTo::Payment, RefundTo::StoreCredit], RefundTo::as_str, &to)?;
        let shown =
            OrderRefund { number, amount, reason, status, to, gift_card_id, failure, refund_id, actor, created_at };
        let (goods, location_id) = came_back;
        Ok(StoredRefund { shown, came_back: CameBack { location_id, goods: from_json(&goods)? } })
    };
    rows.into_iter().map(stored).collect()
}

/// Whether a refund of the order is pending.
pub(crate) fn is_refund_pending(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<bool> {
    let number: Option<i64> = order_refunds::table
        .filter(order_refunds::order_id.eq(order_id.to_string()))
        .filter(order_refunds::status.eq(RefundStatus::Pending.as_str()))
        .select(order_refunds::number)
        .first(conn)
        .optional()?;
    Ok(number.is_some())
}
