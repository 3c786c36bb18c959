//! The public face of `orders`: buying, and what happens to an order afterwards.

use kernel::audit::{AuditRequest, Violation};
use kernel::{
    Address, Adjustment, CallCtx, CallError, Country, DomainError, Email, IdempotencyKey, Money, Page, PageRequest,
    Quantity, Secret, TaxLine, Timestamp, charge, contract, ids,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

ids! {
    /// An order.
    OrderId = "ord";
    /// A line of an order.
    OrderLineId = "oln";
    /// A parcel.
    FulfillmentId = "ful";
    /// Goods that come back.
    ReturnId = "ret";
}

/// [`PlaceOrder::payment_method`] of an order that staff make for someone who pays later, from the order's page. Nothing is
/// held and no payment is started until then; after seven days it expires.
pub const PAYMENT_LINK: &str = "payment_link";

/// [`PlaceOrder::payment_method`] of an order that gift cards pay whole.
pub const GIFT_CARD: &str = "gift_card";

/// Buying, and what happens to an order afterwards.
#[contract(
    module = "orders",
    version = 1,
    events(OrderPlaced, OrderCanceled, OrderPaid, OrderRefunded, FulfillmentShipped, ReturnChanged, PaymentRequested)
)]
pub trait Orders {
    /// How goods worth `subtotal` can get to a country, the cheapest first; empty when they cannot.
    #[read]
    async fn shipping_methods(
        &self,
        ctx: &CallCtx,
        request: ListShippingMethods,
    ) -> Result<Vec<ShippingMethod>, CallError<OrdersError>>;

    /// Makes or changes a way of delivery: where it goes and what it costs. Needs the permission to manage orders.
    #[write(idempotent_by = key)]
    async fn save_shipping_method(
        &self,
        ctx: &CallCtx,
        request: SaveShippingMethod,
    ) -> Result<ShippingMethod, CallError<OrdersError>>;

    /// Buys one version of a cart: creates the order, then holds stock, starts the payment and, when that needs no
    /// provider's word, promises the stock. Repeating it joins the order that the first call made.
    #[write(idempotent_by = key)]
    async fn place_order(&self, ctx: &CallCtx, request: PlaceOrder) -> Result<PlacedOrder, CallError<OrdersError>>;

    /// Takes a running purchase as far as it goes now: asks billing, then places, fails or expires the order. Whoever
    /// comes first does it: the browser's return, an event, the recovery job.
    #[write(idempotent_by = order_id)]
    async fn advance_order(
        &self,
        ctx: &CallCtx,
        request: AdvanceOrder,
    ) -> Result<OrderProgress, CallError<OrdersError>>;

    /// Starts another attempt to pay a pending order, with the same or another method.
    #[write(idempotent_by = key)]
    async fn retry_payment(
        &self,
        ctx: &CallCtx,
        request: RetryPayment,
    ) -> Result<OrderProgress, CallError<OrdersError>>;

    /// One order. A guest sees the one whose secret they show, staff and modules see any.
    #[read]
    async fn order(&self, ctx: &CallCtx, request: FindOrder) -> Result<Option<Order>, CallError<OrdersError>>;

    /// Orders for staff, newest first.
    #[read]
    async fn list_orders(
        &self,
        ctx: &CallCtx,
        request: ListOrders,
    ) -> Result<Page<OrderSummary>, CallError<OrdersError>>;

    /// Staff saw the money of a placed order on the bank account. Needs the permission to manage orders.
    #[write(idempotent_by = key)]
    async fn mark_paid(&self, ctx: &CallCtx, request: MarkPaid) -> Result<Order, CallError<OrdersError>>;

    /// Packs some or all of what is not yet packed into a parcel. Needs the permission to fulfill orders.
    #[write(idempotent_by = key)]
    async fn pack(&self, ctx: &CallCtx, request: Pack) -> Result<Order, CallError<OrdersError>>;

    /// Hands a packed parcel to the carrier. Needs the permission to fulfill orders.
    #[write(idempotent_by = key)]
    async fn ship(&self, ctx: &CallCtx, request: Ship) -> Result<Order, CallError<OrdersError>>;

