//! Adding to or taking from what is there: damage, finds, corrections.

use inventory_api::{Adjust, InventoryError, MovementKind, StockLevel};
use kernel::db::{AnyConnection, Db};
use kernel::{CallCtx, CallError, Timestamp};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, Entry, Refused, book};
use crate::set_stock::check_reason;
use crate::store::levels;

/// Moves `on_hand` by `delta`, whatever is held or promised.
pub(crate) async fn adjust(db: &Db, now: Timestamp, ctx: &CallCtx, request: Adjust) -> Outcome<StockLevel> {
    let cause = Cause::of_call(ctx, now, MovementKind::Adjusted, check_reason(&request.reason)?);
    if request.delta == 0 || request.delta.unsigned_abs() > levels::MOST_ON_HAND.unsigned_abs() {
        let problem = format!("use a whole number that is not 0, up to {}", levels::MOST_ON_HAND);
        return Err(InventoryError::invalid("delta", problem).into());
    }
    let key = request.key.to_string();
    let (variant_id, delta) = (request.variant_id.clone(), request.delta);
    db.write_once(key, "adjust", &request, move |conn| change_on_hand(conn, &cause, variant_id, delta)).await
}

fn change_on_hand(conn: &mut AnyConnection, cause: &Cause, variant_id: String, delta: i64) -> Outcome<StockLevel> {
    let entry = Entry { variant_id, reference: None, delta: Delta { on_hand: delta, ..Delta::default() } };
    let booked = book(conn, cause, Demand::Nothing, std::slice::from_ref(&entry))?;
    let level = levels::levels_of(conn, &[&entry.variant_id])?.pop().ok_or(InventoryError::NotFound)?;
    match booked {
        Ok(()) => Ok(level),
        Err(Refused { .. }) => Err(CallError::Domain(out_of_bounds(&level))),
    }
}

fn out_of_bounds(level: &StockLevel) -> InventoryError {
    let (least, most) = (-level.on_hand, levels::MOST_ON_HAND - level.on_hand);
    InventoryError::invalid("delta", format!("{} are on hand; use {least} to {most}", level.on_hand))
}
