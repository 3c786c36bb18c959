//! Keeping who buys and where it goes.

use std::sync::Arc;

use cart_api::{CartChanged, CartError, SaveContact};
use kernel::db::AnyConnection;
use kernel::{Address, CallCtx, CallError, Email, Timestamp};
use orders_api::ShippingMethod;

use crate::Service;
use crate::address;
use crate::change_line::{changed, open_cart};
use crate::owner::Owner;
use crate::store;

pub(crate) async fn save_contact(
    service: &Service,
    ctx: &CallCtx,
    request: SaveContact,
) -> Result<CartChanged, CallError<CartError>> {
    let owner = Owner::of(ctx)?;
    let contact = Contact {
        email: address::checked_email(&request.email)?,
        address: address::checked(&request.address)?,
        // While orders is away the address is kept all the same; the order is refused if nothing goes there.
        offered: service.neighbours.shipping_methods(ctx, request.address.country).await,
    };
    if contact.offered.as_ref().is_some_and(|offered| offered.is_empty()) {
        return Err(CartError::NotDeliverable { country: contact.address.country }.into());
    }
    let (key, now) = (owner.key(&request.key), service.clock.now());
    let work = move |conn: &mut AnyConnection| save(conn, &owner, &contact, now);
    service.db.write_once(key, "save_contact", &request, work).await
}

struct Contact {
    email: Email,
    address: Address,
    offered: Option<Arc<[ShippingMethod]>>,
}

fn save(
    conn: &mut AnyConnection,
    owner: &Owner,
    contact: &Contact,
    now: Timestamp,
) -> Result<CartChanged, CallError<CartError>> {
    let (mut cart, lines) = open_cart(conn, owner, now)?;
    let method = cart.shipping_method.clone().filter(|method| contact.offers(method));
    let same = cart.email.as_ref() == Some(&contact.email)
        && cart.address.as_ref() == Some(&contact.address)
        && cart.shipping_method == method;
    if !same {
        store::cart_set_contact(conn, cart.id, &contact.email, &contact.address, method.as_deref())?;
        cart.version += 1;
    }
    Ok(changed(&cart, &lines))
}

impl Contact {
    /// Whether goods get to the address this way. A choice that cannot be checked now is kept.
    fn offers(&self, method: &str) -> bool {
        self.offered.as_ref().is_none_or(|offered| offered.iter().any(|offer| offer.code == method))
    }
}
