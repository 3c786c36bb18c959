//! The books: every movement of money is a transaction that takes from one account what it gives to another, written in
//! the unit of work of what moved it.

use billing_api::{BillingError, RefundId, SessionId};
use kernel::db::AnyConnection;
use kernel::id::new_id;
use kernel::{CallError, Money};

use crate::Outcome;
use crate::provider::{BANK_TRANSFER, CASH_ON_DELIVERY};
use crate::record::Cause;
use crate::store::{money, payments};

/// What customers paid for their orders, and was not given back.
pub(crate) const CUSTOMER_PAYMENTS: &str = "customer_payments";
/// Money that arrived and is not what was asked for.
pub(crate) const UNMATCHED: &str = "unmatched";
/// What is about to go back to customers.
pub(crate) const REFUNDS_PENDING: &str = "refunds_pending";
/// What is owed to those who know the codes of gift cards.
pub(crate) const GIFT_CARDS: &str = "gift_cards";
/// What gift cards pay for orders whose other money is awaited.
pub(crate) const GIFT_CARDS_HELD: &str = "gift_cards_held";
/// What the shop gave away as gift cards, less what was left on those that it closed.
pub(crate) const GIFT_CARDS_GRANTED: &str = "gift_cards_granted";

/// Where the money of a way to pay is.
pub(crate) fn account_of(method: &str) -> String {
    match method {
        BANK_TRANSFER => "bank".to_owned(),
        CASH_ON_DELIVERY => "cash".to_owned(),
        provider => format!("provider:{provider}"),
    }
}

/// A transaction: `debit` has more afterwards, and `credit` less or owes more.
pub(crate) struct Entry<'a> {
    /// `captured`, `unmatched`, `given_back`, `refund_started`, `refunded`, `refund_failed`; `gift_card_…` with `issued`,
    /// `held`, `counted`, `restored`, `closed`.
    pub(crate) kind: &'static str,
    /// The order that it is about, and its session; none when staff give a gift card or close one.
    pub(crate) of: Option<(&'a str, SessionId)>,
    pub(crate) refund_id: Option<RefundId>,
    pub(crate) debit: &'a str,
    pub(crate) credit: &'a str,
    pub(crate) amount: Money,
}

/// Writes transactions, all about one order or about none; gives their ids. What the payment of the order says has to agree
/// with the books then, so it is changed first.
///
/// # Errors
/// They do not agree, or nothing would move: a fault of this module, and the unit of work leaves no trace.
pub(crate) fn post(conn: &mut AnyConnection, cause: &Cause, entries: &[Entry<'_>]) -> Outcome<Vec<String>> {
    let mut ids = Vec::with_capacity(entries.len());
    for entry in entries {
        if entry.amount.amount <= 0 || entry.debit == entry.credit {
            return Err(CallError::Internal(format!("{} of {} moves nothing", entry.kind, entry.amount)));
        }
        let txn_id = new_id("txn");
        money::transaction_insert(conn, &txn_id, entry, &cause.actor, cause.at)?;
        money::lines_insert(conn, &txn_id, entry, cause.at)?;
        ids.push(txn_id);
    }
    if let Some((order_id, _)) = entries.iter().find_map(|entry| entry.of) {
        agree(conn, order_id)?;
    }
    Ok(ids)
}

/// Whether the payment of an order says what the books say.
fn agree(conn: &mut AnyConnection, order_id: &str) -> Outcome<()> {
    let balance = payments::payment(conn, order_id)?.ok_or(BillingError::NotFound)?;
    let (said, booked) = (balance.captured - balance.refunded, money::order_owed(conn, order_id, CUSTOMER_PAYMENTS)?);
    if said == booked {
        return Ok(());
    }
    tracing::error!(order_id, said, booked, "the books do not agree with the payment");
    Err(CallError::Internal(format!("the books say {booked} of {order_id}, and its payment {said}")))
}
