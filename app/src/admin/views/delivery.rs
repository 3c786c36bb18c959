//! Ways of delivery: the list, and the form.

use serde::Serialize;

use super::{AdminShell, Field, Problem};

/// `/admin/delivery`
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRowsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The cheapest first.
    pub rows: Vec<DeliveryRow>,
    /// Whether another one may be made.
    pub may_create: bool,
}

/// A way of delivery in the list.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRow {
    /// Its page.
    pub href: String,
    /// As shoppers read it.
    pub name: String,
    /// `AT DE`, or how many.
    pub countries: String,
    /// Its first price, and whether there are others.
    pub price: String,
    /// From which worth on it is free; empty for never.
    pub free_from: String,
    /// `2 to 4`
    pub days: String,
}

/// `/admin/delivery/new`, `/admin/delivery/{code}`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Where the form goes that ends it; empty when it may not be.
    pub end_action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored.
    pub heading: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: what was seen.
    pub version: String,
    /// Only of a new one.
    pub code: Field,
    /// As shoppers read it.
    pub name: Field,
    /// Codes, or `*`.
    pub countries: Field,
    /// The first price.
    pub price: Field,
    /// Empty for never.
    pub free_from: Field,
    /// Empty for any weight.
    pub max_grams: Field,
    /// Working days.
    pub min_days: Field,
    /// Working days.
    pub max_days: Field,
    /// Worth, grams and price of each.
    pub rates: Vec<[Field; 3]>,
    /// Whether tax is added to prices, which contain none.
    pub taxes_added: bool,
    /// `EUR`
    pub currency: String,
}
