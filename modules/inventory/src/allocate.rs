//! Turning what an order holds into a promise, and changing what a placed order was promised.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use inventory_api::{Allocate, InventoryError, MovementKind, ReservationStatus as Status, StockLocation};
use kernel::CallCtx;
use kernel::db::AnyConnection;

use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::locations::all_locations;
use crate::plan::{Part, Wanted};
use crate::release::level_is_gone;
use crate::reserve::{as_line, in_all};
use crate::store::reservations::{self, Line};
use crate::take::{Take, conflict, take, wanted};
use crate::{Module, Outcome};

/// Promises what the order holds, or what it held, as long as that is still there.
pub(crate) async fn allocate(module: &Module, ctx: &CallCtx, request: Allocate) -> Outcome<()> {
    let is_edited = !request.lines.is_empty();
    let order = Order {
        order_id: request.order_id.clone(),
        wanted: if is_edited { wanted(&request.lines)? } else { Wanted::new() },
        cause: Cause::of_call(
            ctx,
            module.clock.now(),
            if is_edited { "the order was changed" } else { "promised to a placed order" },
        ),
        locations: all_locations(module).await?,
    };
    let key = request.key.to_string();
    let work =
        move |conn: &mut AnyConnection| if is_edited { order.promise_other_lines(conn) } else { order.promise(conn) };
    module.db.write_once(key, "allocate", &request, work).await
}

/// An order that is to be promised something.
struct Order {
    order_id: String,
    wanted: Wanted,
    cause: Cause,
    locations: Arc<[StockLocation]>,
}

impl Order {
    fn promise(&self, conn: &mut AnyConnection) -> Outcome<()> {
        if self.turn(conn, Status::Held, Status::Allocated)? {
            return self.promise_held(conn);
        }
        match reservations::reservation(conn, &self.order_id)?.map(|head| head.status) {
            Some(Status::Allocated | Status::Shipped) => Ok(()),
            Some(Status::Expired) => self.promise_expired(conn),
            Some(Status::Held) => Err(conflict()),
            _ => Err(InventoryError::NothingReserved.into()),
        }
    }

    fn turn(&self, conn: &mut AnyConnection, from: Status, to: Status) -> Outcome<bool> {
        Ok(reservations::reservation_turn(conn, &self.order_id, from, to, self.cause.at)?)
    }

    fn promise_held(&self, conn: &mut AnyConnection) -> Outcome<()> {
        let lines = reservations::lines_of_order(conn, &self.order_id)?;
        let entry = |line: &Line| {
            let place = (line.variant_id.as_str(), line.location_id.as_str());
            Entry::new(place, MovementKind::Allocated, Delta::hold_promised(line.quantity)).of(&self.order_id)
        };
        let booked = book(conn, &self.cause, Demand::Nothing, lines.iter().map(entry).collect())?;
        booked.map_err(|refused| level_is_gone(&refused.variant_id))
    }

    /// The hold ran out; what it held may be there still, here or elsewhere.
    fn promise_expired(&self, conn: &mut AnyConnection) -> Outcome<()> {
        if !self.turn(conn, Status::Expired, Status::Allocated)? {
            return Err(conflict());
        }
        let wanted = in_all(&reservations::lines_of_order(conn, &self.order_id)?);
        let parts = self.take(conn, &wanted, Vec::new())?;
        reservations::lines_delete(conn, &self.order_id)?;
        reservations::lines_insert(conn, &self.order_id, parts.iter().map(as_line))?;
        Ok(())
    }

    fn take(&self, conn: &mut AnyConnection, wanted: &Wanted, given_back: Vec<Entry>) -> Outcome<Vec<Part>> {
        let wish = Take {
            order_id: &self.order_id,
            wanted,
            kind: MovementKind::Allocated,
            as_delta: Delta::promised,
            locations: &self.locations,
        };
        take(conn, &self.cause, &wish, given_back)
    }

