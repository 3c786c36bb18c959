//! The public face of `inventory`: what is there, what is promised, and why it changed.

use kernel::audit::{AuditRequest, Violation};
use kernel::{CallCtx, CallError, DomainError, IdempotencyKey, Page, PageRequest, Quantity, Timestamp, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is there, and to whom it is promised.
///
/// `available = on_hand - reserved - allocated - safety_stock`, over all locations that orders are sent from. A
/// reservation is a timed hold for a cart or for an order that is not yet placed, an allocation a promise to a placed
/// order. `on_hand` falls at dispatch, when `fulfillment.shipped` arrives.
#[contract(module = "inventory", version = 1, events(StockChanged, StockLow))]
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

    /// Where stock can be, in the order in which orders are sent from there.
    #[read]
    async fn locations(
        &self,
        ctx: &CallCtx,
        request: ListLocations,
    ) -> Result<Vec<StockLocation>, CallError<InventoryError>>;

    /// What an order or a cart holds or was promised, by location; `None` when it never held anything.
    #[read]
    async fn order_stock(
        &self,
        ctx: &CallCtx,
        request: FindOrderStock,
    ) -> Result<Option<OrderStock>, CallError<InventoryError>>;

    /// Compares counters, reservations and the ledger. Gives what breaks an invariant; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<InventoryError>>;

    /// Sets what is there and by which rules it is sold, for imports and counts; differences go into the ledger. Gives
    /// the number that changed. Holds that cannot be met any more end, the newest first.
    #[write(idempotent_by = key)]
    async fn set_stock(&self, ctx: &CallCtx, request: SetStock) -> Result<u32, CallError<InventoryError>>;

    /// Adds to or takes from what is there, with a reason. Holds that cannot be met any more end, the newest first.
    #[write(idempotent_by = key)]
    async fn adjust(&self, ctx: &CallCtx, request: Adjust) -> Result<StockLevel, CallError<InventoryError>>;

    /// Moves goods that nobody was promised from one location to another.
    #[write(idempotent_by = key)]
    async fn transfer(&self, ctx: &CallCtx, request: Transfer) -> Result<StockLevel, CallError<InventoryError>>;

    /// Goods of an order came back: they go on the shelf again, or are written off.
    #[write(idempotent_by = key)]
    async fn restock(&self, ctx: &CallCtx, request: Restock) -> Result<(), CallError<InventoryError>>;

    /// Holds every line for a cart whose shopper is about to pay or, when one is short, none. What the cart held before
    /// is given back with it. A cart holds for at most 10 minutes out of 20. Refused with
    /// [`InventoryError::TooManyHolds`] when its visitor holds too much already; the order can be placed all the same.
    #[write(idempotent_by = cart_id)]
    async fn hold(&self, ctx: &CallCtx, request: Hold) -> Result<Reservation, CallError<InventoryError>>;

    /// Holds every line for an order or, when one is short, none. Takes over what its cart holds. Repeating it for an
    /// order changes nothing.
    #[write(idempotent_by = key)]
    async fn reserve(&self, ctx: &CallCtx, request: Reserve) -> Result<Reservation, CallError<InventoryError>>;

    /// Turns the hold of an order into a promise. When the hold has run out, holds again what is still there or
    /// refuses with [`InventoryError::OutOfStock`]. With lines, changes what a placed order was promised: all or
    /// nothing.
    #[write(idempotent_by = key)]
    async fn allocate(&self, ctx: &CallCtx, request: Allocate) -> Result<(), CallError<InventoryError>>;

    /// Gives back all that an order or a cart holds or was promised and that has not been shipped. An order that holds
    /// nothing is no error, and can hold nothing afterwards: a late `reserve` of it is refused, unless it may return.
    #[write(idempotent_by = key)]
    async fn release(&self, ctx: &CallCtx, request: Release) -> Result<(), CallError<InventoryError>>;

    /// Adds a location or changes one.
    #[write(idempotent_by = key)]
    async fn save_location(
        &self,
        ctx: &CallCtx,
        request: SaveLocation,
    ) -> Result<StockLocation, CallError<InventoryError>>;
}

/// Asks for levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindStock {
    /// `var_…`, at most 2,500.
    pub variant_ids: Vec<String>,
    /// `crt_…`: what this cart, or an order made from it, holds counts as available to it.
    #[serde(default)]
    pub held_by: Option<String>,
    /// Whether to tell what is at each location, also at those that no order is sent from.
    #[serde(default)]
    pub by_location: bool,
}

impl FindStock {
    /// Of these variants, as any shopper sees it.
    pub fn of(variant_ids: Vec<String>) -> Self {
        Self { variant_ids, ..Self::default() }
    }
}

/// Asks for all levels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListStock {
    /// Only those at or below their threshold.
    #[serde(default)]
    pub low_only: bool,
    /// Only those of which more is promised than is there.
    #[serde(default)]
    pub oversold_only: bool,
    /// Only what is at this location.
    #[serde(default)]
    pub location_id: Option<String>,
    /// The SKU begins with this; at most 200 characters.
    #[serde(default)]
    pub search: Option<String>,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// Asks for the ledger of a variant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListMovements {
    /// `var_…`
    pub variant_id: String,
    /// Only at this location.
    #[serde(default)]
    pub location_id: Option<String>,
    /// Only of this kind.
    #[serde(default)]
    pub kind: Option<MovementKind>,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// Asks for all locations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListLocations {}

