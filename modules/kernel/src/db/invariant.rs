//! Invariants as queries: each gives the rows that break it, and none when all is well.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{AnyConnection, Db};
use crate::audit::{AuditRequest, Violation};
use crate::call::CallError;
use crate::clock::Timestamp;

/// A rule that the data of one module keeps at any instant.
pub struct Invariant {
    /// `I-S1`
    pub id: &'static str,
    /// What is wrong with a row that breaks it.
    pub message: &'static str,
    /// Finds such rows, for either database, and says in one column `found` what is in them. `:now` stands for the present
    /// moment, `:late` for one before which everything that is due was done, `:kept` for one after which no event was
    /// removed.
    pub sql: &'static str,
}

/// How late work that is due may be taken up.
const GRACE: Duration = Duration::from_secs(60);
/// Less than events are kept.
const KEPT: Duration = Duration::from_secs(29 * 24 * 3600);

/// What holds for the records that every module keeps beside its own tables.
const RECORDS: &[Invariant] = &[
    Invariant {
        id: "I-E3",
        message: "the versions of the events about one thing have a gap",
        sql: "SELECT aggregate_id || ' has ' || COUNT(*) || ' events, from version ' || MIN(aggregate_version) || ' to ' \
              || MAX(aggregate_version) AS found FROM outbox GROUP BY aggregate_id \
              HAVING COUNT(*) <> MAX(aggregate_version) - MIN(aggregate_version) + 1",
    },
    Invariant {
        id: "I-E4",
        message: "an event could not be handled and waits for a person",
        sql: "SELECT consumer || ': ' || event_id || ' after ' || attempts || ' tries: ' || last_error AS found \
              FROM inbox_parked WHERE status = 'parked'",
    },
    Invariant {
        id: "I-E5",
        message: "a call was begun under a key and has no result",
        sql: "SELECT method || ' with key ' || key AS found FROM idempotency WHERE result = ''",
    },
];

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    found: String,
}

impl Db {
    /// What breaks an invariant of `own`, or of the records that every module keeps. Each is one query, so that each sees
    /// one moment.
    ///
    /// # Errors
    /// The database could not be used.
    pub async fn audit<E: Send + 'static>(
        &self,
        own: &'static [Invariant],
        request: &AuditRequest,
        now: Timestamp,
    ) -> Result<Vec<Violation>, CallError<E>> {
        let rows = request.capped_rows();
        self.read_long(move |conn| {
            let mut violations = Vec::new();
            for invariant in own.iter().chain(RECORDS) {
                let broken = broken_rows(conn, invariant, now, rows)?;
                violations
                    .extend(broken.into_iter().map(|row| Violation::new(invariant.id, invariant.message, row.found)));
            }
            Ok(violations)
        })
        .await
    }
}

fn broken_rows(conn: &mut AnyConnection, invariant: &Invariant, now: Timestamp, limit: i64) -> QueryResult<Vec<Row>> {
    let sql = invariant
        .sql
        .replace(":now", &now.0.to_string())
        .replace(":late", &now.minus(GRACE).0.to_string())
        .replace(":kept", &now.minus(KEPT).0.to_string());
    diesel::sql_query(format!("{sql} ORDER BY found LIMIT {limit}")).load(conn)
}
