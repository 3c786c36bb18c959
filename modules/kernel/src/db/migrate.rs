//! Bringing a module's data up to date, one process at a time.
//!
//! The kernel's own tables (outbox, inbox, idempotency) live beside the module's, in the same file or schema, and their
//! migrations come first: they are numbered from 1, those of modules begin with a date.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use diesel::backend::Backend;
use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::Schema;
use super::error::OpenError;
use super::postgres::{self, ModuleSchema};
use super::sqlite::{check_version, connect_to_migrate};
use crate::outbox;

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/kernel/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/kernel/sqlite");

type Cause = Box<dyn Error + Send + Sync>;

/// What to do about pending migrations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pending {
    Apply,
    Refuse,
}

/// Prepares the file of `schema` in `folder` and says where it is.
pub(super) fn sqlite(schema: &Schema, folder: &Path, pending: Pending) -> Result<PathBuf, OpenError> {
    let module = schema.module;
    let unreachable = |cause: &dyn Error| OpenError::Unreachable { module, cause: cause.to_string() };
    let file = folder.join(format!("{module}.sqlite"));
    if pending == Pending::Refuse && !file.exists() {
        return Err(OpenError::PendingMigrations { module });
    }
    fs::create_dir_all(folder).map_err(|error| unreachable(&error))?;
    // Released when it is closed, also by a crash. A transaction would not do, since the snapshot cannot be in one.
    let lock = File::create(folder.join("migrate.lock")).map_err(|error| unreachable(&error))?;
    lock.lock().map_err(|error| unreachable(&error))?;

    let mut conn = connect_to_migrate(&file).map_err(|error| unreachable(&error))?;
    check_version(&mut conn)?;
    let plan = Plan::new(module, &mut conn, &SQLITE, &schema.sqlite)?;
    plan.apply(pending, |migrations| {
        if plan.is_upgrade {
            snapshot(&mut conn, &file, &migrations[0].name().version().to_string())?;
        }
        conn.immediate_transaction(|conn| {
            conn.run_migrations(migrations)?;
            check_foreign_keys(conn)
        })
    })?;
    Ok(file)
}

/// Prepares the schema of `schema` in the database at `url` and says how to enter it.
pub(super) fn postgres(
    schema: &Schema,
    url: &str,
    namespace: &str,
    pending: Pending,
) -> Result<ModuleSchema, OpenError> {
    let module = schema.module;
    let not_allowed = |error: diesel::result::Error| OpenError::NotAllowed { module, cause: error.to_string() };
    let mut conn =
        PgConnection::establish(url).map_err(|error| OpenError::Unreachable { module, cause: error.to_string() })?;
    postgres::lock(&mut conn).map_err(not_allowed)?;
    let found = match pending {
        Pending::Apply => ModuleSchema::find_or_create(&mut conn, module, namespace).map(Some),
        Pending::Refuse => ModuleSchema::find(&mut conn, module, namespace),
    };
    let Some(target) = found.map_err(not_allowed)? else {
        return Err(OpenError::PendingMigrations { module });
    };
    conn.batch_execute(&target.enter()).map_err(not_allowed)?;
    let plan = Plan::new(module, &mut conn, &POSTGRES, &schema.postgres)?;
    plan.apply(pending, |migrations| conn.run_migrations(migrations).map(drop))?;
    outbox::forget_foreign_places(&mut conn).map_err(not_allowed)?;
    Ok(target)
}

/// What is to be done to one module's data.
struct Plan<DB: Backend> {
    module: &'static str,
    migrations: Vec<Box<dyn Migration<DB>>>,
    /// The data is older than the program, rather than new.
    is_upgrade: bool,
}

impl<DB: Backend> Plan<DB> {
    fn new(
        module: &'static str,
        conn: &mut impl MigrationHarness<DB>,
        kernel: &EmbeddedMigrations,
        own: &EmbeddedMigrations,
    ) -> Result<Self, OpenError> {
        let failed = |cause: Cause| OpenError::Migration { module, cause: cause.to_string() };
        let mut migrations: Vec<Box<dyn Migration<DB>>> = kernel.migrations().map_err(failed)?;
        migrations.extend(own.migrations().map_err(failed)?);
        migrations.sort_by(|a, b| a.name().version().cmp(&b.name().version()));

        let applied = conn.applied_migrations().map_err(failed)?;
        let known =
            |version: &MigrationVersion| migrations.iter().any(|migration| migration.name().version() == *version);
        if let Some(version) = applied.iter().find(|version| !known(version)) {
            return Err(OpenError::NewerSchema { module, version: version.to_string() });
        }
        migrations.retain(|migration| !applied.contains(&migration.name().version()));
        Ok(Self { module, migrations, is_upgrade: !applied.is_empty() })
    }

    /// Lets `run` apply what is pending, if anything is.
    fn apply(
        &self,
        pending: Pending,
        run: impl FnOnce(&[Box<dyn Migration<DB>>]) -> Result<(), Cause>,
    ) -> Result<(), OpenError> {
        let module = self.module;
        if self.migrations.is_empty() {
            return Ok(());
        }
        if pending == Pending::Refuse {
            return Err(OpenError::PendingMigrations { module });
        }
        run(&self.migrations).map_err(|cause| OpenError::Migration { module, cause: cause.to_string() })
    }
}

/// Copies the data as it is before the migration `version`, so that the upgrade can be taken back.
fn snapshot(conn: &mut SqliteConnection, file: &Path, version: &str) -> Result<(), Cause> {
    let copy = file.with_extension(format!("before-{version}.sqlite"));
    let unfinished = copy.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(unfinished.to_string_lossy()).execute(conn)?;
    fs::rename(&unfinished, &copy)?;
    tracing::info!(copy = %copy.display(), "copied the data before migrating it");
    Ok(())
}

/// Foreign keys are off while tables are rebuilt, so they are checked before the commit.
fn check_foreign_keys(conn: &mut SqliteConnection) -> Result<(), Cause> {
    let broken: i64 =
        diesel::select(sql::<BigInt>("(SELECT count(*) FROM pragma_foreign_key_check)")).get_result(conn)?;
    if broken == 0 { Ok(()) } else { Err(format!("{broken} rows refer to rows that are not there").into()) }
}
