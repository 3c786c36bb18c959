//! Giving back what an order or a cart holds or was promised.

use std::time::Duration;

use inventory_api::{InventoryError, MovementKind, Release, ReservationStatus as Status};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError};

use crate::ledger::{Cause, Delta, Demand, Entry, book, book_locked};
use crate::set_stock::check_reason;
use crate::store::levels;
use crate::store::reservations::{self, Head, Line, Visitor};
use crate::take::conflict;
use crate::{Module, Outcome};

/// Gives back what has not been shipped. Afterwards the order can hold nothing any more, unless it may return.
pub(crate) async fn release(module: &Module, ctx: &CallCtx, request: Release) -> Outcome<()> {
    let cause = Cause::of_call(ctx, module.clock.now(), check_reason(&request.reason)?);
    let (key, wish) = (request.key.to_string(), request.clone());
    module.db.write_once(key, "release", &request, move |conn| end(conn, &cause, &wish)).await
}

fn end(conn: &mut AnyConnection, cause: &Cause, wish: &Release) -> Outcome<()> {
    let order_id = wish.order_id.as_str();
    let Some(Head { status, .. }) = reservations::reservation(conn, order_id)? else {
        return if wish.may_return { Ok(()) } else { remember(conn, cause, order_id) };
    };
    let becomes = if wish.may_return { Status::Expired } else { Status::Released };
    match status {
        Status::Held | Status::Allocated | Status::Expired => {}
        _ => return Ok(()),
    }
    if wish.may_return && status != Status::Held {
        return Ok(());
    }
    if !reservations::reservation_turn(conn, order_id, status, becomes, cause.at)? {
        return Err(conflict());
    }
    if status == Status::Expired {
        return Ok(());
    }
    let lines = reservations::lines_of_order(conn, order_id)?;
    match status {
        Status::Held => give_back(conn, cause, &lines, |quantity| Delta::held(-quantity)),
        _ if wish.write_off => write_off(conn, cause, &lines),
        _ => give_back(conn, cause, &lines, |quantity| Delta::promised(-quantity)),
    }
}

/// What remains tells a reserve that comes late that it must not hold anything.
fn remember(conn: &mut AnyConnection, cause: &Cause, order_id: &str) -> Outcome<()> {
    let head = Head {
        order_id: order_id.to_owned(),
        status: Status::Released,
        expires_at: cause.at,
        // A cart that held nothing may hold at once.
        held_since: cause.at.minus(Duration::from_secs(24 * 3600)),
        cart_id: None,
        visitor: Visitor::default(),
    };
    let first = reservations::reservation_insert(conn, &head, cause.at)?;
    first.then_some(()).ok_or_else(conflict)
}

/// Moves what has not been shipped of `lines` back.
pub(crate) fn give_back(
    conn: &mut AnyConnection,
    cause: &Cause,
    lines: &[Line],
    as_delta: fn(i64) -> Delta,
) -> Outcome<()> {
    let entries = entries_back(lines, as_delta);
    book(conn, cause, Demand::Nothing, entries)?.map_err(|refused| level_is_gone(&refused.variant_id))
}

/// What has not been shipped of `lines`, as it is given back.
pub(crate) fn entries_back(lines: &[Line], as_delta: fn(i64) -> Delta) -> Vec<Entry> {
    let entry = |line: &Line| {
        let place = (line.variant_id.as_str(), line.location_id.as_str());
        Entry::new(place, MovementKind::Released, as_delta(line.outstanding())).of(&line.order_id)
    };
    lines.iter().filter(|line| line.outstanding() > 0).map(entry).collect()
}

/// What was promised is lost: it is promised to nobody any more, and not there.
fn write_off(conn: &mut AnyConnection, cause: &Cause, lines: &[Line]) -> Outcome<()> {
    let variant_ids: Vec<&str> = lines.iter().map(|line| line.variant_id.as_str()).collect();
    let levels = levels::levels_locked(conn, &variant_ids)?;
    let mut entries = entries_back(lines, |quantity| Delta::promised(-quantity));
    for line in lines.iter().filter(|line| line.outstanding() > 0) {
        let place = (line.variant_id.as_str(), line.location_id.as_str());
        let on_hand = levels.iter().find(|level| level.place() == place).map_or(0, |level| level.on_hand);
        let lost = Delta::on_hand(-line.outstanding().min(on_hand));
        entries.push(Entry::new(place, MovementKind::Adjusted, lost).of(&line.order_id));
    }
    let booked = book_locked(conn, cause, Demand::Nothing, &levels, entries)?;
    booked.map_err(|refused| level_is_gone(&refused.variant_id))
}

/// Levels are never deleted, so this says that someone changed the tables by hand.
pub(crate) fn level_is_gone(variant_id: &str) -> CallError<InventoryError> {
    CallError::Internal(format!("the stock level of {variant_id}, of which an order holds some, is gone"))
}
