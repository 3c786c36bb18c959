//! Giving back what an order holds.

use std::sync::Arc;

use inventory_api::{InventoryError, MovementKind, Release};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, Shop, all_at_once, ctx, refusal};

#[tokio::test]
async fn holds_and_promises_are_given_back_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.reserve("ord_ben", &[(CHALK, 1)]).await.expect("held");
        shop.allocate("ord_ben").await.expect("promised");
        for order_id in ["ord_ada", "ord_ben", "ord_ada", "ord_ben"] {
            shop.release(order_id).await.expect("given back");
        }
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
        assert_eq!(shop.count_of(CHALK, MovementKind::Released).await, 2);
    })
    .await;
}

#[tokio::test]
async fn twenty_releases_at_once_are_one() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        let calls = (0..20).map(|_| {
            let request = Release::new(IdempotencyKey::new(), "ord_ada", "canceled");
            let inventory = Arc::clone(&shop.inventory);
            async move { inventory.release(&ctx(), request).await }
        });
        // Who meets another release at the same moment is told to try again.
        let (_, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert!(refusals.iter().all(|refusal| refusal.is_temporary()), "{refusals:?}");
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
        assert_eq!(shop.count_of(CHALK, MovementKind::Released).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_reserve_that_comes_after_the_release_holds_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.release("ord_ada").await.expect("an order that holds nothing is no error");
        shop.release("ord_ada").await.expect("twice neither");
        assert_eq!(refusal(shop.reserve("ord_ada", &[(CHALK, 1)]).await), InventoryError::NothingReserved);
        assert_eq!(refusal(shop.allocate("ord_ada").await), InventoryError::NothingReserved);
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn an_order_released_after_its_hold_ran_out_is_not_promised_anything() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("held");
        shop.wait(601);
        shop.end_holds().await;
        shop.release("ord_ada").await.expect("nothing to give back");
        assert_eq!(refusal(shop.allocate("ord_ada").await), InventoryError::NothingReserved);
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn promising_and_releasing_at_once_leave_one_of_both() {
    on_every_database(|home| async move {
        let shop = Arc::new(Shop::stocked(&home, 40, 0).await);
        for number in 0..20 {
            shop.reserve(&format!("ord_{number}"), &[(CHALK, 2)]).await.expect("held");
        }
        let calls = (0..40).map(|number| {
            let (shop, order_id) = (Arc::clone(&shop), format!("ord_{}", number / 2));
            async move { if number % 2 == 0 { shop.allocate(&order_id).await } else { shop.release(&order_id).await } }
        });
        let (_, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        for refusal in &refusals {
            let lost = refusal.domain() == Some(&InventoryError::NothingReserved) || refusal.is_temporary();
            assert!(lost, "{refusal:?}");
        }
        let (on_hand, reserved, allocated) = shop.counters(CHALK).await;
        assert_eq!((on_hand, reserved), (40, 0), "{refusals:?}");
        assert!(allocated % 2 == 0 && allocated <= 40);
    })
    .await;
}