    /// Cancels an order of which nothing is packed: its stock is given back or written off, and what was paid goes back.
    /// Its owner may do so, and staff with the permission to manage orders.
    #[write(idempotent_by = key)]
    async fn cancel_order(&self, ctx: &CallCtx, request: CancelOrder) -> Result<Order, CallError<OrdersError>>;

    /// Gives back some or all of what was paid, and puts goods that came back on the shelf. Needs the permission to manage
    /// orders.
    #[write(idempotent_by = key)]
    async fn refund_order(&self, ctx: &CallCtx, request: RefundOrder) -> Result<Order, CallError<OrdersError>>;

    /// Asks to send goods back that have left the house. A guest asks for their own order; what staff with the permission to
    /// manage orders ask is approved.
    #[write(idempotent_by = key)]
    async fn request_return(&self, ctx: &CallCtx, request: RequestReturn) -> Result<Order, CallError<OrdersError>>;

    /// Approves, rejects, takes back, receives or pays back a return. Needs the permission to manage orders; a guest may
    /// take their own back.
    #[write(idempotent_by = key)]
    async fn handle_return(&self, ctx: &CallCtx, request: HandleReturn) -> Result<Order, CallError<OrdersError>>;

    /// Compares its data with its invariants. Gives what breaks one; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<OrdersError>>;
}

/// Asks how goods can get to a country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListShippingMethods {
    /// Where to.
    pub country: Country,
    /// Worth of the goods, for free delivery from an amount.
    pub subtotal: Money,
    /// Weight of the goods in grams, for rates by weight.
    #[serde(default)]
    pub weight_grams: i64,
    /// Every way to everywhere, with [`ShippingMethod::countries`], for those who may read orders.
    #[serde(default)]
    pub everywhere: bool,
}

/// A way for goods to get to someone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingMethod {
    /// `standard`, `express`.
    pub code: String,
    /// As the shopper sees it.
    pub name: String,
    /// What it costs, tax included.
    pub price: Money,
    /// From which worth it is free, when it can be.
    pub free_from: Option<Money>,
    /// Working days until it arrives, at least.
    pub min_days: u32,
    /// Working days until it arrives, at most.
    pub max_days: u32,
    /// What it costs instead of `price` for goods that are worth or weigh more; see [`ShippingMethod::price_for`].
    #[serde(default)]
    pub rates: Vec<ShippingRate>,
    /// How heavy the goods may be, in grams.
    #[serde(default)]
    pub max_grams: Option<i64>,
    /// Where it goes; empty for everywhere. Told to staff, who asked for [`ListShippingMethods::everywhere`].
    #[serde(default)]
    pub countries: Vec<Country>,
    /// Raised with every change.
    #[serde(default)]
    pub version: i64,
}

/// A step of what a way of delivery costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingRate {
    /// From which worth of the goods on; only by weight when there is none.
    #[serde(default)]
    pub from_worth: Option<Money>,
    /// From which weight of the goods on, in grams.
    #[serde(default)]
    pub from_grams: i64,
    /// What it costs then.
    pub price: Money,
}

impl ShippingMethod {
    /// What it costs for goods of this worth and weight: nothing from `free_from` on, else the price of the last rate whose
    /// worth and weight are both reached, else `price`.
    pub fn price_for(&self, worth: Money, weight_grams: i64) -> Money {
        let reaches = |from: Option<Money>| {
            from.is_none_or(|from| from.currency == worth.currency && worth.amount >= from.amount)
        };
        if self.free_from.is_some() && reaches(self.free_from) {
            return Money::zero(self.price.currency);
        }
        let reached = self.rates.iter().rfind(|rate| reaches(rate.from_worth) && weight_grams >= rate.from_grams);
        reached.map_or(self.price, |rate| rate.price)
    }

    /// Whether goods of this weight can be sent so.
    pub fn carries(&self, weight_grams: i64) -> bool {
        self.max_grams.is_none_or(|most| weight_grams <= most)
    }
}

