//! A module's data: opened with [`Db::open`], used in units of work by [`Db::read`],
//! [`Db::read_long`] and [`Db::write`].
//!
//! A unit of work is synchronous and happens in one transaction. It queries its own tables and calls nobody:
//! see [`in_transaction`]. Never open a transaction in it; it is in one.

mod connection;
mod error;
mod invariant;
mod kept;
mod migrate;
mod one_of;
mod pool;
mod postgres;
mod remembered;
pub(crate) mod schema;
mod sqlite;
mod unit;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::TransactionManager as _;
use diesel::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

pub use connection::AnyConnection;
#[doc(hidden)]
pub use connection::{MultiBackend, MultiField, MultiRawValue, MultiRow};
pub use diesel_migrations::EmbeddedMigrations;
pub use error::{Failure, OpenError};
pub use invariant::Invariant;
#[doc(hidden)]
pub use kept::FEW_ROWS;
pub use kept::{Keep, Kept, insert_rows};
pub use one_of::{OneOf, one_of};
pub use remembered::Remembered;
pub(crate) use unit::caught;

use crate::call::{CallError, NotExecuted};
use crate::clock::Timestamp;
use crate::contract::unit_of_work;
use crate::event::Feed;
use crate::fail_point::{self, Place};
use crate::{idempotency, inbox, outbox};
use migrate::Pending;
use postgres::Postgres;
use sqlite::Sqlite;

/// The migrations in a folder, relative to the crate's own, made part of the program.
///
/// Saves modules a dependency, and the constant that diesel's macro of this name needs around it.
#[macro_export]
macro_rules! embed_migrations {
    ($folder:literal) => {{
        use $crate::db::diesel_migrations;
        const MIGRATIONS: $crate::db::EmbeddedMigrations = diesel_migrations::embed_migrations!($folder);
        MIGRATIONS
    }};
}
pub use crate::embed_migrations;

/// The same statement on either database, in a form that diesel knows only for each of them.
#[macro_export]
macro_rules! on_either {
    ($conn:ident => $statement:expr) => {
        match $conn {
            $crate::db::AnyConnection::Postgres($conn) => $statement,
            $crate::db::AnyConnection::Sqlite($conn) => $statement,
        }
    };
}
pub use crate::on_either;
#[doc(hidden)]
pub use diesel_migrations;

/// A module's schema: its name, and its migrations for both databases.
pub struct Schema {
    /// Names the file, or the schema and the role.
    pub module: &'static str,
    /// `embed_migrations!("../../migrations/<module>/postgres")`
    pub postgres: EmbeddedMigrations,
    /// `embed_migrations!("../../migrations/<module>/sqlite")`
    pub sqlite: EmbeddedMigrations,
}

/// Where the shop keeps its data.
#[derive(Clone)]
pub enum Location {
    /// One file per module, `<folder>/<module>.sqlite`.
    Sqlite {
        /// Made when it is not there.
        folder: PathBuf,
    },
    /// One schema and one role per module.
    Postgres {
        /// `postgres://user:password@host/database`
        url: String,
        /// Empty in production; in tests, what the names of schemas and roles begin with.
        namespace: String,
        /// The most connections that one module opens.
        pool_size: u32,
    },
}

/// A module's data. Clones share it; the last one closes it.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    module: &'static str,
    shared: Arc<Shared>,
    store: Store,
}

enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// What the threads that write tell the others.
#[derive(Default)]
struct Shared {
    commits: AtomicU64,
    news: outbox::News,
    inbox_changes: watch::Sender<()>,
}

impl Shared {
    /// Called on the thread that ran the units, after their commit.
    fn committed(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        if outbox::take_published() {
            self.news.hint();
        }
    }
}

