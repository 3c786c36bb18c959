//! Carts that nobody came back to are deleted.

use kernel::stop::Stop;
use kernel::testing::on_every_database;

use crate::shop::{Shop, guest, minutes};

const DAY: u64 = 24 * 60;

#[tokio::test]
async fn a_cart_is_kept_for_90_days_after_its_last_change() {
    on_every_database(|home| async move {
        let (mut shop, ada, bob) = (Shop::open(&home).await, guest(), guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.add(&ada, chalk, 1).await.expect("added");
        shop.clock.advance(minutes(DAY));
        shop.add(&bob, chalk, 1).await.expect("added");
        shop.clock.advance(minutes(90 * DAY));
        let worker = shop.workers.remove(0);
        let (stopper, stop) = Stop::new();
        stopper.stop();
        (worker.run)(stop).await;
        assert_eq!(shop.cart(&ada).await, None);
        assert!(shop.cart(&bob).await.is_some());
    })
    .await;
}