/// Asks to make or change a way of delivery. Needs the permission to manage orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SaveShippingMethod {
    /// Names this change.
    pub key: IdempotencyKey,
    /// As it shall be. Its code is small letters, digits and `-`, and stays.
    pub method: ShippingMethod,
    /// The version that was changed; none to make one.
    #[serde(default)]
    pub expected_version: Option<i64>,
    /// Whether it is no longer offered. Orders that have it keep it.
    #[serde(default)]
    pub ended: bool,
}

/// Asks to buy one version of a cart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceOrder {
    /// From the cart and its version: a cart version is ordered once.
    pub key: IdempotencyKey,
    /// `crt_…`
    pub cart_id: String,
    /// Which version of the cart.
    pub cart_version: i64,
    /// Opens the order's page. The caller derives it, so that a repeat carries the same; only its hash is stored.
    pub secret: Secret,
    /// The buyer.
    pub email: Email,
    /// Where it goes.
    pub address: Address,
    /// What is bought, as the shopper saw it.
    pub lines: Vec<PlaceOrderLine>,
    /// [`ShippingMethod::code`].
    pub shipping_method: String,
    /// What the shopper saw for it, after its reductions.
    pub shipping_price: Money,
    /// Reductions of the delivery; its price before them is that of the method.
    #[serde(default)]
    pub shipping_adjustments: Vec<Adjustment>,
    /// The taxes of the delivery, on its reduced price.
    #[serde(default)]
    pub shipping_taxes: Vec<TaxLine>,
    /// Reductions of the whole order, each once. Their parts are [`PlaceOrderLine::shares`], which add up to them.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// Every tax of lines and delivery, each rate once: base and amount are the sums of theirs. Empty when the caller
    /// knows only [`PlaceOrder::tax_contained`].
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
    /// Part of the total that is tax contained in prices.
    pub tax_contained: Money,
    /// What the shopper saw and agreed to pay. Refused when the parts do not add up to it: lines, less reductions of the
    /// whole order, delivery, and taxes that are added to prices.
    pub expected_total: Money,
    /// What of the total gift cards pay, as the shopper saw it. Refused when one has less than that by now.
    #[serde(default)]
    pub gift_cards: Vec<OrderGiftCard>,
    /// `PaymentMethod::code` of billing for the rest; [`GIFT_CARD`] when there is none; or [`PAYMENT_LINK`], which is for staff
    /// only.
    pub payment_method: String,
}

/// What a gift card pays of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderGiftCard {
    /// `gft_…`, as billing knows it.
    pub gift_card_id: String,
    /// The end of its code, by which people tell it from others.
    pub last_four: String,
    /// How much.
    pub amount: Money,
}

/// A line to buy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceOrderLine {
    /// `var_…`
    pub variant_id: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values.
    pub options: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// The product's place in URLs.
    pub slug: String,
    /// Its picture: `Media::source` of catalog.
    pub image: Option<String>,
    /// For one, before reductions.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// Of one, for delivery by weight; not known counts as nothing.
    #[serde(default)]
    pub weight_grams: Option<i64>,
    /// Reductions of this line alone, off all its units together.
    #[serde(default)]
    pub discounts: Vec<Adjustment>,
    /// Its parts of the reductions of the whole order.
    #[serde(default)]
    pub shares: Vec<Adjustment>,
    /// Its taxes, on what is left after all reductions.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
}

/// What `place_order` did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlacedOrder {
    /// The order.
    pub order_id: OrderId,
    /// Shown to people.
    pub number: String,
    /// How far it is.
    pub progress: OrderProgress,
}

/// How far a purchase is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderProgress {
    /// The order is placed.
    Placed,
    /// The shopper goes to the payment provider.
    Pay {
        /// Its page.
        url: String,
    },
    /// Nothing is known yet; ask again soon.
    Waiting,
    /// The payment failed; another attempt can be made.
    PaymentFailed {
        /// `PaymentSession::failure` of billing.
        failure: String,
    },
    /// The order ended without being placed.
    Ended {
        /// Why.
        status: OrderStatus,
    },
}

