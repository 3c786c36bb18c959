//! What may be sold although it is not there, what is kept back, bundles, and the word that little is left.

use inventory_api::{Component, ReserveLine, StockItem, StockLow};
use kernel::Quantity;
use kernel::event::{Event as _, FeedCursor};
use kernel::testing::on_every_database;

use crate::{CHALK, SLATE, Shop, ctx, holding, item, shortages};

impl Shop {
    /// What was told of little stock: what is left, each time.
    async fn told_low(&self, variant_id: &str) -> Vec<i64> {
        self.all_told().await;
        let feed = self.db.feed();
        let batch = feed.read(FeedCursor::default(), 1_000, std::time::Duration::ZERO).await.expect("the feed");
        let low = batch.events.into_iter().filter(|(_, event)| event.kind == StockLow::KIND);
        let low = low.map(|(_, event)| event.open::<StockLow>().expect("the event is readable"));
        low.filter(|low| low.variant_id == variant_id).map(|low| low.available).collect()
    }
}

#[tokio::test]
async fn what_may_be_backordered_is_sold_below_zero_and_says_so() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { backorderable: true, ..item(CHALK, 2) }]).await.expect("set");
        let level = shop.level(CHALK).await;
        assert_eq!([1, 2, 3, 9].map(|wanted| level.backordered(wanted)), [0, 0, 1, 7]);
        shop.reserve("ord_ada", &[(CHALK, 5)]).await.expect("three of them wait");
        shop.allocate("ord_ada").await.expect("promised");
        let level = shop.level(CHALK).await;
        assert_eq!((level.available, level.backordered(1), level.can_promise(9_999)), (-3, 1, true));
        assert_eq!(shop.violations().await, []);
    })
    .await;
}

#[tokio::test]
async fn what_may_not_be_backordered_any_more_ends_the_holds_that_are_not_there() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { backorderable: true, ..item(CHALK, 2) }]).await.expect("set");
        shop.reserve("ord_ada", &[(CHALK, 2)]).await.expect("held");
        shop.wait(1);
        shop.reserve("ord_ben", &[(CHALK, 1)]).await.expect("held");
        shop.set(vec![item(CHALK, 2)]).await.expect("set");
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((2, 2, 0), vec![]));
    })
    .await;
}

#[tokio::test]
async fn what_is_kept_back_is_never_sold() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { safety_stock: Some(2), ..item(CHALK, 5) }]).await.expect("set");
        assert_eq!(shop.level(CHALK).await.available, 3);
        assert_eq!(shortages(shop.reserve("ord_ada", &[(CHALK, 4)]).await), [(CHALK.to_owned(), 4, 3)]);
        shop.reserve("ord_ada", &[(CHALK, 3)]).await.expect("held");
        assert_eq!(shortages(shop.reserve("ord_ben", &[(CHALK, 1)]).await), [(CHALK.to_owned(), 1, 0)]);
        assert_eq!(shop.told(CHALK).await, [(0, 3), (3, 0)]);
        shop.set(vec![StockItem { safety_stock: Some(0), ..item(CHALK, 5) }]).await.expect("set");
        shop.reserve("ord_ben", &[(CHALK, 2)]).await.expect("no longer kept back");
    })
    .await;
}

/// AC-061.
#[tokio::test]
async fn all_parts_of_a_bundle_are_held_or_none() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 3).await;
        let part = |variant_id: &str, quantity: i64| Component {
            variant_id: variant_id.to_owned(),
            quantity: quantity.try_into().expect("a quantity"),
        };
        let bundle = |quantity: i64| ReserveLine {
            components: vec![part(CHALK, 1), part(SLATE, 2)],
            ..ReserveLine::new("var_school_set", quantity.try_into().expect("a quantity"))
        };
        let mut request = holding("ord_ada", &[]);
        request.lines = vec![bundle(2)];
        let short = shop.inventory.reserve(&ctx(), request.clone()).await;
        assert_eq!(shortages(short), [(SLATE.to_owned(), 4, 3)]);
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 0, 0), (3, 0, 0)));
        request.lines = vec![bundle(1), ReserveLine::new(SLATE, Quantity::ONE), ReserveLine::new(CHALK, Quantity::ONE)];
        shop.inventory.reserve(&ctx(), request).await.expect("its parts and the same things alone count together");
        assert_eq!((shop.counters(CHALK).await, shop.counters(SLATE).await), ((5, 2, 0), (3, 3, 0)));
    })
    .await;
}

#[tokio::test]
async fn that_little_is_left_is_told_once_each_time() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { low_stock_threshold: Some(2), ..item(CHALK, 4) }]).await.expect("set");
        shop.reserve("ord_a", &[(CHALK, 1)]).await.expect("held");
        assert!(shop.told_low(CHALK).await.is_empty());
        shop.reserve("ord_b", &[(CHALK, 1)]).await.expect("held");
        shop.reserve("ord_c", &[(CHALK, 1)]).await.expect("held");
        shop.allocate("ord_c").await.expect("promised");
        assert_eq!((shop.told_low(CHALK).await, shop.level(CHALK).await.is_low), (vec![2], true));
        shop.adjust(CHALK, 5).await.expect("more came");
        shop.adjust(CHALK, -4).await.expect("counted");
        assert_eq!(shop.told_low(CHALK).await, [2, 2]);
        shop.set(vec![item(CHALK, 9)]).await.expect("set");
        shop.set(vec![item(CHALK, 4)]).await.expect("set");
        assert_eq!(shop.told_low(CHALK).await, [2, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_counted_is_never_low() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.set(vec![StockItem { track_inventory: false, ..item(CHALK, 9) }]).await.expect("set");
        shop.adjust(CHALK, -8).await.expect("counted");
        assert_eq!((shop.told_low(CHALK).await, shop.level(CHALK).await.is_low), (vec![], false));
    })
    .await;
}
