//! Giving money back.
//!
//! The money is set aside and the refund written down before the provider is told of it, under the refund's id, which a
//! repeat uses again. So it can be asked for as often as one likes, and who does not get an answer asks again later.
//!
//! Of an order that gift cards paid in part, the money of the provider goes back first, and the cards get the rest of it.
//! What they get, they get when the provider has given its part back, so that a refund is done whole or not at all. As store
//! credit all of it becomes a new card, at once.

use std::sync::Arc;
use std::time::Duration;

use billing_api::{
    BillingError, GIFT_CARD, PaymentRefund, PaymentRefunded, Refund, RefundAction, RefundFailed, RefundId,
    RefundStatus, RefundTo, STORE_CREDIT,
};
use kernel::db::AnyConnection;
use kernel::stop::Stop;
use kernel::{CallCtx, CallError, Email, IdempotencyKey, Money, Timestamp, outbox};

use crate::books::{self, CUSTOMER_PAYMENTS, Entry, REFUNDS_PENDING, account_of};
use crate::gift_cards::{self, By, Wraps};
use crate::provider::{RefundReport, ask};
use crate::record::Cause;
use crate::start_payment::conflict;
use crate::store::events::{self, Kind};
use crate::store::refunds::{self, StoredRefund};
use crate::store::sessions::{self, Session};
use crate::store::{money, payments};
use crate::{Module, Outcome};

const LONGEST_REASON: usize = 500;
const LONGEST_REFERENCE: usize = 200;
/// Before one that could not be recorded is taken up again.
const AFTER_A_FAILURE: Duration = Duration::from_secs(600);
const PERIOD: Duration = Duration::from_secs(5);
const BATCH: i64 = 100;
/// Pauses before a provider is asked again, the last one for ever.
const PAUSES: [u64; 4] = [5, 15, 60, 600];

/// What is to go back.
struct Wanted {
    key: IdempotencyKey,
    order_id: String,
    amount: Money,
    reason: String,
    to: RefundTo,
}

/// Gives money back, or records that staff did.
pub(crate) async fn refund(module: &Module, ctx: &CallCtx, request: Refund) -> Outcome<PaymentRefund> {
    match request.action.clone() {
        RefundAction::GiveBack { order_id, amount, reason, to } => {
            give_back(module, ctx, &request, Wanted { key: request.key.clone(), order_id, amount, reason, to }).await
        }
        RefundAction::PaidByHand { refund_id, reference } => {
            paid_by_hand(module, ctx, &request, refund_id, reference).await
        }
        _ => Err(BillingError::invalid("action", "this release does not know it").into()),
    }
}

/// Sets the money aside, once per key, and tells the provider. One who does not answer is asked again later.
async fn give_back(module: &Module, ctx: &CallCtx, request: &Refund, wanted: Wanted) -> Outcome<PaymentRefund> {
    if wanted.amount.amount < 1 {
        return Err(BillingError::invalid("amount", "use at least 1 minor unit").into());
    }
    if wanted.reason.chars().count() > LONGEST_REASON {
        return Err(BillingError::invalid("reason", format!("use at most {LONGEST_REASON} characters")).into());
    }
    let (cause, wraps) = (Cause::of_call(ctx, module.clock.now()), Arc::clone(&module.wraps));
    let key = request.key.to_string();
    let id = module.db.write_once(key, "refund", request, move |conn| begin(conn, &cause, &wraps, wanted)).await?;
    carry_out(module, ctx, id).await
}

