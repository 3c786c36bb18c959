//! Quotes: what given things cost under given promotions and taxes.

use kernel::{Adjustment, Currency, Money, Quantity, TaxLine};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::PromotionRule;

/// Asks what given things cost. Nothing is looked up, so the answer depends on the request alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteRequest {
    /// Of every amount.
    pub currency: Currency,
    /// How taxes are reckoned.
    #[serde(default)]
    pub taxes: TaxPolicy,
    /// At most 200.
    pub lines: Vec<QuoteLine>,
    /// At most 100.
    #[serde(default)]
    pub promotions: Vec<QuotePromotion>,
    /// How it gets there.
    #[serde(default)]
    pub shipping: Option<QuoteCharge>,
    /// Other charges, which may be negative; at most 50.
    #[serde(default)]
    pub surcharges: Vec<QuoteCharge>,
    /// Groups of the one who buys.
    #[serde(default)]
    pub customer_groups: Vec<String>,
}

/// How taxes are reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaxPolicy {
    /// Whether prices contain their taxes; else these are added.
    pub prices_include_tax: bool,
    /// What is rounded.
    pub rounding: TaxRounding,
}

/// Prices contain tax, which is rounded once for each rate.
impl Default for TaxPolicy {
    fn default() -> Self {
        Self { prices_include_tax: true, rounding: TaxRounding::Order }
    }
}

impl TaxRounding {
    /// `unit`, `line`, and everything else is `order`.
    pub fn named(name: &str) -> Self {
        match name {
            "unit" => Self::Unit,
            "line" => Self::Line,
            _ => Self::Order,
        }
    }
}

/// What is rounded to whole minor units; a half is rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxRounding {
    /// The tax of each unit.
    Unit,
    /// The tax of each line.
    Line,
    /// The tax of each rate; the lines have parts of it.
    #[default]
    Order,
}

/// Something to price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteLine {
    /// Tells lines apart. Where remainders are divided, the line with the lower id comes first, wherever it stands.
    pub id: String,
    /// `var_…`
    #[serde(default)]
    pub variant_id: String,
    /// `prd_…`
    #[serde(default)]
    pub product_id: String,
    /// By slug.
    #[serde(default)]
    pub category: Option<String>,
    /// For one.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// What one costs when it is not reduced, if it is.
    #[serde(default)]
    pub regular_price: Option<Money>,
    /// No reduction brings one below this.
    #[serde(default)]
    pub minimum_price: Option<Money>,
    /// Whether the price contains its taxes; as the policy says when it is not given.
    #[serde(default)]
    pub includes_tax: Option<bool>,
    /// Side by side or compound.
    #[serde(default)]
    pub taxes: Vec<QuoteTax>,
    /// What the price contains, when that is not `taxes`: the price is first brought to the one with the same net.
    #[serde(default)]
    pub listed_with: Option<Vec<QuoteTax>>,
}

/// A tax on something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteTax {
    /// `VAT`
    pub name: String,
    /// 200000 is 20 %.
    pub rate_ppm: u32,
    /// The tax class, as [`TaxLine::class`].
    pub class: String,
    /// Whether it is taken on the price and the taxes before it.
    #[serde(default)]
    pub compound: bool,
}

/// Delivery, or another charge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuoteCharge {
    /// As the shopper reads it.
    pub name: String,
    /// What it costs.
    pub price: Money,
    /// As with a line.
    #[serde(default)]
    pub includes_tax: Option<bool>,
    /// As with a line.
    #[serde(default)]
    pub taxes: Vec<QuoteTax>,
    /// As with a line.
    #[serde(default)]
    pub listed_with: Option<Vec<QuoteTax>>,
}

/// A promotion that applies if its conditions are met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotePromotion {
    /// `prm_…`, or empty when staff reduce by hand.
    #[serde(default)]
    pub promotion_id: String,
    /// As the shopper reads it.
    pub label: String,
    /// The code that was given for it.
    #[serde(default)]
    pub code: Option<String>,
    /// What it does.
    pub rule: PromotionRule,
}

/// What things cost. The parts add up to the total, always.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quote {
    /// In the order asked for.
    pub lines: Vec<QuotedLine>,
    /// The line totals together.
    pub subtotal: Money,
    /// Reductions of the whole order, each once; their parts are with the lines.
    pub adjustments: Vec<Adjustment>,
    /// Delivery.
    pub shipping: Option<QuotedCharge>,
    /// In the order asked for.
    pub surcharges: Vec<QuotedCharge>,
    /// Each rate once, the sums of those of lines, delivery and other charges; by name, then the higher rate first.
    pub tax_lines: Vec<TaxLine>,
    /// Tax in prices, together.
    pub tax_contained: Money,
    /// Tax on top of prices, together.
    pub tax_added: Money,
    /// `subtotal`, less `adjustments`, with delivery, other charges and `tax_added`.
    pub total: Money,
    /// What became of each promotion, in the order asked for.
    pub promotions: Vec<PromotionOutcome>,
}

/// What a line costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedLine {
    /// As asked for.
    pub id: String,
    /// For one, before reductions; not as asked for where the price was brought to other taxes.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// Reductions of this line alone.
    pub discounts: Vec<Adjustment>,
    /// `unit_price` times `quantity`, less `discounts`.
    pub line_total: Money,
    /// Its parts of reductions of the whole order.
    pub shares: Vec<Adjustment>,
    /// Its taxes, on `line_total` less `shares`.
    pub taxes: Vec<TaxLine>,
}

/// What a charge costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotedCharge {
    /// As asked for.
    pub name: String,
    /// After reductions.
    pub price: Money,
    /// Its reductions.
    pub adjustments: Vec<Adjustment>,
    /// Its taxes, on `price`.
    pub taxes: Vec<TaxLine>,
}

/// What became of a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum PromotionOutcome {
    /// It takes so much off.
    Applied {
        /// Lines and delivery together.
        amount: Money,
    },
    /// Goods for so much more are needed.
    BelowMinimum {
        /// So much.
        missing: Money,
    },
    /// It takes nothing off.
    NothingQualifies,
    /// It is for others.
    NotForCustomer,
    /// What is not combined with it takes more off.
    NotCombined,
    /// What a newer release says.
    #[serde(other)]
    Other,
}
