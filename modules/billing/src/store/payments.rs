//! Payments: what an order owes, and whether it is paid.

use billing_api::BillingError;
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::payments;

/// How far the payment of an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Awaits money.
    Pending,
    /// Paid.
    Captured,
    /// Will not be paid any more.
    Voided,
    /// Other money arrived than was asked for; a person has to look at it.
    Review,
}

/// What an order owes, and what has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Balance {
    pub(crate) order_id: String,
    amount: Option<Money>,
    pub(crate) captured: i64,
    pub(crate) status: Status,
    pub(crate) paid_at: Option<Timestamp>,
}

impl Balance {
    /// What the order owes. Of an order that was canceled before it started to pay nothing is known.
    pub(crate) fn amount(&self) -> Result<Money, BillingError> {
        self.amount.ok_or(BillingError::NotFound)
    }
}

type Row = (String, Option<i64>, Option<String>, i64, String, Option<i64>);
type Columns =
    (payments::order_id, payments::amount, payments::currency, payments::captured, payments::status, payments::paid_at);
const COLUMNS: Columns =
    (payments::order_id, payments::amount, payments::currency, payments::captured, payments::status, payments::paid_at);

fn balance((order_id, amount, currency, captured, status, paid_at): Row) -> QueryResult<Balance> {
    let currency = currency.map(|code| code.parse::<Currency>().map_err(unreadable)).transpose()?;
    let amount = amount.zip(currency).map(|(amount, currency)| Money::new(amount, currency));
    Ok(Balance { order_id, amount, captured, status: of_name(status)?, paid_at: paid_at.map(Timestamp) })
}

/// Whether the order is new here.
pub(crate) fn payment_insert(
    conn: &mut AnyConnection,
    order_id: &str,
    order_number: &str,
    amount: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = (
        payments::order_id.eq(order_id),
        payments::order_number.eq(order_number),
        payments::amount.eq(Some(amount.amount)),
        payments::currency.eq(Some(amount.currency.code())),
        payments::status.eq(to_name(Status::Pending)?),
        payments::created_at.eq(now.0),
        payments::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(payments::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// Whether the order is new here; it is known only as one that will not be paid.
pub(crate) fn payment_insert_voided(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<bool> {
    let row = (
        payments::order_id.eq(order_id),
        payments::order_number.eq(""),
        payments::status.eq(to_name(Status::Voided)?),
        payments::created_at.eq(now.0),
        payments::updated_at.eq(now.0),
    );
    let insert = diesel::insert_into(payments::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// What is known of an order's money.
pub(crate) fn payment(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Balance>> {
    let row: Option<Row> = payments::table.find(order_id).select(COLUMNS).first(conn).optional()?;
    row.map(balance).transpose()
}

/// The same, and whoever else wants to change anything about this order waits until this unit of work ends.
pub(crate) fn payment_held(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<Option<Balance>> {
    let row: Option<Row> = diesel::update(payments::table.find(order_id))
        .set(payments::updated_at.eq(now.0))
        .returning(COLUMNS)
        .get_result(conn)
        .optional()?;
    row.map(balance).transpose()
}

/// Whether the order, which awaited exactly this, is paid now.
pub(crate) fn payment_capture(
    conn: &mut AnyConnection,
    order_id: &str,
    arrived: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let awaiting = [to_name(Status::Pending)?, to_name(Status::Review)?];
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq_any(awaiting))
        .filter(payments::amount.eq(arrived.amount))
        .filter(payments::currency.eq(arrived.currency.code()))
        .set((
            payments::captured.eq(arrived.amount),
            payments::status.eq(to_name(Status::Captured)?),
            payments::paid_at.eq(Some(now.0)),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Marks the payment for a person to look at, unless it is paid.
pub(crate) fn payment_review(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<()> {
    let unpaid = [to_name(Status::Pending)?, to_name(Status::Voided)?];
    diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq_any(unpaid))
        .set((payments::status.eq(to_name(Status::Review)?), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Whether the payment, which awaited money, does so no more.
pub(crate) fn payment_void(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Pending)?))
        .set((payments::status.eq(to_name(Status::Voided)?), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}