/// Asks to take a purchase further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvanceOrder {
    /// Which.
    pub order_id: OrderId,
}

/// Asks for another attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetryPayment {
    /// Names this attempt.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// `PaymentMethod::code` of billing.
    pub payment_method: String,
}

/// Asks for one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindOrder {
    /// The one whose secret the principal shows.
    OfPrincipal,
    /// By its id; staff and modules only.
    Id(OrderId),
    /// The one made of a version of a cart, unless another took its place; staff and modules only.
    OfCart {
        /// `crt_…`
        cart_id: String,
        /// Which version.
        cart_version: i64,
    },
}

/// Asks for orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListOrders {
    /// Which.
    #[serde(default)]
    pub view: OrderView,
    /// Number, e-mail or name contains this; at most 200 characters.
    #[serde(default)]
    pub search: Option<String>,
    /// Which part.
    #[serde(default)]
    pub page: PageRequest,
}

/// Which orders to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderView {
    /// Every order, also those that are being paid or were never placed.
    #[default]
    All,
    /// Placed and not wholly packed and shipped.
    ToPack,
    /// Open and not paid: shoppers who are at the payment page, and placed orders whose money is on its way.
    AwaitingPayment,
    /// Not yet placed: shoppers who are paying now.
    Pending,
    /// Ended, and not all that was paid has gone back.
    RefundDue,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrderStatus {
    /// Not yet paid or promised.
    Pending,
    /// Promised to the shopper.
    Placed,
    /// All is paid and shipped.
    Completed,
    /// Ended by the shopper or the shop.
    Canceled,
    /// Not paid in time.
    Expired,
}

impl OrderStatus {
    /// As stored and shown in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Placed => "placed",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::Expired => "expired",
        }
    }
}

/// What is known of the money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PaymentStatus {
    /// None has arrived.
    Unpaid,
    /// All has arrived.
    Paid,
    /// All has arrived, and some of it went back.
    PartiallyRefunded,
    /// All has arrived, and all of it went back.
    Refunded,
    /// Will not be paid any more.
    Voided,
}

impl PaymentStatus {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Voided => "voided",
        }
    }

    /// Whether all has arrived, whatever went back since.
    pub fn has_arrived(self) -> bool {
        matches!(self, Self::Paid | Self::PartiallyRefunded | Self::Refunded)
    }
}

/// How much has left the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FulfillmentStatus {
    /// Nothing.
    Unfulfilled,
    /// Some.
    PartiallyFulfilled,
    /// All.
    Fulfilled,
    /// Will not be.
    Canceled,
}

impl FulfillmentStatus {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfulfilled => "unfulfilled",
            Self::PartiallyFulfilled => "partially_fulfilled",
            Self::Fulfilled => "fulfilled",
            Self::Canceled => "canceled",
        }
    }
}

/// An order with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Shown to people; opens nothing.
    pub number: String,
    /// How far it is.
    pub status: OrderStatus,
    /// What is known of the money.
    pub payment_status: PaymentStatus,
    /// How much has left the house.
    pub fulfillment_status: FulfillmentStatus,
    /// The buyer.
    pub email: Email,
    /// Where it goes.
    pub address: Address,
    /// `crt_…`, the cart it was made from.
    pub cart_id: String,
    /// Which version of the cart.
    pub cart_version: i64,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// How it gets there.
    pub shipping: ShippingLine,
    /// The line totals together.
    pub subtotal: Money,
    /// Reductions of the whole order, each once. Their parts are [`OrderLine::shares`], which add up to them.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// Every tax, each rate once: base and amount are the sums of those of lines and delivery. Empty for orders of
    /// releases that knew only [`Order::tax_contained`].
    #[serde(default)]
    pub tax_lines: Vec<TaxLine>,
    /// What is to be paid: `subtotal`, less `adjustments`, with `shipping.price` and taxes that are added to prices.
    pub total: Money,
    /// Part of the total that is tax contained in prices.
    pub tax_contained: Money,
    /// What of the total gift cards pay.
    #[serde(default)]
    pub gift_cards: Vec<OrderGiftCard>,
    /// What of the total was never paid, of an order that had ended when money came for it: gift cards got their part back
    /// by then.
    #[serde(default)]
    pub unpaid: Option<Money>,
    /// `PaymentMethod::code` of billing.
    pub payment_method: String,
    /// What the shopper has to do to pay, when that is outside the shop.
    pub payment_instructions: Vec<(String, String)>,
    /// Parcels.
    pub fulfillments: Vec<Fulfillment>,
    /// Money that went back or is about to, oldest first.
    #[serde(default)]
    pub refunds: Vec<OrderRefund>,
    /// Goods that came back or are to, oldest first.
    #[serde(default)]
    pub returns: Vec<Return>,
    /// What happened, oldest first.
    pub timeline: Vec<OrderEvent>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// By when its money has to arrive, while a placed order waits for it.
    #[serde(default)]
    pub pay_by: Option<Timestamp>,
}

