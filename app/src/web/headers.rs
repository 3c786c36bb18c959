//! The headers that every answer carries.

use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
};

/// Pages run no script, but for the one with the fields of a payment provider.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; \
    frame-ancestors 'none'; base-uri 'none'; object-src 'none'";

/// The policy of the page with the fields of a payment provider: its scripts and frames, by name, and ours by `nonce`.
/// `pages` are the provider's own, where a form may lead.
pub fn with_card_fields(nonce: &str, pages: &[String]) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' https://js.stripe.com; style-src 'self'; img-src 'self'; \
         font-src 'self'; connect-src 'self' https://api.stripe.com; \
         frame-src https://js.stripe.com https://hooks.stripe.com; form-action 'self' {}; frame-ancestors 'none'; \
         base-uri 'none'; object-src 'none'",
        pages.join(" ")
    )
}

/// The policy of a page whose form may lead to a payment provider's own pages.
pub fn leading_to(pages: &[String]) -> String {
    CSP.replace("form-action 'self'", &format!("form-action 'self' {}", pages.join(" ")))
}

const PERMISSIONS: &str =
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()";

/// Who may keep an answer, as its route says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// The same for everybody but for the cart count: kept by us, asked for again by browsers.
    Public,
    /// Belongs to somebody: kept by nobody.
    Private,
    /// Belongs to somebody, and its address is a secret: also no referrer leaves it.
    Secret,
    /// A file whose name changes with its content.
    Forever,
}

/// All headers of a page that is the same for everybody but for its tag and encoding, made once: such a page costs
/// little more than sending its bytes.
pub fn of_public_pages(https: bool) -> &'static HeaderMap {
    static HEADERS: LazyLock<[HeaderMap; 2]> = LazyLock::new(|| {
        [false, true].map(|https| {
            let mut headers = HeaderMap::with_capacity(16);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
            headers.insert(VARY, HeaderValue::from_static("accept-encoding, cookie"));
            secure(&mut headers, Cache::Public, https, &[]);
            headers
        })
    });
    &HEADERS[usize::from(https)]
}

/// Puts the fixed set of headers on an answer.
///
/// Browsers count where a form is led to in the end as where it goes: pages that belong to somebody may lead to
/// `payment_pages`.
pub fn secure(headers: &mut HeaderMap, cache: Cache, https: bool, payment_pages: &[String]) {
    if matches!(cache, Cache::Private | Cache::Secret)
        && !payment_pages.is_empty()
        && !headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::try_from(leading_to(payment_pages))
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let fixed: [(HeaderName, &'static str); 6] = [
        (CONTENT_SECURITY_POLICY, CSP),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (REFERRER_POLICY, if cache == Cache::Secret { "no-referrer" } else { "strict-origin-when-cross-origin" }),
    ];
    for (name, value) in fixed {
        // A page with a policy of its own keeps it.
        if name != CONTENT_SECURITY_POLICY || !headers.contains_key(CONTENT_SECURITY_POLICY) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        let value = match cache {
            Cache::Public => "no-cache",
            Cache::Private | Cache::Secret => "no-store",
            Cache::Forever => "public, max-age=31536000, immutable",
        };
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
}
