//! The shopper comes back from the payment provider. Whatever the address says is a hint only: the provider is asked.

use kernel::Secret;
use orders_api::{AdvanceOrder, FindOrder, OrderId, OrderProgress};

use super::next_page;
use crate::web::cookies::ORDER;
use crate::web::{Answer, Problem, Visit, see_other};

/// `GET /checkout/return/{order}`
///
/// # Errors
/// The browser does not hold the secret of this order.
pub async fn arrive(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    let secret = visit.cookies().secret(ORDER).ok_or(Problem::NotFound)?;
    match advance(&visit, order_id, &secret).await? {
        OrderProgress::Waiting => Ok(see_other(format!("/checkout/waiting/{}", secret.reveal()))),
        progress => Ok(next_page(&visit, &secret, &progress)),
    }
}

/// `POST /checkout/return/{order}`: some providers send the browser back so, from their site, without our cookies. A GET
/// to the same address carries them.
///
/// # Errors
/// The address has no such form.
pub async fn arrive_by_post(visit: Visit) -> Answer {
    let order_id: OrderId = visit.path("order")?;
    Ok(see_other(format!("/checkout/return/{order_id}")))
}

/// Takes the purchase of the one who holds `secret` as far as it goes now.
pub(super) async fn advance(visit: &Visit, order_id: OrderId, secret: &Secret) -> Result<OrderProgress, Problem> {
    let shown = visit.shop.orders().order(&visit.guest(secret.clone()), FindOrder::OfPrincipal).await;
    match shown {
        Ok(Some(order)) if order.id == order_id => {}
        Ok(_) => return Err(Problem::NotFound),
        Err(error) if error.is_temporary() => return Ok(OrderProgress::Waiting),
        Err(error) => return Err(error.into()),
    }
    match visit.shop.orders().advance_order(&visit.edge(), AdvanceOrder { order_id }).await {
        Ok(progress) => Ok(progress),
        Err(error) if error.is_temporary() => Ok(OrderProgress::Waiting),
        Err(error) => Err(error.into()),
    }
}
