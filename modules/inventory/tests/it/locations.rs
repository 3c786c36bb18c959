//! Several locations: where things are, where they are sent from, and how they get from one to another.

use inventory_api::{
    Adjust, FindStock, InventoryError, ListLocations, ListStock, MovementKind, SaveLocation, StockItem, StockLevel,
    StockLocation, Transfer,
};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, Outcome, SLATE, Shop, ctx, invalid_field, item, place, refusal, shortages};

impl Shop {
    async fn locations(&self) -> Vec<StockLocation> {
        self.inventory.locations(&ctx(), ListLocations {}).await.expect("locations")
    }

    async fn set_at(&self, variant_id: &str, location_id: &str, on_hand: i64) {
        let at = StockItem { location_id: Some(location_id.to_owned()), ..item(variant_id, on_hand) };
        self.set(vec![at]).await.expect("set");
    }

    async fn transfer(&self, from: &str, to: &str, quantity: i64) -> Outcome<StockLevel> {
        let (key, variant_id, reason) = (IdempotencyKey::new(), CHALK.to_owned(), "nearer".to_owned());
        let (from, to) = (from.to_owned(), to.to_owned());
        self.inventory.transfer(&ctx(), Transfer { key, variant_id, from, to, quantity, reason }).await
    }
}

#[tokio::test]
async fn an_order_is_sent_from_one_place_that_has_all_of_it_else_from_several() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let far = shop.add_location("Far", 5).await;
        shop.set(vec![item(CHALK, 3), item(SLATE, 1)]).await.expect("set");
        shop.set_at(CHALK, &far, 4).await;
        shop.set_at(SLATE, &far, 2).await;
        shop.reserve("ord_ada", &[(CHALK, 2), (SLATE, 2)]).await.expect("held");
        assert_eq!(
            (shop.counters_at(CHALK, &far).await, shop.counters_at(CHALK, "main").await),
            ((4, 2, 0), (3, 0, 0))
        );
        shop.reserve("ord_ben", &[(CHALK, 5)]).await.expect("three and two");
        let stock = shop.stock_of("ord_ben").await.expect("holds");
        let parts: Vec<_> = stock.lines.iter().map(|line| (line.location_id.as_str(), line.quantity)).collect();
        assert_eq!(parts, [(far.as_str(), 2), ("main", 3)]);
        assert_eq!(shortages(shop.reserve("ord_cleo", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        shop.allocate("ord_ben").await.expect("promised");
        shop.release("ord_ben").await.expect("given back");
        assert_eq!(
            (shop.counters_at(CHALK, &far).await, shop.counters_at(CHALK, "main").await),
            ((4, 2, 0), (3, 0, 0))
        );
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn what_is_where_no_orders_are_sent_from_is_not_sold() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        let store = shop.add_location("Museum", 0).await;
        shop.set_at(CHALK, &store, 7).await;
        assert_eq!(shop.level(CHALK).await.available, 8);
        let closed = SaveLocation { id: Some(store.clone()), ships: false, ..place("Museum", 0) };
        shop.inventory.save_location(&ctx(), closed).await.expect("saved");
        assert_eq!((shop.level(CHALK).await.available, shop.told(CHALK).await.last()), (1, Some(&(7, 0))));
        assert_eq!(shortages(shop.reserve("ord_ada", &[(CHALK, 2)]).await), [(CHALK.to_owned(), 2, 1)]);
        assert_eq!(shop.counters_at(CHALK, &store).await, (7, 0, 0), "staff see it all the same");
    })
    .await;
}

#[tokio::test]
async fn goods_are_moved_once_and_only_those_that_nobody_was_promised() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let far = shop.add_location("Far", 5).await;
        shop.reserve("ord_ada", &[(CHALK, 3)]).await.expect("held");
        assert_eq!(invalid_field(shop.transfer("main", &far, 3).await), "quantity");
        assert_eq!(invalid_field(shop.transfer("main", &far, 0).await), "quantity");
        assert_eq!(invalid_field(shop.transfer("main", "main", 1).await), "to");
        assert_eq!(invalid_field(shop.transfer("nowhere", &far, 1).await), "from");
        let (key, variant_id, reason) = (IdempotencyKey::new(), CHALK.to_owned(), "nearer".to_owned());
        let request = Transfer { key, variant_id, from: "main".to_owned(), to: far.clone(), quantity: 2, reason };
        for _ in 0..3 {
            shop.inventory.transfer(&ctx(), request.clone()).await.expect("moved once");
        }
        assert_eq!(
            (shop.counters_at(CHALK, "main").await, shop.counters_at(CHALK, &far).await),
            ((3, 3, 0), (2, 0, 0))
        );
        let ledger = shop.ledger(CHALK).await;
        let moved: Vec<_> = ledger.iter().filter(|line| line.kind == MovementKind::Transferred).collect();
        assert_eq!(moved.iter().map(|line| line.on_hand_delta).sum::<i64>(), 0);
        assert_eq!((moved.len(), moved[0].reason.as_str()), (2, "nearer (Main location → Far)"));
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn what_comes_in_is_no_longer_expected() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { incoming: Some(10), ..item(CHALK, 1) }]).await.expect("set");
        let delivery = |delta| Adjust {
            received: true,
            reference: Some("PO-7".to_owned()),
            ..Adjust::new(IdempotencyKey::new(), CHALK, delta, "delivery")
        };
        let level = shop.inventory.adjust(&ctx(), delivery(4)).await.expect("received");
        assert_eq!((level.on_hand, level.incoming, level.available), (5, 6, 5));
        shop.inventory.adjust(&ctx(), delivery(7)).await.expect("received");
        assert_eq!(shop.level(CHALK).await.incoming, 0);
        assert_eq!(invalid_field(shop.inventory.adjust(&ctx(), delivery(-1)).await), "delta");
        let last = shop.ledger(CHALK).await.remove(0);
        assert_eq!((last.kind, last.reference.as_deref()), (MovementKind::Received, Some("PO-7")));
    })
    .await;
}

