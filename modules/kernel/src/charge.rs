//! What a price is made of beside itself: reductions and taxes, as they travel from the cart to the order and its papers.

use std::fmt;
use std::str::FromStr;

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

/// What a thing is taxed as: `standard`, `reduced`, `zero`, `exempt`, or another class that the shop announces rates for.
/// 1 to 40 small letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct TaxClass(String);

/// The text is not the name of a tax class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("use 1 to 40 letters a to z, digits and hyphens, such as standard or reduced")]
pub struct NotATaxClass;

impl TaxClass {
    /// How goods are taxed of which nothing else is said.
    pub const STANDARD: &str = "standard";
    /// As many countries tax food and books.
    pub const REDUCED: &str = "reduced";
    /// Taxed at a rate of zero.
    pub const ZERO: &str = "zero";
    /// Not taxed.
    pub const EXEMPT: &str = "exempt";
    /// Those that every shop has.
    pub const USUAL: [&str; 4] = [Self::STANDARD, Self::REDUCED, Self::ZERO, Self::EXEMPT];

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is of those that bear no tax anywhere, and so have no rates.
    pub fn is_untaxed(&self) -> bool {
        matches!(self.as_str(), Self::ZERO | Self::EXEMPT)
    }
}

/// `standard`
impl Default for TaxClass {
    fn default() -> Self {
        Self(Self::STANDARD.to_owned())
    }
}

/// Capital letters count as small ones. `export` is no class: it says where a thing goes, not what it is.
impl FromStr for TaxClass {
    type Err = NotATaxClass;

    fn from_str(text: &str) -> Result<Self, NotATaxClass> {
        let name = text.trim().to_ascii_lowercase();
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=40).contains(&name.len()) && name.bytes().all(fits) && name != EXPORT {
            Ok(Self(name))
        } else {
            Err(NotATaxClass)
        }
    }
}

impl fmt::Display for TaxClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TaxClass> for String {
    fn from(class: TaxClass) -> Self {
        class.0
    }
}

impl TryFrom<String> for TaxClass {
    type Error = NotATaxClass;

    fn try_from(text: String) -> Result<Self, NotATaxClass> {
        text.parse()
    }
}

/// [`TaxLine::class`] of what goes where no tax is due.
pub const EXPORT: &str = "export";

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
