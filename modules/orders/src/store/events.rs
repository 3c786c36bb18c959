//! The timeline of orders, which only grows.

use diesel::prelude::*;
use kernel::Timestamp;
use kernel::db::AnyConnection;
use orders_api::{OrderEvent, OrderId};

use super::insert_rows;
use crate::journal::{Act, Happened};
use crate::schema::order_events;

/// What happened to an order that had `seen` events before.
pub(crate) fn events_insert(
    conn: &mut AnyConnection,
    order_id: OrderId,
    seen: i64,
    happened: &[Happened],
    act: &Act,
) -> QueryResult<()> {
    let row = |(seq, event): (i64, &Happened)| {
        (
            order_events::order_id.eq(order_id.to_string()),
            order_events::seq.eq(seq),
            order_events::kind.eq(event.kind),
            order_events::message.eq(event.message.clone()),
            order_events::actor.eq(act.actor.clone()),
            order_events::status.eq(event.status.as_str()),
            order_events::created_at.eq(act.at.0),
        )
    };
    let rows: Vec<_> = (seen + 1..).zip(happened).map(row).collect();
    insert_rows!(conn, order_events::table, rows)
}

/// What happened to an order, oldest first.
pub(crate) fn events_of_order(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<OrderEvent>> {
    let rows: Vec<(String, String, String, i64)> = order_events::table
        .filter(order_events::order_id.eq(order_id))
        .order(order_events::seq)
        .select((order_events::kind, order_events::message, order_events::actor, order_events::created_at))
        .load(conn)?;
    let event =
        |(kind, message, actor, created_at)| OrderEvent { kind, message, actor, created_at: Timestamp(created_at) };
    Ok(rows.into_iter().map(event).collect())
}
