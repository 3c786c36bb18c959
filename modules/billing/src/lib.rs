//! Billing knows how an order is paid, and what is known of the money.
//!
//! What a provider says counts, never what a browser says. Every outside step is written down before it is taken, and
//! its result is recorded by one function ([`record`]), which only the first to learn of a result gets through.

mod books;
mod cancel_payment;
mod capture_payment;
mod documents;
mod end_payment;
mod expire;
mod find_payment;
mod gift_cards;
mod look;
mod payment_checks;
mod payment_methods;
mod payment_page;
mod provider;
mod receive_notice;
mod reconcile;
mod record;
mod record_payment;
mod refund;
mod refund_failed;
mod schema;
mod settings;
mod settle;
mod start_payment;
mod store;
mod tax;

use std::sync::Arc;

use async_trait::async_trait;
use billing_api::{
    Billing, BillingError, ChangeGiftCard, Document, EndPayment, FindDocuments, FindGiftCards, FindPayment, GiftCard,
    IssueDocument, ListPaymentChecks, ListPaymentMethods, ListTaxRules, OpenPaymentPage, Payment, PaymentCheck,
    PaymentMethod, PaymentPage, PaymentRefund, PaymentSession, ReceiveNotice, Refund, ResolvePaymentCheck, SaveTaxRule,
    StartPayment, TaxRule,
};
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock, Page};

use gift_cards::Wraps;
use provider::Providers;
pub use settings::{BankAccount, BillingSettings, StripePage, StripeSettings};

/// What every use case returns.
type Outcome<T> = Result<T, CallError<BillingError>>;

/// The tables of this module.
pub fn schema() -> Schema {
    Schema {
        module: "billing",
        postgres: embed_migrations!("../../migrations/billing/postgres"),
        sqlite: embed_migrations!("../../migrations/billing/sqlite"),
    }
}

/// Starts the module on its data. It settles payments when a provider sends a notice, ends attempts to pay that nobody
/// came back from, and finishes refunds.
pub fn start(db: Db, clock: Clock, settings: BillingSettings) -> Started<dyn Billing> {
    let wraps = Arc::new(Wraps::new(settings.secret_key.clone(), settings.former_secret_key.clone()));
    let providers = Providers::new(&db, &clock, settings);
    let module = Arc::new(Module { db, clock, providers, wraps });
    let [expiry, looks, notices, books, refunds, codes] = std::array::from_fn(|_| Arc::clone(&module));
    Started::new(module as Arc<dyn Billing>)
        .working("payment looks", |stop| look::look(looks, stop))
        .working("payment notices", |stop| receive_notice::process_notices(notices, stop))
        .working("payment reconciliation", |stop| reconcile::reconcile(books, stop))
        .working("payment expiry", |stop| expire::end_sessions_in_time(expiry, stop))
        .working("refunds", |stop| refund::finish_refunds(refunds, stop))
        .working("gift card key", |_| gift_cards::keep_key_readable(codes))
}

/// What every use case works with.
struct Module {
    db: Db,
    clock: Clock,
    providers: Providers,
    wraps: Arc<Wraps>,
}

#[async_trait]
impl Billing for Module {
    async fn payment_methods(&self, _: &CallCtx, request: ListPaymentMethods) -> Outcome<Vec<PaymentMethod>> {
        Ok(payment_methods::payment_methods(self, &request))
    }

    async fn tax_rules(&self, _: &CallCtx, request: ListTaxRules) -> Outcome<Vec<TaxRule>> {
        tax::tax_rules(self, request).await
    }

    async fn save_tax_rule(&self, ctx: &CallCtx, request: SaveTaxRule) -> Outcome<TaxRule> {
        tax::save_tax_rule(self, ctx, request).await
    }

    async fn start_payment(&self, ctx: &CallCtx, request: StartPayment) -> Outcome<PaymentSession> {
        start_payment::start_payment(self, ctx, request).await
    }

    async fn payment(&self, _: &CallCtx, request: FindPayment) -> Outcome<Option<Payment>> {
        find_payment::payment(self, request.order_id).await
    }

    async fn end_payment(&self, ctx: &CallCtx, request: EndPayment) -> Outcome<Option<Payment>> {
        end_payment::end_payment(self, ctx, request).await
    }

    async fn refund(&self, ctx: &CallCtx, request: Refund) -> Outcome<PaymentRefund> {
        refund::refund(self, ctx, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Outcome<Vec<Violation>> {
        self.db.audit(store::audit::INVARIANTS, &request, self.clock.now()).await
    }

    async fn payment_page(&self, ctx: &CallCtx, request: OpenPaymentPage) -> Outcome<PaymentPage> {
        payment_page::payment_page(self, ctx, request).await
    }

    async fn receive_notice(&self, ctx: &CallCtx, request: ReceiveNotice) -> Outcome<()> {
        receive_notice::receive_notice(self, ctx, request).await
    }

    async fn payment_checks(&self, _: &CallCtx, request: ListPaymentChecks) -> Outcome<Page<PaymentCheck>> {
        payment_checks::payment_checks(self, request).await
    }

    async fn resolve_payment_check(&self, ctx: &CallCtx, request: ResolvePaymentCheck) -> Outcome<PaymentCheck> {
        payment_checks::resolve_payment_check(self, ctx, request).await
    }

    async fn issue_document(&self, _: &CallCtx, request: IssueDocument) -> Outcome<Document> {
        documents::issue_document(self, request).await
    }

    async fn documents(&self, _: &CallCtx, request: FindDocuments) -> Outcome<Vec<Document>> {
        documents::documents(self, request).await
    }

    async fn gift_cards(&self, ctx: &CallCtx, request: FindGiftCards) -> Outcome<Page<GiftCard>> {
        gift_cards::gift_cards(self, ctx, request).await
    }

    async fn change_gift_card(&self, ctx: &CallCtx, request: ChangeGiftCard) -> Outcome<GiftCard> {
        gift_cards::change_gift_card(self, ctx, request).await
    }
}
