//! SQLite: one file per module, one thread that writes, a few connections that read.
//!
//! A durable commit costs a flush of the disk, some milliseconds. So the writer takes all units that wait, runs each in a
//! savepoint of its own, commits them together, and only then answers: many units for one flush.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::prelude::*;

use super::error::{Failure, OpenError, is_io_error, widen};
use super::pool::{ConnectError, Pool, Turn};
use super::unit::{self, Waiting};
use super::{AnyConnection, Shared, savepoint};
use crate::call::{CallError, NotExecuted};

/// Below it, a bug in write-ahead mode may damage data.
const OLDEST_SQLITE: [u32; 3] = [3, 51, 3];
const READERS: u32 = 4;
/// More than that and callers are told to come back later.
const QUEUE: usize = 1024;
const LARGEST_GROUP: usize = 64;
/// How long the writer waits for as many units as came last time; a fraction of what the flush takes.
const PATIENCE: Duration = Duration::from_micros(500);

const COMMON: &str = "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON;";
const WRITER: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864;";
const READER: &str = "PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0;";

/// A module's file, opened.
pub(super) struct Sqlite {
    /// Taken when the store is dropped, which ends the writer.
    units: Option<SyncSender<Box<dyn Waiting>>>,
    writer: Option<JoinHandle<()>>,
    readers: Pool,
}

impl Sqlite {
    /// Opens the file, which is there and up to date.
    pub(super) fn open(module: &'static str, file: PathBuf, shared: Arc<Shared>) -> Result<Self, OpenError> {
        let unreachable = |cause: String| OpenError::Unreachable { module, cause };
        let conn = connect(&file, WRITER).map_err(|error| unreachable(error.to_string()))?;
        let (units, queue) = sync_channel(QUEUE);
        let writer = Writer { module, conn: AnyConnection::Sqlite(conn), shared, last_group: 1, stopped: None };
        let writer = std::thread::Builder::new()
            .name(format!("{module} writer"))
            .spawn(move || writer.run(&queue))
            .map_err(|error| unreachable(error.to_string()))?;
        let readers = Pool::new(READERS, move || Ok(AnyConnection::Sqlite(connect(&file, READER)?)));
        Ok(Self { units: Some(units), writer: Some(writer), readers })
    }

    /// Runs `work` on one snapshot of the data, on the thread that asks: the rows are most often in memory, and to have
    /// them fetched by another thread takes longer than to fetch them.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        on_snapshot(&self.readers.turn().await.map_err(widen)?, work)
    }

    /// As [`read`](Self::read), on a thread that others do not wait for.
    pub(super) async fn read_long<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let turn = self.readers.turn().await.map_err(widen)?;
        unit::blocking(move || on_snapshot(&turn, work)).await
    }

    /// Runs `work` on the writer's thread.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let (unit, answer) = unit::waiting(work);
        let sent = self.units.as_ref().map(|units| units.try_send(unit));
        match sent {
            Some(Ok(())) => {}
            Some(Err(TrySendError::Full(_))) => {
                return Err(CallError::Overloaded { retry_after: Some(Duration::from_secs(1)) });
            }
            Some(Err(TrySendError::Disconnected(_))) | None => {
                return Err(CallError::not_executed(NotExecuted::Draining));
            }
        }
        answer.await.unwrap_or_else(|_| Err(CallError::Unknown("the writer ended before it answered".to_owned())))
    }
}

/// Waits until everything accepted is written and the write-ahead log is folded into the file.
impl Drop for Sqlite {
    fn drop(&mut self) {
        drop(self.units.take());
        if let Some(writer) = self.writer.take() {
            // A unit of work that held the last handle is dropped on the writer's own thread, which cannot wait for itself.
            if writer.thread().id() != std::thread::current().id() {
                let _ = writer.join();
            }
        }
    }
}

struct Writer {
    module: &'static str,
    conn: AnyConnection,
    shared: Arc<Shared>,
    last_group: usize,
    /// After a failed write nobody knows what is on the disk. Flushing again might report success for lost data, so nothing
    /// is written until the file is opened, and thereby recovered, anew.
    stopped: Option<String>,
}

