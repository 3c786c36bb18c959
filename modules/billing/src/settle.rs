//! Asking the provider what became of an attempt to pay.

use billing_api::{BillingError, Payment, SessionStatus};
use kernel::CallCtx;

use crate::cancel_payment::end_others;
use crate::find_payment::{balance_and_session, shown_payment};
use crate::provider::{Report, Standing, ask};
use crate::record::{Cause, EndedBy, record};
use crate::store::sessions::Session;
use crate::{Module, Outcome};

/// Records what the provider says of the latest session. Writes nothing when that is what is known already.
pub(crate) async fn settle(module: &Module, ctx: &CallCtx, order_id: String) -> Outcome<Payment> {
    let found = balance_and_session(module, order_id.clone()).await?;
    let (balance, session) = found.ok_or(BillingError::NotFound)?;
    if session.status.is_final() || !settle_session(module, ctx, session.clone()).await? {
        return shown_payment(module, &balance, &session);
    }
    let (balance, session) = balance_and_session(module, order_id).await?.ok_or(BillingError::NotFound)?;
    shown_payment(module, &balance, &session)
}

/// Records what the provider says of a session; whether that was news.
pub(crate) async fn settle_session(module: &Module, ctx: &CallCtx, session: Session) -> Outcome<bool> {
    let (standing, ended) = word_of_provider(module, &session).await?;
    if !is_news(&standing, &session) {
        return Ok(false);
    }
    let (cause, order_id) = (Cause::of_call(ctx, module.clock.now()), session.order_id.clone());
    let is_paid = matches!(standing.report, Report::Captured(_));
    module.db.write(move |conn| record(conn, &cause, &session, &standing, ended)).await?;
    if is_paid {
        end_others(module, ctx, &order_id).await;
    }
    Ok(true)
}

fn is_news(standing: &Standing, known: &Session) -> bool {
    let names = |name: &Option<String>, known: &Option<String>| name.is_some() && name != known;
    let is_named = names(&standing.opened.reference, &known.reference) || names(&standing.opened.charge, &known.charge);
    match standing.report {
        Report::Pending => is_named,
        Report::RequiresAction => is_named || known.status == SessionStatus::Pending,
        Report::Authorized(_) => is_named || known.status != SessionStatus::Authorized,
        Report::Captured(_) => is_named || known.status != SessionStatus::Captured,
        Report::Failed(_) | Report::Canceled => is_named || !known.status.is_final(),
    }
}

/// What the provider says. A session whose time is over is ended with the provider, where it may have succeeded since.
async fn word_of_provider(module: &Module, session: &Session) -> Outcome<(Standing, EndedBy)> {
    let provider = module.providers.of(session)?;
    let standing = ask(provider.status(session)).await?;
    let is_over = session.expires_at.is_some_and(|expires_at| expires_at <= module.clock.now());
    match standing.report {
        Report::Pending | Report::RequiresAction if is_over => {
            Ok((ask(provider.cancel(session)).await?, EndedBy::Time))
        }
        _ => Ok((standing, EndedBy::Shopper)),
    }
}
