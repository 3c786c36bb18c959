//! Canceling an order, from its page, until something of it is packed.

use kernel::{CallError, IdempotencyKey};
use orders_api::{CancelOrder, Order, OrderStatus, OrdersError};

use super::order::open;
use super::unlock;
use super::views::{CancelForm, Notice, Tone};
use crate::web::{Answer, Problem, Visit, see_other};

/// A form for canceling, while that is possible; `page` is the address of the order's page.
pub(super) fn cancel_form(order: &Order, page: &str) -> Option<CancelForm> {
    let is_possible = order.status == OrderStatus::Placed && order.lines.iter().all(|line| line.packed == 0);
    is_possible.then(|| CancelForm {
        action: format!("{page}/cancel"),
        key: IdempotencyKey::new().to_string(),
        pays_back: order.payment_status.has_arrived(),
    })
}

/// `POST /o/{secret}/cancel`
///
/// # Errors
/// The secret opens no order, the form is wrong, or the order cannot be changed now.
pub async fn cancel(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    let form = visit.form(&["key", "why"])?;
    let page = format!("/o/{}", secret.reveal());
    if !unlock::is_known(&visit, &secret, &order) {
        return Ok(see_other(page));
    }
    let Some(key) = IdempotencyKey::parse(form.raw("key")) else { return Err(Problem::StaleForm) };
    let reason = form.text("why").unwrap_or_else(|| "Canceled by the customer".to_owned());
    let key = IdempotencyKey::of(order.id, &key.to_string());
    let request = CancelOrder { key, order_id: order.id, reason, write_off: false, unless_placed: false };
    let notice = match visit.shop.orders().cancel_order(&visit.guest(secret), request).await {
        Ok(_) => Notice::new(Tone::Ok, "Your order is canceled", "We sent you a mail about it."),
        Err(CallError::Domain(OrdersError::NotFound)) => return Err(Problem::NotFound),
        Err(CallError::Domain(OrdersError::NotAllowed { .. })) => {
            let text = "It is being packed, or has ended. When it has reached you, you can send it back.";
            Notice::new(Tone::Bad, "It is too late to cancel", text)
        }
        Err(CallError::Domain(error)) => Notice::new(Tone::Bad, "That was not possible", format!("{error}.")),
        Err(error) => return Err(error.into()),
    };
    Ok(visit.see_other_saying(page, &notice))
}
