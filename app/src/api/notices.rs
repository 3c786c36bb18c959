//! What payment providers tell by themselves. Whoever sends it is known by its signature, and by nothing else.

use actix_web::HttpResponse;
use billing_api::{BillingError, ReceiveNotice};
use kernel::secret::sha256_hex;
use kernel::{CallError, IdempotencyKey};

use crate::web::{Answer, Problem, Visit};

/// `POST /webhooks/{provider}`: 200 only after it is stored; 401 for what the provider has not signed now.
///
/// # Errors
/// There is no such provider, the body is no text, or it cannot be stored now: the provider sends it again.
pub async fn receive(visit: Visit) -> Answer {
    let provider: String = visit.path("provider")?;
    let body = String::from_utf8(visit.body.to_vec())
        .map_err(|_| Problem::BadRequest("The notice cannot be read: it has to be UTF-8".to_owned()))?;
    let signature = visit.request.headers().get("stripe-signature").and_then(|value| value.to_str().ok());
    let request = ReceiveNotice {
        key: IdempotencyKey::of("notice", &sha256_hex(body.as_bytes())),
        provider,
        signature: signature.unwrap_or_default().to_owned(),
        body,
    };
    match visit.shop.billing().receive_notice(&visit.edge(), request).await {
        Ok(()) => Ok(HttpResponse::Ok().body("ok")),
        Err(CallError::Domain(BillingError::NotAuthentic)) => Ok(HttpResponse::Unauthorized().body("not authentic")),
        Err(CallError::Domain(BillingError::NotFound)) => Err(Problem::NotFound),
        Err(error) => Err(error.into()),
    }
}
