//! Counters and the ledger move together: [`book`] is the only way to change what is reserved, allocated or shipped.

use inventory_api::{MovementKind, StockChanged, StockLevel, StockMovement};
use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallCtx, Timestamp, id, outbox};

use crate::Outcome;
use crate::store::{levels, movements};

/// By how much counters move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Delta {
    pub(crate) on_hand: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
}

impl Delta {
    /// Held for an order.
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

/// One line to write: a variant, its order or import, and by how much its counters move.
pub(crate) struct Entry {
    pub(crate) variant_id: String,
    pub(crate) reference: Option<String>,
    pub(crate) delta: Delta,
}

impl Entry {
    /// A line of an order.
    pub(crate) fn of_order(order_id: &str, variant_id: &str, delta: Delta) -> Self {
        Self { variant_id: variant_id.to_owned(), reference: Some(order_id.to_owned()), delta }
    }
}

/// Why counters move; the same for all entries of a booking.
pub(crate) struct Cause {
    pub(crate) kind: MovementKind,
    pub(crate) reason: String,
    pub(crate) actor: String,
    pub(crate) trace: TraceContext,
    pub(crate) at: Timestamp,
}

impl Cause {
    /// `kind` happens because of `reason`, on behalf of the one who calls.
    pub(crate) fn of_call(ctx: &CallCtx, at: Timestamp, kind: MovementKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), actor: ctx.principal.actor(), trace: ctx.trace, at }
    }
}

/// What has to be left for a booking to be carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// What it takes may still be promised.
    Available,
    /// Nothing but that no counter falls below zero.
    Nothing,
}

/// A variant whose counters could not move; the unit of work must fail.
pub(crate) struct Refused {
    pub(crate) variant_id: String,
}

/// Moves the counters, writes the ledger and tells whose availability changed. Stops at the first refusal.
///
/// `entries` are sorted by variant: whoever moves several counters does so in this order, and nobody waits in a circle.
pub(crate) fn book(
    conn: &mut AnyConnection,
    cause: &Cause,
    demand: Demand,
    entries: &[Entry],
) -> Outcome<Result<(), Refused>> {
    debug_assert!(entries.is_sorted_by_key(|entry| &entry.variant_id));
    let mut lines = Vec::with_capacity(entries.len());
    for entries in entries.chunk_by(|one, next| one.variant_id == next.variant_id) {
        let delta = entries.iter().fold(Delta::default(), |sum, entry| sum.plus(entry.delta));
        let variant_id = &entries[0].variant_id;
        let least = (demand == Demand::Available).then(|| -delta.available());
        let Some(after) = levels::level_move(conn, variant_id, delta, least, cause.at)? else {
            return Ok(Err(Refused { variant_id: variant_id.clone() }));
        };
        tell(conn, cause, &after, after.available - delta.available())?;
        let mut on_hand = after.on_hand - delta.on_hand;
        for entry in entries {
            on_hand += entry.delta.on_hand;
            lines.push(line(cause, entry, on_hand));
        }
    }
    movements::movements_insert(conn, &lines)?;
    Ok(Ok(()))
}

/// A line of the ledger.
pub(crate) fn line(cause: &Cause, entry: &Entry, on_hand_after: i64) -> StockMovement {
    StockMovement {
        id: id::new_id("mov"),
        variant_id: entry.variant_id.clone(),
        kind: cause.kind,
        on_hand_delta: entry.delta.on_hand,
        reserved_delta: entry.delta.reserved,
        allocated_delta: entry.delta.allocated,
        on_hand_after,
        reason: cause.reason.clone(),
        actor: cause.actor.clone(),
        reference: entry.reference.clone(),
        created_at: cause.at,
    }
}

/// Tells what may be promised now, when that changed.
fn tell(conn: &mut AnyConnection, cause: &Cause, after: &StockLevel, available_before: i64) -> Outcome<()> {
    if after.available != available_before {
        let variant_id = after.variant_id.clone();
        let event = StockChanged { variant_id, available: after.available, available_before };
        outbox::publish(conn, cause.trace, &event)?;
    }
    Ok(())
}
