//! From a route of the table to an answer: who may, how often, from where; then the handler; then the headers.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use actix_web::guard::{self, Guard as _};
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue, IF_NONE_MATCH,
    LOCATION,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::StreamExt as _;
use futures_util::future::Either;
use kernel::trace::TraceContext;

use super::cache::CachedPage;
use super::cookies;
use super::csrf::{self, Origin};
use super::headers::{self, Cache};
use super::pages;
use super::problem::Problem;
use super::visit::{self, Visit};
use super::{Answer, forms::Form};
use crate::admin::confirm;
use crate::assemble::Shop;
use crate::routes::{self, Access, Csrf, Handler, PublicPage, Route};

/// A body that takes longer to arrive is no honest one.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Mounts every route of the table.
pub fn mount(shop: &Shop, service: &mut web::ServiceConfig) {
    let table = routes::table();
    let mut paths: Vec<&'static str> = table.iter().map(|route| route.path).collect();
    paths.dedup();
    for path in paths {
        let mut resource = web::resource(path);
        let mut allowed = Vec::new();
        for route in table.iter().filter(|route| route.path == path) {
            let shop = shop.clone();
            let handler = move |request: HttpRequest, payload: web::Payload| {
                let started = Instant::now();
                match from_memory(&shop, route, &request) {
                    Some(response) => {
                        route.meter.note(response.status().as_u16(), started.elapsed());
                        Either::Left(std::future::ready(response))
                    }
                    // In a box, so that an answer from memory does not carry the room for all the rest.
                    None => Either::Right(Box::pin(answer(shop.clone(), route, request, payload, started))),
                }
            };
            let matches = method_guard(&route.method);
            resource = resource.route(web::route().guard(matches).to(handler));
            allowed.push(route.method.as_str());
        }
        let (allow, shop) = (allowed.join(", "), shop.clone());
        service.service(resource.default_service(web::to(move |request: HttpRequest| {
            let (shop, allow) = (shop.clone(), allow.clone());
            async move { not_allowed(&shop, &request, &allow) }
        })));
    }
    let shop = shop.clone();
    service.default_service(web::to(move |request: HttpRequest| {
        let shop = shop.clone();
        async move { finish(&shop, &request, Cache::Private, TraceContext::new(), Err(Problem::NotFound)) }
    }));
}

/// HEAD is answered as GET; the server leaves the body out.
fn method_guard(method: &Method) -> impl guard::Guard + use<> {
    let method = method.clone();
    guard::fn_guard(move |ctx| {
        let asked = &ctx.head().method;
        *asked == method || (method == Method::GET && guard::Head().check(ctx))
    })
}

fn not_allowed(shop: &Shop, request: &HttpRequest, allow: &str) -> HttpResponse {
    let mut response = HttpResponse::MethodNotAllowed().insert_header((ALLOW, allow)).finish();
    headers::secure(response.headers_mut(), Cache::Private, shop.is_https(), &[]);
    tracing::debug!(method = %request.method(), path = request.path(), "method not allowed");
    response
}

async fn answer(
    shop: Shop,
    route: &'static Route,
    request: HttpRequest,
    payload: web::Payload,
    started: Instant,
) -> HttpResponse {
    let trace = trace_of(&request);
    let result = admit_and_handle(&shop, route, &request, payload, trace).await;
    let response = finish(&shop, &request, route.cache, trace, result);
    let took = started.elapsed();
    let status = response.status().as_u16();
    route.meter.note(status, took);
    if status >= 400 || route.method != Method::GET {
        // The route, not the path: paths may hold secrets.
        tracing::info!(
            http.request.method = %request.method(), http.route = route.path, http.response.status_code = status,
            duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX), trace_id = trace.trace_id(), "request"
        );
    }
    response
}

/// A page that is the same for everybody, when it is kept and good. It costs us next to nothing, so it is not counted.
fn from_memory(shop: &Shop, route: &Route, request: &HttpRequest) -> Option<HttpResponse> {
    let Handler::Public { query, .. } = &route.handler else { return None };
    let page = shop.cache().fresh(&cache_key(request, query))?;
    check_host(shop, request).ok()?;
    Some(send(shop, request, &page))
}

fn trace_of(request: &HttpRequest) -> TraceContext {
    let header = request.headers().get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
    header.unwrap_or_default()
}

