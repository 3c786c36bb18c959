//! Payment providers: others who take money for the shop. All that billing knows of them is this trait.

mod bank_transfer;
mod breaker;
mod cash_on_delivery;
mod stripe;
mod test;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use billing_api::{BillingError, PaymentMethod, PaymentNext, SessionId};
use hmac::{Hmac, Mac as _};
use kernel::db::Db;
use kernel::{CallError, Clock, Country, Money, Secret, Timestamp};
use sha2::Sha256;

use crate::Outcome;
use crate::settings::BillingSettings;
use crate::store::sessions::Session;
pub(crate) use bank_transfer::BANK_TRANSFER;
pub(crate) use cash_on_delivery::CASH_ON_DELIVERY;
pub(crate) use stripe::Stripe;
pub(crate) use test::TestProvider;

/// A buyer is not left waiting for longer; what became of it is asked later.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a provider answers, unless it does not.
pub(crate) type Answer<T> = Result<T, ProviderError>;

/// Someone who takes money for the shop.
///
/// Each step has a key made from the session and the step, never from the attempt at it: taking a step twice has one
/// effect, and finds out what became of the first.
#[async_trait]
pub(crate) trait PaymentProvider: Send + Sync {
    /// How the shopper sees it. Its code never changes.
    fn method(&self) -> PaymentMethod;

    /// Whether it can be chosen now. Sessions that were begun are finished all the same.
    fn is_offered(&self, amount: Money, country: Option<Country>) -> bool;

    /// How long the shopper has; for ever when `None`.
    fn lifetime(&self) -> Option<Duration>;

    /// Whether new sessions only hold the money until it is captured.
    fn captures_later(&self) -> bool {
        false
    }

    /// Whether nobody can be asked: people see the money arrive and say so.
    fn is_paid_by_hand(&self) -> bool {
        false
    }

    /// Whether it can be asked what became of a session, so that we do so by ourselves.
    fn can_be_asked(&self) -> bool {
        false
    }

    /// What the shopper does next, as far as that is known before the provider is asked. It is stored.
    fn foreseen(&self, session: &Session) -> PaymentNext;

    /// Tells the provider of a session.
    async fn start(&self, session: &Session) -> Answer<Opened>;

    /// Whether the shopper can go where [`PaymentProvider::next`] leads. A session is written down before the provider is
    /// told of it, and until then there is no page.
    async fn is_open(&self, session: &Session) -> Answer<bool> {
        Ok(session.reference.is_some())
    }

    /// What became of it.
    async fn status(&self, session: &Session) -> Answer<Standing>;

    /// Takes `amount` of the money that is held, and gives up the rest. A session has one capture.
    async fn capture(&self, session: &Session, amount: Money) -> Answer<Standing>;

    /// Ends it, unless it has ended, so that it cannot succeed any more. Money that is held is let go.
    async fn cancel(&self, session: &Session) -> Answer<Standing>;

    /// Gives back `amount` of the money that was captured, once per `key`.
    async fn refund(&self, session: &Session, key: &str, amount: Money) -> Answer<RefundReport>;

    /// What became of a refund to which it gave this name. Those who know at once are not asked.
    async fn refund_status(&self, reference: &str) -> Answer<RefundReport> {
        Err(ProviderError::NotDone(format!("nobody can be asked about {reference}")))
    }

    /// What the shopper does next. By default what is stored; made anew by those who give secrets away in it.
    fn next(&self, session: &Session) -> PaymentNext {
        session.next.clone()
    }

    /// Whether a notice is the provider's own, and of now; else why it is not believed.
    fn check_notice(&self, _signature: &str, _body: &str) -> Result<(), &'static str> {
        Err("this provider sends none")
    }

    /// What a notice says, which was believed.
    fn read_notice(&self, body: &str) -> Notice {
        Notice {
            id: kernel::secret::sha256_hex(body.as_bytes()),
            kind: "unexpected".to_owned(),
            subject: Err("this provider sends none".to_owned()),
        }
    }

    /// Its books since a moment. Refused by those who keep none.
    async fn list(&self, _since: Timestamp) -> Answer<Listed> {
        Err(ProviderError::Refused("it keeps no books".to_owned()))
    }
}

/// What a provider tells by itself.
#[derive(Clone, Debug)]
pub(crate) struct Notice {
    /// How the provider names it.
    pub(crate) id: String,
    pub(crate) kind: String,
    /// What it is about, when that concerns us; else why it cannot be read.
    pub(crate) subject: Result<Option<Subject>, String>,
}

/// Money that a provider speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The session that it was made for, as we told the provider.
    pub(crate) session: Option<SessionId>,
    pub(crate) standing: Standing,
    /// What went back of it.
    pub(crate) reversal: Option<Reversal>,
}

/// Money that went back by another's doing, or did not go back by ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reversal {
    pub(crate) kind: ReversalKind,
    /// All of it together.
    pub(crate) amount: Money,
    pub(crate) detail: String,
}

