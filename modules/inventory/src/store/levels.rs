//! Levels: what there is of a variant at a location.

use diesel::backend::Backend;
use diesel::dsl::not;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, HasSqlType, Text};
use diesel::upsert::excluded;
use kernel::Timestamp;
use kernel::db::{AnyConnection, Keep as _, one_of};

use super::on_either;
use crate::ledger::Delta;
use crate::schema::stock_levels;

/// The most that can be on the shelf; also a rule of the table.
pub(crate) const MOST_ON_HAND: i64 = 1_000_000_000;
const THRESHOLD_AT_FIRST: i64 = 5;
/// Below the number of parameters that SQLite and PostgreSQL take in one statement.
const ROWS_AT_ONCE: usize = 1_000;

/// What there is of a variant at a location, and by which rules it is sold.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct Level {
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
    /// Empty when not known.
    pub(crate) sku: String,
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
    pub(crate) track_inventory: bool,
    pub(crate) backorderable: bool,
    pub(crate) low_stock_threshold: i64,
    pub(crate) updated_at: i64,
    pub(crate) safety_stock: i64,
    pub(crate) incoming: i64,
}

impl Level {
    /// Of a variant that was never stocked there.
    pub(crate) fn first(variant_id: &str, location_id: &str) -> Self {
        Self {
            variant_id: variant_id.to_owned(),
            location_id: location_id.to_owned(),
            sku: String::new(),
            on_hand: 0,
            reserved: 0,
            allocated: 0,
            track_inventory: true,
            backorderable: false,
            low_stock_threshold: THRESHOLD_AT_FIRST,
            updated_at: 0,
            safety_stock: 0,
            incoming: 0,
        }
    }

    /// The same variant at another location, where there is nothing yet.
    pub(crate) fn at(&self, location_id: &str) -> Self {
        Self {
            sku: self.sku.clone(),
            track_inventory: self.track_inventory,
            backorderable: self.backorderable,
            ..Self::first(&self.variant_id, location_id)
        }
    }

    /// What may still be promised; below zero when more is promised than is there.
    pub(crate) fn available(&self) -> i64 {
        self.free() - self.safety_stock
    }

    /// What nobody was promised, what is kept back included.
    pub(crate) fn free(&self) -> i64 {
        self.on_hand - self.reserved - self.allocated
    }

    /// Whether no more may be promised than is there.
    pub(crate) fn is_limited(&self) -> bool {
        self.track_inventory && !self.backorderable
    }

    /// Whether some of what is held is not there.
    pub(crate) fn is_unmet(&self) -> bool {
        self.is_limited() && self.reserved > 0 && self.free() < 0
    }

    pub(crate) fn is_low(&self) -> bool {
        self.track_inventory && self.available() <= self.low_stock_threshold
    }

    /// Where its row is in the order in which rows are locked and changed.
    pub(crate) fn place(&self) -> (&str, &str) {
        (&self.variant_id, &self.location_id)
    }

    pub(crate) fn moved(mut self, delta: Delta) -> Self {
        self.on_hand += delta.on_hand;
        self.reserved += delta.reserved;
        self.allocated += delta.allocated;
        self
    }
}

/// The levels of those variants that have some, by variant and location.
pub(crate) fn levels_of(conn: &mut AnyConnection, variant_ids: &[&str]) -> QueryResult<Vec<Level>> {
    let query = stock_levels::table
        .filter(one_of(stock_levels::variant_id, variant_ids))
        .order((stock_levels::variant_id, stock_levels::location_id));
    on_either!(conn => query.load(conn))
}

/// The same, each with how much of it a cart, or an order made from it, holds.
pub(crate) fn levels_and_held(
    conn: &mut AnyConnection,
    variant_ids: &[&str],
    cart_id: String,
) -> QueryResult<Vec<(Level, i64)>> {
    let query = stock_levels::table
        .filter(one_of(stock_levels::variant_id, variant_ids))
        .order((stock_levels::variant_id, stock_levels::location_id))
        .select((stock_levels::all_columns, HeldBy { cart_id }));
    on_either!(conn => query.load(conn))
}

/// How much of a level a cart holds.
struct HeldBy {
    cart_id: String,
}

impl Expression for HeldBy {
    type SqlType = BigInt;
}

impl AppearsOnTable<stock_levels::table> for HeldBy {}
impl SelectableExpression<stock_levels::table> for HeldBy {}

impl ValidGrouping<()> for HeldBy {
    type IsAggregate = is_aggregate::No;
}

impl QueryId for HeldBy {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for HeldBy
where
    DB: Backend + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "(SELECT CAST(COALESCE(SUM(held.quantity), 0) AS BIGINT) FROM reservations \
             JOIN reservation_lines AS held ON held.order_id = reservations.order_id \
             WHERE reservations.status = 'held' AND held.variant_id = stock_levels.variant_id \
             AND held.location_id = stock_levels.location_id AND reservations.cart_id = ",
        );
        out.push_bind_param::<Text, _>(&self.cart_id)?;
        out.push_sql(")");
        Ok(())
    }
}

