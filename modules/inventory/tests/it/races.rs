//! Every pair of operations on one variant at the same time: whichever comes first, the books are right afterwards.

use std::sync::Arc;

use inventory_api::{Hold, InventoryError, Release, Restock, RestockLine, StockItem, Transfer};
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey, Quantity};

use crate::{CHALK, Outcome, Shop, ctx, holding, item};

/// Who does what to chalk. There are ten pieces here and ten far away; an order and a cart hold some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Reserve,
    TakeOver,
    Hold,
    Allocate,
    Change,
    Release,
    LetGo,
    WriteOff,
    Count,
    CountDown,
    Adjust,
    Transfer,
    Restock,
    TimeRunsOut,
}

const ACTS: [Act; 14] = [
    Act::Reserve,
    Act::TakeOver,
    Act::Hold,
    Act::Allocate,
    Act::Change,
    Act::Release,
    Act::LetGo,
    Act::WriteOff,
    Act::Count,
    Act::CountDown,
    Act::Adjust,
    Act::Transfer,
    Act::Restock,
    Act::TimeRunsOut,
];

/// What is there before each pair.
struct Scene {
    shop: Shop,
    far: String,
    number: usize,
}

impl Scene {
    fn name(&self, what: &str) -> String {
        format!("{what}_{}", self.number)
    }

    async fn set(&mut self) {
        self.number += 1;
        let far = StockItem { location_id: Some(self.far.clone()), ..item(CHALK, 10) };
        self.shop.set(vec![item(CHALK, 10), far]).await.expect("set");
        self.shop.reserve(&self.name("ord_held"), &[(CHALK, 2)]).await.expect("held");
        self.shop.reserve(&self.name("ord_placed"), &[(CHALK, 3)]).await.expect("held");
        self.shop.allocate(&self.name("ord_placed")).await.expect("promised");
        self.hold(4).await.expect("held");
    }

    async fn clear(&self) {
        for name in ["ord_held", "ord_placed", "ord_new", "ord_of_cart", "crt"] {
            self.shop.release(&self.name(name)).await.expect("given back");
        }
    }

    async fn hold(&self, quantity: i64) -> Outcome<()> {
        let cart_id = self.name("crt");
        let lines = holding(&cart_id, &[(CHALK, quantity)]).lines;
        let request = Hold { cart_id, lines, hold_seconds: 600, session: None, address: Some("here".to_owned()) };
        self.shop.inventory.hold(&ctx(), request).await.map(drop)
    }

    async fn act(&self, act: Act) -> Outcome<()> {
        let (inventory, ctx, key) = (Arc::clone(&self.shop.inventory), ctx(), IdempotencyKey::new());
        let let_go = |may_return, write_off| Release {
            may_return,
            write_off,
            ..Release::new(IdempotencyKey::new(), self.name("ord_placed"), "canceled")
        };
        match act {
            Act::Reserve => self.shop.reserve(&self.name("ord_new"), &[(CHALK, 9)]).await.map(drop),
            Act::TakeOver => {
                let order = holding(&self.name("ord_of_cart"), &[(CHALK, 4)]);
                let request = inventory_api::Reserve { takes_over: Some(self.name("crt")), ..order };
                inventory.reserve(&ctx, request).await.map(drop)
            }
            Act::Hold => self.hold(5).await,
            Act::Allocate => self.shop.allocate(&self.name("ord_held")).await,
            Act::Change => {
                let lines = holding("", &[(CHALK, 6)]).lines;
                let request = inventory_api::Allocate { key, order_id: self.name("ord_placed"), lines };
                inventory.allocate(&ctx, request).await
            }
            Act::Release => self.shop.release(&self.name("ord_held")).await,
            Act::LetGo => {
                let request = Release { order_id: self.name("ord_held"), ..let_go(true, false) };
                inventory.release(&ctx, request).await
            }
            Act::WriteOff => inventory.release(&ctx, let_go(false, true)).await,
            Act::Count => self.shop.set(vec![item(CHALK, 11)]).await.map(drop),
            Act::CountDown => self.shop.set(vec![item(CHALK, 5)]).await.map(drop),
            Act::Adjust => self.shop.adjust(CHALK, -2).await.map(drop),
            Act::Transfer => {
                let (variant_id, reason) = (CHALK.to_owned(), "nearer".to_owned());
                let (from, to) = (self.far.clone(), "main".to_owned());
                inventory.transfer(&ctx, Transfer { key, variant_id, from, to, quantity: 3, reason }).await.map(drop)
            }
            Act::Restock => {
                let line = RestockLine { variant_id: CHALK.to_owned(), quantity: Quantity::ONE, write_off: false };
                let (order_id, reason) = (self.name("ord_placed"), "returned".to_owned());
                inventory.restock(&ctx, Restock { key, order_id, lines: vec![line], location_id: None, reason }).await
            }
            Act::TimeRunsOut => {
                self.shop.wait(601);
                self.shop.end_holds().await;
                Ok(())
            }
        }
    }

