//! Taking from what may still be promised: everything that is wanted, or nothing.

use inventory_api::{InventoryError, MovementKind, ReserveLine, Shortage, StockLocation};
use kernel::db::AnyConnection;
use kernel::{CallError, NotExecuted};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, Entry, book, book_locked};
use crate::plan::{Part, Wanted, plan};
use crate::store::levels::{self, Level};

const MOST_LINES: usize = 200;
const MOST_COMPONENTS: usize = 100;

/// What to take, and as what.
pub(crate) struct Take<'a> {
    /// The order or the cart.
    pub(crate) order_id: &'a str,
    pub(crate) wanted: &'a Wanted,
    pub(crate) kind: MovementKind,
    pub(crate) as_delta: fn(i64) -> Delta,
    /// Where orders are sent from, by priority.
    pub(crate) locations: &'a [StockLocation],
}

/// Several lines of one variant count together, bundles as what they consist of.
pub(crate) fn wanted(lines: &[ReserveLine]) -> Result<Wanted, InventoryError> {
    if !(1..=MOST_LINES).contains(&lines.len()) {
        return Err(InventoryError::invalid("lines", format!("hold 1 to {MOST_LINES} lines")));
    }
    let mut wanted = Wanted::new();
    let mut add = |variant_id: &str, units: i64| *wanted.entry(variant_id.to_owned()).or_default() += units;
    for line in lines {
        if line.components.len() > MOST_COMPONENTS {
            return Err(InventoryError::invalid("lines", format!("a bundle has at most {MOST_COMPONENTS} parts")));
        }
        for component in &line.components {
            add(&component.variant_id, line.quantity.get() * component.quantity.get());
        }
        if line.components.is_empty() {
            add(&line.variant_id, line.quantity.get());
        }
    }
    Ok(wanted)
}

/// Takes all that is wanted and books it together with what is `given_back`, or refuses and names every variant that is
/// short. Gives where it was taken from.
pub(crate) fn take(
    conn: &mut AnyConnection,
    cause: &Cause,
    take: &Take<'_>,
    given_back: Vec<Entry>,
) -> Outcome<Vec<Part>> {
    if let Some(part) = the_only_choice(take) {
        let mut entries = given_back.clone();
        entries.push(take.entry(&part));
        let is_one_level = given_back.iter().all(|entry| entry.variant_id == part.variant_id);
        if is_one_level && book(conn, cause, Demand::Available, entries)?.is_ok() {
            return Ok(vec![part]);
        }
        // Perhaps it is at a location that this process has not heard of yet. Nobody is made to wait for looking.
        let levels = levels::levels_of(conn, &[&part.variant_id])?;
        plan(take.wanted, &freed(&levels, &given_back), take.locations).map_err(out_of_stock)?;
    }
    let variant_ids: Vec<&str> =
        take.wanted.keys().chain(given_back.iter().map(|entry| &entry.variant_id)).map(String::as_str).collect();
    let levels = levels::levels_locked(conn, &variant_ids)?;
    let parts = plan(take.wanted, &freed(&levels, &given_back), take.locations).map_err(out_of_stock)?;
    let mut entries = given_back;
    entries.extend(parts.iter().map(|part| take.entry(part)));
    match book_locked(conn, cause, Demand::Available, &levels, entries)? {
        Ok(()) => Ok(parts),
        Err(_) => Err(conflict()),
    }
}

impl Take<'_> {
    fn entry(&self, part: &Part) -> Entry {
        let place = (part.variant_id.as_str(), part.location_id.as_str());
        Entry::new(place, self.kind, (self.as_delta)(part.quantity)).of(self.order_id)
    }
}

/// Most shops have one location, and most orders one variant: then there is nothing to plan.
fn the_only_choice(take: &Take<'_>) -> Option<Part> {
    let [location] = take.locations else { return None };
    let (variant_id, quantity) = take.wanted.first_key_value().filter(|_| take.wanted.len() == 1 && location.ships)?;
    Some(Part { variant_id: variant_id.clone(), location_id: location.id.clone(), quantity: *quantity })
}

/// As the levels are once everything is given back.
fn freed(levels: &[Level], given_back: &[Entry]) -> Vec<Level> {
    let mut levels = levels.to_vec();
    for level in &mut levels {
        let is_here = |entry: &&Entry| (entry.variant_id.as_str(), entry.location_id.as_str()) == level.place();
        for delta in given_back.iter().filter(is_here).map(|entry| entry.delta).collect::<Vec<_>>() {
            *level = level.clone().moved(delta);
        }
    }
    levels
}

fn out_of_stock(shortages: Vec<Shortage>) -> CallError<InventoryError> {
    InventoryError::OutOfStock { shortages }.into()
}

/// Someone else changed the same reservation at the same moment; the next attempt will see it.
pub(crate) fn conflict() -> CallError<InventoryError> {
    CallError::not_executed(NotExecuted::Conflict)
}
