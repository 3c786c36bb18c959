//! Holding stock for an order that is being bought.

use std::collections::BTreeMap;
use std::time::Duration;

use inventory_api::{InventoryError, MovementKind, Reservation, Reserve, Shortage, StockLevel};
use kernel::db::{AnyConnection, Db};
use kernel::{CallCtx, CallError, NotExecuted, Timestamp};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::store::levels;
use crate::store::reservations::{self, Status};

const LONGEST_HOLD_SECONDS: u32 = 1_200;
const MOST_LINES: usize = 200;

/// How many of each variant, sorted: the order in which counters move.
pub(crate) type Wanted = BTreeMap<String, i64>;

/// Holds all lines or none.
pub(crate) async fn reserve(db: &Db, now: Timestamp, ctx: &CallCtx, request: Reserve) -> Outcome<Reservation> {
    let wanted = wanted(&request)?;
    let cause = Cause::of_call(ctx, now, MovementKind::Reserved, "held for an order");
    let expires_at = now.plus(Duration::from_secs(request.hold_seconds.into()));
    let hold = Reservation { order_id: request.order_id.clone(), expires_at };
    let key = request.key.to_string();
    db.write_once(key, "reserve", &request, move |conn| hold_all(conn, &cause, hold, &wanted)).await
}

/// Several lines of one variant count together.
fn wanted(request: &Reserve) -> Result<Wanted, InventoryError> {
    if !(1..=LONGEST_HOLD_SECONDS).contains(&request.hold_seconds) {
        return Err(InventoryError::invalid("hold_seconds", format!("use 1 to {LONGEST_HOLD_SECONDS}")));
    }
    if !(1..=MOST_LINES).contains(&request.lines.len()) {
        return Err(InventoryError::invalid("lines", format!("hold 1 to {MOST_LINES} lines")));
    }
    let mut wanted = Wanted::new();
    for line in &request.lines {
        *wanted.entry(line.variant_id.clone()).or_default() += line.quantity.get();
    }
    Ok(wanted)
}

fn hold_all(conn: &mut AnyConnection, cause: &Cause, hold: Reservation, wanted: &Wanted) -> Outcome<Reservation> {
    if !reservations::reservation_insert(conn, &hold, Status::Held, cause.at)? {
        return hold_again(conn, cause, hold, wanted);
    }
    reservations::lines_insert(conn, &hold.order_id, wanted)?;
    take(conn, cause, &hold.order_id, wanted, Delta::held)?;
    Ok(hold)
}

/// The order has been here before.
fn hold_again(conn: &mut AnyConnection, cause: &Cause, hold: Reservation, wanted: &Wanted) -> Outcome<Reservation> {
    let Some((status, expires_at)) = reservations::reservation(conn, &hold.order_id)? else {
        return Err(conflict());
    };
    if status == Status::Released {
        return Err(InventoryError::NothingReserved.into());
    }
    if wanted_before(conn, &hold.order_id)? != *wanted {
        return Err(InventoryError::invalid("lines", "an order holds other lines already").into());
    }
    match status {
        Status::Expired if reservations::reservation_renew(conn, &hold, (status, expires_at), cause.at)? => {
            take(conn, cause, &hold.order_id, wanted, Delta::held)?;
            Ok(hold)
        }
        // Its time ran out, but nobody has ended it yet: it holds what it held.
        Status::Held if expires_at < cause.at => {
            let renewed = reservations::reservation_renew(conn, &hold, (status, expires_at), cause.at)?;
            renewed.then_some(hold).ok_or_else(conflict)
        }
        Status::Expired => Err(conflict()),
        Status::Held | Status::Allocated | Status::Shipped | Status::Released => Ok(Reservation { expires_at, ..hold }),
    }
}

fn wanted_before(conn: &mut AnyConnection, order_id: &str) -> Outcome<Wanted> {
    let lines = reservations::lines_of_order(conn, order_id)?;
    Ok(lines.into_iter().map(|line| (line.variant_id, line.quantity)).collect())
}

/// Takes from what may still be promised, or refuses and names every variant that is short.
pub(crate) fn take(
    conn: &mut AnyConnection,
    cause: &Cause,
    order_id: &str,
    wanted: &Wanted,
    as_delta: fn(i64) -> Delta,
) -> Outcome<()> {
    let entry = |(variant_id, quantity): (&String, &i64)| Entry::of_order(order_id, variant_id, as_delta(*quantity));
    let entries: Vec<_> = wanted.iter().map(entry).collect();
    match book(conn, cause, Demand::Available, &entries)? {
        Ok(()) => Ok(()),
        // Those before the refused one had enough, and their counters have moved, which will be undone.
        Err(refused) => Err(out_of_stock(conn, wanted.range(refused.variant_id..))?),
    }
}

fn out_of_stock<'a>(
    conn: &mut AnyConnection,
    wanted: impl Iterator<Item = (&'a String, &'a i64)> + Clone,
) -> Outcome<CallError<InventoryError>> {
    let variant_ids: Vec<&str> = wanted.clone().map(|(variant_id, _)| variant_id.as_str()).collect();
    let levels = levels::levels_of(conn, &variant_ids)?;
    let level = |variant_id: &str| levels.iter().find(|level| level.variant_id == variant_id);
    let shortage = |(variant_id, quantity): (&String, &i64)| shortage(variant_id, *quantity, level(variant_id));
    let shortages: Vec<_> = wanted.filter_map(shortage).collect();
    // What was short a moment ago may have come back since.
    Ok(if shortages.is_empty() { conflict() } else { InventoryError::OutOfStock { shortages }.into() })
}

fn shortage(variant_id: &str, wanted: i64, level: Option<&StockLevel>) -> Option<Shortage> {
    let enough = level.is_some_and(|level| level.can_promise(wanted));
    let available = level.map_or(0, |level| level.available.max(0));
    (!enough).then(|| Shortage { variant_id: variant_id.to_owned(), wanted, available })
}

/// Someone else changed the same reservation at the same moment; the next attempt will see it.
pub(crate) fn conflict() -> CallError<InventoryError> {
    CallError::not_executed(NotExecuted::Conflict)
}
