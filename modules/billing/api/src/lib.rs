//! The public face of `billing`: how an order is paid, and what is known of the money.

mod documents;
mod gift_cards;

pub use documents::{
    Buyer, CreditedLine, Document, DocumentCharge, DocumentId, DocumentKind, DocumentLine, DocumentReference,
    DocumentTotals, FindDocuments, InvoiceCharge, InvoiceLine, IssueDocument, NewCreditNote, NewDocument, NewInvoice,
    NotANumbering, Numbering, Prices, Seller, SellerAccount, Vat, VatCategory, VatSubtotal,
};
pub use gift_cards::{
    ChangeGiftCard, FindGiftCards, GIFT_CARD, GiftCard, GiftCardAction, GiftCardCode, GiftCardId, GiftCardIssued,
    GiftCardMovement, GiftCardMovementKind, GiftCardQuery, GiftCardReason, GiftCardStatus, GiftCardUse,
    MOST_GIFT_CARDS, MOST_ON_A_GIFT_CARD, STORE_CREDIT,
};
use kernel::audit::{AuditRequest, Violation};
use kernel::charge::EXPORT;
use kernel::{
    CallCtx, CallError, Country, DomainError, Email, IdempotencyKey, Money, Page, PageRequest, TaxClass, Timestamp,
    contract, ids,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

ids! {
    /// One attempt to pay for an order with one provider.
    SessionId = "pay";
    /// A difference between a provider's books and ours.
    PaymentCheckId = "pck";
    /// Money that goes back.
    RefundId = "ref";
}

/// How an order is paid, and what is known of the money.
#[contract(
    module = "billing",
    version = 1,
    events(PaymentAuthorized, PaymentCaptured, PaymentFailed, PaymentRefunded, RefundFailed, GiftCardIssued)
)]
pub trait Billing {
    /// The ways to pay `amount` from `country`, the best first.
    #[read]
    async fn payment_methods(
        &self,
        ctx: &CallCtx,
        request: ListPaymentMethods,
    ) -> Result<Vec<PaymentMethod>, CallError<BillingError>>;

    /// The rates of one country or of all, those that are announced and those that are over included, in order of country,
    /// region, class and time. [`TaxRate::of`] says which one counts.
    #[read]
    async fn tax_rules(&self, ctx: &CallCtx, request: ListTaxRules) -> Result<Vec<TaxRule>, CallError<BillingError>>;

    /// Announces a rate, or changes one that is not in force yet. Needs the permission to manage orders.
    #[write(idempotent_by = key)]
    async fn save_tax_rule(&self, ctx: &CallCtx, request: SaveTaxRule) -> Result<TaxRule, CallError<BillingError>>;

    /// Takes from gift cards what they pay, and opens a session with the provider for the rest. An order has at most one open
    /// session; asking for another method ends it. What gift cards pay is taken once, and goes back when the payment is
    /// canceled.
    #[write(idempotent_by = key)]
    async fn start_payment(
        &self,
        ctx: &CallCtx,
        request: StartPayment,
    ) -> Result<PaymentSession, CallError<BillingError>>;

    /// All that is known of the money of an order; `None` when no payment was started.
    #[read]
    async fn payment(&self, ctx: &CallCtx, request: FindPayment) -> Result<Option<Payment>, CallError<BillingError>>;

    /// Brings the open attempt to pay of an order to its end, as [`PaymentEnd`] says. Gives what is known of the money
    /// afterwards; `None` of an order that never started to pay.
    #[write(idempotent_by = key)]
    async fn end_payment(&self, ctx: &CallCtx, request: EndPayment)
    -> Result<Option<Payment>, CallError<BillingError>>;

    /// Gives back some or all of what was captured of an order, never more than is left of it. What the provider has not
    /// yet done, or not yet answered, is `pending`, and told as `payment.refunded` or `refund.failed` when it is known.
    /// Also records that staff gave the money of a refund back by hand, when nobody else can.
    #[write(idempotent_by = key)]
    async fn refund(&self, ctx: &CallCtx, request: Refund) -> Result<PaymentRefund, CallError<BillingError>>;

    /// Compares its data with its invariants. Gives what breaks one; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<BillingError>>;

