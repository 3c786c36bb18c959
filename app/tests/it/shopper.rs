//! Somebody with a browser that runs no scripts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};

use crate::html::{self, Form};

/// What a browser was given.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    /// The page, when it has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} says: {}", self.path, self.text());
        self
    }

    /// The words of the page.
    pub(crate) fn text(&self) -> String {
        html::text(&self.body)
    }

    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "{} ({}) does not say {words:?} but: {text}", self.path, self.status);
        self
    }

    #[track_caller]
    pub(crate) fn says_not(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(!text.contains(words), "{} says {words:?}: {text}", self.path);
        self
    }

    /// A header; empty when there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// When to try again.
    #[track_caller]
    pub(crate) fn seconds_to_wait(&self) -> u32 {
        self.header("retry-after").parse().expect("a number of seconds")
    }

    /// The form whose action begins so.
    #[track_caller]
    pub(crate) fn form(&self, action: &str) -> Form {
        let form = html::forms(&self.body).into_iter().find(|form| form.action.starts_with(action));
        form.unwrap_or_else(|| panic!("{} ({}) has no form {action}: {}", self.path, self.status, self.text()))
    }

    /// The form of a cart that changes how many of its first line are wanted.
    #[track_caller]
    pub(crate) fn line_form(&self) -> Form {
        let changes = |form: &Form| form.action.starts_with("/cart/lines/") && !form.action.ends_with("/remove");
        html::forms(&self.body).into_iter().find(changes).unwrap_or_else(|| panic!("{} has no lines", self.path))
    }

    /// The first link that begins so.
    #[track_caller]
    pub(crate) fn link(&self, begin: &str) -> String {
        let link = html::links(&self.body).into_iter().find(|href| href.starts_with(begin));
        link.unwrap_or_else(|| panic!("{} has no link to {begin}", self.path))
    }
}

/// Something in the shop that a test buys.
#[derive(Clone, Debug)]
pub(crate) struct Goods {
    pub(crate) slug: String,
    pub(crate) variant: String,
}

/// A visitor with cookies of their own, at an address of their own.
pub(crate) struct Shopper {
    client: Client,
    /// Where the shop is reached.
    base: String,
    /// The address that the browser knows.
    site: String,
    address: String,
    cookies: RefCell<BTreeMap<String, String>>,
    /// Every cookie that came, as it came.
    set_cookies: RefCell<Vec<String>>,
    pub(crate) email: String,
}

impl Shopper {
    pub(crate) fn at(base: &str) -> Self {
        Self::behind_proxy(base, base)
    }

    /// Comes to `site`; a proxy passes that on to `base`.
    pub(crate) fn behind_proxy(base: &str, site: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let [_, a, b, c] = number.to_be_bytes();
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
        Self {
            client,
            base: base.to_owned(),
            site: site.to_owned(),
            address: format!("10.{a}.{b}.{c}"),
            cookies: RefCell::default(),
            set_cookies: RefCell::default(),
            email: format!("shopper{number}.{}@example.com", std::process::id()),
        }
    }

    /// The same person in another window: same cookies, same address.
    pub(crate) fn other_window(&self) -> Self {
        let other = Self::behind_proxy(&self.base, &self.site);
        Self { address: self.address.clone(), cookies: self.cookies.clone(), email: self.email.clone(), ..other }
    }

    /// Somebody new at the same address.
    pub(crate) fn neighbor(&self) -> Self {
        Self { address: self.address.clone(), ..Self::behind_proxy(&self.base, &self.site) }
    }

    /// Somebody new at the same address, whose browser claims to pass on what another address asked for.
    pub(crate) fn claiming(&self, address: &str) -> Self {
        Self { address: format!("{address}, {}", self.address), ..self.neighbor() }
    }

    /// Every cookie that came, as it came.
    pub(crate) fn set_cookies(&self) -> Vec<String> {
        self.set_cookies.borrow().clone()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.borrow().get(name).cloned()
    }

    /// The same person's letters opened in another browser: no cookies, another address.
    pub(crate) fn other_browser(&self) -> Self {
        let other = Self::at(&self.base);
        Self { email: self.email.clone(), ..other }
    }

    pub(crate) fn keep(&self, name: &str, value: &str) {
        self.cookies.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// One request, whatever it is. `None` when nobody answers.
    pub(crate) async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Option<Page> {
        let mut request =
            self.client.request(method, format!("{}{path}", self.base)).header("x-forwarded-for", &self.address);
        if self.site != self.base {
            request = request.header("host", self.site.split_once("://").map_or("", |(_, host)| host));
        }
        let cookies: Vec<String> =
            self.cookies.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.body(body).send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            self.take(cookie.to_str().expect("text"));
        }
        let body = String::from_utf8_lossy(&answer.bytes().await.ok()?).into_owned();
        Some(Page { path: path.to_owned(), status, headers, body })
    }

    fn take(&self, cookie: &str) {
        self.set_cookies.borrow_mut().push(cookie.to_owned());
        let (name, rest) = cookie.split_once('=').expect("a cookie");
        let value = rest.split(';').next().unwrap_or_default();
        if rest.contains("Max-Age=0") {
            self.cookies.borrow_mut().remove(name);
        } else {
            self.keep(name, value);
        }
    }

