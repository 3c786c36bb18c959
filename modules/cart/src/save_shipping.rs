//! Keeping how a cart gets to its buyer.

use cart_api::{CartChanged, CartError, SaveShipping};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Country, NotExecuted, Timestamp};

use crate::Service;
use crate::change_line::{changed, open_cart};
use crate::owner::Owner;
use crate::store::{self, StoredCart};

pub(crate) async fn save_shipping(
    service: &Service,
    ctx: &CallCtx,
    request: SaveShipping,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let home = service.settings.home_country;
    let reader = owner.clone();
    let found =
        service.db.read(move |conn| Ok::<_, CallError<CartError>>(store::cart_with_lines(conn, &reader)?)).await?;
    let country = country_of(&found.ok_or(CartError::NotFound)?.0, home);
    let offered = service.neighbours.shipping_methods(ctx, country).await;
    let offered = offered.ok_or_else(|| CallError::unreachable("orders does not say how goods get there"))?;
    if !offered.iter().any(|offer| offer.code == request.method) {
        return Err(CartError::NotDeliverable { country }.into());
    }
    let choice = Choice { method: request.method.clone(), country, home };
    let (key, now) = (owner.key(&request.key), service.clock.now());
    let work = move |conn: &mut AnyConnection| save(conn, &owner, &choice, now);
    service.db.write_once(key, "save_shipping", &request, work).await
}

/// A way that is offered for a country.
struct Choice {
    method: String,
    country: Country,
    home: Country,
}

fn save(
    conn: &mut AnyConnection,
    owner: &Owner,
    choice: &Choice,
    now: Timestamp,
) -> Result<CartChanged, CallError<CartError>> {
    let (mut cart, lines) = open_cart(conn, owner, now)?;
    if country_of(&cart, choice.home) != choice.country {
        // The address was changed while orders was asked about the old one.
        return Err(CallError::not_executed(NotExecuted::Conflict));
    }
    if cart.shipping_method.as_ref() != Some(&choice.method) {
        store::cart_set_shipping(conn, cart.id, &choice.method)?;
        cart.version += 1;
    }
    Ok(changed(&cart, &lines))
}

/// Where a cart goes: to its address, or to the shop's own country as long as there is none.
pub(crate) fn country_of(cart: &StoredCart, home: Country) -> Country {
    cart.address.as_ref().map_or(home, |address| address.country)
}
