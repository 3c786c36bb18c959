//! One connection type over both databases. The derive also makes public types that have no comments.
#![allow(missing_docs)]

/// A connection to the module's database, lent to a unit of work.
///
/// Most of diesel works on it directly. Where the databases differ (ON CONFLICT, several rows in one insert), match:
/// `match conn { AnyConnection::Postgres(conn) => …, AnyConnection::Sqlite(conn) => … }`.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    Postgres(diesel::PgConnection),
    Sqlite(diesel::SqliteConnection),
}