/// A line of an order: what was bought, as it was then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// Its id.
    pub id: OrderLineId,
    /// `var_…`
    pub variant_id: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values.
    pub options: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// The product's place in URLs.
    pub slug: String,
    /// Its picture.
    pub image: Option<String>,
    /// For one, before reductions.
    pub unit_price: Money,
    /// How many.
    pub quantity: Quantity,
    /// Reductions of this line alone, off all its units together.
    #[serde(default)]
    pub discounts: Vec<Adjustment>,
    /// For all: `unit_price` times `quantity`, less `discounts`. The parts of order-wide reductions are not yet off.
    pub line_total: Money,
    /// Its parts of the reductions of the whole order, at most one for each.
    #[serde(default)]
    pub shares: Vec<Adjustment>,
    /// Its taxes, on [`OrderLine::charged`]. Where the shop rounds per order, the line has its part of the tax that was
    /// rounded once for the rate, so the lines always add up to [`Order::tax_lines`].
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    /// How many are in parcels, shipped or not.
    pub packed: i64,
    /// How many have left the house.
    pub shipped: i64,
    /// How many of those came back.
    #[serde(default)]
    pub returned: i64,
    /// How many more of them are to come back.
    #[serde(default)]
    pub coming_back: i64,
}

impl OrderLine {
    /// What the buyer pays for all units: `line_total` less `shares`, with the taxes that it contains and without those
    /// that are added.
    pub fn charged(&self) -> Money {
        Money::new(self.line_total.amount - charge::total_of(&self.shares), self.line_total.currency)
    }

    /// How many have left the house, did not come back and are not to come back: so many more can.
    pub fn away(&self) -> i64 {
        self.shipped - self.returned - self.coming_back
    }
}

impl Order {
    /// The reductions of the whole order together.
    pub fn discount(&self) -> Money {
        Money::new(charge::total_of(&self.adjustments), self.total.currency)
    }

    /// What gift cards pay together.
    pub fn by_gift_cards(&self) -> Money {
        Money::new(self.gift_cards.iter().map(|part| part.amount.amount).sum(), self.total.currency)
    }

    /// What is to be paid otherwise than by gift cards.
    pub fn due(&self) -> Money {
        Money::new(self.total.amount - self.by_gift_cards().amount, self.total.currency)
    }

    /// What is, or was, paid for it, once its money has arrived.
    pub fn paid(&self) -> Money {
        Money::new(self.total.amount - self.unpaid.map_or(0, |unpaid| unpaid.amount), self.total.currency)
    }

    /// Taxes that are added to prices, as a part of `total`.
    pub fn tax_added(&self) -> Money {
        Money::new(charge::added(&self.tax_lines), self.total.currency)
    }
}

/// How an order gets to its buyer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShippingLine {
    /// [`ShippingMethod::code`].
    pub method: String,
    /// As the shopper saw it.
    pub name: String,
    /// What it costs, after its reductions.
    pub price: Money,
    /// Its reductions; before them it cost `price` and these together.
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
    /// Its taxes, on `price`.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
}

