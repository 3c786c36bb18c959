//! A payment provider for tests: it speaks the part of Stripe's API that the shop uses, keeps books of its own, honours
//! idempotency keys, and lies on demand.
//!
//! As a library it is the other side of `kernel::outgoing::Outgoing`; as a program it listens on an address, so that whole
//! shops can be driven against it. Its books, and not what it said, are what a test compares with.

mod faults;
mod http;
mod objects;
mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hmac::{Hmac, Mac as _};
use kernel::Clock;
use kernel::outgoing::{Outgoing, OutgoingAnswer, OutgoingError, OutgoingRequest};
use sha2::Sha256;

pub use faults::{Fault, Faults};
pub use http::serve;
use state::State;
pub use state::{Card, Line};

/// The secret that notices are signed with.
pub const WEBHOOK_SECRET: &str = "whsec_double";

/// A notice as it arrives: the header `Stripe-Signature`, and the body.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `t=…,v1=…`
    pub signature: String,
    /// JSON.
    pub body: String,
}

/// What comes of a call.
#[derive(Clone, Debug)]
pub enum Played {
    /// An answer.
    Answer(u16, String),
    /// None, ever.
    Hang,
    /// The connection is cut.
    Reset,
}

/// The provider.
pub struct Double {
    clock: Clock,
    state: Mutex<State>,
    faults: Mutex<Faults>,
}

impl Double {
    /// An honest one, whose clock is the shop's.
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default(), faults: Mutex::default() }
    }

    /// From now on it lies like this.
    pub fn lie(&self, faults: Faults) {
        *self.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// From now on it is honest.
    pub fn be_honest(&self) {
        self.lie(Faults::default());
    }

    /// Answers one call, unless it lies.
    pub fn play(&self, method: &str, url: &str, key: Option<&str>, body: &str) -> Played {
        let fault = self.faults.lock().unwrap_or_else(PoisonError::into_inner).of_call(method);
        let carry_out = || self.state().answer((method, url), key, body, self.now());
        match fault {
            None => {
                let (status, body) = carry_out();
                Played::Answer(status, body)
            }
            Some(Fault::HangBefore) => Played::Hang,
            Some(Fault::HangAfter) => {
                carry_out();
                Played::Hang
            }
            Some(Fault::ResetBefore) => Played::Reset,
            Some(Fault::ResetAfter) => {
                carry_out();
                Played::Reset
            }
            Some(Fault::ErrorBefore) => Played::Answer(500, r#"{"error":{"type":"api_error"}}"#.to_owned()),
            Some(Fault::ErrorAfter) => {
                carry_out();
                Played::Answer(500, r#"{"error":{"type":"api_error"}}"#.to_owned())
            }
            Some(Fault::TooMany) => Played::Answer(429, r#"{"error":{"code":"rate_limit"}}"#.to_owned()),
            Some(Fault::KeyUnknown) => Played::Answer(
                401,
                r#"{"error":{"type":"invalid_request_error","message":"Invalid API key"}}"#.to_owned(),
            ),
            Some(Fault::WrongJson) => {
                carry_out();
                Played::Answer(200, "<html>It works!</html>".to_owned())
            }
        }
    }

    /// The shopper pays what `reference` asks for: an intent, or a hosted page. Whether that was possible.
    pub fn pay(&self, reference: &str, card: Card) -> bool {
        self.state().pay(reference, card, self.now())
    }

    /// Someone gives money back on the provider's own pages.
    pub fn refund_there(&self, intent: &str, amount: i64) {
        self.state().refund_there(intent, amount);
    }

    /// The latest refund of an intent that succeeded fails: the bank sends the money back.
    pub fn fail_refund(&self, intent: &str) {
        self.state().fail_refund(intent);
    }

    /// A bank takes money back.
    pub fn dispute(&self, intent: &str) {
        self.state().dispute(intent, self.now());
    }

    /// Money that no shop asked for through us.
    pub fn stray(&self, amount: i64, currency: &str, session: Option<&str>) -> String {
        self.state().stray(amount, currency, session, self.now())
    }

    /// Changes an intent behind everyone's back.
    pub fn forge(&self, intent: &str, amount: Option<i64>, currency: Option<&str>) {
        self.state().forge(intent, amount, currency);
    }

    /// Forgets an intent.
    pub fn forget(&self, intent: &str) {
        self.state().forget(intent);
    }

    /// The references that were made for a session of the shop, oldest first: hosted pages and intents.
    pub fn references_of(&self, session: &str) -> Vec<String> {
        self.state().references_of(session)
    }

    /// Where a hosted page sends its shopper back to.
    pub fn return_path(&self, page: &str) -> Option<String> {
        self.state().return_path(page)
    }

    /// The books.
    pub fn ledger(&self) -> Vec<Line> {
        self.state().ledger()
    }

    /// How many calls arrived that were carried out.
    pub fn calls(&self) -> usize {
        self.state().calls
    }

    /// The notices that arrive now: in no order, some of them ten times, some later, some never.
    pub fn notices(&self) -> Vec<Notice> {
        let new = self.state().take_events();
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let bodies = faults.of_notices(new);
        bodies.into_iter().map(|body| self.signed(WEBHOOK_SECRET, body)).collect()
    }

    /// `body` as a notice that was signed now.
    pub fn signed(&self, secret: &str, body: String) -> Notice {
        signed_at(secret, self.now(), body)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.clock.now().0.div_euclid(1_000_000)
    }
}

/// `body` as a notice that was signed at `seconds`.
pub fn signed_at(secret: &str, seconds: i64, body: String) -> Notice {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key of any length");
    mac.update(format!("{seconds}.{body}").as_bytes());
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Notice { signature: format!("t={seconds},v1={digits}"), body }
}

#[async_trait]
impl Outgoing for Double {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        let header =
            |name: &str| request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let path = request.url.split_once("//").map_or(request.url.as_str(), |(_, rest)| rest);
        let path = path.find('/').map_or("/", |at| &path[at..]);
        match self.play(request.method, path, header("idempotency-key"), &request.body) {
            Played::Answer(status, body) => {
                // An answer takes a moment, so that a notice can be faster.
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok(OutgoingAnswer { status, body: body.into_bytes() })
            }
            Played::Reset => Err(OutgoingError::NoAnswer("connection reset".to_owned())),
            Played::Hang => {
                tokio::time::sleep(request.timeout).await;
                Err(OutgoingError::NoAnswer("timed out".to_owned()))
            }
        }
    }
}
