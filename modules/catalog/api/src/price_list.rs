//! Price lists: other prices than a variant's own, for a time or for larger quantities.

use kernel::{Currency, IdempotencyKey, Money, PageRequest, Quantity, Timestamp, ids};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CatalogError, ProductId, VariantId};

ids! {
    /// A price list.
    PriceListId = "prl";
}

/// What the prices of a list are to a shopper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceListKind {
    /// Simply the price, be it higher or lower than the variant's own.
    #[default]
    Override,
    /// A reduction of what the thing costs otherwise, which is shown beside it. It never makes anything dearer.
    Sale,
}

impl PriceListKind {
    /// As stored and shown in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Override => "override",
            Self::Sale => "sale",
        }
    }
}

impl std::str::FromStr for PriceListKind {
    type Err = CatalogError;

    fn from_str(text: &str) -> Result<Self, CatalogError> {
        match text {
            "override" => Ok(Self::Override),
            "sale" => Ok(Self::Sale),
            _ => Err(CatalogError::invalid("kind", "write override or sale")),
        }
    }
}

/// A list of prices that count for a time.
///
/// Of the lists in force, overrides say what a thing costs and sales reduce that. Among lists of one kind the one with the
/// highest priority counts, among equals the lower price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceList {
    /// Its id.
    pub id: PriceListId,
    /// For staff.
    pub name: String,
    /// Of every price in it.
    pub currency: Currency,
    /// What its prices are.
    pub kind: PriceListKind,
    /// The highest counts.
    pub priority: i64,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when; none for without end.
    pub ends_at: Option<Timestamp>,
    /// How many prices are in it.
    pub price_count: i64,
    /// Raised with every change, of its prices too.
    pub version: i64,
}

/// What each costs from some quantity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceTier {
    /// When so many or more are bought together.
    pub from: Quantity,
    /// For one.
    pub price: Money,
}

/// A variant's own price, as it was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnPrice {
    /// What one costs.
    pub price: Money,
    /// What it cost before, when it is reduced.
    pub compare_at_price: Option<Money>,
}

/// What each costs when so many are bought: `price`, or less by the tiers, whose prices fall with their quantities.
pub(crate) fn price_for(price: Money, tiers: &[PriceTier], quantity: Quantity) -> Money {
    tiers.iter().rev().find(|tier| tier.from <= quantity).map_or(price, |tier| tier.price)
}

/// Asks for price lists, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListPriceLists {
    /// Only this one.
    #[serde(default)]
    pub id: Option<PriceListId>,
}

/// Asks to create or change a price list. Its prices are set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SavePriceList {
    /// Names this change.
    pub key: IdempotencyKey,
    /// The list to change; none creates one.
    #[serde(default)]
    pub id: Option<PriceListId>,
    /// The version that the caller saw; the change is refused when another came between.
    #[serde(default)]
    pub expected_version: Option<i64>,
    /// 1 to 200 characters.
    pub name: String,
    /// That of the shop.
    pub currency: Currency,
    /// What its prices are.
    #[serde(default)]
    pub kind: PriceListKind,
    /// -1,000 to 1,000; the highest counts.
    #[serde(default)]
    pub priority: i64,
    /// From when on.
    pub starts_at: Timestamp,
    /// Until when; none for without end.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

/// Asks to set prices of a list. They are taken all or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetListPrices {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Whose prices.
    pub price_list_id: PriceListId,
    /// Only says what would be refused.
    #[serde(default)]
    pub dry_run: bool,
    /// At most 500.
    pub prices: Vec<ListPriceInput>,
}

/// A price as someone wants it to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListPriceInput {
    /// The SKU of the variant, or its id.
    pub variant: String,
    /// It counts when so many or more are bought together.
    pub min_quantity: Quantity,
    /// For one, 0 to 10^10 minor units; none takes the price out of the list.
    pub price: Option<Money>,
}

/// A price that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefusedPrice {
    /// Which of those that were sent, from 0.
    pub place: u32,
    /// `variant` or `price`.
    pub field: String,
    /// What to do about it.
    pub problem: String,
}

/// Asks for the prices of a list, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindListPrices {
    /// Of which.
    pub price_list_id: PriceListId,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// A price of a list, with what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedPrice {
    /// The variant.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub title: String,
    /// `Sand, 140 × 200`; empty for a product with a single variant.
    pub options: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// What one costs without any list.
    pub own_price: Money,
    /// From how many on.
    pub min_quantity: Quantity,
    /// For one.
    pub price: Money,
}

/// Asks what the variants of a product were offered for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindPriceHistory {
    /// Which product.
    pub product_id: ProductId,
}

/// What a variant was offered for from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PriceMoment {
    /// The variant.
    pub variant_id: VariantId,
    /// Its option values; empty for a product with a single variant.
    pub options: String,
    /// From when on.
    pub from: Timestamp,
    /// For one; none while it was not offered.
    pub price: Option<Money>,
}
