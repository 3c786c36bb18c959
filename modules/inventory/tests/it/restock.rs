//! Goods that come back, are lost, or are changed in a placed order.

use inventory_api::{Allocate, MovementKind, Release, Restock, RestockLine};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, Outcome, SLATE, Shop, ctx, holding, invalid_field, refusal, shortages};

fn came_back(lines: &[(&str, i64, bool)]) -> Restock {
    let line = |&(variant_id, quantity, write_off): &(&str, i64, bool)| RestockLine {
        variant_id: variant_id.to_owned(),
        quantity: quantity.try_into().expect("a quantity"),
        write_off,
    };
    Restock {
        key: IdempotencyKey::new(),
        order_id: "ord_ada".to_owned(),
        lines: lines.iter().map(line).collect(),
        location_id: None,
        reason: "return RET-1".to_owned(),
    }
}

impl Shop {
    async fn change_order(&self, order_id: &str, lines: &[(&str, i64)]) -> Outcome<()> {
        let lines = holding(order_id, lines).lines;
        let request = Allocate { key: IdempotencyKey::new(), order_id: order_id.to_owned(), lines };
        self.inventory.allocate(&ctx(), request).await
    }
}

#[tokio::test]
async fn what_came_back_is_sold_again_or_written_off() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        let request = came_back(&[(CHALK, 2, false), (CHALK, 1, true), (SLATE, 3, true), ("var_unknown", 1, false)]);
        for _ in 0..3 {
            shop.inventory.restock(&ctx(), request.clone()).await.expect("taken back once");
        }
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((7, 0, 0), (5, 0, 0)));
        let lines: Vec<_> = shop.ledger(SLATE).await.iter().map(|line| (line.kind, line.on_hand_delta)).collect();
        let came = (MovementKind::Received, 5);
        assert_eq!(lines, [(MovementKind::Adjusted, -3), (MovementKind::Returned, 3), came]);
        let last = shop.ledger(CHALK).await.remove(0);
        assert_eq!((last.reference.as_deref(), last.reason.as_str()), (Some("ord_ada"), "return RET-1"));
        assert_eq!(shop.violations().await, []);
        assert_eq!(invalid_field(shop.inventory.restock(&ctx(), came_back(&[])).await), "lines");
    })
    .await;
}

#[tokio::test]
async fn what_was_promised_and_is_lost_does_not_become_available() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.allocate("ord_ada").await.expect("promised");
        let told = shop.told(CHALK).await;
        let lost = Release { write_off: true, ..Release::new(IdempotencyKey::new(), "ord_ada", "broken in the store") };
        shop.inventory.release(&ctx(), lost).await.expect("written off");
        assert_eq!((shop.counters(CHALK).await, shop.told(CHALK).await), ((3, 0, 0), told));
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_placed_order_that_is_changed_takes_more_and_gives_back() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 2).await;
        shop.reserve("ord_ada", &[(CHALK, 4)]).await.expect("held");
        let early = shop.change_order("ord_ada", &[(CHALK, 1)]).await;
        assert_eq!(refusal(early), inventory_api::InventoryError::NothingReserved);
        shop.allocate("ord_ada").await.expect("promised");
        shop.change_order("ord_ada", &[(CHALK, 1), (SLATE, 2)]).await.expect("changed");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 0, 1), (2, 0, 2)));
        let short = shop.change_order("ord_ada", &[(CHALK, 5), (SLATE, 3)]).await;
        assert_eq!(shortages(short), [(SLATE.to_owned(), 1, 0)]);
        assert_eq!(shop.counters(CHALK).await, (5, 0, 1), "all or nothing");
        shop.change_order("ord_ada", &[(CHALK, 5)]).await.expect("changed");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 0, 5), (2, 0, 0)));
        shop.release("ord_ada").await.expect("given back");
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((5, 0, 0), vec![]));
    })
    .await;
}