/// The same, and nobody else may change them before this unit of work ends.
pub(crate) fn levels_locked(conn: &mut AnyConnection, variant_ids: &[&str]) -> QueryResult<Vec<Level>> {
    let query = stock_levels::table
        .filter(one_of(stock_levels::variant_id, variant_ids))
        .order((stock_levels::variant_id, stock_levels::location_id));
    match conn {
        AnyConnection::Postgres(conn) => query.for_no_key_update().load(conn),
        // Only one unit of work writes at a time.
        AnyConnection::Sqlite(conn) => query.load(conn),
    }
}

/// Those at a location that have something on the shelf, up to `limit`.
pub(crate) fn levels_at(conn: &mut AnyConnection, location_id: &str, limit: i64) -> QueryResult<Vec<Level>> {
    stock_levels::table
        .filter(stock_levels::location_id.eq(location_id))
        .filter(stock_levels::on_hand.gt(0))
        .order(stock_levels::variant_id)
        .limit(limit)
        .load(conn)
}

/// Which levels a list shows.
#[derive(Default)]
pub(crate) struct Wish {
    pub(crate) low_only: bool,
    pub(crate) oversold_only: bool,
    pub(crate) location_id: Option<String>,
    /// What the SKU begins with.
    pub(crate) search: Option<String>,
}

/// Variants after a place in the list by SKU, each once.
pub(crate) fn variants_by_sku(
    conn: &mut AnyConnection,
    wish: &Wish,
    (sku, variant_id): (&str, &str),
    limit: i64,
) -> QueryResult<Vec<(String, String)>> {
    let free = stock_levels::on_hand - stock_levels::reserved - stock_levels::allocated;
    let low =
        stock_levels::track_inventory.and((free - stock_levels::safety_stock).le(stock_levels::low_stock_threshold));
    let mut query = stock_levels::table
        .filter(stock_levels::sku.ge(sku))
        .filter(stock_levels::sku.gt(sku).or(stock_levels::variant_id.gt(variant_id)))
        .select((stock_levels::sku, stock_levels::variant_id))
        .distinct()
        .order((stock_levels::sku, stock_levels::variant_id))
        .limit(limit)
        .into_boxed();
    if wish.low_only {
        query = query.filter(low);
    }
    if wish.oversold_only {
        query = query.filter(stock_levels::track_inventory.and(free.lt(0)));
    }
    if let Some(location_id) = &wish.location_id {
        query = query.filter(stock_levels::location_id.eq(location_id));
    }
    if let Some(search) = &wish.search {
        // The last of all characters: everything that begins with the words comes before it.
        let end = format!("{search}\u{10ffff}");
        query = query.filter(stock_levels::sku.ge(search)).filter(stock_levels::sku.lt(end));
    }
    query.load(conn)
}

/// Moves the counters of a level and gives it afterwards. `None`, and nothing moved, when there is no such level, when
/// less than `least` may still be promised, or when `on_hand` would leave its bounds.
pub(crate) fn level_move(
    conn: &mut AnyConnection,
    place: (&str, &str),
    delta: Delta,
    least: Option<i64>,
    now: Timestamp,
) -> QueryResult<Option<Level>> {
    let available =
        stock_levels::on_hand - stock_levels::reserved - stock_levels::allocated - stock_levels::safety_stock;
    let enough = available.ge(least.unwrap_or(i64::MIN));
    let moved = diesel::update(stock_levels::table.find(place))
        .filter(not(stock_levels::track_inventory).or(stock_levels::backorderable).or(enough))
        .filter((stock_levels::on_hand + delta.on_hand).between(0, MOST_ON_HAND))
        .set((
            stock_levels::on_hand.eq(stock_levels::on_hand + delta.on_hand),
            stock_levels::reserved.eq(stock_levels::reserved + delta.reserved),
            stock_levels::allocated.eq(stock_levels::allocated + delta.allocated),
            stock_levels::updated_at.eq(now.0),
        ))
        .returning(stock_levels::all_columns)
        .kept();
    on_either!(conn => moved.get_result(conn)).optional()
}

/// Moves the counters of levels that are locked, and gives how many there were.
pub(crate) fn levels_move(
    conn: &mut AnyConnection,
    moves: &[((&str, &str), Delta)],
    now: Timestamp,
) -> QueryResult<usize> {
    match conn {
        AnyConnection::Postgres(conn) => Moves::of(moves, now).execute(conn),
        // Nothing travels, so that one prepared statement per row is as fast.
        AnyConnection::Sqlite(conn) => moves.iter().try_fold(0, |moved, &(place, delta)| {
            let one = diesel::update(stock_levels::table.find(place))
                .set((
                    stock_levels::on_hand.eq(stock_levels::on_hand + delta.on_hand),
                    stock_levels::reserved.eq(stock_levels::reserved + delta.reserved),
                    stock_levels::allocated.eq(stock_levels::allocated + delta.allocated),
                    stock_levels::updated_at.eq(now.0),
                ))
                .execute(conn)?;
            Ok(moved + one)
        }),
    }
}

