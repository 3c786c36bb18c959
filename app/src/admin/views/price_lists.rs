//! Price lists and the history of prices.

use serde::Serialize;

use super::{AdminShell, Field, MoneyView, Problem, SelectField, Status};

/// `/admin/price-lists`
#[derive(Clone, Debug, Serialize)]
pub struct PriceListsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The newest first.
    pub rows: Vec<PriceListRow>,
    /// Whether another one may be made.
    pub may_create: bool,
}

/// A price list in the list of them.
#[derive(Clone, Debug, Serialize)]
pub struct PriceListRow {
    /// Its page.
    pub href: String,
    /// For staff.
    pub name: String,
    /// `In force`, `Scheduled` or `Ended`.
    pub status: Status,
    /// `Sale` or `Price`.
    pub kind: String,
    /// How many are in it.
    pub prices: i64,
    /// The highest counts.
    pub priority: i64,
    /// `from 21 Nov 2026`
    pub period: String,
}

/// `/admin/price-lists/new`, `/admin/price-lists/{list}`. Fields are named as in the forms.
#[derive(Clone, Debug, Serialize)]
pub struct PriceListPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored.
    pub heading: String,
    /// `In force`, `Scheduled` or `Ended`; none for a new one.
    pub badge: Option<Status>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the forms: names this change.
    pub key: String,
    /// Sent with the form: what was seen.
    pub version: String,
    /// For staff.
    pub name: Field,
    /// What its prices are.
    pub kind: SelectField,
    /// A whole number.
    pub priority: Field,
    /// In UTC.
    pub starts_at: Field,
    /// In UTC; empty for without end.
    pub ends_at: Field,
    /// Where the form goes that ends it; empty when it has ended or may not be.
    pub end_action: String,
    /// Where the form goes that sets one price; empty when it may not be set.
    pub prices_action: String,
    /// Where the file goes.
    pub file_action: String,
    /// All prices as a file.
    pub file_href: String,
    /// What is wrong with the file; empty when nothing is.
    pub file_error: String,
    /// A SKU.
    pub variant: Field,
    /// From how many on.
    pub min_quantity: Field,
    /// In major units; empty takes it out.
    pub price: Field,
    /// The first prices in it.
    pub rows: Vec<ListedPriceRow>,
    /// Whether there are more than those.
    pub more: bool,
    /// `EUR`
    pub currency: String,
}

/// A price of a list.
#[derive(Clone, Debug, Serialize)]
pub struct ListedPriceRow {
    /// Its product.
    pub href: String,
    /// `Oak board, large`
    pub name: String,
    /// Its SKU, or its id.
    pub sku: String,
    /// What one costs without the list.
    pub own_price: MoneyView,
    /// From how many on.
    pub from: i64,
    /// For one.
    pub price: MoneyView,
}

/// `/admin/products/{product}/prices`
#[derive(Clone, Debug, Serialize)]
pub struct PriceHistoryPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The product's page.
    pub up: String,
    /// Its name.
    pub heading: String,
    /// The newest first.
    pub rows: Vec<PriceMomentRow>,
}

/// What a variant was offered for from a moment on.
#[derive(Clone, Debug, Serialize)]
pub struct PriceMomentRow {
    /// `21 Nov 2026, 10:42 UTC`
    pub from: String,
    /// Its option values; empty for a single variant.
    pub variant: String,
    /// `€12.50`, or `not offered`.
    pub price: String,
}