impl Db {
    /// Opens the module's data and brings it up to date. Of several processes one does so, and the others wait.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(schema: Schema, location: &Location) -> Result<Self, OpenError> {
        Self::open_with(schema, location.clone(), Pending::Apply).await
    }

    /// Opens the module's data as it is.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::PendingMigrations`] when it is not up to date.
    pub async fn open_existing(schema: Schema, location: &Location) -> Result<Self, OpenError> {
        Self::open_with(schema, location.clone(), Pending::Refuse).await
    }

    async fn open_with(schema: Schema, location: Location, pending: Pending) -> Result<Self, OpenError> {
        let module = schema.module;
        let opened = tokio::task::spawn_blocking(move || {
            let shared = Arc::<Shared>::default();
            let store = match location {
                Location::Sqlite { folder } => {
                    let file = migrate::sqlite(&schema, &folder, pending)?;
                    Store::Sqlite(Sqlite::open(module, file, Arc::clone(&shared))?)
                }
                Location::Postgres { url, namespace, pool_size } => {
                    let target = migrate::postgres(&schema, &url, &namespace, pending)?;
                    Store::Postgres(Postgres::open(url, target, pool_size, Arc::clone(&shared)))
                }
            };
            Ok(Self(Arc::new(Inner { module, shared, store })))
        });
        opened.await.unwrap_or_else(|error| Err(OpenError::Unreachable { module, cause: error.to_string() }))
    }

    /// The module whose data it is.
    pub fn module(&self) -> &'static str {
        self.0.module
    }

    /// Whether the data is on PostgreSQL, for the few places that differ.
    pub fn is_postgres(&self) -> bool {
        matches!(self.0.store, Store::Postgres(_))
    }

    /// Runs queries that change nothing and find a few rows by a key or an index: others may wait for the thread meanwhile.
    ///
    /// # Errors
    /// What `work` returns, or that the database could not be used.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.refuse_read()?;
        match &self.0.store {
            Store::Sqlite(store) => store.read(work).await,
            Store::Postgres(store) => store.read(work).await,
        }
    }

    /// A [`read`](Self::read) that may take long: searches, exports, audits. Nobody waits for its thread.
    ///
    /// # Errors
    /// What `work` returns, or that the database could not be used.
    pub async fn read_long<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        self.refuse_read()?;
        match &self.0.store {
            Store::Sqlite(store) => store.read_long(work).await,
            Store::Postgres(store) => store.read(work).await,
        }
    }

    fn refuse_read<E>(&self) -> Result<(), CallError<E>> {
        if fail_point::is_reached(Place::Read, self.0.module, "") {
            return Err(CallError::unreachable("a planned fault"));
        }
        Ok(())
    }

    /// Runs one unit of work: `Ok` is on the disk before this returns, `Err` leaves no trace.
    ///
    /// It is finished even when the caller stops waiting.
    ///
    /// # Errors
    /// What `work` returns, or that the database could not be used. [`CallError::Unknown`] when the answer to the commit
    /// was lost.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let module = self.0.module;
        if fail_point::is_reached(Place::Begin, module, "") {
            return Err(CallError::unreachable("a planned fault"));
        }
        let work = move |conn: &mut AnyConnection| {
            let value = work(conn)?;
            if fail_point::is_reached(Place::BeforeCommit, module, "") {
                return Err(CallError::Overloaded { retry_after: None });
            }
            Ok(value)
        };
        let value = match &self.0.store {
            Store::Sqlite(store) => store.write(work).await,
            Store::Postgres(store) => store.write(work).await,
        }?;
        if fail_point::is_reached(Place::AfterCommit, module, "") {
            return Err(CallError::Unknown("a planned fault".to_owned()));
        }
        Ok(value)
    }

    /// A [`write`](Self::write) that is done once per `key` and method: a repeat of the same request gets the first result.
    ///
    /// The result is kept in the transaction of the work. A repeat begins the work too, for most calls come once, and finds at
    /// the end, or when it is refused, that it was done before. Refusals are not kept: they are decided anew.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`NotExecuted::KeyReused`](crate::NotExecuted::KeyReused) when the key came with another
    /// request.
    pub async fn write_once<R, T, E, F>(
        &self,
        key: String,
        method: &'static str,
        request: &R,
        work: F,
    ) -> Result<T, CallError<E>>
    where
        R: Serialize + ?Sized,
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Serialize + DeserializeOwned + Send + 'static,
        E: Send + 'static,
    {
        let call = idempotency::Call::new(key, method, request)?;
        let first = call.clone();
        let done = self.write(move |conn| first.first(conn, work)).await;
        let Err(
            refusal @ (CallError::Domain(_)
            | CallError::Internal(_)
            | CallError::NotExecuted { reason: NotExecuted::Conflict, .. }),
        ) = done
        else {
            return done;
        };
        self.read(move |conn| call.earlier(conn)).await?.ok_or(refusal)
    }

    /// Whether the data can be read and written now.
    ///
    /// # Errors
    /// The cause, for the log and the readiness page.
    pub async fn ping(&self) -> Result<(), String> {
        let ready = async {
            self.read(idempotency::probe_read).await?;
            self.write(idempotency::probe_write).await
        };
        ready.await.map_err(|failure: Failure| failure.to_string())
    }

    /// How many durable commits were made since it was opened.
    pub fn commits(&self) -> u64 {
        self.0.shared.commits.load(Ordering::Relaxed)
    }

    /// The module's own events, for consumers in this process and for those who ask from another.
    pub fn feed(&self) -> Arc<dyn Feed> {
        Arc::new(outbox::OwnFeed::new(self.clone()))
    }

    /// Wakes who waits for the module's events.
    pub(crate) fn news(&self) -> &outbox::News {
        &self.0.shared.news
    }

    /// Tells consumers that a person changed what they have to do.
    pub(crate) fn inbox_changes(&self) -> &watch::Sender<()> {
        &self.0.shared.inbox_changes
    }

    /// Removes records that nobody will ask for again; meant to be called about hourly.
    ///
    /// # Errors
    /// The database could not be used.
    pub async fn tidy(&self, now: Timestamp) -> Result<(), Failure> {
        outbox::tidy(self, now).await?;
        inbox::tidy(self).await?;
        idempotency::tidy(self, now).await
    }
}

/// Whether the calling thread is in a unit of work, where no other module may be called: the answer could be long in
/// coming while rows are locked, and what the other module did would not be undone with the unit.
pub fn in_transaction() -> bool {
    unit_of_work::is_open()
}

/// Runs `work` so that an error undoes what it did, and only that. The outer error says that the transaction is lost.
pub(crate) fn savepoint<T, E>(
    conn: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> QueryResult<Result<T, E>> {
    AnyConnection::begin_transaction(conn)?;
    let result = work(conn);
    match &result {
        Ok(_) => AnyConnection::commit_transaction(conn)?,
        Err(_) => AnyConnection::rollback_transaction(conn)?,
    }
    Ok(result)
}
