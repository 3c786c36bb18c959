//! Gift cards that pay for orders. What they pay is taken off them before any provider is told of the order, and goes back
//! onto them when the order is not paid, or its money goes back.

use billing_api::{BillingError, GiftCardMovementKind, GiftCardUse, MOST_GIFT_CARDS, RefundId, SessionId};
use kernel::db::AnyConnection;
use kernel::{CallError, Money};

use super::enter;
use crate::Outcome;
use crate::books::{Entry, GIFT_CARDS, GIFT_CARDS_HELD, REFUNDS_PENDING};
use crate::record::Cause;
use crate::store::gift_cards as store;
use crate::store::sessions::Session;

/// What gift cards pay of `amount` together.
///
/// # Errors
/// It is more than that, or one is named twice, or for nothing, or in another currency.
pub(crate) fn total_of(uses: &[GiftCardUse], amount: Money) -> Result<Money, BillingError> {
    let invalid = |problem: String| BillingError::invalid("gift_cards", problem);
    if uses.len() > MOST_GIFT_CARDS {
        return Err(invalid(format!("use at most {MOST_GIFT_CARDS}")));
    }
    let mut total = Money::zero(amount.currency);
    for (place, part) in uses.iter().enumerate() {
        if part.amount.currency != amount.currency || !(1..=amount.amount).contains(&part.amount.amount) {
            return Err(invalid(format!("let each pay a part of {amount}")));
        }
        if uses[..place].iter().any(|other| other.gift_card_id == part.gift_card_id) {
            return Err(invalid("name each once".to_owned()));
        }
        total = Money::new(total.amount + part.amount.amount, total.currency);
    }
    if total.amount > amount.amount {
        return Err(invalid(format!("they pay {total}, which is more than {amount}")));
    }
    Ok(total)
}

/// Takes from the cards what they pay for the order of a session. One that has less than that, or cannot pay any more,
/// refuses all of it.
pub(crate) fn hold(conn: &mut AnyConnection, cause: &Cause, session: &Session, uses: &[GiftCardUse]) -> Outcome<()> {
    // In one order for everybody, so that two who use the same cards do not wait for each other.
    let mut uses = uses.to_vec();
    uses.sort_by_key(|part| part.gift_card_id.to_string());
    for GiftCardUse { gift_card_id, amount } in uses {
        if !store::gift_card_spend(conn, gift_card_id, amount, cause.at)? {
            let card = store::gift_cards_of(conn, &[gift_card_id])?.pop();
            let usable = card.filter(|card| card.can_pay(cause.at) && card.balance.currency == amount.currency);
            let left = usable.map_or_else(|| Money::zero(amount.currency), |card| card.balance);
            return Err(BillingError::GiftCardTooLow { gift_card_id, left }.into());
        }
        let entry = Entry {
            kind: "gift_card_held",
            of: Some((&session.order_id, session.id)),
            refund_id: None,
            debit: GIFT_CARDS,
            credit: GIFT_CARDS_HELD,
            amount,
        };
        enter(conn, cause, (gift_card_id, GiftCardMovementKind::Spend), entry)?;
    }
    Ok(())
}

/// The order of a session will not be paid: what its cards hold for it, `amount` together, goes back onto them.
pub(crate) fn let_go(conn: &mut AnyConnection, cause: &Cause, session: &Session, amount: Money) -> Outcome<()> {
    give_back(conn, cause, (&session.order_id, session.id, None), amount, GIFT_CARDS_HELD)
}

/// `amount` of a refund, which is set aside, goes back onto the cards that paid for the order.
pub(crate) fn restore(
    conn: &mut AnyConnection,
    cause: &Cause,
    of: (&str, SessionId),
    refund_id: RefundId,
    amount: Money,
) -> Outcome<()> {
    give_back(conn, cause, (of.0, of.1, Some(refund_id)), amount, REFUNDS_PENDING)
}

fn give_back(
    conn: &mut AnyConnection,
    cause: &Cause,
    (order_id, session_id, refund_id): (&str, SessionId, Option<RefundId>),
    amount: Money,
    from: &str,
) -> Outcome<()> {
    let mut open = amount.amount;
    for (gift_card_id, spent) in store::spent_by_order(conn, order_id)? {
        let part = Money::new(spent.min(open), amount.currency);
        if part.amount <= 0 {
            continue;
        }
        store::gift_card_restore(conn, gift_card_id, part, cause.at)?;
        let of = Some((order_id, session_id));
        let entry = Entry { kind: "gift_card_restored", of, refund_id, debit: from, credit: GIFT_CARDS, amount: part };
        enter(conn, cause, (gift_card_id, GiftCardMovementKind::Restore), entry)?;
        open -= part.amount;
    }
    match open {
        0 => Ok(()),
        _ => Err(CallError::Internal(format!("gift cards never paid {open} of {amount} for {order_id}"))),
    }
}
