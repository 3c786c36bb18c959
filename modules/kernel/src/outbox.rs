//! Telling facts: [`publish`] and [`publish_all`] write events in the transaction of the change, [`Db::feed`] shows them to
//! consumers.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use diesel::dsl::max;
use diesel::prelude::*;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep, timeout_at};

use crate::clock::{Clock, Timestamp};
use crate::db::schema::{coalesce, outbox, outbox_horizon, outbox_txid};
use crate::db::{AnyConnection, Db, Failure};
use crate::event::{Envelope, Event, Feed, FeedBatch, FeedCursor, FeedError};
use crate::id::new_id;
use crate::trace::TraceContext;

/// Events can be asked for at least this long, the newest of each aggregate for ever.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
const TIDIED_AT_ONCE: i64 = 500;

/// Events in one statement; each needs nine values, and SQLite takes 32,766.
const WRITTEN_AT_ONCE: usize = 500;

/// How soon an event is noticed: after activity, when those of several units of work are fetched together, and, of
/// another process, after a while of none.
const BUSY: Duration = Duration::from_millis(20);
const IDLE: Duration = Duration::from_millis(250);

thread_local! {
    static PUBLISHED: Cell<bool> = const { Cell::new(false) };
}

/// The row of `$event`, of whose aggregate `$place` events are written by one statement up to this one.
macro_rules! row {
    ($event:expr, $aggregate_id:expr, $place:expr, $trace:expr) => {{
        let payload =
            serde_json::to_string($event).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
        let earlier = diesel::alias!(outbox as earlier);
        let last_version = earlier
            .filter(earlier.field(outbox::aggregate_id).eq($aggregate_id))
            .select(max(earlier.field(outbox::aggregate_version)))
            .single_value();
        (
            outbox::id.eq(new_id("evt")),
            outbox::kind.eq(E::KIND),
            outbox::schema_version.eq(E::SCHEMA_VERSION),
            outbox::aggregate_id.eq($aggregate_id),
            outbox::aggregate_version.eq(coalesce(last_version, 0) + $place),
            outbox::payload.eq(payload),
            outbox::trace.eq($trace),
            outbox::created_at.eq(Clock::system().now().0),
        )
    }};
}

/// Writes `event` in the transaction of the change that made it true.
///
/// Change the aggregate first: its row lock then gives its events their order. Where two transactions still number an
/// event of one aggregate alike, one of them fails and counts as a conflict.
///
/// # Errors
/// The event could not be written; the unit of work must fail.
pub fn publish<E: Event>(conn: &mut AnyConnection, trace: TraceContext, event: &E) -> QueryResult<()> {
    let aggregate_id = event.aggregate_id();
    let row = row!(event, &aggregate_id, 1, trace.to_string());
    let insert = diesel::insert_into(outbox::table);
    match conn {
        AnyConnection::Postgres(conn) => {
            insert.values((row, outbox::txid.eq(outbox_txid(&aggregate_id)))).execute(conn)?;
        }
        AnyConnection::Sqlite(conn) => {
            insert.values(row).execute(conn)?;
        }
    }
    PUBLISHED.set(true);
    Ok(())
}

/// Writes many events as [`publish`] writes one, with one statement for hundreds of them: an import changes as much at
/// once. Events of one aggregate are told in the order given.
///
/// # Errors
/// The events could not be written; the unit of work must fail.
pub fn publish_all<E: Event>(conn: &mut AnyConnection, trace: TraceContext, events: &[E]) -> QueryResult<()> {
    for some in events.chunks(WRITTEN_AT_ONCE) {
        if let [event] = some {
            // The statement for one is kept prepared.
            publish(conn, trace, event)?;
            continue;
        }
        // A statement does not see the rows that it writes, so it is told how many of an aggregate come before.
        let mut places: HashMap<String, i64> = HashMap::new();
        let mut rows = Vec::with_capacity(some.len());
        for event in some {
            let aggregate_id = event.aggregate_id();
            let place = places.entry(aggregate_id.clone()).and_modify(|place| *place += 1).or_insert(1);
            rows.push((row!(event, aggregate_id.clone(), *place, trace.to_string()), aggregate_id));
        }
        let insert = diesel::insert_into(outbox::table);
        match conn {
            AnyConnection::Postgres(conn) => {
                let placed = |(row, aggregate_id)| (row, outbox::txid.eq(outbox_txid(aggregate_id)));
                insert.values(rows.into_iter().map(placed).collect::<Vec<_>>()).execute(conn)?;
            }
            AnyConnection::Sqlite(conn) => {
                insert.values(rows.into_iter().map(|(row, _)| row).collect::<Vec<_>>()).execute(conn)?;
            }
        }
        PUBLISHED.set(true);
    }
    Ok(())
}

