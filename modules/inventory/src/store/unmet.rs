//! Levels of which more is held and promised than is there, until enough holds have ended.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use super::on_either;
use crate::schema::unmet_levels;

/// Marks a level, as part of the change that left it so.
pub(crate) fn unmet_insert(
    conn: &mut AnyConnection,
    (variant_id, location_id): (&str, &str),
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        unmet_levels::variant_id.eq(variant_id),
        unmet_levels::location_id.eq(location_id),
        unmet_levels::created_at.eq(now.0),
    );
    let insert = diesel::insert_into(unmet_levels::table).values(row).on_conflict_do_nothing();
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// Whether there are any.
pub(crate) fn unmet_exist(conn: &mut AnyConnection) -> QueryResult<bool> {
    let first: Option<String> = unmet_levels::table.select(unmet_levels::variant_id).limit(1).first(conn).optional()?;
    Ok(first.is_some())
}

/// Up to `limit` of them.
pub(crate) fn unmet(conn: &mut AnyConnection, limit: i64) -> QueryResult<Vec<(String, String)>> {
    unmet_levels::table
        .order((unmet_levels::created_at, unmet_levels::variant_id))
        .select((unmet_levels::variant_id, unmet_levels::location_id))
        .limit(limit)
        .load(conn)
}

/// All that is held of it is there. Its level has to be locked, so that nobody marks it at the same time.
pub(crate) fn unmet_delete(conn: &mut AnyConnection, place: (&str, &str)) -> QueryResult<()> {
    diesel::delete(unmet_levels::table.find(place)).execute(conn)?;
    Ok(())
}
