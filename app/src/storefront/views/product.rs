//! The page of a product.

use serde::Serialize;

use super::{Link, Picture, PriceView, ProductTile, Row, Shell, StockView};

/// `/p/{slug}?variant=`
#[derive(Clone, Debug, Serialize)]
pub struct ProductPage {
    /// Around the page.
    pub shell: Shell,
    /// The way here, without the page itself.
    pub breadcrumb: Vec<Link>,
    /// Its name.
    pub heading: String,
    /// The maker; empty when not known.
    pub vendor: String,
    /// Pictures, the main one first; at least one, which may stand in for none.
    pub gallery: Vec<Picture>,
    /// What the chosen variant costs.
    pub price: PriceView,
    /// `10 or more`, `€9.00 each`: what more of it cost.
    pub tiers: Vec<Row>,
    /// `VAT included`; empty for none.
    pub tax_note: String,
    /// What there is to choose; empty for a product with a single variant.
    pub options: Vec<OptionGroup>,
    /// The chosen variant.
    pub variant_id: String,
    /// The chosen option values: `Sand, 140 × 200`; empty for a single variant.
    pub variant_name: String,
    /// Stock keeping unit; empty for none.
    pub sku: String,
    /// Whether the chosen variant can be had.
    pub stock: StockView,
    /// Whether another variant can be had.
    pub others_in_stock: bool,
    /// The price shown, in minor units, sent back so that a changed price is noticed.
    pub expected_price: i64,
    /// The most that one order may take, at least 1.
    pub max_quantity: i64,
    /// How it gets there, what that costs, how it goes back.
    pub facts: Vec<Fact>,
    /// Sanitised HTML.
    pub description_html: String,
    /// What is known of it, row by row.
    pub specification: Vec<Row>,
    /// Others of its category.
    pub related: Vec<ProductTile>,
}

/// One thing to choose.
#[derive(Clone, Debug, Serialize)]
pub struct OptionGroup {
    /// `Size`
    pub name: String,
    /// The value chosen.
    pub chosen: String,
    /// In order.
    pub values: Vec<OptionValue>,
}

/// One value to choose. It is a link to the variant that differs from the chosen one in this value only or, where that
/// does not exist, to the nearest that does.
#[derive(Clone, Debug, Serialize)]
pub struct OptionValue {
    /// `Large`
    pub name: String,
    /// `/p/oak-board?variant=var_…`
    pub href: String,
    /// Whether it is the one chosen.
    pub chosen: bool,
    /// Whether that variant is sold out.
    pub sold_out: bool,
    /// What else changes when it is chosen: `in Walnut only`; empty when nothing does.
    pub note: String,
}

/// A fact about delivery or returns.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// Name of an icon: `truck`, `return`, `lock`, `tax`.
    pub icon: String,
    /// `Arrives Tue 24 – Wed 25 Nov`
    pub text: String,
    /// `to Austria, €4.90, free from €120`; empty for none.
    pub detail: String,
}
