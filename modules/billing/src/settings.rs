//! What the merchant sets.

use kernel::Secret;
use serde::Deserialize;

/// How the shop is paid.
#[derive(Clone, Debug, Deserialize)]
pub struct BillingSettings {
    /// Where bank transfers go; without it they are not offered.
    #[serde(default)]
    pub bank_account: Option<BankAccount>,
    /// Whether shoppers may pay with the built-in provider that moves no money.
    #[serde(default)]
    pub test_provider: bool,
    /// Whether shoppers may pay the courier.
    #[serde(default)]
    pub cash_on_delivery: bool,
    /// Whether providers that can only hold the money at first, until staff take it; else they take it at once.
    #[serde(default)]
    pub captures_later: bool,
    /// From which the addresses of payment pages are derived. The same in every process of the shop, and never shown.
    pub secret_key: Secret,
}

/// A bank account of the merchant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BankAccount {
    /// Whose it is.
    pub holder: String,
    /// With or without spaces.
    pub iban: String,
    /// Needed for transfers from outside the single euro payments area.
    #[serde(default)]
    pub bic: Option<String>,
    /// The bank's name.
    #[serde(default)]
    pub bank: Option<String>,
}
