//! Sessions: attempts to pay.

use billing_api::{PaymentNext, SessionId, SessionStatus};
use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use super::{of_name, to_name, unreadable};
use crate::provider::Opened;
use crate::schema::payment_sessions;

/// An attempt to pay, as stored: without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) order_id: String,
    pub(crate) method: String,
    pub(crate) status: SessionStatus,
    pub(crate) failure: Option<String>,
    pub(crate) next: PaymentNext,
    pub(crate) expires_at: Option<Timestamp>,
}

/// A session to write, and what is known only when it is made.
pub(crate) struct NewSession {
    pub(crate) session: Session,
    pub(crate) key: String,
    pub(crate) order_number: String,
}

/// In which more can happen; also what the unique index on open sessions names.
const OPEN: [SessionStatus; 2] = [SessionStatus::Pending, SessionStatus::RequiresAction];

fn open() -> QueryResult<Vec<String>> {
    OPEN.into_iter().map(to_name).collect()
}

type Row = (String, String, String, String, Option<String>, String, Option<i64>);
type Columns = (
    payment_sessions::id,
    payment_sessions::order_id,
    payment_sessions::method,
    payment_sessions::status,
    payment_sessions::failure,
    payment_sessions::next,
    payment_sessions::expires_at,
);
const COLUMNS: Columns = (
    payment_sessions::id,
    payment_sessions::order_id,
    payment_sessions::method,
    payment_sessions::status,
    payment_sessions::failure,
    payment_sessions::next,
    payment_sessions::expires_at,
);

fn read((id, order_id, method, status, failure, next, expires_at): Row) -> QueryResult<Session> {
    Ok(Session {
        id: id.parse().map_err(unreadable)?,
        order_id,
        method,
        status: of_name(status)?,
        failure,
        next: serde_json::from_str(&next).map_err(unreadable)?,
        expires_at: expires_at.map(Timestamp),
    })
}

fn next_to_text(next: &PaymentNext) -> QueryResult<String> {
    serde_json::to_string(next).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

/// A new session. Fails as a conflict when the order has an open one.
pub(crate) fn session_insert(conn: &mut AnyConnection, new: &NewSession, now: Timestamp) -> QueryResult<()> {
    let session = &new.session;
    diesel::insert_into(payment_sessions::table)
        .values((
            payment_sessions::id.eq(session.id.to_string()),
            payment_sessions::order_id.eq(&session.order_id),
            payment_sessions::method.eq(&session.method),
            payment_sessions::key.eq(&new.key),
            payment_sessions::status.eq(to_name(session.status)?),
            payment_sessions::next.eq(next_to_text(&session.next)?),
            payment_sessions::expires_at.eq(session.expires_at.map(|expires_at| expires_at.0)),
            payment_sessions::created_at.eq(now.0),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The session with this id.
pub(crate) fn session(conn: &mut AnyConnection, id: SessionId) -> QueryResult<Option<Session>> {
    let row: Option<Row> = payment_sessions::table.find(id.to_string()).select(COLUMNS).first(conn).optional()?;
    row.map(read).transpose()
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
        .filter(payment_sessions::status.eq_any(open()?))
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
            next.map(|next| payment_sessions::next.eq(next)),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the session, in which more could happen, is `status` now. Who comes second gets false.
pub(crate) fn session_turn(
    conn: &mut AnyConnection,
    id: SessionId,
    status: SessionStatus,
    failure: Option<&str>,
    now: Timestamp,
) -> QueryResult<bool> {
    let status = to_name(status)?;
    let changed = diesel::update(payment_sessions::table.find(id.to_string()))
        .filter(payment_sessions::status.eq_any(open()?))
        .filter(payment_sessions::status.ne(&status))
        .set((
            payment_sessions::status.eq(&status),
            payment_sessions::failure.eq(failure),
            payment_sessions::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Orders with a session whose time is over, the longest first.
pub(crate) fn orders_overdue(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> QueryResult<Vec<String>> {
    payment_sessions::table
        .filter(payment_sessions::status.eq_any(open()?))
        .filter(payment_sessions::expires_at.le(now.0))
        .order(payment_sessions::expires_at)
        .limit(limit)
        .select(payment_sessions::order_id)
        .load(conn)
}
