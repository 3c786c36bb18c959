//! What is shown in place of a page that cannot be.

use actix_web::HttpResponse;
use kernel::trace::TraceContext;

use super::views::{Link, ProblemPage, Shell};
use crate::assemble::Shop;
use crate::web::{Problem, pages};

/// The page for `problem`. It asks no module, so that it works when none does.
///
/// # Errors
/// The template fails, too.
pub fn page(shop: &Shop, problem: &Problem, trace: TraceContext) -> Result<HttpResponse, Problem> {
    if matches!(problem, Problem::Internal(_)) {
        return Ok(pages::last_resort(&trace.trace_id()));
    }
    let (heading, text) = problem.words();
    let kind = match problem {
        Problem::NotFound => "not_found",
        Problem::StaleForm => "stale_form",
        Problem::TooMany(_) => "too_many",
        Problem::Unavailable(_) | Problem::Internal(_) => "unavailable",
        Problem::Forbidden | Problem::NotPermitted | Problem::SignIn => "forbidden",
        Problem::BadRequest(_) | Problem::Refused(_) | Problem::WrongHost | Problem::TooLarge(_) => "bad_request",
    };
    let actions = match problem {
        Problem::NotPermitted => vec![Link::new("To the back office", "/admin")],
        Problem::WrongHost => Vec::new(),
        _ => vec![Link::new("To the shop", "/"), Link::new("To your cart", "/cart")],
    };
    let shell = Shell {
        shop_name: shop.settings().shop_name.clone(),
        title: heading.to_owned(),
        cart_count: Some(0),
        noindex: true,
        ..Shell::default()
    };
    let reference = if problem.status().is_server_error() { trace.trace_id() } else { String::new() };
    let page = ProblemPage { shell, kind: kind.into(), heading: heading.into(), text, search: String::new(), actions, reference };
    shop.pages().answer(problem.status(), "storefront/problem.html", &page)
}
