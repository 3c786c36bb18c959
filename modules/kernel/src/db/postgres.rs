//! PostgreSQL: one schema and one role per module, and a pool of connections that act as this role.

use std::sync::Arc;

use diesel::connection::{SimpleConnection as _, TransactionManager as _};
use diesel::prelude::*;
use diesel::r2d2::R2D2Connection as _;
use diesel::sql_types::Bool;

use super::error::{Failure, widen};
use super::pool::{Pool, Pooled, Turn};
use super::unit;
use super::{AnyConnection, Shared};
use crate::call::{CallError, NotExecuted};

/// Held while schemas are prepared, so that of several processes one does it and the others wait. Any number will do.
const LOCK: i64 = 0x0066_7265_6573_746f;

/// A module's schema, opened.
pub(super) struct Postgres {
    pool: Pool,
    shared: Arc<Shared>,
}

impl Postgres {
    /// Connections to `url` that see only `schema`, which is there and up to date.
    pub(super) fn open(url: String, schema: ModuleSchema, size: u32, shared: Arc<Shared>) -> Self {
        let pool = Pool::new(size.max(1), move || {
            let mut conn = PgConnection::establish(&url)?;
            conn.batch_execute(&schema.enter())?;
            Ok(AnyConnection::Postgres(conn))
        });
        Self { pool, shared }
    }

    /// Runs `work` without a transaction: each statement sees what was committed when it began.
    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let turn = self.pool.turn().await.map_err(widen)?;
        unit::blocking(move || unit::run(&mut *turn.connection().map_err(widen)?, work)).await
    }

    /// Runs `work` in a transaction.
    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, CallError<E>>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, CallError<E>> + Send + 'static,
        T: Send + 'static,
        E: Send + 'static,
    {
        let turn = self.pool.turn().await.map_err(widen)?;
        let shared = Arc::clone(&self.shared);
        unit::blocking(move || {
            let mut conn = begin(&turn).map_err(widen)?;
            let result = unit::run(&mut conn, work);
            match &result {
                Ok(_) => {
                    commit(&mut conn).map_err(widen)?;
                    shared.committed();
                }
                Err(_) => {
                    // If this fails, the connection is broken, and the server rolls back by itself.
                    let _ = AnyConnection::rollback_transaction(&mut conn);
                }
            }
            result
        })
        .await
    }
}

/// A connection with a transaction begun.
fn begin(turn: &Turn) -> Result<Pooled, Failure> {
    loop {
        let mut conn = turn.connection()?;
        match AnyConnection::begin_transaction(&mut conn) {
            Ok(()) => return Ok(conn),
            // It died while it lay idle, as when the server restarted. Nothing is lost, and dropping it leaves one fewer.
            Err(_) if conn.is_broken() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Commits, or says for certain that it did not, or that nobody knows.
///
/// After a failed statement a bare COMMIT would roll back and report success. The statement before it fails then.
fn commit(conn: &mut AnyConnection) -> Result<(), Failure> {
    let Err(error) = conn.batch_execute("SELECT 1; COMMIT") else { return Ok(()) };
    let _ = AnyConnection::rollback_transaction(conn);
    Err(match Failure::from(error) {
        Failure::NotExecuted { reason: NotExecuted::Unreachable { cause }, .. } => Failure::Unknown(cause),
        failure => failure,
    })
}

/// Where a module's tables are, and as whom they are used.
pub(super) struct ModuleSchema {
    name: String,
    /// `None` when the database's user may not act for a role of the module.
    role: Option<String>,
}

impl ModuleSchema {
    /// What a connection says first.
    pub(super) fn enter(&self) -> String {
        let role = self.role.as_ref().map(|role| format!("SET ROLE \"{role}\"; ")).unwrap_or_default();
        let Self { name, .. } = self;
        format!(
            "{role}SET search_path TO \"{name}\"; SET application_name TO 'freestone {name}'; \
             SET lock_timeout TO '5s'; SET idle_in_transaction_session_timeout TO '60s'"
        )
    }

    /// Finds the schema of `module`. `None` when it is not there.
    pub(super) fn find(conn: &mut PgConnection, module: &str, namespace: &str) -> QueryResult<Option<Self>> {
        let (name, role) = names(module, namespace);
        if !holds(conn, &format!("EXISTS (SELECT FROM pg_namespace WHERE nspname = '{name}')"))? {
            return Ok(None);
        }
        let fenced = holds(
            conn,
            &format!(
                "EXISTS (SELECT FROM pg_namespace JOIN pg_roles r ON r.oid = nspowner
                 WHERE nspname = '{name}' AND r.rolname = '{role}' AND pg_has_role(r.oid, 'MEMBER'))"
            ),
        )?;
        Ok(Some(Self { name, role: fenced.then_some(role) }))
    }

    /// Finds the schema or makes it, with a role that owns it and may see no other, where the user may make roles.
    pub(super) fn find_or_create(conn: &mut PgConnection, module: &str, namespace: &str) -> QueryResult<Self> {
        let (name, role) = names(module, namespace);
        let role_exists = format!("EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')");
        let may_create = "EXISTS (SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole))";
        if !holds(conn, &role_exists)? && holds(conn, may_create)? {
            conn.batch_execute(&format!("CREATE ROLE \"{role}\" NOLOGIN; GRANT \"{role}\" TO CURRENT_USER"))?;
        }
        if !holds(conn, &format!("EXISTS (SELECT FROM pg_namespace WHERE nspname = '{name}')"))? {
            let fenced =
                format!("{role_exists} AND pg_has_role((SELECT oid FROM pg_roles WHERE rolname = '{role}'), 'MEMBER')");
            let owner = if holds(conn, &fenced)? { format!("AUTHORIZATION \"{role}\"") } else { String::new() };
            conn.batch_execute(&format!(
                "CREATE SCHEMA \"{name}\" {owner}; REVOKE ALL ON SCHEMA \"{name}\" FROM PUBLIC"
            ))?;
        }
        let schema = Self::find(conn, module, namespace)?.ok_or(diesel::result::Error::NotFound)?;
        if schema.role.is_none() {
            tracing::warn!(
                module,
                "the database does not fence this module from the others: its user may not create roles; grant CREATEROLE before the first start to have it"
            );
        }
        Ok(schema)
    }
}

fn names(module: &str, namespace: &str) -> (String, String) {
    (format!("{namespace}{module}"), format!("freestone_{namespace}{module}"))
}

fn holds(conn: &mut PgConnection, condition: &str) -> QueryResult<bool> {
    diesel::select(diesel::dsl::sql::<Bool>(condition)).get_result(conn)
}

/// Waits for the lock; it is released when the connection closes.
pub(super) fn lock(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))
}