fn begin(conn: &mut AnyConnection, cause: &Cause, wraps: &Wraps, wanted: Wanted) -> Outcome<RefundId> {
    let balance = payments::payment_held(conn, &wanted.order_id, cause.at)?.ok_or(BillingError::NotFound)?;
    let session = paying_session(conn, &wanted.order_id)?.ok_or(BillingError::NotFound)?;
    let left = Money::new(balance.captured - balance.refunded, balance.amount()?.currency);
    if !payments::payment_refund(conn, &wanted.order_id, wanted.amount, cause.at)? {
        return Err(BillingError::RefundTooHigh { left }.into());
    }
    let back_of_gift_cards = refunds::refunded_of_gift_cards(conn, &wanted.order_id)?;
    let left_of_others = balance.captured - balance.gift_cards - (balance.refunded - back_of_gift_cards);
    let of_gift_cards = (wanted.amount.amount - left_of_others).max(0);
    let method = match &wanted.to {
        RefundTo::StoreCredit { .. } => STORE_CREDIT.to_owned(),
        _ if of_gift_cards == wanted.amount.amount => GIFT_CARD.to_owned(),
        _ => session.method.clone(),
    };
    let refund = StoredRefund {
        shown: PaymentRefund {
            id: RefundId::new(),
            key: wanted.key,
            amount: wanted.amount,
            reason: wanted.reason,
            method,
            to_gift_cards: None,
            gift_card_id: None,
            status: RefundStatus::Pending,
            awaits_staff: false,
            failure: None,
            created_at: cause.at,
        },
        order_id: wanted.order_id,
        session_id: session.id,
        reference: None,
        attempts: 0,
        of_gift_cards,
    };
    refunds::refund_insert(conn, &refund, cause.at)?;
    post(conn, cause, &refund, "refund_started", (CUSTOMER_PAYMENTS, REFUNDS_PENDING))?;
    let detail = format!("{}: {}", refund.shown.amount, refund.shown.reason);
    events::event_insert(conn, cause, &session, Kind::RefundStarted, &detail)?;
    match &wanted.to {
        RefundTo::Payment if refund.by_provider().amount > 0 => {}
        RefundTo::Payment => succeeded(conn, cause, &refund, None, &refund.shown.amount.to_string())?,
        RefundTo::StoreCredit { email } => become_credit(conn, cause, wraps, email, &refund)?,
        _ => return Err(BillingError::invalid("to", "this release does not know it").into()),
    }
    Ok(refund.shown.id)
}

/// The money that is set aside for a refund becomes a gift card.
fn become_credit(
    conn: &mut AnyConnection,
    cause: &Cause,
    wraps: &Wraps,
    email: &Email,
    refund: &StoredRefund,
) -> Outcome<()> {
    let (refund_id, amount) = (refund.shown.id, refund.shown.amount);
    let by = By { of: (&refund.order_id, refund.session_id), refund_id, amount };
    let gift_card_id = gift_cards::issue_store_credit(conn, cause, wraps, email, by)?;
    refunds::refund_becomes(conn, refund_id, gift_card_id)?;
    refunds::refund_end(conn, refund_id, (RefundStatus::Succeeded, None), None, cause.at)?;
    went_back(conn, cause, refund, &format!("{amount} as store credit {gift_card_id}"))
}

/// The session whose money paid for the order; money that came by another one was set aside.
pub(crate) fn paying_session(conn: &mut AnyConnection, order_id: &str) -> Outcome<Option<Session>> {
    match money::session_credited(conn, order_id, CUSTOMER_PAYMENTS)? {
        Some(id) => Ok(sessions::session(conn, id)?),
        None => Ok(None),
    }
}

/// Asks the provider for a refund that is pending, and records what it says.
async fn carry_out(module: &Module, ctx: &CallCtx, id: RefundId) -> Outcome<PaymentRefund> {
    let refund = found(module, id).await?;
    if refund.shown.status != RefundStatus::Pending || refund.shown.awaits_staff {
        return Ok(refund.shown);
    }
    let report = word_of_provider(module, &refund).await;
    let cause = Cause::of_call(ctx, module.clock.now());
    module
        .db
        .write(move |conn| match report {
            Ok(report) => record(conn, &cause, &refund, report),
            // Nothing is known; the money stays set aside.
            Err(_) => Ok(refunds::refund_wait(conn, id, None, Some(later(&refund, cause.at)), cause.at)?),
        })
        .await?;
    Ok(found(module, id).await?.shown)
}