/// Where stock can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLocation {
    /// `main`, `loc_…`
    pub id: String,
    /// For staff.
    pub name: String,
    /// Where it is, in lines; may be empty.
    pub address: String,
    /// Orders are sent from the location with the lowest number that has everything.
    pub priority: i64,
    /// Whether orders are sent from there. When not, what is there is not sold.
    pub ships: bool,
    /// Whether it is meant when none is named. One is.
    pub is_default: bool,
}

/// Asks what an order or a cart holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindOrderStock {
    /// `ord_…` or `crt_…`
    pub order_id: String,
}

/// What an order or a cart holds or was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderStock {
    /// `ord_…` or `crt_…`
    pub order_id: String,
    /// How far it is.
    pub status: ReservationStatus,
    /// When the hold ends or ended.
    pub expires_at: Timestamp,
    /// By variant, then by location; empty for what never held anything.
    pub lines: Vec<OrderStockLine>,
}

/// A part of what an order or a cart holds or was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderStockLine {
    /// `var_…`
    pub variant_id: String,
    /// Where it is.
    pub location_id: String,
    /// How many.
    pub quantity: i64,
    /// How many of them have left.
    pub shipped: i64,
}

/// How far a reservation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReservationStatus {
    /// Held until its time runs out.
    Held,
    /// Promised to a placed order.
    Allocated,
    /// Given back, or taken over by an order.
    Released,
    /// Its time ran out; what it held may be held again while it is there.
    Expired,
    /// All of it left the house.
    Shipped,
}

/// What there is of a variant, over all locations that orders are sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// At or below this, staff are told; the sum over all locations.
    pub low_stock_threshold: i64,
    /// Expected, and not there yet.
    #[serde(default)]
    pub incoming: i64,
    /// Kept back: never promised.
    #[serde(default)]
    pub safety_stock: i64,
    /// Whether it is counted, and at or below its threshold at one of the locations.
    #[serde(default)]
    pub is_low: bool,
    /// What is where, by priority; only when it was asked for.
    #[serde(default)]
    pub locations: Vec<LocationLevel>,
}

impl StockLevel {
    /// Whether `quantity` can be promised now.
    pub fn can_promise(&self, quantity: i64) -> bool {
        !self.track_inventory || self.backorderable || self.available >= quantity
    }

    /// How many of `quantity` would leave only when goods are back.
    pub fn backordered(&self, quantity: i64) -> i64 {
        let waits = self.track_inventory && self.backorderable;
        if waits { (quantity - self.available.max(0)).max(0) } else { 0 }
    }
}

/// What there is of a variant at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocationLevel {
    /// `main`, `loc_…`
    pub location_id: String,
    /// On the shelf.
    pub on_hand: i64,
    /// Held for orders that are not yet placed.
    pub reserved: i64,
    /// Promised to placed orders.
    pub allocated: i64,
    /// What may still be promised; may be below zero after a count.
    pub available: i64,
    /// Expected, and not there yet.
    pub incoming: i64,
    /// Kept back: never promised.
    pub safety_stock: i64,
    /// At or below this, staff are told.
    pub low_stock_threshold: i64,
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
    /// The order, cart, delivery or import it belongs to.
    pub reference: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Where.
    #[serde(default)]
    pub location_id: String,
}

/// What a movement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
    /// Counted, damaged, found, corrected, written off.
    Adjusted,
    /// Brought from one location to another.
    Transferred,
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

/// How much of a variant shall be there, and by which rules it is sold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// Where; the default location when none is named. Whether it is counted and may be backordered is the same at all.
    #[serde(default)]
    pub location_id: Option<String>,
    /// Kept back: never promised. Not negative. None leaves it as it is, zero at first.
    #[serde(default)]
    pub safety_stock: Option<i64>,
    /// At or below this, staff are told. Not negative. None leaves it as it is, 5 at first.
    #[serde(default)]
    pub low_stock_threshold: Option<i64>,
    /// Expected, and not there yet. Not negative. None leaves it as it is, zero at first.
    #[serde(default)]
    pub incoming: Option<i64>,
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
    /// Why, in words; goes into the ledger.
    pub reason: String,
    /// Where; the default location when none is named.
    #[serde(default)]
    pub location_id: Option<String>,
    /// Whether goods came in: `delta` is positive then, and what is expected falls by it.
    #[serde(default)]
    pub received: bool,
    /// The delivery or count it belongs to, at most 100 characters.
    #[serde(default)]
    pub reference: Option<String>,
}

impl Adjust {
    /// At the default location, because of a count or damage.
    pub fn new(key: IdempotencyKey, variant_id: impl Into<String>, delta: i64, reason: impl Into<String>) -> Self {
        let (variant_id, reason) = (variant_id.into(), reason.into());
        Self { key, variant_id, delta, reason, location_id: None, received: false, reference: None }
    }
}