/// A code with which an order was reduced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OrderCoupon {
    /// `prm_…`, the promotion of cart.
    pub promotion_id: String,
    /// In the one form in which codes are compared.
    pub code: String,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fulfillment {
    /// Its id.
    pub id: FulfillmentId,
    /// How far it is.
    pub status: ParcelStatus,
    /// What is in it.
    pub lines: Vec<FulfillmentLine>,
    /// Given by the carrier.
    pub tracking_number: Option<String>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// When it was packed.
    pub created_at: Timestamp,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
}

/// How far a parcel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ParcelStatus {
    /// Packed.
    Pending,
    /// With the carrier.
    Shipped,
}

/// What is in a parcel of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FulfillmentLine {
    /// Of which line.
    pub order_line_id: OrderLineId,
    /// How many.
    pub quantity: Quantity,
}

/// Money of an order that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefund {
    /// 1 for the first of the order.
    pub number: i64,
    /// How much.
    pub amount: Money,
    /// Why, in words.
    pub reason: String,
    /// How far it is.
    pub status: RefundStatus,
    /// Where it goes.
    #[serde(default)]
    pub to: RefundTo,
    /// `gft_…`, the store credit that it became.
    #[serde(default)]
    pub gift_card_id: Option<String>,
    /// Why it failed, in words.
    pub failure: Option<String>,
    /// `ref_…`: as billing knows it, once it was told.
    pub refund_id: Option<String>,
    /// Who.
    pub actor: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Where money goes back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundTo {
    /// To where it came from: first what a provider took, the bank or the courier, then the gift cards.
    #[default]
    Payment,
    /// Onto a new gift card for the buyer, whose code comes with the mail about it.
    StoreCredit,
}

impl RefundTo {
    /// As stored, and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::StoreCredit => "store_credit",
        }
    }
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefundStatus {
    /// The money is not known to have gone back.
    Pending,
    /// The money went back.
    Succeeded,
    /// It did not.
    Failed,
}

impl RefundStatus {
    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }
}

/// Goods of an order that come back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Return {
    /// Its id.
    pub id: ReturnId,
    /// 1 for the first of the order.
    pub number: i64,
    /// How far it is.
    pub status: ReturnStatus,
    /// What comes back.
    pub lines: Vec<ReturnLine>,
    /// Why, in the shopper's words.
    pub reason: String,
    /// What the shop says to it: how to send it, or why not.
    pub answer: Option<String>,
    /// [`OrderRefund::number`] of the one that pays it back.
    pub refund: Option<i64>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// How far a return is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReturnStatus {
    /// The shop has not yet looked at it.
    Requested,
    /// The goods may be sent.
    Approved,
    /// The goods are here.
    Received,
    /// The money went back.
    Refunded,
    /// The shop does not take them back.
    Rejected,
    /// The shopper keeps them.
    Canceled,
}

impl ReturnStatus {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Requested, Self::Approved, Self::Received, Self::Refunded, Self::Rejected, Self::Canceled];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Received => "received",
            Self::Refunded => "refunded",
            Self::Rejected => "rejected",
            Self::Canceled => "canceled",
        }
    }
}

/// What comes back of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnLine {
    /// Of which line.
    pub order_line_id: OrderLineId,
    /// How many are to come.
    pub quantity: i64,
    /// How many came and went on the shelf.
    pub restocked: i64,
    /// How many came and are lost.
    pub written_off: i64,
}

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderEvent {
    /// `created`, `payment_started`, `payment_failed`, `paid`, `placed`, `packed`, `shipped`, `canceled`, `expired`,
    /// `refund_due`, `refund_started`, `refunded`, `refund_failed`,
    /// `return_requested`, `return_approved`, `return_rejected`, `return_canceled`, `return_received`.
    pub kind: String,
    /// In words.
    pub message: String,
    /// Who.
    pub actor: String,
    /// When.
    pub created_at: Timestamp,
}

