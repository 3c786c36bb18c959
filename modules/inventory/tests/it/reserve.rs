//! Holding stock for an order.

use std::sync::Arc;

use inventory_api::{InventoryError, MovementKind};
use kernel::testing::on_every_database;
use kernel::{CallError, NotExecuted};

use crate::{CHALK, SLATE, Shop, all_at_once, buyers, ctx, holding, invalid_field, item, shortages};

#[tokio::test]
async fn the_last_unit_is_held_for_one_of_twenty_buyers() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        let (held, refusals) = buyers(&shop, 20, &[(CHALK, 1)]).await;
        assert_eq!(held, 1);
        for refusal in refusals {
            assert_eq!(shortages::<()>(Err(refusal)), [(CHALK.to_owned(), 1, 0)]);
        }
        assert_eq!(shop.counters(CHALK).await, (1, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn two_hundred_buyers_get_exactly_one_hundred_units() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 100, 0).await;
        let (held, refusals) = buyers(&shop, 200, &[(CHALK, 1)]).await;
        assert_eq!((held, refusals.len()), (100, 100));
        assert_eq!(shop.counters(CHALK).await, (100, 100, 0));
        assert_eq!(shop.count_of(CHALK, MovementKind::Reserved).await, 100);
    })
    .await;
}

#[tokio::test]
async fn buyers_of_the_same_two_things_in_any_order_do_not_block_each_other() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 30, 30).await;
        let calls = (0..40).map(|number| {
            let lines = if number % 2 == 0 { [(CHALK, 1), (SLATE, 1)] } else { [(SLATE, 1), (CHALK, 1)] };
            let (inventory, request) = (Arc::clone(&shop.inventory), holding(&format!("ord_{number}"), &lines));
            async move { inventory.reserve(&ctx(), request).await }
        });
        let (held, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!(held, 30, "{refusals:?}");
        assert!(refusals.iter().all(|refusal| refusal.domain().is_some()), "{refusals:?}");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((30, 30, 0), (30, 30, 0)));
    })
    .await;
}

#[tokio::test]
async fn lines_of_one_variant_count_together() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let refused = shop.reserve("ord_ada", &[(CHALK, 3), (CHALK, 3)]).await;
        assert_eq!(shortages(refused), [(CHALK.to_owned(), 6, 5)]);
        shop.reserve("ord_ben", &[(CHALK, 3), (CHALK, 2)]).await.expect("five are there");
        assert_eq!(shop.counters(CHALK).await, (5, 5, 0));
    })
    .await;
}

#[tokio::test]
async fn when_one_line_is_short_nothing_is_held_and_all_short_lines_are_named() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 9, 2).await;
        let refused = shop.reserve("ord_ada", &[("var_unknown", 1), (SLATE, 3), (CHALK, 1)]).await;
        assert_eq!(shortages(refused), [(SLATE.to_owned(), 3, 2), ("var_unknown".to_owned(), 1, 0)]);
        assert_eq!(shop.counters(CHALK).await, (9, 0, 0));
        shop.reserve("ord_ada", &[(SLATE, 2)]).await.expect("the refusal left nothing behind");
    })
    .await;
}

#[tokio::test]
async fn the_same_key_holds_once_and_another_request_under_it_is_refused() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let request = holding("ord_ada", &[(CHALK, 2)]);
        let first = shop.inventory.reserve(&ctx(), request.clone()).await.expect("held");
        shop.wait(60);
        assert_eq!(shop.inventory.reserve(&ctx(), request.clone()).await.expect("the same answer"), first);

        let other = inventory_api::Reserve { key: request.key, ..holding("ord_ben", &[(CHALK, 1)]) };
        let refused = shop.inventory.reserve(&ctx(), other).await;
        assert!(matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })), "{refused:?}");
        assert_eq!(shop.counters(CHALK).await, (5, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn twenty_requests_with_one_key_hold_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 50, 0).await;
        let request = holding("ord_ada", &[(CHALK, 2)]);
        let calls = (0..20).map(|_| {
            let (inventory, request) = (Arc::clone(&shop.inventory), request.clone());
            async move { inventory.reserve(&ctx(), request).await }
        });
        let (held, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!(held, 20, "{refusals:?}");
        assert_eq!(shop.counters(CHALK).await, (50, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_that_asks_again_holds_what_it_held_and_no_longer() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        let first = shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(300);
        assert_eq!(shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("still held"), first);
        assert_eq!(invalid_field(shop.reserve("ord_ada", &[(SLATE, 2)]).await), "lines");
        assert_eq!(shop.counters(CHALK).await, (5, 2, 0));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_counted_or_may_be_backordered_is_always_there() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let uncounted = inventory_api::StockItem { track_inventory: false, ..item(CHALK, 0) };
        let backorderable = inventory_api::StockItem { backorderable: true, ..item(SLATE, 1) };
        shop.set(vec![uncounted, backorderable]).await.expect("set");
        shop.reserve("ord_ada", &[(CHALK, 9_999), (SLATE, 4)]).await.expect("held");
        assert_eq!(shop.counters(CHALK).await, (0, 9_999, 0));
        assert_eq!(shop.level(SLATE).await.available, -3);
    })
    .await;
}

#[tokio::test]
async fn holds_outside_the_bounds_are_refused() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        for hold_seconds in [0, 1_201] {
            let request = inventory_api::Reserve { hold_seconds, ..holding("ord_ada", &[(CHALK, 1)]) };
            assert_eq!(invalid_field(shop.inventory.reserve(&ctx(), request).await), "hold_seconds");
        }
        assert_eq!(invalid_field(shop.reserve("ord_ada", &[]).await), "lines");
        assert_eq!(invalid_field(shop.reserve("ord_ada", &[(CHALK, 1); 201]).await), "lines");
    })
    .await;
}

#[tokio::test]
async fn a_hold_costs_one_commit_and_is_told_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        let before = shop.db.commits();
        shop.reserve("ord_ada", &[(CHALK, 1), (SLATE, 2)]).await.expect("held");
        assert_eq!(shop.db.commits() - before, 1);
        assert_eq!(shop.told(CHALK).await, [(0, 5), (5, 4)]);
        assert_eq!(shop.told(SLATE).await, [(0, 5), (5, 3)]);
        let error: CallError<InventoryError> = shop.reserve("ord_ben", &[(CHALK, 5)]).await.expect_err("short");
        assert!(error.domain().is_some());
        assert_eq!(shop.told(CHALK).await.len(), 2);
    })
    .await;
}
