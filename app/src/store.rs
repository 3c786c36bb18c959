//! Every query on the edge's own data: mails to send, imports under way, and counters.

pub(crate) mod counters;

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _, on_either};
use kernel::id::new_id;

use crate::schema::{import_jobs, outgoing_emails};

/// A mail to send.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = outgoing_emails)]
pub(crate) struct OutgoingEmail {
    /// `eml_…`; also its Message-ID, so that a repeat is the same mail.
    pub(crate) id: String,
    /// Which mail.
    pub(crate) kind: String,
    /// `ord_…`
    pub(crate) order_id: String,
    /// What it is about within the order.
    pub(crate) about: String,
    /// Attempts so far.
    pub(crate) attempts: i64,
}

/// Queues a mail; one that is queued already is left as it is.
///
/// # Errors
/// The database refused.
pub(crate) fn email_insert(
    conn: &mut AnyConnection,
    kind: &str,
    order_id: &str,
    about: &str,
    now: Timestamp,
) -> QueryResult<()> {
    let values = (
        outgoing_emails::id.eq(new_id("eml")),
        outgoing_emails::kind.eq(kind),
        outgoing_emails::order_id.eq(order_id),
        outgoing_emails::about.eq(about),
        outgoing_emails::status.eq("waiting"),
        outgoing_emails::attempts.eq(0),
        outgoing_emails::next_attempt_at.eq(now.0),
        outgoing_emails::created_at.eq(now.0),
    );
    // ON CONFLICT has a form of its own on each database.
    match conn {
        AnyConnection::Postgres(conn) => {
            diesel::insert_into(outgoing_emails::table).values(values).on_conflict_do_nothing().execute(conn)
        }
        AnyConnection::Sqlite(conn) => {
            diesel::insert_into(outgoing_emails::table).values(values).on_conflict_do_nothing().execute(conn)
        }
    }?;
    Ok(())
}

/// Mails that are due, oldest first.
///
/// # Errors
/// The database refused.
pub(crate) fn emails_due(conn: &mut AnyConnection, now: Timestamp, limit: i64) -> QueryResult<Vec<OutgoingEmail>> {
    outgoing_emails::table
        .filter(outgoing_emails::status.eq("waiting"))
        .filter(outgoing_emails::next_attempt_at.le(now.0))
        .order(outgoing_emails::next_attempt_at)
        .limit(limit)
        .select((
            outgoing_emails::id,
            outgoing_emails::kind,
            outgoing_emails::order_id,
            outgoing_emails::about,
            outgoing_emails::attempts,
        ))
        .load(conn)
}

/// Whether a mail of this kind about an order is still to be sent.
///
/// # Errors
/// The database refused.
pub(crate) fn email_is_waiting(conn: &mut AnyConnection, kind: &str, order_id: &str) -> QueryResult<bool> {
    let waiting = outgoing_emails::table
        .filter(outgoing_emails::kind.eq(kind))
        .filter(outgoing_emails::order_id.eq(order_id))
        .filter(outgoing_emails::status.eq("waiting"));
    Ok(waiting.count().get_result::<i64>(conn)? > 0)
}

/// Takes a mail for sending; `false` when another process was faster. It is due again at `until` if nothing is said of it.
///
/// # Errors
/// The database refused.
pub(crate) fn email_take(conn: &mut AnyConnection, email: &OutgoingEmail, until: Timestamp) -> QueryResult<bool> {
    let untouched = outgoing_emails::table
        .filter(outgoing_emails::id.eq(&email.id))
        .filter(outgoing_emails::status.eq("waiting"))
        .filter(outgoing_emails::attempts.eq(email.attempts));
    let taken = diesel::update(untouched)
        .set((outgoing_emails::attempts.eq(email.attempts + 1), outgoing_emails::next_attempt_at.eq(until.0)))
        .kept();
    Ok(on_either!(conn => taken.execute(conn))? == 1)
}

/// Notes that a mail was sent, or need not be.
///
/// # Errors
/// The database refused.
pub(crate) fn email_settle(conn: &mut AnyConnection, id: &str, status: &str, now: Timestamp) -> QueryResult<()> {
    let settled = diesel::update(outgoing_emails::table.filter(outgoing_emails::id.eq(id)))
        .set((outgoing_emails::status.eq(status), outgoing_emails::sent_at.eq(Some(now.0))))
        .kept();
    on_either!(conn => settled.execute(conn))?;
    Ok(())
}

/// Notes that a mail could not be sent; with no `retry_at` it is given up.
///
/// # Errors
/// The database refused.
pub(crate) fn email_failed(
    conn: &mut AnyConnection,
    id: &str,
    error: &str,
    retry_at: Option<Timestamp>,
) -> QueryResult<()> {
    let status = if retry_at.is_some() { "waiting" } else { "failed" };
    diesel::update(outgoing_emails::table.filter(outgoing_emails::id.eq(id)))
        .set((
            outgoing_emails::status.eq(status),
            outgoing_emails::last_error.eq(Some(error)),
            outgoing_emails::next_attempt_at.eq(retry_at.map_or(0, |at| at.0)),
        ))
        .execute(conn)?;
    Ok(())
}

