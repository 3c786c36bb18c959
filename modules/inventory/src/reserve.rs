//! Holding stock for an order that is being bought. What its cart holds is taken over.

use std::sync::Arc;
use std::time::Duration;

use inventory_api::{InventoryError, MovementKind, Reservation, ReservationStatus as Status, Reserve, StockLocation};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Timestamp};

use crate::ledger::{Cause, Delta};
use crate::locations::all_locations;
use crate::plan::{Part, Wanted};
use crate::release::{self, entries_back};
use crate::store::reservations::{self, Head, Line};
use crate::take::{Take, conflict, take, wanted};
use crate::{Module, Outcome};

/// Counted from when its goods were first held, by the cart or by the order.
const LONGEST_HOLD: Duration = Duration::from_secs(1_200);

/// Holds all lines or none.
pub(crate) async fn reserve(module: &Module, ctx: &CallCtx, request: Reserve) -> Outcome<Reservation> {
    let lasts = Duration::from_secs(request.hold_seconds.into());
    if !(Duration::from_secs(1)..=LONGEST_HOLD).contains(&lasts) {
        let problem = format!("use 1 to {}", LONGEST_HOLD.as_secs());
        return Err(InventoryError::invalid("hold_seconds", problem).into());
    }
    let order = Order {
        wanted: wanted(&request.lines)?,
        order_id: request.order_id.clone(),
        cart_id: request.takes_over.clone(),
        cause: Cause::of_call(ctx, module.clock.now(), "held for an order"),
        lasts,
        locations: all_locations(module).await?,
    };
    let key = request.key.to_string();
    module.db.write_once(key, "reserve", &request, move |conn| order.hold(conn)).await
}

/// An order that wants to hold stock.
struct Order {
    order_id: String,
    cart_id: Option<String>,
    wanted: Wanted,
    cause: Cause,
    lasts: Duration,
    locations: Arc<[StockLocation]>,
}

/// What the cart held, and the order may have.
struct Inherited {
    head: Head,
    lines: Vec<Line>,
}

impl Order {
    fn now(&self) -> Timestamp {
        self.cause.at
    }

    fn hold(&self, conn: &mut AnyConnection) -> Outcome<Reservation> {
        let inherited = self.inherit(conn)?;
        let head = self.head(inherited.as_ref());
        if !reservations::reservation_insert(conn, &head, self.now())? {
            return self.hold_again(conn, head, inherited);
        }
        self.take(conn, inherited)?;
        Ok(reservation(&head))
    }

    /// The hold of the cart ends here, whatever becomes of it.
    fn inherit(&self, conn: &mut AnyConnection) -> Outcome<Option<Inherited>> {
        let Some(cart_id) = &self.cart_id else { return Ok(None) };
        let Some(head) = reservations::hold_end(conn, cart_id, self.now())? else { return Ok(None) };
        Ok(Some(Inherited { lines: reservations::lines_of_order(conn, cart_id)?, head }))
    }

    /// A hold that begins now, or began with the cart's.
    fn head(&self, inherited: Option<&Inherited>) -> Head {
        let live = inherited.filter(|inherited| inherited.head.expires_at >= self.now());
        let held_since = live.map_or(self.now(), |inherited| inherited.head.held_since);
        Head {
            order_id: self.order_id.clone(),
            status: Status::Held,
            expires_at: self.now().plus(self.lasts).min(held_since.plus(LONGEST_HOLD)),
            held_since,
            cart_id: self.cart_id.clone(),
            visitor: inherited.map(|inherited| inherited.head.visitor.clone()).unwrap_or_default(),
        }
    }

    /// The order has been here before.
    fn hold_again(
        &self,
        conn: &mut AnyConnection,
        renewed: Head,
        inherited: Option<Inherited>,
    ) -> Outcome<Reservation> {
        let before = reservations::reservation(conn, &self.order_id)?.ok_or_else(conflict)?;
        if before.status == Status::Released {
            return Err(InventoryError::NothingReserved.into());
        }
        if in_all(&reservations::lines_of_order(conn, &self.order_id)?) != self.wanted {
            return Err(InventoryError::invalid("lines", "an order holds other lines already").into());
        }
        match before.status {
            Status::Expired => {
                self.renew(conn, &renewed, &before)?;
                reservations::lines_delete(conn, &self.order_id)?;
                self.take(conn, inherited)?;
                Ok(reservation(&renewed))
            }
            // Its time ran out, but nobody has ended it yet: it holds what it held, anew.
            Status::Held if before.expires_at < self.now() => {
                let renewed = self.head(None);
                self.renew(conn, &renewed, &before)?;
                self.give_back(conn, inherited)?;
                Ok(reservation(&renewed))
            }
            _ => {
                self.give_back(conn, inherited)?;
                Ok(reservation(&before))
            }
        }
    }

    fn renew(&self, conn: &mut AnyConnection, renewed: &Head, before: &Head) -> Outcome<()> {
        let is_renewed = reservations::reservation_renew(conn, renewed, before, self.now())?;
        is_renewed.then_some(()).ok_or_else(conflict)
    }

    fn take(&self, conn: &mut AnyConnection, inherited: Option<Inherited>) -> Outcome<()> {
        let lines = inherited.map(|inherited| inherited.lines).unwrap_or_default();
        if let Some(line) = lines.first().filter(|_| in_all(&lines) == self.wanted) {
            // The counters stay as they are: what was held is held.
            reservations::lines_hand_over(conn, &line.order_id, &self.order_id)?;
            return Ok(());
        }
        let given_back = entries_back(&lines, |quantity| Delta::held(-quantity));
        let parts = take(conn, &self.cause, &self.wish(), given_back)?;
        reservations::lines_insert(conn, &self.order_id, parts.iter().map(as_line))?;
        Ok(())
    }

    fn give_back(&self, conn: &mut AnyConnection, inherited: Option<Inherited>) -> Outcome<()> {
        let lines = inherited.map(|inherited| inherited.lines).unwrap_or_default();
        release::give_back(conn, &self.cause, &lines, |quantity| Delta::held(-quantity))
    }

    fn wish(&self) -> Take<'_> {
        Take {
            order_id: &self.order_id,
            wanted: &self.wanted,
            kind: MovementKind::Reserved,
            as_delta: Delta::held,
            locations: &self.locations,
        }
    }
}

/// How many of each variant, wherever they are.
pub(crate) fn in_all(lines: &[Line]) -> Wanted {
    let mut in_all = Wanted::new();
    for line in lines {
        *in_all.entry(line.variant_id.clone()).or_default() += line.quantity;
    }
    in_all
}

pub(crate) fn as_line(part: &Part) -> (&str, &str, i64) {
    (&part.variant_id, &part.location_id, part.quantity)
}

pub(crate) fn reservation(head: &Head) -> Reservation {
    Reservation { order_id: head.order_id.clone(), expires_at: head.expires_at }
}
