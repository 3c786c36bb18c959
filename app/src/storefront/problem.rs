//! What is shown in place of a page that cannot be.

use actix_web::{HttpRequest, HttpResponse};
use kernel::trace::TraceContext;

use super::standing;
use super::views::{CategoryLink, Link, ProblemPage, Shell};
use crate::assemble::Shop;
use crate::web::cookies::Cookies;
use crate::web::{Problem, pages};

/// Longer names in an address are no names.
const LONGEST_NAME: usize = 60;

/// The page for `problem`. It asks no module, so that it works when none does.
///
/// # Errors
/// The template fails, too.
pub fn page(
    shop: &Shop,
    request: &HttpRequest,
    problem: &Problem,
    trace: TraceContext,
) -> Result<HttpResponse, Problem> {
    if matches!(problem, Problem::Internal(_)) {
        return Ok(pages::last_resort(&trace.trace_id()));
    }
    let (heading, text) = problem.words();
    let of_staff = request.path().starts_with("/admin");
    let actions = match problem {
        Problem::WrongHost => Vec::new(),
        Problem::NotPermitted => vec![Link::new("To the back office", "/admin")],
        _ if of_staff => vec![Link::new("To the back office", "/admin"), Link::new("To the shop", "/")],
        _ => vec![Link::new("To the shop", "/"), Link::new("To your cart", "/cart")],
    };
    // Someone who came by a wrong host name gets nothing that leads on.
    let leads_on = !matches!(problem, Problem::WrongHost);
    let known = if leads_on { standing::known(shop) } else { standing::Standing::default() };
    let shell = Shell {
        shop_name: shop.settings().shop_name.clone(),
        title: heading.to_owned(),
        categories: CategoryLink::all(&known.categories, None),
        cart_count: Some(i64::from(Cookies::new(request, shop.cookie_names()).cart_count())),
        test_mode: shop.settings().test_payments,
        taxes_added: !shop.settings().prices_include_tax,
        noindex: true,
        ..Shell::default()
    };
    let search = if matches!(problem, Problem::NotFound) { words_of(request.path()) } else { String::new() };
    let reference = if problem.status().is_server_error() { trace.trace_id() } else { String::new() };
    let page = ProblemPage { shell, heading: heading.into(), text, search, actions, reference };
    shop.pages().answer(problem.status(), "storefront/problem.html", &page)
}

/// What the last part of an address names, as words to search for: `linen-sheet` is `linen sheet`.
///
/// Addresses with a secret in them name nothing, nor do those of files and of staff.
fn words_of(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default();
    if ["admin", "api", "cart", "checkout", "media", "o", "pay", "static"].contains(&first) {
        return String::new();
    }
    let last = parts.next_back().unwrap_or(first);
    let name = last.split('.').next().unwrap_or_default();
    if name.len() > LONGEST_NAME || !name.contains(char::is_alphabetic) || name.contains('%') {
        return String::new();
    }
    name.split(['-', '_', '+']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::words_of;

    #[test]
    fn an_address_that_leads_nowhere_says_what_to_search_for() {
        assert_eq!(words_of("/p/linen-sheet"), "linen sheet");
        assert_eq!(words_of("/oak_board.html"), "oak board");
        assert_eq!(words_of("/old/shop/garden-lantern/"), "garden lantern");
    }

    #[test]
    fn an_address_with_a_secret_or_without_a_name_says_nothing() {
        for path in [
            "/",
            "//",
            "/o/4bf92f3577b34da6a3ce929d0e0e4736",
            "/admin/setup/oak",
            "/p/123",
            "/cart/lines/cln_01/remove",
            "/static/css/a.css",
            "/p/%3Cb%3E",
        ] {
            assert_eq!(words_of(path), "", "{path}");
        }
        assert_eq!(words_of(&format!("/p/{}", "a".repeat(61))), "");
    }
}
