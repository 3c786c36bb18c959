//! What programs ask: health, the JSON API and its description.

pub mod health;
pub mod notices;
pub mod openapi;
pub mod v1;

use actix_web::HttpResponse;
use kernel::trace::TraceContext;

use crate::web::Problem;

/// A problem document (RFC 9457).
pub fn problem_document(problem: &Problem, trace: TraceContext) -> HttpResponse {
    let (title, detail) = problem.words();
    HttpResponse::build(problem.status()).content_type("application/problem+json").json(serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": problem.status().as_u16(),
        "detail": detail,
        "request_id": trace.trace_id(),
    }))
}
