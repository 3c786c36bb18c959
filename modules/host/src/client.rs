//! The calling end of a contract between processes: HTTP/1.1 with JSON or MessagePack.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use kernel::CallCtx;
use kernel::contract::{Format, MAX_BODY, Transport, TransportError, WireRequest, WireResponse};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};

/// Names of the headers that carry the call context.
pub(crate) mod header {
    pub(crate) const CALLER: &str = "freestone-caller";
    pub(crate) const CONTRACT: &str = "freestone-contract";
    pub(crate) const DEADLINE: &str = "freestone-deadline-ms";
    pub(crate) const PRINCIPAL: &str = "freestone-principal";
    pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
    pub(crate) const TRACEPARENT: &str = "traceparent";
}

const CONNECT_TIMEOUT: Duration = Duration::from_millis(800);

/// After this many failures in a row the module is taken for gone, and asked again only once in [`PAUSE`].
const FAILURES_BEFORE_PAUSE: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

thread_local! {
    // A pooled connection belongs to the runtime that opened it, and every web worker is a runtime of its own.
    static CLIENT: reqwest::Client = client();
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .pool_idle_timeout(Duration::from_secs(30));
    // Without TLS and proxies nothing is left in the builder that can fail.
    builder.build().unwrap_or_default()
}

/// This thread's client.
pub(crate) fn http_client() -> reqwest::Client {
    CLIENT.with(Clone::clone)
}

/// Calls to a module in another process.
pub struct HttpTransport {
    base: String,
    format: Format,
    fixed: HeaderMap,
    failures: AtomicU32,
    opened: Instant,
    paused_until_ms: AtomicI64,
}

impl HttpTransport {
    /// To the module served at `url`, such as `http://10.0.0.5:9464`. `credential` proves that we belong to the shop,
    /// `contract` is what we speak: `inventory/1 <hash>`.
    pub fn new(url: &str, module: &str, credential: &str, contract: &str, format: Format) -> Self {
        let mut fixed = HeaderMap::new();
        let mut put = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                fixed.insert(name, value);
            }
        };
        put(AUTHORIZATION.as_str(), format!("Bearer {credential}"));
        put(header::CONTRACT, contract.to_owned());
        put(CONTENT_TYPE.as_str(), format.content_type().to_owned());
        Self {
            base: format!("{}/contract/{module}/", url.trim_end_matches('/')),
            format,
            fixed,
            failures: AtomicU32::new(0),
            opened: Instant::now(),
            paused_until_ms: AtomicI64::new(0),
        }
    }

    fn since_opened_ms(&self) -> i64 {
        i64::try_from(self.opened.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Refuses at once while the module is taken for gone, but lets one call through after each pause.
    fn check_pause(&self) -> Result<(), TransportError> {
        if self.failures.load(Ordering::Relaxed) < FAILURES_BEFORE_PAUSE {
            return Ok(());
        }
        let (now, until) = (self.since_opened_ms(), self.paused_until_ms.load(Ordering::Relaxed));
        let next = now + i64::try_from(PAUSE.as_millis()).unwrap_or(i64::MAX);
        let first_after_pause = now >= until
            && self.paused_until_ms.compare_exchange(until, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if first_after_pause { Ok(()) } else { Err(TransportError::NotSent("the module does not answer".to_owned())) }
    }

    fn headers(&self, ctx: &CallCtx, request: &WireRequest) -> Result<HeaderMap, TransportError> {
        let not_sent = |_| TransportError::NotSent("the call context has no form as a header".to_owned());
        let mut headers = self.fixed.clone();
        headers.insert(
            header::DEADLINE,
            HeaderValue::from(u64::try_from(ctx.remaining().as_millis()).unwrap_or(u64::MAX)),
        );
        headers.insert(header::TRACEPARENT, HeaderValue::try_from(ctx.trace.to_string()).map_err(not_sent)?);
        headers.insert(header::CALLER, HeaderValue::from_str(&ctx.caller).map_err(|_| not_sent_text())?);
        let principal = ascii_json(&ctx.principal).ok_or_else(not_sent_text)?;
        headers.insert(header::PRINCIPAL, HeaderValue::try_from(principal).map_err(not_sent)?);
        if let Some(key) = &request.idempotency_key {
            headers.insert(header::IDEMPOTENCY_KEY, HeaderValue::from_str(key).map_err(|_| not_sent_text())?);
        }
        Ok(headers)
    }

    async fn send(&self, ctx: &CallCtx, request: WireRequest) -> Result<WireResponse, TransportError> {
        let headers = self.headers(ctx, &request)?;
        let sent = http_client()
            .post(format!("{}{}", self.base, request.method))
            .headers(headers)
            .timeout(ctx.remaining())
            .body(request.body)
            .send()
            .await;
        let answer = sent.map_err(|error| failure_of(&error))?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let format = Format::of_content_type(content_type)
            .ok_or_else(|| TransportError::NoAnswer(format!("{status} with content type {content_type:?}")))?;
        let body = limited_body(answer).await?;
        Ok(WireResponse { status, retry_after: retry_after.map(Duration::from_secs), format, body })
    }
}

fn not_sent_text() -> TransportError {
    TransportError::NotSent("the call context has no form as a header".to_owned())
}

/// An answer is input: one that is too long counts as none.
async fn limited_body(mut answer: reqwest::Response) -> Result<bytes::Bytes, TransportError> {
    let too_long = || TransportError::NoAnswer(format!("the answer is longer than {MAX_BODY} bytes"));
    let first = answer.chunk().await.map_err(|error| failure_of(&error))?.unwrap_or_default();
    let Some(second) = answer.chunk().await.map_err(|error| failure_of(&error))? else {
        return if first.len() > MAX_BODY { Err(too_long()) } else { Ok(first) };
    };
    let mut body = bytes::BytesMut::from(first.as_ref());
    body.extend_from_slice(&second);
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure_of(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(too_long());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Only a failure to connect proves that nothing was sent.
fn failure_of(error: &reqwest::Error) -> TransportError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if error.is_connect() || error.is_builder() {
        TransportError::NotSent(cause.to_string())
    } else {
        TransportError::NoAnswer(cause.to_string())
    }
}

/// JSON in ASCII, as a header can carry it.
fn ascii_json(value: &impl serde::Serialize) -> Option<String> {
    let json = serde_json::to_string(value).ok()?;
    if json.is_ascii() {
        return Some(json);
    }
    let mut units = [0; 2];
    let escape = |c: char| {
        if c.is_ascii() {
            return c.to_string();
        }
        c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>()
    };
    Some(json.chars().map(escape).collect())
}

#[async_trait]
impl Transport for HttpTransport {
    async fn call(&self, ctx: &CallCtx, request: WireRequest) -> Result<WireResponse, TransportError> {
        self.check_pause()?;
        let result = self.send(ctx, request).await;
        match &result {
            Ok(_) => self.failures.store(0, Ordering::Relaxed),
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        result
    }

    fn format(&self) -> Format {
        self.format
    }
}
