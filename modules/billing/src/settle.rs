//! Asking the provider what became of an attempt to pay.

use billing_api::{BillingError, Payment, SessionStatus};
use kernel::CallCtx;

use crate::find_payment::{balance_and_session, shown_payment};
use crate::provider::{Report, ask};
use crate::record::{Cause, EndedBy, record};
use crate::store::sessions::Session;
use crate::{Module, Outcome};

/// Records what the provider says of the latest session. Writes nothing when that is what is known already.
pub(crate) async fn settle(module: &Module, ctx: &CallCtx, order_id: String) -> Outcome<Payment> {
    let found = balance_and_session(module, order_id.clone()).await?;
    let (balance, session) = found.ok_or(BillingError::NotFound)?;
    if session.status.is_final() {
        return shown_payment(module, &balance, &session);
    }
    let (report, ended) = word_of_provider(module, &session).await?;
    if !is_news(&report, session.status) {
        return shown_payment(module, &balance, &session);
    }
    let cause = Cause::of_call(ctx, module.clock.now());
    module.db.write(move |conn| record(conn, &cause, &session, &report, ended)).await?;
    let (balance, session) = balance_and_session(module, order_id).await?.ok_or(BillingError::NotFound)?;
    shown_payment(module, &balance, &session)
}

fn is_news(report: &Report, known: SessionStatus) -> bool {
    match report {
        Report::Pending => false,
        Report::RequiresAction => known != SessionStatus::RequiresAction,
        Report::Captured(_) | Report::Failed(_) | Report::Canceled => true,
    }
}

/// What the provider says. A session whose time is over is ended with the provider, where it may have succeeded since.
async fn word_of_provider(module: &Module, session: &Session) -> Outcome<(Report, EndedBy)> {
    let provider = module.providers.of(session)?;
    let report = ask(provider.status(session.id)).await?;
    let is_over = session.expires_at.is_some_and(|expires_at| expires_at <= module.clock.now());
    match report {
        Report::Pending | Report::RequiresAction if is_over => {
            Ok((ask(provider.cancel(session.id)).await?, EndedBy::Time))
        }
        report => Ok((report, EndedBy::Shopper)),
    }
}
