//! The books compared with themselves: whatever is broken by hand is found and named.

use diesel::connection::SimpleConnection as _;
use inventory_api::InventoryError;
use kernel::CallError;
use kernel::testing::on_every_database;

use crate::{CHALK, SLATE, Shop, item};

/// A fault in a shop that is otherwise well, and the invariants that it breaks.
async fn breaks(statement: &'static str, expected: &[&str]) {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 9, 9).await;
        shop.reserve("ord_ada", &[(CHALK, 2), (SLATE, 1)]).await.expect("held");
        shop.reserve("ord_ben", &[(CHALK, 3)]).await.expect("held");
        shop.allocate("ord_ben").await.expect("promised");
        assert_eq!(shop.violations().await, []);
        let broken = shop.db.write(move |conn| Ok::<_, CallError<InventoryError>>(conn.batch_execute(statement)?));
        broken.await.expect("broken");
        let mut found: Vec<_> = shop.violations().await.into_iter().map(|violation| violation.invariant).collect();
        found.dedup();
        assert_eq!(found, expected, "{statement}");
    })
    .await;
}

#[tokio::test]
async fn a_counter_that_moved_alone_is_found() {
    breaks("UPDATE stock_levels SET on_hand = on_hand + 1 WHERE variant_id = 'var_chalk'", &["I-S2", "I-S7"]).await;
    breaks("UPDATE stock_levels SET reserved = reserved - 1 WHERE variant_id = 'var_slate'", &["I-S2", "I-S3"]).await;
}

#[tokio::test]
async fn more_held_than_there_is_is_found() {
    let statement = "UPDATE stock_levels SET on_hand = 1, updated_at = 0 WHERE variant_id = 'var_chalk'";
    breaks(statement, &["I-S1", "I-S2", "I-S7"]).await;
}

#[tokio::test]
async fn a_reservation_that_ended_without_its_counters_is_found() {
    breaks("UPDATE reservations SET status = 'released' WHERE order_id = 'ord_ada'", &["I-S3", "I-S4"]).await;
    breaks("DELETE FROM reservation_lines WHERE order_id = 'ord_ada'", &["I-S3", "I-S4", "I-S5"]).await;
}

#[tokio::test]
async fn a_hold_that_outlived_its_time_is_found() {
    breaks("UPDATE reservations SET expires_at = 1 WHERE order_id = 'ord_ada'", &["I-S6"]).await;
}

#[tokio::test]
async fn a_line_of_the_ledger_that_cannot_be_is_found() {
    let statement = "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, \
                     allocated_delta, on_hand_after, reason, actor, created_at) \
                     VALUES ('mov_x', 'var_chalk', 'main', 'transferred', 3, 0, 0, 12, 'magic', 'nobody', 1); \
                     UPDATE stock_levels SET on_hand = on_hand + 3 WHERE variant_id = 'var_chalk'";
    breaks(statement, &["I-S7"]).await;
}

#[tokio::test]
async fn a_shop_that_was_counted_down_is_in_order() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 9, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 5)]).await.expect("held");
        shop.allocate("ord_ada").await.expect("promised");
        shop.reserve("ord_ben", &[(CHALK, 2)]).await.expect("held");
        shop.set(vec![item(CHALK, 1)]).await.expect("counted");
        shop.wait(60);
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((1, 0, 5), vec![]));
    })
    .await;
}
