//! The test provider: another company in miniature, with a table and a page of its own, that moves no money.

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{PaymentMethod, PaymentNext, SessionId, TestDecision, TestSession};
use kernel::db::Db;
use kernel::{Clock, Country, Money, Secret, Timestamp};

use super::{
    Answer, Listed, Opened, PaymentProvider, ProviderError, RefundReport, Report, Reversal, ReversalKind, Standing,
    Subject, TheirPayment, derived,
};
use crate::Outcome;
use crate::settings::BillingSettings;
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
    captures_later: bool,
}

impl TestProvider {
    pub(super) fn new(db: Db, clock: Clock, settings: &BillingSettings) -> Self {
        let (key, offered) = (settings.secret_key.clone(), settings.test_provider);
        Self { db, clock, key, offered, captures_later: settings.captures_later }
    }

    /// Opens the page of a session. It is kept neither with the session nor with the idempotency key.
    fn token(&self, session: SessionId) -> String {
        derived(&self.key, &format!("test provider/{session}"))
    }

    /// What the page of `token` shows.
    pub(crate) async fn page(&self, token: &Secret) -> Outcome<Option<TestSession>> {
        let token_hash = token.hash();
        let found = self.db.read(move |conn| Outcome::Ok(store::session_of_token(conn, &token_hash)?)).await?;
        Ok(found.map(|(_, session)| session))
    }

    /// What the shopper chose on the page of `token`, unless a choice was made before; and of which session it is.
    pub(crate) async fn decide(
        &self,
        token: &Secret,
        decision: TestDecision,
    ) -> Outcome<Option<(SessionId, TestSession)>> {
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

    fn captures_later(&self) -> bool {
        self.captures_later
    }

    fn can_be_asked(&self) -> bool {
        true
    }

    fn foreseen(&self, _: &Session) -> PaymentNext {
        PaymentNext::Redirect { url: PAGE.to_owned() }
    }

    async fn start(&self, session: &Session) -> Answer<Opened> {
        let now = self.clock.now();
        let row = store::Started {
            session_id: session.id,
            token_hash: kernel::secret::sha256_hex(self.token(session.id).as_bytes()),
            order_number: session.order_number.clone(),
            amount: session.amount,
            return_path: session.return_path.clone(),
            captures_later: session.captures_later,
            expires_at: session.expires_at.unwrap_or_else(|| now.plus(LIFETIME)),
        };
        self.db.write(move |conn| Outcome::Ok(store::session_insert(conn, &row, now)?)).await?;
        Ok(Opened::default())
    }

    async fn is_open(&self, session: &Session) -> Answer<bool> {
        let id = session.id;
        Ok(self.db.read(move |conn| Outcome::Ok(store::session_decision(conn, id)?)).await?.is_some())
    }

    async fn status(&self, session: &Session) -> Answer<Standing> {
        let id = session.id;
        let decided = self.db.read(move |conn| Outcome::Ok(store::session_decision(conn, id)?)).await?;
        Ok(decided.map_or(Report::Pending, report).into())
    }

    async fn capture(&self, session: &Session, amount: Money) -> Answer<Standing> {
        let (id, now) = (session.id, self.clock.now());
        let captured = self.db.write(move |conn| {
            store::session_capture(conn, id, amount, now)?;
            Outcome::Ok(store::session_decision(conn, id)?)
        });
        match captured.await?.map(report) {
            Some(report @ Report::Captured(_)) => Ok(report.into()),
            _ => Err(ProviderError::Refused("this much is not held".to_owned())),
        }
    }

    async fn cancel(&self, session: &Session) -> Answer<Standing> {
        let (id, now) = (session.id, self.clock.now());
        let canceled = self.db.write(move |conn| {
            store::session_cancel(conn, id, now)?;
            Outcome::Ok(store::session_decision(conn, id)?)
        });
        // A session that never got here cannot succeed either: its page does not exist.
        Ok(canceled.await?.map_or(Report::Canceled, report).into())
    }

    async fn refund(&self, session: &Session, key: &str, amount: Money) -> Answer<RefundReport> {
        let (id, key, now) = (session.id, key.to_owned(), self.clock.now());
        let reference = Some(format!("re_{key}"));
        let refunded = self.db.write(move |conn| Outcome::Ok(store::refund_insert(conn, id, &key, amount, now)?));
        Ok(match refunded.await? {
            true => RefundReport::Succeeded { reference },
            false => RefundReport::Failed("more than was taken cannot be given back".to_owned()),
        })
    }

    fn next(&self, session: &Session) -> PaymentNext {
        PaymentNext::Redirect { url: format!("{PAGE}{}", self.token(session.id)) }
    }

    async fn list(&self, since: Timestamp) -> Answer<Listed> {
        let booked = self.db.read_long(move |conn| Outcome::Ok(store::sessions_since(conn, since)?)).await?;
        let mut listed = Listed::default();
        for booked in booked {
            let (id, asked) = (booked.session_id, booked.decided.amount);
            let standing = Standing::from(report(booked.decided));
            if booked.is_disputed {
                let reversal = Reversal { kind: ReversalKind::Disputed, amount: asked, detail: "on demand".to_owned() };
                let standing = Report::Pending.into();
                listed.disputes.push(Subject { session: Some(id), standing, reversal: Some(reversal) });
            }
            listed.payments.push(TheirPayment {
                reference: id.to_string(),
                session: Some(id),
                asked,
                refunded: Money::new(booked.refunded, asked.currency),
                standing,
            });
        }
        Ok(listed)
    }
}

fn report(decided: Decided) -> Report {
    let taken = Money::new(decided.captured, decided.amount.currency);
    match decided.decision {
        None | Some(TestDecision::TimeOut | TestDecision::Dispute) => Report::Pending,
        Some(TestDecision::Authenticate) => Report::RequiresAction,
        Some(TestDecision::Succeed) if decided.captures_later && decided.captured == 0 => {
            Report::Authorized(decided.amount)
        }
        Some(TestDecision::Succeed) if decided.captures_later => Report::Captured(taken),
        Some(TestDecision::Succeed) => Report::Captured(decided.amount),
        Some(TestDecision::Decline) => Report::Failed("declined"),
        Some(TestDecision::FailAuthentication) => Report::Failed("authentication_failed"),
        Some(TestDecision::Cancel) => Report::Canceled,
    }
}
