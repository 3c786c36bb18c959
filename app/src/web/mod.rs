//! What all pages share: the visit, cookies, forms, rendering, the page cache, limits and headers.

pub mod assets;
pub mod cache;
pub mod cookies;
pub mod counters;
pub mod csrf;
pub mod device;
pub mod flash;
pub mod forms;
pub mod headers;
pub mod limits;
pub mod metrics;
pub mod pages;
pub mod problem;
pub mod serve;
pub mod signature;
pub mod visit;

pub use forms::Form;
pub use problem::Problem;
pub use visit::Visit;

/// `text` as the value of a parameter.
pub fn urlencoded(text: &str) -> String {
    serde_urlencoded::to_string([("", text)]).unwrap_or_default().trim_start_matches('=').to_owned()
}

/// Says after how long to try again: for programs, what the page says to people.
pub fn retry_after(response: &mut actix_web::HttpResponse, wait: std::time::Duration) {
    response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, wait.as_secs().max(1).into());
}

/// What a handler gives.
pub type Answer = Result<actix_web::HttpResponse, Problem>;

/// Sends the browser on with GET: after a form was accepted.
pub fn see_other(path: impl AsRef<str>) -> actix_web::HttpResponse {
    actix_web::HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, path.as_ref())).finish()
}
