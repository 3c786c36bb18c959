//! Billing through its trait, on every database.

mod audit;
mod bank_transfer;
mod books;
mod cancel;
mod capture;
mod card_refunds;
mod cash_on_delivery;
mod credit_notes;
mod gift_cards;
mod invoices;
mod liar;
mod notices;
mod pricing_cases;
mod reconcile;
mod refund;
mod settle;
mod start;
mod stripe;
mod tax;

use std::sync::Arc;
use std::time::Duration;

use billing::{BankAccount, BillingSettings};
use billing_api::{
    Billing, BillingError, EndPayment, FindPayment, ListPaymentChecks, OpenPaymentPage, PageAnswer, Payment,
    PaymentCaptured, PaymentCheck, PaymentFailed, PaymentNext, PaymentPage, PaymentSession, ReceiveNotice,
    SessionStatus, StartPayment, TestDecision, TestSession,
};
use diesel::prelude::*;
use diesel::sql_types::Text;
use kernel::db::Db;
use kernel::event::{Envelope, Event as _, FeedCursor};
use kernel::module::Started;
use kernel::stop::Stop;
use kernel::testing::TestHome;
use kernel::trace::TraceContext;
use kernel::{CallCtx, CallError, Clock, Currency, IdempotencyKey, Money, PageRequest, Secret, Timestamp, id, outbox};
use tokio::task::JoinSet;

const ORDER: &str = "ord_ada";

type Outcome<T> = Result<T, CallError<BillingError>>;

/// A started billing whose clock stands still.
struct Shop {
    billing: Arc<dyn Billing>,
    db: Db,
    clock: Clock,
    settings: BillingSettings,
}

impl Shop {
    async fn open(home: &TestHome) -> Self {
        Self::open_with(home, settings()).await
    }

    async fn open_with(home: &TestHome, settings: BillingSettings) -> Self {
        Self::open_at(home, settings, Clock::fixed(Timestamp(1_800_000_000_000_000))).await
    }

    async fn open_at(home: &TestHome, settings: BillingSettings, clock: Clock) -> Self {
        let db = home.open(billing::schema()).await;
        Self { billing: billing::start(db.clone(), clock.clone(), settings.clone()).service, db, clock, settings }
    }

    fn start_again(&self) -> Started<dyn Billing> {
        billing::start(self.db.clone(), self.clock.clone(), self.settings.clone())
    }

    /// A first attempt to pay 12.50 EUR.
    async fn start(&self, method: &str) -> Outcome<PaymentSession> {
        self.billing.start_payment(&ctx(), paying(method, eur(1_250))).await
    }

    /// Starts a test payment and gives the token of its page.
    async fn test_page(&self) -> String {
        token_of(&self.start("test").await.expect("started"))
    }

    async fn decide(&self, token: &str, decision: TestDecision) -> TestSession {
        of_test(self.billing.payment_page(&ctx(), answer(token, decision)).await.expect("the page is there"))
    }

    async fn page(&self, token: &str) -> Option<TestSession> {
        match self.billing.payment_page(&ctx(), OpenPaymentPage::look(token)).await {
            Err(CallError::Domain(BillingError::NotFound)) => None,
            found => Some(of_test(found.expect("asked"))),
        }
    }

    async fn settle(&self) -> Outcome<Payment> {
        Ok(self.billing.end_payment(&ctx(), EndPayment::settle(ORDER)).await?.expect("it was started"))
    }

    async fn settled(&self) -> Payment {
        self.settle().await.expect("settled")
    }

    async fn payment(&self) -> Option<Payment> {
        self.billing.payment(&ctx(), FindPayment { order_id: ORDER.to_owned() }).await.expect("asked")
    }

    async fn cancel(&self) -> Outcome<Option<Payment>> {
        self.billing.end_payment(&ctx(), EndPayment::cancel(IdempotencyKey::new(), ORDER)).await
    }

    async fn capture(&self, amount: Option<Money>) -> Outcome<Payment> {
        let request = EndPayment::capture(IdempotencyKey::new(), ORDER, amount);
        Ok(self.billing.end_payment(&ctx(), request).await?.expect("it was started"))
    }

    async fn record(&self, amount: Money) -> Outcome<Payment> {
        Ok(self.billing.end_payment(&ctx(), arrival(amount)).await?.expect("it was started"))
    }

    /// One look of the worker for overdue sessions.
    async fn end_overdue(&self) {
        self.work("payment expiry").await;
    }

    /// One round of a worker.
    async fn work(&self, name: &str) {
        let (stopper, stop) = Stop::new();
        let workers = self.start_again().workers;
        let worker = workers.into_iter().find(|worker| worker.name == name).expect("there is such a worker");
        let working = tokio::spawn((worker.run)(stop));
        tokio::time::sleep(Duration::from_millis(150)).await;
        stopper.stop();
        working.await.expect("the worker ends");
    }

    /// One comparison with the provider's books.
    async fn reconcile(&self) {
        self.work("payment reconciliation").await;
    }

    async fn notice(&self, signature: &str, body: &str) -> Outcome<()> {
        self.billing.receive_notice(&ctx(), notice(signature, body)).await
    }

