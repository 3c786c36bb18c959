//! Payment providers: others who take money for the shop. All that billing knows of them is this trait.

mod bank_transfer;
mod test;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use billing_api::{BillingError, PaymentMethod, PaymentNext, SessionId};
use kernel::db::Db;
use kernel::{CallError, Clock, Country, Money};

use crate::Outcome;
use crate::settings::BillingSettings;
use crate::store::sessions::Session;
pub(crate) use bank_transfer::BANK_TRANSFER;
pub(crate) use test::TestProvider;

/// A buyer is not left waiting for longer; what became of it is asked later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Someone who takes money for the shop.
///
/// The session's id is the key of everything that is asked of a provider: asking twice has one effect.
#[async_trait]
pub(crate) trait PaymentProvider: Send + Sync {
    /// How the shopper sees it. Its code never changes.
    fn method(&self) -> PaymentMethod;

    /// Whether it can be chosen now. Sessions that were begun are finished all the same.
    fn is_offered(&self, amount: Money, country: Option<Country>) -> bool;

    /// How long the shopper has; for ever when `None`.
    fn lifetime(&self) -> Option<Duration>;

    /// What the shopper does next, as far as that is known before the provider is asked. It is stored.
    fn foreseen(&self, attempt: &Attempt) -> PaymentNext;

    /// Tells the provider of an attempt.
    async fn start(&self, attempt: &Attempt) -> Result<Opened, ProviderError>;

    /// What became of it.
    async fn status(&self, session: SessionId) -> Result<Report, ProviderError>;

    /// Ends it, unless it has ended, so that it cannot succeed any more.
    async fn cancel(&self, session: SessionId) -> Result<Report, ProviderError>;

    /// What the shopper does next. By default what is stored; made anew by those who give secrets away in it.
    fn next(&self, session: &Session) -> PaymentNext {
        session.next.clone()
    }
}

/// An attempt to pay that a provider is told of.
pub(crate) struct Attempt {
    pub(crate) session_id: SessionId,
    pub(crate) order_number: String,
    pub(crate) amount: Money,
    pub(crate) return_path: String,
}

/// What a provider answered to an attempt; both are stored.
#[derive(Default)]
pub(crate) struct Opened {
    /// How the provider names it, when not by our id.
    pub(crate) reference: Option<String>,
    /// What the shopper does next, when that was not foreseen.
    pub(crate) next: Option<PaymentNext>,
}

/// What a provider says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Nothing has happened yet.
    Pending,
    /// The shopper has to do something.
    RequiresAction,
    /// It has this much money.
    Captured(Money),
    /// It refused; the code is one of `PaymentSession::failure`.
    Failed(&'static str),
    /// It was ended before money moved.
    Canceled,
}

/// A provider did not answer, or not in time: nothing is known.
#[derive(Debug)]
pub(crate) struct ProviderError(String);

impl<E: std::fmt::Display> From<CallError<E>> for ProviderError {
    fn from(error: CallError<E>) -> Self {
        Self(error.to_string())
    }
}

/// Waits for a provider, but not for long.
pub(crate) async fn ask<T>(asked: impl Future<Output = Result<T, ProviderError>>) -> Outcome<T> {
    let failure = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(ProviderError(failure))) => failure,
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    tracing::warn!(error = failure, "a payment provider does not answer");
    Err(BillingError::ProviderUnavailable.into())
}

/// All providers, the one to propose first before the others.
pub(crate) struct Providers {
    all: Vec<Arc<dyn PaymentProvider>>,
    /// Also known as what it is, since the shop shows its page.
    pub(crate) test: Option<Arc<TestProvider>>,
}

impl Providers {
    pub(crate) fn new(db: &Db, clock: &Clock, settings: BillingSettings) -> Self {
        let test = TestProvider::new(db.clone(), clock.clone(), settings.secret_key, settings.test_provider);
        let test = Arc::new(test);
        let bank_transfer = Arc::new(bank_transfer::BankTransfer::new(settings.bank_account));
        Self { all: vec![bank_transfer, test.clone()], test: settings.test_provider.then_some(test) }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<dyn PaymentProvider>> {
        self.all.iter()
    }

    /// The provider of a session that was begun.
    pub(crate) fn of(&self, session: &Session) -> Outcome<&dyn PaymentProvider> {
        let unknown =
            || CallError::Internal(format!("{} was begun with {}, which is gone", session.id, session.method));
        self.named(&session.method).ok_or_else(unknown)
    }

    /// The provider of a new session.
    pub(crate) fn offered(&self, method: &str, amount: Money) -> Result<&dyn PaymentProvider, BillingError> {
        let offered = self.named(method).filter(|provider| provider.is_offered(amount, None));
        offered.ok_or_else(|| BillingError::MethodNotOffered { method: method.to_owned() })
    }

    fn named(&self, method: &str) -> Option<&dyn PaymentProvider> {
        self.all.iter().map(Arc::as_ref).find(|provider| provider.method().code == method)
    }
}
