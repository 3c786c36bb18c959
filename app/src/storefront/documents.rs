//! The documents of an order, opened by its secret in a browser that the shop knows for the order.

use super::order::open;
use super::unlock;
use crate::papers;
use crate::web::{Answer, Visit, see_other};

/// `GET /o/{secret}/documents/{document}`, as a page, or with `.pdf` or `.xml` behind it. Other browsers are led to the
/// page of the order, which asks whose it is.
///
/// # Errors
/// The secret opens no order, the order has no such document, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let (secret, order) = open(&visit).await?;
    if !unlock::is_known(&visit, &secret, &order) {
        return Ok(see_other(format!("/o/{}", secret.reveal())));
    }
    let name: String = visit.path("document")?;
    papers::answer_document(&visit, &order.id.to_string(), &name).await
}
