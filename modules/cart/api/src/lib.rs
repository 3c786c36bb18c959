//! The public face of `cart`: what a shopper has gathered, and what it costs.

mod promotion;
mod quote;

use kernel::audit::{AuditRequest, Violation};
use kernel::{
    Address, Adjustment, CallCtx, CallError, Country, DomainError, Email, IdempotencyKey, Money, Quantity, TaxLine,
    contract, ids,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use promotion::{
    Action, AddCode, CartCode, ClaimCodes, CodeState, Conditions, CouponCode, Items, ListPromotions, Promotion,
    PromotionId, PromotionRule, RemoveCode, SavePromotion, Step,
};
pub use quote::{
    PromotionOutcome, Quote, QuoteCharge, QuoteLine, QuotePromotion, QuoteRequest, QuoteTax, QuotedCharge, QuotedLine,
    TaxPolicy, TaxRounding,
};

ids! {
    /// A cart.
    CartId = "crt";
    /// A line of a cart.
    CartLineId = "cln";
}

/// What a shopper has gathered, and what it costs.
///
/// A cart belongs to whoever shows its secret: the principal of every call is the guest with that secret. Someone else's
/// cart looks exactly like none.
#[contract(module = "cart", version = 1)]
pub trait Carts {
    /// The cart with present prices and stock; `None` when the secret opens none, or it was ordered.
    #[read]
    async fn cart(&self, ctx: &CallCtx, request: FindCart) -> Result<Option<Cart>, CallError<CartError>>;

    /// Adds a variant, as many as can be had, to the cart of the secret, which is created when there is none.
    #[write(idempotent_by = key)]
    async fn add_line(&self, ctx: &CallCtx, request: AddLine) -> Result<LineAdded, CallError<CartError>>;

    /// Changes how many of a line.
    #[write(idempotent_by = key)]
    async fn set_quantity(&self, ctx: &CallCtx, request: SetQuantity) -> Result<CartChanged, CallError<CartError>>;

    /// Takes a line out; one that is not in the caller's cart, or not any more, is not found.
    #[write(idempotent_by = key)]
    async fn remove_line(&self, ctx: &CallCtx, request: RemoveLine) -> Result<CartChanged, CallError<CartError>>;

    /// Keeps who buys and where it goes.
    #[write(idempotent_by = key)]
    async fn save_contact(&self, ctx: &CallCtx, request: SaveContact) -> Result<CartChanged, CallError<CartError>>;

    /// Keeps how it gets there; refused when it cannot get there so.
    #[write(idempotent_by = key)]
    async fn save_shipping(&self, ctx: &CallCtx, request: SaveShipping) -> Result<CartChanged, CallError<CartError>>;

    /// Compares its data with its invariants. Gives what breaks one; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<CartError>>;

    /// What given things cost: how carts are priced, and what else asks for prices, such as drafts of staff.
    #[read]
    async fn quote(&self, ctx: &CallCtx, request: QuoteRequest) -> Result<Quote, CallError<CartError>>;

    /// Uses a code in the cart; refused with [`CartError::CodeRefused`] when it takes nothing off. One that is there
    /// already is no error.
    #[write(idempotent_by = key)]
    async fn add_code(&self, ctx: &CallCtx, request: AddCode) -> Result<CartChanged, CallError<CartError>>;

    /// Takes a code out; one that is gone already is no error.
    #[write(idempotent_by = key)]
    async fn remove_code(&self, ctx: &CallCtx, request: RemoveCode) -> Result<CartChanged, CallError<CartError>>;

    /// Counts the codes of the cart as used, all or none, before its order is placed. Refused with
    /// [`CartError::CodeRefused`] when one is used up meanwhile. Uses of orders that never come to be are given back.
    #[write(idempotent_by = key)]
    async fn claim_codes(&self, ctx: &CallCtx, request: ClaimCodes) -> Result<(), CallError<CartError>>;

    /// Promotions, the latest first, at most 500. Needs the permission to read products.
    #[read]
    async fn promotions(&self, ctx: &CallCtx, request: ListPromotions) -> Result<Vec<Promotion>, CallError<CartError>>;

    /// Makes or changes a promotion. Needs the permission to manage products.
    #[write(idempotent_by = key)]
    async fn save_promotion(&self, ctx: &CallCtx, request: SavePromotion) -> Result<Promotion, CallError<CartError>>;
}

/// The most lines of a cart.
pub const MAX_LINES: usize = 200;
/// The most codes of a cart.
pub const MAX_CODES: usize = 10;

/// Asks for the cart of the principal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindCart {}

/// A cart with present prices and stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cart {
    /// Its id; opens nothing.
    pub id: CartId,
    /// Raised with every change that matters to an order.
    pub version: i64,
    /// In the order added.
    pub lines: Vec<CartLine>,
    /// Units in all lines that can be bought.
    pub item_count: i64,
    /// The totals of lines that can be bought, together.
    pub subtotal: Money,
    /// Reductions of the whole cart, each once; their parts are [`CartLine::shares`].
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// The codes that were given, with what they do now.
    #[serde(default)]
    pub codes: Vec<CartCode>,
    /// Every tax, each rate once.
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
    /// How it gets there: as chosen, or the cheapest way as an estimate; none when it cannot.
    pub shipping: Option<CartShipping>,
    /// The ways it could get there.
    pub shipping_choices: Vec<ShippingChoice>,
    /// What is to be paid.
    pub total: Money,
    /// Part of the total that is tax contained in prices.
    pub tax_contained: Money,
    /// The standard rate where it goes, 2000 is 20 %.
    pub tax_basis_points: u32,
    /// The country that delivery and tax are reckoned for: of the address, or the shop's own as an estimate.
    pub country: Country,
    /// Who buys, once known.
    pub email: Option<Email>,
    /// Where it goes, once known.
    pub address: Option<Address>,
    /// Whether every line can be bought as it is.
    pub can_check_out: bool,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CartLine {
    /// Its id.
    pub id: CartLineId,
    /// `var_…`
    pub variant_id: String,
    /// The product's place in URLs.
    pub slug: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values.
    pub options: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// Its picture: `Media::source` of catalog.
    pub image: Option<String>,
    /// For each of so many, now.
    pub unit_price: Money,
    /// What a single one costs now, where each of so many costs less.
    #[serde(default)]
    pub price_of_one: Option<Money>,
    /// For a single one, when it was added.
    pub added_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// Of one, when it is known.
    #[serde(default)]
    pub weight_grams: Option<i64>,
    /// Reductions of this line alone.
    #[serde(default)]
    pub discounts: Vec<Adjustment>,
    /// For all, less `discounts`; zero when it cannot be bought.
    pub line_total: Money,
    /// Its parts of reductions of the whole cart.
    #[serde(default)]
    pub shares: Vec<Adjustment>,
    /// Its taxes, on `line_total` less `shares`.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    /// Whether it can be bought.
    pub state: LineState,
    /// How many of them are sold although they are not there: they leave when goods are back.
    #[serde(default)]
    pub backordered: i64,
}

/// Whether a line can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineState {
    /// As it is.
    Available,
    /// Only fewer.
    Fewer {
        /// How many.
        available: i64,
    },
    /// Not now.
    SoldOut,
    /// It is no longer sold.
    Withdrawn,
    /// Inventory does not answer; it is checked when the order is placed.
    Unchecked,
}

