//! Judges what a shop has done.
//!
//! It shares no code with the shop: it has its own words for rows and its own SQL, and reads three witnesses. The
//! databases of all modules, the ledger of the test provider, and the log that customers and staff kept of what they
//! asked and were answered. Each [`Rule`] says what must never be, and finds nothing when the shop is healthy.

mod evidence;
mod rules;
mod store;
mod tables;
mod verdict;

pub use evidence::{Evidence, Fact, Goods, Run, Stage};
pub use rules::{RULES, Rule, Zero};
pub use store::{Problem, Source};
pub use verdict::{Verdict, judge};

use std::collections::BTreeMap;

use tables::{Order, Refund, Saga};

/// What a shop that is left alone has still to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Orders whose work is not at an end, other than those that wait for a person to pay.
    pub orders: usize,
    /// Orders that wait for a person to pay.
    pub unpaid: usize,
    /// Events that a consumer has not yet heard.
    pub events: usize,
    /// Refunds about which a provider is still asked. Those that only staff can end are not among them.
    pub refunds: usize,
}

impl Unfinished {
    /// Whether nothing is left that the shop would do by itself.
    pub fn is_quiet(&self) -> bool {
        self.orders == 0 && self.events == 0 && self.refunds == 0
    }
}

/// What the shop of `run` has still to do at this moment.
///
/// # Errors
/// A database cannot be read.
pub fn unfinished(run: &Run) -> Result<Unfinished, Problem> {
    let mut orders = store::open(run.source("orders")?)?;
    let sagas: Vec<Saga> = orders.rows()?;
    let pending: BTreeMap<String, String> =
        orders.rows::<Order>()?.into_iter().map(|order| (order.id, order.status)).collect();
    let waits = |saga: &&Saga| {
        saga.status == "awaiting_payment" && pending.get(&saga.order_id).is_some_and(|status| status == "pending")
    };
    let open: Vec<&Saga> = sagas.iter().filter(|saga| !saga.is_over()).collect();
    let unpaid = open.iter().copied().filter(waits).count();
    let events = Evidence::read_messages(run)?.lagging().len();
    let refunds: Vec<Refund> = store::open(run.source("billing")?)?.rows()?;
    let refunds = refunds.iter().filter(|refund| refund.next_attempt_at.is_some()).count();
    Ok(Unfinished { orders: open.len() - unpaid, unpaid, events, refunds })
}
