//! Every URL of the product, with who may use it, what it costs, who may keep the answer, and how its forms are guarded.

use std::sync::OnceLock;

use accounts_api::Permission;
use actix_web::http::Method;
use futures_util::future::LocalBoxFuture;

use crate::web::cache::Shows;
pub use crate::web::headers::Cache;
pub use crate::web::limits::Rate;
use crate::web::metrics::RouteMeter;
use crate::web::{Answer, Problem, Visit, assets};
use crate::{admin, api, storefront};

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Every member of staff.
    Staff,
    /// Members of staff with this permission.
    May(Permission),
    /// Members of staff with this permission who gave their password within the last 15 minutes; others are asked for it
    /// first, and what they wanted goes on afterwards. For what leads to money, to other people, or out of the house.
    Recently(Permission),
}

/// How a change is guarded against other sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Csrf {
    /// Changes nothing.
    Safe,
    /// The browser has to say that it comes from a page of ours.
    SameOrigin,
    /// The form has to carry the token of its session.
    Token,
    /// A payment provider sends the browser back; what it says is only a hint.
    Returning,
    /// No browser sends it: a payment provider signs it.
    Signed,
}

/// A page that is the same for everybody.
pub enum PublicPage {
    /// The page, and what it shows.
    Found {
        /// Rendered.
        html: String,
        /// So that a change of one of these makes it stale.
        shows: Vec<Shows>,
    },
    /// It is at another address now.
    Moved(String),
}

type PageHandler = Box<dyn Fn(Visit) -> LocalBoxFuture<'static, Answer> + Send + Sync>;
type PublicHandler = Box<dyn Fn(Visit) -> LocalBoxFuture<'static, Result<PublicPage, Problem>> + Send + Sync>;

/// What answers.
pub enum Handler {
    /// For one visitor.
    Page(PageHandler),
    /// For everybody: kept, and served from memory.
    Public {
        /// The parameters that change the page.
        query: &'static [&'static str],
        /// Renders it.
        render: PublicHandler,
    },
}

/// One route. A route without one of these does not compile.
pub struct Route {
    /// GET also answers HEAD.
    pub method: Method,
    /// With `{names}` for parts.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What it costs.
    pub rate: Rate,
    /// Who may keep the answer.
    pub cache: Cache,
    /// How it is guarded against other sites.
    pub csrf: Csrf,
    /// What answers.
    pub handler: Handler,
    /// The longest body, in bytes.
    pub body_limit: usize,
    /// Counts and times it.
    pub meter: RouteMeter,
}

const FORM_LIMIT: usize = 256 * 1024;
const IMPORT_LIMIT: usize = 50 * 1024 * 1024 + FORM_LIMIT;
const PRICE_FILE_LIMIT: usize = 4 * 1024 * 1024 + FORM_LIMIT;

#[allow(clippy::too_many_arguments)] // The columns of the table below.
fn route<F>(
    method: Method,
    path: &'static str,
    access: Access,
    rate: Rate,
    cache: Cache,
    csrf: Csrf,
    handle: fn(Visit) -> F,
) -> Route
where
    F: Future<Output = Answer> + 'static,
{
    let handler = Handler::Page(Box::new(move |visit| Box::pin(handle(visit))));
    Route { method, path, access, rate, cache, csrf, handler, body_limit: FORM_LIMIT, meter: RouteMeter::default() }
}

/// A page that everybody may see and that is kept; `query` are the parameters that change it.
fn public<F>(path: &'static str, query: &'static [&'static str], render: fn(Visit) -> F) -> Route
where
    F: Future<Output = Result<PublicPage, Problem>> + 'static,
{
    let handler = Handler::Public { query, render: Box::new(move |visit| Box::pin(render(visit))) };
    let (access, rate, cache, csrf) = (Access::Public, Rate::Browse, Cache::Public, Csrf::Safe);
    let (body_limit, meter) = (FORM_LIMIT, RouteMeter::default());
    Route { method: Method::GET, path, access, rate, cache, csrf, handler, body_limit, meter }
}

/// The nearest page at or above `path` that can be looked at: that of an order for the form that packs it.
pub fn page_of(path: &str) -> &str {
    let mut above = path;
    while !above.is_empty() && !table().iter().any(|route| route.method == Method::GET && leads_to(route.path, above)) {
        above = above.rsplit_once('/').map_or("", |(above, _)| above);
    }
    if above.is_empty() { "/" } else { above }
}

fn leads_to(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('/'), path.split('/'));
    pattern.clone().count() == path.clone().count()
        && pattern.zip(path).all(|(named, part)| named == part || (named.starts_with('{') && !part.is_empty()))
}

/// The table.
pub fn table() -> &'static [Route] {
    static TABLE: OnceLock<Vec<Route>> = OnceLock::new();
    TABLE.get_or_init(build)
}