impl Writer {
    fn run(mut self, queue: &Receiver<Box<dyn Waiting>>) {
        while let Ok(first) = queue.recv() {
            let mut group = self.gather(first, queue);
            let committed = self.commit(&mut group);
            for unit in group {
                unit.answer(committed.clone());
            }
        }
        if let Err(error) = self.conn.batch_execute("PRAGMA wal_checkpoint") {
            tracing::warn!(module = self.module, %error, "the write-ahead log is kept for the next start");
        }
    }

    /// The units that wait. Those who were just answered often come back at once, so as many as last time are given a moment.
    fn gather(&mut self, first: Box<dyn Waiting>, queue: &Receiver<Box<dyn Waiting>>) -> Vec<Box<dyn Waiting>> {
        let deadline = Instant::now() + PATIENCE;
        let mut group = vec![first];
        while group.len() < LARGEST_GROUP {
            let next = if group.len() < self.last_group {
                queue.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
            } else {
                queue.try_recv().ok()
            };
            match next {
                Some(unit) => group.push(unit),
                None => break,
            }
        }
        self.last_group = group.len();
        group
    }

    fn commit(&mut self, group: &mut [Box<dyn Waiting>]) -> Result<(), Failure> {
        if let Some(cause) = &self.stopped {
            return Err(Failure::unreachable(cause));
        }
        begin_immediate(&mut self.conn)?;
        match self.run_all(group) {
            Ok(true) => AnyConnection::commit_transaction(&mut self.conn).map_err(|error| self.not_committed(error))?,
            Ok(false) => return Ok(AnyConnection::rollback_transaction(&mut self.conn)?),
            Err(error) => {
                // The database gave up the whole transaction, so there may be nothing left to roll back.
                let _ = AnyConnection::rollback_transaction(&mut self.conn);
                return Err(error.into());
            }
        }
        self.shared.committed();
        Ok(())
    }

    /// Whether any unit has something to keep.
    fn run_all(&mut self, group: &mut [Box<dyn Waiting>]) -> QueryResult<bool> {
        if let [only] = group {
            return Ok(only.run(&mut self.conn));
        }
        let mut keep = false;
        for unit in group {
            keep |= savepoint(&mut self.conn, |conn| unit.run(conn).then_some(()).ok_or(()))?.is_ok();
        }
        Ok(keep)
    }

    fn not_committed(&mut self, error: diesel::result::Error) -> Failure {
        if !is_io_error(&error) {
            return error.into();
        }
        let module = self.module;
        tracing::error!(module, %error, "writing failed, so the writer stops; check the disk, then restart");
        self.stopped =
            Some(format!("the file of {module} could not be written ({error}); restart after checking the disk"));
        Failure::Unknown(error.to_string())
    }
}

fn on_snapshot<T, E>(
    turn: &Turn,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, CallError<E>>,
) -> Result<T, CallError<E>> {
    let mut conn = turn.connection().map_err(widen)?;
    AnyConnection::begin_transaction(&mut conn)?;
    let result = unit::run(&mut conn, work);
    AnyConnection::rollback_transaction(&mut conn)?;
    result
}

/// Begins as a writer, and waits here for other processes rather than at the first change, where waiting may be in vain.
fn begin_immediate(conn: &mut AnyConnection) -> QueryResult<()> {
    match conn {
        AnyConnection::Sqlite(conn) => AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE"),
        // Not in this file; it has no such distinction.
        AnyConnection::Postgres(conn) => AnsiTransactionManager::begin_transaction(conn),
    }
}

fn connect(file: &Path, settings: &str) -> Result<SqliteConnection, ConnectError> {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy())?;
    conn.batch_execute(COMMON)?;
    conn.batch_execute(settings)?;
    Ok(conn)
}

/// A connection for migrations: foreign keys are checked at the end instead, so that tables can be rebuilt.
pub(super) fn connect_to_migrate(file: &Path) -> Result<SqliteConnection, ConnectError> {
    let mut conn = connect(file, WRITER)?;
    conn.batch_execute("PRAGMA foreign_keys = OFF")?;
    Ok(conn)
}

/// Refuses a library with the bug.
pub(super) fn check_version(conn: &mut SqliteConnection) -> Result<(), OpenError> {
    let version: String = diesel::select(diesel::dsl::sql::<diesel::sql_types::Text>("sqlite_version()"))
        .get_result(conn)
        .unwrap_or_default();
    let numbers: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() < OLDEST_SQLITE.as_slice() { Err(OpenError::OldSqlite { version }) } else { Ok(()) }
}