async fn admit_and_handle(
    shop: &Shop,
    route: &'static Route,
    request: &HttpRequest,
    payload: web::Payload,
    trace: TraceContext,
) -> Answer {
    check_host(shop, request)?;
    let address = visit::client_address(request, shop.settings().trusted_proxies);
    shop.limits().count(route.rate, address).map_err(Problem::TooMany)?;
    if route.csrf != Csrf::Safe && csrf::origin_of(request, &shop.settings().base_url) == Origin::Foreign {
        return Err(Problem::Forbidden);
    }
    let body = if matches!(route.method, Method::GET) { Bytes::new() } else { read(payload, route.body_limit).await? };
    let mut visit = Visit { shop: shop.clone(), request: request.clone(), body, trace, staff: None };
    visit.staff = permitted(&visit, route).await?;
    check_token(&visit, route)?;
    if let Access::Recently(_) = route.access
        && let Some(asking) = confirm::before_sensitive(&mut visit).await?
    {
        return Ok(asking);
    }
    match &route.handler {
        Handler::Page(handle) => handle(visit).await,
        Handler::Public { query, render } => render_public(shop, request, query, render(visit)).await,
    }
}

/// Pages and mails name the configured address only, so that address is also the only one that is answered.
fn check_host(shop: &Shop, request: &HttpRequest) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).filter_map(|value| value.to_str().ok());
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Problem::WrongHost) };
    if request.uri().authority().is_some_and(|authority| authority.as_str() != host) {
        return Err(Problem::WrongHost);
    }
    if shop.answers_to(host) { Ok(()) } else { Err(Problem::WrongHost) }
}

async fn read(mut payload: web::Payload, limit: usize) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::TooLarge(format!("What you sent is larger than {} KB. Nothing was changed.", limit / 1024));
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::BadRequest(format!("The request ended early: {error}")))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    let timed_out = || Problem::BadRequest("The request did not arrive within 30 seconds".to_owned());
    tokio::time::timeout(BODY_TIMEOUT, reading).await.map_err(|_| timed_out())?
}

/// Who visits a page for staff, when they may.
async fn permitted(visit: &Visit, route: &Route) -> Result<Option<accounts_api::SignedIn>, Problem> {
    let needed = match route.access {
        Access::Public => return Ok(None),
        Access::Staff => None,
        Access::May(permission) | Access::Recently(permission) => Some(permission),
    };
    let secret = visit.cookies().secret(cookies::STAFF).ok_or(Problem::SignIn)?;
    let session = visit.shop.accounts().session(&visit.edge(), accounts_api::FindSession { secret }).await?;
    let signed_in = session.ok_or(Problem::SignIn)?;
    match needed {
        Some(permission) if !signed_in.permissions.contains(&permission) => {
            tracing::warn!(user = %signed_in.user.id, route = route.path, "not permitted");
            Err(Problem::NotPermitted)
        }
        _ => Ok(Some(signed_in)),
    }
}

/// A form of a session carries its token. Where the browser does not say where a request comes from, only a token passes.
fn check_token(visit: &Visit, route: &Route) -> Result<(), Problem> {
    let origin_said = csrf::origin_of(&visit.request, &visit.shop.settings().base_url) == Origin::Ours;
    let session = match route.csrf {
        Csrf::Safe | Csrf::Returning | Csrf::Signed => return Ok(()),
        Csrf::SameOrigin if origin_said => return Ok(()),
        Csrf::SameOrigin => return Err(Problem::Forbidden),
        Csrf::Token => match visit.form_session() {
            Some(session) => session,
            // There is nothing of theirs that another site could change. The page says what became of it: a purchase
            // whose button is pressed again after it was placed leads to the order.
            None if origin_said => return Ok(()),
            None => return Err(Problem::StaleForm),
        },
    };
    let token = form_token(visit)?.unwrap_or_default();
    if csrf::is_valid(visit.shop.form_keys(), &session, &token) { Ok(()) } else { Err(Problem::StaleForm) }
}

/// The token is a field of the form; an upload carries it in its address instead, which no log shows.
fn form_token(visit: &Visit) -> Result<Option<String>, Problem> {
    let content_type =
        visit.request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.starts_with("multipart/form-data") {
        return visit.query("csrf");
    }
    Ok(Form::read(&visit.body, &["*"])?.text("csrf"))
}

/// The page and those of its parameters that change it, in a fixed order.
fn cache_key<'r>(request: &'r HttpRequest, query: &[&str]) -> Cow<'r, str> {
    if request.query_string().is_empty() || query.is_empty() {
        return Cow::Borrowed(request.path());
    }
    let mut key = request.path().to_owned();
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(request.query_string()).unwrap_or_default();
    for name in query {
        if let Some((_, value)) = pairs.iter().find(|(known, value)| known == name && !value.is_empty()) {
            key.push('\n');
            key.push_str(name);
            key.push('=');
            key.push_str(value);
        }
    }
    Cow::Owned(key)
}

