//! Levels: what there is of a variant.

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel::upsert::excluded;
use inventory_api::StockLevel;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _};

use super::{MAIN, on_either};
use crate::ledger::Delta;
use crate::schema::stock_levels;

/// The most that can be on the shelf; also a rule of the table.
pub(crate) const MOST_ON_HAND: i64 = 1_000_000_000;
const THRESHOLD_AT_FIRST: i64 = 5;
/// Below the number of parameters that SQLite and PostgreSQL take in one statement.
const ROWS_AT_ONCE: usize = 1_000;

type Row = (String, String, String, i64, i64, i64, bool, bool, i64, i64);

fn level(row: Row) -> StockLevel {
    let (variant_id, _, sku, on_hand, reserved, allocated, track_inventory, backorderable, low_stock_threshold, _) =
        row;
    StockLevel {
        variant_id,
        sku: (!sku.is_empty()).then_some(sku),
        on_hand,
        reserved,
        allocated,
        available: on_hand - reserved - allocated,
        track_inventory,
        backorderable,
        low_stock_threshold,
    }
}

/// A level of a variant that was never stocked.
pub(crate) fn first_level(variant_id: &str) -> StockLevel {
    let row = (variant_id.to_owned(), MAIN.to_owned(), String::new(), 0, 0, 0, true, false, THRESHOLD_AT_FIRST, 0);
    level(row)
}

/// The levels of those variants that have one.
pub(crate) fn levels_of(conn: &mut AnyConnection, variant_ids: &[&str]) -> QueryResult<Vec<StockLevel>> {
    let query = stock_levels::table
        .filter(stock_levels::location_id.eq(MAIN))
        .filter(stock_levels::variant_id.eq_any(variant_ids))
        .order(stock_levels::variant_id);
    let rows: Vec<Row> = on_either!(conn => query.load(conn))?;
    Ok(rows.into_iter().map(level).collect())
}

/// The same, and nobody else may change them before this unit of work ends.
pub(crate) fn levels_locked(conn: &mut AnyConnection, variant_ids: &[&str]) -> QueryResult<Vec<StockLevel>> {
    let query = stock_levels::table
        .filter(stock_levels::location_id.eq(MAIN))
        .filter(stock_levels::variant_id.eq_any(variant_ids))
        .order(stock_levels::variant_id);
    let rows: Vec<Row> = match conn {
        AnyConnection::Postgres(conn) => query.for_no_key_update().load(conn)?,
        // Only one unit of work writes at a time.
        AnyConnection::Sqlite(conn) => query.load(conn)?,
    };
    Ok(rows.into_iter().map(level).collect())
}

/// Levels after a place in the list by SKU.
pub(crate) fn levels_by_sku(
    conn: &mut AnyConnection,
    low_only: bool,
    (sku, variant_id): (&str, &str),
    limit: i64,
) -> QueryResult<Vec<StockLevel>> {
    let available = stock_levels::on_hand - stock_levels::reserved - stock_levels::allocated;
    let low = stock_levels::track_inventory.and(available.le(stock_levels::low_stock_threshold));
    let rows: Vec<Row> = stock_levels::table
        .filter(stock_levels::location_id.eq(MAIN))
        .filter(stock_levels::sku.ge(sku))
        .filter(stock_levels::sku.gt(sku).or(stock_levels::variant_id.gt(variant_id)))
        .filter((!low_only).into_sql::<Bool>().or(low))
        .order((stock_levels::sku, stock_levels::variant_id))
        .limit(limit)
        .load(conn)?;
    Ok(rows.into_iter().map(level).collect())
}