/// Whether this thread has published since the last time it was asked.
pub(crate) fn take_published() -> bool {
    PUBLISHED.replace(false)
}

/// Rows that came from another cluster, by a restore, carry transaction numbers that mean nothing here and might lie in
/// the future, where no consumer would ever see them. They are old, so they are placed before everything of this cluster.
pub(crate) fn forget_foreign_places(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::sql_query("UPDATE outbox SET txid = 0 WHERE txid > pg_current_xact_id()::text::bigint").execute(conn)?;
    Ok(())
}

/// Removes old events, but of each aggregate keeps the newest, which carries the version.
pub(crate) async fn tidy(db: &Db, now: Timestamp) -> Result<(), Failure> {
    let before = now.minus(KEPT).0;
    loop {
        // Looked for by a reader, so that the search holds up no writer.
        let old = db.read_long(move |conn| Ok::<_, Failure>(superseded(conn, before)?)).await?;
        if old.is_empty() {
            return Ok(());
        }
        db.write(move |conn| {
            diesel::delete(outbox::table.filter(outbox::id.eq_any(old))).execute(conn)?;
            Ok::<_, Failure>(())
        })
        .await?;
    }
}

fn superseded(conn: &mut AnyConnection, before: i64) -> QueryResult<Vec<String>> {
    let later = diesel::alias!(outbox as later);
    let has_later = later
        .filter(later.field(outbox::aggregate_id).eq(outbox::aggregate_id))
        .filter(later.field(outbox::aggregate_version).gt(outbox::aggregate_version));
    outbox::table
        .filter(outbox::created_at.lt(before).and(diesel::dsl::exists(has_later)))
        .select(outbox::id)
        .limit(TIDIED_AT_ONCE)
        .load(conn)
}

/// A module's own outbox as a feed.
pub(crate) struct OwnFeed(Db);

impl OwnFeed {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    fn error(&self, failure: &Failure) -> FeedError {
        FeedError { producer: self.0.module().to_owned(), cause: failure.to_string() }
    }
}

#[async_trait::async_trait]
impl Feed for OwnFeed {
    async fn read(&self, after: FeedCursor, limit: u32, wait: Duration) -> Result<FeedBatch, FeedError> {
        let deadline = Instant::now() + wait;
        let mut newest = self.0.news().newest.subscribe();
        loop {
            newest.mark_unchanged();
            let events =
                self.0.read(move |conn| events(conn, after, limit)).await.map_err(|failure| self.error(&failure))?;
            if !events.is_empty() || Instant::now() >= deadline {
                return Ok(FeedBatch { events });
            }
            tokio::select! {
                _ = timeout_at(deadline, newest.changed()) => {}
                failure = self.0.news().watch(&self.0) => return Err(self.error(&failure)),
            }
        }
    }

    async fn newest(&self) -> Result<FeedCursor, FeedError> {
        self.0.read(|conn| Ok(newest(conn)?)).await.map_err(|failure| self.error(&failure))
    }
}

/// Tells those who wait for events of one database that there are some.
pub(crate) struct News {
    newest: watch::Sender<FeedCursor>,
    hint: Notify,
    /// Locked by the one who watches for all; how long it sleeps.
    pace: Mutex<Duration>,
}

impl Default for News {
    fn default() -> Self {
        Self { newest: watch::Sender::default(), hint: Notify::new(), pace: Mutex::new(IDLE) }
    }
}

