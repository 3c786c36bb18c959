//! The page of an order, and what asks whose it is.

use serde::Serialize;

use super::{Field, MethodChoice, Problem, Row, Shell, SummaryLine, Tone, Totals};
use crate::papers::views::DocumentLink;

/// `/o/{secret}`
#[derive(Clone, Debug, Serialize)]
pub struct OrderPage {
    /// Around the page.
    pub shell: Shell,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// In plain words: `On its way`.
    pub headline: String,
    /// One sentence: what happens next.
    pub lead: String,
    /// Where mail goes.
    pub email: String,
    /// How far it is; empty for an order that ended.
    pub progress: Vec<ProgressStep>,
    /// What was bought.
    pub lines: Vec<SummaryLine>,
    /// What it costs.
    pub totals: Totals,
    /// Parcels that were packed.
    pub parcels: Vec<ParcelView>,
    /// Where it goes.
    pub address: Vec<String>,
    /// How it is paid.
    pub payment: PaymentState,
    /// The invoice and its credit notes.
    pub documents: Vec<DocumentLink>,
    /// What went back or is about to.
    pub refunds: Vec<Row>,
    /// Goods that came back or are to.
    pub returns: Vec<ReturnView>,
    /// A form for sending something back, when that is possible.
    pub return_form: Option<ReturnForm>,
    /// A form for canceling, while that is possible.
    pub cancel: Option<CancelForm>,
    /// A form for another attempt to pay, when one can be made.
    pub retry: Option<RetryForm>,
    /// After how many seconds the page asks again, while something is on its way.
    pub refresh_seconds: Option<u32>,
}

/// How it is paid.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentState {
    /// `Bank transfer`
    pub method: String,
    /// How it is meant.
    pub tone: Tone,
    /// `Waiting for your transfer`
    pub text: String,
    /// What the shopper has to do, outside the shop.
    pub instructions: Vec<Row>,
}

/// A form for canceling an order: posts `key` and `why` to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct CancelForm {
    /// Where to post.
    pub action: String,
    /// Names it.
    pub key: String,
    /// Whether money goes back with it.
    pub pays_back: bool,
}

/// Goods that came back or are to.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnView {
    /// `Return 1`
    pub name: String,
    /// What happens next.
    pub text: String,
    /// `2 × Oak board`
    pub lines: Vec<String>,
    /// What the shop said to it; empty for nothing.
    pub answer: String,
    /// Where to post that it does not come after all, while that is possible.
    pub cancel: Option<String>,
}

/// A form for sending something back: posts `key`, `why` and the fields of its lines to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnForm {
    /// Where to post.
    pub action: String,
    /// Names this return.
    pub key: String,
    /// Why.
    pub reason: Field,
    /// What can come back.
    pub lines: Vec<ReturnLineField>,
}

/// How many of a line come back.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnLineField {
    /// Of the field.
    pub name: String,
    /// The product's name.
    pub title: String,
    /// How many can.
    pub most: i64,
    /// How many do.
    pub quantity: Field,
}

/// A form for another attempt to pay: posts to `action`.
#[derive(Clone, Debug, Serialize)]
pub struct RetryForm {
    /// `/o/{secret}/pay`
    pub action: String,
    /// Names the attempt.
    pub key: String,
    /// `payment_method`
    pub methods: Vec<MethodChoice>,
}

/// A step of an order on its way.
#[derive(Clone, Debug, Serialize)]
pub struct ProgressStep {
    /// `Packed`
    pub name: String,
    /// When, or what is awaited; empty for nothing.
    pub text: String,
    /// How far.
    pub state: StepState,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It is over.
    Done,
    /// It goes on now.
    Current,
    /// It comes later.
    Next,
}

/// A parcel as the shopper sees it.
#[derive(Clone, Debug, Serialize)]
pub struct ParcelView {
    /// `Parcel 1 of 2`
    pub name: String,
    /// `Sent on 24 Nov 2026`
    pub text: String,
    /// Who carries it; empty when not known.
    pub carrier: String,
    /// Given by the carrier; empty when not known.
    pub tracking_number: String,
    /// `1 × Linen sheet, sand`
    pub contents: Vec<String>,
}

/// `/o/{secret}` in a browser that the shop does not know for this order.
#[derive(Clone, Debug, Serialize)]
pub struct UnlockPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// In plain words: `On its way`.
    pub headline: String,
    /// One sentence: what happens next.
    pub lead: String,
    /// How far it is; empty for an order that ended.
    pub progress: Vec<ProgressStep>,
    /// Parcels that were packed, without what is in them and how they are tracked.
    pub parcels: Vec<ParcelView>,
    /// Who ordered, with first letters only.
    pub masked: Vec<Row>,
    /// `/o/{secret}/unlock`
    pub action: String,
    /// `email`
    pub email: Field,
    /// `postcode`
    pub postcode: Field,
}
