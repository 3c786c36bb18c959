//! Requests to others' services, such as a payment provider. Passed in like the clock, so that a test can be the other
//! side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

/// The longest answer that is read.
pub const LONGEST_ANSWER: usize = 1024 * 1024;

/// A request to someone else's service.
#[derive(Clone)]
pub struct OutgoingRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// With its query.
    pub url: String,
    /// Names in lower case. May hold credentials, so they are not shown.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for `GET`.
    pub body: String,
    /// For connecting, sending and the whole answer.
    pub timeout: Duration,
}

impl fmt::Debug for OutgoingRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingAnswer {
    /// Of HTTP.
    pub status: u16,
    /// As sent, at most [`LONGEST_ANSWER`] bytes.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    /// No connection: the other side has seen nothing.
    #[error("not sent: {0}")]
    NotSent(String),
    /// It was sent, and no whole answer came: the other side may have done it.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// Sends requests to others.
#[async_trait]
pub trait Outgoing: Send + Sync {
    /// Sends one request, once. Whoever repeats it knows how.
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError>;
}

/// Sends requests to others.
pub type AnyOutgoing = Arc<dyn Outgoing>;
