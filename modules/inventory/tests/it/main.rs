//! Inventory through its trait, on every database.

mod allocate;
mod audit;
mod backorder;
mod expire;
mod flash_sale;
mod hold;
mod ledger;
mod lists;
mod locations;
mod model;
mod races;
mod release;
mod reserve;
mod restock;
mod set_stock;
mod ship;

use std::sync::Arc;
use std::time::Duration;

use inventory_api::{
    Adjust, Allocate, FindOrderStock, FindStock, Inventory, InventoryError, ListMovements, MovementKind, OrderStock,
    Release, Reservation, ReservationStatus, Reserve, ReserveLine, SaveLocation, SetStock, StockChanged, StockItem,
    StockLevel, StockMovement,
};
use kernel::audit::{AuditRequest, Violation};
use kernel::db::Db;
use kernel::event::{Event as _, FeedCursor};
use kernel::module::Started;
use kernel::stop::Stop;
use kernel::testing::TestHome;
use kernel::trace::TraceContext;
use kernel::{CallCtx, CallError, Clock, IdempotencyKey, PageRequest, Timestamp, id, outbox};
use tokio::task::JoinSet;

/// Which variant of the shop's only product.
const CHALK: &str = "var_chalk";
const SLATE: &str = "var_slate";

type Outcome<T> = Result<T, CallError<InventoryError>>;

/// A started inventory whose clock stands still.
struct Shop {
    inventory: Arc<dyn Inventory>,
    db: Db,
    clock: Clock,
}

impl Shop {
    async fn open(home: &TestHome) -> Self {
        let db = home.open(inventory::schema()).await;
        let clock = Clock::fixed(Timestamp(1_800_000_000_000_000));
        Self { inventory: inventory::start(db.clone(), clock.clone()).service, db, clock }
    }

    /// A shop with some chalk and some slates.
    async fn stocked(home: &TestHome, chalk: i64, slates: i64) -> Self {
        let shop = Self::open(home).await;
        shop.set(vec![item(CHALK, chalk), item(SLATE, slates)]).await.expect("stock is set");
        shop
    }

    fn start_again(&self) -> Started<dyn Inventory> {
        inventory::start(self.db.clone(), self.clock.clone())
    }

    async fn set(&self, items: Vec<StockItem>) -> Outcome<u32> {
        let request = SetStock { key: IdempotencyKey::new(), reason: "count".to_owned(), items };
        self.inventory.set_stock(&ctx(), request).await
    }

    async fn adjust(&self, variant_id: &str, delta: i64) -> Outcome<StockLevel> {
        self.inventory.adjust(&ctx(), Adjust::new(IdempotencyKey::new(), variant_id, delta, "damage")).await
    }

    async fn reserve(&self, order_id: &str, lines: &[(&str, i64)]) -> Outcome<Reservation> {
        self.inventory.reserve(&ctx(), holding(order_id, lines)).await
    }

    async fn allocate(&self, order_id: &str) -> Outcome<()> {
        let request = Allocate { key: IdempotencyKey::new(), order_id: order_id.to_owned(), lines: Vec::new() };
        self.inventory.allocate(&ctx(), request).await
    }

    async fn release(&self, order_id: &str) -> Outcome<()> {
        self.inventory.release(&ctx(), Release::new(IdempotencyKey::new(), order_id, "canceled")).await
    }

    async fn level(&self, variant_id: &str) -> StockLevel {
        let request = FindStock::of(vec![variant_id.to_owned()]);
        let mut levels = self.inventory.stock_levels(&ctx(), request).await.expect("levels can be asked for");
        levels.pop().expect("the variant has a level")
    }

    /// On hand, reserved, allocated.
    async fn counters(&self, variant_id: &str) -> (i64, i64, i64) {
        let level = self.level(variant_id).await;
        assert_eq!(level.available, level.on_hand - level.reserved - level.allocated - level.safety_stock);
        (level.on_hand, level.reserved, level.allocated)
    }

    /// The whole ledger of a variant, newest first.
    async fn ledger(&self, variant_id: &str) -> Vec<StockMovement> {
        let (mut found, mut page) = (Vec::new(), PageRequest::first(100));
        loop {
            let request = ListMovements { variant_id: variant_id.to_owned(), page, ..ListMovements::default() };
            let part = self.inventory.movements(&ctx(), request).await.expect("the ledger can be read");
            found.extend(part.items);
            let Some(cursor) = part.next_cursor else { return found };
            page = PageRequest { limit: 100, cursor: Some(cursor) };
        }
    }

    async fn count_of(&self, variant_id: &str, kind: MovementKind) -> usize {
        self.ledger(variant_id).await.iter().filter(|movement| movement.kind == kind).count()
    }

    /// What breaks an invariant.
    async fn violations(&self) -> Vec<Violation> {
        self.inventory.audit(&ctx(), AuditRequest { rows: 10 }).await.expect("the books can be compared")
    }

    /// Orders are sent from there, those with a lower priority first; the first location has 0.
    async fn add_location(&self, name: &str, priority: i64) -> String {
        self.inventory.save_location(&ctx(), place(name, priority)).await.expect("added").id
    }

