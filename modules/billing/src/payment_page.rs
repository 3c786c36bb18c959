//! Pages of payments that the shop itself serves, each opened by a token: the hosted page of the test provider.

use billing_api::{AnswerPaymentPage, BillingError, PageAnswer, PaymentPage};
use kernel::Secret;

use crate::{Module, Outcome};

/// What the page shows. A token without the form of one is as unknown as any other.
pub(crate) async fn payment_page(module: &Module, token: &str) -> Outcome<Option<PaymentPage>> {
    match (&module.providers.test, Secret::parse(token)) {
        (Some(provider), Some(token)) => Ok(provider.page(&token).await?.map(PaymentPage::Test)),
        _ => Ok(None),
    }
}

/// What the shopper did on it. On the page of the test provider the first final choice counts; later ones get to see it.
pub(crate) async fn answer_payment_page(module: &Module, request: AnswerPaymentPage) -> Outcome<PaymentPage> {
    let Some(token) = Secret::parse(&request.token) else { return Err(BillingError::NotFound.into()) };
    let answered = match (&module.providers.test, request.answer) {
        (Some(provider), PageAnswer::Test(decision)) => provider.decide(&token, decision).await?.map(PaymentPage::Test),
        _ => None,
    };
    Ok(answered.ok_or(BillingError::NotFound)?)
}
