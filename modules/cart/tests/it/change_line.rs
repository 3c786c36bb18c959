//! Changing and removing lines.

use std::sync::Arc;

use cart_api::{CartError, CartLineId, RemoveLine, SetQuantity};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::shop::{Shop, guest, quantity};

fn set(line_id: CartLineId, number: i64) -> SetQuantity {
    SetQuantity { key: IdempotencyKey::new(), line_id, quantity: quantity(number) }
}

fn remove(line_id: CartLineId) -> RemoveLine {
    RemoveLine { key: IdempotencyKey::new(), line_id }
}

#[tokio::test]
async fn a_changed_quantity_counts_as_a_change_and_the_same_one_does_not() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.add(&ada, chalk, 2).await.expect("added");
        let line = shop.cart(&ada).await.expect("a cart").lines[0].id;
        let first = shop.version(&ada).await;
        let changed = shop.carts.set_quantity(&ada, set(line, 5)).await.expect("changed");
        assert_eq!((changed.item_count, changed.version), (5, first + 1));
        let same = shop.carts.set_quantity(&ada, set(line, 5)).await.expect("unchanged");
        assert_eq!((same, shop.version(&ada).await), (changed, first + 1));
    })
    .await;
}

#[tokio::test]
async fn a_line_that_is_gone_is_not_there_and_nothing_changes() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let (chalk, slate) = (shop.sell("Chalk", 300, 10), shop.sell("Slate", 900, 10));
        shop.add(&ada, chalk, 2).await.expect("added");
        shop.add(&ada, slate, 1).await.expect("added");
        let line = shop.cart(&ada).await.expect("a cart").lines[0].id;
        let request = remove(line);
        let removed = shop.carts.remove_line(&ada, request.clone()).await.expect("removed");
        assert_eq!(removed.item_count, 1);
        assert_eq!(shop.carts.remove_line(&ada, request).await.expect("the same call again"), removed);
        let gone = shop.carts.remove_line(&ada, remove(line)).await.expect_err("gone");
        let error = shop.carts.set_quantity(&ada, set(line, 5)).await.expect_err("gone");
        for error in [gone, error] {
            assert_eq!(error.domain(), Some(&CartError::NotFound));
        }
        assert_eq!(shop.version(&ada).await, removed.version);
    })
    .await;
}

// AC-006, AC-007
#[tokio::test]
async fn nobody_else_sees_or_changes_a_cart() {
    on_every_database(|home| async move {
        let (shop, ada, eve) = (Shop::open(&home).await, guest(), guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.add(&ada, chalk, 2).await.expect("added");
        let before = shop.cart(&ada).await;
        let line = before.as_ref().expect("a cart").lines[0].id;
        assert_eq!(shop.cart(&eve).await, None);
        let without_a_cart = shop.carts.set_quantity(&eve, set(line, 9)).await.expect_err("not hers");
        shop.add(&eve, chalk, 1).await.expect("added to her own");
        let with_a_cart = shop.carts.set_quantity(&eve, set(line, 9)).await.expect_err("not hers");
        let unknown = shop.carts.set_quantity(&eve, set(CartLineId::new(), 9)).await.expect_err("nobody's");
        let removed = shop.carts.remove_line(&eve, remove(line)).await.expect_err("not hers");
        let removed_unknown = shop.carts.remove_line(&eve, remove(CartLineId::new())).await.expect_err("nobody's");
        for error in [without_a_cart, with_a_cart, unknown, removed, removed_unknown] {
            assert_eq!(error.domain(), Some(&CartError::NotFound));
        }
        assert_eq!(shop.cart(&ada).await, before);
    })
    .await;
}

// AC-029
#[tokio::test]
async fn a_quantity_that_no_order_could_hold_is_refused() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let diamond = shop.sell("Diamond", 10_000_000_000, 9_999);
        shop.add(&ada, diamond, 1).await.expect("added");
        let line = shop.cart(&ada).await.expect("a cart").lines[0].id;
        shop.carts.set_quantity(&ada, set(line, 100)).await.expect("as much as an order can hold");
        let error = shop.carts.set_quantity(&ada, set(line, 101)).await.expect_err("too much");
        assert!(matches!(error.domain(), Some(CartError::Invalid { field, .. }) if field == "quantity"), "{error}");
        assert_eq!(shop.sums(&ada).await.1, 100);
    })
    .await;
}

#[tokio::test]
async fn changes_at_once_count_one_by_one() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 100);
        shop.add(&ada, chalk, 1).await.expect("added");
        let line = shop.cart(&ada).await.expect("a cart").lines[0].id;
        let before = shop.version(&ada).await;
        let changes: Vec<_> = (2..12)
            .map(|number| {
                let (carts, ada) = (Arc::clone(&shop.carts), ada.clone());
                tokio::spawn(async move { carts.set_quantity(&ada, set(line, number)).await })
            })
            .collect();
        let mut versions = Vec::new();
        for change in changes {
            versions.push(change.await.expect("it ran").expect("changed").version);
        }
        versions.sort_unstable();
        assert_eq!(versions, (before + 1..=before + 10).collect::<Vec<_>>());
    })
    .await;
}
