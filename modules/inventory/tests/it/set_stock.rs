//! Counts, imports and corrections.

use inventory_api::{Adjust, InventoryError, MovementKind, SetStock, StockItem};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, SLATE, Shop, ctx, invalid_field, item, refusal};

#[tokio::test]
async fn differences_go_into_the_ledger_and_what_is_equal_is_left_alone() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 3).await;
        let commits = |shop: &Shop| shop.db.commits();
        let before = commits(&shop);
        assert_eq!(shop.set(vec![item(CHALK, 8), item(SLATE, 3)]).await.expect("set"), 1);
        assert_eq!(shop.set(vec![item(CHALK, 6), item(SLATE, 3)]).await.expect("set"), 1);
        assert_eq!(shop.set(vec![item(CHALK, 6), item(SLATE, 3)]).await.expect("set"), 0);
        assert_eq!(commits(&shop) - before, 3);
        let ledger = shop.ledger(CHALK).await;
        let lines: Vec<_> = ledger.iter().map(|line| (line.kind, line.on_hand_delta, line.on_hand_after)).collect();
        let (received, adjusted) = (MovementKind::Received, MovementKind::Adjusted);
        assert_eq!(lines, [(adjusted, -2, 6), (received, 3, 8), (received, 5, 5)]);
        assert_eq!((ledger[0].reason.as_str(), ledger[0].actor.as_str()), ("count", "module:orders"));
        assert_eq!(shop.ledger(SLATE).await.len(), 1);
        assert_eq!(shop.told(CHALK).await, [(0, 5), (5, 8), (8, 6)]);
    })
    .await;
}

#[tokio::test]
async fn rules_change_without_the_count_and_are_told() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let uncounted = StockItem { on_hand: None, sku: None, track_inventory: false, ..item(CHALK, 0) };
        assert_eq!(shop.set(vec![uncounted.clone()]).await.expect("set"), 1);
        assert_eq!(shop.set(vec![uncounted]).await.expect("set"), 0);
        let level = shop.level(CHALK).await;
        assert_eq!((level.on_hand, level.track_inventory, level.sku.as_deref()), (5, false, Some("VAR_CHALK")));
        assert_eq!(shop.told(CHALK).await, [(0, 5), (5, 5)]);
        assert_eq!(shop.ledger(CHALK).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn holds_stay_when_stock_is_set() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.set(vec![item(CHALK, 9)]).await.expect("set");
        assert_eq!((shop.counters(CHALK).await, shop.level(CHALK).await.available), ((9, 2, 0), 7));
        assert_eq!(shop.told(CHALK).await.last(), Some(&(3, 7)));
    })
    .await;
}

#[tokio::test]
async fn the_same_key_sets_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let request = SetStock { key: IdempotencyKey::new(), reason: "count".to_owned(), items: vec![item(CHALK, 9)] };
        assert_eq!(shop.inventory.set_stock(&ctx(), request.clone()).await.expect("set"), 1);
        shop.adjust(CHALK, -4).await.expect("adjusted");
        assert_eq!(shop.inventory.set_stock(&ctx(), request).await.expect("the same answer"), 1);
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn values_that_break_a_rule_are_refused_by_name_and_nothing_is_set() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let with = |broken: StockItem| vec![item(CHALK, 9), broken];
        assert_eq!(invalid_field(shop.set(with(item(SLATE, -1))).await), "items.1.on_hand");
        assert_eq!(invalid_field(shop.set(with(item(SLATE, 1_000_000_001))).await), "items.1.on_hand");
        assert_eq!(invalid_field(shop.set(with(item("", 1))).await), "items.1.variant_id");
        assert_eq!(invalid_field(shop.set(with(item(CHALK, 1))).await), "items.1.variant_id");
        assert_eq!(invalid_field(shop.set(vec![item(CHALK, 1); 5_001]).await), "items");
        let request = SetStock { key: IdempotencyKey::new(), reason: " ".to_owned(), items: vec![item(CHALK, 9)] };
        assert_eq!(invalid_field(shop.inventory.set_stock(&ctx(), request).await), "reason");
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn five_thousand_levels_are_set_in_one_commit() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let items: Vec<_> = (0..5_000).map(|number| item(&format!("var_{number}"), number)).collect();
        let before = shop.db.commits();
        let began = std::time::Instant::now();
        assert_eq!(shop.set(items.clone()).await.expect("set"), 5_000);
        let first = began.elapsed();
        let fewer = items.into_iter().map(|item| StockItem { on_hand: Some(7), ..item });
        assert_eq!(shop.set(fewer.collect()).await.expect("set"), 4_999);
        assert_eq!(shop.db.commits() - before, 2);
        eprintln!("{}: 5,000 new levels {first:?}, 4,999 changed {:?}", home.backend(), began.elapsed() - first);
        assert_eq!(shop.counters("var_4999").await, (7, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn an_adjustment_moves_what_is_on_hand_but_not_below_zero() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        let level = shop.adjust(CHALK, -4).await.expect("adjusted");
        assert_eq!((level.on_hand, level.reserved, level.available), (1, 2, -1));
        assert_eq!(invalid_field(shop.adjust(CHALK, -2).await), "delta");
        assert_eq!(invalid_field(shop.adjust(CHALK, 0).await), "delta");
        assert_eq!(invalid_field(shop.adjust(CHALK, i64::MIN).await), "delta");
        assert_eq!(invalid_field(shop.adjust(CHALK, 1_000_000_000).await), "delta");
        assert_eq!(refusal(shop.adjust("var_unknown", 1).await), InventoryError::NotFound);
        assert_eq!(shop.counters(CHALK).await, (1, 0, 0), "a hold that cannot be met ends");
    })
    .await;
}

#[tokio::test]
async fn the_same_adjustment_counts_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let request = Adjust::new(IdempotencyKey::new(), CHALK, 3, "found");
        for _ in 0..2 {
            let level = shop.inventory.adjust(&ctx(), request.clone()).await.expect("adjusted");
            assert_eq!(level.on_hand, 8);
        }
        assert_eq!(shop.counters(CHALK).await, (8, 0, 0));
    })
    .await;
}
