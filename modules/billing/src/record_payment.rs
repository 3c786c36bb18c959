//! Money that staff saw: on the bank account, or brought by the courier.

use billing_api::{BillingError, EndPayment, PaymentNext, SessionId, SessionStatus};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Money};

use crate::cancel_payment::end_open_session;
use crate::find_payment::balance_and_session;
use crate::provider::{BANK_TRANSFER, CASH_ON_DELIVERY};
use crate::record::{Cause, count};
use crate::start_payment::{conflict, voided};
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Balance, Status};
use crate::store::sessions::{self, Session, SessionTurn};
use crate::{Module, Outcome};

const LONGEST_REFERENCE: usize = 200;

/// Money that staff saw.
#[derive(Clone)]
pub(crate) struct Arrival {
    pub(crate) key: String,
    pub(crate) order_id: String,
    pub(crate) amount: Money,
    pub(crate) reference: Option<String>,
}

/// Records the whole open amount as paid by the way that was chosen, when that is one of those, else by bank transfer. An
/// attempt with another provider is ended first, so that the order is not paid twice.
pub(crate) async fn record_payment(
    module: &Module,
    ctx: &CallCtx,
    request: &EndPayment,
    arrival: Arrival,
) -> Outcome<()> {
    if arrival.reference.as_ref().is_some_and(|reference| reference.chars().count() > LONGEST_REFERENCE) {
        return Err(BillingError::invalid("reference", format!("use at most {LONGEST_REFERENCE} characters")).into());
    }
    let found = balance_and_session(module, arrival.order_id.clone()).await?;
    let (balance, session) = found.ok_or(BillingError::NotFound)?;
    let is_due = check(&balance, arrival.amount).is_ok();
    if is_due && !is_by_hand(module, &session.method) {
        end_open_session(module, ctx, &arrival.order_id).await?;
    }
    let cause = Cause::of_call(ctx, module.clock.now());
    let key = arrival.key.clone();
    module.db.write_once(key, "record_payment", request, move |conn| arrived(conn, &cause, &arrival)).await
}

/// Whether this is what is open.
fn check(balance: &Balance, arrived: Money) -> Result<(), BillingError> {
    let expected = balance.due()?;
    match balance.status {
        Status::Captured | Status::PartiallyCaptured => Err(BillingError::AlreadyPaid),
        Status::Voided => Err(voided()),
        Status::Pending | Status::Authorized | Status::Review if expected != arrived => {
            Err(BillingError::WrongAmount { expected, given: arrived })
        }
        Status::Pending | Status::Authorized | Status::Review => Ok(()),
    }
}

/// Whether people see the money of this way to pay arrive.
fn is_by_hand(module: &Module, method: &str) -> bool {
    module.providers.all().any(|provider| provider.is_paid_by_hand() && provider.method().code == method)
}

fn arrived(conn: &mut AnyConnection, cause: &Cause, arrival: &Arrival) -> Outcome<()> {
    let balance = payments::payment_held(conn, &arrival.order_id, cause.at)?.ok_or(BillingError::NotFound)?;
    check(&balance, arrival.amount)?;
    let session = session_by_hand(conn, cause, arrival, &balance.order_number)?;
    events::event_insert(conn, cause, &session, Kind::Recorded, arrival.reference.as_deref().unwrap_or_default())?;
    count(conn, cause, &balance, &session, arrival.amount)
}

/// The session that awaited this money, or one made for this arrival; captured.
fn session_by_hand(conn: &mut AnyConnection, cause: &Cause, arrival: &Arrival, number: &str) -> Outcome<Session> {
    if let Some(open) = sessions::session_open(conn, &arrival.order_id)? {
        let change = SessionTurn {
            from: &[SessionStatus::Pending],
            to: SessionStatus::Captured,
            failure: None,
            captured: arrival.amount.amount,
        };
        let turned = matches!(open.method.as_str(), BANK_TRANSFER | CASH_ON_DELIVERY)
            && sessions::session_turn(conn, open.id, &change, cause.at)?;
        return turned.then_some(open).ok_or_else(conflict);
    }
    let session = Session {
        id: SessionId::new(),
        order_id: arrival.order_id.clone(),
        order_number: number.to_owned(),
        method: BANK_TRANSFER.to_owned(),
        amount: arrival.amount,
        return_path: "/".to_owned(),
        captures_later: false,
        status: SessionStatus::Captured,
        failure: None,
        captured: arrival.amount.amount,
        next: PaymentNext::Nothing,
        reference: None,
        charge: None,
        expires_at: None,
        created_at: cause.at,
    };
    sessions::session_insert(conn, &session, &arrival.key)?;
    Ok(session)
}