/// Asks to move goods between locations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Transfer {
    /// Names this change.
    pub key: IdempotencyKey,
    /// `var_…`
    pub variant_id: String,
    /// Where from.
    pub from: String,
    /// Where to.
    pub to: String,
    /// How many; at most what nobody was promised there.
    pub quantity: i64,
    /// Why, in words; goes into the ledger.
    pub reason: String,
}

/// Asks to take back goods of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restock {
    /// From the return and the step.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// What came back, 1 to 200 lines.
    pub lines: Vec<RestockLine>,
    /// Where to; the default location when none is named.
    #[serde(default)]
    pub location_id: Option<String>,
    /// Why, in words; goes into the ledger.
    pub reason: String,
}

/// Goods that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RestockLine {
    /// `var_…`
    pub variant_id: String,
    /// How many.
    pub quantity: Quantity,
    /// Whether they cannot be sold again: the ledger tells that they came back and were written off.
    #[serde(default)]
    pub write_off: bool,
}

/// Asks to hold stock for a cart whose shopper is about to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// `crt_…`
    pub cart_id: String,
    /// Several lines of one variant count together.
    pub lines: Vec<ReserveLine>,
    /// How long the hold lasts, at most 600 seconds.
    pub hold_seconds: u32,
    /// The visitor's session, in a form that opens nothing: at most 5 live holds. None is not counted.
    #[serde(default)]
    pub session: Option<String>,
    /// The visitor's address: at most 10 live holds. None is not counted.
    #[serde(default)]
    pub address: Option<String>,
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
    /// How long the hold lasts, at most 1,200 seconds from when its goods were first held.
    pub hold_seconds: u32,
    /// `crt_…`: what this cart holds becomes the order's, as far as the order wants it; the rest is given back.
    #[serde(default)]
    pub takes_over: Option<String>,
}

/// What to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReserveLine {
    /// `var_…`
    pub variant_id: String,
    /// How many.
    pub quantity: Quantity,
    /// Of a bundle: what one of it consists of. These are held in its place.
    #[serde(default)]
    pub components: Vec<Component>,
}

impl ReserveLine {
    /// So many of a variant that is no bundle.
    pub fn new(variant_id: impl Into<String>, quantity: Quantity) -> Self {
        Self { variant_id: variant_id.into(), quantity, components: Vec::new() }
    }
}

/// A part of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// `var_…`
    pub variant_id: String,
    /// How many are in one bundle.
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
    /// Of an order that was edited: all that it shall be promised, what has left included. More is taken where it is
    /// there, less is given back. Empty for what it holds.
    #[serde(default)]
    pub lines: Vec<ReserveLine>,
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
    /// Whether the order may hold again, since its payment failed and another attempt may follow. Ends a hold only: what
    /// was promised stays promised.
    #[serde(default)]
    pub may_return: bool,
    /// Whether what was promised is lost or damaged: it is written off and does not become available.
    #[serde(default)]
    pub write_off: bool,
}

impl Release {
    /// For good, and back on the shelf.
    pub fn new(key: IdempotencyKey, order_id: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key, order_id: order_id.into(), reason: reason.into(), may_return: false, write_off: false }
    }
}

/// Asks to add a location or to change one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaveLocation {
    /// Names this change.
    pub key: IdempotencyKey,
    /// Which; none for a new one.
    #[serde(default)]
    pub id: Option<String>,
    /// For staff, 1 to 100 characters.
    pub name: String,
    /// Where it is, in lines, at most 500 characters.
    #[serde(default)]
    pub address: String,
    /// 0 to 1,000; orders are sent from the lowest that has everything.
    pub priority: i64,
    /// Whether orders are sent from there.
    pub ships: bool,
    /// Whether it becomes the one that is meant when none is named.
    #[serde(default)]
    pub is_default: bool,
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
    /// The visitor holds too much already, or the cart held long enough.
    #[error("no more can be held for this visitor now")]
    TooManyHolds,
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

/// What may be promised of a variant at a location changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockChanged {
    /// `var_…`
    pub variant_id: String,
    /// What may be promised now.
    pub available: i64,
    /// What could be promised before.
    pub available_before: i64,
    /// Where.
    #[serde(default)]
    pub location_id: String,
}

/// What may be promised of a variant at a location fell to its threshold: once each time that it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StockLow {
    /// `var_…`
    pub variant_id: String,
    /// Where.
    pub location_id: String,
    /// As last told with a change.
    pub sku: Option<String>,
    /// What may be promised now.
    pub available: i64,
    /// At or below this, staff are told.
    pub low_stock_threshold: i64,
}

impl kernel::event::Event for StockLow {
    const KIND: &'static str = "stock.low";

    fn aggregate_id(&self) -> String {
        self.variant_id.clone()
    }
}

impl kernel::event::Event for StockChanged {
    const KIND: &'static str = "stock.changed";

    fn aggregate_id(&self) -> String {
        self.variant_id.clone()
    }
}
