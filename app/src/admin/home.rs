//! The start page of staff: what there is to do first is orders.

use crate::web::{Answer, Visit, see_other};

/// `GET /admin`
///
/// # Errors
/// Never.
pub async fn show(_: Visit) -> Answer {
    Ok(see_other("/admin/orders?view=to_pack"))
}
