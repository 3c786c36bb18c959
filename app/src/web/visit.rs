//! One request: who visits, what they ask for, and the shop that answers.

use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use accounts_api::{Permission, SignedIn};
use actix_web::cookie::Cookie;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use kernel::principal::Staff;
use kernel::trace::TraceContext;
use kernel::{CallCtx, Principal, Secret};

use super::cookies::{self, Cookies};
use super::flash;
use super::forms::Form;
use super::problem::Problem;
use crate::assemble::Shop;
use crate::storefront::views::Notice;

/// How long the modules may take to answer a page.
const PAGE_TIMEOUT: Duration = Duration::from_secs(8);

/// One request.
pub struct Visit {
    /// The shop.
    pub shop: Shop,
    /// The request.
    pub request: HttpRequest,
    /// Its body; empty for GET.
    pub body: Bytes,
    /// Names the request in logs, and in the modules it reaches.
    pub trace: TraceContext,
    /// The member of staff, on their pages.
    pub staff: Option<SignedIn>,
}

impl Visit {
    /// A call by nobody in particular.
    pub fn anonymous(&self) -> CallCtx {
        self.ctx(Principal::Anonymous)
    }

    /// A call by whoever shows `secret`.
    pub fn guest(&self, secret: Secret) -> CallCtx {
        self.ctx(Principal::Guest(secret))
    }

    /// A call by the member of staff whose page this is.
    pub fn staff(&self) -> CallCtx {
        match &self.staff {
            None => self.anonymous(),
            Some(signed_in) => self.ctx(Principal::Staff(Staff {
                id: signed_in.user.id.to_string(),
                name: signed_in.user.name.clone(),
                permissions: signed_in.permissions.iter().map(|permission| permission.as_str().to_owned()).collect(),
            })),
        }
    }

    /// A call by the edge itself, where it acts for a visitor who has proved what is needed.
    pub fn edge(&self) -> CallCtx {
        self.ctx(Principal::Module("app".into()))
    }

    fn ctx(&self, principal: Principal) -> CallCtx {
        CallCtx { trace: self.trace, ..CallCtx::new("app", principal) }.within(PAGE_TIMEOUT)
    }

