//! Payments: what an order owes, and whether it is paid.

use billing_api::{BillingError, PaymentRefund};
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
    /// A provider holds all of it.
    Authorized,
    /// A part of what was held is taken, and the rest was let go.
    PartiallyCaptured,
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
    pub(crate) order_number: String,
    amount: Option<Money>,
    /// What of the amount gift cards pay.
    pub(crate) gift_cards: i64,
    pub(crate) authorized: i64,
    /// With what gift cards paid.
    pub(crate) captured: i64,
    /// Of the captured money, what went back or is about to.
    pub(crate) refunded: i64,
    pub(crate) status: Status,
    pub(crate) paid_at: Option<Timestamp>,
    /// Empty unless they were asked for.
    pub(crate) refunds: Vec<PaymentRefund>,
}

impl Balance {
    /// What the order owes. Of an order that was canceled before it started to pay nothing is known.
    pub(crate) fn amount(&self) -> Result<Money, BillingError> {
        self.amount.ok_or(BillingError::NotFound)
    }

    /// What has to arrive, beside what gift cards pay.
    pub(crate) fn due(&self) -> Result<Money, BillingError> {
        let amount = self.amount()?;
        Ok(Money::new(amount.amount - self.gift_cards, amount.currency))
    }
}

fn names(statuses: &[Status]) -> QueryResult<Vec<String>> {
    statuses.iter().map(to_name).collect()
}

type Row = (String, String, Option<i64>, Option<String>, i64, i64, i64, String, Option<i64>, i64);
type Columns = (
    payments::order_id,
    payments::order_number,
    payments::amount,
    payments::currency,
    payments::authorized,
    payments::captured,
    payments::refunded,
    payments::status,
    payments::paid_at,
    payments::gift_cards,
);
const COLUMNS: Columns = (
    payments::order_id,
    payments::order_number,
    payments::amount,
    payments::currency,
    payments::authorized,
    payments::captured,
    payments::refunded,
    payments::status,
    payments::paid_at,
    payments::gift_cards,
);

fn balance(
    (order_id, order_number, amount, currency, authorized, captured, refunded, status, paid_at, gift_cards): Row,
) -> QueryResult<Balance> {
    let currency = currency.map(|code| code.parse::<Currency>().map_err(unreadable)).transpose()?;
    let amount = amount.zip(currency).map(|(amount, currency)| Money::new(amount, currency));
    let (status, paid_at, refunds) = (of_name(status)?, paid_at.map(Timestamp), Vec::new());
    Ok(Balance { order_id, order_number, amount, gift_cards, authorized, captured, refunded, status, paid_at, refunds })
}

/// Whether the order is new here. Of its amount gift cards pay `gift_cards`.
pub(crate) fn payment_insert(
    conn: &mut AnyConnection,
    (order_id, order_number): (&str, &str),
    amount: Money,
    gift_cards: i64,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = (
        payments::order_id.eq(order_id),
        payments::order_number.eq(order_number),
        payments::amount.eq(Some(amount.amount)),
        payments::gift_cards.eq(gift_cards),
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

/// Whether the order, which awaited exactly this beside what gift cards pay, is paid now. Also one that was not to be paid any more: the money is
/// there, and whoever ended the order has to give it back.
pub(crate) fn payment_capture(
    conn: &mut AnyConnection,
    order_id: &str,
    arrived: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    // What comes after a part was taken is set aside: the books hold one amount for an order.
    let awaiting = names(&[Status::Pending, Status::Authorized, Status::Voided, Status::Review])?;
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq_any(awaiting))
        .filter(payments::amount.eq((payments::gift_cards + arrived.amount).nullable()))
        .filter(payments::currency.eq(arrived.currency.code()))
        .set((
            payments::captured.eq(payments::gift_cards + arrived.amount),
            payments::status.eq(to_name(Status::Captured)?),
            payments::paid_at.eq(Some(now.0)),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether a part of what was held for the order is taken now; what gift cards pay counts with it.
pub(crate) fn payment_capture_part(
    conn: &mut AnyConnection,
    order_id: &str,
    part: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Authorized)?))
        .filter(payments::amount.gt((payments::gift_cards + part.amount).nullable()))
        .filter(payments::currency.eq(part.currency.code()))
        .set((
            payments::captured.eq(payments::gift_cards + part.amount),
            payments::status.eq(to_name(Status::PartiallyCaptured)?),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Sets `amount` aside to go back, if so much of the captured money is left.
pub(crate) fn payment_refund(
    conn: &mut AnyConnection,
    order_id: &str,
    amount: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::currency.eq(amount.currency.code()))
        .filter((payments::refunded + amount.amount).le(payments::captured))
        .set((payments::refunded.eq(payments::refunded + amount.amount), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Whether exactly what the order awaited is held for it now.
pub(crate) fn payment_authorize(
    conn: &mut AnyConnection,
    order_id: &str,
    held: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Pending)?))
        .filter(payments::amount.eq((payments::gift_cards + held.amount).nullable()))
        .filter(payments::currency.eq(held.currency.code()))
        .set((
            payments::authorized.eq(held.amount),
            payments::status.eq(to_name(Status::Authorized)?),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Takes back that `amount` is to go back.
pub(crate) fn payment_refund_undo(
    conn: &mut AnyConnection,
    order_id: &str,
    amount: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::refunded.ge(amount.amount))
        .set((payments::refunded.eq(payments::refunded - amount.amount), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What was held for the order is held no more; it awaits money again.
pub(crate) fn payment_release(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Authorized)?))
        .set((
            payments::authorized.eq(0),
            payments::status.eq(to_name(Status::Pending)?),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Marks the payment for a person to look at, unless it is paid.
pub(crate) fn payment_review(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<()> {
    let unpaid = names(&[Status::Pending, Status::Authorized, Status::Voided])?;
    diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq_any(unpaid))
        .set((payments::status.eq(to_name(Status::Review)?), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// The money that a person had to look at went back: the order awaits money again.
pub(crate) fn payment_await_again(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Review)?))
        .set((payments::status.eq(to_name(Status::Pending)?), payments::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Whether the payment, which awaited money, does so no more. What gift cards pay is no part of it then: should money come
/// all the same, it is the rest.
pub(crate) fn payment_void(conn: &mut AnyConnection, order_id: &str, now: Timestamp) -> QueryResult<bool> {
    let changed = diesel::update(payments::table.find(order_id))
        .filter(payments::status.eq(to_name(Status::Pending)?))
        .set((
            payments::amount.eq(payments::amount - payments::gift_cards.nullable()),
            payments::gift_cards.eq(0),
            payments::status.eq(to_name(Status::Voided)?),
            payments::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
