//! Counting codes as used, so that none is used more often than it may be, whatever crashes.
//!
//! A use is claimed before the order is placed (`claimed`), becomes final with the order (`used`), and is given back when
//! the order never came to be or was canceled (`released`). It belongs to a cart, which has at most one live use of a
//! code, so a shopper who tries again needs no second one. A crash may leave a claim without an order: it counts until
//! [`attend`] has asked orders what became of the cart.

use std::time::Duration;

use cart_api::{CartError, ClaimCodes, CodeState};
use kernel::db::{AnyConnection, Db};
use kernel::inbox::HandlerError;
use kernel::stop::Stop;
use kernel::{CallCtx, CallError, Clock, Timestamp};
use orders_api::{Order, OrderCanceled, OrderPlaced, OrderStatus};

use crate::Service;
use crate::codes::{conflict, given};
use crate::neighbours::Neighbours;
use crate::owner::Owner;
use crate::store;
use crate::store::uses::{self, Use};

/// Longer than it takes an order to come to be once its codes are claimed: the button asks four times, 8 seconds each.
const COMING_TO_BE: Duration = Duration::from_secs(60);
/// How old a claim is when somebody asks what became of it.
const UNATTENDED: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_secs(30);
const BATCH: i64 = 100;
/// How often a claim is tried for that an earlier version of the cart holds.
const TRIES: usize = 3;

/// Claims codes for the order of one version of the cart, all or none. A repeat finds them claimed: the use of a cart is
/// its own record, while a stored answer would outlive it.
pub(crate) async fn claim_codes(
    service: &Service,
    ctx: &CallCtx,
    request: ClaimCodes,
) -> Result<(), CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    for _ in 0..TRIES {
        let (owner, wanted, now) = (owner.clone(), request.clone(), service.clock.now());
        let held = service.db.write(move |conn| claim(conn, &owner, &wanted, now)).await?;
        let Some(held) = held else { return Ok(()) };
        end_earlier(service, &held).await?;
        let version = request.cart_version;
        service
            .db
            .write(move |conn| Ok::<_, CallError<CartError>>(uses::use_renew(conn, &held, version, None, now)?))
            .await?;
    }
    Err(conflict())
}

/// Claims what is free. Gives back a use that an earlier version of the cart holds, if one does; nothing is claimed then.
fn claim(
    conn: &mut AnyConnection,
    owner: &Owner,
    request: &ClaimCodes,
    now: Timestamp,
) -> Result<Option<Use>, CallError<CartError>> {
    let cart = store::cart_touch(conn, owner, now)?.ok_or(CartError::NotFound)?;
    if cart.version != request.cart_version || request.codes.iter().any(|code| !cart.codes.contains(code)) {
        return Err(conflict());
    }
    let email = cart.email.as_ref().ok_or(CartError::NotFound)?;
    let mut codes = request.codes.clone();
    // In one order, so that two carts never wait for each other.
    codes.sort();
    for code in &codes {
        uses::code_hold(conn, code)?;
    }
    let (cart_id, customer) = (cart.id.to_string(), email.canonical());
    let claimed = uses::uses_of_cart(conn, &cart_id, &codes)?;
    if claimed.iter().any(|claimed| claimed.order_id.is_some()) {
        return Err(CartError::AlreadyOrdered.into());
    }
    if let Some(earlier) = claimed.iter().find(|claimed| claimed.cart_version != cart.version) {
        return Ok(Some(earlier.clone()));
    }
    let judged = given(conn, (cart.id, Some(email)), &codes, now)?;
    for code in codes {
        let refusal = judged
            .iter()
            .find(|(given, _)| given.code.code == code)
            .map_or(Some(CodeState::Unknown), |(_, refusal)| refusal.clone());
        if let Some(reason) = refusal {
            return Err(CartError::CodeRefused { code, reason }.into());
        }
        match claimed.iter().find(|claimed| claimed.code == code) {
            // Judged for this customer, so it counts for this customer.
            Some(own) => drop(uses::use_renew(conn, own, cart.version, Some(&customer), now)?),
            None if uses::code_take(conn, &code)? => {
                uses::use_claim(conn, &code, (&cart_id, cart.version), &customer, now)?;
            }
            None => return Err(CartError::CodeRefused { code, reason: CodeState::UsedUp }.into()),
        }
    }
    Ok(None)
}

