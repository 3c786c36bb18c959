//! Gift cards, their movements, and the key of their codes.

use billing_api::{GiftCard, GiftCardId, GiftCardMovement, GiftCardMovementKind, GiftCardStatus, RefundId};
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::id::new_id;
use kernel::{Currency, Money, Timestamp};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::{gift_card_keys, gift_card_movements, gift_cards};

/// There is one key.
const CODES: &str = "codes";

/// The key of the codes, wrapped.
pub(crate) fn code_key(conn: &mut AnyConnection) -> QueryResult<Option<String>> {
    gift_card_keys::table.find(CODES).select(gift_card_keys::wrapped).first(conn).optional()
}

/// A key, unless there is one.
pub(crate) fn code_key_insert(conn: &mut AnyConnection, wrapped: &str, now: Timestamp) -> QueryResult<()> {
    let row = (gift_card_keys::id.eq(CODES), gift_card_keys::wrapped.eq(wrapped), gift_card_keys::updated_at.eq(now.0));
    let insert = diesel::insert_into(gift_card_keys::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// Whether the key, which was wrapped as `before`, is wrapped anew.
pub(crate) fn code_key_save(
    conn: &mut AnyConnection,
    before: &str,
    wrapped: &str,
    now: Timestamp,
) -> QueryResult<bool> {
    let as_seen = gift_card_keys::table.find(CODES).filter(gift_card_keys::wrapped.eq(before));
    let row = (gift_card_keys::wrapped.eq(wrapped), gift_card_keys::updated_at.eq(now.0));
    Ok(diesel::update(as_seen).set(row).execute(conn)? == 1)
}

#[derive(Queryable)]
struct Row {
    id: String,
    last_four: String,
    money: (i64, i64, String),
    status: String,
    reason: String,
    note: String,
    email: Option<String>,
    expires_at: Option<i64>,
    created_at: i64,
}

type Columns = (
    gift_cards::id,
    gift_cards::last_four,
    (gift_cards::issued, gift_cards::balance, gift_cards::currency),
    gift_cards::status,
    gift_cards::reason,
    gift_cards::note,
    gift_cards::email,
    gift_cards::expires_at,
    gift_cards::created_at,
);
const COLUMNS: Columns = (
    gift_cards::id,
    gift_cards::last_four,
    (gift_cards::issued, gift_cards::balance, gift_cards::currency),
    gift_cards::status,
    gift_cards::reason,
    gift_cards::note,
    gift_cards::email,
    gift_cards::expires_at,
    gift_cards::created_at,
);

fn read(row: Row) -> QueryResult<GiftCard> {
    let (issued, balance, currency) = row.money;
    let currency: Currency = currency.parse().map_err(unreadable)?;
    Ok(GiftCard {
        id: row.id.parse().map_err(unreadable)?,
        last_four: row.last_four,
        issued: Money::new(issued, currency),
        balance: Money::new(balance, currency),
        status: of_name(row.status)?,
        reason: of_name(row.reason)?,
        note: row.note,
        email: row.email.map(|email| email.parse().map_err(unreadable)).transpose()?,
        expires_at: row.expires_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        movements: Vec::new(),
        code: None,
    })
}

/// A new card, known by the hash of its code.
pub(crate) fn gift_card_insert(conn: &mut AnyConnection, card: &GiftCard, code_hash: &str) -> QueryResult<()> {
    diesel::insert_into(gift_cards::table)
        .values((
            gift_cards::id.eq(card.id.to_string()),
            gift_cards::code_hash.eq(code_hash),
            gift_cards::last_four.eq(&card.last_four),
            gift_cards::currency.eq(card.issued.currency.code()),
            gift_cards::issued.eq(card.issued.amount),
            gift_cards::balance.eq(card.balance.amount),
            gift_cards::status.eq(to_name(card.status)?),
            gift_cards::reason.eq(to_name(card.reason)?),
            gift_cards::note.eq(&card.note),
            gift_cards::email.eq(card.email.as_ref().map(ToString::to_string)),
            gift_cards::email_key.eq(card.email.as_ref().map(kernel::Email::canonical)),
            gift_cards::expires_at.eq(card.expires_at.map(|at| at.0)),
            gift_cards::created_at.eq(card.created_at.0),
            gift_cards::updated_at.eq(card.created_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The card whose code has this hash.
pub(crate) fn gift_card_of_code(conn: &mut AnyConnection, code_hash: &str) -> QueryResult<Option<GiftCard>> {
    let row: Option<Row> =
        gift_cards::table.filter(gift_cards::code_hash.eq(code_hash)).select(COLUMNS).first(conn).optional()?;
    row.map(read).transpose()
}

/// These cards, in the order of their ids.
pub(crate) fn gift_cards_of(conn: &mut AnyConnection, ids: &[GiftCardId]) -> QueryResult<Vec<GiftCard>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<Row> =
        gift_cards::table.filter(gift_cards::id.eq_any(ids)).order(gift_cards::id).select(COLUMNS).load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Which cards staff look for.
pub(crate) enum Sought {
    All,
    LastFour(String),
    /// That it paid for, or that it is the store credit of.
    Order(String),
    /// In the form in which addresses are compared.
    Email(String),
}

/// Those that staff look for and that are older than the one at `cursor`, the newest first.
pub(crate) fn gift_cards(
    conn: &mut AnyConnection,
    sought: &Sought,
    cursor: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<GiftCard>> {
    let mut query = gift_cards::table.order(gift_cards::id.desc()).limit(limit).select(COLUMNS).into_boxed();
    if let Some(cursor) = cursor {
        query = query.filter(gift_cards::id.lt(cursor.to_owned()));
    }
    query = match sought {
        Sought::All => query,
        Sought::LastFour(end) => query.filter(gift_cards::last_four.eq(end.clone())),
        Sought::Email(key) => query.filter(gift_cards::email_key.eq(key.clone())),
        Sought::Order(order_id) => {
            let ids: Vec<String> = gift_card_movements::table
                .filter(gift_card_movements::order_id.eq(order_id))
                .select(gift_card_movements::gift_card_id)
                .load(conn)?;
            query.filter(gift_cards::id.eq_any(ids))
        }
    };
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Whether the card, which can pay now and has so much on it, has `amount` less.
pub(crate) fn gift_card_spend(
    conn: &mut AnyConnection,
    id: GiftCardId,
    amount: Money,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(gift_cards::table.find(id.to_string()))
        .filter(gift_cards::status.eq(to_name(GiftCardStatus::Open)?))
        .filter(gift_cards::expires_at.is_null().or(gift_cards::expires_at.gt(now.0)))
        .filter(gift_cards::currency.eq(amount.currency.code()))
        .filter(gift_cards::balance.ge(amount.amount))
        .set((gift_cards::balance.eq(gift_cards::balance - amount.amount), gift_cards::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// `amount` goes back onto the card, whatever became of it.
pub(crate) fn gift_card_restore(
    conn: &mut AnyConnection,
    id: GiftCardId,
    amount: Money,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(gift_cards::table.find(id.to_string()))
        .set((gift_cards::balance.eq(gift_cards::balance + amount.amount), gift_cards::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Closes the card; what was left on it, and whether it was open. `None` when there is no such card.
pub(crate) fn gift_card_close(
    conn: &mut AnyConnection,
    id: GiftCardId,
    note: &str,
    now: Timestamp,
) -> QueryResult<Option<(Money, bool)>> {
    // First take it, then look: from here on nobody else changes its balance.
    let seen: Option<Row> = diesel::update(gift_cards::table.find(id.to_string()))
        .set(gift_cards::updated_at.eq(now.0))
        .returning(COLUMNS)
        .get_result(conn)
        .optional()?;
    let Some(card) = seen.map(read).transpose()? else { return Ok(None) };
    if card.status != GiftCardStatus::Open {
        return Ok(Some((card.balance, false)));
    }
    diesel::update(gift_cards::table.find(id.to_string()))
        .set((
            gift_cards::status.eq(to_name(GiftCardStatus::Closed)?),
            gift_cards::balance.eq(0),
            gift_cards::note.eq(format!("{}\nClosed: {note}", card.note)),
        ))
        .execute(conn)?;
    Ok(Some((card.balance, true)))
}

/// Something that went onto a card or off it.
pub(crate) struct Movement {
    pub(crate) gift_card_id: GiftCardId,
    pub(crate) kind: GiftCardMovementKind,
    pub(crate) amount: Money,
    pub(crate) order_id: Option<String>,
    pub(crate) refund_id: Option<RefundId>,
    /// Its transaction in the books.
    pub(crate) txn_id: String,
}

/// A new line. A second spend of one card for one order is refused by a unique index.
pub(crate) fn movement_insert(
    conn: &mut AnyConnection,
    movement: &Movement,
    actor: &str,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(gift_card_movements::table)
        .values((
            gift_card_movements::id.eq(new_id("gcm")),
            gift_card_movements::gift_card_id.eq(movement.gift_card_id.to_string()),
            gift_card_movements::kind.eq(to_name(movement.kind)?),
            gift_card_movements::amount.eq(movement.amount.amount),
            gift_card_movements::order_id.eq(&movement.order_id),
            gift_card_movements::refund_id.eq(movement.refund_id.map(|id| id.to_string())),
            gift_card_movements::txn_id.eq(&movement.txn_id),
            gift_card_movements::actor.eq(actor),
            gift_card_movements::created_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// What went onto a card and off it, the oldest first.
pub(crate) fn movements_of_card(
    conn: &mut AnyConnection,
    id: GiftCardId,
    currency: Currency,
) -> QueryResult<Vec<GiftCardMovement>> {
    type Row = (String, i64, Option<String>, Option<String>, String, i64);
    let rows: Vec<Row> = gift_card_movements::table
        .filter(gift_card_movements::gift_card_id.eq(id.to_string()))
        .order(gift_card_movements::id)
        .select((
            gift_card_movements::kind,
            gift_card_movements::amount,
            gift_card_movements::order_id,
            gift_card_movements::refund_id,
            gift_card_movements::actor,
            gift_card_movements::created_at,
        ))
        .load(conn)?;
    let movement = |(kind, amount, order_id, refund_id, actor, created_at): Row| {
        Ok(GiftCardMovement {
            kind: of_name(kind)?,
            amount: Money::new(amount, currency),
            order_id,
            refund_id: refund_id.map(|id| id.parse().map_err(unreadable)).transpose()?,
            actor,
            created_at: Timestamp(created_at),
        })
    };
    rows.into_iter().map(movement).collect()
}

/// What each card paid for an order and did not get back, in the order of their ids.
pub(crate) fn spent_by_order(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<(GiftCardId, i64)>> {
    let rows: Vec<(String, String, i64)> = gift_card_movements::table
        .filter(gift_card_movements::order_id.eq(order_id))
        .select((gift_card_movements::gift_card_id, gift_card_movements::kind, gift_card_movements::amount))
        .load(conn)?;
    let mut spent = std::collections::BTreeMap::<String, i64>::new();
    for (id, kind, amount) in rows {
        match of_name(kind)? {
            GiftCardMovementKind::Spend => *spent.entry(id).or_default() += amount,
            GiftCardMovementKind::Restore => *spent.entry(id).or_default() -= amount,
            _ => {}
        }
    }
    spent.into_iter().map(|(id, left)| Ok((id.parse().map_err(unreadable)?, left))).collect()
}
