//! What a shopper who is about to pay finds in the cart is held for them for ten minutes. An order can be placed without:
//! what cannot be held now is none of their business, and is checked when they press the button.

use std::time::Duration;

use actix_web::HttpResponse;
use cart_api::{Cart, CartChanged, FindCart};
use inventory_api::{FindOrderStock, Hold, InventoryError, OrderStock, Release, ReservationStatus, ReserveLine};
use kernel::{CallError, IdempotencyKey};

use crate::storefront::views::time_of_day;
use crate::web::Visit;
use crate::web::cookies::HOLD;
use crate::web::signature::Keys;

const HOLD_SECONDS: u32 = 600;
/// Nobody waits longer for something that they can do without.
const PATIENCE: Duration = Duration::from_millis(800);

/// Holds what is in the cart, as the last change left it.
pub(super) async fn begin(visit: &Visit, cart: &CartChanged, response: &mut HttpResponse) {
    let Some(cart_id) = cart.cart_id.filter(|_| !cart.units.is_empty()) else { return };
    let lines = cart.units.iter().map(|line| ReserveLine::new(&line.variant_id, line.quantity)).collect();
    let settings = visit.shop.settings();
    let keys = Keys::of(settings, "holds");
    // Counted by names that lead to nobody.
    let name = |kind: &str, of: &str| settings.rate_limits.then(|| keys.sign(kind, of));
    let request = Hold {
        cart_id: cart_id.to_string(),
        lines,
        hold_seconds: HOLD_SECONDS,
        session: visit.cart_secret().and_then(|secret| name("session", secret.reveal())),
        address: name("address", &visit.address().to_string()),
    };
    match visit.shop.inventory().hold(&visit.edge().within(PATIENCE), request).await {
        Ok(_) => visit.set_cookie(response, visit.shop.cookie_names().make(HOLD, "1")),
        // The payment step shows what is short.
        Err(CallError::Domain(InventoryError::OutOfStock { .. } | InventoryError::TooManyHolds)) => {}
        Err(error) => tracing::warn!(%error, "a cart is paid without being held"),
    }
}

/// Until when the cart is held: `14:32 UTC`; empty when it is not.
pub(super) async fn until(visit: &Visit, cart: &Cart) -> String {
    if visit.cookies().text(HOLD).is_none() {
        return String::new();
    }
    let request = FindOrderStock { order_id: cart.id.to_string() };
    let found = visit.shop.inventory().order_stock(&visit.edge().within(PATIENCE), request).await;
    let now = visit.shop.clock().now();
    let held = found.ok().flatten().filter(|stock| stock.status == ReservationStatus::Held && stock.expires_at > now);
    held.filter(|stock| holds_all(stock, cart)).map(|stock| time_of_day(stock.expires_at)).unwrap_or_default()
}

/// The cart may have been changed elsewhere since.
fn holds_all(stock: &OrderStock, cart: &Cart) -> bool {
    cart.lines.iter().all(|line| {
        let held = stock.lines.iter().filter(|held| held.variant_id == line.variant_id).map(|held| held.quantity);
        held.sum::<i64>() >= line.quantity.get()
    })
}

/// Nothing is held any more, as far as the browser knows.
pub fn forget(visit: &Visit, response: &mut HttpResponse) {
    if visit.cookies().text(HOLD).is_some() {
        visit.set_cookie(response, visit.shop.cookie_names().remove(HOLD));
    }
}

/// The shopper left the payment step to change the cart: others may buy what was held. Without an answer it runs out by
/// itself.
pub async fn end(visit: &Visit) {
    if visit.cookies().text(HOLD).is_none() {
        return;
    }
    let Some(ctx) = visit.cart_ctx() else { return };
    let Ok(Some(cart)) = visit.shop.carts().cart(&ctx, FindCart {}).await else { return };
    let request = Release::new(IdempotencyKey::new(), cart.id.to_string(), "the cart was changed");
    if let Err(error) = visit.shop.inventory().release(&visit.edge().within(PATIENCE), request).await {
        tracing::warn!(%error, "a cart that was changed stays held for now");
    }
}
