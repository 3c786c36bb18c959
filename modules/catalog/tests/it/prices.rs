//! What a reduced price is compared with: the lowest one of the 30 days before it.

use std::time::Duration;

use catalog_api::{FindProduct, Product, ProductInput, ProductStatus, VariantInput};
use kernel::testing::on_every_database;

use crate::{Shop, eur, first_page, product, shopper, variant};

fn days(number: u64) -> Duration {
    Duration::from_secs(number * 24 * 3_600)
}

/// Chalk at this price, instead of 3.00 where that is more.
fn chalk(price: i64) -> ProductInput {
    let compare_at_price = (price < 300).then(|| eur(300));
    ProductInput {
        variants: vec![VariantInput { compare_at_price, ..variant(price) }],
        ..product("chalk", "Chalk", price)
    }
}

fn with_status(status: ProductStatus, price: i64) -> ProductInput {
    ProductInput { status, ..chalk(price) }
}

/// The page of the chalk.
async fn page(shop: &Shop) -> Product {
    let request = FindProduct::Slug("chalk".to_owned());
    shop.catalog.product(&shopper(), request).await.expect("asked").expect("it is shown")
}

/// What the page of the chalk and lists compare its price with.
async fn lowest(shop: &Shop) -> Option<i64> {
    let card = shop.list(first_page()).await.items.remove(0);
    let lowest = page(shop).await.variants[0].lowest_before;
    assert_eq!(card.lowest_before, lowest, "lists and the page agree");
    lowest.map(|price| price.amount)
}

#[tokio::test]
async fn a_reduction_is_compared_with_the_lowest_price_of_the_30_days_before() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[chalk(300)]).await;
        assert_eq!(lowest(&shop).await, None, "it was never offered before");
        // Ten days for 2.50, and dearer again: the next reduction is from 2.50, not from 3.00.
        let steps = [(10, 250, Some(300)), (10, 300, Some(250)), (29, 280, Some(250)), (31, 270, Some(280))];
        for (after, price, expected) in steps {
            shop.clock.advance(days(after));
            shop.import(&[chalk(price)]).await;
            assert_eq!(lowest(&shop).await, expected, "{price}");
        }
        // What ended exactly 30 days before was still offered within them for no time at all.
        shop.clock.advance(days(10));
        shop.import(&[chalk(300)]).await;
        shop.clock.advance(days(30));
        shop.import(&[chalk(290)]).await;
        assert_eq!(lowest(&shop).await, Some(300));
    })
    .await;
}

#[tokio::test]
async fn what_is_changed_otherwise_keeps_what_it_is_compared_with() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[chalk(300)]).await;
        shop.clock.advance(days(1));
        shop.import(&[chalk(250)]).await;
        let reduced = page(&shop).await;
        shop.clock.advance(days(60));
        shop.import(&[chalk(250)]).await;
        assert_eq!(page(&shop).await, reduced, "nothing to change");
        shop.import(&[ProductInput { title: "White chalk".to_owned(), ..chalk(250) }]).await;
        assert_eq!(page(&shop).await.version, reduced.version + 1);
        assert_eq!(lowest(&shop).await, Some(300));
    })
    .await;
}

#[tokio::test]
async fn a_price_that_nobody_was_offered_is_no_former_price() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[with_status(ProductStatus::Draft, 100)]).await;
        shop.clock.advance(days(1));
        shop.import(&[chalk(290)]).await;
        assert_eq!(lowest(&shop).await, None, "1.00 was a draft");
        shop.clock.advance(days(1));
        shop.import(&[with_status(ProductStatus::Archived, 290)]).await;
        shop.clock.advance(days(40));
        shop.import(&[chalk(280)]).await;
        assert_eq!(lowest(&shop).await, None, "for 30 days it was not sold");
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_at_one_moment_the_second_counts() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[chalk(300)]).await;
        shop.clock.advance(days(1));
        shop.import(&[chalk(100)]).await;
        shop.import(&[chalk(250)]).await;
        assert_eq!(lowest(&shop).await, Some(300), "nobody could buy it for 1.00");
        shop.clock.advance(days(1));
        shop.import(&[chalk(240)]).await;
        assert_eq!(lowest(&shop).await, Some(250));
    })
    .await;
}
