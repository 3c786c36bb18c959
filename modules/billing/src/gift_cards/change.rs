//! Issuing gift cards and closing them.

use std::sync::Arc;

use accounts_api::Permission;
use billing_api::{
    BillingError, ChangeGiftCard, GiftCard, GiftCardAction, GiftCardId, GiftCardIssued, GiftCardMovementKind,
    GiftCardReason, GiftCardStatus, MOST_ON_A_GIFT_CARD,
};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Email, Money, Principal, Timestamp, outbox};

use super::codes::{Wraps, last_four};
use super::{By, enter};
use crate::books::{Entry, GIFT_CARDS, GIFT_CARDS_GRANTED, REFUNDS_PENDING};
use crate::record::Cause;
use crate::store::gift_cards as store;
use crate::{Module, Outcome};

const LONGEST_NOTE: usize = 200;

/// What a new card is to be.
struct NewCard {
    amount: Money,
    email: Option<Email>,
    expires_at: Option<Timestamp>,
    note: String,
    reason: GiftCardReason,
}

/// Does what a member of staff decided, once per key. Only the id of a new card is stored with the key, never its code.
pub(crate) async fn change_gift_card(module: &Module, ctx: &CallCtx, request: ChangeGiftCard) -> Outcome<GiftCard> {
    may_manage(ctx)?;
    let (cause, key) = (Cause::of_call(ctx, module.clock.now()), request.key.to_string());
    let (id, is_new) = match request.action.clone() {
        GiftCardAction::Issue { amount, email, expires_at, note } => {
            let new = NewCard { amount, email, expires_at, note: checked(&note)?, reason: GiftCardReason::Granted };
            check(&new, cause.at)?;
            let wraps = Arc::clone(&module.wraps);
            let work = move |conn: &mut AnyConnection| grant(conn, &cause, &wraps, &new);
            (module.db.write_once(key, "issue_gift_card", &request, work).await?, true)
        }
        GiftCardAction::Close { gift_card_id, note } => {
            let note = checked(&note)?;
            let work = move |conn: &mut AnyConnection| close(conn, &cause, gift_card_id, &note);
            (module.db.write_once(key, "close_gift_card", &request, work).await?, false)
        }
        _ => return Err(BillingError::invalid("action", "this release does not know it").into()),
    };
    found(module, id, is_new).await
}

/// As it is now; with its code when it was issued by this call.
async fn found(module: &Module, id: GiftCardId, is_new: bool) -> Outcome<GiftCard> {
    let wraps = Arc::clone(&module.wraps);
    module
        .db
        .read(move |conn| {
            let mut card = store::gift_cards_of(conn, &[id])?.pop().ok_or(BillingError::NotFound)?;
            if is_new {
                card.code = wraps.known_key(conn)?.map(|key| key.code(id));
            }
            Outcome::Ok(card)
        })
        .await
}

fn may_manage(ctx: &CallCtx) -> Result<(), BillingError> {
    match &ctx.principal {
        principal if principal.may(Permission::ManageOrders.as_str()) => Ok(()),
        principal @ Principal::Staff(_) => {
            tracing::warn!(actor = principal.actor(), "not permitted to change gift cards");
            Err(BillingError::NotPermitted)
        }
        _ => Err(BillingError::NotFound),
    }
}

fn check(new: &NewCard, now: Timestamp) -> Result<(), BillingError> {
    if !(1..=MOST_ON_A_GIFT_CARD).contains(&new.amount.amount) {
        let (least, most) = (Money::new(1, new.amount.currency), Money::new(MOST_ON_A_GIFT_CARD, new.amount.currency));
        return Err(BillingError::invalid("amount", format!("use {least} to {most}")));
    }
    if new.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(BillingError::invalid("expires_at", "let it expire later than now, or never"));
    }
    Ok(())
}

fn checked(note: &str) -> Result<String, BillingError> {
    let note = note.trim();
    let is_fit = (1..=LONGEST_NOTE).contains(&note.chars().count()) && !note.contains('\0');
    is_fit
        .then(|| note.to_owned())
        .ok_or_else(|| BillingError::invalid("note", format!("say in 1 to {LONGEST_NOTE} characters why")))
}

/// A new card, without money yet.
fn insert(conn: &mut AnyConnection, cause: &Cause, wraps: &Wraps, new: &NewCard) -> Outcome<GiftCardId> {
    let key = wraps.key(conn, cause.at)?;
    let id = GiftCardId::new();
    let code = key.code(id);
    let hash = key.hash(&code).ok_or_else(|| kernel::CallError::Internal("a code is none".to_owned()))?;
    let card = GiftCard {
        id,
        last_four: last_four(&code),
        issued: new.amount,
        balance: new.amount,
        status: GiftCardStatus::Open,
        reason: new.reason,
        note: new.note.clone(),
        email: new.email.clone(),
        expires_at: new.expires_at,
        created_at: cause.at,
        movements: Vec::new(),
        code: None,
    };
    store::gift_card_insert(conn, &card, &hash)?;
    Ok(id)
}

/// Staff give it: the shop pays for it.
fn grant(conn: &mut AnyConnection, cause: &Cause, wraps: &Wraps, new: &NewCard) -> Outcome<GiftCardId> {
    let id = insert(conn, cause, wraps, new)?;
    let entry = Entry {
        kind: "gift_card_issued",
        of: None,
        refund_id: None,
        debit: GIFT_CARDS_GRANTED,
        credit: GIFT_CARDS,
        amount: new.amount,
    };
    enter(conn, cause, (id, GiftCardMovementKind::Issue), entry)?;
    let is_mailed = new.email.is_some();
    outbox::publish(conn, cause.trace, &GiftCardIssued { gift_card_id: id, is_mailed })?;
    Ok(id)
}

/// The money of a refund, which is set aside, becomes a card.
pub(crate) fn issue_store_credit(
    conn: &mut AnyConnection,
    cause: &Cause,
    wraps: &Wraps,
    email: &Email,
    by: By<'_>,
) -> Outcome<GiftCardId> {
    let new = NewCard {
        amount: by.amount,
        email: Some(email.clone()),
        expires_at: None,
        note: format!("Store credit for {}", by.of.0),
        reason: GiftCardReason::Refund,
    };
    let id = insert(conn, cause, wraps, &new)?;
    let entry = Entry {
        kind: "gift_card_issued",
        of: Some(by.of),
        refund_id: Some(by.refund_id),
        debit: REFUNDS_PENDING,
        credit: GIFT_CARDS,
        amount: by.amount,
    };
    enter(conn, cause, (id, GiftCardMovementKind::Issue), entry)?;
    // The mail about the refund carries its code.
    outbox::publish(conn, cause.trace, &GiftCardIssued { gift_card_id: id, is_mailed: false })?;
    Ok(id)
}

fn close(conn: &mut AnyConnection, cause: &Cause, id: GiftCardId, note: &str) -> Outcome<GiftCardId> {
    let Some((left, was_open)) = store::gift_card_close(conn, id, note, cause.at)? else {
        return Err(BillingError::NotFound.into());
    };
    if was_open && left.amount > 0 {
        let entry = Entry {
            kind: "gift_card_closed",
            of: None,
            refund_id: None,
            debit: GIFT_CARDS,
            credit: GIFT_CARDS_GRANTED,
            amount: left,
        };
        enter(conn, cause, (id, GiftCardMovementKind::Close), entry)?;
    }
    Ok(id)
}