#[tokio::test]
async fn one_location_is_the_default_and_names_are_their_own() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        let far = SaveLocation { is_default: true, ..place("Far", 5) };
        let far = shop.inventory.save_location(&ctx(), far).await.expect("added");
        assert_eq!(invalid_field(shop.inventory.save_location(&ctx(), place("Far", 1)).await), "name");
        assert_eq!(invalid_field(shop.inventory.save_location(&ctx(), place(" ", 1)).await), "name");
        assert_eq!(invalid_field(shop.inventory.save_location(&ctx(), place("Near", 1_001)).await), "priority");
        let gone = SaveLocation { id: Some("loc_gone".to_owned()), ..place("Gone", 1) };
        assert_eq!(refusal(shop.inventory.save_location(&ctx(), gone).await), InventoryError::NotFound);
        let defaults: Vec<_> = shop.locations().await.into_iter().filter(|location| location.is_default).collect();
        assert_eq!(defaults, std::slice::from_ref(&far));
        shop.adjust(CHALK, 2).await.expect("at the default location");
        assert_eq!(
            (shop.counters_at(CHALK, &far.id).await, shop.counters_at(CHALK, "main").await),
            ((2, 0, 0), (1, 0, 0))
        );
        let nowhere = StockItem { location_id: Some("nowhere".to_owned()), ..item(CHALK, 1) };
        assert_eq!(invalid_field(shop.set(vec![nowhere]).await), "items.0.location_id");
    })
    .await;
}

#[tokio::test]
async fn lists_show_a_variant_once_and_filter_by_place_name_and_need() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 50, 60).await;
        let far = shop.add_location("Far", 5).await;
        shop.set_at(CHALK, &far, 7).await;
        let list = |request: ListStock| {
            let inventory = std::sync::Arc::clone(&shop.inventory);
            async move {
                let page = inventory.list_stock(&ctx(), request).await.expect("listed");
                page.items.into_iter().map(|level| (level.variant_id, level.available)).collect::<Vec<_>>()
            }
        };
        let (chalk, slate) = ((CHALK.to_owned(), 57), (SLATE.to_owned(), 60));
        assert_eq!(list(ListStock::default()).await, [chalk.clone(), slate.clone()]);
        let there = ListStock { location_id: Some(far.clone()), ..ListStock::default() };
        assert_eq!(list(there).await, [chalk]);
        let named = ListStock { search: Some("VAR_S".to_owned()), ..ListStock::default() };
        assert_eq!(list(named).await, [slate]);
        shop.reserve("ord_ada", &[(CHALK, 50)]).await.expect("held");
        shop.allocate("ord_ada").await.expect("promised");
        shop.set(vec![item(CHALK, 49)]).await.expect("counted");
        let oversold = || ListStock { oversold_only: true, ..ListStock::default() };
        assert_eq!(list(oversold()).await, [(CHALK.to_owned(), 6)]);
        let low = ListStock { low_only: true, ..ListStock::default() };
        assert_eq!(list(low).await, [(CHALK.to_owned(), 6)]);
    })
    .await;
}

#[tokio::test]
async fn the_rules_of_a_variant_are_the_same_everywhere() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 0, 0).await;
        let far = shop.add_location("Far", 5).await;
        shop.set_at(CHALK, &far, 0).await;
        shop.set(vec![StockItem { backorderable: true, ..item(CHALK, 0) }]).await.expect("set");
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("it may be backordered");
        let request = FindStock { by_location: true, ..FindStock::of(vec![CHALK.to_owned()]) };
        let level = shop.inventory.stock_levels(&ctx(), request).await.expect("levels").remove(0);
        assert_eq!((level.backorderable, level.available, level.locations.len()), (true, -2, 2));
    })
    .await;
}
