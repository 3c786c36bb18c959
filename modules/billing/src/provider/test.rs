//! The test provider: another company in miniature, with a table and a page of its own, that moves no money.

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{PaymentMethod, PaymentNext, SessionId, TestDecision, TestSession};
use hmac::{Hmac, Mac as _};
use kernel::db::Db;
use kernel::{Clock, Country, Money, Secret};
use sha2::Sha256;

use super::{Attempt, Opened, PaymentProvider, ProviderError, Report};
use crate::Outcome;
use crate::store::sessions::Session;
use crate::store::test_provider::{self as store, Decided};

/// Where its page is; the token follows.
const PAGE: &str = "/pay/test/";
const LIFETIME: Duration = Duration::from_secs(30 * 60);

pub(crate) struct TestProvider {
    db: Db,
    clock: Clock,
    key: Secret,
    offered: bool,
}

impl TestProvider {
    pub(super) fn new(db: Db, clock: Clock, key: Secret, offered: bool) -> Self {
        Self { db, clock, key, offered }
    }

    /// Opens the page of a session. It is derived, so that it need not be kept anywhere: neither with the session nor
    /// with the idempotency key.
    fn token(&self, session: SessionId) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.reveal().as_bytes()).expect("a key for this may have any length");
        mac.update(format!("test provider/{session}").as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the page of `token` shows.
    pub(crate) async fn page(&self, token: &Secret) -> Outcome<Option<TestSession>> {
        let token_hash = token.hash();
        self.db.read(move |conn| Ok(store::session_of_token(conn, &token_hash)?)).await
    }

    /// What the shopper chose on the page of `token`, unless a choice was made before.
    pub(crate) async fn decide(&self, token: &Secret, decision: TestDecision) -> Outcome<Option<TestSession>> {
        let (token_hash, now) = (token.hash(), self.clock.now());
        self.db
            .write(move |conn| {
                store::session_decide(conn, &token_hash, decision, now)?;
                Ok(store::session_of_token(conn, &token_hash)?)
            })
            .await
    }
}

#[async_trait]
impl PaymentProvider for TestProvider {
    fn method(&self) -> PaymentMethod {
        PaymentMethod {
            code: "test".to_owned(),
            title: "Test payment".to_owned(),
            description: "No real money moves. On the next page you choose what the payment does.".to_owned(),
            is_test: true,
        }
    }

    fn is_offered(&self, _: Money, _: Option<Country>) -> bool {
        self.offered
    }

    fn lifetime(&self) -> Option<Duration> {
        Some(LIFETIME)
    }

    fn foreseen(&self, _: &Attempt) -> PaymentNext {
        PaymentNext::Redirect { url: PAGE.to_owned() }
    }

    async fn start(&self, attempt: &Attempt) -> Result<Opened, ProviderError> {
        let now = self.clock.now();
        let row = store::Started {
            session_id: attempt.session_id,
            token_hash: kernel::secret::sha256_hex(self.token(attempt.session_id).as_bytes()),
            order_number: attempt.order_number.clone(),
            amount: attempt.amount,
            return_path: attempt.return_path.clone(),
            expires_at: now.plus(LIFETIME),
        };
        self.db.write(move |conn| Outcome::Ok(store::session_insert(conn, &row, now)?)).await?;
        Ok(Opened::default())
    }

    async fn status(&self, session: SessionId) -> Result<Report, ProviderError> {
        let decided = self.db.read(move |conn| Outcome::Ok(store::session_decision(conn, session)?)).await?;
        Ok(decided.map_or(Report::Pending, report))
    }

    async fn cancel(&self, session: SessionId) -> Result<Report, ProviderError> {
        let now = self.clock.now();
        let canceled = self.db.write(move |conn| {
            store::session_cancel(conn, session, now)?;
            Outcome::Ok(store::session_decision(conn, session)?)
        });
        // A session that never got here cannot succeed either: its page does not exist.
        Ok(canceled.await?.map_or(Report::Canceled, report))
    }

    fn next(&self, session: &Session) -> PaymentNext {
        PaymentNext::Redirect { url: format!("{PAGE}{}", self.token(session.id)) }
    }
}

fn report(decided: Decided) -> Report {
    match decided.decision {
        None | Some(TestDecision::TimeOut) => Report::Pending,
        Some(TestDecision::Authenticate) => Report::RequiresAction,
        Some(TestDecision::Succeed) => Report::Captured(decided.amount),
        Some(TestDecision::Decline) => Report::Failed("declined"),
        Some(TestDecision::FailAuthentication) => Report::Failed("authentication_failed"),
        Some(TestDecision::Cancel) => Report::Canceled,
    }
}