    /// Whether the member of staff may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.staff.as_ref().is_some_and(|staff| staff.permissions.contains(&permission))
    }

    /// The cookies.
    pub fn cookies(&self) -> Cookies<'_> {
        Cookies::new(&self.request, self.shop.cookie_names())
    }

    /// The secret of the visitor's cart, when they have one.
    pub fn cart_secret(&self) -> Option<Secret> {
        self.cookies().secret(cookies::CART)
    }

    /// The call of the visitor on their cart; nobody's cart when they have none.
    pub fn cart_ctx(&self) -> Option<CallCtx> {
        self.cart_secret().map(|secret| self.guest(secret))
    }

    /// The session that forms of this page belong to: of staff on their pages, else of the cart.
    pub fn form_session(&self) -> Option<Secret> {
        let kind = if self.request.path().starts_with("/admin") { cookies::STAFF } else { cookies::CART };
        self.cookies().secret(kind)
    }

    /// A token for the forms of this page; empty for a visitor without a session, who has no such forms.
    pub fn csrf_token(&self) -> String {
        self.form_session().map(|session| super::csrf::token(self.shop.form_keys(), &session)).unwrap_or_default()
    }

    /// The message that the last step left for this page.
    pub fn flash(&self) -> Option<Notice> {
        self.cookies().text(cookies::FLASH).and_then(|text| flash::read(&text))
    }

    /// Sends the browser on, with a message for the next page.
    pub fn see_other_saying(&self, path: impl AsRef<str>, notice: &Notice) -> HttpResponse {
        let mut response = super::see_other(path);
        self.set_cookie(&mut response, self.shop.cookie_names().make(cookies::FLASH, flash::write(notice)));
        response
    }

    /// Adds a cookie to an answer.
    pub fn set_cookie(&self, response: &mut HttpResponse, cookie: Cookie<'_>) {
        // Names and values are made by us, of characters that headers can hold.
        let _ = response.add_cookie(&cookie);
    }

    /// A part of the path.
    ///
    /// # Errors
    /// It does not have the form of a `T`: there can be no such page.
    pub fn path<T: FromStr>(&self, name: &str) -> Result<T, Problem> {
        self.request.match_info().query(name).parse().map_err(|_| Problem::NotFound)
    }

    /// A parameter after the `?`; `None` when it is absent or empty. Parameters that a page does not know are ignored.
    ///
    /// # Errors
    /// The query cannot be read.
    pub fn query(&self, name: &str) -> Result<Option<String>, Problem> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(self.request.query_string())
            .map_err(|_| Problem::BadRequest("The address after the question mark cannot be read".to_owned()))?;
        let value = pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value);
        if value.as_ref().is_some_and(|value| value.contains('\0')) {
            return Err(Problem::BadRequest(format!("{name}: it holds a character that cannot be stored")));
        }
        Ok(value.filter(|value| !value.trim().is_empty()))
    }

    /// A parameter of the form of a `T`.
    ///
    /// # Errors
    /// It has another form.
    pub fn query_as<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.query(name)?
            .map(|text| {
                text.trim().parse().map_err(|_| Problem::BadRequest(format!("{name}: {text:?} is not possible here")))
            })
            .transpose()
    }

    /// The page number.
    ///
    /// # Errors
    /// It is not a whole number from 1.
    pub fn page_number(&self) -> Result<u32, Problem> {
        let page = self.query_as::<u32>("page")?.unwrap_or(1);
        if (1..=100_000).contains(&page) { Ok(page) } else { Err(Problem::NotFound) }
    }

    /// The form, which has only these fields, each at most once. The `csrf` field is checked before handlers run.
    ///
    /// # Errors
    /// It cannot be read, or has other fields.
    pub fn form(&self, fields: &[&'static str]) -> Result<Form, Problem> {
        Form::read(&self.body, fields)
    }

    /// Where the visitor is: behind proxies of ours the address that the outermost of them saw. IPv6 counts by /64.
    pub fn address(&self) -> IpAddr {
        client_address(&self.request, self.shop.settings().trusted_proxies)
    }
}

/// See [`Visit::address`]. What a client itself writes into `X-Forwarded-For` is never believed.
pub fn client_address(request: &HttpRequest, trusted_proxies: usize) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());
    if trusted_proxies == 0 {
        return network(peer);
    }
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    // Each proxy of ours appended the address it saw; the first of them saw the visitor.
    let seen = hops.len().checked_sub(trusted_proxies).and_then(|place| hops[place].parse().ok());
    network(seen.unwrap_or(peer))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || {
                let s = v6.segments();
                IpAddr::from([s[0], s[1], s[2], s[3], 0, 0, 0, 0])
            },
            IpAddr::V4,
        ),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::client_address;

    // AC-097
    #[test]
    fn an_address_is_believed_from_our_own_proxies_only() {
        for (trusted_proxies, forwarded, seen) in [
            (0, &["203.0.113.9"][..], "192.0.2.1"),
            (1, &["198.51.100.7"], "198.51.100.7"),
            (1, &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (1, &["203.0.113.9", "198.51.100.7"], "198.51.100.7"),
            (2, &["203.0.113.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
            (2, &["203.0.113.9"], "192.0.2.1"),
            (1, &["203.0.113.9, not an address"], "192.0.2.1"),
            (1, &[], "192.0.2.1"),
            (1, &["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::"),
            (1, &["::ffff:198.51.100.7"], "198.51.100.7"),
        ] {
            let mut request = TestRequest::default().peer_addr("192.0.2.1:4711".parse().expect("an address"));
            for value in forwarded {
                request = request.append_header(("x-forwarded-for", *value));
            }
            for name in ["x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip"] {
                request = request.append_header((name, "203.0.113.9"));
            }
            let address = client_address(&request.to_http_request(), trusted_proxies);
            assert_eq!(address.to_string(), seen, "{trusted_proxies} of {forwarded:?}");
        }
    }
}
