//! Holding stock for a cart whose shopper is about to pay.

use std::sync::Arc;

use inventory_api::{FindStock, Hold, InventoryError, MovementKind, Release, Reservation, ReservationStatus, Reserve};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{CHALK, Outcome, SLATE, Shop, all_at_once, ctx, holding, invalid_field, refusal, shortages};

fn hold(cart_id: &str, lines: &[(&str, i64)]) -> Hold {
    let lines = holding(cart_id, lines).lines;
    Hold { cart_id: cart_id.to_owned(), lines, hold_seconds: 600, session: None, address: None }
}

/// An order made from a cart.
fn order(order_id: &str, cart_id: &str, lines: &[(&str, i64)]) -> Reserve {
    Reserve { takes_over: Some(cart_id.to_owned()), ..holding(order_id, lines) }
}

impl Shop {
    async fn hold(&self, cart_id: &str, lines: &[(&str, i64)]) -> Outcome<Reservation> {
        self.inventory.hold(&ctx(), hold(cart_id, lines)).await
    }

    async fn place(&self, order_id: &str, cart_id: &str, lines: &[(&str, i64)]) -> Outcome<Reservation> {
        self.inventory.reserve(&ctx(), order(order_id, cart_id, lines)).await
    }

    async fn available_to(&self, cart_id: &str, variant_id: &str) -> i64 {
        let request = FindStock { held_by: Some(cart_id.to_owned()), ..FindStock::of(vec![variant_id.to_owned()]) };
        self.inventory.stock_levels(&ctx(), request).await.expect("levels")[0].available
    }
}

#[tokio::test]
async fn what_a_cart_holds_is_there_for_its_shopper_alone() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        let held = shop.hold("crt_ada", &[(CHALK, 1)]).await.expect("held");
        assert_eq!(held.expires_at.since(shop.clock.now()).as_secs(), 600);
        assert_eq!(shortages(shop.hold("crt_ben", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        assert_eq!((shop.available_to("crt_ada", CHALK).await, shop.available_to("crt_ben", CHALK).await), (1, 0));
        shop.place("ord_ada", "crt_ada", &[(CHALK, 1)]).await.expect("hers");
        assert_eq!(shop.available_to("crt_ada", CHALK).await, 1, "while she pays, her cart still shows it");
        shop.allocate("ord_ada").await.expect("promised");
        assert_eq!((shop.counters(CHALK).await, shop.available_to("crt_ada", CHALK).await), ((1, 0, 1), 0));
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn an_order_takes_over_the_hold_of_its_cart_and_reserves_nothing_twice() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        shop.hold("crt_ada", &[(CHALK, 2), (SLATE, 1)]).await.expect("held");
        let ledger = shop.ledger(CHALK).await;
        shop.wait(590);
        let order = shop.place("ord_ada", "crt_ada", &[(SLATE, 1), (CHALK, 2)]).await.expect("taken over");
        assert_eq!(order.expires_at.since(shop.clock.now()).as_secs(), 600, "renewed when the order was placed");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 2, 0), (5, 1, 0)));
        assert_eq!(shop.ledger(CHALK).await, ledger, "no counter moved");
        assert_eq!(shop.status_of("crt_ada").await, Some(ReservationStatus::Released));
        shop.wait(601);
        shop.end_holds().await;
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((5, 0, 0), vec![]));
    })
    .await;
}

#[tokio::test]
async fn an_order_with_other_lines_gives_back_what_its_cart_held() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 3, 3).await;
        shop.hold("crt_ada", &[(CHALK, 3), (SLATE, 1)]).await.expect("held");
        shop.place("ord_ada", "crt_ada", &[(CHALK, 2)]).await.expect("of what the cart held");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((3, 2, 0), (3, 0, 0)));
        // Three would be too many, were the two not given back first.
        shop.hold("crt_ben", &[(SLATE, 2)]).await.expect("held");
        shop.place("ord_ben", "crt_ben", &[(SLATE, 3)]).await.expect("all three");
        assert_eq!(shop.counters(SLATE).await, (3, 3, 0));
        let short = shop.place("ord_ben", "crt_ben", &[(SLATE, 3)]).await.expect("joins");
        assert_eq!(short.order_id, "ord_ben");
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_refused_order_leaves_the_cart_its_hold() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 3, 0).await;
        shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("held");
        assert_eq!(shortages(shop.place("ord_ada", "crt_ada", &[(CHALK, 4)]).await), [(CHALK.to_owned(), 4, 3)]);
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((3, 2, 0), vec![]));
        assert_eq!(shop.status_of("crt_ada").await, Some(ReservationStatus::Held));
    })
    .await;
}

#[tokio::test]
async fn the_hold_of_a_changed_cart_is_another_and_lasts_no_longer() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 5).await;
        let first = shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(300);
        assert_eq!(shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("the same"), first);
        let other = shop.hold("crt_ada", &[(CHALK, 1), (SLATE, 5)]).await.expect("in its place");
        assert_eq!(other.expires_at, first.expires_at);
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 1, 0), (5, 5, 0)));
        assert_eq!(shortages(shop.hold("crt_ada", &[(SLATE, 6)]).await), [(SLATE.to_owned(), 6, 5)]);
        assert_eq!((shop.counters(SLATE).await, shop.violations().await), ((5, 5, 0), vec![]));
    })
    .await;
}