#[rustfmt::skip] // A table reads best as one.
fn build() -> Vec<Route> {
    use Access::{May, Public, Recently, Staff};
    use Permission as P;
    let (get, post) = (|| Method::GET, || Method::POST);
    let mut import = route(post(), "/admin/import", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::import::upload);
    import.body_limit = IMPORT_LIMIT;
    let mut price_file = route(post(), "/admin/price-lists/{list}/file", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::list_prices::upload);
    price_file.body_limit = PRICE_FILE_LIMIT;
    vec![
        public("/",         &[],               storefront::home::render),
        public("/c/{slug}", &["sort", "page"], storefront::listing::render),
        public("/search",   &["q", "page"],    storefront::search::render),
        public("/p/{slug}", &["variant"],      storefront::product::render),

        route(get(),  "/cart",                     Public, Rate::Browse, Cache::Private, Csrf::Safe,       storefront::cart::show),
        route(post(), "/cart/lines",               Public, Rate::Browse, Cache::Private, Csrf::SameOrigin, storefront::cart::add_line),
        route(post(), "/cart/lines/{line}",        Public, Rate::Browse, Cache::Private, Csrf::Token,      storefront::cart::set_quantity),
        route(post(), "/cart/lines/{line}/remove", Public, Rate::Browse, Cache::Private, Csrf::Token,      storefront::cart::remove_line),

        route(post(), "/cart/codes",               Public, Rate::Coupon, Cache::Private, Csrf::Token,      storefront::cart::add_code),
        route(post(), "/cart/codes/remove",        Public, Rate::Browse, Cache::Private, Csrf::Token,      storefront::cart::remove_code),

        route(get(),  "/checkout/contact",         Public, Rate::Browse, Cache::Private, Csrf::Safe,       storefront::checkout::contact::show),
        route(post(), "/checkout/contact",         Public, Rate::Browse, Cache::Private, Csrf::Token,      storefront::checkout::contact::save),
        route(get(),  "/checkout/delivery",        Public, Rate::Browse, Cache::Private, Csrf::Safe,       storefront::checkout::delivery::show),
        route(post(), "/checkout/delivery",        Public, Rate::Browse, Cache::Private, Csrf::Token,      storefront::checkout::delivery::save),
        route(get(),  "/checkout/payment",         Public, Rate::Browse, Cache::Private, Csrf::Safe,       storefront::checkout::payment::show),
        route(post(), "/checkout/payment",         Public, Rate::Pay,    Cache::Private, Csrf::Token,      storefront::checkout::payment::place),
        route(post(), "/checkout/gift-cards", Public, Rate::Coupon, Cache::Private, Csrf::Token,   storefront::checkout::gift_cards::add),
        route(post(), "/checkout/gift-cards/remove", Public, Rate::Browse, Cache::Private, Csrf::Token, storefront::checkout::gift_cards::remove),
        route(get(),  "/checkout/return/{order}",  Public, Rate::Browse, Cache::Private, Csrf::Returning,  storefront::checkout::returning::arrive),
        route(post(), "/checkout/return/{order}",  Public, Rate::Browse, Cache::Private, Csrf::Returning,  storefront::checkout::returning::arrive_by_post),
        route(get(),  "/checkout/waiting/{secret}", Public, Rate::Browse, Cache::Secret, Csrf::Safe,       storefront::checkout::waiting::show),

        route(get(),  "/o/{secret}",               Public, Rate::OrderLink, Cache::Secret, Csrf::Safe,     storefront::order::show),
        route(post(), "/o/{secret}/unlock",        Public, Rate::OrderLink, Cache::Secret, Csrf::SameOrigin, storefront::unlock::unlock),
        route(post(), "/o/{secret}/pay",           Public, Rate::Pay,    Cache::Secret,  Csrf::SameOrigin, storefront::order::pay_again),
        route(get(),  "/o/{secret}/documents/{document}", Public, Rate::OrderLink, Cache::Secret, Csrf::Safe, storefront::documents::show),
        route(post(), "/o/{secret}/cancel",        Public, Rate::OrderLink, Cache::Secret, Csrf::SameOrigin, storefront::cancel::cancel),
        route(post(), "/o/{secret}/returns",       Public, Rate::OrderLink, Cache::Secret, Csrf::SameOrigin, storefront::returns::request),
        route(post(), "/o/{secret}/returns/{return}/cancel", Public, Rate::OrderLink, Cache::Secret, Csrf::SameOrigin, storefront::returns::cancel),
        route(get(),  "/pay/test/{token}",         Public, Rate::Browse, Cache::Secret,  Csrf::Safe,       storefront::test_payment::show),
        route(post(), "/pay/test/{token}",         Public, Rate::Browse, Cache::Secret,  Csrf::SameOrigin, storefront::test_payment::decide),

        route(get(),  "/pay/card/{token}",         Public, Rate::Browse, Cache::Secret,  Csrf::Safe,       storefront::card_payment::show),
        route(post(), "/pay/card/{token}",         Public, Rate::Browse, Cache::Secret,  Csrf::SameOrigin, storefront::card_payment::choose),
        route(post(), "/webhooks/{provider}",      Public, Rate::Notice, Cache::Private, Csrf::Signed,     api::notices::receive),

        route(get(),  "/admin",                    Staff,  Rate::Browse, Cache::Private, Csrf::Safe,       admin::home::show),
        route(get(),  "/admin/sign-in",            Public, Rate::Browse, Cache::Private, Csrf::Safe,       admin::sign_in::show),
        route(post(), "/admin/sign-in",            Public, Rate::SignIn, Cache::Private, Csrf::SameOrigin, admin::sign_in::sign_in),
        route(post(), "/admin/sign-out",           Staff,  Rate::Browse, Cache::Private, Csrf::Token,      admin::sign_in::sign_out),
        route(get(),  "/admin/confirm",            Staff,  Rate::Browse, Cache::Private, Csrf::Safe,       admin::confirm::show),
        route(post(), "/admin/confirm",            Staff,  Rate::SignIn, Cache::Private, Csrf::Token,      admin::confirm::go_on),
        route(get(),  "/admin/setup/{secret}",     Public, Rate::SignIn, Cache::Secret,  Csrf::Safe,       admin::setup::show),
        route(post(), "/admin/setup/{secret}",     Public, Rate::SignIn, Cache::Secret,  Csrf::SameOrigin, admin::setup::create_owner),

        route(get(),  "/admin/orders",             May(P::ReadOrders),    Rate::Browse, Cache::Private, Csrf::Safe,  admin::orders::list),
        route(get(),  "/admin/orders/new",         May(P::ManageOrders),  Rate::Browse, Cache::Private, Csrf::Safe,  admin::draft::show),
        route(post(), "/admin/orders/new",         May(P::ManageOrders),  Rate::Browse, Cache::Private, Csrf::Token, admin::draft::create),
        route(get(),  "/admin/orders/{order}",     May(P::ReadOrders),    Rate::Browse, Cache::Private, Csrf::Safe,  admin::orders::show),
        route(post(), "/admin/orders/{order}/paid",   Recently(P::ManageOrders),  Rate::Browse, Cache::Private, Csrf::Token, admin::orders::mark_paid),
        route(post(), "/admin/orders/{order}/pack",   May(P::FulfillOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::orders::pack),
        route(post(), "/admin/orders/{order}/ship",   May(P::FulfillOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::orders::ship),
        route(post(), "/admin/orders/{order}/cancel", Recently(P::ManageOrders),  Rate::Browse, Cache::Private, Csrf::Token, admin::orders::cancel),
        route(post(), "/admin/orders/{order}/refund", Recently(P::ManageOrders),  Rate::Browse, Cache::Private, Csrf::Token, admin::orders::refund),
        route(post(), "/admin/orders/{order}/returns", May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::returns::request),
        route(post(), "/admin/orders/{order}/returns/{return}", Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::returns::handle),
        route(post(), "/admin/orders/{order}/refunds/{refund}/recorded", Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::orders::record_refund),
        route(post(), "/admin/orders/{order}/capture", Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::payments::capture),

        route(get(),  "/admin/payments",           May(P::ReadOrders),    Rate::Browse, Cache::Private, Csrf::Safe,  admin::payments::list),
        route(post(), "/admin/payments/{check}",   Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::payments::resolve),

        route(post(), "/admin/orders/{order}/invoice",              May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::documents::issue),
        route(post(), "/admin/orders/{order}/credit-note",          May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::documents::credit),
        route(get(),  "/admin/orders/{order}/documents/{document}", May(P::ReadOrders), Rate::Browse, Cache::Private, Csrf::Safe,  admin::documents::show),
        route(get(),  "/admin/orders/{order}/delivery-notes/{parcel}", May(P::ReadOrders), Rate::Browse, Cache::Private, Csrf::Safe, admin::documents::delivery_note),

        route(get(),  "/admin/products",           May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::products::list),
        route(get(),  "/admin/products/new",       May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe,  admin::products::create_form),
        route(post(), "/admin/products/new",       May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::products::create),
        route(get(),  "/admin/products/{product}", May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::products::show),
        route(post(), "/admin/products/{product}", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::products::save),
        route(get(),  "/admin/products/{product}/prices", May(P::ReadProducts), Rate::Browse, Cache::Private, Csrf::Safe, admin::list_prices::history),

        route(get(),  "/admin/price-lists",        May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::price_lists::list),
        route(get(),  "/admin/price-lists/new",    May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe,  admin::price_lists::create_form),
        route(post(), "/admin/price-lists/new",    May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::price_lists::create),
        route(get(),  "/admin/price-lists/{list}", May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::price_lists::show),
        route(post(), "/admin/price-lists/{list}", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::price_lists::save),
        route(post(), "/admin/price-lists/{list}/end",    May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::price_lists::end),
        route(post(), "/admin/price-lists/{list}/prices", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::list_prices::set),
        price_file,
        route(get(),  "/admin/price-lists/{list}/prices.csv", May(P::ReadProducts), Rate::Browse, Cache::Private, Csrf::Safe, admin::list_prices::download),

        route(get(),  "/admin/delivery",           May(P::ReadOrders),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::delivery::list),
        route(get(),  "/admin/delivery/new",       May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Safe,  admin::delivery::create_form),
        route(post(), "/admin/delivery/new",       May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::delivery::create),
        route(get(),  "/admin/delivery/{method}",  May(P::ReadOrders),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::delivery::show),
        route(post(), "/admin/delivery/{method}",  May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::delivery::save),
        route(post(), "/admin/delivery/{method}/end", May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::delivery::end),

        route(get(),  "/admin/gift-cards",         May(P::ReadOrders),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::gift_cards::list),
        route(get(),  "/admin/gift-cards/new",     May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Safe,  admin::gift_cards::issue_form),
        route(post(), "/admin/gift-cards/new",     Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::gift_cards::issue),
        route(get(),  "/admin/gift-cards/{card}",  May(P::ReadOrders),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::gift_cards::show),
        route(post(), "/admin/gift-cards/{card}/close", Recently(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::gift_cards::close),

        route(get(),  "/admin/taxes",              May(P::ReadOrders),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::taxes::show),
        route(post(), "/admin/taxes",              May(P::ManageOrders), Rate::Browse, Cache::Private, Csrf::Token, admin::taxes::save),

        route(get(),  "/admin/discounts",          May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::discounts::list),
        route(get(),  "/admin/discounts/new",      May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe,  admin::discounts::create_form),
        route(post(), "/admin/discounts/new",      May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::discounts::create),
        route(get(),  "/admin/discounts/{promotion}", May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::discounts::show),
        route(post(), "/admin/discounts/{promotion}", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::discounts::save),
        route(post(), "/admin/discounts/{promotion}/end", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::discounts::end),

        route(get(),  "/admin/stock",              May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::stock::list),
        route(get(),  "/admin/stock/locations",    May(P::ManageStock),    Rate::Browse, Cache::Private, Csrf::Safe,  admin::stock_locations::show),
        route(post(), "/admin/stock/locations",    May(P::ManageStock),    Rate::Browse, Cache::Private, Csrf::Token, admin::stock_locations::save),
        route(get(),  "/admin/stock/{variant}",    May(P::ReadProducts),   Rate::Browse, Cache::Private, Csrf::Safe,  admin::stock::item),
        route(post(), "/admin/stock/{variant}/adjust",   May(P::ManageStock), Rate::Browse, Cache::Private, Csrf::Token, admin::stock_changes::adjust),
        route(post(), "/admin/stock/{variant}/receive",  May(P::ManageStock), Rate::Browse, Cache::Private, Csrf::Token, admin::stock_changes::receive),
        route(post(), "/admin/stock/{variant}/transfer", May(P::ManageStock), Rate::Browse, Cache::Private, Csrf::Token, admin::stock_changes::transfer),
        route(post(), "/admin/stock/{variant}/rules",    May(P::ManageStock), Rate::Browse, Cache::Private, Csrf::Token, admin::stock_changes::set_rules),
        route(post(), "/admin/stock/{variant}/policy",   May(P::ManageStock), Rate::Browse, Cache::Private, Csrf::Token, admin::stock_changes::set_policy),

        route(get(),  "/admin/import",             May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe,  admin::import::form),
        import,
        route(get(),  "/admin/import/{job}",       May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe,  admin::import::progress),
        route(post(), "/admin/import/{job}/apply", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Token, admin::import::apply),
        route(get(),  "/admin/import/{job}/rejects", May(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe, admin::import::rejects),
        route(get(),  "/admin/export",             Recently(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe, admin::export::show),
        route(get(),  "/admin/export/products.csv", Recently(P::ManageProducts), Rate::Browse, Cache::Private, Csrf::Safe, admin::export::products),
        route(get(),  "/admin/system",             Staff,                  Rate::Browse, Cache::Private, Csrf::Safe,  admin::system::show),

        route(get(),  "/api/openapi.json",         Public, Rate::Browse, Cache::Private, Csrf::Safe, api::openapi::show),
        route(get(),  "/api/v1/store/products",        Public, Rate::Browse, Cache::Private, Csrf::Safe, api::v1::products::list),
        route(get(),  "/api/v1/store/products/{slug}", Public, Rate::Browse, Cache::Private, Csrf::Safe, api::v1::products::show),

        route(get(),  "/livez",                    Public, Rate::Free, Cache::Private, Csrf::Safe, api::health::live),
        route(get(),  "/healthz",                  Public, Rate::Free, Cache::Private, Csrf::Safe, api::health::live),
        route(get(),  "/readyz",                   Public, Rate::Free, Cache::Private, Csrf::Safe, api::health::ready),
        route(get(),  "/up",                       Public, Rate::Free, Cache::Private, Csrf::Safe, api::health::ready),
        route(get(),  "/robots.txt",               Public, Rate::Browse, Cache::Private, Csrf::Safe, storefront::robots::show),
        route(get(),  "/favicon.ico",              Public, Rate::Free, Cache::Private, Csrf::Safe, storefront::robots::icon),
        route(get(),  "/static/{file:.*}",         Public, Rate::Free, Cache::Forever, Csrf::Safe, assets::file),
        route(get(),  "/media/{picture:.*}",       Public, Rate::Free, Cache::Forever, Csrf::Safe, assets::picture),
    ]
}

#[cfg(test)]
mod tests {
    use super::page_of;

    #[test]
    fn a_form_without_a_page_of_its_own_is_on_the_page_above() {
        for (path, page) in [
            ("/admin/orders/ord_1/paid", "/admin/orders/ord_1"),
            ("/admin/orders/ord_1", "/admin/orders/ord_1"),
            ("/admin/products/new", "/admin/products/new"),
            ("/admin/stock/var_1/adjust", "/admin/stock/var_1"),
            ("/admin/sign-out", "/admin"),
            ("/nothing/here", "/"),
        ] {
            assert_eq!(page_of(path), page, "{path}");
        }
    }
}