/// How a cart gets to its buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartShipping {
    /// `ShippingMethod::code` of orders.
    pub method: String,
    /// As the shopper sees it.
    pub name: String,
    /// What it costs, after reductions.
    pub price: Money,
    /// Its reductions.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// Its taxes, on `price`.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    /// Whether the shopper chose it.
    pub chosen: bool,
}

/// A way a cart could get to its buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingChoice {
    /// `ShippingMethod::code` of orders.
    pub method: String,
    /// As the shopper sees it.
    pub name: String,
    /// What it costs.
    pub price: Money,
    /// From which worth it is free, when it can be.
    pub free_from: Option<Money>,
    /// Working days until it arrives, at least.
    pub min_days: u32,
    /// Working days until it arrives, at most.
    pub max_days: u32,
}

/// Asks to add a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddLine {
    /// Names this addition.
    pub key: IdempotencyKey,
    /// `var_…`
    pub variant_id: String,
    /// How many more.
    pub quantity: Quantity,
    /// What the page showed; refused with [`CartError::PriceChanged`] when it is another now.
    #[serde(default)]
    pub expected_price: Option<Money>,
}

/// What `add_line` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LineAdded {
    /// How many were added: fewer than asked for when there were no more.
    pub added: i64,
    /// Units in the cart now.
    pub item_count: i64,
    /// The product's name.
    pub title: String,
}