    /// What is at a location: on hand, reserved, allocated.
    async fn counters_at(&self, variant_id: &str, location_id: &str) -> (i64, i64, i64) {
        let request = FindStock { by_location: true, ..FindStock::of(vec![variant_id.to_owned()]) };
        let levels = self.inventory.stock_levels(&ctx(), request).await.expect("levels can be asked for");
        let at = levels.iter().flat_map(|level| &level.locations).find(|at| at.location_id == location_id);
        at.map_or((0, 0, 0), |at| (at.on_hand, at.reserved, at.allocated))
    }

    /// What an order or a cart holds, and how far it is.
    async fn stock_of(&self, order_id: &str) -> Option<OrderStock> {
        let request = FindOrderStock { order_id: order_id.to_owned() };
        self.inventory.order_stock(&ctx(), request).await.expect("what an order holds can be asked for")
    }

    /// The status of what an order or a cart holds.
    async fn status_of(&self, order_id: &str) -> Option<ReservationStatus> {
        self.stock_of(order_id).await.map(|stock| stock.status)
    }

    /// One look of the expiry worker for holds to end.
    async fn end_holds(&self) {
        let (stopper, stop) = Stop::new();
        let worker = self.start_again().workers.pop().expect("a worker ends holds");
        let working = tokio::spawn((worker.run)(stop));
        // It looks at once; told to stop, it finishes that first.
        tokio::task::yield_now().await;
        stopper.stop();
        working.await.expect("the worker ends");
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Availability before and after, of each change that was told about a variant.
    async fn told(&self, variant_id: &str) -> Vec<(i64, i64)> {
        let mut told = self.all_told().await;
        told.retain(|change| change.variant_id == variant_id);
        told.into_iter().map(|change| (change.available_before, change.available)).collect()
    }

    /// Events show only when no older transaction runs, not even one of another test. So this waits for one of its own.
    async fn all_told(&self) -> Vec<StockChanged> {
        let (variant_id, location_id) = (id::new_id("marker"), "main".to_owned());
        let marker = StockChanged { variant_id, available: 0, available_before: 0, location_id };
        let last = marker.clone();
        let written = self.db.write(move |conn| Outcome::Ok(outbox::publish(conn, TraceContext::new(), &marker)?));
        written.await.expect("the marker is written");
        let feed = self.db.feed();
        loop {
            let batch = feed.read(FeedCursor::default(), 1_000, Duration::ZERO).await.expect("the feed can be read");
            let changes = batch.events.into_iter().filter(|(_, event)| event.kind == StockChanged::KIND);
            let changes: Vec<_> = changes.map(|(_, event)| event.open().expect("the event is readable")).collect();
            if changes.contains(&last) {
                return changes;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn ctx() -> CallCtx {
    CallCtx::of_module("orders")
}

fn item(variant_id: &str, on_hand: i64) -> StockItem {
    let sku = Some(variant_id.to_uppercase());
    StockItem {
        variant_id: variant_id.to_owned(),
        sku,
        on_hand: Some(on_hand),
        track_inventory: true,
        ..StockItem::default()
    }
}

/// A new location.
fn place(name: &str, priority: i64) -> SaveLocation {
    let (key, name, address) = (IdempotencyKey::new(), name.to_owned(), String::new());
    SaveLocation { key, id: None, name, address, priority, ships: true, is_default: false }
}

fn holding(order_id: &str, lines: &[(&str, i64)]) -> Reserve {
    let line =
        |&(variant_id, quantity): &(&str, i64)| ReserveLine::new(variant_id, quantity.try_into().expect("a quantity"));
    Reserve {
        key: IdempotencyKey::new(),
        order_id: order_id.to_owned(),
        lines: lines.iter().map(line).collect(),
        hold_seconds: 600,
        takes_over: None,
    }
}

/// All at the same time: how many were accepted, and what the others were told.
async fn all_at_once<T: 'static + Send>(
    calls: impl IntoIterator<Item = impl Future<Output = Outcome<T>> + Send + 'static>,
) -> (usize, Vec<CallError<InventoryError>>) {
    let outcomes = calls.into_iter().collect::<JoinSet<_>>().join_all().await;
    let all = outcomes.len();
    let refusals: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
    (all - refusals.len(), refusals)
}

/// `count` orders, each of which wants `lines`.
async fn buyers(shop: &Shop, count: usize, lines: &[(&str, i64)]) -> (usize, Vec<CallError<InventoryError>>) {
    let calls = (0..count).map(|number| {
        let (inventory, request) = (Arc::clone(&shop.inventory), holding(&format!("ord_{number}"), lines));
        async move { inventory.reserve(&ctx(), request).await }
    });
    all_at_once(calls.collect::<Vec<_>>()).await
}

/// Which variants are short, with what was wanted and what there was.
fn shortages<T: std::fmt::Debug>(outcome: Outcome<T>) -> Vec<(String, i64, i64)> {
    match outcome {
        Err(CallError::Domain(InventoryError::OutOfStock { shortages })) => {
            shortages.into_iter().map(|short| (short.variant_id, short.wanted, short.available)).collect()
        }
        other => panic!("not refused as out of stock: {other:?}"),
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Outcome<T>) -> InventoryError {
    match outcome {
        Err(CallError::Domain(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// Which field was found invalid.
fn invalid_field<T: std::fmt::Debug>(outcome: Outcome<T>) -> String {
    match refusal(outcome) {
        InventoryError::Invalid { field, .. } => field,
        other => panic!("refused for another reason: {other}"),
    }
}
