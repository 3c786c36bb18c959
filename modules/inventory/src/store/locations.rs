//! Locations: where stock can be.

use diesel::prelude::*;
use inventory_api::StockLocation;
use kernel::Timestamp;
use kernel::db::AnyConnection;

use crate::schema::stock_locations;

type Row = (String, String, i64, String, i64, bool, bool);

/// All of them, in the order in which orders are sent from there.
pub(crate) fn locations(conn: &mut AnyConnection) -> QueryResult<Vec<StockLocation>> {
    let rows: Vec<Row> = stock_locations::table.order((stock_locations::priority, stock_locations::id)).load(conn)?;
    let location = |(id, name, _, address, priority, ships, is_default): Row| StockLocation {
        id,
        name,
        address,
        priority,
        ships,
        is_default,
    };
    Ok(rows.into_iter().map(location).collect())
}

/// A new one, which is not the default.
pub(crate) fn location_insert(conn: &mut AnyConnection, location: &StockLocation, now: Timestamp) -> QueryResult<()> {
    diesel::insert_into(stock_locations::table)
        .values((
            stock_locations::id.eq(&location.id),
            stock_locations::name.eq(&location.name),
            stock_locations::created_at.eq(now.0),
            stock_locations::address.eq(&location.address),
            stock_locations::priority.eq(location.priority),
            stock_locations::ships.eq(location.ships),
        ))
        .execute(conn)?;
    Ok(())
}

/// All of a location but whether it is the default.
pub(crate) fn location_update(conn: &mut AnyConnection, location: &StockLocation) -> QueryResult<()> {
    diesel::update(stock_locations::table.find(&location.id))
        .set((
            stock_locations::name.eq(&location.name),
            stock_locations::address.eq(&location.address),
            stock_locations::priority.eq(location.priority),
            stock_locations::ships.eq(location.ships),
        ))
        .execute(conn)?;
    Ok(())
}

/// None is the default for a moment: the table holds one at most.
pub(crate) fn default_clear(conn: &mut AnyConnection) -> QueryResult<()> {
    diesel::update(stock_locations::table.filter(stock_locations::is_default.eq(true)))
        .set(stock_locations::is_default.eq(false))
        .execute(conn)?;
    Ok(())
}

/// This one is the default.
pub(crate) fn default_set(conn: &mut AnyConnection, id: &str) -> QueryResult<()> {
    diesel::update(stock_locations::table.find(id)).set(stock_locations::is_default.eq(true)).execute(conn)?;
    Ok(())
}
