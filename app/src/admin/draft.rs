//! Making an order for someone else: what lies in the cart of this browser, with a link to pay it.

use actix_web::http::StatusCode;
use cart_api::{Cart, CartError};
use kernel::{CallError, NotExecuted};
use orders_api::{OrdersError, PAYMENT_LINK};

use super::orders::unavailable;
use super::shell;
use super::views::{DraftOrderPage, Notice, Tone, address_lines};
use crate::storefront::checkout::hold;
use crate::storefront::checkout::payment::{claim_codes, purchase, purchase_key};
use crate::storefront::{cart, summary};
use crate::web::cookies::{CART, CART_COUNT};
use crate::web::{Answer, Problem, Visit};

/// `GET /admin/orders/new`
///
/// # Errors
/// The cart cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let cart = cart::load(&visit).await?;
    answer(&visit, cart.as_ref(), None, StatusCode::OK)
}

/// What is still to be done in the shop, and where; none when the cart can be ordered.
fn missing(cart: Option<&Cart>) -> Option<(&'static str, &'static str)> {
    let Some(cart) = cart.filter(|cart| cart.item_count > 0 && cart.can_check_out) else {
        return Some(("Put into the cart what they buy.", "/"));
    };
    if cart.address.is_none() || cart.email.is_none() {
        return Some(("Say who buys, and where it goes.", "/checkout/contact"));
    }
    let is_chosen = cart.shipping.as_ref().is_some_and(|shipping| shipping.chosen);
    (!is_chosen).then_some(("Choose how it gets there.", "/checkout/delivery"))
}

fn answer(visit: &Visit, cart: Option<&Cart>, notice: Option<Notice>, status: StatusCode) -> Answer {
    let mut shell = shell(visit, "orders", "New order");
    shell.notice = notice.or(shell.notice);
    let (missing, missing_href) = missing(cart).unwrap_or_default();
    let page = DraftOrderPage {
        missing: missing.to_owned(),
        missing_href: missing_href.to_owned(),
        key: cart.map(|cart| purchase_key(visit, cart)).unwrap_or_default(),
        expected_total: cart.map(|cart| cart.total.amount).unwrap_or_default(),
        email: cart.and_then(|cart| cart.email.as_ref()).map(ToString::to_string).unwrap_or_default(),
        address: cart.and_then(|cart| cart.address.as_ref()).map(address_lines).unwrap_or_default(),
        summary: cart.map(summary::of_cart).unwrap_or_default(),
        shell,
    };
    visit.shop.pages().answer(status, "admin/draft_order.html", &page)
}

/// `POST /admin/orders/new`
///
/// # Errors
/// The form is wrong, or the order cannot be made now.
pub async fn create(visit: Visit) -> Answer {
    let form = visit.form(&["key", "expected_total"])?;
    let refuse = |cart: Option<&Cart>, text: String| {
        let notice = Notice::new(Tone::Bad, "No order was made", text);
        answer(&visit, cart, Some(notice), StatusCode::UNPROCESSABLE_ENTITY)
    };
    let cart = cart::load(&visit).await?;
    let Some(cart) = cart.filter(|cart| missing(Some(cart)).is_none()) else {
        return refuse(None, "The cart has changed, or was ordered already.".to_owned());
    };
    if form.raw("key") != purchase_key(&visit, &cart) || form.raw("expected_total") != cart.total.amount.to_string() {
        return refuse(Some(&cart), "The cart has changed since you saw this page. Look it over.".to_owned());
    }
    // The uses of its codes are kept for who has the link.
    match claim_codes(&visit, &cart).await {
        Ok(()) => {}
        Err(CallError::Domain(error @ (CartError::CodeRefused { .. } | CartError::AlreadyOrdered))) => {
            let cart = cart::load(&visit).await?;
            return refuse(cart.as_ref(), format!("The reason: {error}. Look it over."));
        }
        Err(error) => return Err(unavailable(error)),
    }
    let secret = visit.shop.order_secret(&cart.id.to_string(), cart.version);
    let request = purchase(&cart, &secret, PAYMENT_LINK.to_owned())?;
    // It is for someone who pays later: until then others may buy it.
    hold::end(&visit).await;
    match visit.shop.orders().place_order(&visit.staff(), request).await {
        Ok(made) => {
            let text = format!(
                "We sent {} a link. They can pay for seven days.",
                cart.email.map_or_else(String::new, |email| email.to_string())
            );
            let notice = Notice::new(Tone::Ok, format!("Order {} is made", made.number), text);
            let mut response = visit.see_other_saying(format!("/admin/orders/{}", made.order_id), &notice);
            let names = visit.shop.cookie_names();
            visit.set_cookie(&mut response, names.remove(CART));
            visit.set_cookie(&mut response, names.remove(CART_COUNT));
            hold::forget(&visit, &mut response);
            Ok(response)
        }
        Err(CallError::Domain(OrdersError::TotalChanged { .. })) => {
            refuse(Some(&cart), "A price or the delivery has changed. Look it over.".to_owned())
        }
        Err(CallError::Domain(OrdersError::NotPermitted)) => Err(Problem::NotPermitted),
        Err(CallError::Domain(error)) => refuse(Some(&cart), format!("The reason: {error}.")),
        Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. }) => {
            refuse(Some(&cart), "This cart is being bought already.".to_owned())
        }
        Err(error) => Err(unavailable(error)),
    }
}
