//! Changing how many of a line, and taking it out.

use cart_api::{CartChanged, CartError, CartLineId, CartUnits, RemoveLine, SetQuantity};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Quantity, Timestamp};

use crate::Service;
use crate::owner::Owner;
use crate::price::ORDER_LIMIT;
use crate::store::{self, StoredCart, StoredLine};

pub(crate) async fn set_quantity(
    service: &Service,
    ctx: &CallCtx,
    request: SetQuantity,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let (key, now) = (owner.key(&request.key), service.clock.now());
    let (line_id, quantity) = (request.line_id, request.quantity);
    let work = move |conn: &mut AnyConnection| set(conn, &owner, (line_id, quantity), now);
    service.db.write_once(key, "set_quantity", &request, work).await
}

fn set(
    conn: &mut AnyConnection,
    owner: &Owner,
    (line_id, quantity): (CartLineId, Quantity),
    now: Timestamp,
) -> Result<CartChanged, CallError<CartError>> {
    let (mut cart, mut lines) = open_cart(conn, owner, now)?;
    let place = lines.iter().position(|line| line.id == line_id).ok_or(CartError::NotFound)?;
    if lines[place].quantity != quantity {
        lines[place].quantity = quantity;
        check_worth(&lines)?;
        store::line_update(conn, &lines[place])?;
        raise_version(conn, &mut cart)?;
    }
    Ok(changed(&cart, &lines))
}

pub(crate) async fn remove_line(
    service: &Service,
    ctx: &CallCtx,
    request: RemoveLine,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let (key, now, line_id) = (owner.key(&request.key), service.clock.now(), request.line_id);
    let work = move |conn: &mut AnyConnection| remove(conn, &owner, line_id, now);
    service.db.write_once(key, "remove_line", &request, work).await
}

fn remove(
    conn: &mut AnyConnection,
    owner: &Owner,
    line_id: CartLineId,
    now: Timestamp,
) -> Result<CartChanged, CallError<CartError>> {
    let (mut cart, mut lines) = open_cart(conn, owner, now)?;
    let place = lines.iter().position(|line| line.id == line_id).ok_or(CartError::NotFound)?;
    lines.remove(place);
    store::line_delete(conn, line_id)?;
    raise_version(conn, &mut cart)?;
    Ok(changed(&cart, &lines))
}

/// The open cart of `owner` and its lines, for a change.
pub(crate) fn open_cart(
    conn: &mut AnyConnection,
    owner: &Owner,
    now: Timestamp,
) -> Result<(StoredCart, Vec<StoredLine>), CallError<CartError>> {
    let cart = store::cart_touch(conn, owner, now)?.ok_or(CartError::NotFound)?;
    let lines = store::lines_of_cart(conn, cart.id)?;
    Ok((cart, lines))
}

fn raise_version(conn: &mut AnyConnection, cart: &mut StoredCart) -> Result<(), CallError<CartError>> {
    store::cart_raise_version(conn, cart.id)?;
    cart.version += 1;
    Ok(())
}

/// What a change left.
pub(crate) fn changed(cart: &StoredCart, lines: &[StoredLine]) -> CartChanged {
    let units = |line: &StoredLine| CartUnits { variant_id: line.variant_id.to_string(), quantity: line.quantity };
    CartChanged {
        item_count: lines.iter().map(|line| line.quantity.get()).sum(),
        version: cart.version,
        cart_id: Some(cart.id),
        units: lines.iter().map(units).collect(),
    }
}

/// Refuses a cart that no order could hold, by the prices at which its lines were added.
pub(crate) fn check_worth(lines: &[StoredLine]) -> Result<(), CartError> {
    let worth = |line: &StoredLine| line.added_price.amount.checked_mul(line.quantity.get());
    let total = lines.iter().try_fold(0_i64, |total, line| total.checked_add(worth(line)?));
    match total {
        Some(total) if total <= ORDER_LIMIT => Ok(()),
        _ => Err(CartError::invalid("quantity", "this is more than one order can hold; choose fewer")),
    }
}
