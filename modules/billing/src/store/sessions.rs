//! Sessions: attempts to pay.

use billing_api::{PaymentNext, SessionId, SessionStatus};
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};

use super::{of_name, to_name, unreadable};
use crate::provider::Opened;
use crate::schema::payment_sessions;

/// An attempt to pay, as stored: all that its provider has to be told, and no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) order_id: String,
    /// Shown to the shopper and on statements.
    pub(crate) order_number: String,
    pub(crate) method: String,
    /// What was asked for.
    pub(crate) amount: Money,
    /// The local path that the shopper comes back to.
    pub(crate) return_path: String,
    /// Whether the money is only held at first, until we take it.
    pub(crate) captures_later: bool,
    pub(crate) status: SessionStatus,
    pub(crate) failure: Option<String>,
    /// What the provider took, in the currency of `amount`.
    pub(crate) captured: i64,
    pub(crate) next: PaymentNext,
    /// How the provider names the session, when not by our id.
    pub(crate) reference: Option<String>,
    /// How the provider names the money, when that is another thing.
    pub(crate) charge: Option<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
}

/// In which more can happen; also what the unique index on open sessions names.
pub(crate) const OPEN: [SessionStatus; 3] =
    [SessionStatus::Pending, SessionStatus::RequiresAction, SessionStatus::Authorized];

fn names(statuses: &[SessionStatus]) -> QueryResult<Vec<String>> {
    statuses.iter().map(to_name).collect()
}

#[derive(Queryable)]
struct Row {
    id: String,
    order_id: String,
    order_number: String,
    method: String,
    amount: i64,
    currency: String,
    return_path: String,
    captures_later: i64,
    status: String,
    failure: Option<String>,
    captured: i64,
    next: String,
    reference: Option<String>,
    charge: Option<String>,
    expires_at: Option<i64>,
    created_at: i64,
}

type Columns = (
    payment_sessions::id,
    payment_sessions::order_id,
    payment_sessions::order_number,
    payment_sessions::method,
    payment_sessions::amount,
    payment_sessions::currency,
    payment_sessions::return_path,
    payment_sessions::captures_later,
    payment_sessions::status,
    payment_sessions::failure,
    payment_sessions::captured,
    payment_sessions::next,
    payment_sessions::provider_reference,
    payment_sessions::charge_reference,
    payment_sessions::expires_at,
    payment_sessions::created_at,
);
const COLUMNS: Columns = (
    payment_sessions::id,
    payment_sessions::order_id,
    payment_sessions::order_number,
    payment_sessions::method,
    payment_sessions::amount,
    payment_sessions::currency,
    payment_sessions::return_path,
    payment_sessions::captures_later,
    payment_sessions::status,
    payment_sessions::failure,
    payment_sessions::captured,
    payment_sessions::next,
    payment_sessions::provider_reference,
    payment_sessions::charge_reference,
    payment_sessions::expires_at,
    payment_sessions::created_at,
);

fn read(row: Row) -> QueryResult<Session> {
    Ok(Session {
        id: row.id.parse().map_err(unreadable)?,
        order_id: row.order_id,
        order_number: row.order_number,
        method: row.method,
        amount: Money::new(row.amount, row.currency.parse::<Currency>().map_err(unreadable)?),
        return_path: row.return_path,
        captures_later: row.captures_later != 0,
        status: of_name(row.status)?,
        failure: row.failure,
        captured: row.captured,
        next: serde_json::from_str(&row.next).map_err(unreadable)?,
        reference: row.reference,
        charge: row.charge,
        expires_at: row.expires_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
    })
}