/// What a change of a cart left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartChanged {
    /// Units in the cart now.
    pub item_count: i64,
    /// Its version now.
    pub version: i64,
    /// Which cart.
    #[serde(default)]
    pub cart_id: Option<CartId>,
    /// What is in it now.
    #[serde(default)]
    pub units: Vec<CartUnits>,
}

/// How many of a variant are in a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CartUnits {
    /// `var_…`
    pub variant_id: String,
    /// How many.
    pub quantity: Quantity,
}

/// Asks to change how many of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetQuantity {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Which line.
    pub line_id: CartLineId,
    /// How many; taking a line out is [`Carts::remove_line`].
    pub quantity: Quantity,
}

/// Asks to take a line out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoveLine {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Which line.
    pub line_id: CartLineId,
}

/// Asks to keep who buys and where it goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaveContact {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Who.
    pub email: Email,
    /// Where.
    pub address: Address,
}

/// Asks to keep how it gets there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaveShipping {
    /// Names this change.
    pub key: IdempotencyKey,
    /// `ShippingMethod::code` of orders.
    pub method: String,
}

/// Why `cart` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CartError {
    /// There is no such cart or line, or not for the caller.
    #[error("there is no such cart or line")]
    NotFound,
    /// There is no such variant, or it is not sold.
    #[error("this is not for sale")]
    NotForSale,
    /// Not even one more can be had.
    #[error("{title} is sold out")]
    SoldOut {
        /// The product's name.
        title: String,
        /// How many the cart holds already.
        in_cart: i64,
    },
    /// The page showed another price.
    #[error("{title} costs {now} now")]
    PriceChanged {
        /// The product's name.
        title: String,
        /// What it costs.
        now: Money,
    },
    /// A limit of carts.
    #[error("a cart holds at most {limit} {what}")]
    TooMany {
        /// `lines`, or `of one item`.
        what: String,
        /// How many.
        limit: i64,
    },
    /// Goods cannot get there, or not this way.
    #[error("no delivery to {country}")]
    NotDeliverable {
        /// Where to.
        country: Country,
    },
    /// A code takes nothing off.
    #[error("{code} does not apply")]
    CodeRefused {
        /// In its one form.
        code: String,
        /// Why not.
        reason: CodeState,
    },
    /// This version of the cart, or an earlier one with the same codes, is an order already.
    #[error("this cart is an order already")]
    AlreadyOrdered,
    /// This member of staff may not do that.
    #[error("not permitted")]
    NotPermitted,
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile; it is now at version {current}")]
    Changed {
        /// Its version.
        current: i64,
    },
    /// Another promotion has the code.
    #[error("another promotion has the code {code}")]
    CodeTaken {
        /// Which.
        code: String,
    },
    /// A value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: String,
        /// What to do about it.
        problem: String,
    },
    /// A refusal of a newer release.
    #[error("refused for a reason that this release does not know")]
    #[serde(other)]
    Other,
}

impl CartError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for CartError {}
