//! Gift cards and store credit: money that the shop owes to whoever knows a code.

use std::fmt;

use kernel::{Email, IdempotencyKey, Money, PageRequest, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RefundId;

kernel::ids! {
    /// A gift card, or store credit.
    GiftCardId = "gft";
}

/// The method of a payment that gift cards cover whole: no provider takes part in it.
pub const GIFT_CARD: &str = "gift_card";

/// The method of a refund that became store credit.
pub const STORE_CREDIT: &str = "store_credit";

/// The most that one card may be worth, in minor units.
pub const MOST_ON_A_GIFT_CARD: i64 = 100_000_000;

/// The most gift cards that may pay for one order.
pub const MOST_GIFT_CARDS: usize = 10;

/// A code as somebody typed it, or as it is given out: `7K3M-…`. Logs do not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct GiftCardCode(String);

impl GiftCardCode {
    /// However it is spelled.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For a page, a mail or a form.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GiftCardCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiftCardCode(…)")
    }
}

/// Money that the shop owes to whoever knows a code. Store credit is one, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GiftCard {
    /// Its id.
    pub id: GiftCardId,
    /// The end of its code, by which people tell it from others.
    pub last_four: String,
    /// What was on it at first.
    pub issued: Money,
    /// What is left on it.
    pub balance: Money,
    /// Whether it can pay, as far as its date allows.
    pub status: GiftCardStatus,
    /// Why there is one.
    pub reason: GiftCardReason,
    /// What staff, or the refund, said about it; may be empty.
    pub note: String,
    /// Whose it is, when that is known.
    pub email: Option<Email>,
    /// From when on it does not pay any more.
    pub expires_at: Option<Timestamp>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// What went onto it and off it, the oldest first. Told to those who may read orders, who asked for one card.
    #[serde(default)]
    pub movements: Vec<GiftCardMovement>,
    /// Told by the call that issued it, and to the shop itself for a mail.
    #[serde(default)]
    pub code: Option<GiftCardCode>,
}

impl GiftCard {
    /// Whether it can pay anything at `now`.
    pub fn can_pay(&self, now: Timestamp) -> bool {
        let in_time = self.expires_at.is_none_or(|expires_at| now < expires_at);
        self.status == GiftCardStatus::Open && in_time && self.balance.amount > 0
    }
}

/// Whether a gift card can pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiftCardStatus {
    /// It can.
    Open,
    /// Staff closed it.
    Closed,
}

/// Why there is a gift card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiftCardReason {
    /// Staff gave it.
    Granted,
    /// The money of an order went back as store credit.
    Refund,
}

/// Money that went onto a gift card or off it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GiftCardMovement {
    /// What happened.
    pub kind: GiftCardMovementKind,
    /// How much; never below zero.
    pub amount: Money,
    /// `ord_…`, the order that it paid for or came back from.
    pub order_id: Option<String>,
    /// The refund that it came by.
    pub refund_id: Option<RefundId>,
    /// Who.
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
}

/// What happened to the money of a gift card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiftCardMovementKind {
    /// It was put onto a new card.
    Issue,
    /// It pays for an order, or is held for one that is being paid.
    Spend,
    /// It came back from an order.
    Restore,
    /// It was written off with the card.
    Close,
}

/// What of a payment a gift card takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GiftCardUse {
    /// Which card.
    pub gift_card_id: GiftCardId,
    /// How much, at least 1 minor unit.
    pub amount: Money,
}

/// Asks for gift cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindGiftCards {
    /// Which.
    pub query: GiftCardQuery,
    /// Which part of a list.
    #[serde(default)]
    pub page: PageRequest,
}

/// Which gift cards are looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiftCardQuery {
    /// The one with this code, however it is spelled. One that cannot pay now is not there, whatever the cause.
    Code {
        /// As it was typed.
        code: GiftCardCode,
    },
    /// These. For the shop itself, and those who may read orders; of one alone the movements are told as well.
    Ids {
        /// At most 100.
        ids: Vec<GiftCardId>,
    },
    /// Those whose code ends so, or that have to do with this order or address; all when it is empty. The newest first.
    /// For those who may read orders.
    Search {
        /// The last four of a code, `ord_…`, or an e-mail address.
        text: String,
    },
    /// One with its code, for the mail that carries it. For the shop itself.
    ToMail {
        /// Which.
        id: GiftCardId,
    },
}

impl From<GiftCardQuery> for FindGiftCards {
    fn from(query: GiftCardQuery) -> Self {
        Self { query, page: PageRequest::default() }
    }
}

/// Asks to issue or to close a gift card. Needs the permission to manage orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeGiftCard {
    /// Names this change.
    pub key: IdempotencyKey,
    /// What.
    pub action: GiftCardAction,
}

/// What staff may do with gift cards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum GiftCardAction {
    /// Make a new one. The answer has its code.
    Issue {
        /// What is on it: 1 to [`MOST_ON_A_GIFT_CARD`] minor units.
        amount: Money,
        /// Who gets its code by mail.
        #[serde(default)]
        email: Option<Email>,
        /// From when on it does not pay any more; later than now.
        #[serde(default)]
        expires_at: Option<Timestamp>,
        /// Why, for the books; 1 to 200 characters.
        note: String,
    },
    /// End one. What is left on it is written off. One that is closed already stays as it is.
    Close {
        /// Which.
        gift_card_id: GiftCardId,
        /// Why, for the books; 1 to 200 characters.
        note: String,
    },
}

/// Staff issued a gift card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GiftCardIssued {
    /// Which.
    pub gift_card_id: GiftCardId,
    /// Whether somebody is to get its code by mail.
    pub is_mailed: bool,
}

impl kernel::event::Event for GiftCardIssued {
    const KIND: &'static str = "gift_card.issued";

    fn aggregate_id(&self) -> String {
        self.gift_card_id.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_not_shown_to_logs() {
        let code = GiftCardCode::new("7K3M-2222-3333-4444-5555-6666");
        assert_eq!(format!("{code:?}"), "GiftCardCode(…)");
        let query = GiftCardQuery::Code { code };
        assert!(!format!("{query:?}").contains("7K3M"));
    }
}
