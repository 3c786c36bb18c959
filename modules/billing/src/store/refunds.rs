//! Refunds: money that goes back.

use billing_api::{GiftCardId, PaymentRefund, RefundId, RefundStatus, STORE_CREDIT, SessionId};
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, IdempotencyKey, Money, Timestamp};

use super::{of_name, to_name, unreadable};
use crate::schema::refunds;

/// A refund, as stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredRefund {
    pub(crate) shown: PaymentRefund,
    pub(crate) order_id: String,
    pub(crate) session_id: SessionId,
    /// How the provider names it, once it said so.
    pub(crate) reference: Option<String>,
    pub(crate) attempts: i64,
    /// What of it is money that gift cards had paid, in minor units.
    pub(crate) of_gift_cards: i64,
}

impl StoredRefund {
    /// What of it the provider gives back, or staff.
    pub(crate) fn by_provider(&self) -> Money {
        let amount = self.shown.amount;
        Money::new(amount.amount - self.of_gift_cards, amount.currency)
    }
}

type Row = (String, String, String, String, String, Sums, String, String, Texts, i64, Option<i64>, i64);
/// How much, its currency, and how much of it gift cards had paid.
type Sums = (i64, String, i64);
/// Why it failed, how the provider names it, and the store credit that it became.
type Texts = (Option<String>, Option<String>, Option<String>);
type Columns = (
    refunds::id,
    refunds::order_id,
    refunds::session_id,
    refunds::key,
    refunds::method,
    (refunds::amount, refunds::currency, refunds::gift_cards),
    refunds::reason,
    refunds::status,
    (refunds::failure, refunds::provider_reference, refunds::gift_card_id),
    refunds::attempts,
    refunds::next_attempt_at,
    refunds::created_at,
);
const COLUMNS: Columns = (
    refunds::id,
    refunds::order_id,
    refunds::session_id,
    refunds::key,
    refunds::method,
    (refunds::amount, refunds::currency, refunds::gift_cards),
    refunds::reason,
    refunds::status,
    (refunds::failure, refunds::provider_reference, refunds::gift_card_id),
    refunds::attempts,
    refunds::next_attempt_at,
    refunds::created_at,
);

fn read(row: Row) -> QueryResult<StoredRefund> {
    let (id, order_id, session_id, key, method, money, reason, status, texts, attempts, next_attempt_at, at) = row;
    let (failure, reference, gift_card_id) = texts;
    let status: RefundStatus = of_name(status)?;
    let (amount, currency, of_gift_cards) = money;
    let currency: Currency = currency.parse().map_err(unreadable)?;
    let shown = PaymentRefund {
        id: id.parse().map_err(unreadable)?,
        key: IdempotencyKey::parse(&key).ok_or_else(|| unreadable("not a key"))?,
        amount: Money::new(amount, currency),
        reason,
        to_gift_cards: (of_gift_cards > 0 && method != STORE_CREDIT).then(|| Money::new(of_gift_cards, currency)),
        method,
        gift_card_id: gift_card_id.map(|id| id.parse().map_err(unreadable)).transpose()?,
        status,
        awaits_staff: status == RefundStatus::Pending && next_attempt_at.is_none(),
        failure,
        created_at: Timestamp(at),
    };
    let session_id = session_id.parse().map_err(unreadable)?;
    Ok(StoredRefund { shown, order_id, session_id, reference, attempts, of_gift_cards })
}

