//! Where each method of a contract is carried out, changeable while the shop runs.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use futures_util::FutureExt as _;

use super::{Contract, Format, Loopback, Method, Transport, unit_of_work};
use crate::call::{CallCtx, CallError};
use crate::fail_point::{self, Place};

/// Where a method is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In this process, by a plain call.
    InProcess,
    /// In this process, but through the codec, as if it were remote.
    Parity,
    /// In another process.
    Remote,
}

impl Placement {
    /// As in configuration, metrics and `module list`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InProcess => "in-process",
            Self::Parity => "parity",
            Self::Remote => "remote",
        }
    }
}

/// A placement and what carries the calls there.
pub struct Route<T: ?Sized> {
    /// Where.
    pub placement: Placement,
    target: Arc<T>,
}

impl<T: Contract + ?Sized> Route<T> {
    /// Plain calls on `service`.
    pub fn in_process(service: Arc<T>) -> Self {
        Self { placement: Placement::InProcess, target: service }
    }

    /// Calls on `service` through the codec.
    pub fn parity(service: Arc<T>, format: Format) -> Self {
        Self { placement: Placement::Parity, target: T::client(Arc::new(Loopback::new(service, format))) }
    }

    /// Calls over `transport` to another process.
    pub fn remote(transport: Arc<dyn Transport>) -> Self {
        Self { placement: Placement::Remote, target: T::client(transport) }
    }

    /// What carries the calls.
    pub fn target(&self) -> &Arc<T> {
        &self.target
    }
}

impl<T: ?Sized> Clone for Route<T> {
    fn clone(&self) -> Self {
        Self { placement: self.placement, target: Arc::clone(&self.target) }
    }
}

/// A table of routes, one for each method. Callers hold it as `Arc<dyn Trait>` and never learn what is behind.
pub struct Router<T: ?Sized> {
    slots: Box<[Slot<T>]>,
}

impl<T: Contract + ?Sized> Router<T> {
    /// Every method by `route`.
    pub fn new(route: Route<T>) -> Arc<Self> {
        let slot = |method| Slot { method, route: ArcSwap::from_pointee(route.clone()), meter: Meter::default() };
        Arc::new(Self { slots: T::METHODS.iter().map(slot).collect() })
    }

    /// Sends every method by `route` from now on. Calls under way end where they began.
    pub fn place(&self, route: &Route<T>) {
        for slot in &self.slots {
            slot.route.store(Arc::new(route.clone()));
        }
    }

    /// Sends one method by `route` from now on; `false` when the contract has no such method.
    pub fn place_method(&self, method: &str, route: &Route<T>) -> bool {
        let slot = self.slots.iter().find(|slot| slot.method.name == method);
        if let Some(slot) = slot {
            slot.route.store(Arc::new(route.clone()));
        }
        slot.is_some()
    }

    /// The slot of a method by its number; used by the code that `#[contract]` makes.
    pub fn slot(&self, method: usize) -> &Slot<T> {
        &self.slots[method]
    }

    /// What was measured so far.
    pub fn report(&self) -> Vec<MethodReport> {
        self.slots
            .iter()
            .map(|slot| MethodReport {
                module: T::MODULE,
                method: slot.method.name,
                placement: slot.route.load().placement,
                calls: slot.meter.calls.load(Ordering::Relaxed),
                refused: slot.meter.refused.load(Ordering::Relaxed),
                failed: slot.meter.failed.load(Ordering::Relaxed),
                buckets: std::array::from_fn(|place| slot.meter.buckets[place].load(Ordering::Relaxed)),
                total: Duration::from_nanos(slot.meter.nanos.load(Ordering::Relaxed)),
            })
            .collect()
    }
}

/// One method's route and measurements.
pub struct Slot<T: ?Sized> {
    method: &'static Method,
    route: ArcSwap<Route<T>>,
    meter: Meter,
}

impl<T: Contract + ?Sized> Slot<T> {
    /// The route at this moment.
    pub fn route(&self) -> Arc<Route<T>> {
        self.route.load_full()
    }

    /// Runs a read: measured, given up at the deadline, and a panic contained.
    ///
    /// # Errors
    /// As the call failed.
    pub async fn read<A, E>(
        &self,
        ctx: &CallCtx,
        call: impl Future<Output = Result<A, CallError<E>>> + Send,
    ) -> Result<A, CallError<E>> {
        self.refuse()?;
        let remaining = ctx.remaining();
        if remaining.is_zero() {
            return Err(CallError::DeadlineExceeded);
        }
        let measured = self.meter.start();
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        // Most reads in this process are answered from memory, at once, and need no timer.
        let answered = match futures_util::poll!(call.as_mut()) {
            Poll::Ready(answered) => Ok(answered),
            Poll::Pending => tokio::time::timeout(remaining, call).await,
        };
        let result = match answered {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(self.panicked(&*panic)),
            Err(_) => Err(CallError::DeadlineExceeded),
        };
        self.meter.stop(measured, &result);
        self.answered(result)
    }

