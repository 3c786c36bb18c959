//! Notices: what providers told us by themselves, as it came.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;
use kernel::id::new_id;
use serde::{Deserialize, Serialize};

use super::{on_either, to_name};
use crate::schema::provider_notices;

/// How far a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NoticeStatus {
    /// Stored, and nothing more.
    Received,
    /// What follows from it is recorded.
    Processed,
    /// It is about money that we do not know.
    Unmatched,
    /// It does not concern us.
    Ignored,
}

/// A notice that is to be processed.
#[derive(Clone, Debug)]
pub(crate) struct NoticeRow {
    pub(crate) id: String,
    pub(crate) provider: String,
    pub(crate) body: String,
    pub(crate) attempts: i64,
}

/// The id of the notice, when it is new. It comes with its name and kind, as its provider gives them.
pub(crate) fn notice_insert(
    conn: &mut AnyConnection,
    provider: &str,
    (notice_id, kind): (&str, &str),
    body: &str,
    now: Timestamp,
) -> QueryResult<Option<String>> {
    let id = new_id("ntc");
    let row = (
        provider_notices::id.eq(id.clone()),
        provider_notices::provider.eq(provider),
        provider_notices::notice_id.eq(notice_id),
        provider_notices::kind.eq(kind),
        provider_notices::body.eq(body),
        provider_notices::status.eq(to_name(NoticeStatus::Received)?),
        provider_notices::next_at.eq(now.0),
        provider_notices::received_at.eq(now.0),
    );
    let insert = diesel::insert_into(provider_notices::table).values(row).on_conflict_do_nothing();
    let inserted = on_either!(conn => insert.execute(conn))?;
    Ok((inserted == 1).then_some(id))
}

/// Notices that are to be processed by now, the oldest first.
pub(crate) fn notices_due(conn: &mut AnyConnection, limit: i64, now: Timestamp) -> QueryResult<Vec<NoticeRow>> {
    type Row = (String, String, String, i64);
    let rows: Vec<Row> = provider_notices::table
        .filter(provider_notices::status.eq(to_name(NoticeStatus::Received)?))
        .filter(provider_notices::next_at.le(now.0))
        .order(provider_notices::id)
        .limit(limit)
        .select((provider_notices::id, provider_notices::provider, provider_notices::body, provider_notices::attempts))
        .load(conn)?;
    let notice = |(id, provider, body, attempts)| NoticeRow { id, provider, body, attempts };
    Ok(rows.into_iter().map(notice).collect())
}

/// Whether this unit of work is the one that processes the notice.
pub(crate) fn notice_take(
    conn: &mut AnyConnection,
    id: &str,
    status: NoticeStatus,
    now: Timestamp,
) -> QueryResult<bool> {
    let changed = diesel::update(provider_notices::table.find(id))
        .filter(provider_notices::status.eq(to_name(NoticeStatus::Received)?))
        .set((provider_notices::status.eq(to_name(status)?), provider_notices::processed_at.eq(Some(now.0))))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Leaves a notice for later.
pub(crate) fn notice_postpone(conn: &mut AnyConnection, id: &str, next_at: Timestamp) -> QueryResult<()> {
    diesel::update(provider_notices::table.find(id))
        .set((provider_notices::attempts.eq(provider_notices::attempts + 1), provider_notices::next_at.eq(next_at.0)))
        .execute(conn)?;
    Ok(())
}

/// Forgets notices that were dealt with long ago: they hold names and addresses.
pub(crate) fn notices_forget(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    diesel::delete(provider_notices::table)
        .filter(provider_notices::received_at.lt(before.0))
        .filter(provider_notices::status.ne(to_name(NoticeStatus::Received)?))
        .execute(conn)
}
