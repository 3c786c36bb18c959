//! Gift cards and store credit.
//!
//! What is on a card is owed to whoever knows its code, and stands in the books as a debt of the shop. A balance changes by
//! one conditional update, with its movement and its transaction in the same unit of work.

mod change;
mod codes;
mod find;
mod pay;

pub(crate) use change::{change_gift_card, issue_store_credit};
pub(crate) use codes::{Wraps, keep_key_readable};
pub(crate) use find::gift_cards;
pub(crate) use pay::{hold, let_go, restore, total_of};

use billing_api::{GiftCardId, GiftCardMovementKind, RefundId};
use kernel::Money;
use kernel::db::AnyConnection;

use crate::Outcome;
use crate::books::{self, Entry};
use crate::record::Cause;
use crate::store::gift_cards::{self as store, Movement};

/// Writes down what went onto a card or off it, in its movements and in the books. Its balance says so already.
fn enter(
    conn: &mut AnyConnection,
    cause: &Cause,
    (gift_card_id, kind): (GiftCardId, GiftCardMovementKind),
    entry: Entry<'_>,
) -> Outcome<()> {
    let (amount, order_id, refund_id) =
        (entry.amount, entry.of.map(|(order_id, _)| order_id.to_owned()), entry.refund_id);
    for txn_id in books::post(conn, cause, &[entry])? {
        let movement = Movement { gift_card_id, kind, amount, order_id: order_id.clone(), refund_id, txn_id };
        store::movement_insert(conn, &movement, &cause.actor, cause.at)?;
    }
    Ok(())
}

/// A refund by which money comes onto a card.
#[derive(Clone, Copy)]
pub(crate) struct By<'a> {
    pub(crate) of: (&'a str, billing_api::SessionId),
    pub(crate) refund_id: RefundId,
    pub(crate) amount: Money,
}
