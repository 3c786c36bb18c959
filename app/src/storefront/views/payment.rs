//! Pages on which is paid: that of the test provider, and that for cards.

use serde::Serialize;

use super::{MoneyView, Shell};

/// `/pay/test/{token}`
#[derive(Clone, Debug, Serialize)]
pub struct TestPaymentPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Of the order.
    pub number: String,
    /// To be paid.
    pub amount: MoneyView,
    /// Whether the shopper is now to confirm it with the bank.
    pub authenticating: bool,
    /// Whether there is money that the shopper's bank could take back.
    pub can_dispute: bool,
    /// Where to go when it was decided already; empty before.
    pub return_href: String,
}

/// `/pay/card/{token}`
#[derive(Clone, Debug, Serialize)]
pub struct CardPaymentPage {
    /// Around the page.
    pub shell: Shell,
    /// Where the forms go: the page itself; `choice` is `hosted` or `leave`.
    pub action: String,
    /// Of the order.
    pub number: String,
    /// To be paid.
    pub amount: MoneyView,
    /// Whether the provider's fields can be here; else only the way to its own page.
    pub has_fields: bool,
    /// For the provider's script: whose shop it is.
    pub key: String,
    /// For the provider's script: which payment it is.
    pub secret: String,
    /// For the provider's script: where it sends the shopper back to.
    pub return_url: String,
    /// Lets the scripts of this answer run, and no others.
    pub nonce: String,
}