    /// Refusals and lost races are fine, faults are not.
    async fn at_once(&self, one: Act, other: Act) {
        let outcomes = tokio::join!(self.act(one), self.act(other));
        for outcome in [outcomes.0, outcomes.1] {
            let is_fine = match &outcome {
                Ok(()) => true,
                Err(CallError::Domain(refusal)) => !matches!(refusal, InventoryError::Other),
                Err(error) => error.is_temporary(),
            };
            assert!(is_fine, "{one:?} and {other:?}: {outcome:?}");
        }
        self.shop.end_holds().await;
        let level = self.shop.level(CHALK).await;
        assert!(level.on_hand >= 0 && level.reserved >= 0 && level.allocated >= 0, "{one:?} and {other:?}: {level:?}");
        // Whatever was counted down and could not be ended at once was somebody's who was about to promise it.
        self.shop.wait(6);
        self.shop.end_holds().await;
        assert_eq!(self.shop.violations().await, [], "{one:?} and {other:?}");
    }
}

#[tokio::test]
async fn every_pair_of_operations_at_once_leaves_the_books_right() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let far = shop.add_location("Far", 5).await;
        let mut scene = Scene { shop, far, number: 0 };
        for (place, one) in ACTS.into_iter().enumerate() {
            for other in ACTS.into_iter().skip(place) {
                scene.set().await;
                scene.at_once(one, other).await;
                scene.clear().await;
            }
        }
        let left = scene.shop.level(CHALK).await;
        assert_eq!((left.reserved, left.allocated, scene.shop.violations().await), (0, 0, vec![]));
    })
    .await;
}

/// AC-063.
#[tokio::test]
async fn less_than_is_held_ends_the_newest_holds_and_spares_promises() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 10, 0).await;
        for (order_id, quantity) in [("ord_placed", 3), ("ord_oldest", 2), ("ord_middle", 2), ("ord_newest", 2)] {
            shop.reserve(order_id, &[(CHALK, quantity)]).await.expect("held");
            shop.wait(1);
        }
        shop.allocate("ord_placed").await.expect("promised");
        shop.set(vec![item(CHALK, 6)]).await.expect("accepted");
        assert_eq!((shop.counters(CHALK).await, shop.level(CHALK).await.available), ((6, 2, 3), 1));
        assert_eq!(shop.count_of(CHALK, inventory_api::MovementKind::Released).await, 2);
        for order_id in ["ord_newest", "ord_middle"] {
            assert_eq!(shop.status_of(order_id).await, Some(inventory_api::ReservationStatus::Expired));
        }
        assert_eq!(shop.status_of("ord_oldest").await, Some(inventory_api::ReservationStatus::Held));
        shop.adjust(CHALK, -6).await.expect("accepted");
        assert_eq!((shop.counters(CHALK).await, shop.level(CHALK).await.available), ((0, 0, 3), -3));
        assert_eq!(shop.violations().await, []);
    })
    .await;
}
