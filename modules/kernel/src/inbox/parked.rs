//! Events whose handler failed. They wait here, in the order of their aggregate, until they succeed or a person decides.

use std::time::Duration;

use diesel::dsl::exists;
use diesel::prelude::*;

use super::{HandlerError, Subscription, attempt};
use crate::clock::{Clock, Timestamp};
use crate::db::schema::inbox_parked;
use crate::db::{AnyConnection, Db, Failure};
use crate::event::Envelope;

/// An event that failed this often is left to a person.
const ATTEMPTS: i32 = 10;
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(300);
/// How many aggregates are tried again in one transaction.
const AT_ONCE: i64 = 64;
/// How many are shown to a person.
const SHOWN: i64 = 500;

const WAITING: &str = "waiting";
const GIVEN_UP: &str = "parked";

/// An event that was not handled yet.
#[derive(Clone, Debug)]
pub struct Parked {
    /// Who could not handle it.
    pub consumer: String,
    /// The event.
    pub event: Envelope,
    /// How often it was tried; 0 when it only waits for an earlier event of the same aggregate.
    pub attempts: i32,
    /// Why it failed.
    pub last_error: String,
    /// When it will be tried again; `None` when it was given up.
    pub next_attempt_at: Option<Timestamp>,
}

#[derive(Queryable)]
struct Row {
    consumer: String,
    event_id: String,
    envelope: String,
    attempts: i32,
    last_error: String,
    next_attempt_at: i64,
    status: String,
}

type Columns = (
    inbox_parked::consumer,
    inbox_parked::event_id,
    inbox_parked::envelope,
    inbox_parked::attempts,
    inbox_parked::last_error,
    inbox_parked::next_attempt_at,
    inbox_parked::status,
);

const COLUMNS: Columns = (
    inbox_parked::consumer,
    inbox_parked::event_id,
    inbox_parked::envelope,
    inbox_parked::attempts,
    inbox_parked::last_error,
    inbox_parked::next_attempt_at,
    inbox_parked::status,
);

impl Row {
    fn event(&self) -> Result<Envelope, Failure> {
        serde_json::from_str(&self.envelope).map_err(|error| Failure::Internal(format!("parked event: {error}")))
    }

    fn into_parked(self) -> Result<Parked, Failure> {
        let next_attempt_at = (self.status == WAITING).then_some(Timestamp(self.next_attempt_at));
        let event = self.event()?;
        Ok(Parked {
            consumer: self.consumer,
            event,
            attempts: self.attempts,
            last_error: self.last_error,
            next_attempt_at,
        })
    }
}

/// The events of all consumers of `db` that were not handled yet, in the order in which they will be.
///
/// # Errors
/// The database could not be used.
pub async fn parked(db: &Db) -> Result<Vec<Parked>, Failure> {
    db.read(|conn| {
        let rows: Vec<Row> = inbox_parked::table
            .order((inbox_parked::consumer, inbox_parked::aggregate_id, inbox_parked::aggregate_version))
            .limit(SHOWN)
            .select(COLUMNS)
            .load(conn)?;
        rows.into_iter().map(Row::into_parked).collect()
    })
    .await
}

/// Has the event tried again now. Whether there is such an event.
///
/// # Errors
/// The database could not be used.
pub async fn retry(db: &Db, event_id: &str) -> Result<bool, Failure> {
    let event_id = event_id.to_owned();
    let found = db
        .write(move |conn| {
            let changed = diesel::update(inbox_parked::table.filter(inbox_parked::event_id.eq(event_id)))
                .set((
                    inbox_parked::status.eq(WAITING),
                    inbox_parked::attempts.eq(0),
                    inbox_parked::next_attempt_at.eq(0),
                ))
                .execute(conn)?;
            Ok::<_, Failure>(changed > 0)
        })
        .await?;
    db.inbox_changes().send_replace(());
    Ok(found)
}

/// Gives the event up for good, so that those behind it go on. Whether there was such an event.
///
/// # Errors
/// The database could not be used.
pub async fn discard(db: &Db, event_id: &str) -> Result<bool, Failure> {
    let event_id = event_id.to_owned();
    let found = db
        .write(move |conn| {
            let deleted =
                diesel::delete(inbox_parked::table.filter(inbox_parked::event_id.eq(event_id))).execute(conn)?;
            Ok::<_, Failure>(deleted > 0)
        })
        .await?;
    db.inbox_changes().send_replace(());
    Ok(found)
}

