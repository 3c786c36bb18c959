//! Orders sells: it buys carts for shoppers, step by step and without losing its place, and follows each order until
//! its last parcel has left.
//!
//! Buying involves other modules, which may be slow, away or gone in the middle of it. So every purchase has a journal
//! ([`journal`]) that says what is to be done next; whoever holds it carries the purchase on ([`saga`]): the call that
//! placed the order, the browser that comes back from the payment, or the recovery job ([`recover`]).

mod advance;
mod cancel;
mod find;
mod journal;
mod mark_paid;
mod pack;
mod parts;
mod place;
mod recover;
mod refund;
mod retry_payment;
mod returns;
mod saga;
mod schema;
mod ship;
mod shipping;
mod status;
mod store;
mod words;
mod work;

use std::sync::Arc;

use async_trait::async_trait;
use billing_api::Billing;
use inventory_api::Inventory;
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock, Currency, Page};
use orders_api::{
    AdvanceOrder, CancelOrder, FindOrder, HandleReturn, ListOrders, ListShippingMethods, MarkPaid, Order,
    OrderProgress, OrderSummary, Orders, OrdersError, Pack, PlaceOrder, PlacedOrder, RefundOrder, RequestReturn,
    RetryPayment, SaveShippingMethod, Ship, ShippingMethod,
};

use crate::work::Shop;

/// What every use case returns.
type Outcome<T> = Result<T, CallError<OrdersError>>;

/// The tables of this module.
pub fn schema() -> Schema {
    Schema {
        module: "orders",
        postgres: embed_migrations!("../../migrations/orders/postgres"),
        sqlite: embed_migrations!("../../migrations/orders/sqlite"),
    }
}

/// What the shop decides about its orders.
#[derive(Clone, Debug)]
pub struct OrdersSettings {
    /// Of every order.
    pub currency: Currency,
}

/// Starts the module on its data. It listens to what becomes of payments, and takes up what was left undone.
pub fn start(
    db: Db,
    clock: Clock,
    inventory: Arc<dyn Inventory>,
    billing: Arc<dyn Billing>,
    settings: OrdersSettings,
) -> Started<dyn Orders> {
    let shop = Shop::new(db, clock, inventory, billing, settings);
    let (listener, worker) = (shop.clone(), shop.clone());
    Started::new(Arc::new(shop) as Arc<dyn Orders>)
        .listening(recover::payments(&listener))
        .working("order recovery", |stop| recover::recover(worker, stop))
}

#[async_trait]
impl Orders for Shop {
    async fn shipping_methods(&self, ctx: &CallCtx, request: ListShippingMethods) -> Outcome<Vec<ShippingMethod>> {
        shipping::shipping_methods(self, ctx, request).await
    }

    async fn save_shipping_method(&self, ctx: &CallCtx, request: SaveShippingMethod) -> Outcome<ShippingMethod> {
        shipping::save_shipping_method(self, ctx, request).await
    }

    async fn place_order(&self, ctx: &CallCtx, request: PlaceOrder) -> Outcome<PlacedOrder> {
        place::place_order(self, ctx, request).await
    }

    async fn advance_order(&self, ctx: &CallCtx, request: AdvanceOrder) -> Outcome<OrderProgress> {
        advance::advance_order(self, ctx, request).await
    }

    async fn retry_payment(&self, ctx: &CallCtx, request: RetryPayment) -> Outcome<OrderProgress> {
        retry_payment::retry_payment(self, ctx, request).await
    }

    async fn order(&self, ctx: &CallCtx, request: FindOrder) -> Outcome<Option<Order>> {
        find::order(self, ctx, request).await
    }

    async fn list_orders(&self, ctx: &CallCtx, request: ListOrders) -> Outcome<Page<OrderSummary>> {
        find::list_orders(self, ctx, request).await
    }

    async fn mark_paid(&self, ctx: &CallCtx, request: MarkPaid) -> Outcome<Order> {
        mark_paid::mark_paid(self, ctx, request).await
    }

    async fn pack(&self, ctx: &CallCtx, request: Pack) -> Outcome<Order> {
        pack::pack(self, ctx, request).await
    }

    async fn ship(&self, ctx: &CallCtx, request: Ship) -> Outcome<Order> {
        ship::ship(self, ctx, request).await
    }

    async fn cancel_order(&self, ctx: &CallCtx, request: CancelOrder) -> Outcome<Order> {
        cancel::cancel_order(self, ctx, request).await
    }

    async fn refund_order(&self, ctx: &CallCtx, request: RefundOrder) -> Outcome<Order> {
        refund::refund_order(self, ctx, request).await
    }

    async fn request_return(&self, ctx: &CallCtx, request: RequestReturn) -> Outcome<Order> {
        returns::request_return(self, ctx, request).await
    }

    async fn handle_return(&self, ctx: &CallCtx, request: HandleReturn) -> Outcome<Order> {
        returns::handle_return(self, ctx, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Outcome<Vec<Violation>> {
        self.db.audit(store::audit::INVARIANTS, &request, self.clock.now()).await
    }
}
