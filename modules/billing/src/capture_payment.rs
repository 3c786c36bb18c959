//! Taking money that a provider holds.

use billing_api::{BillingError, EndPayment, SessionStatus};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Money, Timestamp};

use crate::find_payment::balance_and_session;
use crate::look;
use crate::provider::ask;
use crate::record::{Cause, EndedBy, record};
use crate::store::captures::{self, Capture, CaptureStatus};
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

/// Writes down what is to be taken, and only then tells the provider. A repeat finds what was written down first.
pub(crate) async fn capture_payment(
    module: &Module,
    ctx: &CallCtx,
    request: &EndPayment,
    amount: Option<Money>,
) -> Outcome<()> {
    let (now, order_id) = (module.clock.now(), request.order_id.clone());
    let key = request.key.to_string();
    module.db.write_once(key, "capture_payment", request, move |conn| intend(conn, &order_id, amount, now)).await?;
    let found = balance_and_session(module, request.order_id.clone()).await?;
    let (_, session) = found.ok_or(BillingError::NotFound)?;
    finish_capture(module, ctx, &session).await
}

fn intend(conn: &mut AnyConnection, order_id: &str, wanted: Option<Money>, now: Timestamp) -> Outcome<()> {
    let session = sessions::session_latest(conn, order_id)?.ok_or(BillingError::NotFound)?;
    if let Some(earlier) = captures::capture(conn, session.id)? {
        let is_same = earlier.amount == wanted.unwrap_or(session.amount);
        return if is_same { Ok(()) } else { Err(BillingError::AlreadyPaid.into()) };
    }
    if session.status != SessionStatus::Authorized {
        return Err(BillingError::NothingToCapture.into());
    }
    let amount = wanted.unwrap_or(session.amount);
    if amount.currency != session.amount.currency || !(1..=session.amount.amount).contains(&amount.amount) {
        return Err(BillingError::WrongAmount { expected: session.amount, given: amount }.into());
    }
    captures::capture_insert(conn, session.id, amount, now)?;
    // If nobody answers, it is tried again without anyone waiting for it.
    Ok(sessions::session_look_at(conn, session.id, now.plus(look::FIRST))?)
}

/// Takes what was written down for the session, unless that was done.
pub(crate) async fn finish_capture(module: &Module, ctx: &CallCtx, session: &Session) -> Outcome<()> {
    let id = session.id;
    let capture = module.db.read(move |conn| Outcome::Ok(captures::capture(conn, id)?)).await?;
    match capture {
        Some(Capture { amount, status: CaptureStatus::Pending }) => take(module, ctx, session, amount).await,
        Some(Capture { status: CaptureStatus::Failed, .. }) => Err(BillingError::NothingToCapture.into()),
        Some(Capture { status: CaptureStatus::Succeeded, .. }) | None => Ok(()),
    }
}

async fn take(module: &Module, ctx: &CallCtx, session: &Session, amount: Money) -> Outcome<()> {
    let provider = module.providers.of(session)?;
    let asked = ask(provider.capture(session, amount)).await;
    let (standing, refusal) = match asked {
        Ok(standing) => (standing, None),
        // It was ended, perhaps by ourselves, or the time to take it is over: the provider knows which.
        Err(CallError::Domain(refusal @ BillingError::ProviderRefused { .. })) => {
            (ask(provider.status(session)).await?, Some(refusal))
        }
        Err(error) => return Err(error),
    };
    let cause = Cause::of_call(ctx, module.clock.now());
    let (session, detail) = (session.clone(), refusal.as_ref().map(ToString::to_string).unwrap_or_default());
    let status = if refusal.is_none() { CaptureStatus::Succeeded } else { CaptureStatus::Failed };
    module
        .db
        .write(move |conn| {
            record(conn, &cause, &session, &standing, EndedBy::Shop)?;
            Outcome::Ok(captures::capture_answered(conn, session.id, status, &detail, cause.at)?)
        })
        .await?;
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
}
