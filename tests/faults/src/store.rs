//! What is done to databases behind the shop's back.

use std::path::Path;

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::Text;
use diesel::{Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection};

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Does by hand what the database would refuse to the shop.
pub(crate) fn break_rows(file: &Path, sql: &str) -> Result<(), String> {
    let words = |error: diesel::result::Error| error.to_string();
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| error.to_string())?;
    conn.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").map_err(words)?;
    let triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger'";
    for Trigger { name } in diesel::sql_query(triggers).load::<Trigger>(&mut conn).map_err(words)? {
        conn.batch_execute(&format!("DROP TRIGGER \"{name}\"")).map_err(words)?;
    }
    conn.batch_execute(sql).map_err(words)
}

/// Ends connections of one shop to PostgreSQL.
pub(crate) struct Ender {
    conn: PgConnection,
    sql: String,
}

impl Ender {
    /// Of the shop whose schemas begin with `namespace`.
    pub(crate) fn new(url: &str, namespace: &str) -> Result<Self, String> {
        let conn = PgConnection::establish(url).map_err(|error| error.to_string())?;
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM (
                 SELECT pid FROM pg_stat_activity WHERE starts_with(application_name, 'freestone {namespace}')
                 ORDER BY random() LIMIT 1) one"
        );
        Ok(Self { conn, sql })
    }

    /// Ends one of them.
    pub(crate) fn end_one(&mut self) -> Result<(), String> {
        self.conn.batch_execute(&self.sql).map_err(|error| error.to_string())
    }
}