    /// What the page of a payment shows that the shop itself serves for a provider, after what the shopper did on it, if
    /// anything. On the page of the test provider the first final choice counts, and is settled at once, as by the notice
    /// of a real provider.
    #[write(idempotent_by = token)]
    async fn payment_page(
        &self,
        ctx: &CallCtx,
        request: OpenPaymentPage,
    ) -> Result<PaymentPage, CallError<BillingError>>;

    /// Takes what a provider tells by itself: stored as it came before this returns, then recorded as if we had asked. A
    /// copy changes nothing. Refused as not authentic when it is not signed by the provider.
    #[write(idempotent_by = key)]
    async fn receive_notice(&self, ctx: &CallCtx, request: ReceiveNotice) -> Result<(), CallError<BillingError>>;

    /// Where a provider's books and ours differ, the newest first.
    #[read]
    async fn payment_checks(
        &self,
        ctx: &CallCtx,
        request: ListPaymentChecks,
    ) -> Result<Page<PaymentCheck>, CallError<BillingError>>;

    /// Does what staff decided about such a difference; one that is settled stays as it is.
    #[write(idempotent_by = check_id)]
    async fn resolve_payment_check(
        &self,
        ctx: &CallCtx,
        request: ResolvePaymentCheck,
    ) -> Result<PaymentCheck, CallError<BillingError>>;

    /// Issues the invoice of an order, or a credit note on it, under the next number of its seller's series.
    #[write(idempotent_by = key)]
    async fn issue_document(&self, ctx: &CallCtx, request: IssueDocument) -> Result<Document, CallError<BillingError>>;

    /// The documents of an order: the invoice, then its credit notes as they were issued.
    #[read]
    async fn documents(&self, ctx: &CallCtx, request: FindDocuments) -> Result<Vec<Document>, CallError<BillingError>>;

    /// Gift cards: the one with a code that can pay now, or those that the shop and its staff look for.
    #[read]
    async fn gift_cards(
        &self,
        ctx: &CallCtx,
        request: FindGiftCards,
    ) -> Result<Page<GiftCard>, CallError<BillingError>>;

    /// Issues a gift card, or closes one. Needs the permission to manage orders.
    #[write(idempotent_by = key)]
    async fn change_gift_card(
        &self,
        ctx: &CallCtx,
        request: ChangeGiftCard,
    ) -> Result<GiftCard, CallError<BillingError>>;
}

/// A way to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentMethod {
    /// `bank_transfer`, `cash_on_delivery`, `stripe`, `test`.
    pub code: String,
    /// As the shopper sees it.
    pub title: String,
    /// One sentence on what happens.
    pub description: String,
    /// Whether no real money moves; marked as such wherever it is shown.
    pub is_test: bool,
}

/// Asks for the ways to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListPaymentMethods {
    /// To be paid.
    pub amount: Money,
    /// Of the delivery address.
    pub country: Country,
}

/// Asks for rates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListTaxRules {
    /// Of this country only.
    #[serde(default)]
    pub country: Option<Country>,
}

/// A rate that counts somewhere, from a moment on until another one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxRule {
    /// Where the goods go.
    pub country: Country,
    /// How postcodes there begin, in capital letters and digits; empty for all of the country. The longest that fits
    /// counts.
    pub region: String,
    /// Of which goods. Those of a class that has no rate at the place are taxed as `standard` ones; `zero` and `exempt`
    /// have no rates.
    #[serde(default)]
    pub class: TaxClass,
    /// From when on.
    pub valid_from: Timestamp,
    /// For instance `VAT`.
    pub name: String,
    /// 2000 is 20 %.
    pub basis_points: u32,
}

/// Asks to announce a rate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaveTaxRule {
    /// Names this change.
    pub key: IdempotencyKey,
    /// As it shall be. What was announced for the same country, region, class and moment is changed.
    pub rule: TaxRule,
}