/// A new refund, which the provider is told of at once.
pub(crate) fn refund_insert(conn: &mut AnyConnection, refund: &StoredRefund, next: Timestamp) -> QueryResult<()> {
    let shown = &refund.shown;
    diesel::insert_into(refunds::table)
        .values((
            refunds::id.eq(shown.id.to_string()),
            refunds::order_id.eq(&refund.order_id),
            refunds::session_id.eq(refund.session_id.to_string()),
            refunds::key.eq(shown.key.to_string()),
            refunds::method.eq(&shown.method),
            refunds::amount.eq(shown.amount.amount),
            refunds::gift_cards.eq(refund.of_gift_cards),
            refunds::currency.eq(shown.amount.currency.code()),
            refunds::reason.eq(&shown.reason),
            refunds::status.eq(to_name(shown.status)?),
            refunds::next_attempt_at.eq(Some(next.0)),
            refunds::created_at.eq(shown.created_at.0),
            refunds::updated_at.eq(shown.created_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The refund with this id.
pub(crate) fn refund(conn: &mut AnyConnection, id: RefundId) -> QueryResult<Option<StoredRefund>> {
    let row: Option<Row> = refunds::table.find(id.to_string()).select(COLUMNS).first(conn).optional()?;
    row.map(read).transpose()
}

/// The refunds of an order, the oldest first.
pub(crate) fn refunds_of_order(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<PaymentRefund>> {
    let rows: Vec<Row> =
        refunds::table.filter(refunds::order_id.eq(order_id)).order(refunds::id).select(COLUMNS).load(conn)?;
    rows.into_iter().map(|row| read(row).map(|refund| refund.shown)).collect()
}

/// Whether the refund, which was pending, has this end now. Who comes second gets false.
pub(crate) fn refund_end(
    conn: &mut AnyConnection,
    id: RefundId,
    (status, failure): (RefundStatus, Option<&str>),
    reference: Option<&str>,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(refunds::table.find(id.to_string()))
        .filter(refunds::status.eq(to_name(RefundStatus::Pending)?))
        .set((
            refunds::status.eq(to_name(status)?),
            refunds::failure.eq(failure),
            refunds::provider_reference.eq(reference),
            refunds::next_attempt_at.eq(None::<i64>),
            refunds::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// How much of the money of a session went back by its provider, or is about to: what became store credit, or goes onto
/// gift cards, is no business of the provider's.
pub(crate) fn refunded_of_session(conn: &mut AnyConnection, session_id: SessionId) -> QueryResult<i64> {
    let parts: Vec<(i64, i64)> = refunds::table
        .filter(refunds::session_id.eq(session_id.to_string()))
        .filter(refunds::status.ne(to_name(RefundStatus::Failed)?))
        .filter(refunds::method.ne(STORE_CREDIT))
        .select((refunds::amount, refunds::gift_cards))
        .load(conn)?;
    Ok(parts.into_iter().map(|(amount, of_gift_cards)| amount - of_gift_cards).sum())
}

/// How much of what gift cards paid for an order went back by its refunds, or is about to.
pub(crate) fn refunded_of_gift_cards(conn: &mut AnyConnection, order_id: &str) -> QueryResult<i64> {
    let parts: Vec<i64> = refunds::table
        .filter(refunds::order_id.eq(order_id))
        .filter(refunds::status.ne(to_name(RefundStatus::Failed)?))
        .select(refunds::gift_cards)
        .load(conn)?;
    Ok(parts.into_iter().sum())
}

/// The refund became this store credit.
pub(crate) fn refund_becomes(conn: &mut AnyConnection, id: RefundId, gift_card_id: GiftCardId) -> QueryResult<()> {
    diesel::update(refunds::table.find(id.to_string()))
        .set(refunds::gift_card_id.eq(gift_card_id.to_string()))
        .execute(conn)?;
    Ok(())
}

/// The provider, which may have named it, is asked again at `next`; never when only staff can say.
pub(crate) fn refund_wait(
    conn: &mut AnyConnection,
    id: RefundId,
    reference: Option<&str>,
    next: Option<Timestamp>,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(refunds::table.find(id.to_string()))
        .filter(refunds::status.eq(to_name(RefundStatus::Pending)?))
        .set((
            refunds::attempts.eq(refunds::attempts + 1),
            reference.map(|reference| refunds::provider_reference.eq(reference)),
            refunds::next_attempt_at.eq(next.map(|next| next.0)),
            refunds::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Refunds that a provider is to be asked about, the longest waiting first.
pub(crate) fn refunds_due(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> QueryResult<Vec<RefundId>> {
    let ids: Vec<String> = refunds::table
        .filter(refunds::next_attempt_at.le(now.0))
        .order(refunds::next_attempt_at)
        .limit(limit)
        .select(refunds::id)
        .load(conn)?;
    ids.iter().map(|id| id.parse().map_err(unreadable)).collect()
}
