//! Money that staff saw on the bank account.

use billing_api::{BillingError, Payment, PaymentNext, RecordPayment, SessionId, SessionStatus};
use kernel::CallCtx;
use kernel::db::AnyConnection;

use crate::cancel_payment::end_open_session;
use crate::find_payment::{balance_and_session, shown_payment};
use crate::provider::BANK_TRANSFER;
use crate::record::{Cause, count};
use crate::start_payment::{conflict, voided};
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Balance, Status};
use crate::store::sessions::{self, NewSession, Session};
use crate::{Module, Outcome};

const LONGEST_REFERENCE: usize = 200;

/// Records the whole open amount as paid by bank transfer. An attempt with another provider is ended first, so that the
/// order is not paid twice.
pub(crate) async fn record_payment(module: &Module, ctx: &CallCtx, request: RecordPayment) -> Outcome<Payment> {
    if request.reference.as_ref().is_some_and(|reference| reference.chars().count() > LONGEST_REFERENCE) {
        return Err(BillingError::invalid("reference", format!("use at most {LONGEST_REFERENCE} characters")).into());
    }
    let order_id = request.order_id.clone();
    let found = balance_and_session(module, order_id.clone()).await?;
    let (balance, session) = found.ok_or(BillingError::NotFound)?;
    let is_due = check(&balance, &request).is_ok();
    if is_due && session.method != BANK_TRANSFER {
        end_open_session(module, ctx, &order_id).await?;
    }
    let (cause, arrival) = (Cause::of_call(ctx, module.clock.now()), request.clone());
    let key = request.key.to_string();
    module.db.write_once(key, "record_payment", &request, move |conn| arrived(conn, &cause, &arrival)).await?;
    let (balance, session) = balance_and_session(module, order_id).await?.ok_or(BillingError::NotFound)?;
    shown_payment(module, &balance, &session)
}

/// Whether this is what is open.
fn check(balance: &Balance, request: &RecordPayment) -> Result<(), BillingError> {
    let expected = balance.amount()?;
    match balance.status {
        Status::Captured => Err(BillingError::AlreadyPaid),
        Status::Voided => Err(voided()),
        Status::Pending | Status::Review if expected != request.amount => {
            Err(BillingError::WrongAmount { expected, given: request.amount })
        }
        Status::Pending | Status::Review => Ok(()),
    }
}

fn arrived(conn: &mut AnyConnection, cause: &Cause, request: &RecordPayment) -> Outcome<()> {
    let balance = payments::payment_held(conn, &request.order_id, cause.at)?.ok_or(BillingError::NotFound)?;
    check(&balance, request)?;
    let session = transfer_session(conn, cause, request)?;
    events::event_insert(conn, cause, &session, Kind::Recorded, request.reference.as_deref().unwrap_or_default())?;
    count(conn, cause, &balance, &session, request.amount)
}

/// The session that awaited a transfer, or one made for this arrival; captured.
fn transfer_session(conn: &mut AnyConnection, cause: &Cause, request: &RecordPayment) -> Outcome<Session> {
    if let Some(open) = sessions::session_open(conn, &request.order_id)? {
        let turned = open.method == BANK_TRANSFER
            && sessions::session_turn(conn, open.id, SessionStatus::Captured, None, cause.at)?;
        return turned.then_some(open).ok_or_else(conflict);
    }
    let session = Session {
        id: SessionId::new(),
        order_id: request.order_id.clone(),
        method: BANK_TRANSFER.to_owned(),
        status: SessionStatus::Captured,
        failure: None,
        next: PaymentNext::Nothing,
        expires_at: None,
    };
    let new = NewSession { session: session.clone(), key: request.key.to_string(), order_number: String::new() };
    sessions::session_insert(conn, &new, cause.at)?;
    Ok(session)
}