async fn render_public(
    shop: &Shop,
    request: &HttpRequest,
    query: &[&str],
    rendering: impl Future<Output = Result<PublicPage, Problem>>,
) -> Answer {
    let (key, before) = (cache_key(request, query), shop.cache().before_rendering());
    match rendering.await {
        Ok(PublicPage::Found { html, shows }) => {
            let page = shop.cache().keep(key.into_owned(), html, shows, before);
            Ok(send(shop, request, &page))
        }
        Ok(PublicPage::Moved(path)) => Ok(HttpResponse::MovedPermanently().insert_header((LOCATION, path)).finish()),
        Err(problem @ (Problem::Unavailable(_) | Problem::Internal(_))) => match shop.cache().last_good(&key) {
            Some(page) => Ok(send(shop, request, &page)),
            None => Err(problem),
        },
        Err(problem) => Err(problem),
    }
}

fn send(shop: &Shop, request: &HttpRequest, page: &CachedPage) -> HttpResponse {
    let header = |name: HeaderName| request.headers().get(name);
    let count = cookies::Cookies::new(request, shop.cookie_names()).cart_count();
    let etag = page.etag(count);
    if header(IF_NONE_MATCH) == Some(&etag) {
        let mut response = HttpResponse::NotModified().finish();
        *response.headers_mut() = headers::of_public_pages(shop.is_https()).clone();
        response.headers_mut().insert(ETAG, etag);
        return response;
    }
    let accepts_brotli = || header(ACCEPT_ENCODING)?.to_str().ok().filter(|accepted| accepted.contains("br"));
    let compressed = if count == 0 && accepts_brotli().is_some() { page.compressed() } else { Bytes::new() };
    let is_compressed = !compressed.is_empty();
    let mut response = HttpResponse::Ok().body(if is_compressed { compressed } else { page.body(count) });
    let headers = response.headers_mut();
    *headers = headers::of_public_pages(shop.is_https()).clone();
    headers.insert(ETAG, etag);
    if is_compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    response
}

/// Turns what went wrong into its page, and puts the fixed headers on every answer.
fn finish(shop: &Shop, request: &HttpRequest, cache: Cache, trace: TraceContext, result: Answer) -> HttpResponse {
    let failed = result.is_err();
    let mut response = result.unwrap_or_else(|problem| problem_page(shop, request, trace, &problem));
    let cache = if failed { Cache::Private } else { cache };
    forget_flash(shop, request, &mut response);
    if let Some(cookie) = cookies::renewed_session(request, shop.cookie_names()) {
        // Name and value are of characters that headers can hold.
        let _ = response.add_cookie(&cookie);
    }
    headers::secure(response.headers_mut(), cache, shop.is_https(), shop.settings().card_pages());
    if cache != Cache::Public && cache != Cache::Forever {
        let name = HeaderName::from_static("x-request-id");
        // Hexadecimal digits are always a header value.
        if let Ok(value) = HeaderValue::try_from(trace.trace_id()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A message is for one page: the first that could show it.
fn forget_flash(shop: &Shop, request: &HttpRequest, response: &mut HttpResponse) {
    let names = shop.cookie_names();
    let shown = request.method() == Method::GET && response.status() == StatusCode::OK;
    let html = response.headers().get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let public = response.headers().contains_key(ETAG);
    if shown && html && !public && cookies::Cookies::new(request, names).text(cookies::FLASH).is_some() {
        // Name and value are of characters that headers can hold.
        let _ = response.add_cookie(&names.remove(cookies::FLASH));
    }
}

fn problem_page(shop: &Shop, request: &HttpRequest, trace: TraceContext, problem: &Problem) -> HttpResponse {
    if let Problem::Internal(cause) = problem {
        tracing::error!(cause, trace_id = trace.trace_id(), "a page failed");
    }
    let wants_json = request.path().starts_with("/api/")
        || request.headers().get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let mut response = if wants_json {
        crate::api::problem_document(problem, trace)
    } else if matches!(problem, Problem::SignIn) {
        super::see_other(format!("/admin/sign-in?next={}", super::urlencoded(&back_to(request))))
    } else {
        crate::storefront::problem::page(shop, request, problem, trace)
            .unwrap_or_else(|_| pages::last_resort(&trace.trace_id()))
    };
    if let Some(after) = problem.retry_after() {
        super::retry_after(&mut response, after);
    }
    response
}

/// Where somebody goes on who has to come in first. What they sent has no page of its own.
fn back_to(request: &HttpRequest) -> String {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return request.uri().path_and_query().map_or("/admin", |path| path.as_str()).to_owned();
    }
    routes::page_of(request.path()).to_owned()
}
