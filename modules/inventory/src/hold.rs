//! Holding stock for a cart whose shopper is about to pay: for at most 10 minutes out of 20, and not for those who hold
//! much already.

use std::sync::Arc;
use std::time::Duration;

use inventory_api::{Hold, InventoryError, MovementKind, Reservation, ReservationStatus as Status, StockLocation};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Timestamp};

use crate::ledger::{Cause, Delta};
use crate::locations::all_locations;
use crate::plan::Wanted;
use crate::release::entries_back;
use crate::reserve::{as_line, in_all, reservation};
use crate::store::reservations::{self, Head, Line, Visitor};
use crate::take::{Take, conflict, take, wanted};
use crate::{Module, Outcome};

const LONGEST_HOLD: Duration = Duration::from_secs(600);
/// From when a cart first held something until it may do so anew.
const PERIOD: Duration = Duration::from_secs(1_200);
const MOST_OF_A_SESSION: i64 = 5;
const MOST_OF_AN_ADDRESS: i64 = 10;
const LONGEST_NAME: usize = 100;

/// Holds all lines or none, in place of what the cart held.
pub(crate) async fn hold(module: &Module, ctx: &CallCtx, request: Hold) -> Outcome<Reservation> {
    let lasts = Duration::from_secs(request.hold_seconds.into());
    if !(Duration::from_secs(1)..=LONGEST_HOLD).contains(&lasts) {
        let problem = format!("use 1 to {}", LONGEST_HOLD.as_secs());
        return Err(InventoryError::invalid("hold_seconds", problem).into());
    }
    let cart = Cart {
        wanted: wanted(&request.lines)?,
        cart_id: name("cart_id", Some(request.cart_id))?.unwrap_or_default(),
        visitor: Visitor { session: name("session", request.session)?, address: name("address", request.address)? },
        cause: Cause::of_call(ctx, module.clock.now(), "held for a cart"),
        lasts,
        locations: all_locations(module).await?,
    };
    module.db.write(move |conn| cart.hold(conn)).await
}

fn name(field: &str, text: Option<String>) -> Result<Option<String>, InventoryError> {
    let is_none = |text: &String| text.is_empty() || text.len() > LONGEST_NAME;
    if text.as_ref().is_some_and(is_none) {
        return Err(InventoryError::invalid(field, format!("use 1 to {LONGEST_NAME} characters")));
    }
    Ok(text)
}

/// A cart that wants to hold stock.
struct Cart {
    cart_id: String,
    wanted: Wanted,
    visitor: Visitor,
    cause: Cause,
    lasts: Duration,
    locations: Arc<[StockLocation]>,
}

impl Cart {
    fn now(&self) -> Timestamp {
        self.cause.at
    }

    fn hold(&self, conn: &mut AnyConnection) -> Outcome<Reservation> {
        self.count(conn)?;
        let head = self.since(self.now());
        if !reservations::reservation_insert(conn, &head, self.now())? {
            return self.hold_again(conn);
        }
        self.take(conn, &[])?;
        Ok(reservation(&head))
    }

    /// Refuses those who hold much already.
    fn count(&self, conn: &mut AnyConnection) -> Outcome<()> {
        if self.visitor == Visitor::default() {
            return Ok(());
        }
        reservations::visitor_lock(conn, &self.visitor)?;
        let (of_session, of_address) = reservations::holds_of(conn, &self.visitor, &self.cart_id, self.now())?;
        if of_session >= MOST_OF_A_SESSION || of_address >= MOST_OF_AN_ADDRESS {
            return Err(InventoryError::TooManyHolds.into());
        }
        Ok(())
    }

    /// A hold that began at `held_since`; changing the cart does not make it longer.
    fn since(&self, held_since: Timestamp) -> Head {
        Head {
            order_id: self.cart_id.clone(),
            status: Status::Held,
            expires_at: held_since.plus(self.lasts),
            held_since,
            cart_id: Some(self.cart_id.clone()),
            visitor: self.visitor.clone(),
        }
    }

    /// The cart has been here before.
    fn hold_again(&self, conn: &mut AnyConnection) -> Outcome<Reservation> {
        let before = reservations::reservation_locked(conn, &self.cart_id)?.ok_or_else(conflict)?;
        let lines = reservations::lines_of_order(conn, &self.cart_id)?;
        let holds = before.status == Status::Held;
        if holds && before.expires_at > self.now() && in_all(&lines) == self.wanted {
            return Ok(reservation(&before));
        }
        let renewed = match self.now() {
            now if now < before.held_since.plus(self.lasts) => self.since(before.held_since),
            now if now < before.held_since.plus(PERIOD) => return Err(InventoryError::TooManyHolds.into()),
            now => self.since(now),
        };
        if !reservations::reservation_renew(conn, &renewed, &before, self.now())? {
            return Err(conflict());
        }
        reservations::lines_delete(conn, &self.cart_id)?;
        self.take(conn, if holds { &lines } else { &[] })?;
        Ok(reservation(&renewed))
    }

    fn take(&self, conn: &mut AnyConnection, held: &[Line]) -> Outcome<()> {
        let wish = Take {
            order_id: &self.cart_id,
            wanted: &self.wanted,
            kind: MovementKind::Reserved,
            as_delta: Delta::held,
            locations: &self.locations,
        };
        let parts = take(conn, &self.cause, &wish, entries_back(held, |quantity| Delta::held(-quantity)))?;
        reservations::lines_insert(conn, &self.cart_id, parts.iter().map(as_line))?;
        Ok(())
    }
}