/// AC-062.
#[tokio::test]
async fn a_cart_holds_for_ten_minutes_out_of_twenty() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("held");
        for _ in 0..5 {
            shop.wait(130);
            shop.end_holds().await;
            let again = shop.hold("crt_ada", &[(CHALK, 2)]).await;
            assert!(again.is_ok() == (shop.counters(CHALK).await.1 == 2), "{again:?}");
        }
        assert_eq!(shop.counters(CHALK).await, (5, 0, 0), "650 seconds are over");
        assert_eq!(refusal(shop.hold("crt_ada", &[(CHALK, 1)]).await), InventoryError::TooManyHolds);
        shop.place("ord_ada", "crt_ada", &[(CHALK, 1)]).await.expect("but the order can be placed");
        shop.wait(551);
        shop.hold("crt_ada", &[(CHALK, 1)]).await.expect("after 20 minutes");
    })
    .await;
}

/// AC-062.
#[tokio::test]
async fn a_session_holds_for_five_carts_and_an_address_for_ten() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 500, 0).await;
        let of = |number: usize, session: &str, address: &str| Hold {
            session: Some(session.to_owned()),
            address: Some(address.to_owned()),
            ..hold(&format!("crt_{number}"), &[(CHALK, 1)])
        };
        let calls = (0..200).map(|number| {
            let (inventory, request) = (Arc::clone(&shop.inventory), of(number, &format!("s{}", number % 50), "here"));
            async move { inventory.hold(&ctx(), request).await }
        });
        let (held, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!((held, shop.counters(CHALK).await), (10, (500, 10, 0)), "{:?}", refusals.first());
        let elsewhere: Vec<_> = (200..220).map(|number| of(number, "mine", &format!("there{number}"))).collect();
        let mut of_session = 0;
        for request in elsewhere {
            of_session += usize::from(shop.inventory.hold(&ctx(), request).await.is_ok());
        }
        assert_eq!(of_session, 5);
        shop.wait(601);
        shop.end_holds().await;
        shop.inventory.hold(&ctx(), of(300, "mine", "here")).await.expect("those that ran out do not count");
    })
    .await;
}

/// AC-057.
#[tokio::test]
async fn what_a_shopper_left_behind_is_back_once_after_its_time() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 0).await;
        shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(601);
        shop.end_holds().await;
        shop.end_holds().await;
        assert_eq!((shop.counters(CHALK).await, shop.told(CHALK).await.len()), ((2, 0, 0), 3));
        assert_eq!(shop.count_of(CHALK, MovementKind::Released).await, 1);
        shop.place("ord_ada", "crt_ada", &[(CHALK, 2)]).await.expect("it is still there");
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_cart_that_was_left_may_hold_again() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 0).await;
        let give_back = || Release::new(IdempotencyKey::new(), "crt_ada", "the cart was changed");
        shop.inventory.release(&ctx(), give_back()).await.expect("nothing to give back");
        shop.hold("crt_ada", &[(CHALK, 2)]).await.expect("held");
        shop.inventory.release(&ctx(), give_back()).await.expect("given back");
        assert_eq!(shop.counters(CHALK).await, (2, 0, 0));
        shop.hold("crt_ada", &[(CHALK, 1)]).await.expect("held again");
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((2, 1, 0), vec![]));
    })
    .await;
}

/// AC-058.
#[tokio::test]
async fn an_order_whose_payment_failed_gives_back_and_may_try_again() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        let failed = |order_id: &str| Release {
            may_return: true,
            ..Release::new(IdempotencyKey::new(), order_id, "the payment failed")
        };
        shop.inventory.release(&ctx(), failed("ord_ada")).await.expect("an order that never held anything");
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("held");
        shop.inventory.release(&ctx(), failed("ord_ada")).await.expect("given back");
        assert_eq!(shop.counters(CHALK).await, (1, 0, 0));
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("again");
        shop.inventory.release(&ctx(), failed("ord_ada")).await.expect("given back");
        shop.reserve("ord_ben", &[(CHALK, 1)]).await.expect("held");
        assert_eq!(shortages(shop.reserve("ord_ada", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        shop.allocate("ord_ben").await.expect("promised");
        shop.inventory.release(&ctx(), failed("ord_ben")).await.expect("what is promised stays");
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((1, 0, 1), vec![]));
    })
    .await;
}

#[tokio::test]
async fn holds_outside_the_bounds_are_refused() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        for hold_seconds in [0, 601] {
            let request = Hold { hold_seconds, ..hold("crt_ada", &[(CHALK, 1)]) };
            assert_eq!(invalid_field(shop.inventory.hold(&ctx(), request).await), "hold_seconds");
        }
        let nameless = hold("", &[(CHALK, 1)]);
        assert_eq!(invalid_field(shop.inventory.hold(&ctx(), nameless).await), "cart_id");
        let session = Hold { session: Some("s".repeat(101)), ..hold("crt_ada", &[(CHALK, 1)]) };
        assert_eq!(invalid_field(shop.inventory.hold(&ctx(), session).await), "session");
    })
    .await;
}
