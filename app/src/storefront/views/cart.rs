//! The cart.

use serde::Serialize;

use super::{Field, MoneyView, Picture, ProductTile, Shell, Tone};

/// `/cart`
#[derive(Clone, Debug, Serialize)]
pub struct CartPage {
    /// Around the page.
    pub shell: Shell,
    /// What is in it; empty for an empty cart.
    pub lines: Vec<CartLineView>,
    /// `3 items`
    pub summary: String,
    /// What it costs.
    pub totals: Totals,
    /// `Estimated for delivery to Austria`; empty when the address is known.
    pub estimate_note: String,
    /// `Add €41.00 more for free delivery`, or that it is reached; empty where it is never free.
    pub free_delivery: String,
    /// The codes that were given.
    pub codes: Vec<CodeView>,
    /// Where another one is typed.
    pub code: Field,
    /// Whether every line can be bought as it is.
    pub can_check_out: bool,
    /// A way on from an empty cart.
    pub suggestions: Vec<ProductTile>,
}

/// A code that was given.
#[derive(Clone, Debug, Serialize)]
pub struct CodeView {
    /// `SPRING5`
    pub code: String,
    /// What it does, or why it does nothing.
    pub text: String,
    /// How good that is.
    pub tone: Tone,
}

/// A line of the cart.
#[derive(Clone, Debug, Serialize)]
pub struct CartLineView {
    /// `cln_…`
    pub id: String,
    /// Its product.
    pub href: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// Its picture.
    pub picture: Picture,
    /// For one.
    pub unit_price: MoneyView,
    /// How many.
    pub count: i64,
    /// The same, or what was typed when that is wrong.
    pub quantity: Field,
    /// The most that can be had.
    pub max_quantity: i64,
    /// For all.
    pub line_total: MoneyView,
    /// What came off it: `Spring sale −€0.50`.
    pub reductions: Vec<String>,
    /// Whether it counts towards the total.
    pub counts: bool,
    /// What changed since it was added; empty text for nothing.
    pub tone: Tone,
    /// `Now €64.00, was €59.00 when you added it.` Empty for nothing.
    pub message: String,
}

/// What is to be paid, part by part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Totals {
    /// Lines together.
    pub subtotal: MoneyView,
    /// What comes off all of them: `Spring sale, code SPRING5` and `−€9.80`.
    pub reductions: Vec<TotalRow>,
    /// `Standard delivery`
    pub shipping_name: String,
    /// What it costs; none when it cannot be delivered or is not yet known.
    pub shipping: Option<MoneyView>,
    /// What to say when it is none.
    pub shipping_note: String,
    /// What comes off the delivery: `Free delivery week`; empty for nothing.
    pub shipping_reduction: String,
    /// `plus VAT (20 %)`: taxes on top of prices.
    pub taxes_added: Vec<TotalRow>,
    /// What is to be paid.
    pub total: MoneyView,
    /// `Gift card …7K3M` and `−€20.00`: what gift cards pay of the total.
    pub paid_by: Vec<TotalRow>,
    /// What is paid otherwise; shown when gift cards pay a part.
    pub due: MoneyView,
    /// `Left to pay`, or `Paid otherwise`.
    pub due_name: String,
    /// `of which VAT (20 %)`: taxes that the total contains.
    pub taxes_contained: Vec<TotalRow>,
}

/// A line among totals.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotalRow {
    /// What it is.
    pub name: String,
    /// How much.
    pub amount: MoneyView,
}

impl TotalRow {
    /// One.
    pub fn new(name: impl Into<String>, amount: impl Into<MoneyView>) -> Self {
        Self { name: name.into(), amount: amount.into() }
    }
}