/// Keeps the event for later: after its first failure, or, untried, behind an earlier one of its aggregate.
pub(super) fn park(
    conn: &mut AnyConnection,
    consumer: &str,
    event: &Envelope,
    failure: Option<&HandlerError>,
) -> Result<(), Failure> {
    let envelope = serde_json::to_string(event).map_err(|error| Failure::Internal(error.to_string()))?;
    let now = Clock::system().now();
    let (attempts, last_error, next_attempt_at) = match failure {
        Some(error) => (1, error.to_string(), now.plus(backoff(1))),
        None => (0, "waits for an earlier event".to_owned(), now),
    };
    diesel::insert_into(inbox_parked::table)
        .values((
            inbox_parked::consumer.eq(consumer),
            inbox_parked::event_id.eq(&event.id),
            inbox_parked::aggregate_id.eq(&event.aggregate_id),
            inbox_parked::aggregate_version.eq(event.aggregate_version),
            inbox_parked::envelope.eq(envelope),
            inbox_parked::attempts.eq(attempts),
            inbox_parked::last_error.eq(last_error),
            inbox_parked::next_attempt_at.eq(next_attempt_at.0),
            inbox_parked::status.eq(WAITING),
        ))
        .execute(conn)?;
    Ok(())
}

/// The aggregates whose events must wait.
pub(super) fn aggregates(conn: &mut AnyConnection, consumer: &str) -> QueryResult<Vec<String>> {
    inbox_parked::table
        .filter(inbox_parked::consumer.eq(consumer))
        .select(inbox_parked::aggregate_id)
        .distinct()
        .load(conn)
}

/// When the first parked event of the consumer is to be tried again.
pub(super) fn next_due(conn: &mut AnyConnection, consumer: &str) -> QueryResult<Option<Timestamp>> {
    Ok(heads(conn, consumer, 1)?.first().map(|parked| Timestamp(parked.next_attempt_at)))
}

/// Tries the parked events that are due, of each aggregate the first.
pub(super) fn retry_due(conn: &mut AnyConnection, subscription: &Subscription, now: Timestamp) -> Result<(), Failure> {
    for parked in heads(conn, subscription.consumer, AT_ONCE)? {
        if Timestamp(parked.next_attempt_at) > now || !claim(conn, &parked)? {
            continue;
        }
        match attempt(conn, subscription, &parked.event()?)? {
            Ok(()) => {
                diesel::delete(inbox_parked::table.find((&parked.consumer, &parked.event_id))).execute(conn)?;
            }
            Err(error) => postpone(conn, &parked, &error, now)?,
        }
    }
    Ok(())
}

/// Removes what the consumer had parked.
pub(super) fn forget(conn: &mut AnyConnection, consumer: &str) -> QueryResult<()> {
    diesel::delete(inbox_parked::table.filter(inbox_parked::consumer.eq(consumer))).execute(conn)?;
    Ok(())
}

/// The first parked event of each aggregate, unless it was given up; those due first come first.
fn heads(conn: &mut AnyConnection, consumer: &str, limit: i64) -> QueryResult<Vec<Row>> {
    let earlier = diesel::alias!(inbox_parked as earlier);
    let has_earlier = earlier
        .filter(earlier.field(inbox_parked::consumer).eq(inbox_parked::consumer))
        .filter(earlier.field(inbox_parked::aggregate_id).eq(inbox_parked::aggregate_id))
        .filter(earlier.field(inbox_parked::aggregate_version).lt(inbox_parked::aggregate_version));
    inbox_parked::table
        .filter(inbox_parked::consumer.eq(consumer).and(inbox_parked::status.eq(WAITING)))
        .filter(diesel::dsl::not(exists(has_earlier)))
        .order(inbox_parked::next_attempt_at)
        .limit(limit)
        .select(COLUMNS)
        .load(conn)
}

/// Counts the attempt, unless another process is making it.
fn claim(conn: &mut AnyConnection, parked: &Row) -> QueryResult<bool> {
    let untried = inbox_parked::table
        .find((&parked.consumer, &parked.event_id))
        .filter(inbox_parked::attempts.eq(parked.attempts));
    let claimed = diesel::update(untried).set(inbox_parked::attempts.eq(parked.attempts + 1)).execute(conn)?;
    Ok(claimed == 1)
}

fn postpone(conn: &mut AnyConnection, parked: &Row, error: &HandlerError, now: Timestamp) -> QueryResult<()> {
    let attempts = parked.attempts + 1;
    let give_up = attempts >= ATTEMPTS;
    if give_up {
        let Row { consumer, event_id, .. } = parked;
        tracing::error!(consumer, event_id, %error, "event given up; retry or discard it");
    }
    diesel::update(inbox_parked::table.find((&parked.consumer, &parked.event_id)))
        .set((
            inbox_parked::last_error.eq(error.to_string()),
            inbox_parked::next_attempt_at.eq(now.plus(backoff(attempts)).0),
            inbox_parked::status.eq(if give_up { GIVEN_UP } else { WAITING }),
        ))
        .execute(conn)?;
    Ok(())
}

/// Twice as long after each attempt.
fn backoff(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    (FIRST_RETRY * 2_u32.pow(doublings)).min(LAST_RETRY)
}
