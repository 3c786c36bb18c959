//! Pages of payments that the shop itself serves, each opened by a token: that of the test provider, and the
//! one with the fields for a card.

use billing_api::{BillingError, OpenPaymentPage, PageAnswer, PaymentPage, TestDecision};
use kernel::{CallCtx, Secret};

use crate::cancel_payment::end_session;
use crate::provider::{Stripe, TestProvider, ask};
use crate::record::{Cause, EndedBy, record};
use crate::store::sessions::{self, Session};
use crate::{Module, Outcome};

/// What the page shows, after what the shopper did on it. A token without the form of one is as unknown as any other.
pub(crate) async fn payment_page(module: &Module, ctx: &CallCtx, request: OpenPaymentPage) -> Outcome<PaymentPage> {
    let OpenPaymentPage { token, answer } = request;
    if let Some((stripe, session)) = session_of_card(module, &token).await? {
        return match answer {
            Some(answer) => answer_card(module, ctx, stripe, session, answer).await,
            None => Ok(PaymentPage::Card(ask(stripe.page(&session)).await?)),
        };
    }
    let (provider, token) = module.providers.test.as_ref().zip(Secret::parse(&token)).ok_or(BillingError::NotFound)?;
    match answer {
        Some(PageAnswer::Test(decision)) => answer_test(module, provider, &token, decision).await,
        Some(_) => Err(BillingError::NotFound.into()),
        None => Ok(PaymentPage::Test(provider.page(&token).await?.ok_or(BillingError::NotFound)?)),
    }
}

/// On the page of the test provider the first final choice counts; later ones get to see it. That provider is asked soon
/// afterwards, so that the shopper need not come back.
async fn answer_test(
    module: &Module,
    provider: &TestProvider,
    token: &Secret,
    decision: TestDecision,
) -> Outcome<PaymentPage> {
    let (session_id, shown) = provider.decide(token, decision).await?.ok_or(BillingError::NotFound)?;
    let now = module.clock.now();
    module.db.write(move |conn| Outcome::Ok(sessions::session_look_at(conn, session_id, now)?)).await?;
    Ok(PaymentPage::Test(shown))
}

/// The session whose page for a card `token` opens.
async fn session_of_card<'m>(module: &'m Module, token: &str) -> Outcome<Option<(&'m Stripe, Session)>> {
    let Some(stripe) = module.providers.stripe.as_deref() else { return Ok(None) };
    let Some(id) = stripe.session_of_token(token) else { return Ok(None) };
    let session = module.db.read(move |conn| Outcome::Ok(sessions::session(conn, id)?)).await?;
    Ok(session.map(|session| (stripe, session)))
}

/// The shopper goes to the provider's own page, or leaves.
async fn answer_card(
    module: &Module,
    ctx: &CallCtx,
    stripe: &Stripe,
    session: Session,
    answer: PageAnswer,
) -> Outcome<PaymentPage> {
    let back = PaymentPage::Elsewhere { url: session.return_path.clone() };
    if session.status.is_final() {
        return Ok(back);
    }
    match answer {
        PageAnswer::Leave => match end_session(module, ctx, session).await {
            Ok(()) => Ok(back),
            // The money was faster; the order's page says so.
            Err(error) if matches!(error.domain(), Some(BillingError::AlreadyPaid)) => Ok(back),
            Err(error) => Err(error),
        },
        PageAnswer::UseHosted => {
            let shown = ask(stripe.page(&session)).await?;
            if let Some(url) = shown.hosted_url {
                return Ok(PaymentPage::Elsewhere { url });
            }
            let moved = ask(stripe.move_to_hosted(&session)).await?;
            let (id, cause) = (session.id, Cause::of_call(ctx, module.clock.now()));
            match moved {
                Ok(opened) => {
                    let moved = opened.clone();
                    module
                        .db
                        .write(move |conn| Outcome::Ok(sessions::session_moved(conn, id, &moved, cause.at)?))
                        .await?;
                    let url = match opened.next {
                        Some(billing_api::PaymentNext::Redirect { url }) => url,
                        _ => return Err(BillingError::ProviderUnavailable.into()),
                    };
                    Ok(PaymentPage::Elsewhere { url })
                }
                // Something was paid, or is about to be.
                Err(standing) => {
                    module.db.write(move |conn| record(conn, &cause, &session, &standing, EndedBy::Shopper)).await?;
                    Ok(back)
                }
            }
        }
        _ => Err(BillingError::NotFound.into()),
    }
}