impl TaxRate {
    /// The rate of these rules of one country that is in force at a moment for goods of a class that go to a postcode.
    ///
    /// The place comes first: a rate of a region counts before those of the country around it, be it for `standard` goods
    /// only, so that a region without tax is without tax for everything. Then the class, which is `standard` where it has
    /// no rate of its own.
    /// Where there is no rate at all it is zero: no tax is due there.
    pub fn of(rules: &[TaxRule], class: &TaxClass, postcode: &str, at: Timestamp) -> Self {
        let postcode = canonical_postcode(postcode);
        let standard = TaxClass::default();
        let best = |counts: &dyn Fn(&TaxRule) -> bool| {
            let there = |rule: &&TaxRule| rule.valid_from <= at && postcode.starts_with(&rule.region) && counts(rule);
            rules.iter().filter(there).max_by_key(|rule| (rule.region.len(), rule.class == *class, rule.valid_from))
        };
        let usual = best(&|rule| rule.class == standard);
        let rule = best(&|rule| rule.class == *class || rule.class == standard);
        let name = rule.map_or_else(|| "VAT".to_owned(), |rule| rule.name.clone());
        let basis_points = rule.filter(|_| !class.is_untaxed()).map_or(0, |rule| rule.basis_points);
        let usual = usual.map_or(0, |rule| rule.basis_points);
        let class = match basis_points {
            0 if usual == 0 => EXPORT,
            0 if class.as_str() == TaxClass::EXEMPT => TaxClass::EXEMPT,
            0 => TaxClass::ZERO,
            rate if rate == usual => TaxClass::STANDARD,
            _ => TaxClass::REDUCED,
        };
        Self { name, basis_points, class: class.to_owned() }
    }
}

/// Letters and digits, as they are compared: `bt1 5gs` is `BT15GS`.
pub fn canonical_postcode(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// The tax on something at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxRate {
    /// For instance `VAT`.
    pub name: String,
    /// 2000 is 20 %.
    pub basis_points: u32,
    /// What papers call it: [`TaxLine::class`](kernel::TaxLine::class). One rate has one class, whatever classes of goods
    /// have it, since papers add up by rates.
    #[serde(default)]
    pub class: String,
}

/// Asks to open a session with a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StartPayment {
    /// From the order and the shopper's try.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// Shown to the shopper and on statements.
    pub order_number: String,
    /// The total of the order.
    pub amount: Money,
    /// What of it gift cards pay, each at most once. Taken with the first attempt; later ones name the same.
    #[serde(default)]
    pub gift_cards: Vec<GiftCardUse>,
    /// [`PaymentMethod::code`] for the rest; [`GIFT_CARD`] when there is none.
    pub method: String,
    /// The local path that the shopper comes back to, such as `/o/…/return`.
    pub return_path: String,
}

/// One attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentSession {
    /// Its id.
    pub id: SessionId,
    /// [`PaymentMethod::code`].
    pub method: String,
    /// How far it is.
    pub status: SessionStatus,
    /// What comes next.
    pub next: PaymentNext,
    /// Why it failed, as a code: `declined`, `authentication_failed`, `canceled`, `timed_out`.
    pub failure: Option<String>,
}

/// How far an attempt to pay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SessionStatus {
    /// Nothing is known yet.
    Pending,
    /// The shopper has to do something, such as confirm it with the bank.
    RequiresAction,
    /// The provider holds the money for us, until we take it or let it go.
    Authorized,
    /// The provider has taken the money.
    Captured,
    /// The provider refused.
    Failed,
    /// Ended by us or by the shopper before money moved.
    Canceled,
    /// Nobody came back in time.
    Expired,
}

impl SessionStatus {
    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::RequiresAction | Self::Authorized)
    }
}

/// What comes next in an attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentNext {
    /// The shopper goes to the provider's page.
    Redirect {
        /// Its address; a local path for the test provider.
        url: String,
    },
    /// The shopper pays by these instructions, in their own time.
    Instructions {
        /// Lines of a label and a value, such as the account to pay to.
        lines: Vec<(String, String)>,
    },
    /// Nothing.
    Nothing,
}

/// Asks what is known of the money of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindPayment {
    /// `ord_…`
    pub order_id: String,
}

