//! The module `cart`: what a shopper has gathered, and what it costs.

mod add_line;
mod address;
mod card_number;
mod change_line;
mod claim;
mod codes;
mod complete;
mod expire;
mod neighbours;
mod owner;
mod permission;
mod postcode;
mod price;
mod pricing;
mod promotions;
mod recent;
mod save_contact;
mod save_shipping;
mod schema;
mod show;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use billing_api::Billing;
use cart_api::{
    AddCode, AddLine, Cart, CartChanged, CartError, Carts, ClaimCodes, FindCart, LineAdded, ListPromotions, Promotion,
    Quote, QuoteRequest, RemoveCode, RemoveLine, SaveContact, SavePromotion, SaveShipping, SetQuantity, TaxPolicy,
};
use catalog_api::Catalog;
use inventory_api::Inventory;
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Remembered, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock, Country, Currency};
use orders_api::Orders;

use neighbours::Neighbours;

/// The module's tables.
pub fn schema() -> Schema {
    Schema {
        module: "cart",
        postgres: embed_migrations!("../../migrations/cart/postgres"),
        sqlite: embed_migrations!("../../migrations/cart/sqlite"),
    }
}

/// What a shop decides about its carts.
#[derive(Clone, Copy, Debug)]
pub struct CartSettings {
    /// What the shop counts in; nothing in another currency is sold.
    pub currency: Currency,
    /// Where delivery and tax are reckoned for until the shopper says where.
    pub home_country: Country,
    /// Whether prices contain their tax, and what is rounded.
    pub taxes: TaxPolicy,
}

/// Starts the module.
#[allow(clippy::too_many_arguments, reason = "each is a neighbour, which the one caller should see by name")]
pub fn start(
    db: Db,
    clock: Clock,
    catalog: Arc<dyn Catalog>,
    inventory: Arc<dyn Inventory>,
    orders: Arc<dyn Orders>,
    billing: Arc<dyn Billing>,
    settings: CartSettings,
) -> Started<dyn Carts> {
    let neighbours = Arc::new(Neighbours::new(catalog, inventory, orders, billing, (&clock, settings.currency)));
    let service = Service {
        db: db.clone(),
        clock: clock.clone(),
        neighbours: Arc::clone(&neighbours),
        settings,
        automatic: Remembered::default(),
    };
    let (carts, now) = (db.clone(), clock.clone());
    Started::<dyn Carts>::new(Arc::new(service))
        .listening(complete::when_ordered(clock.clone()))
        .working("unused carts", move |stop| expire::daily(carts, now, stop))
        .working("unused codes", move |stop| claim::attend(db, clock, neighbours, stop))
}

pub(crate) struct Service {
    db: Db,
    clock: Clock,
    neighbours: Arc<Neighbours>,
    settings: CartSettings,
    /// The promotions that need no code.
    automatic: Remembered<Arc<[Promotion]>>,
}

#[async_trait]
impl Carts for Service {
    async fn cart(&self, ctx: &CallCtx, _: FindCart) -> Result<Option<Cart>, CallError<CartError>> {
        show::cart(self, ctx).await
    }

    async fn add_line(&self, ctx: &CallCtx, request: AddLine) -> Result<LineAdded, CallError<CartError>> {
        add_line::add_line(self, ctx, request).await
    }

    async fn set_quantity(&self, ctx: &CallCtx, request: SetQuantity) -> Result<CartChanged, CallError<CartError>> {
        change_line::set_quantity(self, ctx, request).await
    }

    async fn remove_line(&self, ctx: &CallCtx, request: RemoveLine) -> Result<CartChanged, CallError<CartError>> {
        change_line::remove_line(self, ctx, request).await
    }

    async fn save_contact(&self, ctx: &CallCtx, request: SaveContact) -> Result<CartChanged, CallError<CartError>> {
        save_contact::save_contact(self, ctx, request).await
    }

    async fn save_shipping(&self, ctx: &CallCtx, request: SaveShipping) -> Result<CartChanged, CallError<CartError>> {
        save_shipping::save_shipping(self, ctx, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<CartError>> {
        self.db.audit(store::INVARIANTS, &request, self.clock.now()).await
    }

    async fn quote(&self, _: &CallCtx, request: QuoteRequest) -> Result<Quote, CallError<CartError>> {
        Ok(pricing::quote(&request)?)
    }

    async fn add_code(&self, ctx: &CallCtx, request: AddCode) -> Result<CartChanged, CallError<CartError>> {
        codes::add_code(self, ctx, request).await
    }

    async fn remove_code(&self, ctx: &CallCtx, request: RemoveCode) -> Result<CartChanged, CallError<CartError>> {
        codes::remove_code(self, ctx, request).await
    }

    async fn claim_codes(&self, ctx: &CallCtx, request: ClaimCodes) -> Result<(), CallError<CartError>> {
        claim::claim_codes(self, ctx, request).await
    }

    async fn promotions(&self, ctx: &CallCtx, request: ListPromotions) -> Result<Vec<Promotion>, CallError<CartError>> {
        promotions::promotions(self, ctx, request).await
    }

    async fn save_promotion(&self, ctx: &CallCtx, request: SavePromotion) -> Result<Promotion, CallError<CartError>> {
        promotions::save_promotion(self, ctx, request).await
    }
}