/// Many moves in one statement, which stays prepared.
struct Moves<'a> {
    variant_ids: Vec<&'a str>,
    location_ids: Vec<&'a str>,
    on_hand: Vec<i64>,
    reserved: Vec<i64>,
    allocated: Vec<i64>,
    now: i64,
}

impl<'a> Moves<'a> {
    fn of(moves: &[((&'a str, &'a str), Delta)], now: Timestamp) -> Self {
        let of = |counter: fn(&Delta) -> i64| moves.iter().map(|(_, delta)| counter(delta)).collect();
        Self {
            variant_ids: moves.iter().map(|((variant_id, _), _)| *variant_id).collect(),
            location_ids: moves.iter().map(|((_, location_id), _)| *location_id).collect(),
            on_hand: of(|delta| delta.on_hand),
            reserved: of(|delta| delta.reserved),
            allocated: of(|delta| delta.allocated),
            now: now.0,
        }
    }
}

impl QueryFragment<Pg> for Moves<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("UPDATE stock_levels AS level SET updated_at = ");
        out.push_bind_param::<BigInt, _>(&self.now)?;
        out.push_sql(
            ", on_hand = level.on_hand + moved.on_hand, reserved = level.reserved + moved.reserved, \
             allocated = level.allocated + moved.allocated FROM unnest(",
        );
        out.push_bind_param::<Array<Text>, _>(&self.variant_ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.location_ids)?;
        for counter in [&self.on_hand, &self.reserved, &self.allocated] {
            out.push_sql(", ");
            out.push_bind_param::<Array<BigInt>, _>(counter)?;
        }
        out.push_sql(
            ") AS moved (variant_id, location_id, on_hand, reserved, allocated) \
             WHERE level.variant_id = moved.variant_id AND level.location_id = moved.location_id",
        );
        Ok(())
    }
}

/// Its text is always the same.
impl QueryId for Moves<'_> {
    type QueryId = Moves<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn: Connection<Backend: Backend>> RunQueryDsl<Conn> for Moves<'_> {}

#[derive(Insertable)]
#[diesel(table_name = stock_levels)]
struct NewLevel<'a> {
    variant_id: &'a str,
    location_id: &'a str,
    sku: &'a str,
    on_hand: i64,
    reserved: i64,
    allocated: i64,
    track_inventory: bool,
    backorderable: bool,
    low_stock_threshold: i64,
    updated_at: i64,
    safety_stock: i64,
    incoming: i64,
}

impl<'a> NewLevel<'a> {
    fn of(level: &'a Level, now: Timestamp) -> Self {
        Self {
            variant_id: &level.variant_id,
            location_id: &level.location_id,
            sku: &level.sku,
            on_hand: level.on_hand,
            reserved: level.reserved,
            allocated: level.allocated,
            track_inventory: level.track_inventory,
            backorderable: level.backorderable,
            low_stock_threshold: level.low_stock_threshold,
            updated_at: now.0,
            safety_stock: level.safety_stock,
            incoming: level.incoming,
        }
    }
}

/// Levels of variants that had none there. Fails as a conflict when someone else was faster with one of them.
pub(crate) fn levels_insert(conn: &mut AnyConnection, levels: &[Level], now: Timestamp) -> QueryResult<()> {
    for levels in levels.chunks(ROWS_AT_ONCE) {
        let rows: Vec<_> = levels.iter().map(|level| NewLevel::of(level, now)).collect();
        on_either!(conn => diesel::insert_into(stock_levels::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

/// What staff may set, of levels that are there and locked; the other counters stay as they are.
pub(crate) fn levels_set(conn: &mut AnyConnection, levels: &[Level], now: Timestamp) -> QueryResult<()> {
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
                        stock_levels::low_stock_threshold.eq(excluded(stock_levels::low_stock_threshold)),
                        stock_levels::updated_at.eq(excluded(stock_levels::updated_at)),
                        stock_levels::safety_stock.eq(excluded(stock_levels::safety_stock)),
                        stock_levels::incoming.eq(excluded(stock_levels::incoming)),
                    ))
                    .execute(conn)?;
            }
        }
        // Nothing travels, so that one prepared statement per row is as fast; diesel has no such insert here.
        AnyConnection::Sqlite(conn) => {
            for level in levels {
                diesel::update(stock_levels::table.find(level.place()))
                    .set((
                        stock_levels::sku.eq(&level.sku),
                        stock_levels::on_hand.eq(level.on_hand),
                        stock_levels::track_inventory.eq(level.track_inventory),
                        stock_levels::backorderable.eq(level.backorderable),
                        stock_levels::low_stock_threshold.eq(level.low_stock_threshold),
                        stock_levels::updated_at.eq(now.0),
                        stock_levels::safety_stock.eq(level.safety_stock),
                        stock_levels::incoming.eq(level.incoming),
                    ))
                    .execute(conn)?;
            }
        }
    }
    Ok(())
}