impl News {
    /// A unit of this process has published. Only a hint: other processes give none, and the table is the truth.
    pub(crate) fn hint(&self) {
        self.hint.notify_one();
    }

    /// Watches the table for all who wait, of whom one at a time comes past the lock. Returns only when that fails.
    async fn watch(&self, db: &Db) -> Failure {
        let mut pace = self.pace.lock().await;
        loop {
            tokio::select! {
                () = sleep(*pace) => {}
                () = self.hint.notified() => {
                    *pace = BUSY;
                    sleep(BUSY).await;
                }
            }
            let place = match db.read(|conn| Ok(newest(conn)?)).await {
                Ok(place) => place,
                Err(failure) => return failure,
            };
            let is_news = self.newest.send_if_modified(|known| std::mem::replace(known, place) != place);
            *pace = if is_news { BUSY } else { (*pace * 2).min(IDLE) };
        }
    }
}

#[derive(Queryable)]
struct Row {
    txid: i64,
    seq: i64,
    id: String,
    kind: String,
    schema_version: i32,
    aggregate_id: String,
    aggregate_version: i64,
    payload: String,
    trace: String,
    created_at: i64,
}

impl Row {
    fn into_event(self) -> Result<(FeedCursor, Envelope), serde_json::Error> {
        let envelope = Envelope {
            payload: serde_json::from_str(&self.payload)?,
            id: self.id,
            kind: self.kind,
            schema_version: self.schema_version,
            aggregate_id: self.aggregate_id,
            aggregate_version: self.aggregate_version,
            trace: self.trace,
            created_at: Timestamp(self.created_at),
        };
        Ok((FeedCursor { txid: self.txid, seq: self.seq }, envelope))
    }
}

/// Up to `limit` events after `after`, in delivery order.
///
/// A cursor beyond the newest event is one of another life of this data, before a restore: the consumer starts over, and
/// its inbox knows what it has seen.
fn events(conn: &mut AnyConnection, after: FeedCursor, limit: u32) -> Result<Vec<(FeedCursor, Envelope)>, Failure> {
    let mut found = rows(conn, after, limit)?;
    if found.is_empty() && newest(conn)? < after {
        found = rows(conn, FeedCursor::default(), limit)?;
    }
    let events = found.into_iter().map(Row::into_event).collect::<Result<_, _>>();
    events.map_err(|error| Failure::Internal(format!("outbox: {error}")))
}

fn rows(conn: &mut AnyConnection, after: FeedCursor, limit: u32) -> QueryResult<Vec<Row>> {
    let columns = (
        outbox::txid,
        outbox::seq,
        outbox::id,
        outbox::kind,
        outbox::schema_version,
        outbox::aggregate_id,
        outbox::aggregate_version,
        outbox::payload,
        outbox::trace,
        outbox::created_at,
    );
    let query = outbox::table.select(columns).limit(i64::from(limit));
    match conn {
        AnyConnection::Postgres(conn) => query
            .filter(outbox::txid.ge(after.txid).and(outbox::txid.lt(outbox_horizon())))
            .filter(outbox::txid.gt(after.txid).or(outbox::seq.gt(after.seq)))
            .order((outbox::txid, outbox::seq))
            .load(conn),
        AnyConnection::Sqlite(conn) => query.filter(outbox::seq.gt(after.seq)).order(outbox::seq).load(conn),
    }
}

fn newest(conn: &mut AnyConnection) -> QueryResult<FeedCursor> {
    let query = outbox::table.select((outbox::txid, outbox::seq));
    let place = match conn {
        AnyConnection::Postgres(conn) => query
            .filter(outbox::txid.lt(outbox_horizon()))
            .order((outbox::txid.desc(), outbox::seq.desc()))
            .first(conn)
            .optional()?,
        AnyConnection::Sqlite(conn) => query.order(outbox::seq.desc()).first(conn).optional()?,
    };
    Ok(place.map_or_else(FeedCursor::default, |(txid, seq)| FeedCursor { txid, seq }))
}