    /// More is taken where it is there, less is given back; what has left stays.
    fn promise_other_lines(&self, conn: &mut AnyConnection) -> Outcome<()> {
        let status = reservations::reservation_locked(conn, &self.order_id)?.map(|head| head.status);
        if !matches!(status, Some(Status::Allocated | Status::Shipped)) {
            return Err(InventoryError::NothingReserved.into());
        }
        let mut lines = reservations::lines_of_order(conn, &self.order_id)?;
        let (more, fewer) = self.differences(&lines)?;
        let given_back = self.shrink(conn, &mut lines, fewer)?;
        if more.is_empty() {
            let booked = book(conn, &self.cause, Demand::Nothing, given_back)?;
            booked.map_err(|refused| level_is_gone(&refused.variant_id))?;
        } else {
            for part in self.take(conn, &more, given_back)? {
                self.grow(conn, &mut lines, &part)?;
            }
        }
        let all_left = lines.iter().all(|line| line.outstanding() == 0);
        let becomes = if all_left { Status::Shipped } else { Status::Allocated };
        let from = status.unwrap_or(Status::Allocated);
        self.turn(conn, from, becomes)?.then_some(()).ok_or_else(conflict)
    }

    /// How many more and how many fewer of each variant are wanted.
    fn differences(&self, lines: &[Line]) -> Result<(Wanted, Wanted), InventoryError> {
        let (present, mut more, mut fewer) = (in_all(lines), Wanted::new(), Wanted::new());
        for variant_id in present.keys().chain(self.wanted.keys()).collect::<BTreeSet<_>>() {
            let of = |units: &Wanted| units.get(variant_id).copied().unwrap_or(0);
            let (was, will) = (of(&present), of(&self.wanted));
            let has_left: i64 =
                lines.iter().filter(|line| line.variant_id == *variant_id).map(|line| line.shipped).sum();
            if will < has_left {
                return Err(InventoryError::invalid("lines", format!("{has_left} of {variant_id} have left already")));
            }
            match will.cmp(&was) {
                Ordering::Greater => more.insert(variant_id.clone(), will - was),
                Ordering::Less => fewer.insert(variant_id.clone(), was - will),
                Ordering::Equal => None,
            };
        }
        Ok((more, fewer))
    }

    /// Takes off what is too much, from the last location first.
    fn shrink(&self, conn: &mut AnyConnection, lines: &mut Vec<Line>, mut fewer: Wanted) -> Outcome<Vec<Entry>> {
        let mut given_back = Vec::new();
        for line in lines.iter_mut().rev() {
            let Some(open) = fewer.get_mut(&line.variant_id) else { continue };
            let units = line.outstanding().min(*open);
            if units > 0 {
                *open -= units;
                line.quantity -= units;
                reservations::line_resize(conn, line, line.quantity)?;
                let place = (line.variant_id.as_str(), line.location_id.as_str());
                let entry = Entry::new(place, MovementKind::Released, Delta::promised(-units));
                given_back.push(entry.of(&self.order_id));
            }
        }
        lines.retain(|line| line.quantity > 0);
        Ok(given_back)
    }

    fn grow(&self, conn: &mut AnyConnection, lines: &mut Vec<Line>, part: &Part) -> Outcome<()> {
        let is_here = |line: &&mut Line| line.variant_id == part.variant_id && line.location_id == part.location_id;
        if let Some(line) = lines.iter_mut().find(is_here) {
            line.quantity += part.quantity;
            reservations::line_resize(conn, line, line.quantity)?;
            return Ok(());
        }
        reservations::lines_insert(conn, &self.order_id, [as_line(part)])?;
        lines.push(Line {
            order_id: self.order_id.clone(),
            variant_id: part.variant_id.clone(),
            location_id: part.location_id.clone(),
            quantity: part.quantity,
            shipped: 0,
        });
        Ok(())
    }
}