    /// The differences that were found: class, status and amount.
    async fn checks(&self) -> Vec<String> {
        let request = ListPaymentChecks { open_only: false, page: PageRequest::first(100) };
        let page = self.billing.payment_checks(&ctx(), request).await.expect("asked");
        let name = |value: serde_json::Value| value.as_str().expect("a name").to_owned();
        let text = |check: PaymentCheck| {
            let class = name(serde_json::to_value(check.class).expect("a name"));
            format!("{class} {} {}", name(serde_json::to_value(check.status).expect("a name")), check.amount)
        };
        page.items.into_iter().map(text).collect()
    }

    fn wait(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// The failures that were told, and the amounts that were told as captured.
    async fn told(&self) -> (Vec<String>, Vec<Money>) {
        let events = self.events().await;
        let of = |kind: &'static str| events.iter().filter(move |event| event.kind == kind);
        let failed = of(PaymentFailed::KIND).map(|event| event.open::<PaymentFailed>().expect("readable").failure);
        let captured = of(PaymentCaptured::KIND).map(|event| event.open::<PaymentCaptured>().expect("readable").amount);
        (failed.collect(), captured.collect())
    }

    /// Events show only when no older transaction runs, not even one of another test. So this waits for one of its own.
    async fn events(&self) -> Vec<Envelope> {
        let session_id = billing_api::SessionId::new();
        let marker =
            PaymentFailed { order_id: id::new_id("marker"), session_id, failure: String::new(), method: String::new() };
        let last = marker.order_id.clone();
        let written = self.db.write(move |conn| Outcome::Ok(outbox::publish(conn, TraceContext::new(), &marker)?));
        written.await.expect("the marker is written");
        let feed = self.db.feed();
        loop {
            let batch = feed.read(FeedCursor::default(), 1_000, Duration::ZERO).await.expect("the feed can be read");
            let mut events: Vec<_> = batch.events.into_iter().map(|(_, event)| event).collect();
            if events.iter().any(|event| event.aggregate_id == last) {
                events.retain(|event| !event.aggregate_id.starts_with("marker"));
                return events;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// One text per row, for looking at the tables from outside.
    async fn rows(&self, query: &'static str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            row: String,
        }
        let read = self.db.read(move |conn| Outcome::Ok(diesel::sql_query(query).load::<Row>(conn)?));
        read.await.expect("the rows can be read").into_iter().map(|row| row.row).collect()
    }

    /// Changes tables from outside, as a provider with other ideas would.
    async fn tamper(&self, statement: &'static str) -> Outcome<()> {
        self.db.write(move |conn| diesel::sql_query(statement).execute(conn).map(drop).map_err(Into::into)).await
    }
}

fn ctx() -> CallCtx {
    CallCtx::of_module("orders")
}

fn settings() -> BillingSettings {
    let bank_account = BankAccount {
        holder: "Freestone Goods".to_owned(),
        iban: "AT611904300234573201".to_owned(),
        bic: Some("BKAUATWW".to_owned()),
        bank: None,
    };
    let secret_key = Secret::parse(&"5".repeat(64)).expect("64 digits");
    BillingSettings {
        bank_account: Some(bank_account),
        test_provider: true,
        cash_on_delivery: false,
        captures_later: false,
        stripe: None,
        secret_key,
        former_secret_key: None,
    }
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().expect("a currency"))
}

fn paying(method: &str, amount: Money) -> StartPayment {
    StartPayment {
        key: IdempotencyKey::new(),
        order_id: ORDER.to_owned(),
        order_number: "F-1001".to_owned(),
        amount,
        gift_cards: Vec::new(),
        method: method.to_owned(),
        return_path: "/o/abc/return".to_owned(),
    }
}

fn arrival(amount: Money) -> EndPayment {
    EndPayment::record(IdempotencyKey::new(), ORDER, amount, Some("F-1001 Ada".to_owned()))
}

fn answer(token: &str, decision: TestDecision) -> OpenPaymentPage {
    OpenPaymentPage::answer(token, PageAnswer::Test(decision))
}

fn notice(signature: &str, body: &str) -> ReceiveNotice {
    ReceiveNotice {
        key: IdempotencyKey::new(),
        provider: "stripe".to_owned(),
        signature: signature.to_owned(),
        body: body.to_owned(),
    }
}

fn of_test(page: PaymentPage) -> TestSession {
    match page {
        PaymentPage::Test(session) => session,
        other => panic!("not a page of the test provider: {other:?}"),
    }
}

fn token_of(session: &PaymentSession) -> String {
    match &session.next {
        PaymentNext::Redirect { url } => url.strip_prefix("/pay/test/").expect("the test provider's page").to_owned(),
        other => panic!("not redirected: {other:?}"),
    }
}

fn state(payment: &Payment) -> (SessionStatus, Option<&str>, i64) {
    (payment.session.status, payment.session.failure.as_deref(), payment.captured.amount)
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> BillingError {
    match outcome {
        Err(CallError::Domain(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Which field was found invalid.
fn invalid_field<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    match refusal(outcome) {
        BillingError::Invalid { field, .. } => field,
        other => panic!("refused for another reason: {other}"),
    }
}

/// All at the same time.
async fn all_at_once<T: 'static + Send>(
    calls: impl IntoIterator<Item = impl Future<Output = Outcome<T>> + Send + 'static>,
) -> Vec<Outcome<T>> {
    calls.into_iter().collect::<JoinSet<_>>().join_all().await
}
