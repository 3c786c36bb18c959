//! What the databases themselves can do, and whom they do it for.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use kernel::db::{AnyConnection, Db, Failure, Schema, embed_migrations};
use kernel::id::new_id;

use crate::measure::{CONCURRENCY, Visitor, closed_loop};

pub(crate) fn schema() -> Schema {
    Schema {
        module: "load",
        postgres: embed_migrations!("migrations/postgres"),
        sqlite: embed_migrations!("migrations/sqlite"),
    }
}

struct Marker {
    db: Db,
    number: i64,
}

impl Visitor for Marker {
    async fn once(&mut self) -> Result<(), String> {
        self.number += 1;
        let number = self.number;
        let written =
            self.db.write(move |conn| -> Result<(), Failure> { Ok(mark_insert(conn, &new_id("mrk"), number)?) });
        written.await.map_err(|error| error.to_string())
    }
}

fn mark_insert(conn: &mut AnyConnection, id: &str, number: i64) -> QueryResult<()> {
    let insert = match conn {
        AnyConnection::Postgres(_) => "INSERT INTO marks (id, number) VALUES ($1, $2)",
        AnyConnection::Sqlite(_) => "INSERT INTO marks (id, number) VALUES (?, ?)",
    };
    diesel::sql_query(insert).bind::<Text, _>(id).bind::<BigInt, _>(number).execute(conn)?;
    Ok(())
}

/// Durable commits per second of changes as small as can be, by as many writers as there are visitors.
pub(crate) async fn commits_per_second(db: &Db, duration: Duration) -> Result<f64, String> {
    let markers = (0..CONCURRENCY).map(|_| Marker { db: db.clone(), number: 0 }).collect();
    let before = db.commits();
    let (run, _) = closed_loop(markers, duration).await?;
    Ok((db.commits() - before) as f64 / run.seconds)
}

#[derive(QueryableByName)]
struct Process {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The processes of the database that work for the schemas of this run, and those that write for all.
pub(crate) async fn processes(db: &Db, namespace: &str) -> Vec<u32> {
    let namespace = namespace.to_owned();
    let found = db.read(move |conn| -> Result<Vec<Process>, Failure> {
        let AnyConnection::Postgres(_) = conn else { return Ok(Vec::new()) };
        let query = "SELECT pid FROM pg_stat_activity
                     WHERE strpos(application_name, $1) > 0 OR backend_type IN ('walwriter', 'checkpointer', 'background writer')";
        Ok(diesel::sql_query(query).bind::<Text, _>(namespace).load(conn)?)
    });
    let pids = found.await.unwrap_or_default().into_iter();
    pids.filter_map(|process| u32::try_from(process.pid).ok()).collect()
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    value: String,
}

/// How the database makes commits durable.
pub(crate) async fn settings(db: &Db) -> String {
    let found = db.read(|conn| -> Result<Vec<Setting>, Failure> {
        let query = match conn {
            AnyConnection::Postgres(_) => {
                "SELECT 'PostgreSQL ' || current_setting('server_version') || ', fsync ' || current_setting('fsync')
                     || ', synchronous_commit ' || current_setting('synchronous_commit')
                     || ', shared_buffers ' || current_setting('shared_buffers') AS value"
            }
            AnyConnection::Sqlite(_) => {
                "SELECT 'SQLite ' || sqlite_version() || ', ' || journal_mode || ', synchronous FULL' AS value
                 FROM pragma_journal_mode"
            }
        };
        Ok(diesel::sql_query(query).load(conn)?)
    });
    found.await.ok().and_then(|mut rows| rows.pop()).map_or_else(|| "unknown".to_owned(), |row| row.value)
}
