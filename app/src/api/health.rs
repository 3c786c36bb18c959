//! Whether the process lives, and whether it can serve. Neither needs a shop that is set up.

use actix_web::HttpResponse;

use crate::web::{Answer, Visit};

/// `GET /livez`: the process answers. Depends on nothing.
///
/// # Errors
/// Never.
pub async fn live(_: Visit) -> Answer {
    Ok(HttpResponse::Ok().body("ok"))
}

/// `GET /readyz`: this process can serve: its databases answer and it is not stopping. Other modules are no part of it.
///
/// # Errors
/// Never; a check that fails is the answer.
pub async fn ready(visit: Visit) -> Answer {
    Ok(match visit.shop.host().not_ready().await {
        None => HttpResponse::Ok().body("ok"),
        Some(check) => HttpResponse::ServiceUnavailable().body(check),
    })
}
