//! Promotions: what is reduced, by how much, and under which conditions.

use kernel::{Currency, IdempotencyKey, Money, Timestamp, ids};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

ids! {
    /// A promotion.
    PromotionId = "prm";
}

/// What is reduced, by how much, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PromotionRule {
    /// When it applies.
    #[serde(default)]
    pub conditions: Conditions,
    /// What it does then.
    pub action: Action,
    /// Higher ones are reckoned first.
    #[serde(default)]
    pub priority: i64,
    /// Whether it is never combined with others. Of several the one of the highest priority counts, and it or the others
    /// together, whichever takes more off.
    #[serde(default)]
    pub exclusive: bool,
}

impl PromotionRule {
    /// Whether all its amounts are in `currency`. What has none, such as a percentage, is in every currency.
    pub fn is_in(&self, currency: Currency) -> bool {
        let amounts: Vec<Money> = match &self.action {
            Action::AmountPerUnit { amount, .. }
            | Action::AmountPerLine { amount, .. }
            | Action::UnitPrice { price: amount, .. }
            | Action::Amount { amount, .. } => vec![*amount],
            Action::Tiered { steps, .. } => {
                steps.iter().flat_map(|step| std::iter::once(step.from).chain(step.amount)).collect()
            }
            Action::PercentPerLine { .. }
            | Action::Percent { .. }
            | Action::BuyGet { .. }
            | Action::Delivery { .. } => Vec::new(),
        };
        amounts.iter().chain(&self.conditions.minimum_goods).all(|amount| amount.currency == currency)
    }
}

/// When a promotion applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conditions {
    /// The goods cost at least this before any reduction.
    #[serde(default)]
    pub minimum_goods: Option<Money>,
    /// Only what is not reduced already, as [`crate::QuoteLine::regular_price`] tells.
    #[serde(default)]
    pub only_at_regular_price: bool,
    /// Only for customers of one of these groups; for everybody when there are none.
    #[serde(default)]
    pub customer_groups: Vec<String>,
}

/// What a promotion does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// So much off each unit, at most its price.
    AmountPerUnit {
        /// Of what.
        items: Items,
        /// Off one unit.
        amount: Money,
    },
    /// So much off each line, at most what is left of it.
    AmountPerLine {
        /// Of what.
        items: Items,
        /// Off all units of a line together.
        amount: Money,
    },
    /// Parts of what is left of each line, rounded for each.
    PercentPerLine {
        /// Of what.
        items: Items,
        /// 100000 is 10 %.
        ppm: u32,
    },
    /// Each unit for so much.
    UnitPrice {
        /// Of what.
        items: Items,
        /// For one unit; dearer than its price changes nothing.
        price: Money,
    },
    /// So much off the goods together, divided among the lines by what is left of them.
    Amount {
        /// Off what.
        items: Items,
        /// At most what the goods cost.
        amount: Money,
    },
    /// Parts of the goods together, rounded once, then divided like an amount.
    Percent {
        /// Off what.
        items: Items,
        /// 100000 is 10 %.
        ppm: u32,
    },
    /// The more the goods cost, the more comes off: the highest step that they reach counts.
    Tiered {
        /// Off what.
        items: Items,
        /// In any order.
        steps: Vec<Step>,
    },
    /// Whoever buys some gets others for less, as often as there are enough of both. A unit counts once, as bought or as
    /// got; the cheapest that qualify are got.
    BuyGet {
        /// What has to be bought.
        buy: Items,
        /// How many.
        buy_quantity: u32,
        /// What is got.
        get: Items,
        /// How many.
        get_quantity: u32,
        /// What comes off each of them: 1000000 makes them free.
        ppm: u32,
        /// At most so many in one order.
        #[serde(default)]
        most: Option<u32>,
    },
    /// Parts of what is left to pay for delivery.
    Delivery {
        /// 1000000 makes it free.
        ppm: u32,
    },
}

