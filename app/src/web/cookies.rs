//! The shop's cookies. All of them are strictly necessary.
//!
//! Over HTTPS names begin with `__Host-`, so that no other host can set them. Over plain HTTP, which only development
//! uses, they have other names, so that the two are never mixed up.

use actix_web::cookie::{Cookie, SameSite, time};
use actix_web::http::header::COOKIE;
use actix_web::{HttpMessage as _, HttpRequest};
use kernel::Secret;

/// One cookie of the shop.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    name: &'static str,
    days: i64,
    same_site: SameSite,
}

/// Opens the visitor's cart.
pub const CART: Kind = Kind { name: "fsc", days: 90, same_site: SameSite::Lax };
/// Units in the cart, to show in the header of pages that are the same for everybody.
pub const CART_COUNT: Kind = Kind { name: "fsn", days: 90, same_site: SameSite::Lax };
/// Opens the order that is being paid, until the shopper comes back from the payment provider.
pub const ORDER: Kind = Kind { name: "fso", days: 1, same_site: SameSite::Lax };
/// Says that the cart was held for its payment, so that a change of it lets go of that.
pub const HOLD: Kind = Kind { name: "fsh", days: 0, same_site: SameSite::Lax };
/// Gift cards that a shopper entered for their cart.
pub const GIFT_CARDS: Kind = Kind { name: "fsg", days: 0, same_site: SameSite::Lax };
/// Orders that this browser may see all of.
pub const KNOWN_ORDERS: Kind = Kind { name: "fsk", days: 90, same_site: SameSite::Lax };
/// One message for the next page.
pub const FLASH: Kind = Kind { name: "fsf", days: 0, same_site: SameSite::Lax };
/// Opens the session of a member of staff.
pub const STAFF: Kind = Kind { name: "fsa", days: 1, same_site: SameSite::Strict };

/// Tells that somebody signed in on this device before.
pub const DEVICE: Kind = Kind { name: "fsd", days: super::device::DAYS, same_site: SameSite::Strict };

/// What the session of a member of staff goes on with from this request on, when they gave their password again in it.
struct Renewed(Secret);

/// Goes on with the session of a member of staff under another secret: for the rest of `request`, and by the cookie that
/// its answer will carry.
pub fn renew_session(request: &HttpRequest, secret: Secret) {
    request.extensions_mut().insert(Renewed(secret));
}

/// The cookie that [`renew_session`] asks for.
pub fn renewed_session(request: &HttpRequest, names: Names) -> Option<Cookie<'static>> {
    request.extensions().get::<Renewed>().map(|Renewed(secret)| names.make(STAFF, secret.reveal()))
}

/// How cookies are named and sent: by whether the shop is on HTTPS.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    secure: bool,
}

impl Names {
    /// For a shop at this address.
    pub fn new(base_url: &str) -> Self {
        Self { secure: base_url.starts_with("https://") }
    }

    fn of(self, kind: Kind) -> String {
        if self.secure { format!("__Host-{}", kind.name) } else { format!("dev-{}", kind.name) }
    }

    /// A cookie to send.
    pub fn make(self, kind: Kind, value: impl Into<String>) -> Cookie<'static> {
        let cookie = Cookie::build(self.of(kind), value.into())
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(kind.same_site);
        if kind.days == 0 { cookie.finish() } else { cookie.max_age(time::Duration::days(kind.days)).finish() }
    }

    /// A cookie that removes itself.
    pub fn remove(self, kind: Kind) -> Cookie<'static> {
        let mut cookie = self.make(kind, "");
        cookie.set_max_age(time::Duration::ZERO);
        cookie
    }
}

/// The cookies of a request.
pub struct Cookies<'r> {
    request: &'r HttpRequest,
    names: Names,
}

impl<'r> Cookies<'r> {
    /// Of `request`.
    pub fn new(request: &'r HttpRequest, names: Names) -> Self {
        Self { request, names }
    }

    /// The text of one.
    pub fn text(&self, kind: Kind) -> Option<String> {
        // Most visitors have none, and this is asked on every page.
        self.request.headers().get(COOKIE)?;
        self.request.cookie(&self.names.of(kind)).map(|cookie| cookie.value().to_owned())
    }

    /// The secret in one; what has not the form of a secret is no cookie of ours.
    pub fn secret(&self, kind: Kind) -> Option<Secret> {
        if kind.name == STAFF.name
            && let Some(Renewed(secret)) = self.request.extensions().get()
        {
            return Some(secret.clone());
        }
        self.text(kind).and_then(|text| Secret::parse(&text))
    }

    /// Units in the cart, as the last change told.
    pub fn cart_count(&self) -> u32 {
        self.text(CART_COUNT).and_then(|text| text.parse().ok()).filter(|count| *count <= 99_999).unwrap_or(0)
    }
}
