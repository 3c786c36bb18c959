//! Giving back what an order holds or was promised.

use inventory_api::{MovementKind, Release, Reservation};
use kernel::db::{AnyConnection, Db};
use kernel::{CallCtx, Timestamp};

use crate::Outcome;
use crate::allocate::level_is_gone;
use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::reserve::conflict;
use crate::set_stock::check_reason;
use crate::store::reservations::{self, Line, Status};

/// Gives back what has not been shipped. Afterwards the order can hold nothing any more.
pub(crate) async fn release(db: &Db, now: Timestamp, ctx: &CallCtx, request: Release) -> Outcome<()> {
    let cause = Cause::of_call(ctx, now, MovementKind::Released, check_reason(&request.reason)?);
    let (key, order_id) = (request.key.to_string(), request.order_id.clone());
    db.write_once(key, "release", &request, move |conn| end(conn, &cause, order_id)).await
}

fn end(conn: &mut AnyConnection, cause: &Cause, order_id: String) -> Outcome<()> {
    let Some((status, _)) = reservations::reservation(conn, &order_id)? else {
        // What remains tells a reserve that comes late that it must not hold anything.
        let none = Reservation { order_id, expires_at: cause.at };
        let first = reservations::reservation_insert(conn, &none, Status::Released, cause.at)?;
        return if first { Ok(()) } else { Err(conflict()) };
    };
    let back: fn(i64) -> Delta = match status {
        Status::Released | Status::Shipped => return Ok(()),
        Status::Held => |quantity| Delta::held(-quantity),
        Status::Allocated => |quantity| Delta::promised(-quantity),
        Status::Expired => |_| Delta::default(),
    };
    if !reservations::reservation_turn(conn, &order_id, status, Status::Released, cause.at)? {
        return Err(conflict());
    }
    if status == Status::Expired {
        return Ok(());
    }
    let lines = reservations::lines_of_order(conn, &order_id)?;
    give_back(conn, cause, &lines, back)
}

/// Moves what has not been shipped of `lines`, which are sorted by variant, back.
pub(crate) fn give_back(
    conn: &mut AnyConnection,
    cause: &Cause,
    lines: &[Line],
    as_delta: fn(i64) -> Delta,
) -> Outcome<()> {
    let entry = |line: &Line| Entry::of_order(&line.order_id, &line.variant_id, as_delta(line.outstanding()));
    let entries: Vec<_> = lines.iter().filter(|line| line.outstanding() > 0).map(entry).collect();
    book(conn, cause, Demand::Nothing, &entries)?.map_err(|refused| level_is_gone(&refused.variant_id))
}