/// What is known of the money of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Payment {
    /// `ord_…`
    pub order_id: String,
    /// What is to be paid. Of a payment that was canceled, without what gift cards got back.
    pub amount: Money,
    /// What has arrived, with what gift cards paid.
    pub captured: Money,
    /// What a provider holds for us, or has held until it arrived.
    #[serde(default)]
    pub authorized: Option<Money>,
    /// What of `amount` gift cards pay; `None` for nothing.
    #[serde(default)]
    pub by_gift_cards: Option<Money>,
    /// The latest attempt.
    pub session: PaymentSession,
    /// When the money arrived in full.
    pub paid_at: Option<Timestamp>,
    /// Why a person has to look at it: other money arrived than was asked for.
    #[serde(default)]
    pub review: Option<String>,
    /// What went back, or is about to, the oldest first.
    #[serde(default)]
    pub refunds: Vec<PaymentRefund>,
}

impl Payment {
    /// Whether the order is paid. It stays so when money goes back.
    pub fn is_paid(&self) -> bool {
        self.captured.amount >= self.amount.amount
    }

    /// Whether the order is paid, or a provider holds all that is to be paid.
    pub fn is_secured(&self) -> bool {
        let is_held = self.session.status == SessionStatus::Authorized
            && self.authorized.is_some_and(|authorized| authorized.amount >= self.due().amount);
        self.is_paid() || is_held
    }

    /// What is to be paid otherwise than by gift cards.
    pub fn due(&self) -> Money {
        let by_gift_cards = self.by_gift_cards.map_or(0, |part| part.amount);
        Money::new(self.amount.amount - by_gift_cards, self.amount.currency)
    }

    /// What of the captured money has not gone back and is not about to.
    pub fn refundable(&self) -> Money {
        let counts = |refund: &&PaymentRefund| refund.status != RefundStatus::Failed;
        let gone: i64 = self.refunds.iter().filter(counts).map(|refund| refund.amount.amount).sum();
        Money::new((self.captured.amount - gone).max(0), self.captured.currency)
    }
}

/// Asks to end the open attempt to pay of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndPayment {
    /// From the order and the step, or from the form.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// How.
    pub end: PaymentEnd,
}

/// How an attempt to pay ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentEnd {
    /// As the provider says, who is asked: its word counts, never a parameter of a browser. The attempt stays open while
    /// the provider does not know; asking again changes nothing more. Refused when the order never started to pay.
    Settle,
    /// Money is taken that a provider holds for us; what is not taken is given up. Refused when nothing is held.
    Capture {
        /// A part of what is held; all of it when not given.
        #[serde(default)]
        amount: Option<Money>,
    },
    /// Money arrived outside a provider: staff saw it on the bank account, or the courier brought it.
    Record {
        /// What arrived; has to be the open amount in this release, without what gift cards pay.
        amount: Money,
        /// For instance the text on the bank statement; at most 200 characters.
        #[serde(default)]
        reference: Option<String>,
    },
    /// The order cannot be paid any more, and gift cards get their part back. Refused when it is paid.
    Cancel,
}

impl EndPayment {
    /// Asks the provider.
    pub fn settle(order_id: impl Into<String>) -> Self {
        let order_id = order_id.into();
        Self { key: IdempotencyKey::of(&order_id, "settle"), order_id, end: PaymentEnd::Settle }
    }

    /// Takes money that a provider holds.
    pub fn capture(key: IdempotencyKey, order_id: impl Into<String>, amount: Option<Money>) -> Self {
        Self { key, order_id: order_id.into(), end: PaymentEnd::Capture { amount } }
    }

    /// Records money that staff saw.
    pub fn record(key: IdempotencyKey, order_id: impl Into<String>, amount: Money, reference: Option<String>) -> Self {
        Self { key, order_id: order_id.into(), end: PaymentEnd::Record { amount, reference } }
    }

    /// Ends the attempt without money.
    pub fn cancel(key: IdempotencyKey, order_id: impl Into<String>) -> Self {
        Self { key, order_id: order_id.into(), end: PaymentEnd::Cancel }
    }
}

