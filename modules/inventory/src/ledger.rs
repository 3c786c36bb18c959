//! Counters and the ledger move together: [`book`] is the only way to change what is reserved, allocated or shipped.

use inventory_api::{MovementKind, StockChanged, StockLow, StockMovement};
use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallCtx, CallError, Timestamp, id, outbox};

use crate::Outcome;
use crate::store::levels::{self, Level};
use crate::store::{movements, unmet};

/// By how much counters move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
}

impl Delta {
    /// On the shelf.
    pub(crate) fn on_hand(quantity: i64) -> Self {
        Self { on_hand: quantity, ..Self::default() }
    }

    /// Held for a cart or an order.
    pub(crate) fn held(quantity: i64) -> Self {
        Self { reserved: quantity, ..Self::default() }
    }

    /// Promised to an order that held nothing any more.
    pub(crate) fn promised(quantity: i64) -> Self {
        Self { allocated: quantity, ..Self::default() }
    }

    /// A hold became a promise.
    pub(crate) fn hold_promised(quantity: i64) -> Self {
        Self { reserved: -quantity, allocated: quantity, ..Self::default() }
    }

    /// By how much that moves what may still be promised.
    pub(crate) fn available(self) -> i64 {
        self.on_hand - self.reserved - self.allocated
    }

    fn plus(self, other: Self) -> Self {
        Self {
            on_hand: self.on_hand + other.on_hand,
            reserved: self.reserved + other.reserved,
            allocated: self.allocated + other.allocated,
        }
    }
}

/// One line to write: what happens to a variant at a location, and by how much its counters move.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
    pub(crate) kind: MovementKind,
    /// The order, cart, delivery or import it belongs to.
    pub(crate) reference: Option<String>,
    pub(crate) delta: Delta,
}

impl Entry {
    /// Nothing in particular belongs to it.
    pub(crate) fn new((variant_id, location_id): (&str, &str), kind: MovementKind, delta: Delta) -> Self {
        Self { variant_id: variant_id.to_owned(), location_id: location_id.to_owned(), kind, reference: None, delta }
    }

    /// It belongs to an order or a cart.
    pub(crate) fn of(self, reference: &str) -> Self {
        Self { reference: Some(reference.to_owned()), ..self }
    }

    fn place(&self) -> (&str, &str) {
        (&self.variant_id, &self.location_id)
    }
}

/// Why counters move; the same for all entries of a booking.
pub(crate) struct Cause {
    pub(crate) reason: String,
    pub(crate) actor: String,
    pub(crate) trace: TraceContext,
    pub(crate) at: Timestamp,
}

impl Cause {
    /// Because of `reason`, on behalf of the one who calls.
    pub(crate) fn of_call(ctx: &CallCtx, at: Timestamp, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), actor: ctx.principal.actor(), trace: ctx.trace, at }
    }
}

/// What has to be left for a booking to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demand {
    /// What it takes may still be promised.
    Available,
    /// Nothing but that no counter falls below zero.
    Nothing,
}

/// A level whose counters could not move; the unit of work must fail.
pub(crate) struct Refused {
    pub(crate) variant_id: String,
}

/// Moves the counters, writes the ledger and tells whose availability changed. Stops at the first refusal.
///
/// Whoever moves several counters does so by variant and then by location, so that nobody waits in a circle.
pub(crate) fn book(
    conn: &mut AnyConnection,
    cause: &Cause,
    demand: Demand,
    mut entries: Vec<Entry>,
) -> Outcome<Result<(), Refused>> {
    entries.sort_by(|one, other| one.place().cmp(&other.place()));
    match entries.as_slice() {
        [] => Ok(Ok(())),
        [first, .., last] if first.place() != last.place() => {
            let variant_ids: Vec<&str> = entries.iter().map(|entry| entry.variant_id.as_str()).collect();
            let levels = levels::levels_locked(conn, &variant_ids)?;
            book_locked(conn, cause, demand, &levels, entries)
        }
        [first, ..] => book_one(conn, cause, demand, first.place(), &entries),
    }
}

/// The same for one level: a single statement that takes nothing when not enough is left.
fn book_one(
    conn: &mut AnyConnection,
    cause: &Cause,
    demand: Demand,
    place: (&str, &str),
    entries: &[Entry],
) -> Outcome<Result<(), Refused>> {
    let delta = sum(entries);
    let least = (demand == Demand::Available && delta.available() < 0).then(|| -delta.available());
    let Some(after) = levels::level_move(conn, place, delta, least, cause.at)? else {
        return Ok(Err(Refused { variant_id: place.0.to_owned() }));
    };
    check(&after, least)?;
    write_down(conn, cause, &[(after, delta, entries)])?;
    Ok(Ok(()))
}

