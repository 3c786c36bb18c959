//! Parcels, and what is in them.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Quantity, Timestamp};
use orders_api::{Fulfillment, FulfillmentId, FulfillmentLine, OrderId, ParcelStatus, Ship};

use super::{insert_rows, moment, one_of, parsed, unreadable};
use crate::schema::{fulfillment_lines, fulfillments};

fn name(status: ParcelStatus) -> &'static str {
    match status {
        ParcelStatus::Shipped => "shipped",
        _ => "pending",
    }
}

/// A packed parcel.
pub(crate) fn parcel_insert(
    conn: &mut AnyConnection,
    order_id: OrderId,
    parcel_id: FulfillmentId,
    lines: &[FulfillmentLine],
    now: Timestamp,
) -> QueryResult<()> {
    let row = (
        fulfillments::id.eq(parcel_id.to_string()),
        fulfillments::order_id.eq(order_id.to_string()),
        fulfillments::status.eq(name(ParcelStatus::Pending)),
        fulfillments::created_at.eq(now.0),
    );
    diesel::insert_into(fulfillments::table).values(row).execute(conn)?;
    let row = |line: &FulfillmentLine| {
        (
            fulfillment_lines::fulfillment_id.eq(parcel_id.to_string()),
            fulfillment_lines::order_line_id.eq(line.order_line_id.to_string()),
            fulfillment_lines::quantity.eq(line.quantity.get()),
        )
    };
    let rows: Vec<_> = lines.iter().map(row).collect();
    insert_rows!(conn, fulfillment_lines::table, rows)
}

/// The parcel of an order has left. False when there is no such parcel, or it has left before.
pub(crate) fn parcel_ship(conn: &mut AnyConnection, ship: &Ship, now: Timestamp) -> QueryResult<bool> {
    let packed = fulfillments::table
        .find(ship.fulfillment_id.to_string())
        .filter(fulfillments::order_id.eq(ship.order_id.to_string()))
        .filter(fulfillments::status.eq(name(ParcelStatus::Pending)));
    let row = (
        fulfillments::status.eq(name(ParcelStatus::Shipped)),
        fulfillments::tracking_number.eq(&ship.tracking_number),
        fulfillments::carrier.eq(&ship.carrier),
        fulfillments::shipped_at.eq(now.0),
    );
    Ok(diesel::update(packed).set(row).execute(conn)? == 1)
}

#[derive(Queryable)]
struct Row {
    id: String,
    status: String,
    tracking_number: Option<String>,
    carrier: Option<String>,
    created_at: i64,
    shipped_at: Option<i64>,
}

impl Row {
    fn into_parcel(self, lines: &[(String, FulfillmentLine)]) -> QueryResult<Fulfillment> {
        let own = lines.iter().filter(|(parcel_id, _)| *parcel_id == self.id);
        Ok(Fulfillment {
            id: parsed(&self.id)?,
            status: one_of(&[ParcelStatus::Pending, ParcelStatus::Shipped], name, &self.status)?,
            lines: own.map(|(_, line)| line.clone()).collect(),
            tracking_number: self.tracking_number,
            carrier: self.carrier,
            created_at: Timestamp(self.created_at),
            shipped_at: moment(self.shipped_at),
        })
    }
}

/// The parcels of an order, the first one first.
pub(crate) fn parcels_of_order(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<Vec<Fulfillment>> {
    let rows: Vec<Row> = fulfillments::table
        .filter(fulfillments::order_id.eq(order_id.to_string()))
        .order(fulfillments::id)
        .select((
            fulfillments::id,
            fulfillments::status,
            fulfillments::tracking_number,
            fulfillments::carrier,
            fulfillments::created_at,
            fulfillments::shipped_at,
        ))
        .load(conn)?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let lines = lines_of_order(conn, order_id)?;
    rows.into_iter().map(|row| row.into_parcel(&lines)).collect()
}

/// What is in the parcels of an order, each with the id of its parcel.
fn lines_of_order(conn: &mut AnyConnection, order_id: OrderId) -> QueryResult<Vec<(String, FulfillmentLine)>> {
    let rows: Vec<(String, String, i64)> = fulfillment_lines::table
        .inner_join(fulfillments::table)
        .filter(fulfillments::order_id.eq(order_id.to_string()))
        .order((fulfillment_lines::fulfillment_id, fulfillment_lines::order_line_id))
        .select((fulfillment_lines::fulfillment_id, fulfillment_lines::order_line_id, fulfillment_lines::quantity))
        .load(conn)?;
    let line = |(parcel_id, order_line_id, quantity): (String, String, i64)| {
        let quantity = Quantity::try_from(quantity).map_err(unreadable)?;
        Ok((parcel_id, FulfillmentLine { order_line_id: parsed(&order_line_id)?, quantity }))
    };
    rows.into_iter().map(line).collect()
}