/// An import that staff started.
#[derive(Clone, Debug, Queryable)]
pub(crate) struct ImportJob {
    /// `imp_…`
    pub(crate) id: String,
    /// As the browser named it.
    pub(crate) file_name: String,
    /// `checking`, `checked`, `applying`, `done`, `failed`.
    pub(crate) status: String,
    /// Rows read so far.
    pub(crate) done: i64,
    /// Rows in the file.
    pub(crate) total: i64,
    /// Of the last run, as JSON.
    pub(crate) report: Option<String>,
    /// Why it failed.
    pub(crate) error: Option<String>,
    /// Who.
    pub(crate) started_by: String,
    /// When.
    pub(crate) created_at: i64,
}

const JOB: (
    import_jobs::id,
    import_jobs::file_name,
    import_jobs::status,
    import_jobs::done,
    import_jobs::total,
    import_jobs::report,
    import_jobs::error,
    import_jobs::started_by,
    import_jobs::created_at,
) = (
    import_jobs::id,
    import_jobs::file_name,
    import_jobs::status,
    import_jobs::done,
    import_jobs::total,
    import_jobs::report,
    import_jobs::error,
    import_jobs::started_by,
    import_jobs::created_at,
);

/// Creates a job that checks its file first.
///
/// # Errors
/// The database refused.
pub(crate) fn import_job_insert(
    conn: &mut AnyConnection,
    id: &str,
    file_name: &str,
    started_by: &str,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(import_jobs::table)
        .values((
            import_jobs::id.eq(id),
            import_jobs::file_name.eq(file_name),
            import_jobs::status.eq("checking"),
            import_jobs::done.eq(0),
            import_jobs::total.eq(0),
            import_jobs::started_by.eq(started_by),
            import_jobs::created_at.eq(now.0),
            import_jobs::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// One job.
///
/// # Errors
/// The database refused.
pub(crate) fn import_job(conn: &mut AnyConnection, id: &str) -> QueryResult<Option<ImportJob>> {
    import_jobs::table.filter(import_jobs::id.eq(id)).select(JOB).first(conn).optional()
}

/// The newest jobs.
///
/// # Errors
/// The database refused.
pub(crate) fn import_jobs_newest(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<ImportJob>> {
    import_jobs::table.order(import_jobs::created_at.desc()).limit(limit).select(JOB).load(conn)
}

/// Jobs that were at work when the process ended.
///
/// # Errors
/// The database refused.
pub(crate) fn import_jobs_unfinished(conn: &mut AnyConnection) -> QueryResult<Vec<ImportJob>> {
    import_jobs::table.filter(import_jobs::status.eq_any(["checking", "applying"])).select(JOB).load(conn)
}

/// Moves a job on from the status it is in; `false` when it is in another.
///
/// # Errors
/// The database refused.
pub(crate) fn import_job_move(
    conn: &mut AnyConnection,
    id: &str,
    from: &str,
    to: &str,
    now: Timestamp,
) -> QueryResult<bool> {
    let job = import_jobs::table.filter(import_jobs::id.eq(id)).filter(import_jobs::status.eq(from));
    let moved =
        diesel::update(job).set((import_jobs::status.eq(to), import_jobs::updated_at.eq(now.0))).execute(conn)?;
    Ok(moved == 1)
}

/// Notes how far a job is.
///
/// # Errors
/// The database refused.
pub(crate) fn import_job_progress(
    conn: &mut AnyConnection,
    id: &str,
    done: i64,
    total: i64,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(import_jobs::table.filter(import_jobs::id.eq(id)))
        .set((import_jobs::done.eq(done), import_jobs::total.eq(total), import_jobs::updated_at.eq(now.0)))
        .execute(conn)?;
    Ok(())
}

/// Ends a run of a job with its report, or with what went wrong.
///
/// # Errors
/// The database refused.
pub(crate) fn import_job_finish(
    conn: &mut AnyConnection,
    id: &str,
    status: &str,
    outcome: Result<&str, &str>,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(import_jobs::table.filter(import_jobs::id.eq(id)))
        .set((
            import_jobs::status.eq(status),
            import_jobs::report.eq(outcome.ok()),
            import_jobs::error.eq(outcome.err()),
            import_jobs::updated_at.eq(now.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Mails that wait, and mails that were given up.
///
/// # Errors
/// The database refused.
pub(crate) fn emails_unsent(conn: &mut AnyConnection) -> QueryResult<(i64, i64)> {
    let count = |conn: &mut AnyConnection, status: &str| {
        outgoing_emails::table.filter(outgoing_emails::status.eq(status)).count().get_result::<i64>(conn)
    };
    Ok((count(conn, "waiting")?, count(conn, "failed")?))
}
