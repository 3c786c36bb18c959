//! What a price is made of beside itself: reductions and taxes, as they travel from the cart to the order and its papers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Money;

/// A reduction, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adjustment {
    /// `prm_…`, the promotion of cart that gives it; empty when staff gave it by hand.
    #[serde(default)]
    pub promotion_id: String,
    /// As the shopper reads it: `Spring sale`.
    pub label: String,
    /// The code that was given for it, in the one form in which codes are compared.
    #[serde(default)]
    pub code: Option<String>,
    /// What it takes off, in the currency of the price; never negative.
    pub amount: Money,
}

/// One tax on one price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxLine {
    /// As people read it: `VAT`.
    pub name: String,
    /// Parts per million: 200000 is 20 %, 88750 is 8.875 %.
    pub rate_ppm: u32,
    /// The tax class of what is taxed: `standard`, `reduced`, `zero`, `exempt`; `export` when no tax is due because it
    /// leaves the country.
    pub class: String,
    /// Whether the tax is part of the price; else it is added to it.
    pub contained: bool,
    /// What it is taken on: the price after all reductions and without any contained tax.
    pub base: Money,
    /// The tax.
    pub amount: Money,
}

/// All of `adjustments` together, in minor units. They are in one currency and below a price, which is checked where
/// they come in.
pub fn total_of(adjustments: &[Adjustment]) -> i64 {
    adjustments.iter().map(|adjustment| adjustment.amount.amount).sum()
}

/// All of `taxes` that are added to prices, in minor units.
pub fn added(taxes: &[TaxLine]) -> i64 {
    taxes.iter().filter(|tax| !tax.contained).map(|tax| tax.amount.amount).sum()
}

/// All of `taxes` that prices contain, in minor units.
pub fn contained(taxes: &[TaxLine]) -> i64 {
    taxes.iter().filter(|tax| tax.contained).map(|tax| tax.amount.amount).sum()
}
