//! The steps of buying.

use serde::Serialize;

use super::{Field, MoneyView, Picture, Problem, SelectField, Shell, Totals};

/// What is bought, at the side of each step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OrderSummary {
    /// What is bought.
    pub lines: Vec<SummaryLine>,
    /// What it costs.
    pub totals: Totals,
}

/// A line of a summary.
#[derive(Clone, Debug, Serialize)]
pub struct SummaryLine {
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// Its picture.
    pub picture: Picture,
    /// How many.
    pub quantity: i64,
    /// For all.
    pub line_total: MoneyView,
    /// What came off it: `Spring sale −€0.50`.
    pub reductions: Vec<String>,
}

/// `/checkout/contact`
#[derive(Clone, Debug, Serialize)]
pub struct ContactPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `email`
    pub email: Field,
    /// `name`
    pub name: Field,
    /// `country`
    pub country: SelectField,
    /// `line1`
    pub line1: Field,
    /// `line2`
    pub line2: Field,
    /// `postcode`
    pub postcode: Field,
    /// `city`
    pub city: Field,
    /// `phone`
    pub phone: Field,
    /// What is bought.
    pub summary: OrderSummary,
}

/// `/checkout/delivery`
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryPage {
    /// Around the page.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What earlier steps said.
    pub done: Vec<DoneStep>,
    /// `method`; empty when nothing can be delivered there.
    pub choices: Vec<DeliveryChoice>,
    /// `Norway`
    pub country: String,
    /// What is bought.
    pub summary: OrderSummary,
}

/// An earlier step, with a link to change it.
#[derive(Clone, Debug, Serialize)]
pub struct DoneStep {
    /// `Deliver to`
    pub name: String,
    /// What it said.
    pub lines: Vec<String>,
    /// Where to change it.
    pub href: String,
}

/// A way to deliver.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryChoice {
    /// Sent with the form.
    pub code: String,
    /// `Standard delivery`
    pub name: String,
    /// `Arrives Tue 24 – Wed 25 Nov`
    pub arrival: String,
    /// What it costs.
    pub price: MoneyView,
    /// `free from €120.00`; empty for none.
    pub note: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `/checkout/payment`
#[derive(Clone, Debug, Serialize)]
pub struct PaymentPage {
    /// Around the page; `shell.notice` says what changed or why a payment failed.
    pub shell: Shell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What earlier steps said.
    pub done: Vec<DoneStep>,
    /// `payment_method`; empty when there is no way to pay now, or nothing is left to pay.
    pub methods: Vec<MethodChoice>,
    /// Whether gift cards pay all of it.
    pub is_covered: bool,
    /// Gift cards that were entered. Their form posts `gift_card_id` to `/checkout/gift-cards/remove`.
    pub gift_cards: Vec<GiftCardView>,
    /// `gift_card`: a code, which its form posts to `/checkout/gift-cards`.
    pub gift_card: Field,
    /// Sent with the form: names the purchase.
    pub key: String,
    /// Sent with the form: the total shown, in minor units.
    pub expected_total: i64,
    /// Sent with the form: what each gift card pays, as shown.
    pub expected_gift_cards: String,
    /// Until when everything is held for this shopper: `14:32 UTC`; empty when it is not.
    pub held_until: String,
    /// What is bought.
    pub summary: OrderSummary,
}

/// A gift card that was entered.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardView {
    /// `gft_…`
    pub id: String,
    /// `Gift card …7K3M`
    pub name: String,
    /// `pays €20.00`
    pub text: String,
}

/// A way to pay.
#[derive(Clone, Debug, Serialize)]
pub struct MethodChoice {
    /// Sent with the form.
    pub code: String,
    /// `Bank transfer`
    pub title: String,
    /// What happens.
    pub description: String,
    /// Whether no real money moves.
    pub is_test: bool,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `/checkout/waiting/{secret}`
#[derive(Clone, Debug, Serialize)]
pub struct WaitingPage {
    /// Around the page.
    pub shell: Shell,
    /// Of the order.
    pub number: String,
    /// Where mail goes.
    pub email: String,
    /// Whether it takes longer than a minute.
    pub late: bool,
    /// After how many seconds the page asks again.
    pub refresh_seconds: u32,
    /// The order's page.
    pub order_href: String,
}
