//! One trait, every placement.
//!
//! `#[contract]` on a plain trait makes it the public face of a module. From that one trait come: calls in the same
//! process, calls through the codec ([`Loopback`]), the client and the server of remote calls, injected faults
//! ([`Faulty`]), the metrics, a mock, and the description of which OpenAPI and the module map are made.
//!
//! ```text
//! caller ── Router ──┬── in-process ─────────────────────────────────────────── implementation
//!                    ├── parity ──── Client ── Loopback ── Server (dispatch) ── implementation
//!                    └── remote ──── Client ── HTTP ······ Server (dispatch) ── implementation
//! ```

mod describe;
mod router;
mod transport;
pub mod unit_of_work;
mod wire;

use std::pin::Pin;
use std::sync::Arc;

pub use describe::{Description, MethodDescription, MethodSchemas, describe};
pub use router::{DURATION_BOUNDS, Meter, MethodReport, Placement, Route, Router};
pub use transport::{Client, Fault, Faulty, Loopback, Server, Transport, TransportError, call};
pub use wire::{Format, WireRequest, WireResponse, answer, read_request};

use crate::call::CallCtx;

/// A future on the heap, as trait objects need it.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The body of a request or an answer that would nest deeper than this is refused.
pub const MAX_DEPTH: usize = 64;

/// The body of a request or an answer that is longer than this is refused, in bytes.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// What `#[contract]` implements for `dyn Trait`.
pub trait Contract: Send + Sync + 'static {
    /// The module, as in paths and configuration keys.
    const MODULE: &'static str;
    /// Raised when an older peer could not understand any more.
    const VERSION: u32;
    /// The methods, in the order of the trait.
    const METHODS: &'static [Method];
    /// The kinds of the events that the module tells.
    const EVENTS: &'static [&'static str];

    /// The trait spoken over `transport`.
    fn client(transport: Arc<dyn Transport>) -> Arc<Self>;

    /// The trait spoken through `router`.
    fn routed(router: Arc<Router<Self>>) -> Arc<Self>;

    /// Carries out the method with number `method` (its place in [`Contract::METHODS`]).
    fn dispatch(service: Arc<Self>, method: usize, ctx: CallCtx, request: WireRequest) -> BoxFuture<WireResponse>;

    /// The schemas of requests, answers and refusals.
    fn schemas(generator: &mut schemars::SchemaGenerator) -> Vec<MethodSchemas>;
}

/// One method of a contract.
#[derive(Debug)]
pub struct Method {
    /// As in the trait and in the path.
    pub name: &'static str,
    /// Whether it changes something.
    pub kind: MethodKind,
    /// The first paragraph of its documentation.
    pub summary: &'static str,
}

/// Whether a method changes something. There is no third kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    /// Changes nothing; may be repeated, compared and dropped at will.
    Read,
    /// Changes something, once per value of the named field of the request.
    Write {
        /// The field.
        idempotent_by: &'static str,
    },
}
