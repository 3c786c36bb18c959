//! Promising stock to a placed order.

use std::sync::Arc;

use inventory_api::{Allocate, InventoryError, MovementKind};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, SLATE, Shop, all_at_once, ctx, refusal, shortages};

#[tokio::test]
async fn a_hold_becomes_a_promise_and_availability_stays() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        shop.reserve("ord_ada", &[(CHALK, 2), (SLATE, 1)]).await.expect("held");
        let told = shop.told(CHALK).await;
        shop.allocate("ord_ada").await.expect("promised");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 0, 2), (5, 0, 1)));
        assert_eq!(shop.told(CHALK).await, told);
    })
    .await;
}

#[tokio::test]
async fn twenty_promises_at_once_are_one() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        let calls = (0..20).map(|_| {
            let request = Allocate { key: IdempotencyKey::new(), order_id: "ord_ada".to_owned(), lines: Vec::new() };
            let inventory = Arc::clone(&shop.inventory);
            async move { inventory.allocate(&ctx(), request).await }
        });
        let (promised, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!(promised, 20, "{refusals:?}");
        assert_eq!(shop.counters(CHALK).await, (5, 0, 2));
        assert_eq!(shop.count_of(CHALK, MovementKind::Allocated).await, 1);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_holds_nothing_is_promised_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        assert_eq!(refusal(shop.allocate("ord_ada").await), InventoryError::NothingReserved);
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ran_out_is_promised_while_its_goods_are_there() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(601);
        shop.end_holds().await;
        assert_eq!(shop.counters(CHALK).await, (2, 0, 0));
        shop.allocate("ord_ada").await.expect("both are still there");
        assert_eq!(shop.counters(CHALK).await, (2, 0, 2));
        assert_eq!(shop.told(CHALK).await.last(), Some(&(2, 0)));
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ran_out_is_refused_when_its_goods_went_to_another() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(601);
        shop.end_holds().await;
        shop.reserve("ord_ben", &[(CHALK, 1)]).await.expect("held");
        assert_eq!(shortages(shop.allocate("ord_ada").await), [(CHALK.to_owned(), 2, 1)]);
        assert_eq!(shop.counters(CHALK).await, (2, 1, 0));
        shop.release("ord_ben").await.expect("given back");
        shop.allocate("ord_ada").await.expect("both are back");
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ran_out_but_was_not_ended_is_still_promised() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(601);
        shop.allocate("ord_ada").await.expect("promised");
        shop.end_holds().await;
        assert_eq!(shop.counters(CHALK).await, (2, 0, 2));
    })
    .await;
}

#[tokio::test]
async fn staff_may_count_less_than_is_promised() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ben", &[(CHALK, 2)]).await.expect("held");
        shop.allocate("ord_ben").await.expect("promised");
        assert_eq!(shop.set(vec![crate::item(CHALK, 1)]).await.expect("accepted"), 1);
        assert_eq!((shop.counters(CHALK).await, shop.level(CHALK).await.available), ((1, 0, 2), -1));
        assert_eq!(shortages(shop.reserve("ord_cleo", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        shop.release("ord_ben").await.expect("given back");
        assert_eq!(shop.counters(CHALK).await, (1, 0, 0));
    })
    .await;
}
