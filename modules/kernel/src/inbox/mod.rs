//! Hearing facts: [`consume`] pulls a neighbour's events and applies each once, in order per aggregate.
//!
//! The effects of an event, the record that it was handled and the cursor are written in one transaction, which begins by
//! moving the cursor from where it was seen to be. So any number of processes may consume at the same time: one moves the
//! cursor, the others find it moved and start over from there. Whoever dies leaves nothing to be cleaned up.
//!
//! An event whose handler fails is parked, with those after it of the same aggregate; everything else goes on.

mod parked;
mod store;

use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use diesel::QueryResult;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::call::CallError;
use crate::clock::{Clock, Timestamp};
use crate::db::{AnyConnection, Db, Failure, caught, savepoint};
use crate::event::{Envelope, Event, Feed, FeedCursor, FeedError};
use crate::stop::Stop;
use store::Place;

pub use parked::{Parked, discard, parked, retry};
pub(crate) use store::tidy;

/// How many events are applied in one transaction.
const BATCH: u32 = 64;
/// How long a consumer waits for news before it looks whether another process moved its cursor.
const WAIT: Duration = Duration::from_secs(10);
/// Passing over events of other kinds is written down after this many, or this long.
const PASSED_OVER: usize = 256;
const PASSED_OVER_FOR: Duration = Duration::from_secs(5);
/// Pauses while the database or the producer is away.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is done with an event, in the transaction that also records that it was done.
pub type Handler = Arc<dyn Fn(&mut AnyConnection, &Envelope) -> Result<(), HandlerError> + Send + Sync>;

/// An event could not be handled; it will be tried again.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct HandlerError(String);

impl HandlerError {
    /// For the log and the page of parked events.
    pub fn new(cause: impl Display) -> Self {
        Self(cause.to_string())
    }
}

impl From<diesel::result::Error> for HandlerError {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

impl<E: Display> From<CallError<E>> for HandlerError {
    fn from(error: CallError<E>) -> Self {
        Self::new(error)
    }
}

/// Whether past events may be handled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Yes: handling builds something that can be built anew.
    Replayable,
    /// No: handling reaches people or money.
    Once,
}

/// Which events of a neighbour a module listens to, and what it does with them.
#[derive(Clone)]
pub struct Subscription {
    /// Names it within the consuming module; the cursor is kept under this name.
    pub consumer: &'static str,
    /// The module whose events they are.
    pub producer: &'static str,
    /// The kinds it asks for; others are passed over.
    pub kinds: Vec<&'static str>,
    /// Whether [`replay`] may start it over.
    pub replay: Replay,
    /// Called for events of these kinds.
    pub handler: Handler,
    from_now_on: bool,
}

impl Subscription {
    /// Listens to nothing yet.
    pub fn new(consumer: &'static str, producer: &'static str) -> Self {
        let handler: Handler = Arc::new(|_, _| Ok(()));
        Self { consumer, producer, kinds: Vec::new(), replay: Replay::Replayable, handler, from_now_on: false }
    }

    /// And does `handle` for events of type `E`.
    #[must_use]
    pub fn on<E: Event>(
        mut self,
        handle: impl Fn(&mut AnyConnection, &Envelope, E) -> Result<(), HandlerError> + Send + Sync + 'static,
    ) -> Self {
        let others = self.handler;
        self.handler = Arc::new(move |conn, envelope| {
            if envelope.kind != E::KIND {
                return others(conn, envelope);
            }
            handle(conn, envelope, envelope.open().map_err(HandlerError::new)?)
        });
        self.kinds.push(E::KIND);
        self
    }

    /// And must not be started over.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.replay = Replay::Once;
        self
    }

    /// And begins, when it is started for the first time, with what happens then. Without this it begins with the oldest
    /// event that is kept.
    #[must_use]
    pub fn from_now_on(mut self) -> Self {
        self.from_now_on = true;
        self
    }
}

