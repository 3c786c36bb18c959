//! What the merchant sets.

use kernel::Secret;
use kernel::outgoing::AnyOutgoing;
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
    /// Cards, when there is an account.
    #[serde(skip)]
    pub stripe: Option<StripeSettings>,
    /// From which the addresses of payment pages are derived, and which wraps the key of gift cards. The same in every
    /// process of the shop, and never shown.
    pub secret_key: Secret,
    /// The one before, while it is being changed.
    #[serde(default)]
    pub former_secret_key: Option<Secret>,
}

/// How cards are taken.
#[derive(Clone)]
pub struct StripeSettings {
    /// `sk_…`
    pub secret_key: String,
    /// `pk_…`, for its fields on our page.
    pub publishable_key: Option<String>,
    /// What its notices are signed with: one, and during a rotation two.
    pub webhook_secrets: Vec<String>,
    /// Where its API is.
    pub api_url: String,
    /// Where the shopper pays.
    pub page: StripePage,
    /// Where the shopper comes back to, without a trailing slash.
    pub base_url: String,
    /// On its pages and on statements.
    pub shop_name: String,
    /// The way to it.
    pub http: AnyOutgoing,
}

impl std::fmt::Debug for StripeSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stripe at {}", self.api_url)
    }
}

/// Where the shopper pays by card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StripePage {
    /// On the provider's page.
    Hosted,
    /// In its fields on our page; on its own where no script runs.
    Embedded,
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