/// An order as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderSummary {
    /// Its id.
    pub id: OrderId,
    /// Shown to people.
    pub number: String,
    /// How far it is.
    pub status: OrderStatus,
    /// What is known of the money.
    pub payment_status: PaymentStatus,
    /// How much has left the house.
    pub fulfillment_status: FulfillmentStatus,
    /// Of the one who receives it.
    pub name: String,
    /// Of the buyer.
    pub email: Email,
    /// Where it goes.
    pub country: Country,
    /// Units.
    pub item_count: i64,
    /// What is to be paid.
    pub total: Money,
    /// When it was created.
    pub created_at: Timestamp,
}

/// Asks to mark an order as paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MarkPaid {
    /// Names this.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// For instance the text on the bank statement.
    #[serde(default)]
    pub reference: Option<String>,
}

/// Asks to pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pack {
    /// Names this parcel.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// What goes into the parcel; at least one.
    pub lines: Vec<FulfillmentLine>,
}

/// Asks to hand a parcel to the carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ship {
    /// Names this.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// Which parcel.
    pub fulfillment_id: FulfillmentId,
    /// Who carries it, at most 100 characters.
    #[serde(default)]
    pub carrier: Option<String>,
    /// Given by the carrier, at most 100 characters.
    #[serde(default)]
    pub tracking_number: Option<String>,
}

/// Asks to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelOrder {
    /// Names this.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// Why, in words.
    pub reason: String,
    /// Whether its goods are lost, rather than back on the shelf.
    #[serde(default)]
    pub write_off: bool,
    /// Whether it stays when it is placed by now: for who ends an attempt to buy, and no more than that.
    #[serde(default)]
    pub unless_placed: bool,
}

/// Asks to give money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RefundOrder {
    /// Names this refund.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// How much, at most what is left of what was paid.
    pub amount: Money,
    /// Where it goes.
    #[serde(default)]
    pub to: RefundTo,
    /// Why, in words.
    pub reason: String,
    /// Units that came back and go on the shelf; of a line at most what was shipped and did not yet come back.
    #[serde(default)]
    pub restock: Vec<FulfillmentLine>,
    /// Where they are now; the default location of inventory when none is named.
    #[serde(default)]
    pub location_id: Option<String>,
}

/// Asks to send goods back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestReturn {
    /// Names this return.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// What is to come back; of a line at most what was shipped and is not yet on its way back.
    pub lines: Vec<FulfillmentLine>,
    /// Why, in words.
    pub reason: String,
}

/// Asks to take a return one step further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandleReturn {
    /// Names this step.
    pub key: IdempotencyKey,
    /// Which order.
    pub order_id: OrderId,
    /// Which return.
    pub return_id: ReturnId,
    /// What.
    pub action: ReturnAction,
}

/// A step of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReturnAction {
    /// The goods may be sent.
    Approve {
        /// How to send them, for the shopper; may be empty.
        instructions: String,
    },
    /// The shop does not take them back.
    Reject {
        /// Why, for the shopper.
        reason: String,
    },
    /// The shopper keeps them.
    Cancel,
    /// The goods are here.
    Receive {
        /// What came of each line; nothing of those that are left out.
        lines: Vec<ReceivedLine>,
        /// Where they are now; the default location of inventory when none is named.
        #[serde(default)]
        location_id: Option<String>,
    },
    /// Money for what came goes back.
    Refund {
        /// How much.
        amount: Money,
        /// Where it goes.
        #[serde(default)]
        to: RefundTo,
    },
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceivedLine {
    /// Of which line.
    pub order_line_id: OrderLineId,
    /// How many go on the shelf.
    pub restock: i64,
    /// How many are lost.
    pub write_off: i64,
}

/// A line that is short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShortLine {
    /// `var_…`
    pub variant_id: String,
    /// The product's name.
    pub title: String,
    /// How many could have been promised.
    pub available: i64,
}

