//! The hosted page of the test provider, which the shop itself serves.

use billing_api::{BillingError, DecideTestSession, TestSession};
use kernel::Secret;

use crate::{Module, Outcome};

/// What the page shows. A token without the form of one is as unknown as any other.
pub(crate) async fn test_session(module: &Module, token: &str) -> Outcome<Option<TestSession>> {
    match (&module.providers.test, Secret::parse(token)) {
        (Some(provider), Some(token)) => provider.page(&token).await,
        _ => Ok(None),
    }
}

/// What the shopper chose on it. The first final choice counts; later ones get to see it.
pub(crate) async fn decide_test_session(module: &Module, request: DecideTestSession) -> Outcome<TestSession> {
    let decided = match (&module.providers.test, Secret::parse(&request.token)) {
        (Some(provider), Some(token)) => provider.decide(&token, request.decision).await?,
        _ => None,
    };
    Ok(decided.ok_or(BillingError::NotFound)?)
}
