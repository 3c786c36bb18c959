//! Gift cards: the list, one of them, and giving one.

use serde::Serialize;

use super::{AdminShell, Cursor, Field, MoneyView, Problem, Status};

/// `/admin/gift-cards?q=`
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What was searched for.
    pub query: String,
    /// The newest first.
    pub rows: Vec<GiftCardRow>,
    /// Where the list goes on.
    pub cursor: Cursor,
    /// Whether another one may be issued.
    pub may_issue: bool,
}

/// A gift card in the list.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardRow {
    /// Its page.
    pub href: String,
    /// `…7K3M`
    pub name: String,
    /// Whether it can pay.
    pub status: Status,
    /// `Store credit`
    pub reason: String,
    /// Whose; empty when not known.
    pub email: String,
    /// What was on it at first.
    pub issued: MoneyView,
    /// What is left.
    pub balance: MoneyView,
    /// `21 Nov 2026`
    pub created: String,
}

/// `/admin/gift-cards/{id}`, and the answer that issued one.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `/admin/gift-cards/gft_…`; the form that closes it posts to `close` below it: `key`, `close_note`.
    pub href: String,
    /// `Gift card …7K3M`
    pub name: String,
    /// Whether it can pay.
    pub status: Status,
    /// Its code, once; empty ever after.
    pub code: String,
    /// What is left.
    pub balance: MoneyView,
    /// What was on it at first.
    pub issued: MoneyView,
    /// `Given by staff`
    pub reason: String,
    /// What staff said about it, line by line.
    pub note: Vec<String>,
    /// Whose; empty when not known.
    pub email: String,
    /// From when on it does not pay; empty for never.
    pub expires: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub created: String,
    /// What went onto it and off it, the newest first.
    pub movements: Vec<GiftCardMovementRow>,
    /// Names the closing; none when it is closed or may not be.
    pub close_key: Option<String>,
    /// Why it is closed.
    pub close_note: Field,
}

/// Money that went onto a gift card or off it.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardMovementRow {
    /// `Pays for an order`
    pub text: String,
    /// `−€20.00`
    pub amount: String,
    /// The order; empty for none.
    pub order_href: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: String,
}

/// `/admin/gift-cards/new`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardIssuePage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Names the card.
    pub key: String,
    /// `EUR`
    pub currency: String,
    /// What is on it.
    pub amount: Field,
    /// Who gets the code by mail.
    pub email: Field,
    /// In UTC; empty for never.
    pub expires_at: Field,
    /// Why.
    pub note: Field,
}
