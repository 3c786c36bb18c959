//! Step 2: how it gets there.

use actix_web::http::StatusCode;
use cart_api::{Cart, CartError, SaveShipping, ShippingChoice};
use kernel::{CallError, IdempotencyKey};

use super::{cart_to_buy, done_contact, hold};
use crate::storefront::views::{
    DeliveryChoice, DeliveryPage, MoneyView, Problem as ProblemView, arrival, country_name,
};
use crate::storefront::{cart, own_shell, summary};
use crate::web::{Answer, Form, Problem, Visit, see_other};

/// `GET /checkout/delivery`
///
/// # Errors
/// The cart cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    match cart_to_buy(&visit).await? {
        Ok(cart) if cart.address.is_none() => Ok(see_other("/checkout/contact")),
        Ok(cart) => answer(&visit, &cart, &Form::default(), StatusCode::OK).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

async fn answer(visit: &Visit, cart: &Cart, form: &Form, status: StatusCode) -> Answer {
    let title = if form.is_valid() { "Delivery" } else { "Error: Delivery" };
    let chosen = cart.shipping.as_ref().map(|shipping| shipping.method.as_str());
    let page = DeliveryPage {
        shell: own_shell(visit, title).await,
        problems: ProblemView::all(form),
        done: done_contact(cart),
        choices: cart.shipping_choices.iter().map(|choice| choice_view(visit, choice, chosen)).collect(),
        country: country_name(cart.country.code()).to_owned(),
        summary: summary::of_cart(cart),
    };
    visit.shop.pages().answer(status, "storefront/checkout/delivery.html", &page)
}

fn choice_view(visit: &Visit, choice: &ShippingChoice, chosen: Option<&str>) -> DeliveryChoice {
    let free_from = choice.free_from.filter(|_| choice.price.amount > 0);
    DeliveryChoice {
        code: choice.method.clone(),
        name: choice.name.clone(),
        arrival: format!("Arrives {}", arrival(visit.shop.clock().now(), choice.min_days, choice.max_days)),
        price: choice.price.into(),
        note: free_from.map(|from| format!("free from {}", MoneyView::from(from).text)).unwrap_or_default(),
        chosen: chosen == Some(choice.method.as_str()),
    }
}

/// `POST /checkout/delivery`
///
/// # Errors
/// The form has other fields, or the cart cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let mut form = visit.form(&["method"])?;
    let ctx = visit.cart_ctx().ok_or(Problem::NotFound)?;
    if let Some(method) = form.required("method", "Choose how it shall be delivered") {
        let request = SaveShipping { key: IdempotencyKey::new(), method };
        match visit.shop.carts().save_shipping(&ctx, request).await {
            Ok(changed) => {
                let mut response = see_other("/checkout/payment");
                hold::begin(&visit, &changed, &mut response).await;
                return Ok(response);
            }
            Err(CallError::Domain(CartError::Invalid { .. } | CartError::NotDeliverable { .. })) => {
                form.problem("method", "This way is not offered for your address. Choose another.");
            }
            Err(CallError::Domain(_)) => return Ok(cart::nothing_to_buy()),
            Err(error) => return Err(cart::unavailable(error)),
        }
    }
    match cart_to_buy(&visit).await? {
        Ok(cart) => answer(&visit, &cart, &form, StatusCode::UNPROCESSABLE_ENTITY).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}