    /// Runs a write: as a read, and to its end even when the caller goes away or its deadline passes.
    ///
    /// # Errors
    /// As the call failed; [`CallError::Unknown`] when the deadline passed while the work went on.
    pub async fn write<A, E>(
        &self,
        ctx: &CallCtx,
        call: impl Future<Output = Result<A, CallError<E>>> + Send + 'static,
    ) -> Result<A, CallError<E>>
    where
        A: Send + 'static,
        E: Send + 'static,
    {
        self.refuse()?;
        let remaining = ctx.remaining();
        if remaining.is_zero() {
            return Err(CallError::DeadlineExceeded);
        }
        let measured = self.meter.start();
        let result = match tokio::time::timeout(remaining, tokio::spawn(call)).await {
            Ok(Ok(result)) => result,
            Ok(Err(stopped)) => Err(match stopped.try_into_panic() {
                Ok(panic) => self.panicked(&*panic),
                Err(_) => CallError::Unknown("the process is stopping".to_owned()),
            }),
            Err(_) => Err(CallError::Unknown("the deadline passed while the work went on".to_owned())),
        };
        self.meter.stop(measured, &result);
        self.answered(result)
    }

    fn refuse<E>(&self) -> Result<(), CallError<E>> {
        if fail_point::is_reached(Place::BeforeSend, T::MODULE, self.method.name) {
            return Err(CallError::unreachable("a planned fault"));
        }
        self.refuse_inside_a_transaction()
    }

    fn answered<A, E>(&self, result: Result<A, CallError<E>>) -> Result<A, CallError<E>> {
        if fail_point::is_reached(Place::AfterAnswer, T::MODULE, self.method.name) {
            return Err(CallError::Unknown("a planned fault".to_owned()));
        }
        result
    }

    /// A transaction never spans a contract: the other side may be on another machine.
    fn refuse_inside_a_transaction<E>(&self) -> Result<(), CallError<E>> {
        if cfg!(debug_assertions) && unit_of_work::is_open() {
            let call = format!("{}.{}", T::MODULE, self.method.name);
            return Err(CallError::Internal(format!("{call} was called inside a transaction")));
        }
        Ok(())
    }

    fn panicked<E>(&self, panic: &(dyn std::any::Any + Send)) -> CallError<E> {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let detail = format!("panic in {}.{}: {}", T::MODULE, self.method.name, text.unwrap_or("no message"));
        tracing::error!(detail, "a contract call failed");
        CallError::Internal(detail)
    }
}

/// Upper bounds of the duration buckets in seconds; the last bucket has none.
pub const DURATION_BOUNDS: [f64; 9] = [0.000_01, 0.000_1, 0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0];

/// Every how many calls one is timed. A call in the process costs about as much as reading the clock twice.
const TIMED_EVERY: u64 = 8;

/// Counts and times the calls of one method.
#[derive(Default)]
pub struct Meter {
    calls: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    nanos: AtomicU64,
    buckets: [AtomicU64; DURATION_BOUNDS.len() + 1],
}

impl Meter {
    fn start(&self) -> Option<Instant> {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        number.is_multiple_of(TIMED_EVERY).then(Instant::now)
    }

    fn stop<A, E>(&self, started: Option<Instant>, result: &Result<A, CallError<E>>) {
        match result {
            Ok(_) => {}
            Err(CallError::Domain(_)) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        if let Some(started) = started {
            let took = started.elapsed();
            let bucket = DURATION_BOUNDS.partition_point(|bound| took.as_secs_f64() > *bound);
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
            self.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

/// What was measured of one method. Durations are of every eighth call.
#[derive(Clone, Debug)]
pub struct MethodReport {
    /// The module.
    pub module: &'static str,
    /// The method.
    pub method: &'static str,
    /// Where it is carried out now.
    pub placement: Placement,
    /// All calls.
    pub calls: u64,
    /// Those that the module refused.
    pub refused: u64,
    /// Those that failed.
    pub failed: u64,
    /// Timed calls by [`DURATION_BOUNDS`].
    pub buckets: [u64; DURATION_BOUNDS.len() + 1],
    /// Time of the timed calls together.
    pub total: Duration,
}
