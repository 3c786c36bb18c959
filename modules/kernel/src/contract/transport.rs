//! The two ends of a call that leaves the caller: the client, what lies between, and the server.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{Format, WireRequest, WireResponse};
use super::{Contract, Method, MethodKind};
use crate::call::{CallCtx, CallError, DomainError, NotExecuted};

/// Carries requests to a module and its answers back.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Sends `request` and waits for the answer, not beyond the deadline of `ctx`.
    ///
    /// # Errors
    /// No answer came back.
    async fn call(&self, ctx: &CallCtx, request: WireRequest) -> Result<WireResponse, TransportError>;

    /// How this transport writes bodies.
    fn format(&self) -> Format {
        Format::Json
    }
}

/// Why no answer came. Whether the request may have reached the other side is the difference that matters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request did not leave; nothing was done.
    #[error("not sent: {0}")]
    NotSent(String),
    /// The request left and no answer came.
    #[error("no answer: {0}")]
    NoAnswer(String),
}

/// The calling end: implements the trait of a contract over a transport.
pub struct Client<T: ?Sized> {
    transport: Arc<dyn Transport>,
    contract: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Client<T> {
    /// Speaks the contract over `transport`.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport, contract: PhantomData }
    }

    /// What the calls go over.
    pub fn transport(&self) -> &dyn Transport {
        &*self.transport
    }
}

/// Makes one call over `transport`; used by the code that `#[contract]` makes.
///
/// # Errors
/// As the call failed.
pub async fn call<Q: Serialize, A: DeserializeOwned, E: DomainError>(
    transport: &dyn Transport,
    ctx: &CallCtx,
    method: &'static Method,
    idempotency_key: Option<String>,
    request: &Q,
) -> Result<A, CallError<E>> {
    if ctx.remaining().is_zero() {
        return Err(CallError::DeadlineExceeded);
    }
    let format = transport.format();
    let body = format.write(request).map_err(CallError::bad_request)?;
    let request = WireRequest { method: method.name, kind: method.kind, idempotency_key, format, body };
    match transport.call(ctx, request).await {
        Ok(response) => response.into_result(),
        Err(TransportError::NotSent(cause)) => Err(CallError::unreachable(cause)),
        Err(TransportError::NoAnswer(cause)) => Err(CallError::Unknown(cause)),
    }
}

/// The called end: carries out requests on an implementation.
pub struct Server<T: ?Sized> {
    service: Arc<T>,
}

impl<T: Contract + ?Sized> Server<T> {
    /// Serves `service`.
    pub fn new(service: Arc<T>) -> Self {
        Self { service }
    }

    /// The method of this name, and its number.
    pub fn method(name: &str) -> Option<(usize, &'static Method)> {
        T::METHODS.iter().enumerate().find(|(_, method)| method.name == name)
    }

    /// Carries out a request. Writes go on to their end when the caller goes away; panics are caught.
    pub async fn handle(&self, ctx: CallCtx, request: WireRequest) -> WireResponse {
        let format = request.format;
        let Some((number, method)) = Self::method(request.method) else {
            return WireResponse::refused(NotExecuted::UnknownMethod, format);
        };
        let remaining = ctx.remaining();
        if remaining.is_zero() {
            return deadline_exceeded(format);
        }
        let work = T::dispatch(Arc::clone(&self.service), number, ctx, request);
        // A task of its own contains a panic, and for writes outlives a caller that hangs up.
        let mut task = tokio::spawn(work);
        match tokio::time::timeout(remaining, &mut task).await {
            Ok(Ok(response)) => response,
            Ok(Err(failure)) => failed(format!("panic in {}.{}: {failure}", T::MODULE, method.name), format),
            Err(_) if method.kind == MethodKind::Read => {
                task.abort();
                deadline_exceeded(format)
            }
            Err(_) => no_answer("the deadline passed while the work went on", format),
        }
    }
}

fn deadline_exceeded(format: Format) -> WireResponse {
    WireResponse { status: 504, retry_after: None, format, body: plain("deadline exceeded", 504, format) }
}

fn failed(detail: String, format: Format) -> WireResponse {
    tracing::error!(detail, "a contract call failed");
    WireResponse { status: 500, retry_after: None, format, body: plain(&detail, 500, format) }
}

fn no_answer(detail: &str, format: Format) -> WireResponse {
    WireResponse { status: 502, retry_after: None, format, body: plain(detail, 502, format) }
}

fn plain(detail: &str, status: u16, format: Format) -> bytes::Bytes {
    #[derive(Serialize)]
    struct Plain<'a> {
        title: &'a str,
        status: u16,
        detail: &'a str,
    }
    format.write(&Plain { title: detail, status, detail }).unwrap_or_default()
}

/// The shortest way from a client to a server: within the process, but through the codec. The parity placement.
pub struct Loopback<T: ?Sized> {
    server: Server<T>,
    format: Format,
}

impl<T: Contract + ?Sized> Loopback<T> {
    /// To `service`, with bodies written in `format`.
    pub fn new(service: Arc<T>, format: Format) -> Self {
        Self { server: Server::new(service), format }
    }
}

#[async_trait]
impl<T: Contract + ?Sized> Transport for Loopback<T> {
    async fn call(&self, ctx: &CallCtx, request: WireRequest) -> Result<WireResponse, TransportError> {
        Ok(self.server.handle(ctx.clone(), request).await)
    }

    fn format(&self) -> Format {
        self.format
    }
}

/// What may go wrong between client and server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing goes wrong.
    None,
    /// The request is not sent.
    Refuse,
    /// The request is carried out and its answer lost.
    LoseAnswer,
    /// The request is carried out and its answer is not what was agreed.
    Garble,
    /// The request waits before it is sent.
    Delay(Duration),
}

/// A transport on which faults happen when a test says so.
pub struct Faulty {
    inner: Arc<dyn Transport>,
    planned: Mutex<VecDeque<(Option<&'static str>, Fault)>>,
}

impl Faulty {
    /// `inner` without faults for now.
    pub fn new(inner: Arc<dyn Transport>) -> Arc<Self> {
        Arc::new(Self { inner, planned: Mutex::default() })
    }

    /// Plans a fault for the next call of `method`, of any method when `None`. Faults happen in the planned order.
    pub fn plan(&self, method: Option<&'static str>, fault: Fault) {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).push_back((method, fault));
    }

    fn next(&self, method: &str) -> Fault {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        let place = planned.iter().position(|(name, _)| name.is_none_or(|name| name == method));
        place.and_then(|place| planned.remove(place)).map_or(Fault::None, |(_, fault)| fault)
    }
}

#[async_trait]
impl Transport for Faulty {
    async fn call(&self, ctx: &CallCtx, request: WireRequest) -> Result<WireResponse, TransportError> {
        match self.next(request.method) {
            Fault::None => self.inner.call(ctx, request).await,
            Fault::Refuse => Err(TransportError::NotSent("a planned fault".to_owned())),
            Fault::LoseAnswer => {
                self.inner.call(ctx, request).await?;
                Err(TransportError::NoAnswer("a planned fault".to_owned()))
            }
            Fault::Garble => {
                let answer = self.inner.call(ctx, request).await?;
                Ok(WireResponse { body: bytes::Bytes::from_static(b"\xc1 not what was agreed"), ..answer })
            }
            Fault::Delay(duration) => {
                tokio::time::sleep(duration).await;
                self.inner.call(ctx, request).await
            }
        }
    }

    fn format(&self) -> Format {
        self.inner.format()
    }
}