/// Moves the counters of a variant and gives its level afterwards. `None`, and nothing moved, when there is no such
/// level, when less than `least` may still be promised, or when `on_hand` would leave its bounds.
pub(crate) fn level_move(
    conn: &mut AnyConnection,
    variant_id: &str,
    delta: Delta,
    least: Option<i64>,
    now: Timestamp,
) -> QueryResult<Option<StockLevel>> {
    let available = stock_levels::on_hand - stock_levels::reserved - stock_levels::allocated;
    let enough = available.ge(least.unwrap_or(i64::MIN));
    let row = diesel::update(stock_levels::table.find((variant_id, MAIN)))
        .filter(not(stock_levels::track_inventory).or(stock_levels::backorderable).or(enough))
        .filter((stock_levels::on_hand + delta.on_hand).between(0, MOST_ON_HAND))
        .set((
            stock_levels::on_hand.eq(stock_levels::on_hand + delta.on_hand),
            stock_levels::reserved.eq(stock_levels::reserved + delta.reserved),
            stock_levels::allocated.eq(stock_levels::allocated + delta.allocated),
            stock_levels::updated_at.eq(now.0),
        ))
        .returning(stock_levels::all_columns)
        .kept()
        .get_result(conn)
        .optional()?;
    Ok(row.map(level))
}

#[derive(Insertable)]
#[diesel(table_name = stock_levels)]
struct NewLevel<'a> {
    variant_id: &'a str,
    location_id: &'static str,
    sku: &'a str,
    on_hand: i64,
    reserved: i64,
    allocated: i64,
    track_inventory: bool,
    backorderable: bool,
    low_stock_threshold: i64,
    updated_at: i64,
}

impl<'a> NewLevel<'a> {
    fn of(level: &'a StockLevel, now: Timestamp) -> Self {
        Self {
            variant_id: &level.variant_id,
            location_id: MAIN,
            sku: level.sku.as_deref().unwrap_or_default(),
            on_hand: level.on_hand,
            reserved: level.reserved,
            allocated: level.allocated,
            track_inventory: level.track_inventory,
            backorderable: level.backorderable,
            low_stock_threshold: level.low_stock_threshold,
            updated_at: now.0,
        }
    }
}

/// Levels of variants that had none. Fails as a conflict when someone else was faster with one of them.
pub(crate) fn levels_insert(conn: &mut AnyConnection, levels: &[StockLevel], now: Timestamp) -> QueryResult<()> {
    for levels in levels.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = levels.iter().map(|level| NewLevel::of(level, now)).collect();
        on_either!(conn => diesel::insert_into(stock_levels::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

/// What staff may set, of levels that are there and locked; the other counters stay as they are.
pub(crate) fn levels_set(conn: &mut AnyConnection, levels: &[StockLevel], now: Timestamp) -> QueryResult<()> {
    match conn {
        // Every row is there, so that this only updates: many rows in one statement.
        AnyConnection::Postgres(conn) => {
            for levels in levels.chunks(ROWS_AT_ONCE) {
                let rows: Vec<_> = levels.iter().map(|level| NewLevel::of(level, now)).collect();
                diesel::insert_into(stock_levels::table)
                    .values(&rows)
                    .on_conflict((stock_levels::variant_id, stock_levels::location_id))
                    .do_update()
                    .set((
                        stock_levels::sku.eq(excluded(stock_levels::sku)),
                        stock_levels::on_hand.eq(excluded(stock_levels::on_hand)),
                        stock_levels::track_inventory.eq(excluded(stock_levels::track_inventory)),
                        stock_levels::backorderable.eq(excluded(stock_levels::backorderable)),
                        stock_levels::updated_at.eq(excluded(stock_levels::updated_at)),
                    ))
                    .execute(conn)?;
            }
        }
        // Nothing travels, so that one prepared statement per row is as fast; diesel has no such insert here.
        AnyConnection::Sqlite(conn) => {
            for level in levels {
                diesel::update(stock_levels::table.find((&level.variant_id, MAIN)))
                    .set((
                        stock_levels::sku.eq(level.sku.as_deref().unwrap_or_default()),
                        stock_levels::on_hand.eq(level.on_hand),
                        stock_levels::track_inventory.eq(level.track_inventory),
                        stock_levels::backorderable.eq(level.backorderable),
                        stock_levels::updated_at.eq(now.0),
                    ))
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}
