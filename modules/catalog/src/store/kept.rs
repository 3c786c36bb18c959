//! SQL that diesel has no words for, and whose prepared form is kept: that of `sql_query` is thrown away each time.

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};

/// `sql` with `?` in place of each of `values`; gives rows of type `ST`.
pub(super) struct Kept<'a, ST> {
    sql: &'a str,
    values: &'a [&'a str],
    rows: PhantomData<ST>,
}

impl<'a, ST> Kept<'a, ST> {
    pub(super) fn new(sql: &'a str, values: &'a [&'a str]) -> Self {
        Self { sql, values, rows: PhantomData }
    }
}

impl<DB, ST> QueryFragment<DB> for Kept<'_, ST>
where
    DB: Backend + HasSqlType<Text>,
    for<'b> &'b str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut parts = self.sql.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (value, part) in self.values.iter().zip(parts) {
            out.push_bind_param::<Text, _>(value)?;
            out.push_sql(part);
        }
        Ok(())
    }
}

/// Told apart by its text.
impl<ST> QueryId for Kept<'_, ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> Query for Kept<'_, ST> {
    type SqlType = ST;
}

impl<Conn, ST> RunQueryDsl<Conn> for Kept<'_, ST> {}
