//! Facts that modules tell each other: typed events, and the envelope in which they travel.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::trace::TraceContext;

/// A fact, named in the past. The types are in the `-api` crate of the module that tells it.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// `order.placed`: what happened to what.
    const KIND: &'static str;
    /// Raised only together with a new kind; additive changes keep it.
    const SCHEMA_VERSION: i32 = 1;
    /// The id of the thing it happened to. Events of one thing are delivered in order.
    fn aggregate_id(&self) -> String;
}

/// An event as it is stored in an outbox and sent to consumers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Envelope {
    /// `evt_…`, the same in every delivery.
    pub id: String,
    /// The [`Event::KIND`].
    pub kind: String,
    /// The [`Event::SCHEMA_VERSION`] it was written with.
    pub schema_version: i32,
    /// The thing it happened to.
    pub aggregate_id: String,
    /// 1 for the first event of the thing, then without gaps.
    pub aggregate_version: i64,
    /// The event itself, as JSON.
    pub payload: serde_json::Value,
    /// `traceparent` of the request that caused it.
    pub trace: String,
    /// When it was written.
    pub created_at: Timestamp,
}

impl Envelope {
    /// The typed event, when the envelope holds one of this kind.
    ///
    /// # Errors
    /// The payload does not have the shape of `E`.
    pub fn open<E: Event>(&self) -> Result<E, serde_json::Error> {
        E::deserialize(&self.payload)
    }

    /// The trace it belongs to, a new one when it is unreadable.
    pub fn trace_context(&self) -> TraceContext {
        self.trace.parse().unwrap_or_default()
    }
}

/// A place in a module's outbox: everything up to and with it has been seen.
///
/// On PostgreSQL `txid` orders before `seq`, and rows are shown only below the oldest running transaction, because
/// sequence numbers become visible out of order. On SQLite, with one writer, `txid` is always 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FeedCursor {
    /// The transaction that wrote the row.
    pub txid: i64,
    /// The row's number.
    pub seq: i64,
}

/// Some events after a cursor, and the cursor after them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedBatch {
    /// In delivery order.
    pub events: Vec<(FeedCursor, Envelope)>,
}

/// Where a consumer pulls a module's events from: its outbox in this process, or the same over HTTP.
#[async_trait::async_trait]
pub trait Feed: Send + Sync + 'static {
    /// Up to `limit` events after `after`. Waits up to `wait` for one when there is none.
    ///
    /// # Errors
    /// The producer could not be asked.
    async fn read(&self, after: FeedCursor, limit: u32, wait: std::time::Duration) -> Result<FeedBatch, FeedError>;

    /// The newest place, for consumers that care only about what happens from now on.
    ///
    /// # Errors
    /// The producer could not be asked.
    async fn newest(&self) -> Result<FeedCursor, FeedError>;
}

/// The producer could not be asked for its events.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the feed of {producer} could not be read: {cause}")]
pub struct FeedError {
    /// The module.
    pub producer: String,
    /// For the log.
    pub cause: String,
}
