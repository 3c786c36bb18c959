//! The called end between processes: contracts, event feeds, health and metrics on the internal listener.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use kernel::call::DEFAULT_TIMEOUT;
use kernel::contract::{Format, MAX_BODY, MethodKind, WireRequest, WireResponse};
use kernel::event::FeedCursor;
use kernel::{CallCtx, NotExecuted, Principal};
use serde::Deserialize;

use crate::client::header;
use crate::host::Host;
use crate::serve::Served;

/// The longest that a request for events may wait for one.
const MAX_FEED_WAIT: Duration = Duration::from_secs(20);

/// Mounts what only our own processes and the operator may reach. Never on the public listener.
pub fn internal_routes(host: Arc<Host>) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |routes| {
        routes
            .app_data(web::Data::from(host))
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .route("/livez", web::get().to(livez))
            .route("/readyz", web::get().to(readyz))
            .route("/metrics", web::get().to(metrics))
            .route("/contract/{module}", web::get().to(describe))
            .route("/contract/{module}/events", web::get().to(events))
            .route("/contract/{module}/events/newest", web::get().to(newest_event))
            .route("/contract/{module}/{method}", web::post().to(call));
    }
}

async fn livez() -> &'static str {
    "ok"
}

async fn readyz(host: web::Data<Host>) -> HttpResponse {
    match host.not_ready().await {
        None => HttpResponse::Ok().body("ok"),
        Some(check) => HttpResponse::ServiceUnavailable().body(check),
    }
}

async fn metrics(host: web::Data<Host>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(host.metrics())
}

async fn describe(host: web::Data<Host>, module: web::Path<String>, request: HttpRequest) -> HttpResponse {
    match admitted(&host, &module, &request) {
        Ok(served) => HttpResponse::Ok().json(served.description()),
        Err(reason) => refused(reason, Format::Json),
    }
}

async fn call(
    host: web::Data<Host>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    let (module, method) = path.into_inner();
    let content_type = text(&request, CONTENT_TYPE.as_str()).unwrap_or(Format::Json.content_type());
    let Some(format) = Format::of_content_type(content_type) else {
        let cause = "content-type: send application/json or application/msgpack".to_owned();
        return refused(NotExecuted::BadRequest { cause }, Format::Json);
    };
    let served = match admitted(&host, &module, &request) {
        Ok(served) => served,
        Err(reason) => return refused(reason, format),
    };
    if let Some(mismatch) = version_mismatch(&*served, &request) {
        return answer(WireResponse::mismatch(mismatch, format));
    }
    let Some(method) = served.method(&method) else { return refused(NotExecuted::UnknownMethod, format) };
    let ctx = match context(&request) {
        Ok(ctx) => ctx,
        Err(cause) => return refused(NotExecuted::BadRequest { cause }, format),
    };
    let idempotency_key = match method.kind {
        MethodKind::Read => None,
        MethodKind::Write { .. } => text(&request, header::IDEMPOTENCY_KEY).map(str::to_owned),
    };
    let wire = WireRequest { method: method.name, kind: method.kind, idempotency_key, format, body };
    answer(served.handle(ctx, wire).await)
}

/// The module that is asked for, when the caller proves to belong to the shop.
fn admitted(host: &Host, module: &str, request: &HttpRequest) -> Result<Arc<dyn Served>, NotExecuted> {
    let shown =
        text(request, AUTHORIZATION.as_str()).and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !host.admits(shown) {
        return Err(NotExecuted::Unauthenticated);
    }
    host.served(module).ok_or(NotExecuted::UnknownMethod)
}

/// Another version of the contract cannot be understood; another hash of the same version only adds to it.
fn version_mismatch(served: &dyn Served, request: &HttpRequest) -> Option<String> {
    let theirs = text(request, header::CONTRACT)?;
    let spoken = theirs.split(' ').next().unwrap_or_default();
    let ours = served.description();
    let expected = format!("{}/{}", ours.module, ours.version);
    (spoken != expected).then(|| format!("this process speaks {expected}, the caller {spoken}"))
}

fn context(request: &HttpRequest) -> Result<CallCtx, String> {
    let timeout = match text(request, header::DEADLINE) {
        None => DEFAULT_TIMEOUT,
        Some(value) => {
            let millis = value.parse().map_err(|_| format!("{}: not a number of milliseconds", header::DEADLINE))?;
            Duration::from_millis(millis).min(Duration::from_secs(300))
        }
    };
    let principal = match text(request, header::PRINCIPAL) {
        None => Principal::Anonymous,
        Some(json) => serde_json::from_str(json).map_err(|error| format!("{}: {error}", header::PRINCIPAL))?,
    };
    let trace = text(request, header::TRACEPARENT).and_then(|value| value.parse().ok()).unwrap_or_default();
    let caller = text(request, header::CALLER).unwrap_or("unknown").to_owned();
    Ok(CallCtx { deadline: Instant::now() + timeout, principal, trace, caller: Cow::Owned(caller) })
}

fn text<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    request.headers().get(name)?.to_str().ok()
}

fn refused(reason: NotExecuted, format: Format) -> HttpResponse {
    answer(WireResponse::refused(reason, format))
}

fn answer(response: WireResponse) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    let content_type = match response.format {
        Format::Json if status != StatusCode::OK => "application/problem+json",
        format => format.content_type(),
    };
    builder.insert_header((CONTENT_TYPE, content_type));
    if let Some(retry_after) = response.retry_after {
        builder.insert_header((RETRY_AFTER, retry_after.as_secs().max(1)));
    }
    builder.body(response.body)
}

#[derive(Deserialize)]
struct EventsAfter {
    #[serde(default)]
    txid: i64,
    #[serde(default)]
    seq: i64,
    limit: Option<u32>,
    wait_ms: Option<u64>,
}

async fn events(
    host: web::Data<Host>,
    module: web::Path<String>,
    after: web::Query<EventsAfter>,
    request: HttpRequest,
) -> HttpResponse {
    let served = match admitted(&host, &module, &request) {
        Ok(served) => served,
        Err(reason) => return refused(reason, Format::Json),
    };
    let cursor = FeedCursor { txid: after.txid, seq: after.seq };
    let wait = Duration::from_millis(after.wait_ms.unwrap_or(0)).min(MAX_FEED_WAIT);
    match served.feed().read(cursor, after.limit.unwrap_or(100).min(500), wait).await {
        Ok(batch) => HttpResponse::Ok().json(batch),
        Err(error) => refused(NotExecuted::Unreachable { cause: error.cause }, Format::Json),
    }
}

async fn newest_event(host: web::Data<Host>, module: web::Path<String>, request: HttpRequest) -> HttpResponse {
    let served = match admitted(&host, &module, &request) {
        Ok(served) => served,
        Err(reason) => return refused(reason, Format::Json),
    };
    match served.feed().newest().await {
        Ok(cursor) => HttpResponse::Ok().json(cursor),
        Err(error) => refused(NotExecuted::Unreachable { cause: error.cause }, Format::Json),
    }
}
