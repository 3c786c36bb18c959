//! Inventory knows what is there, what is promised to whom, and why it changed.
//!
//! Three counters per variant and location move only together with a line in a ledger that only grows ([`ledger`]).
//! Stock is taken by updates that demand that enough is left, so that the last unit is promised once, however many ask
//! for it.

mod adjust;
mod allocate;
mod expire;
mod find_stock;
mod hold;
mod ledger;
mod locations;
mod plan;
mod release;
mod reserve;
mod restock;
mod schema;
mod set_stock;
mod ship;
mod store;
mod take;
mod transfer;

use std::sync::Arc;

use async_trait::async_trait;
use inventory_api::{
    Adjust, Allocate, FindOrderStock, FindStock, Hold, Inventory, InventoryError, ListLocations, ListMovements,
    ListStock, OrderStock, Release, Reservation, Reserve, Restock, SaveLocation, SetStock, StockLevel, StockLocation,
    StockMovement, Transfer,
};
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Remembered, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock, Page};

/// What every use case returns.
type Outcome<T> = Result<T, CallError<InventoryError>>;

/// The tables of this module.
pub fn schema() -> Schema {
    Schema {
        module: "inventory",
        postgres: embed_migrations!("../../migrations/inventory/postgres"),
        sqlite: embed_migrations!("../../migrations/inventory/sqlite"),
    }
}

/// Starts the module on its data. It listens to parcels that leave and ends holds that run out.
pub fn start(db: Db, clock: Clock) -> Started<dyn Inventory> {
    let expiry = (db.clone(), clock.clone());
    let module = Module { db, clock: clock.clone(), locations: Remembered::default() };
    Started::new(Arc::new(module) as Arc<dyn Inventory>)
        .listening(ship::shipments(clock))
        .working("reservation expiry", |stop| expire::end_holds_in_time(expiry.0, expiry.1, stop))
}

struct Module {
    db: Db,
    clock: Clock,
    locations: Remembered<Arc<[StockLocation]>>,
}

#[async_trait]
impl Inventory for Module {
    async fn stock_levels(&self, _: &CallCtx, request: FindStock) -> Outcome<Vec<StockLevel>> {
        find_stock::stock_levels(self, request).await
    }

    async fn list_stock(&self, _: &CallCtx, request: ListStock) -> Outcome<Page<StockLevel>> {
        find_stock::list_stock(self, request).await
    }

    async fn movements(&self, _: &CallCtx, request: ListMovements) -> Outcome<Page<StockMovement>> {
        find_stock::movements(self, request).await
    }

    async fn locations(&self, _: &CallCtx, _: ListLocations) -> Outcome<Vec<StockLocation>> {
        Ok(locations::all_locations(self).await?.to_vec())
    }

    async fn order_stock(&self, _: &CallCtx, request: FindOrderStock) -> Outcome<Option<OrderStock>> {
        find_stock::order_stock(self, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Outcome<Vec<Violation>> {
        self.db.audit(store::audit::INVARIANTS, &request, self.clock.now()).await
    }

    async fn set_stock(&self, ctx: &CallCtx, request: SetStock) -> Outcome<u32> {
        set_stock::set_stock(self, ctx, request).await
    }

    async fn adjust(&self, ctx: &CallCtx, request: Adjust) -> Outcome<StockLevel> {
        adjust::adjust(self, ctx, request).await
    }

    async fn transfer(&self, ctx: &CallCtx, request: Transfer) -> Outcome<StockLevel> {
        transfer::transfer(self, ctx, request).await
    }

    async fn restock(&self, ctx: &CallCtx, request: Restock) -> Outcome<()> {
        restock::restock(self, ctx, request).await
    }

    async fn hold(&self, ctx: &CallCtx, request: Hold) -> Outcome<Reservation> {
        hold::hold(self, ctx, request).await
    }

    async fn reserve(&self, ctx: &CallCtx, request: Reserve) -> Outcome<Reservation> {
        reserve::reserve(self, ctx, request).await
    }

    async fn allocate(&self, ctx: &CallCtx, request: Allocate) -> Outcome<()> {
        allocate::allocate(self, ctx, request).await
    }

    async fn release(&self, ctx: &CallCtx, request: Release) -> Outcome<()> {
        release::release(self, ctx, request).await
    }

    async fn save_location(&self, ctx: &CallCtx, request: SaveLocation) -> Outcome<StockLocation> {
        locations::save_location(self, ctx, request).await
    }
}
