//! Goods leave: `fulfillment.shipped` lowers what is on hand and what is promised.

use std::collections::BTreeMap;

use inventory_api::{MovementKind, ReservationStatus as Status, StockLocation};
use kernel::db::AnyConnection;
use kernel::inbox::Subscription;
use kernel::trace::TraceContext;
use kernel::{Clock, Timestamp};
use orders_api::FulfillmentShipped;

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, Entry, book_locked};
use crate::release::level_is_gone;
use crate::store::levels::{self, Level};
use crate::store::locations;
use crate::store::reservations;

/// Listens to parcels that leave; each is counted once.
pub(crate) fn shipments(clock: Clock) -> Subscription {
    Subscription::new("inventory.shipments", "orders")
        .on::<FulfillmentShipped>(move |conn, envelope, event| {
            Ok(goods_left(conn, envelope.trace_context(), clock.now(), &event)?)
        })
        .once()
}

/// How many of a variant leave a location, and how many of them were promised to the order.
#[derive(Default)]
struct Leaving {
    units: i64,
    promised: i64,
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
    let locations = locations::locations(conn)?;
    let promised = promised_parts(conn, &order_id, &left, &locations, now)?;
    let variant_ids: Vec<&str> = left.keys().copied().collect();
    let levels = levels::levels_locked(conn, &variant_ids)?;
    let leaving = from_where(&left, &promised, &levels, &locations);
    if left.keys().any(|variant_id| !levels.iter().any(|level| level.variant_id == *variant_id)) {
        tracing::warn!(order_id, "a parcel left with goods that were never stocked");
    }
    let entry = |level: &Level| {
        let part = leaving.get(&level.place()).filter(|part| part.units > 0 || part.promised > 0)?;
        let delta = Delta { on_hand: -part.units.min(level.on_hand), allocated: -part.promised, ..Delta::default() };
        Some(Entry::new(level.place(), MovementKind::Shipped, delta).of(&order_id))
    };
    let entries = levels.iter().filter_map(entry).collect();
    let cause = Cause {
        reason: format!("left with {}", event.fulfillment_id),
        actor: "module:orders".to_owned(),
        trace,
        at: now,
    };
    let booked = book_locked(conn, &cause, Demand::Nothing, &levels, entries)?;
    booked.map_err(|refused| level_is_gone(&refused.variant_id))
}

/// How many of what left were promised to the order, by variant and location; marks them as shipped.
fn promised_parts(
    conn: &mut AnyConnection,
    order_id: &str,
    left: &BTreeMap<&str, i64>,
    locations: &[StockLocation],
    now: Timestamp,
) -> Outcome<BTreeMap<(String, String), i64>> {
    let mut promised = BTreeMap::new();
    // Turning it into itself makes everyone else who wants to change it wait.
    if !reservations::reservation_turn(conn, order_id, Status::Allocated, Status::Allocated, now)? {
        tracing::warn!(order_id, "a parcel left of an order that was promised nothing");
        return Ok(promised);
    }
    let mut lines = reservations::lines_of_order(conn, order_id)?;
    lines.sort_by_key(|line| rank(locations, &line.location_id));
    let mut open = left.clone();
    let mut all_left = true;
    for line in &lines {
        let of_variant = open.get_mut(line.variant_id.as_str());
        let units = of_variant.as_ref().map_or(0, |open| line.outstanding().min(**open));
        all_left &= units == line.outstanding();
        if let Some(open) = of_variant.filter(|_| units > 0) {
            *open -= units;
            reservations::line_ship(conn, line, units)?;
            promised.insert((line.variant_id.clone(), line.location_id.clone()), units);
        }
    }
    if all_left {
        reservations::reservation_turn(conn, order_id, Status::Allocated, Status::Shipped, now)?;
    }
    Ok(promised)
}

/// What was promised leaves where it was promised; what was not leaves where something is.
fn from_where<'a>(
    left: &BTreeMap<&str, i64>,
    promised: &BTreeMap<(String, String), i64>,
    levels: &'a [Level],
    locations: &[StockLocation],
) -> BTreeMap<(&'a str, &'a str), Leaving> {
    let mut leaving = BTreeMap::<(&str, &str), Leaving>::new();
    let mut open = left.clone();
    for level in levels {
        let key = (level.variant_id.clone(), level.location_id.clone());
        if let (Some(&units), Some(open)) = (promised.get(&key), open.get_mut(level.variant_id.as_str())) {
            leaving.insert(level.place(), Leaving { units, promised: units });
            *open -= units;
        }
    }
    let mut by_rank: Vec<&Level> = levels.iter().collect();
    by_rank.sort_by_key(|level| rank(locations, &level.location_id));
    for level in by_rank {
        let part = leaving.entry(level.place()).or_default();
        if let Some(open) = open.get_mut(level.variant_id.as_str()) {
            let units = (level.on_hand - part.units).clamp(0, *open);
            part.units += units;
            *open -= units;
        }
    }
    leaving
}

/// The place of a location in the order in which orders are sent from there.
fn rank(locations: &[StockLocation], id: &str) -> usize {
    locations.iter().position(|location| location.id == id).unwrap_or(usize::MAX)
}