async fn word_of_provider(module: &Module, refund: &StoredRefund) -> Outcome<RefundReport> {
    let session_id = refund.session_id;
    let session = module.db.read(move |conn| Outcome::Ok(sessions::session(conn, session_id)?)).await?;
    let session = session.ok_or_else(|| CallError::Internal(format!("the session {session_id} is gone")))?;
    let (provider, key) = (module.providers.of(&session)?, refund.shown.id.to_string());
    // Whoever has a name for the refund is asked about that.
    let report = match &refund.reference {
        Some(reference) => ask(provider.refund_status(reference)).await,
        None => ask(provider.refund(&session, &key, refund.by_provider())).await,
    };
    match report {
        Err(CallError::Domain(BillingError::ProviderRefused { reason })) => Ok(RefundReport::Failed(reason)),
        report => report,
    }
}

/// Writes down what became of a refund. Of any number of callers with the same news the first does so.
pub(crate) fn record(
    conn: &mut AnyConnection,
    cause: &Cause,
    refund: &StoredRefund,
    report: RefundReport,
) -> Outcome<()> {
    match report {
        RefundReport::Pending { reference } => {
            let next = Some(later(refund, cause.at));
            Ok(refunds::refund_wait(conn, refund.shown.id, reference.as_deref(), next, cause.at)?)
        }
        RefundReport::ByHand => Ok(refunds::refund_wait(conn, refund.shown.id, None, None, cause.at)?),
        RefundReport::Succeeded { reference } => {
            succeeded(conn, cause, refund, reference.as_deref(), &refund.shown.amount.to_string())
        }
        RefundReport::Failed(failure) => failed(conn, cause, refund, &failure),
    }
}

fn succeeded(
    conn: &mut AnyConnection,
    cause: &Cause,
    refund: &StoredRefund,
    reference: Option<&str>,
    detail: &str,
) -> Outcome<()> {
    let (id, by_provider) = (refund.shown.id, refund.by_provider());
    payments::payment_held(conn, &refund.order_id, cause.at)?.ok_or_else(conflict)?;
    if !refunds::refund_end(conn, id, (RefundStatus::Succeeded, None), reference, cause.at)? {
        return Ok(());
    }
    if by_provider.amount > 0 {
        let account = account_of(&refund.shown.method);
        books::post(conn, cause, &[entry(refund, "refunded", (REFUNDS_PENDING, &account), by_provider)])?;
    }
    if refund.of_gift_cards > 0 {
        let (of, part) = ((refund.order_id.as_str(), refund.session_id), refund.of_gift_cards);
        gift_cards::restore(conn, cause, of, id, Money::new(part, by_provider.currency))?;
    }
    went_back(conn, cause, refund, detail)
}

/// Tells that a refund is done.
fn went_back(conn: &mut AnyConnection, cause: &Cause, refund: &StoredRefund, detail: &str) -> Outcome<()> {
    let (order_id, refund_id, amount) = (refund.order_id.clone(), refund.shown.id, refund.shown.amount);
    tell(conn, cause, refund, Kind::Refunded, detail)?;
    outbox::publish(conn, cause.trace, &PaymentRefunded { order_id, refund_id, amount })?;
    Ok(())
}

fn failed(conn: &mut AnyConnection, cause: &Cause, refund: &StoredRefund, failure: &str) -> Outcome<()> {
    let (id, amount, order_id) = (refund.shown.id, refund.shown.amount, refund.order_id.clone());
    payments::payment_held(conn, &order_id, cause.at)?.ok_or_else(conflict)?;
    if !refunds::refund_end(conn, id, (RefundStatus::Failed, Some(failure)), None, cause.at)? {
        return Ok(());
    }
    if !payments::payment_refund_undo(conn, &order_id, amount, cause.at)? {
        return Err(CallError::Internal(format!("{id} was not counted among the refunds of {order_id}")));
    }
    tracing::warn!(order_id, refund_id = %id, failure, "a refund failed; its money is still there");
    post(conn, cause, refund, "refund_failed", (REFUNDS_PENDING, CUSTOMER_PAYMENTS))?;
    tell(conn, cause, refund, Kind::RefundFailed, failure)?;
    outbox::publish(conn, cause.trace, &RefundFailed { order_id, refund_id: id, failure: failure.to_owned() })?;
    Ok(())
}

