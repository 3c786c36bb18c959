//! The public face of `inventory`: what is there, what is promised, and why it changed.

use kernel::{CallCtx, CallError, DomainError, IdempotencyKey, Page, PageRequest, Quantity, Timestamp, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is there, and to whom it is promised.
///
/// `available = on_hand - reserved - allocated`. A reservation is a timed hold for an order that is not yet placed, an
/// allocation a promise to a placed order. `on_hand` falls at dispatch, when `fulfillment.shipped` arrives.
#[contract(module = "inventory", version = 1, events(StockChanged))]
pub trait Inventory {
    /// The levels of several variants at once. Variants that were never stocked are left out: they have nothing.
    #[read]
    async fn stock_levels(
        &self,
        ctx: &CallCtx,
        request: FindStock,
    ) -> Result<Vec<StockLevel>, CallError<InventoryError>>;

    /// All levels, by SKU.
    #[read]
    async fn list_stock(
        &self,
        ctx: &CallCtx,
        request: ListStock,
    ) -> Result<Page<StockLevel>, CallError<InventoryError>>;

    /// The ledger of one variant, newest first.
    #[read]
    async fn movements(
        &self,
        ctx: &CallCtx,
        request: ListMovements,
    ) -> Result<Page<StockMovement>, CallError<InventoryError>>;

    /// Sets what is there, for imports and counts; differences go into the ledger. Gives the number that changed.
    #[write(idempotent_by = key)]
    async fn set_stock(&self, ctx: &CallCtx, request: SetStock) -> Result<u32, CallError<InventoryError>>;

    /// Adds to or takes from what is there, with a reason.
    #[write(idempotent_by = key)]
    async fn adjust(&self, ctx: &CallCtx, request: Adjust) -> Result<StockLevel, CallError<InventoryError>>;

    /// Holds every line for an order or, when one is short, none. Repeating it for an order changes nothing.
    #[write(idempotent_by = key)]
    async fn reserve(&self, ctx: &CallCtx, request: Reserve) -> Result<Reservation, CallError<InventoryError>>;

    /// Turns the hold of an order into a promise. When the hold has run out, holds again what is still there or
    /// refuses with [`InventoryError::OutOfStock`].
    #[write(idempotent_by = key)]
    async fn allocate(&self, ctx: &CallCtx, request: Allocate) -> Result<(), CallError<InventoryError>>;

    /// Gives back all that an order holds or was promised and that has not been shipped. An order that holds nothing is
    /// no error, and can hold nothing afterwards: a late `reserve` of it is refused.
    #[write(idempotent_by = key)]
    async fn release(&self, ctx: &CallCtx, request: Release) -> Result<(), CallError<InventoryError>>;
}

/// Asks for levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindStock {
    /// `var_…`, at most 2,500.
    pub variant_ids: Vec<String>,
}

/// Asks for all levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListStock {
    /// Only those at or below their threshold.
    #[serde(default)]
    pub low_only: bool,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// Asks for the ledger of a variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListMovements {
    /// `var_…`
    pub variant_id: String,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// What there is of a variant, over all locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLevel {
    /// `var_…`
    pub variant_id: String,
    /// As last told with a change; for lists.
    pub sku: Option<String>,
    /// On the shelf.
    pub on_hand: i64,
    /// Held for orders that are not yet placed.
    pub reserved: i64,
    /// Promised to placed orders.
    pub allocated: i64,
    /// What may still be promised; may be below zero after a count.
    pub available: i64,
    /// Whether stock is counted at all. When not, there is always enough.
    pub track_inventory: bool,
    /// Whether more may be promised than is there.
    pub backorderable: bool,
    /// At or below this, staff are told.
    pub low_stock_threshold: i64,
}

impl StockLevel {
    /// Whether `quantity` can be promised now.
    pub fn can_promise(&self, quantity: i64) -> bool {
        !self.track_inventory || self.backorderable || self.available >= quantity
    }
}

/// A change in the ledger, which only grows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockMovement {
    /// `mov_…`
    pub id: String,
    /// `var_…`
    pub variant_id: String,
    /// What happened.
    pub kind: MovementKind,
    /// Change of `on_hand`.
    pub on_hand_delta: i64,
    /// Change of `reserved`.
    pub reserved_delta: i64,
    /// Change of `allocated`.
    pub allocated_delta: i64,
    /// `on_hand` afterwards.
    pub on_hand_after: i64,
    /// Why, in words.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// The order or import it belongs to.
    pub reference: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MovementKind {
    /// Goods came in.
    Received,
    /// Held for an order.
    Reserved,
    /// Promised to an order.
    Allocated,
    /// A hold or a promise ended without goods leaving.
    Released,
    /// Goods left.
    Shipped,
    /// Goods came back.
    Returned,
    /// Counted, damaged, found, corrected.
    Adjusted,
}

/// Asks to set what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetStock {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Why, in words; goes into the ledger.
    pub reason: String,
    /// At most 5,000.
    pub items: Vec<StockItem>,
}

/// How much of a variant shall be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockItem {
    /// `var_…`
    pub variant_id: String,
    /// For lists.
    #[serde(default)]
    pub sku: Option<String>,
    /// On the shelf; not negative. None leaves it as it is, zero for a variant that is new.
    #[serde(default)]
    pub on_hand: Option<i64>,
    /// Whether stock is counted at all.
    pub track_inventory: bool,
    /// Whether more may be promised than is there.
    #[serde(default)]
    pub backorderable: bool,
}

/// Asks to add to or take from what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adjust {
    /// Names this change.
    pub key: IdempotencyKey,
    /// `var_…`
    pub variant_id: String,
    /// Not zero; `on_hand` must not fall below zero.
    pub delta: i64,
    /// Why, in words: count, damage, return, correction, found.
    pub reason: String,
}

/// Asks to hold stock for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reserve {
    /// From the order and the step.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// Several lines of one variant count together.
    pub lines: Vec<ReserveLine>,
    /// How long the hold lasts, at most 1,200 seconds.
    pub hold_seconds: u32,
}

/// What to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReserveLine {
    /// `var_…`
    pub variant_id: String,
    /// How many.
    pub quantity: Quantity,
}

/// A hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reservation {
    /// `ord_…`
    pub order_id: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// Asks to turn a hold into a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Allocate {
    /// From the order and the step.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
}

/// Asks to give back what an order holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// From the order and the step.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// Why, in words; goes into the ledger.
    pub reason: String,
}

/// What was wanted and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortage {
    /// `var_…`
    pub variant_id: String,
    /// How many were wanted.
    pub wanted: i64,
    /// How many could have been promised.
    pub available: i64,
}

/// Why `inventory` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum InventoryError {
    /// Not enough is there.
    #[error("not enough in stock")]
    OutOfStock {
        /// Every line that is short.
        shortages: Vec<Shortage>,
    },
    /// The variant was never stocked.
    #[error("there is no stock record of this variant")]
    NotFound,
    /// The order holds nothing that could be promised.
    #[error("the order holds no stock")]
    NothingReserved,
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

impl InventoryError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for InventoryError {}

/// What may be promised of a variant changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockChanged {
    /// `var_…`
    pub variant_id: String,
    /// What may be promised now.
    pub available: i64,
    /// What could be promised before.
    pub available_before: i64,
}

impl kernel::event::Event for StockChanged {
    const KIND: &'static str = "stock.changed";

    fn aggregate_id(&self) -> String {
        self.variant_id.clone()
    }
}
