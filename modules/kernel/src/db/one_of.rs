//! A column that is one of many values, in a statement that stays prepared however many there are.

use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Text};
use diesel::sqlite::Sqlite;

/// Whether a text column is one of `values`. Diesel's `eq_any` has a parameter for each of them on SQLite, which then reads and
/// plans the statement anew each time. Here all of them are one: an array on PostgreSQL, a list in JSON on SQLite.
pub fn one_of<C: Expression<SqlType = Text>>(column: C, values: &[impl AsRef<str>]) -> OneOf<C> {
    let values: Vec<String> = values.iter().map(|value| value.as_ref().to_owned()).collect();
    let json = serde_json::Value::from(values.as_slice()).to_string();
    OneOf { column, values, json }
}

/// See [`one_of`].
#[derive(Clone, Debug)]
pub struct OneOf<C> {
    column: C,
    values: Vec<String>,
    json: String,
}

impl<C: Expression> Expression for OneOf<C> {
    type SqlType = Bool;
}

impl<C: Expression, From> AppearsOnTable<From> for OneOf<C> where C: AppearsOnTable<From> {}
impl<C: Expression, From> SelectableExpression<From> for OneOf<C> where C: SelectableExpression<From> {}

impl<C> ValidGrouping<()> for OneOf<C> {
    type IsAggregate = is_aggregate::No;
}

impl<C> QueryId for OneOf<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: QueryFragment<Pg>> QueryFragment<Pg> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for OneOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}