/// By whose doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReversalKind {
    /// It was given back.
    Refunded,
    /// A bank takes it back.
    Disputed,
    /// It was given back, and came back to the provider.
    RefundFailed {
        /// How the provider names the refund.
        reference: String,
        /// The key that we made it under, unless others made it.
        key: Option<String>,
    },
}

/// A provider's books.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    pub(crate) payments: Vec<TheirPayment>,
    pub(crate) disputes: Vec<Subject>,
}

/// A payment in a provider's books.
#[derive(Clone, Debug)]
pub(crate) struct TheirPayment {
    /// How the provider names the money.
    pub(crate) reference: String,
    /// The session that it was made for, as we told the provider.
    pub(crate) session: Option<SessionId>,
    /// What the shopper was asked for.
    pub(crate) asked: Money,
    pub(crate) refunded: Money,
    pub(crate) standing: Standing,
}

/// What a provider answered to a new session; all of it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    /// How the provider names it, when not by our id.
    pub(crate) reference: Option<String>,
    /// How the provider names the money, when that is another thing.
    pub(crate) charge: Option<String>,
    /// What the shopper does next, when that was not foreseen.
    pub(crate) next: Option<PaymentNext>,
}

/// How a session stands with its provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) report: Report,
    /// Names of the provider's that came with it.
    pub(crate) opened: Opened,
}

impl From<Report> for Standing {
    fn from(report: Report) -> Self {
        Self { report, opened: Opened::default() }
    }
}

/// What a provider says of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Nothing has happened yet.
    Pending,
    /// The shopper has to do something: confirm it with the bank, or try another card.
    RequiresAction,
    /// It holds this much money for us.
    Authorized(Money),
    /// It has taken this much money.
    Captured(Money),
    /// It refused; the code is one of `PaymentSession::failure`.
    Failed(&'static str),
    /// It was ended before money moved.
    Canceled,
}

/// What a provider says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RefundReport {
    /// The money is on its way back.
    Succeeded {
        /// How the provider names it.
        reference: Option<String>,
    },
    /// It will be known later.
    Pending {
        /// How the provider names it.
        reference: Option<String>,
    },
    /// It cannot be given back this way; the text says why.
    Failed(String),
    /// Nobody can be told to: a person sends the money back, and says so.
    ByHand,
}

/// Why a provider did not do what it was asked for. That it refused, and that nothing is known, are different things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderError {
    /// Nobody was reached: it was not done.
    NotDone(String),
    /// No answer, or none that can be understood: it may have been done. The same step finds out.
    Unknown(String),
    /// It answered, and does not do it; asking again would not help.
    Refused(String),
}

impl<E: std::fmt::Display> From<CallError<E>> for ProviderError {
    fn from(error: CallError<E>) -> Self {
        Self::Unknown(error.to_string())
    }
}

/// Waits for a provider, but not for long.
pub(crate) async fn ask<T>(asked: impl Future<Output = Answer<T>>) -> Outcome<T> {
    let failure = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(ProviderError::Refused(reason))) => return Err(BillingError::ProviderRefused { reason }.into()),
        Ok(Err(ProviderError::NotDone(failure) | ProviderError::Unknown(failure))) => failure,
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    tracing::warn!(error = failure, "a payment provider does not answer");
    Err(BillingError::ProviderUnavailable.into())
}

/// Makes the secret of a page: derived, so that nobody has to store it.
fn derived(key: &Secret, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).expect("a key for this may have any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All providers, the one to propose first before the others.
pub(crate) struct Providers {
    all: Vec<Arc<dyn PaymentProvider>>,
    /// Also known as what it is, since the shop shows its page.
    pub(crate) test: Option<Arc<TestProvider>>,
    /// Likewise.
    pub(crate) stripe: Option<Arc<Stripe>>,
}

impl Providers {
    pub(crate) fn new(db: &Db, clock: &Clock, settings: BillingSettings) -> Self {
        let offered = settings.test_provider;
        let test = TestProvider::new(db.clone(), clock.clone(), &settings);
        let test = Arc::new(test);
        let bank_transfer = Arc::new(bank_transfer::BankTransfer::new(settings.bank_account));
        let cash_on_delivery = Arc::new(cash_on_delivery::CashOnDelivery::new(settings.cash_on_delivery));
        let (key, captures_later) = (settings.secret_key, settings.captures_later);
        let stripe = settings.stripe.map(|stripe| Arc::new(Stripe::new(clock.clone(), key, captures_later, stripe)));
        let mut all: Vec<Arc<dyn PaymentProvider>> = Vec::new();
        all.extend(stripe.clone().map(|stripe| stripe as Arc<dyn PaymentProvider>));
        all.extend([bank_transfer as Arc<dyn PaymentProvider>, cash_on_delivery, test.clone()]);
        Self { all, test: offered.then_some(test), stripe }
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

    /// The provider with this code.
    pub(crate) fn named(&self, method: &str) -> Option<&dyn PaymentProvider> {
        self.all.iter().map(Arc::as_ref).find(|provider| provider.method().code == method)
    }
}