    pub(crate) async fn try_get(&self, path: &str) -> Option<Page> {
        self.try_send(Method::GET, path, &[], "").await
    }

    /// A page, without going where it sends.
    pub(crate) async fn get(&self, path: &str) -> Page {
        self.try_get(path).await.unwrap_or_else(|| panic!("{path}: no answer"))
    }

    /// A page, wherever that leads.
    pub(crate) async fn visit(&self, path: &str) -> Page {
        self.follow(self.get(path).await).await
    }

    /// Goes where a page sends, as long as it does.
    pub(crate) async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            if !matches!(page.status, 301 | 302 | 303 | 307 | 308) {
                return page;
            }
            let target = page.header("location").to_owned();
            page = self.get(target.strip_prefix(&self.site).unwrap_or(&target)).await;
        }
        panic!("{}: sent around in circles", page.path)
    }

    /// Sends fields as a form of the shop's own page does, without going where that sends.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_from(&self.site, path, fields).await
    }

    /// The same from a page of `origin`.
    pub(crate) async fn post_from(&self, origin: &str, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = serde_urlencoded::to_string(fields).expect("fields");
        let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
        let page = self.try_send(Method::POST, path, &headers, body).await;
        page.unwrap_or_else(|| panic!("{path}: no answer"))
    }

    /// Sends something else than fields, from a page of the shop.
    pub(crate) async fn send_upload(&self, path: &str, content_type: &str, body: Vec<u8>) -> Page {
        let headers = [("origin", self.site.as_str()), ("content-type", content_type)];
        let page = self.try_send(Method::POST, path, &headers, body).await;
        page.unwrap_or_else(|| panic!("{path}: no answer"))
    }

    /// Sends a form as it is.
    pub(crate) async fn submit(&self, form: &Form) -> Page {
        let fields: Vec<(&str, &str)> =
            form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(&form.action, &fields).await
    }

    /// Fills in a form of a page, sends it, and goes where that leads.
    #[track_caller]
    pub(crate) fn send_form(&self, page: &Page, action: &str, typed: &[(&str, &str)]) -> impl Future<Output = Page> {
        let form = typed.iter().fold(page.form(action), |form, (name, value)| form.with(name, value));
        async move { self.follow(self.submit(&form).await).await }
    }

    /// Something by its article number.
    pub(crate) async fn goods(&self, slug: &str, sku: &str) -> Goods {
        let product = self.get(&format!("/api/v1/store/products/{slug}")).await.expect(200);
        let product: serde_json::Value = serde_json::from_str(&product.body).expect("JSON");
        let variants = product["variants"].as_array().expect("variants");
        let variant = variants.iter().find(|variant| variant["sku"] == sku).unwrap_or_else(|| panic!("no {sku}"));
        Goods { slug: slug.to_owned(), variant: variant["id"].as_str().expect("an id").to_owned() }
    }

    /// Puts something into the cart from its page; gives the cart.
    pub(crate) async fn add(&self, goods: &Goods, quantity: u32) -> Page {
        let page = self.get(&format!("/p/{}?variant={}", goods.slug, goods.variant)).await.expect(200);
        self.send_form(&page, "/cart/lines", &[("quantity", &quantity.to_string())]).await
    }

    /// From the cart to the last step.
    pub(crate) async fn go_to_payment(&self) -> Page {
        let contact = self.get("/checkout/contact").await.expect(200);
        let delivery = self.send_form(&contact, "/checkout/contact", &self.contact()).await.expect(200);
        let method = first_choice(&delivery, "method");
        self.send_form(&delivery, "/checkout/delivery", &[("method", &method)]).await.expect(200)
    }

    /// What they type in the first step.
    pub(crate) fn contact(&self) -> [(&'static str, &str); 6] {
        [
            ("email", &self.email),
            ("name", "Ada Lovelace"),
            ("country", "AT"),
            ("line1", "Ringstraße 1"),
            ("postcode", "1010"),
            ("city", "Wien"),
        ]
    }

    /// Everything up to the last step.
    pub(crate) async fn choose(&self, goods: &Goods, quantity: u32) -> Page {
        self.add(goods, quantity).await.expect(200);
        self.go_to_payment().await
    }

    /// Presses the button that buys; gives the page that follows.
    pub(crate) async fn press_pay(&self, payment: &Page, method: &str) -> Page {
        self.send_form(payment, "/checkout/payment", &[("payment_method", method)]).await
    }

    /// Decides at the test provider what becomes of the payment.
    pub(crate) async fn decide(&self, provider: &Page, decision: &str) -> Page {
        self.send_form(provider, "/pay/test/", &[("decision", decision)]).await
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Page {
        let page = self.get("/admin/sign-in").await.expect(200);
        self.send_form(&page, "/admin/sign-in", &[("email", email), ("password", password)]).await
    }
}

/// The value of the first radio button of this name.
fn first_choice(page: &Page, name: &str) -> String {
    let rest =
        page.body.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no choice of {name}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}
