//! Fresh databases for tests: on SQLite always, and on PostgreSQL when `FREESTONE_TEST_POSTGRES` holds its URL.
//!
//! ```no_run
//! # async fn example(schema: fn() -> kernel::db::Schema) {
//! kernel::testing::on_every_database(|home| async move {
//!     let db = home.open(schema()).await;
//!     assert!(db.ping().await.is_ok());
//! })
//! .await;
//! # }
//! ```

use std::fmt;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Once;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use futures_util::FutureExt as _;
use tempfile::TempDir;

use crate::audit::Violation;
use crate::db::{Db, Failure, Location, Schema};
use crate::id::new_id;

const POSTGRES: &str = "FREESTONE_TEST_POSTGRES";

/// A database that tests run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Files in a folder of their own.
    Sqlite,
    /// Schemas with names of their own, at this URL.
    Postgres(String),
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        })
    }
}

/// The databases that this run can use. Says so once when PostgreSQL is not among them; in CI that is a failure.
///
/// # Panics
/// When `CI` is set and `FREESTONE_TEST_POSTGRES` is not.
pub fn backends() -> Vec<Backend> {
    static SAY_ONCE: Once = Once::new();
    let mut backends = vec![Backend::Sqlite];
    match std::env::var(POSTGRES) {
        Ok(url) => backends.push(Backend::Postgres(url)),
        Err(_) if std::env::var_os("CI").is_some() => panic!("{POSTGRES} is not set, and in CI it must be"),
        Err(_) => SAY_ONCE.call_once(|| {
            // Past the test harness, which shows what tests print only when they fail.
            let _ = writeln!(std::io::stderr(), "NOT RUN on PostgreSQL: {POSTGRES} is not set");
        }),
    }
    backends
}

/// Runs `test` once per database, each time with a home of its own, and names the database when it fails.
pub async fn on_every_database<F: Future<Output = ()>>(test: impl Fn(TestHome) -> F) {
    for backend in backends() {
        let outcome = AssertUnwindSafe(test(TestHome::new(backend.clone()))).catch_unwind().await;
        if let Err(panic) = outcome {
            eprintln!("the failure above is on {backend}");
            resume_unwind(panic);
        }
    }
}

/// A place for the data of one test, removed with all that is in it when dropped.
pub struct TestHome {
    backend: Backend,
    folder: TempDir,
    namespace: String,
}

impl TestHome {
    /// An empty place.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a folder for test data can be made");
        Self { backend, folder, namespace: format!("{}_", new_id("t")) }
    }

    /// The database it is on.
    pub fn backend(&self) -> &Backend {
        &self.backend
    }

    /// Where modules open their data. On PostgreSQL their pools are small, since many tests run side by side.
    pub fn location(&self) -> Location {
        match &self.backend {
            Backend::Sqlite => Location::Sqlite { folder: self.folder.path().to_owned() },
            Backend::Postgres(url) => {
                Location::Postgres { url: url.clone(), namespace: self.namespace.clone(), pool_size: 4 }
            }
        }
    }

    /// The data of a module, new or as an earlier call left it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, schema: Schema) -> Db {
        let module = schema.module;
        match Db::open(schema, &self.location()).await {
            Ok(db) => db,
            Err(error) => panic!("{module} on {}: {error}", self.backend),
        }
    }
}

/// A row that a test breaks by hand, as no use of the module can.
#[derive(Clone, Copy, Debug)]
pub struct Plant {
    /// Statements that break it.
    pub sql: &'static str,
    /// Statements that mend it.
    pub mend: &'static str,
    /// `I-S1`, which has to be named.
    pub invariant: &'static str,
    /// What the row that is named has to contain.
    pub row: &'static str,
}

impl Plant {
    /// `invariant` has to name a row with `row` in it after `sql`, and nothing after `mend`.
    pub const fn new(invariant: &'static str, row: &'static str, sql: &'static str, mend: &'static str) -> Self {
        Self { sql, mend, invariant, row }
    }
}

/// Plants one after the other, and sees each named by `audit`, which finds nothing before and after.
///
/// # Panics
/// When one is not named, or when the audit finds something that was not planted.
pub async fn audit_finds(db: &Db, plants: &[Plant], audit: impl AsyncFn() -> Vec<Violation>) {
    let run = async |sql: &'static str| {
        let done = db.write::<_, std::convert::Infallible, _>(move |conn| Ok(conn.batch_execute(sql)?));
        let done: Result<(), Failure> = done.await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    };
    assert_eq!(audit().await, [], "before anything was planted");
    for plant in plants {
        run(plant.sql).await;
        let found = audit().await;
        let is_named =
            |violation: &Violation| violation.invariant == plant.invariant && violation.row.contains(plant.row);
        assert!(found.iter().any(is_named), "{plant:?} was not named: {found:?}");
        run(plant.mend).await;
        assert_eq!(audit().await, [], "after {plant:?} was mended");
    }
}

impl Drop for TestHome {
    fn drop(&mut self) {
        let Backend::Postgres(url) = &self.backend else { return };
        if let Err(error) = remove_schemas(url, &self.namespace) {
            eprintln!("the schemas {}* remain: {error}", self.namespace);
        }
    }
}

fn remove_schemas(url: &str, namespace: &str) -> Result<(), Box<dyn std::error::Error>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let mut conn = PgConnection::establish(url)?;
    // Another test may be making roles, and PostgreSQL refuses to change such catalogs at the same time.
    conn.batch_execute("SET lock_timeout TO '10s'")?;
    let named =
        |conn: &mut PgConnection, query: &str| diesel::sql_query(query).bind::<Text, _>(namespace).load::<Name>(conn);
    for Name { name } in
        named(&mut conn, "SELECT nspname::text AS name FROM pg_namespace WHERE starts_with(nspname, $1)")?
    {
        conn.batch_execute(&format!("DROP SCHEMA \"{name}\" CASCADE"))?;
    }
    let roles = "SELECT rolname::text AS name FROM pg_roles WHERE starts_with(rolname, 'freestone_' || $1)";
    for Name { name } in named(&mut conn, roles)? {
        conn.batch_execute(&format!("DROP OWNED BY \"{name}\"; DROP ROLE \"{name}\""))?;
    }
    Ok(())
}
