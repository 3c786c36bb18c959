//! Payment events: what happened to the money of an order, which only grows.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::id::new_id;
use serde::Serialize;

use super::sessions::Session;
use super::to_name;
use crate::record::Cause;
use crate::schema::payment_events;

/// What happened.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Started,
    RequiresAction,
    Authorized,
    /// A part of what was held is taken.
    PartiallyCaptured,
    Captured,
    Recorded,
    Failed,
    Canceled,
    Expired,
    Review,
    Voided,
    RefundStarted,
    Refunded,
    RefundFailed,
    Disputed,
    /// Money that paid for nothing went back.
    GivenBack,
}

/// What was written down with the latest event of this kind.
pub(crate) fn detail_latest(conn: &mut AnyConnection, order_id: &str, kind: Kind) -> QueryResult<Option<String>> {
    payment_events::table
        .filter(payment_events::order_id.eq(order_id))
        .filter(payment_events::kind.eq(to_name(kind)?))
        // Ids sort by time.
        .order(payment_events::id.desc())
        .select(payment_events::detail)
        .first(conn)
        .optional()
}

/// A new line.
pub(crate) fn event_insert(
    conn: &mut AnyConnection,
    cause: &Cause,
    session: &Session,
    kind: Kind,
    detail: &str,
) -> QueryResult<()> {
    diesel::insert_into(payment_events::table)
        .values((
            payment_events::id.eq(new_id("pev")),
            payment_events::order_id.eq(&session.order_id),
            payment_events::session_id.eq(Some(session.id.to_string())),
            payment_events::kind.eq(to_name(kind)?),
            payment_events::detail.eq(detail),
            payment_events::actor.eq(&cause.actor),
            payment_events::created_at.eq(cause.at.0),
        ))
        .execute(conn)?;
    Ok(())
}
