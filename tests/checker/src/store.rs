//! Reading rows, from SQLite files and from PostgreSQL schemas, with SQL of this program's own.

use std::fmt;
use std::path::PathBuf;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where the tables of a module are.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A file.
    Sqlite(PathBuf),
    /// A schema.
    Postgres {
        /// Of the database.
        url: String,
        /// Its name.
        schema: String,
    },
}

/// The evidence cannot be read.
#[derive(Debug)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

/// A kind of row: the columns that are read of a table.
pub(crate) trait Row: DeserializeOwned {
    const TABLE: &'static str;
    const COLUMNS: &'static [&'static str];
}

/// A database, opened for reading.
pub(crate) enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    row: String,
}

/// Opens it, and holds still what is seen of it.
pub(crate) fn open(source: &Source) -> Result<Database, Problem> {
    let problem = |error: &dyn fmt::Display| Problem(format!("{source:?}: {error}"));
    match source {
        Source::Sqlite(file) => {
            if !file.exists() {
                return Err(problem(&"there is no such file"));
            }
            let mut conn = SqliteConnection::establish(&file.to_string_lossy()).map_err(|error| problem(&error))?;
            let begin = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; BEGIN";
            conn.batch_execute(begin).map_err(|error| problem(&error))?;
            Ok(Database::Sqlite(conn))
        }
        Source::Postgres { url, schema } => {
            let mut conn = PgConnection::establish(url).map_err(|error| problem(&error))?;
            let begin =
                format!("SET search_path TO \"{schema}\"; BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            conn.batch_execute(&begin).map_err(|error| problem(&error))?;
            Ok(Database::Postgres(conn))
        }
    }
}

impl Database {
    /// All rows of a table.
    pub(crate) fn rows<R: Row>(&mut self) -> Result<Vec<R>, Problem> {
        let problem = |error: &dyn fmt::Display| Problem(format!("{}: {error}", R::TABLE));
        let found = match self {
            Self::Sqlite(conn) => {
                let pairs: Vec<String> = R::COLUMNS.iter().map(|column| format!("'{column}', \"{column}\"")).collect();
                let query = format!("SELECT json_object({}) AS row FROM {}", pairs.join(", "), R::TABLE);
                diesel::sql_query(query).load::<Json>(conn)
            }
            Self::Postgres(conn) => {
                let columns: Vec<String> = R::COLUMNS.iter().map(|column| format!("\"{column}\"")).collect();
                let inner = format!("SELECT {} FROM {}", columns.join(", "), R::TABLE);
                diesel::sql_query(format!("SELECT row_to_json(t)::text AS row FROM ({inner}) t")).load::<Json>(conn)
            }
        };
        let found = found.map_err(|error| problem(&error))?;
        found.iter().map(|json| serde_json::from_str(&json.row).map_err(|error| problem(&error))).collect()
    }
}
