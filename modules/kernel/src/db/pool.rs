//! Connections kept open for reuse. Waiting for one costs no thread, and a broken one is not used again.

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::R2D2Connection as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::AnyConnection;
use super::error::Failure;

const WAIT_FOR_TURN: Duration = Duration::from_secs(5);
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(3);
const IDLE: Duration = Duration::from_secs(60);

/// At most `size` connections, opened when they are needed and closed after a while of not being needed.
#[derive(Clone)]
pub(super) struct Pool {
    connections: r2d2::Pool<Manager>,
    turns: Arc<Semaphore>,
}

/// The right to use one connection, got before a thread is occupied.
pub(super) struct Turn {
    connections: r2d2::Pool<Manager>,
    _permit: OwnedSemaphorePermit,
}

pub(super) type Pooled = r2d2::PooledConnection<Manager>;

impl Pool {
    /// An empty pool that will open connections by `connect`.
    pub(super) fn new(
        size: u32,
        connect: impl Fn() -> Result<AnyConnection, ConnectError> + Send + Sync + 'static,
    ) -> Self {
        let connections = r2d2::Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .idle_timeout(Some(IDLE))
            .max_lifetime(None)
            .test_on_check_out(false)
            .connection_timeout(WAIT_FOR_CONNECTION)
            .error_handler(Box::new(LogErrors))
            .build_unchecked(Manager(Box::new(connect)));
        Self { connections, turns: Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1))) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Result<Turn, Failure> {
        let permit = tokio::time::timeout(WAIT_FOR_TURN, Arc::clone(&self.turns).acquire_owned()).await;
        match permit {
            Ok(Ok(permit)) => Ok(Turn { connections: self.connections.clone(), _permit: permit }),
            // The semaphore is never closed, so the only other way is that the time passed.
            _ => Err(Failure::Overloaded { retry_after: Some(Duration::from_secs(1)) }),
        }
    }
}

impl Turn {
    /// A connection. Blocks while one is opened.
    pub(super) fn connection(&self) -> Result<Pooled, Failure> {
        self.connections.get().map_err(Failure::unreachable)
    }
}

/// How r2d2 opens and judges connections of either kind.
pub(super) struct Manager(Box<dyn Fn() -> Result<AnyConnection, ConnectError> + Send + Sync>);

impl r2d2::ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = ConnectError;

    fn connect(&self) -> Result<AnyConnection, ConnectError> {
        (self.0)()
    }

    fn is_valid(&self, _: &mut AnyConnection) -> Result<(), ConnectError> {
        Ok(())
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        conn.is_broken()
    }
}

/// A connection could not be opened or set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("{0}")]
    Prepare(#[from] diesel::result::Error),
}

#[derive(Debug)]
struct LogErrors;

impl r2d2::HandleError<ConnectError> for LogErrors {
    fn handle_error(&self, error: ConnectError) {
        tracing::warn!(%error, "no connection to the database");
    }
}
