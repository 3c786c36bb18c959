//! Statements that the database keeps prepared.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{
    AstPass, DeleteStatement, InsertStatement, Query, QueryFragment, QueryId, UpdateStatement,
};

/// Diesel keeps a SELECT and an INSERT of one row prepared, but not an UPDATE, a DELETE or an INSERT of several rows, whose
/// text it cannot know to be the same each time. Where it is, or is one of a few, say so: to read and plan such a
/// statement costs the database more than to carry it out.
///
/// Not for `eq_any` over a list of any length, except on PostgreSQL alone, where the list is one value.
///
/// It runs on either database by its own connection, [`on_either!`](super::on_either): through [`AnyConnection`] diesel asks
/// the statement within, and does not keep it.
///
/// [`AnyConnection`]: super::AnyConnection
pub trait Keep: Sized {
    /// The statement, kept prepared by its text.
    fn kept(self) -> Kept<Self> {
        Kept(self)
    }
}

impl<T: QuerySource, U, V, R> Keep for UpdateStatement<T, U, V, R> {}
impl<T: QuerySource, U, R> Keep for DeleteStatement<T, U, R> {}
impl<T: QuerySource, U, O, R> Keep for InsertStatement<T, U, O, R> {}

/// See [`Keep`].
pub struct Kept<S>(S);

impl<DB: Backend, S: QueryFragment<DB>> QueryFragment<DB> for Kept<S> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// Kept by its text, not by its type: of one type there may be several texts.
impl<S> QueryId for Kept<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Kept<S> {
    type SqlType = S::SqlType;
}

impl<S> RunQueryDsl<PgConnection> for Kept<S> {}
impl<S> RunQueryDsl<SqliteConnection> for Kept<S> {}

/// Inserts rows. On PostgreSQL by one statement, which is kept prepared for a few rows, as the lines of most orders are;
/// on SQLite, where nothing travels, one after the other by the one that is kept for all.
///
/// `insert_rows!(conn, table, rows)`, or with `on_conflict_do_nothing` as a fourth.
#[macro_export]
macro_rules! insert_rows {
    ($conn:ident, $table:expr, $rows:expr $(, $or:ident)?) => {{
        use $crate::db::{AnyConnection, FEW_ROWS, Keep as _};
        let rows = $rows;
        match $conn {
            AnyConnection::Postgres(_) if rows.is_empty() => Ok(()),
            AnyConnection::Postgres(conn) if rows.len() <= FEW_ROWS => {
                diesel::insert_into($table).values(rows)$(.$or())?.kept().execute(conn).map(drop)
            }
            AnyConnection::Postgres(conn) => diesel::insert_into($table).values(rows)$(.$or())?.execute(conn).map(drop),
            AnyConnection::Sqlite(conn) => rows
                .into_iter()
                .try_for_each(|row| diesel::insert_into($table).values(row)$(.$or())?.execute(conn).map(drop)),
        }
    }};
}
pub use crate::insert_rows;

/// Of so many rows at most the statement that inserts them is kept prepared.
#[doc(hidden)]
pub const FEW_ROWS: usize = 8;