/// Money that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefund {
    /// Its id.
    pub id: RefundId,
    /// [`Refund::key`], by which the one who asked for it knows it.
    pub key: IdempotencyKey,
    /// How much.
    pub amount: Money,
    /// [`RefundAction::GiveBack::reason`].
    pub reason: String,
    /// [`PaymentMethod::code`] by which it goes back; [`GIFT_CARD`] when all of it goes back onto gift cards, and
    /// [`STORE_CREDIT`] when it became a new one.
    pub method: String,
    /// What of it goes back onto the gift cards that it came from; `None` for nothing.
    #[serde(default)]
    pub to_gift_cards: Option<Money>,
    /// The store credit that it became.
    #[serde(default)]
    pub gift_card_id: Option<GiftCardId>,
    /// How far it is.
    pub status: RefundStatus,
    /// Whether nobody but staff can give it back, and has not yet said so.
    pub awaits_staff: bool,
    /// Why it failed, as a code or in the words of the provider.
    pub failure: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// The money is set aside for it, and it is not known to have gone back.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not, and is again part of what can be refunded.
    Failed,
}

/// Asks to give money back, or to record that it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refund {
    /// From the order and the step, or from the form.
    pub key: IdempotencyKey,
    /// What.
    pub action: RefundAction,
}

/// A step of a refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundAction {
    /// The money goes back.
    GiveBack {
        /// `ord_…`
        order_id: String,
        /// How much, at most what is left of the captured money.
        amount: Money,
        /// In words, at most 500 characters.
        reason: String,
        /// Where it goes.
        #[serde(default)]
        to: RefundTo,
    },
    /// Staff gave it back themselves: by bank transfer, or in cash.
    PaidByHand {
        /// Which refund, one that [awaits staff](PaymentRefund::awaits_staff).
        refund_id: RefundId,
        /// For instance the number of the transfer; at most 200 characters.
        #[serde(default)]
        reference: Option<String>,
    },
}

/// Where money goes back to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundTo {
    /// To where it came from: first what a provider took, the bank or the courier, then the gift cards.
    #[default]
    Payment,
    /// Onto a new gift card, at once.
    StoreCredit {
        /// Whose it is.
        email: Email,
    },
}

impl Refund {
    /// Money of an order goes back to where it came from.
    pub fn give_back(
        key: IdempotencyKey,
        order_id: impl Into<String>,
        amount: Money,
        reason: impl Into<String>,
    ) -> Self {
        let (order_id, reason) = (order_id.into(), reason.into());
        Self { key, action: RefundAction::GiveBack { order_id, amount, reason, to: RefundTo::Payment } }
    }

    /// The same, as a new gift card for this address.
    #[must_use]
    pub fn as_store_credit(mut self, of: Email) -> Self {
        if let RefundAction::GiveBack { to, .. } = &mut self.action {
            *to = RefundTo::StoreCredit { email: of };
        }
        self
    }

    /// Staff gave the money of a refund back.
    pub fn paid_by_hand(key: IdempotencyKey, refund_id: RefundId, reference: Option<String>) -> Self {
        Self { key, action: RefundAction::PaidByHand { refund_id, reference } }
    }
}

/// What the page of a payment shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentPage {
    /// The page of the test provider.
    Test(TestSession),
    /// A page with a provider's fields for a card.
    Card(CardPage),
    /// The shopper goes on elsewhere.
    Elsewhere {
        /// An address of the provider, or a local path.
        url: String,
    },
}

/// A page with a provider's fields for a card, or the way to a page of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardPage {
    /// To be paid.
    pub amount: Money,
    /// Shown to the shopper.
    pub order_number: String,
    /// The local path to go back to.
    pub return_path: String,
    /// Why the last card failed: [`PaymentSession::failure`].
    pub failure: Option<String>,
    /// Whether it can still be paid.
    pub is_open: bool,
    /// The publishable key and the secret of the fields, for the script of the provider.
    pub fields: Option<(String, String)>,
    /// The provider's own page, when the shopper pays there.
    pub hosted_url: Option<String>,
}

/// A session at the test provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestSession {
    /// To be paid.
    pub amount: Money,
    /// Shown to the shopper.
    pub order_number: String,
    /// What was chosen, if anything.
    pub decision: Option<TestDecision>,
    /// The local path to go back to.
    pub return_path: String,
}

/// What the test provider shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestDecision {
    /// Take the money.
    Succeed,
    /// Refuse it.
    Decline,
    /// Ask the shopper to confirm it, as 3-D Secure does; not final.
    Authenticate,
    /// Fail the confirmation.
    FailAuthentication,
    /// End it, as the shopper does with "cancel".
    Cancel,
    /// Never say anything.
    TimeOut,
    /// Take the money back later, as a bank does when its customer disputes it; only after it succeeded.
    Dispute,
}

