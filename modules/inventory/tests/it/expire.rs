//! Ending holds whose time ran out.

use inventory_api::MovementKind;
use kernel::stop::Stop;
use kernel::testing::on_every_database;

use crate::{CHALK, SLATE, Shop, buyers, shortages};

#[tokio::test]
async fn a_hold_ends_after_its_time_and_not_before() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 2, 9).await;
        shop.reserve("ord_ada", &[(CHALK, 2), (SLATE, 1)]).await.expect("held");
        shop.wait(600);
        shop.end_holds().await;
        assert_eq!(shop.counters(CHALK).await, (2, 2, 0));
        shop.wait(1);
        shop.end_holds().await;
        shop.end_holds().await;
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((2, 0, 0), (9, 0, 0)));
        assert_eq!(shop.told(CHALK).await, [(0, 2), (2, 0), (0, 2)]);
        assert_eq!(shop.count_of(CHALK, MovementKind::Released).await, 1);
    })
    .await;
}

#[tokio::test]
async fn two_workers_end_each_hold_once() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 250, 0).await;
        let other = Shop::open(&home).await;
        assert_eq!(buyers(&shop, 250, &[(CHALK, 1)]).await.0, 250);
        shop.wait(601);
        other.wait(601);
        let (stopper, stop) = Stop::new();
        let run = |shop: &Shop| (shop.start_again().workers.pop().expect("a worker").run)(stop.clone());
        let (one, two) = (tokio::spawn(run(&shop)), tokio::spawn(run(&other)));
        while shop.counters(CHALK).await.1 > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        stopper.stop();
        one.await.expect("ends");
        two.await.expect("ends");
        assert_eq!(shop.counters(CHALK).await, (250, 0, 0));
        assert_eq!(shop.count_of(CHALK, MovementKind::Released).await, 250);
    })
    .await;
}

#[tokio::test]
async fn an_order_whose_hold_ran_out_may_hold_again_or_is_told_that_it_is_sold() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("held");
        shop.wait(601);
        shop.end_holds().await;
        let renewed = shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("it is still there");
        assert!(renewed.expires_at > shop.clock.now());
        assert_eq!(shop.counters(CHALK).await, (1, 1, 0));

        shop.wait(601);
        shop.end_holds().await;
        shop.reserve("ord_ben", &[(CHALK, 1)]).await.expect("held");
        assert_eq!(shortages(shop.reserve("ord_ada", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        assert_eq!(shop.counters(CHALK).await, (1, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_ran_out_and_was_not_ended_yet_is_renewed_in_place() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("held");
        shop.wait(601);
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("renewed");
        shop.end_holds().await;
        assert_eq!(shop.counters(CHALK).await, (1, 1, 0));
    })
    .await;
}

#[tokio::test]
async fn looking_for_holds_to_end_commits_nothing_when_there_are_none() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        shop.reserve("ord_ada", &[(CHALK, 1)]).await.expect("held");
        let before = shop.db.commits();
        shop.end_holds().await;
        assert_eq!(shop.db.commits(), before);
    })
    .await;
}
