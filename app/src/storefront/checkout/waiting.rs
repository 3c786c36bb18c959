//! "We are confirming your payment": asks again by itself until something is known.

use std::time::Duration;

use actix_web::http::StatusCode;
use billing_api::{FindPayment, PaymentNext, PaymentSession, SessionStatus};
use kernel::Secret;
use orders_api::{FindOrder, Order, OrderProgress};

use super::{next_page, returning};
use crate::storefront::order::missed;
use crate::storefront::views::{Notice, Tone, WaitingPage};
use crate::storefront::{own_shell, unlock};
use crate::web::{Answer, Visit, see_other};

/// After this time the page says that mail will follow.
const LATE: Duration = Duration::from_secs(60);

/// `GET /checkout/waiting/{secret}`
///
/// # Errors
/// The secret opens no order.
pub async fn show(visit: Visit) -> Answer {
    let Some(secret) = Secret::parse(visit.request.match_info().query("secret")) else {
        return Err(missed(&visit).await?);
    };
    let found = visit.shop.orders().order(&visit.guest(secret.clone()), FindOrder::OfPrincipal).await;
    let order = match found {
        Ok(Some(order)) => Some(order),
        // Nobody knew whether it was placed: it was not. Whoever presses again buys once all the same.
        Ok(None) if visit.cookies().secret(crate::web::cookies::ORDER) == Some(secret.clone()) => {
            let heading = "Your order was not placed yet";
            let text = "You have not been charged, and your cart is kept. Press the button again: you buy once, however often you press it.";
            return Ok(visit.see_other_saying("/checkout/payment", &Notice::new(Tone::Warn, heading, text)));
        }
        Ok(None) => return Err(missed(&visit).await?),
        Err(error) if error.is_temporary() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(order) = &order {
        let progress = returning::advance(&visit, order.id, &secret).await?;
        if !matches!(progress, OrderProgress::Waiting) {
            return Ok(next_page(&visit, &secret, &progress));
        }
        if visit.query("to_pay")?.is_some()
            && let Some(url) = page_of_provider(&visit, order).await
        {
            return Ok(see_other(url));
        }
    }
    let late = order.as_ref().is_some_and(|order| visit.shop.clock().now().since(order.created_at) > LATE);
    let page = WaitingPage {
        shell: own_shell(&visit, "Confirming your payment").await,
        number: order.as_ref().map(|order| order.number.clone()).unwrap_or_default(),
        email: order
            .as_ref()
            .filter(|order| unlock::is_known(&visit, &secret, order))
            .map(|order| order.email.to_string())
            .unwrap_or_default(),
        late,
        refresh_seconds: if late { 15 } else { 3 },
        order_href: format!("/o/{}", secret.reveal()),
    };
    visit.shop.pages().answer(StatusCode::ACCEPTED, "storefront/checkout/waiting.html", &page)
}

/// Where the order can be paid, for a shopper to whom the answer that said so was lost.
async fn page_of_provider(visit: &Visit, order: &Order) -> Option<String> {
    let request = FindPayment { order_id: order.id.to_string() };
    let payment = visit.shop.billing().payment(&visit.edge(), request).await.ok()??;
    match payment.session {
        PaymentSession { status: SessionStatus::Pending, next: PaymentNext::Redirect { url }, .. } => Some(url),
        _ => None,
    }
}
