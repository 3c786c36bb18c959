//! Captures: what is taken of money that a provider holds.

use billing_api::SessionId;
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::{of_name, on_either, to_name, unreadable};
use crate::schema::captures;

/// How far a capture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CaptureStatus {
    /// It is to be made, and may have been.
    Pending,
    Succeeded,
    /// The provider answered, and did not make it.
    Failed,
}

/// A capture, as it was first asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capture {
    pub(crate) amount: Money,
    pub(crate) status: CaptureStatus,
}

/// Writes down what is to be taken. Whoever comes again finds it as it was.
pub(crate) fn capture_insert(
    conn: &mut AnyConnection,
    session: SessionId,
    amount: Money,
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        captures::session_id.eq(session.to_string()),
        captures::amount.eq(amount.amount),
        captures::currency.eq(amount.currency.code()),
        captures::status.eq(to_name(CaptureStatus::Pending)?),
        captures::created_at.eq(now.0),
    );
    let insert = diesel::insert_into(captures::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// What is to be taken of a session, or was.
pub(crate) fn capture(conn: &mut AnyConnection, session: SessionId) -> QueryResult<Option<Capture>> {
    let row: Option<(i64, String, String)> = captures::table
        .find(session.to_string())
        .select((captures::amount, captures::currency, captures::status))
        .first(conn)
        .optional()?;
    let capture = |(amount, currency, status): (i64, String, String)| {
        let amount = Money::new(amount, currency.parse::<Currency>().map_err(unreadable)?);
        Ok(Capture { amount, status: of_name(status)? })
    };
    row.map(capture).transpose()
}

/// What became of it; the first answer counts.
pub(crate) fn capture_answered(
    conn: &mut AnyConnection,
    session: SessionId,
    status: CaptureStatus,
    detail: &str,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(captures::table.find(session.to_string()))
        .filter(captures::status.eq(to_name(CaptureStatus::Pending)?))
        .set((
            captures::status.eq(to_name(status)?),
            captures::detail.eq(detail),
            captures::answered_at.eq(Some(now.0)),
        ))
        .execute(conn)?;
    Ok(())
}