/// Which goods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Items {
    /// All.
    #[default]
    All,
    /// These categories, by slug.
    Categories(Vec<String>),
    /// These products: `prd_…`.
    Products(Vec<String>),
    /// These variants: `var_…`.
    Variants(Vec<String>),
    /// These lines of a quote, by id.
    Lines(Vec<String>),
}

/// A step of a tiered reduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// From which worth of the goods on.
    pub from: Money,
    /// So much off.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Parts off, when there is no amount: 100000 is 10 %.
    #[serde(default)]
    pub ppm: u32,
}

/// A promotion as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promotion {
    /// Its id.
    pub id: PromotionId,
    /// As shoppers and staff read it.
    pub label: String,
    /// What it does.
    pub rule: PromotionRule,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when, exclusive; without end when there is none.
    pub ends_at: Option<Timestamp>,
    /// Whether the shop has told everybody of it, so that a shopper may read why a code does not apply. Otherwise a code
    /// that does not apply looks like one that there is not.
    pub announced: bool,
    /// Whether a use is given back when its order is canceled.
    pub given_back: bool,
    /// One of these has to be given; without any it applies by itself.
    pub codes: Vec<CouponCode>,
    /// Raised by every change.
    pub version: i64,
}

/// A code that has to be given for a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CouponCode {
    /// In the one form in which codes are compared: capital letters, digits and `-`.
    pub code: String,
    /// How often it may be used in all.
    #[serde(default)]
    pub limit: Option<i64>,
    /// How often one customer may use it, by their e-mail address.
    #[serde(default)]
    pub limit_per_customer: Option<i64>,
    /// How often it is used: by orders, and by those that are being placed now.
    #[serde(default)]
    pub uses: i64,
}

/// Asks to make or change a promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavePromotion {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Which; a new one when there is none.
    #[serde(default)]
    pub id: Option<PromotionId>,
    /// What it was when it was read; refused with [`crate::CartError::Changed`] when it is another now.
    #[serde(default)]
    pub expected_version: Option<i64>,
    /// 1 to 200 characters.
    pub label: String,
    /// What it does.
    pub rule: PromotionRule,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when, exclusive.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    /// [`Promotion::announced`].
    #[serde(default)]
    pub announced: bool,
    /// [`Promotion::given_back`].
    #[serde(default)]
    pub given_back: bool,
    /// At most 1,000, with their limits. A code that is left out ends; its uses stay counted.
    #[serde(default)]
    pub codes: Vec<CouponCode>,
}

/// Asks for promotions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListPromotions {
    /// Only this one.
    #[serde(default)]
    pub id: Option<PromotionId>,
}

/// Asks to use a code in the cart of the principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddCode {
    /// Names this change.
    pub key: IdempotencyKey,
    /// As typed: capitals, spaces and look-alikes do not matter.
    pub code: String,
}

/// Asks to take a code out of the cart of the principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoveCode {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Which.
    pub code: String,
}

/// Asks to count the codes of a cart as used by the order that is about to be placed from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimCodes {
    /// From the cart and its version.
    pub key: IdempotencyKey,
    /// Which version of the cart is ordered.
    pub cart_version: i64,
    /// Those of its codes that reduce the order.
    pub codes: Vec<String>,
}

/// A code in a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartCode {
    /// In its one form.
    pub code: String,
    /// [`Promotion::label`].
    pub label: String,
    /// What it does now.
    pub state: CodeState,
}

/// What a code does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CodeState {
    /// It takes so much off.
    Applied {
        /// So much.
        amount: Money,
    },
    /// There is no such code, or the shop does not tell more.
    Unknown,
    /// It begins later.
    NotStarted {
        /// Then.
        starts_at: Timestamp,
    },
    /// It is over.
    Ended {
        /// Since then.
        ended_at: Timestamp,
    },
    /// It was used as often as it may be, by all or by this customer.
    UsedUp,
    /// Nothing in the cart qualifies.
    NothingQualifies,
    /// Goods for so much more are needed.
    BelowMinimum {
        /// So much.
        missing: Money,
    },
    /// Something that is not combined with it takes more off.
    NotCombined,
    /// What a newer release says.
    #[serde(other)]
    Other,
}
