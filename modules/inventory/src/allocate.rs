//! Turning what an order holds into a promise.

use inventory_api::{Allocate, InventoryError, MovementKind};
use kernel::db::{AnyConnection, Db};
use kernel::{CallCtx, CallError, Timestamp};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::reserve::{conflict, take};
use crate::store::reservations::{self, Status};

/// Promises what the order holds, or what it held, as long as that is still there.
pub(crate) async fn allocate(db: &Db, now: Timestamp, ctx: &CallCtx, request: Allocate) -> Outcome<()> {
    let cause = Cause::of_call(ctx, now, MovementKind::Allocated, "promised to a placed order");
    let (key, order_id) = (request.key.to_string(), request.order_id.clone());
    db.write_once(key, "allocate", &request, move |conn| promise(conn, &cause, &order_id)).await
}

fn promise(conn: &mut AnyConnection, cause: &Cause, order_id: &str) -> Outcome<()> {
    if reservations::reservation_turn(conn, order_id, Status::Held, Status::Allocated, cause.at)? {
        return promise_held(conn, cause, order_id);
    }
    match reservations::reservation(conn, order_id)?.map(|(status, _)| status) {
        Some(Status::Allocated | Status::Shipped) => Ok(()),
        Some(Status::Expired) => promise_expired(conn, cause, order_id),
        Some(Status::Held) => Err(conflict()),
        Some(Status::Released) | None => Err(InventoryError::NothingReserved.into()),
    }
}

fn promise_held(conn: &mut AnyConnection, cause: &Cause, order_id: &str) -> Outcome<()> {
    let lines = reservations::lines_of_order(conn, order_id)?;
    let entries: Vec<_> = lines
        .iter()
        .map(|line| Entry::of_order(order_id, &line.variant_id, Delta::hold_promised(line.quantity)))
        .collect();
    book(conn, cause, Demand::Nothing, &entries)?.map_err(|refused| level_is_gone(&refused.variant_id))
}

/// The hold ran out; what it held may be there still.
fn promise_expired(conn: &mut AnyConnection, cause: &Cause, order_id: &str) -> Outcome<()> {
    if !reservations::reservation_turn(conn, order_id, Status::Expired, Status::Allocated, cause.at)? {
        return Err(conflict());
    }
    let lines = reservations::lines_of_order(conn, order_id)?;
    let wanted = lines.into_iter().map(|line| (line.variant_id, line.quantity)).collect();
    take(conn, cause, order_id, &wanted, Delta::promised)
}

/// Levels are never deleted, so this says that someone changed the tables by hand.
pub(crate) fn level_is_gone(variant_id: &str) -> CallError<InventoryError> {
    CallError::Internal(format!("the stock level of {variant_id}, of which an order holds some, is gone"))
}
