//! Goods leave: `fulfillment.shipped` lowers what is on hand and what is promised.

use std::collections::BTreeMap;

use inventory_api::{MovementKind, StockLevel};
use kernel::db::AnyConnection;
use kernel::inbox::Subscription;
use kernel::trace::TraceContext;
use kernel::{Clock, Timestamp};
use orders_api::FulfillmentShipped;

use crate::Outcome;
use crate::allocate::level_is_gone;
use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::store::levels;
use crate::store::reservations::{self, Line, Status};

/// Listens to parcels that leave; each is counted once.
pub(crate) fn shipments(clock: Clock) -> Subscription {
    Subscription::new("inventory.shipments", "orders")
        .on::<FulfillmentShipped>(move |conn, envelope, event| {
            Ok(goods_left(conn, envelope.trace_context(), clock.now(), &event)?)
        })
        .once()
}

/// The parcel is gone, whatever the books say: goods that were not counted or not promised leave without changing them.
fn goods_left(
    conn: &mut AnyConnection,
    trace: TraceContext,
    now: Timestamp,
    event: &FulfillmentShipped,
) -> Outcome<()> {
    let order_id = event.order_id.to_string();
    let mut left = BTreeMap::<&str, i64>::new();
    for (variant_id, quantity) in &event.items {
        *left.entry(variant_id).or_default() += quantity;
    }
    let promised = promised_part(conn, &order_id, &left, now)?;
    let variant_ids: Vec<&str> = left.keys().copied().collect();
    let levels = levels::levels_locked(conn, &variant_ids)?;
    let entry = |level: &StockLevel| {
        let variant_id = level.variant_id.as_str();
        let on_hand = -left.get(variant_id).copied().unwrap_or(0).min(level.on_hand);
        let allocated = -promised.get(variant_id).copied().unwrap_or(0);
        Entry::of_order(&order_id, variant_id, Delta { on_hand, allocated, ..Delta::default() })
    };
    let entries: Vec<_> = levels.iter().map(entry).collect();
    if entries.len() < left.len() {
        tracing::warn!(order_id, "a parcel left with goods that were never stocked");
    }
    let cause = Cause {
        kind: MovementKind::Shipped,
        reason: format!("left with {}", event.fulfillment_id),
        actor: "module:orders".to_owned(),
        trace,
        at: now,
    };
    book(conn, &cause, Demand::Nothing, &entries)?.map_err(|refused| level_is_gone(&refused.variant_id))
}

/// How many of what left were promised to the order; marks them as shipped.
fn promised_part(
    conn: &mut AnyConnection,
    order_id: &str,
    left: &BTreeMap<&str, i64>,
    now: Timestamp,
) -> Outcome<BTreeMap<String, i64>> {
    let mut promised = BTreeMap::new();
    // Turning it into itself makes everyone else who wants to change it wait.
    if !reservations::reservation_turn(conn, order_id, Status::Allocated, Status::Allocated, now)? {
        tracing::warn!(order_id, "a parcel left of an order that was promised nothing");
        return Ok(promised);
    }
    let lines = reservations::lines_of_order(conn, order_id)?;
    let part = |line: &Line| left.get(line.variant_id.as_str()).map_or(0, |&quantity| quantity.min(line.outstanding()));
    for line in lines.iter().filter(|line| part(line) > 0) {
        reservations::line_ship(conn, line, part(line))?;
        promised.insert(line.variant_id.clone(), part(line));
    }
    if lines.iter().all(|line| part(line) == line.outstanding()) {
        reservations::reservation_turn(conn, order_id, Status::Allocated, Status::Shipped, now)?;
    }
    Ok(promised)
}
