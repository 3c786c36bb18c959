//! "We are confirming your payment": asks again by itself until something is known.

use std::time::Duration;

use actix_web::http::StatusCode;
use kernel::Secret;
use orders_api::{FindOrder, OrderProgress};

use super::{next_page, returning};
use crate::storefront::views::WaitingPage;
use crate::storefront::{own_shell, unlock};
use crate::web::{Answer, Problem, Visit};

/// After this time the page says that mail will follow.
const LATE: Duration = Duration::from_secs(60);

/// `GET /checkout/waiting/{secret}`
///
/// # Errors
/// The secret opens no order.
pub async fn show(visit: Visit) -> Answer {
    let secret = Secret::parse(visit.request.match_info().query("secret")).ok_or(Problem::NotFound)?;
    let found = visit.shop.orders().order(&visit.guest(secret.clone()), FindOrder::OfPrincipal).await;
    let order = match found {
        Ok(Some(order)) => Some(order),
        // The order may be on its way still, when nobody knows whether it was placed.
        Ok(None) if visit.cookies().secret(crate::web::cookies::ORDER) == Some(secret.clone()) => None,
        Ok(None) => return Err(Problem::NotFound),
        Err(error) if error.is_temporary() => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(order) = &order {
        let progress = returning::advance(&visit, order.id, &secret).await?;
        if !matches!(progress, OrderProgress::Waiting) {
            return Ok(next_page(&visit, &secret, &progress));
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
