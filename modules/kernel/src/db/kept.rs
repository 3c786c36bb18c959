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

impl<S, Conn> RunQueryDsl<Conn> for Kept<S> {}