/// Why `orders` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum OrdersError {
    /// There is no such order, or not for the caller's eyes.
    #[error("there is no such order")]
    NotFound,
    /// Something was sold meanwhile; nothing was charged.
    #[error("not enough in stock")]
    OutOfStock {
        /// Every line that is short.
        lines: Vec<ShortLine>,
    },
    /// Lines and delivery do not add up to what the shopper saw.
    #[error("the total is {actual}, not {expected}")]
    TotalChanged {
        /// What the shopper saw.
        expected: Money,
        /// What it is.
        actual: Money,
    },
    /// Goods cannot get there this way.
    #[error("{method} does not deliver to {country}")]
    ShippingNotOffered {
        /// What was asked for.
        method: String,
        /// Where to.
        country: Country,
    },
    /// There is no such way to pay, or not for this order.
    #[error("{method} is not offered for this order")]
    PaymentNotOffered {
        /// What was asked for.
        method: String,
    },
    /// A gift card has less on it than it shall pay, or cannot pay any more. Nothing was taken.
    #[error("the gift card has {left} left")]
    GiftCardTooLow {
        /// `gft_…`
        gift_card_id: String,
        /// What it was to pay.
        asked: Money,
        /// What it can pay.
        left: Money,
    },
    /// This member of staff may not do that.
    #[error("not permitted")]
    NotPermitted,
    /// Not possible in the order's present state.
    #[error("an order that is {status} cannot be {action}")]
    NotAllowed {
        /// What was asked for: `paid`, `packed`, `shipped`, `canceled`, `refunded`.
        action: String,
        /// How the order is, in words.
        status: String,
    },
    /// Somebody else changed it meanwhile.
    #[error("it was changed meanwhile; it is now at version {current}")]
    Changed {
        /// Its version.
        current: i64,
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

impl OrdersError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for OrdersError {}

/// Declares an event that happened to an order.
macro_rules! order_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            /// Which order.
            pub order_id: OrderId,
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl kernel::event::Event for $name {
            const KIND: &'static str = $kind;

            fn aggregate_id(&self) -> String {
                self.order_id.to_string()
            }
        }
    )+};
}

order_events! {
    /// An order is promised to its buyer.
    OrderPlaced = "order.placed" {
        /// Shown to people.
        number: String,
        /// `crt_…`
        cart_id: String,
        /// Which version of the cart.
        cart_version: i64,
        /// What is to be paid.
        total: Money,
        /// The codes that reduced it.
        #[serde(default)]
        coupons: Vec<OrderCoupon>,
    }
    /// The money of an order arrived.
    OrderPaid = "order.paid" {
        /// Shown to people.
        number: String,
    }
    /// An order ended without being fulfilled: whoever holds something for it lets go of it. People hear of it only when it
    /// was placed.
    OrderCanceled = "order.canceled" {
        /// Shown to people.
        number: String,
        /// Why, in words.
        reason: String,
        /// `crt_…`
        #[serde(default)]
        cart_id: String,
        /// Which version of the cart.
        #[serde(default)]
        cart_version: i64,
        /// The codes that reduced it.
        #[serde(default)]
        coupons: Vec<OrderCoupon>,
        /// Whether it was promised to its buyer before; else it only ended its attempt to pay.
        #[serde(default)]
        was_placed: bool,
    }
    /// Money of an order went back.
    OrderRefunded = "order.refunded" {
        /// Shown to people.
        number: String,
        /// Which of its refunds.
        refund: i64,
        /// How much.
        amount: Money,
    }
    /// A return of an order was asked for, approved, rejected or received.
    ReturnChanged = "return.changed" {
        /// Which return.
        return_id: ReturnId,
        /// How it is now.
        status: ReturnStatus,
    }
    /// Staff made an order that its buyer shall pay from its page.
    PaymentRequested = "order.payment_requested" {
        /// Shown to people.
        number: String,
        /// What is to be paid.
        total: Money,
    }
    /// A parcel left the house.
    FulfillmentShipped = "fulfillment.shipped" {
        /// Which parcel.
        fulfillment_id: FulfillmentId,
        /// What was in it: `var_…` and how many.
        items: Vec<(String, i64)>,
    }
}
