//! How often something was tried, for all processes together.

use std::time::Duration;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use crate::schema::counters;

/// Processes on several machines count together; beyond this a clock was turned back.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// What is counted of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    /// How often.
    pub(crate) count: i64,
    /// Since when.
    pub(crate) from: Timestamp,
}

/// Counts once more; a count that is older than `within`, or further in the future than clocks differ, begins anew. To the end of the unit of work nobody else counts this subject.
///
/// # Errors
/// The database refused.
pub(crate) fn counter_add(
    conn: &mut AnyConnection,
    name: &str,
    subject: &str,
    within: Duration,
    now: Timestamp,
) -> QueryResult<Counted> {
    let over = counters::counted_from.le(now.minus(within).0).or(counters::counted_from.gt(now.plus(CLOCKS_DIFFER).0));
    let first = (
        counters::name.eq(name),
        counters::subject.eq(subject),
        counters::count.eq(1),
        counters::counted_from.eq(now.0),
    );
    let next = (
        counters::count.eq(case_when(over, 1.into_sql::<BigInt>()).otherwise(counters::count + 1)),
        counters::counted_from.eq(case_when(over, now.0.into_sql::<BigInt>()).otherwise(counters::counted_from)),
    );
    let insert = diesel::insert_into(counters::table)
        .values(first)
        .on_conflict((counters::name, counters::subject))
        .do_update()
        .set(next)
        .returning((counters::count, counters::counted_from));
    let (count, from): (i64, i64) = match conn {
        AnyConnection::Postgres(conn) => insert.get_result(conn)?,
        AnyConnection::Sqlite(conn) => insert.get_result(conn)?,
    };
    Ok(Counted { count, from: Timestamp(from) })
}

/// Takes one back that turned out to be none.
///
/// # Errors
/// The database refused.
pub(crate) fn counter_take_back(conn: &mut AnyConnection, name: &str, subject: &str) -> QueryResult<()> {
    diesel::update(counters::table.find((name, subject)))
        .filter(counters::count.gt(0))
        .set(counters::count.eq(counters::count - 1))
        .execute(conn)
        .map(drop)
}

/// What is counted under a name of the subjects from `first` on, in their order as text.
///
/// # Errors
/// The database refused.
pub(crate) fn counters_since(conn: &mut AnyConnection, name: &str, first: &str) -> QueryResult<i64> {
    let counts: Vec<i64> = counters::table
        .filter(counters::name.eq(name))
        .filter(counters::subject.ge(first))
        .select(counters::count)
        .load(conn)?;
    Ok(counts.into_iter().sum())
}

/// Whether there is something to forget.
///
/// # Errors
/// The database refused.
pub(crate) fn counters_are_old(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<bool> {
    let old = counters::table.filter(counters::counted_from.lt(before.0)).select(counters::counted_from).limit(1);
    Ok(!old.load::<i64>(conn)?.is_empty())
}

/// Forgets what was counted from before `before` on.
///
/// # Errors
/// The database refused.
pub(crate) fn counters_delete_old(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<()> {
    diesel::delete(counters::table.filter(counters::counted_from.lt(before.0))).execute(conn).map(drop)
}