/// Asks for what the page of a payment shows. [`BillingError::NotFound`] for an unknown token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenPaymentPage {
    /// From the redirect.
    pub token: String,
    /// What the shopper did on it; `None` to look at it only.
    #[serde(default)]
    pub answer: Option<PageAnswer>,
}

impl OpenPaymentPage {
    /// Looks at the page.
    pub fn look(token: impl Into<String>) -> Self {
        Self { token: token.into(), answer: None }
    }

    /// Tells what the shopper did on it.
    pub fn answer(token: impl Into<String>, answer: PageAnswer) -> Self {
        Self { token: token.into(), answer: Some(answer) }
    }
}

/// What a shopper did on the page of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "choice", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PageAnswer {
    /// Chose what the test provider shall do.
    Test(TestDecision),
    /// Wants to pay on the provider's own page: without a script, or when its fields do not come up.
    UseHosted,
    /// Does not want to pay now.
    Leave,
}

/// Brings what a provider tells by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiveNotice {
    /// From the content.
    pub key: IdempotencyKey,
    /// [`PaymentMethod::code`].
    pub provider: String,
    /// What the provider put beside it to prove that it is its own.
    pub signature: String,
    /// As it came.
    pub body: String,
}

/// Asks for differences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListPaymentChecks {
    /// Only those that wait for a person.
    #[serde(default)]
    pub open_only: bool,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// A difference between a provider's books and ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCheck {
    /// Its id.
    pub id: PaymentCheckId,
    /// [`PaymentMethod::code`].
    pub provider: String,
    /// What differs.
    pub class: CheckClass,
    /// The provider's name for the money, or our session.
    pub subject: String,
    /// Our attempt to pay, when there is one.
    pub session_id: Option<String>,
    /// `ord_…`, when there is one.
    pub order_id: Option<String>,
    /// How much it is about.
    pub amount: Money,
    /// What they say and what we say.
    pub evidence: String,
    /// Whether it waits for a person.
    pub status: CheckStatus,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was settled.
    pub settled_at: Option<Timestamp>,
    /// By whom.
    pub settled_by: Option<String>,
    /// How.
    pub settlement: Option<String>,
}

/// In what books differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckClass {
    /// They have money of which we know nothing.
    MissingHere,
    /// We have money of which they know nothing.
    MissingThere,
    /// Another amount than was asked for, or than we have.
    OtherAmount,
    /// Another currency.
    OtherCurrency,
    /// More went back there than by us.
    RefundedThere,
    /// A refund of ours had succeeded there, and failed afterwards: they have the money again.
    RefundFailedThere,
    /// Money came for an order that has ended; a refund is due.
    CapturedForEnded,
    /// They knew more than we did.
    StatusBehind,
    /// Money came twice for one order.
    PaidTwice,
    /// A bank takes the money back for its customer.
    Disputed,
}

impl CheckClass {
    /// Whether it names money that pays for nothing here, so that all of it may go back to where it came from.
    #[must_use]
    pub fn can_be_given_back(self) -> bool {
        matches!(self, Self::MissingHere | Self::PaidTwice | Self::OtherAmount | Self::OtherCurrency)
    }
}

/// How far a difference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It waits for a person.
    Open,
    /// Our books were brought to what is true.
    Repaired,
    /// A person has dealt with it.
    Closed,
}

/// Asks to settle a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvePaymentCheck {
    /// Which.
    pub check_id: PaymentCheckId,
    /// How.
    pub action: CheckAction,
}

/// What staff may do about a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CheckAction {
    /// Ask the provider again, and record what it says.
    AskAgain,
    /// Let the provider give back money that pays for nothing here.
    GiveBack,
    /// It was dealt with elsewhere.
    Close {
        /// What was done.
        note: String,
    },
}