fn next_to_text(next: &PaymentNext) -> QueryResult<String> {
    serde_json::to_string(next).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

impl Session {
    /// Stands for money of which we know nothing, so that its provider can be told to give it back.
    pub(crate) fn of_stranger(method: &str, amount: Money, now: Timestamp) -> Self {
        Self {
            id: SessionId::new(),
            order_id: String::new(),
            order_number: String::new(),
            method: method.to_owned(),
            amount,
            return_path: "/".to_owned(),
            captures_later: false,
            status: SessionStatus::Captured,
            failure: None,
            captured: amount.amount,
            next: PaymentNext::Nothing,
            reference: None,
            charge: None,
            expires_at: None,
            created_at: now,
        }
    }
}

/// A new session, made for `key`. Fails as a conflict when the order has an open one.
pub(crate) fn session_insert(conn: &mut AnyConnection, session: &Session, key: &str) -> QueryResult<()> {
    diesel::insert_into(payment_sessions::table)
        .values((
            (
                payment_sessions::id.eq(session.id.to_string()),
                payment_sessions::order_id.eq(&session.order_id),
                payment_sessions::order_number.eq(&session.order_number),
                payment_sessions::method.eq(&session.method),
                payment_sessions::amount.eq(session.amount.amount),
                payment_sessions::currency.eq(session.amount.currency.code()),
                payment_sessions::return_path.eq(&session.return_path),
                payment_sessions::captures_later.eq(i64::from(session.captures_later)),
            ),
            payment_sessions::key.eq(key),
            payment_sessions::status.eq(to_name(session.status)?),
            payment_sessions::captured.eq(session.captured),
            payment_sessions::next.eq(next_to_text(&session.next)?),
            payment_sessions::expires_at.eq(session.expires_at.map(|expires_at| expires_at.0)),
            payment_sessions::created_at.eq(session.created_at.0),
            payment_sessions::updated_at.eq(session.created_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session with this id.
pub(crate) fn session(conn: &mut AnyConnection, id: SessionId) -> QueryResult<Option<Session>> {
    let row: Option<Row> = payment_sessions::table.find(id.to_string()).select(COLUMNS).first(conn).optional()?;
    row.map(read).transpose()
}

/// The session that a provider gave this name, to itself or to its money.
pub(crate) fn session_named(conn: &mut AnyConnection, method: &str, name: &str) -> QueryResult<Option<Session>> {
    let row: Option<Row> = payment_sessions::table
        .filter(payment_sessions::method.eq(method))
        .filter(payment_sessions::provider_reference.eq(name).or(payment_sessions::charge_reference.eq(name)))
        .order(payment_sessions::id.desc())
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// Sessions of a method that brought money, and were begun since then.
pub(crate) fn sessions_captured_since(
    conn: &mut AnyConnection,
    method: &str,
    since: Timestamp,
) -> QueryResult<Vec<Session>> {
    let rows: Vec<Row> = payment_sessions::table
        .filter(payment_sessions::method.eq(method))
        .filter(payment_sessions::status.eq(to_name(SessionStatus::Captured)?))
        .filter(payment_sessions::created_at.ge(since.0))
        .order(payment_sessions::id)
        .select(COLUMNS)
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Sessions whose provider is to be asked by now, each with how often it was.
pub(crate) fn sessions_to_look_at(
    conn: &mut AnyConnection,
    limit: i64,
    now: Timestamp,
) -> QueryResult<Vec<(Session, i64)>> {
    let rows: Vec<(Row, i64)> = payment_sessions::table
        .filter(payment_sessions::status.eq_any(names(&OPEN)?))
        .filter(payment_sessions::look_at.le(now.0))
        .order(payment_sessions::look_at)
        .limit(limit)
        .select((COLUMNS, payment_sessions::looks))
        .load(conn)?;
    rows.into_iter().map(|(row, looks)| Ok((read(row)?, looks))).collect()
}

/// When a session is to be looked at, if it has not ended.
pub(crate) fn session_look_at(conn: &mut AnyConnection, id: SessionId, at: Timestamp) -> QueryResult<()> {
    diesel::update(payment_sessions::table.find(id.to_string()))
        .filter(payment_sessions::status.eq_any(names(&OPEN)?))
        .set(payment_sessions::look_at.eq(Some(at.0)))
        .execute(conn)?;
    Ok(())
}

/// Plans the next look at a session that a look has left as it was.
pub(crate) fn session_looked_at(conn: &mut AnyConnection, id: SessionId, next: Timestamp) -> QueryResult<()> {
    diesel::update(payment_sessions::table.find(id.to_string()))
        .filter(payment_sessions::look_at.is_not_null())
        .set((payment_sessions::look_at.eq(Some(next.0)), payment_sessions::looks.eq(payment_sessions::looks + 1)))
        .execute(conn)?;
    Ok(())
}

/// A session is to be paid on another page of its provider.
pub(crate) fn session_moved(
    conn: &mut AnyConnection,
    id: SessionId,
    opened: &Opened,
    now: Timestamp,
) -> QueryResult<()> {
    let next = opened.next.as_ref().map(next_to_text).transpose()?;
    diesel::update(payment_sessions::table.find(id.to_string()))
        .set((
            payment_sessions::provider_reference.eq(&opened.reference),
            payment_sessions::charge_reference.eq(&opened.charge),
            next.map(|next| payment_sessions::next.eq(next)),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The latest session of an order.
pub(crate) fn session_latest(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Session>> {
    let row: Option<Row> = payment_sessions::table
        .filter(payment_sessions::order_id.eq(order_id))
        .order(payment_sessions::id.desc())
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// The session of an order in which more can happen.
pub(crate) fn session_open(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Session>> {
    let row: Option<Row> = payment_sessions::table
        .filter(payment_sessions::order_id.eq(order_id))
        .filter(payment_sessions::status.eq_any(names(&OPEN)?))
        .select(COLUMNS)
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// Whether a session of the order was made for `key`.
pub(crate) fn session_has_key(conn: &mut AnyConnection, order_id: &str, key: &str) -> QueryResult<bool> {
    let found: Option<String> = payment_sessions::table
        .filter(payment_sessions::order_id.eq(order_id))
        .filter(payment_sessions::key.eq(key))
        .select(payment_sessions::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Stores what the provider answered to the start.
pub(crate) fn session_opened(
    conn: &mut AnyConnection,
    id: SessionId,
    opened: &Opened,
    now: Timestamp,
) -> QueryResult<()> {
    let next = opened.next.as_ref().map(next_to_text).transpose()?;
    diesel::update(payment_sessions::table.find(id.to_string()))
        .set((
            opened.reference.as_ref().map(|reference| payment_sessions::provider_reference.eq(reference)),
            opened.charge.as_ref().map(|charge| payment_sessions::charge_reference.eq(charge)),
            next.map(|next| payment_sessions::next.eq(next)),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// How a session changes.
pub(crate) struct SessionTurn<'a> {
    /// From one of these only: what is known never goes back.
    pub(crate) from: &'a [SessionStatus],
    pub(crate) to: SessionStatus,
    pub(crate) failure: Option<&'a str>,
    /// What the provider took by now.
    pub(crate) captured: i64,
}

/// Whether the session changes now. Who comes second with the same news gets false. It is looked at again while its
/// shopper still has something to do.
pub(crate) fn session_turn(
    conn: &mut AnyConnection,
    id: SessionId,
    turn: &SessionTurn<'_>,
    now: Timestamp,
) -> QueryResult<bool> {
    let status = to_name(turn.to)?;
    let changed = diesel::update(payment_sessions::table.find(id.to_string()))
        .filter(payment_sessions::status.eq_any(names(turn.from)?))
        .filter(payment_sessions::status.ne(&status))
        .set((
            payment_sessions::status.eq(&status),
            payment_sessions::failure.eq(turn.failure),
            payment_sessions::captured.eq(turn.captured),
            (turn.to != SessionStatus::RequiresAction).then_some(payment_sessions::look_at.eq(None::<i64>)),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Orders with a session whose time is over, the longest first.
pub(crate) fn orders_overdue(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> QueryResult<Vec<String>> {
    payment_sessions::table
        .filter(payment_sessions::status.eq_any(names(&[SessionStatus::Pending, SessionStatus::RequiresAction])?))
        .filter(payment_sessions::expires_at.le(now.0))
        .order(payment_sessions::expires_at)
        .limit(limit)
        .select(payment_sessions::order_id)
        .load(conn)
}
