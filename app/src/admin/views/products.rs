//! Products: the list, and the form.

use serde::Serialize;

use super::{AdminShell, Field, Pagination, Picture, PriceView, Problem, SelectField, Status, Tab};

/// `/admin/products`
#[derive(Clone, Debug, Serialize)]
pub struct ProductsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// By status.
    pub tabs: Vec<Tab>,
    /// The status shown, sent with the search as `status`; empty for all.
    pub status: String,
    /// What was searched for: `q`.
    pub query: String,
    /// On all pages together.
    pub total: i64,
    /// The products.
    pub rows: Vec<ProductRowView>,
    /// Where the page is among the others.
    pub pagination: Pagination,
}

/// A product in the list.
#[derive(Clone, Debug, Serialize)]
pub struct ProductRowView {
    /// Its page.
    pub href: String,
    /// Its name.
    pub title: String,
    /// The maker; empty when not known.
    pub vendor: String,
    /// Its category; empty for none.
    pub category: String,
    /// Its picture.
    pub picture: Picture,
    /// Whether it is shown.
    pub status: Status,
    /// `52 in 3 variants`
    pub stock: Status,
    /// What it costs.
    pub price: PriceView,
    /// `21 Nov 2026`
    pub updated: String,
}

/// `/admin/products/new`, `/admin/products/{id}`
#[derive(Clone, Debug, Serialize)]
pub struct ProductFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored; empty for a new one.
    pub heading: String,
    /// How it is.
    pub badge: Option<Status>,
    /// Its page in the shop; empty while it has none.
    pub shop_href: String,
    /// `Changed 21 Nov 2026, 10:42 UTC, version 4`; empty for a new one.
    pub changed: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What someone else changed meanwhile, field by field. Sending the form again keeps what is typed here.
    pub conflict: Vec<ConflictRow>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: the version that the form was made from; empty for a new one.
    pub version: String,
    /// `title`
    pub title: Field,
    /// `slug`
    pub slug: Field,
    /// `status`
    pub status: SelectField,
    /// `vendor`
    pub vendor: Field,
    /// `category`: its name.
    pub category: Field,
    /// Names of the categories there are.
    pub categories: Vec<String>,
    /// `tags`, separated by commas.
    pub tags: Field,
    /// What its variants are taxed as; empty when they differ.
    pub tax_class: Field,
    /// Names to choose from, for `tax_class`.
    pub tax_classes: Vec<String>,
    /// `description_html`
    pub description: Field,
    /// `option_0` to `option_2`: names of the options.
    pub options: Vec<Field>,
    /// Variants in order, then some empty rows for new ones.
    pub variants: Vec<VariantRow>,
    /// `EUR`
    pub currency: String,
    /// Whether price lists have other prices for some of its variants now.
    pub is_listed: bool,
    /// Pictures; they are kept as they are.
    pub media: Vec<Picture>,
}

/// A field that someone else changed meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictRow {
    /// `Name`
    pub name: String,
    /// As it is stored now.
    pub theirs: String,
    /// As it is typed here.
    pub yours: String,
}

/// A variant in the form. Fields are named `variant_{place}_{what}`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VariantRow {
    /// From 0.
    pub place: usize,
    /// `value_0` to `value_2`: one value for each option.
    pub values: Vec<Field>,
    /// `sku`
    pub sku: Field,
    /// `price`, in major units.
    pub price: Field,
    /// `compare_at`, in major units.
    pub compare_at: Field,
    /// `barcode`
    pub barcode: Field,
    /// `weight`, in grams.
    pub weight: Field,
    /// `12 available`; empty for a new one.
    pub stock: String,
    /// Its ledger; empty for a new one.
    pub stock_href: String,
}