/// The same for levels that this unit of work has locked: two statements, however many they are.
pub(crate) fn book_locked(
    conn: &mut AnyConnection,
    cause: &Cause,
    demand: Demand,
    levels: &[Level],
    mut entries: Vec<Entry>,
) -> Outcome<Result<(), Refused>> {
    entries.sort_by(|one, other| one.place().cmp(&other.place()));
    let mut booked = Vec::with_capacity(levels.len());
    for entries in entries.chunk_by(|one, next| one.place() == next.place()) {
        let refused = || Refused { variant_id: entries[0].variant_id.clone() };
        let Some(level) = levels.iter().find(|level| level.place() == entries[0].place()) else {
            return Ok(Err(refused()));
        };
        let delta = sum(entries);
        let least = (demand == Demand::Available && delta.available() < 0).then(|| -delta.available());
        let short = least.is_some_and(|least| level.is_limited() && level.available() < least);
        if short || !(0..=levels::MOST_ON_HAND).contains(&(level.on_hand + delta.on_hand)) {
            return Ok(Err(refused()));
        }
        let after = level.clone().moved(delta);
        check(&after, least)?;
        booked.push((after, delta, entries));
    }
    let moves: Vec<_> = booked.iter().map(|(after, delta, _)| (after.place(), *delta)).collect();
    if levels::levels_move(conn, &moves, cause.at)? != moves.len() {
        return Err(alarm("I-S2", "a level that was locked did not move", &moves));
    }
    write_down(conn, cause, &booked)?;
    Ok(Ok(()))
}

fn sum(entries: &[Entry]) -> Delta {
    entries.iter().fold(Delta::default(), |sum, entry| sum.plus(entry.delta))
}

/// What is true of every level that was just changed; when it is not, nothing of the change is kept.
fn check(after: &Level, least: Option<i64>) -> Outcome<()> {
    if after.on_hand < 0 || after.reserved < 0 || after.allocated < 0 {
        return Err(alarm("I-S1", "a counter is below zero", after));
    }
    if least.is_some() && after.is_limited() && after.available() < 0 {
        return Err(alarm("I-S1", "more was taken than was available", after));
    }
    Ok(())
}

/// The change is undone, and the log says that there is a fault which people have to look at.
pub(crate) fn alarm(
    invariant: &'static str,
    message: &str,
    row: &dyn std::fmt::Debug,
) -> CallError<inventory_api::InventoryError> {
    tracing::error!(invariant, message, ?row, "an invariant would have been broken, and the change was undone");
    CallError::Internal(format!("{invariant}: {message}"))
}

/// The ledger, and what others are told.
fn write_down(conn: &mut AnyConnection, cause: &Cause, booked: &[(Level, Delta, &[Entry])]) -> Outcome<()> {
    let mut lines = Vec::with_capacity(booked.len());
    for (after, delta, entries) in booked {
        tell(conn, cause, after, after.available() - delta.available())?;
        if delta.on_hand < 0 && after.is_unmet() {
            unmet::unmet_insert(conn, after.place(), cause.at)?;
        }
        let mut on_hand = after.on_hand - delta.on_hand;
        for entry in *entries {
            on_hand += entry.delta.on_hand;
            lines.push(line(cause, entry, on_hand));
        }
    }
    movements::movements_insert(conn, &lines)?;
    Ok(())
}

/// A line of the ledger.
pub(crate) fn line(cause: &Cause, entry: &Entry, on_hand_after: i64) -> StockMovement {
    StockMovement {
        id: id::new_id("mov"),
        variant_id: entry.variant_id.clone(),
        kind: entry.kind,
        on_hand_delta: entry.delta.on_hand,
        reserved_delta: entry.delta.reserved,
        allocated_delta: entry.delta.allocated,
        on_hand_after,
        reason: cause.reason.clone(),
        actor: cause.actor.clone(),
        reference: entry.reference.clone(),
        created_at: cause.at,
        location_id: entry.location_id.clone(),
    }
}

/// Tells what may be promised now, when that changed, and when it fell to the threshold.
fn tell(conn: &mut AnyConnection, cause: &Cause, after: &Level, available_before: i64) -> Outcome<()> {
    if after.available() != available_before {
        outbox::publish(conn, cause.trace, &change_of(after.place(), after.available(), available_before))?;
    }
    if after.is_low() && available_before > after.low_stock_threshold {
        tell_low(conn, cause, after)?;
    }
    Ok(())
}

/// What others are told when what may be promised, or by which rules, changes.
pub(crate) fn change_of(
    (variant_id, location_id): (&str, &str),
    available: i64,
    available_before: i64,
) -> StockChanged {
    let (variant_id, location_id) = (variant_id.to_owned(), location_id.to_owned());
    StockChanged { variant_id, available, available_before, location_id }
}

/// Tells that little is left.
pub(crate) fn tell_low(conn: &mut AnyConnection, cause: &Cause, level: &Level) -> Outcome<()> {
    let event = StockLow {
        variant_id: level.variant_id.clone(),
        location_id: level.location_id.clone(),
        sku: (!level.sku.is_empty()).then(|| level.sku.clone()),
        available: level.available(),
        low_stock_threshold: level.low_stock_threshold,
    };
    outbox::publish(conn, cause.trace, &event)?;
    Ok(())
}