/// Pulls events and applies them until `stop`. What has been begun is finished first.
pub async fn consume(db: Db, subscription: Subscription, feed: Arc<dyn Feed>, stop: Stop) {
    let changes = db.inbox_changes().subscribe();
    let (module, consumer) = (db.module(), subscription.consumer);
    let mut consuming = Consumer { db, subscription: Arc::new(subscription), feed, changes, seen: None };
    let mut pause = SHORTEST_PAUSE;
    while !stop.is_stopping() {
        match consuming.step(&stop).await {
            Ok(()) => pause = SHORTEST_PAUSE,
            Err(error) => {
                tracing::warn!(module, consumer, %error, "events wait");
                tokio::select! {
                    () = sleep(pause) => {}
                    () = stop.wait() => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Why a consumer was not started over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplayRefused {
    /// No consumer of this name has run yet.
    #[error("there is no consumer of this name")]
    Unknown,
    /// Its handler reaches people or money.
    #[error("this consumer must not see an event twice")]
    Once,
}

/// Lets `consumer` handle all events again that are kept, from the oldest, as a new generation.
///
/// # Errors
/// See [`ReplayRefused`].
pub async fn replay(db: &Db, consumer: &str) -> Result<(), CallError<ReplayRefused>> {
    let consumer = consumer.to_owned();
    db.write(move |conn| match store::is_replayable(conn, &consumer)? {
        None => Err(CallError::Domain(ReplayRefused::Unknown)),
        Some(false) => Err(CallError::Domain(ReplayRefused::Once)),
        Some(true) => Ok(store::start_over(conn, &consumer)?),
    })
    .await?;
    db.inbox_changes().send_replace(());
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error("{0}")]
    Database(#[from] Failure),
    #[error("{0}")]
    Feed(#[from] FeedError),
}

/// How far a consumer has looked beyond its stored place, over events of other kinds.
struct Seen {
    stored: Place,
    cursor: FeedCursor,
    passed_over: usize,
    since: Instant,
}

impl Seen {
    fn from(stored: Place) -> Self {
        Self { stored, cursor: stored.cursor(), passed_over: 0, since: Instant::now() }
    }

    fn is_worth_storing(&self) -> bool {
        self.passed_over >= PASSED_OVER || (self.passed_over > 0 && self.since.elapsed() >= PASSED_OVER_FOR)
    }
}

struct Consumer {
    db: Db,
    subscription: Arc<Subscription>,
    feed: Arc<dyn Feed>,
    /// Says that a person changed what is parked, or the cursor.
    changes: watch::Receiver<()>,
    seen: Option<Seen>,
}

impl Consumer {
    /// One round: what is parked and due, or else what is new.
    async fn step(&mut self, stop: &Stop) -> Result<(), StepError> {
        self.changes.mark_unchanged();
        let (place, due) = self.place().await?;
        let now = Clock::system().now();
        if due.is_some_and(|due| due <= now) {
            let subscription = Arc::clone(&self.subscription);
            return Ok(self.db.write(move |conn| parked::retry_due(conn, &subscription, now)).await?);
        }
        let mut seen = self.seen.take().filter(|seen| seen.stored == place).unwrap_or_else(|| Seen::from(place));
        let wait = due.map_or(WAIT, |due| due.since(now)).min(WAIT);
        let batch = tokio::select! {
            batch = self.feed.read(seen.cursor, BATCH, wait) => batch?,
            _ = self.changes.changed() => return Ok(()),
            () = stop.wait() => return Ok(()),
        };
        if let Some((last, _)) = batch.events.last() {
            seen.cursor = *last;
        }
        let all = batch.events.len();
        let wanted = |envelope: &Envelope| self.subscription.kinds.contains(&envelope.kind.as_str());
        let events: Vec<Envelope> = batch.events.into_iter().map(|(_, event)| event).filter(wanted).collect();
        seen.passed_over += all - events.len();
        if events.is_empty() && !seen.is_worth_storing() {
            self.seen = Some(seen);
            return Ok(());
        }
        let subscription = Arc::clone(&self.subscription);
        let to = seen.cursor;
        self.db.write(move |conn| apply(conn, &subscription, place, to, &events)).await?;
        Ok(())
    }

    /// The stored place, and when the first parked event is due.
    async fn place(&self) -> Result<(Place, Option<Timestamp>), StepError> {
        let consumer = self.subscription.consumer;
        loop {
            let stored = self
                .db
                .read(move |conn| Ok::<_, Failure>((store::place(conn, consumer)?, parked::next_due(conn, consumer)?)));
            if let (Some(place), due) = stored.await? {
                return Ok((place, due));
            }
            let start = if self.subscription.from_now_on { self.feed.newest().await? } else { FeedCursor::default() };
            let subscription = Arc::clone(&self.subscription);
            self.db.write(move |conn| Ok::<_, Failure>(store::cursor_insert(conn, &subscription, start)?)).await?;
        }
    }
}

/// Moves the cursor and applies `events`, unless another process has moved it.
fn apply(
    conn: &mut AnyConnection,
    subscription: &Subscription,
    from: Place,
    to: FeedCursor,
    events: &[Envelope],
) -> Result<(), Failure> {
    if !store::cursor_move(conn, subscription.consumer, from, to)? {
        return Ok(());
    }
    let mut blocked = HashSet::new();
    if !events.is_empty() {
        blocked.extend(parked::aggregates(conn, subscription.consumer)?);
    }
    for event in events {
        if !store::take(conn, subscription.consumer, from.generation, event)? {
            continue;
        }
        if blocked.contains(&event.aggregate_id) {
            parked::park(conn, subscription.consumer, event, None)?;
        } else if let Err(error) = attempt(conn, subscription, event)? {
            tracing::warn!(consumer = subscription.consumer, event = event.id, kind = event.kind, %error, "event parked");
            parked::park(conn, subscription.consumer, event, Some(&error))?;
            blocked.insert(event.aggregate_id.clone());
        }
    }
    Ok(())
}

/// Handles the event, or undoes what the handler did before it failed.
fn attempt(
    conn: &mut AnyConnection,
    subscription: &Subscription,
    event: &Envelope,
) -> QueryResult<Result<(), HandlerError>> {
    savepoint(conn, |conn| {
        caught(|| (subscription.handler)(conn, event)).unwrap_or_else(|panic| Err(HandlerError(panic)))
    })
}
