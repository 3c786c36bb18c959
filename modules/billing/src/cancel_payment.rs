//! Ending the open session of an order.

use billing_api::{BillingError, EndPayment};
use kernel::db::AnyConnection;
use kernel::{CallCtx, Money};

use crate::provider::{Report, ask};
use crate::record::{Cause, EndedBy, record};
use crate::start_payment::conflict;
use crate::store::events::{self, Kind};
use crate::store::payments::{self, Status};
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome, gift_cards};

/// Makes sure that the order cannot be paid any more, or says that it is paid.
pub(crate) async fn cancel_payment(module: &Module, ctx: &CallCtx, request: &EndPayment) -> Outcome<()> {
    end_open_session(module, ctx, &request.order_id).await?;
    let cause = Cause::of_call(ctx, module.clock.now());
    let (key, order_id) = (request.key.to_string(), request.order_id.clone());
    module.db.write_once(key, "cancel_payment", request, move |conn| void(conn, &cause, &order_id)).await
}

/// Ends the session of the order that is open, if one is.
pub(crate) async fn end_open_session(module: &Module, ctx: &CallCtx, order_id: &str) -> Outcome<()> {
    let order_id = order_id.to_owned();
    match module.db.read(move |conn| Outcome::Ok(sessions::session_open(conn, &order_id)?)).await? {
        Some(session) => end_session(module, ctx, session).await,
        None => Ok(()),
    }
}

/// Lets the provider end a session that is open. When the money was faster, that is recorded, and refused with
/// [`BillingError::AlreadyPaid`].
pub(crate) async fn end_session(module: &Module, ctx: &CallCtx, session: Session) -> Outcome<()> {
    let standing = ask(module.providers.of(&session)?.cancel(&session)).await?;
    let cause = Cause::of_call(ctx, module.clock.now());
    let recorded = standing.clone();
    module.db.write(move |conn| record(conn, &cause, &session, &recorded, EndedBy::Shop)).await?;
    match standing.report {
        Report::Captured(_) => Err(BillingError::AlreadyPaid.into()),
        Report::Pending | Report::RequiresAction | Report::Authorized(_) => {
            Err(BillingError::ProviderUnavailable.into())
        }
        Report::Failed(_) | Report::Canceled => Ok(()),
    }
}

/// Of an order that is paid: no other attempt may bring money for it. What does so all the same is set aside.
pub(crate) async fn end_others(module: &Module, ctx: &CallCtx, order_id: &str) {
    if let Err(error) = end_open_session_if_paid(module, ctx, order_id).await {
        tracing::warn!(order_id, %error, "another attempt to pay a paid order is open for now");
    }
}

async fn end_open_session_if_paid(module: &Module, ctx: &CallCtx, order_id: &str) -> Outcome<()> {
    let order_id = order_id.to_owned();
    let open = module.db.read(move |conn| {
        let is_paid = payments::payment(conn, &order_id)?.is_some_and(|balance| balance.status == Status::Captured);
        if is_paid { Outcome::Ok(sessions::session_open(conn, &order_id)?) } else { Ok(None) }
    });
    match open.await? {
        Some(session) => end_session(module, ctx, session).await,
        None => Ok(()),
    }
}

fn void(conn: &mut AnyConnection, cause: &Cause, order_id: &str) -> Outcome<()> {
    // Of an order that never started to pay a row without an amount remains, so that a late start is refused.
    if payments::payment_insert_voided(conn, order_id, cause.at)? {
        return Ok(());
    }
    let balance = payments::payment_held(conn, order_id, cause.at)?.ok_or_else(conflict)?;
    match balance.status {
        Status::Voided => Ok(()),
        Status::Captured | Status::PartiallyCaptured | Status::Review => Err(BillingError::AlreadyPaid.into()),
        // Another attempt began since the last one was ended.
        Status::Authorized => Err(conflict()),
        Status::Pending if sessions::session_open(conn, order_id)?.is_some() => Err(conflict()),
        Status::Pending => {
            let last = sessions::session_latest(conn, order_id)?.ok_or_else(conflict)?;
            events::event_insert(conn, cause, &last, Kind::Voided, "the order will not be paid any more")?;
            if !payments::payment_void(conn, order_id, cause.at)? {
                return Err(conflict());
            }
            let held = Money::new(balance.gift_cards, balance.amount()?.currency);
            gift_cards::let_go(conn, cause, &last, held)
        }
    }
}
