//! Runs modules: where each is placed, how calls and events travel between processes, and how all of it starts, is
//! watched and stops. The shop's binary and each module's own binary are thin layers over this crate.

pub mod logging;
pub mod metrics;
pub mod settings;

mod client;
mod feed;
mod health;
mod host;
mod outgoing;
mod serve;
mod server;

/// A page makes and frees some thousand small things, on two or three threads; the C library's allocator spends on them a
/// fifth of the time of a purchase. SQLite and libpq use this one too.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

pub use client::HttpTransport;
pub use feed::HttpFeed;
pub use health::{Health, ModuleState, ModuleStatus};
pub use host::{Host, StartError};
pub use outgoing::Network;
pub use serve::{Served, run_alone, stop_on_signal};
pub use server::internal_routes;
pub use settings::{Settings, SettingsError};