fn post(
    conn: &mut AnyConnection,
    cause: &Cause,
    refund: &StoredRefund,
    kind: &'static str,
    accounts: (&str, &str),
) -> Outcome<()> {
    books::post(conn, cause, &[entry(refund, kind, accounts, refund.shown.amount)])?;
    Ok(())
}

fn entry<'a>(
    refund: &'a StoredRefund,
    kind: &'static str,
    (debit, credit): (&'a str, &'a str),
    amount: Money,
) -> Entry<'a> {
    let of = Some((refund.order_id.as_str(), refund.session_id));
    Entry { kind, of, refund_id: Some(refund.shown.id), debit, credit, amount }
}

pub(crate) fn tell(
    conn: &mut AnyConnection,
    cause: &Cause,
    refund: &StoredRefund,
    kind: Kind,
    detail: &str,
) -> Outcome<()> {
    let session = sessions::session(conn, refund.session_id)?.ok_or_else(conflict)?;
    Ok(events::event_insert(conn, cause, &session, kind, detail)?)
}

/// Staff gave the money back themselves. Only for ways to pay of which nobody else can say so.
async fn paid_by_hand(
    module: &Module,
    ctx: &CallCtx,
    request: &Refund,
    id: RefundId,
    reference: Option<String>,
) -> Outcome<PaymentRefund> {
    if reference.as_ref().is_some_and(|reference| reference.chars().count() > LONGEST_REFERENCE) {
        return Err(BillingError::invalid("reference", format!("use at most {LONGEST_REFERENCE} characters")).into());
    }
    let cause = Cause::of_call(ctx, module.clock.now());
    let given_back = move |conn: &mut AnyConnection| -> Outcome<()> {
        let refund = refunds::refund(conn, id)?.ok_or(BillingError::NotFound)?;
        if !refund.shown.awaits_staff {
            return Err(BillingError::NotForStaff.into());
        }
        // What staff call it need not be the name of one refund only.
        let amount = refund.shown.amount;
        let detail = reference.map_or_else(|| amount.to_string(), |reference| format!("{amount}: {reference}"));
        succeeded(conn, &cause, &refund, None, &detail)
    };
    module.db.write_once(request.key.to_string(), "refund_by_hand", request, given_back).await?;
    Ok(found(module, id).await?.shown)
}

async fn found(module: &Module, id: RefundId) -> Outcome<StoredRefund> {
    let found = module.db.read(move |conn| Outcome::Ok(refunds::refund(conn, id)?)).await?;
    found.ok_or_else(|| BillingError::NotFound.into())
}

/// When the provider is asked again, a little later each time.
fn later(refund: &StoredRefund, now: Timestamp) -> Timestamp {
    let place = usize::try_from(refund.attempts).unwrap_or(0).min(PAUSES.len() - 1);
    now.plus(Duration::from_secs(PAUSES[place]))
}

/// Asks now and then for refunds that are not known to have ended, until told to stop. Any number of processes may.
pub(crate) async fn finish_refunds(module: Arc<Module>, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = carry_out_due(&module, &stop).await {
            tracing::warn!(%error, "refunds stay pending for now");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn carry_out_due(module: &Module, stop: &Stop) -> Outcome<()> {
    let now = module.clock.now();
    let due = module.db.read(move |conn| Outcome::Ok(refunds::refunds_due(conn, BATCH, now)?)).await?;
    for id in due {
        if stop.is_stopping() {
            break;
        }
        // One that cannot be recorded keeps no other waiting.
        if let Err(error) = carry_out(module, &CallCtx::of_module("billing"), id).await {
            tracing::error!(refund_id = %id, %error, "a refund could not be recorded; the others go on");
            let next = Some(now.plus(AFTER_A_FAILURE));
            module.db.write(move |conn| Outcome::Ok(refunds::refund_wait(conn, id, None, next, now)?)).await?;
        }
    }
    Ok(())
}
