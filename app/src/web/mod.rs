//! What all pages share: the visit, cookies, forms, rendering, the page cache, limits and headers.

pub mod assets;
pub mod cache;
pub mod cookies;
pub mod csrf;
pub mod flash;
pub mod forms;
pub mod headers;
pub mod limits;
pub mod metrics;
pub mod pages;
pub mod problem;
pub mod serve;
pub mod visit;

pub use forms::Form;
pub use problem::Problem;
pub use visit::Visit;

/// What a handler gives.
pub type Answer = Result<actix_web::HttpResponse, Problem>;

/// Sends the browser on with GET: after a form was accepted.
pub fn see_other(path: impl AsRef<str>) -> actix_web::HttpResponse {
    actix_web::HttpResponse::SeeOther().insert_header((actix_web::http::header::LOCATION, path.as_ref())).finish()
}
