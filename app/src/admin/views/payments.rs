//! Payments to check.

use serde::Serialize;

use super::{AdminShell, Cursor, MoneyView, Status, Tab};

/// `/admin/payments`
#[derive(Clone, Debug, Serialize)]
pub struct PaymentChecksPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Open ones, or all.
    pub tabs: Vec<Tab>,
    /// The differences.
    pub rows: Vec<PaymentCheckRow>,
    /// Where the list is.
    pub cursor: Cursor,
}

/// A difference between a provider's books and ours.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentCheckRow {
    /// Where its forms go: `action` is `ask`, `give_back`, or `close` with a `note`.
    pub href: String,
    /// What differs.
    pub heading: String,
    /// What to do about it; empty when it is settled.
    pub advice: String,
    /// `Card`
    pub provider: String,
    /// The provider's name for the money, or our session.
    pub subject: String,
    /// The order's page; empty when there is none.
    pub order_href: String,
    /// How much it is about.
    pub amount: MoneyView,
    /// What they say and what we say.
    pub evidence: String,
    /// When it was found.
    pub found: String,
    /// Whether it waits for someone.
    pub status: Status,
    /// How it was settled, by whom and when; empty when it is open.
    pub settlement: String,
    /// Whether the provider can be asked again.
    pub may_ask: bool,
    /// Whether the provider can give it back.
    pub may_give_back: bool,
    /// Whether it can be closed by hand.
    pub may_close: bool,
}
