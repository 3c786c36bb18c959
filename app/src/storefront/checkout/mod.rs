//! Checkout as a guest in three steps: contact, delivery, payment. Each step is a form; what was typed is kept.

pub(crate) mod attempts;
pub mod contact;
pub mod delivery;
pub mod gift_cards;
pub mod hold;
pub mod payment;
pub mod returning;
pub mod waiting;

use actix_web::HttpResponse;
use cart_api::Cart;
use kernel::Secret;
use orders_api::OrderProgress;

use super::cart;
use super::views::{DoneStep, address_lines, arrival};
use crate::web::cookies::{CART, CART_COUNT, ORDER};
use crate::web::{Problem, Visit, see_other};

/// The visitor's cart when there is something in it that can be bought; else where to send them.
async fn cart_to_buy(visit: &Visit) -> Result<Result<Cart, HttpResponse>, Problem> {
    let cart = cart::load(visit).await?;
    Ok(cart.filter(|cart| cart.item_count > 0 && cart.can_check_out).ok_or_else(cart::nothing_to_buy))
}

/// What the first step said.
fn done_contact(cart: &Cart) -> Vec<DoneStep> {
    let (Some(email), Some(address)) = (&cart.email, &cart.address) else { return Vec::new() };
    let step = |name: &str, lines| DoneStep { name: name.to_owned(), lines, href: "/checkout/contact".to_owned() };
    vec![step("Contact", vec![email.to_string()]), step("Deliver to", address_lines(address))]
}

/// What the second step said.
fn done_delivery(visit: &Visit, cart: &Cart) -> Option<DoneStep> {
    let shipping = cart.shipping.as_ref().filter(|shipping| shipping.chosen)?;
    let mut lines = vec![shipping.name.clone()];
    let choice = cart.shipping_choices.iter().find(|choice| choice.method == shipping.method);
    lines.extend(
        choice.map(|choice| format!("Arrives {}", arrival(visit.shop.clock().now(), choice.min_days, choice.max_days))),
    );
    Some(DoneStep { name: "Delivery".to_owned(), lines, href: "/checkout/delivery".to_owned() })
}

/// Where a shopper goes next, by how far their purchase is.
fn next_page(visit: &Visit, secret: &Secret, progress: &OrderProgress) -> HttpResponse {
    let order_page = format!("/o/{}", secret.reveal());
    let mut response = match progress {
        OrderProgress::Pay { url } => see_other(url),
        // Whoever has not yet been at the provider is led there as soon as its page is known.
        OrderProgress::Waiting => see_other(format!("/checkout/waiting/{}?to_pay=1", secret.reveal())),
        _ => see_other(order_page),
    };
    let names = visit.shop.cookie_names();
    visit.set_cookie(&mut response, names.make(ORDER, secret.reveal()));
    if matches!(progress, OrderProgress::Placed) {
        visit.set_cookie(&mut response, names.remove(CART));
        visit.set_cookie(&mut response, names.remove(CART_COUNT));
        hold::forget(visit, &mut response);
        gift_cards::forget(visit, &mut response);
    }
    response
}