/// Why `billing` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum BillingError {
    /// The order has no payment, or the token no session.
    #[error("there is no such payment")]
    NotFound,
    /// There is no such way to pay, or not for this order.
    #[error("{method} is not offered for this order")]
    MethodNotOffered {
        /// What was asked for.
        method: String,
    },
    /// The order is paid.
    #[error("the order is already paid")]
    AlreadyPaid,
    /// The amount or currency is not what is open.
    #[error("{expected} is open, not {given}")]
    WrongAmount {
        /// What is open.
        expected: Money,
        /// What was given.
        given: Money,
    },
    /// More than is left of the captured money.
    #[error("at most {left} can be refunded")]
    RefundTooHigh {
        /// What is left.
        left: Money,
    },
    /// A gift card has less on it than it shall pay, or cannot pay any more. Nothing was taken.
    #[error("a gift card has {left} left")]
    GiftCardTooLow {
        /// Which.
        gift_card_id: GiftCardId,
        /// What it can pay.
        left: Money,
    },
    /// The refund goes back, or went back, without staff.
    #[error("this refund is not for staff to give back")]
    NotForStaff,
    /// The provider did not answer in time.
    #[error("the payment provider does not answer")]
    ProviderUnavailable,
    /// The provider answered, and does not do it.
    #[error("the payment provider refuses: {reason}")]
    ProviderRefused {
        /// In its words.
        reason: String,
    },
    /// A notice is not signed by the provider, or not now.
    #[error("the notice is not authentic")]
    NotAuthentic,
    /// No provider holds money for this order.
    #[error("there is no money to take for this order")]
    NothingToCapture,
    /// The order has no invoice that a credit note could refer to.
    #[error("the order has no invoice")]
    NoInvoice,
    /// More than what the credit notes so far have left of the invoice.
    #[error("only {left} of the invoice can still be credited")]
    AboveInvoice {
        /// What they have left.
        left: Money,
    },
    /// Credit notes cover all that went back.
    #[error("what went back is credited already")]
    AlreadyCredited,
    /// This member of staff may not do that.
    #[error("not permitted")]
    NotPermitted,
    /// A value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: String,
        /// What to do about it.
        problem: String,
    },
    /// A refusal of a newer release.
    #[error("refused for a reason that this release does not know")]
    #[serde(other)]
    Other,
}

impl BillingError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for BillingError {}

/// A provider holds the money of an order for us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentAuthorized {
    /// `ord_…`
    pub order_id: String,
    /// By which attempt.
    pub session_id: SessionId,
    /// What is held.
    pub amount: Money,
}

impl kernel::event::Event for PaymentAuthorized {
    const KIND: &'static str = "payment.authorized";

    fn aggregate_id(&self) -> String {
        self.order_id.clone()
    }
}

/// Money of an order arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentCaptured {
    /// `ord_…`
    pub order_id: String,
    /// By which attempt.
    pub session_id: SessionId,
    /// What arrived, with what gift cards paid.
    pub amount: Money,
    /// [`PaymentMethod::code`].
    #[serde(default)]
    pub method: String,
}

impl kernel::event::Event for PaymentCaptured {
    const KIND: &'static str = "payment.captured";

    fn aggregate_id(&self) -> String {
        self.order_id.clone()
    }
}

/// An attempt to pay ended without money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentFailed {
    /// `ord_…`
    pub order_id: String,
    /// Which attempt.
    pub session_id: SessionId,
    /// [`PaymentSession::failure`].
    pub failure: String,
    /// [`PaymentMethod::code`].
    #[serde(default)]
    pub method: String,
}

impl kernel::event::Event for PaymentFailed {
    const KIND: &'static str = "payment.failed";

    fn aggregate_id(&self) -> String {
        self.order_id.clone()
    }
}

/// Money of an order went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PaymentRefunded {
    /// `ord_…`
    pub order_id: String,
    /// By which refund.
    pub refund_id: RefundId,
    /// How much.
    pub amount: Money,
}

impl kernel::event::Event for PaymentRefunded {
    const KIND: &'static str = "payment.refunded";

    fn aggregate_id(&self) -> String {
        self.order_id.clone()
    }
}

/// Money of an order could not go back; it is still there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefundFailed {
    /// `ord_…`
    pub order_id: String,
    /// Which refund.
    pub refund_id: RefundId,
    /// [`PaymentRefund::failure`].
    pub failure: String,
}

impl kernel::event::Event for RefundFailed {
    const KIND: &'static str = "refund.failed";

    fn aggregate_id(&self) -> String {
        self.order_id.clone()
    }
}
