//! Words and tools that all modules share. No rule of the shop lives here.
//!
//! - What travels: [`money`], [`charge`], [`id`], [`clock`], [`page`], [`principal`], [`event`], [`audit`].
//! - How modules call each other: [`call`] and [`contract`]; how they call others: [`outgoing`].
//! - How a module keeps its data (feature `store`): [`db`], [`idempotency`], [`outbox`], [`inbox`].

pub mod audit;
pub mod call;
pub mod charge;
pub mod clock;
pub mod contact;
pub mod contract;
pub mod event;
mod fail_point;
pub mod id;
pub mod money;
pub mod outgoing;
pub mod page;
pub mod principal;
pub mod quantity;
pub mod secret;
pub mod stop;
pub mod trace;

#[cfg(feature = "store")]
pub mod db;
#[cfg(feature = "store")]
pub mod idempotency;
#[cfg(feature = "store")]
pub mod inbox;
#[cfg(feature = "store")]
pub mod module;
#[cfg(feature = "store")]
pub mod outbox;
#[cfg(feature = "testing")]
pub mod testing;

pub use call::{CallCtx, CallError, DomainError, NotExecuted};
pub use charge::{Adjustment, TaxClass, TaxLine};
pub use clock::{Clock, Timestamp};
pub use contact::{Address, Country, Email};
pub use id::IdempotencyKey;
pub use kernel_macros::contract;
pub use money::{Currency, Money};
pub use page::{Page, PageRequest};
pub use principal::Principal;
pub use quantity::Quantity;
pub use secret::Secret;

/// What the code made by `#[contract]` needs; not for people.
#[doc(hidden)]
pub mod __private {
    pub use async_trait::async_trait;
    pub use bytes::Bytes;
    pub use schemars;
}