/// Makes sure that no order comes of the version of the cart that holds a use: ends one that is not paid.
///
/// # Errors
/// It is an order, or one may still come to be.
async fn end_earlier(service: &Service, held: &Use) -> Result<(), CallError<CartError>> {
    let order = service.neighbours.order_of_cart(&held.cart_id, held.cart_version).await?;
    let claimed_at = Timestamp(held.claimed_at);
    let claimed_after = |moment: Timestamp| claimed_at > moment;
    if claimed_at.plus(COMING_TO_BE) > service.clock.now()
        && order.as_ref().is_none_or(|order| claimed_after(order.created_at))
    {
        return Err(conflict());
    }
    match order {
        Some(order) if order.status == OrderStatus::Pending => service.neighbours.end_order(&order).await,
        Some(order) if has_ended(&order) => Ok(()),
        Some(_) => Err(CartError::AlreadyOrdered.into()),
        None => Ok(()),
    }
}

fn has_ended(order: &Order) -> bool {
    matches!(order.status, OrderStatus::Canceled | OrderStatus::Expired)
}

/// An order was placed: its uses are final.
pub(crate) fn ordered(conn: &mut AnyConnection, order: &OrderPlaced, now: Timestamp) -> Result<(), HandlerError> {
    let order_id = order.order_id.to_string();
    for coupon in &order.coupons {
        uses::code_hold(conn, &coupon.code)?;
        let cart = (order.cart_id.as_str(), order.cart_version);
        if uses::use_order(conn, &coupon.code, cart, &order_id)? || uses::is_used_by(conn, &coupon.code, &order_id)? {
            continue;
        }
        // No order is placed without a claim. Should one be all the same, the count stays true.
        tracing::error!(%order_id, code = coupon.code, "an order used a code that was not claimed for it");
        uses::code_count(conn, &coupon.code, 1)?;
        uses::use_insert_used(conn, &coupon.code, cart, &order_id, now)?;
    }
    Ok(())
}

/// An order was canceled: its uses are given back, once. One that was never placed has none; [`attend`] looks after its
/// claims, since the shopper may be trying again with them.
pub(crate) fn canceled(conn: &mut AnyConnection, order: &OrderCanceled, now: Timestamp) -> Result<(), HandlerError> {
    let order_id = order.order_id.to_string();
    for coupon in &order.coupons {
        uses::code_hold(conn, &coupon.code)?;
        if uses::use_give_back(conn, &coupon.code, &order_id, now)? {
            uses::code_count(conn, &coupon.code, -1)?;
        }
    }
    Ok(())
}

/// Looks after claims whose orders did not come, until `stop`.
pub(crate) async fn attend(db: Db, clock: Clock, neighbours: std::sync::Arc<Neighbours>, stop: Stop) {
    loop {
        match sweep(&db, &clock, &neighbours, &stop).await {
            Ok(0) => {}
            Ok(uses) => tracing::info!(uses, "uses of codes given back, since no order came of them"),
            Err(error) => tracing::warn!(%error, "uses of codes could not be looked after"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.wait() => return,
        }
    }
}

/// Asks what became of every claim that is old enough. How many were given back.
pub(crate) async fn sweep(
    db: &Db,
    clock: &Clock,
    neighbours: &Neighbours,
    stop: &Stop,
) -> Result<usize, CallError<CartError>> {
    let before = clock.now().minus(UNATTENDED);
    let (mut released, mut last) = (0, String::new());
    loop {
        let after = last.clone();
        let claims =
            db.read(move |conn| Ok::<_, CallError<CartError>>(uses::uses_claimed_before(conn, before, &after, BATCH)?));
        let claims = claims.await?;
        let Some(end) = claims.last() else { break };
        last.clone_from(&end.id);
        for claim in claims {
            let order = neighbours.order_of_cart(&claim.cart_id, claim.cart_version).await?;
            // What was placed with it is told by its events, and what is being paid may still be placed.
            let is_free = |order: &Order| !carries(order, &claim.code) || has_ended(order) && order.placed_at.is_none();
            if order.as_ref().is_none_or(is_free) {
                let now = clock.now();
                released += usize::from(db.write(move |conn| release(conn, &claim, now)).await?);
            }
        }
        if stop.is_stopping() {
            break;
        }
    }
    Ok(released)
}

/// Whether an order has a reduction by a code: the same version of a cart may have been ordered when it no longer applied.
fn carries(order: &Order, code: &str) -> bool {
    let of_lines = order.lines.iter().flat_map(|line| &line.discounts);
    let all = order.adjustments.iter().chain(&order.shipping.adjustments).chain(of_lines);
    all.filter_map(|adjustment| adjustment.code.as_deref()).any(|given| given == code)
}

fn release(conn: &mut AnyConnection, claim: &Use, now: Timestamp) -> Result<bool, CallError<CartError>> {
    uses::code_hold(conn, &claim.code)?;
    let released = uses::use_release(conn, claim, now)?;
    if released {
        uses::code_count(conn, &claim.code, -1)?;
    }
    Ok(released)
}
