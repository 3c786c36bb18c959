//! Inventory knows what is there, what is promised to whom, and why it changed.
//!
//! Three counters per variant move only together with a line in a ledger that only grows ([`ledger`]). Stock is taken
//! by updates that demand that enough is left, so that the last unit is promised once, however many ask for it.

mod adjust;
mod allocate;
mod expire;
mod find_stock;
mod ledger;
mod release;
mod reserve;
mod schema;
mod set_stock;
mod ship;
mod store;

use std::sync::Arc;

use async_trait::async_trait;
use inventory_api::{
    Adjust, Allocate, FindStock, Inventory, InventoryError, ListMovements, ListStock, Release, Reservation, Reserve,
    SetStock, StockLevel, StockMovement,
};
use kernel::db::{Db, Schema, embed_migrations};
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
    Started::new(Arc::new(Module { db, clock: clock.clone() }) as Arc<dyn Inventory>)
        .listening(ship::shipments(clock))
        .working("reservation expiry", |stop| expire::end_holds_in_time(expiry.0, expiry.1, stop))
}

struct Module {
    db: Db,
    clock: Clock,
}

#[async_trait]
impl Inventory for Module {
    async fn stock_levels(&self, _: &CallCtx, request: FindStock) -> Outcome<Vec<StockLevel>> {
        find_stock::stock_levels(&self.db, request).await
    }

    async fn list_stock(&self, _: &CallCtx, request: ListStock) -> Outcome<Page<StockLevel>> {
        find_stock::list_stock(&self.db, request).await
    }

    async fn movements(&self, _: &CallCtx, request: ListMovements) -> Outcome<Page<StockMovement>> {
        find_stock::movements(&self.db, request).await
    }

    async fn set_stock(&self, ctx: &CallCtx, request: SetStock) -> Outcome<u32> {
        set_stock::set_stock(&self.db, self.clock.now(), ctx, request).await
    }

    async fn adjust(&self, ctx: &CallCtx, request: Adjust) -> Outcome<StockLevel> {
        adjust::adjust(&self.db, self.clock.now(), ctx, request).await
    }

    async fn reserve(&self, ctx: &CallCtx, request: Reserve) -> Outcome<Reservation> {
        reserve::reserve(&self.db, self.clock.now(), ctx, request).await
    }

    async fn allocate(&self, ctx: &CallCtx, request: Allocate) -> Outcome<()> {
        allocate::allocate(&self.db, self.clock.now(), ctx, request).await
    }

    async fn release(&self, ctx: &CallCtx, request: Release) -> Outcome<()> {
        release::release(&self.db, self.clock.now(), ctx, request).await
    }
}
