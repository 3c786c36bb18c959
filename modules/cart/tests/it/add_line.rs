//! Adding to a cart.

use std::sync::Arc;

use cart_api::{AddLine, CartError, MAX_LINES};
use catalog_api::VariantId;
use kernel::testing::on_every_database;
use kernel::{CallCtx, CallError, Currency, IdempotencyKey, Money, NotExecuted, Principal};

use crate::shop::{Shop, add_line, eur, guest};

// AC-037
#[tokio::test]
async fn the_same_thing_added_twice_is_one_line() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 100);
        assert_eq!(shop.add(&ada, chalk, 2).await.expect("added").item_count, 2);
        let added = shop.add(&ada, chalk, 3).await.expect("added");
        assert_eq!((added.added, added.item_count, added.title.as_str()), (3, 5, "Chalk"));
        assert_eq!(shop.sums(&ada).await, (1, 5, 1_500, 1_990));
    })
    .await;
}

#[tokio::test]
async fn no_more_is_added_than_there_is() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 2);
        assert_eq!(shop.add(&ada, chalk, 3).await.expect("added").added, 2);
        let version = shop.version(&ada).await;
        let error = shop.add(&ada, chalk, 1).await.expect_err("no more");
        assert_eq!(error.domain(), Some(&CartError::SoldOut { title: "Chalk".to_owned(), in_cart: 2 }));
        assert_eq!(shop.version(&ada).await, version);
    })
    .await;
}

#[tokio::test]
async fn what_is_gone_or_was_never_stocked_is_sold_out() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let (gone, overdrawn, never) =
            (shop.sell("Chalk", 300, 0), shop.sell("Slate", 900, -3), shop.sell("Sponge", 200, 9));
        shop.world().stock.retain(|level| level.variant_id != never.to_string());
        for variant in [gone, overdrawn, never] {
            let error = shop.add(&ada, variant, 1).await.expect_err("sold out");
            assert!(matches!(error.domain(), Some(CartError::SoldOut { in_cart: 0, .. })), "{error}");
        }
        assert_eq!(shop.cart(&ada).await, None);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_counted_or_can_be_ordered_back_never_runs_out() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let (chalk, slate) = (shop.sell("Chalk", 300, 0), shop.sell("Slate", 900, -3));
        shop.change_stock(chalk, |level| level.track_inventory = false);
        shop.change_stock(slate, |level| level.backorderable = true);
        for variant in [chalk, slate] {
            assert_eq!(shop.add(&ada, variant, 5).await.expect("added").added, 5);
        }
        assert!(shop.cart(&ada).await.expect("a cart").can_check_out);
    })
    .await;
}

#[tokio::test]
async fn a_line_holds_9999() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 20_000);
        assert_eq!(shop.add(&ada, chalk, 9_998).await.expect("added").added, 9_998);
        assert_eq!(shop.add(&ada, chalk, 5).await.expect("added").added, 1);
        let error = shop.add(&ada, chalk, 1).await.expect_err("full");
        assert!(matches!(error.domain(), Some(CartError::TooMany { limit: 9_999, .. })), "{error}");
    })
    .await;
}

// AC-135
#[tokio::test]
async fn a_cart_holds_200_lines() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let mut first = None;
        for number in 0..MAX_LINES {
            let variant = shop.sell(&format!("Chalk {number}"), 300, 5);
            shop.add(&ada, variant, 1).await.expect("added");
            first.get_or_insert(variant);
        }
        let one_more = shop.sell("Slate", 900, 5);
        let error = shop.add(&ada, one_more, 1).await.expect_err("full");
        assert_eq!(error.domain(), Some(&CartError::TooMany { what: "lines".to_owned(), limit: 200 }));
        shop.add(&ada, first.expect("a line"), 1).await.expect("what is there already can be more");
        assert_eq!(shop.cart(&ada).await.expect("a cart").lines.len(), 200);
    })
    .await;
}

// AC-029
#[tokio::test]
async fn a_cart_is_worth_no_more_than_an_order_can_be() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let (diamond, chalk) = (shop.sell("Diamond", 10_000_000_000, 9_999), shop.sell("Chalk", 1, 10));
        shop.add(&ada, diamond, 100).await.expect("just as much as an order can be worth");
        let error = shop.add(&ada, chalk, 1).await.expect_err("a cent too much");
        assert!(matches!(error.domain(), Some(CartError::Invalid { field, .. }) if field == "quantity"), "{error}");
        assert_eq!(shop.cart(&ada).await.expect("a cart").subtotal, eur(1_000_000_000_000));
    })
    .await;
}

// AC-030
#[tokio::test]
async fn a_price_that_the_shopper_did_not_see_is_refused() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        let seen = |amount| AddLine { expected_price: Some(eur(amount)), ..add_line(chalk, 1) };
        shop.carts.add_line(&ada, seen(300)).await.expect("added");
        let error = shop.carts.add_line(&ada, seen(299)).await.expect_err("another price");
        assert_eq!(error.domain(), Some(&CartError::PriceChanged { title: "Chalk".to_owned(), now: eur(300) }));
        assert_eq!(shop.sums(&ada).await.1, 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_sold_is_refused() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let (draft, foreign) = (shop.sell("Chalk", 300, 10), shop.sell("Slate", 900, 10));
        shop.change_item(draft, |item| item.for_sale = false);
        let dollars: Currency = "USD".parse().expect("a currency");
        shop.change_item(foreign, |item| item.price = Money::new(900, dollars));
        for variant_id in [draft.to_string(), foreign.to_string(), VariantId::new().to_string(), "' OR 1=1".to_owned()]
        {
            let request = AddLine { variant_id, ..add_line(draft, 1) };
            let error = shop.carts.add_line(&ada, request).await.expect_err("not for sale");
            assert_eq!(error.domain(), Some(&CartError::NotForSale));
        }
        assert_eq!(shop.cart(&ada).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_repeat_adds_nothing_more_and_keeps_its_first_answer() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        let request = AddLine { expected_price: Some(eur(300)), ..add_line(chalk, 2) };
        let first = shop.carts.add_line(&ada, request.clone()).await.expect("added");
        shop.change_item(chalk, |item| item.price = eur(400));
        assert_eq!(shop.carts.add_line(&ada, request.clone()).await.expect("the same again"), first);
        let other = AddLine { quantity: "3".parse().expect("a quantity"), ..request };
        let error = shop.carts.add_line(&ada, other).await.expect_err("another request");
        assert!(matches!(error, CallError::NotExecuted { reason: NotExecuted::KeyReused, .. }), "{error}");
        assert_eq!(shop.sums(&ada).await.1, 2);
    })
    .await;
}

#[tokio::test]
async fn the_key_of_somebody_else_is_another_key() {
    on_every_database(|home| async move {
        let (shop, ada, eve) = (Shop::open(&home).await, guest(), guest());
        let (chalk, key) = (shop.sell("Chalk", 300, 10), IdempotencyKey::new());
        for (who, number) in [(&ada, 2), (&eve, 1)] {
            let request = AddLine { key: key.clone(), ..add_line(chalk, number) };
            assert_eq!(shop.carts.add_line(who, request).await.expect("added").item_count, number);
        }
    })
    .await;
}

#[tokio::test]
async fn twenty_first_additions_at_once_make_one_cart() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 15);
        let additions: Vec<_> = (0..20)
            .map(|_| {
                let (carts, ada) = (Arc::clone(&shop.carts), ada.clone());
                tokio::spawn(async move { carts.add_line(&ada, add_line(chalk, 1)).await })
            })
            .collect();
        let mut added = 0;
        for addition in additions {
            match addition.await.expect("it ran") {
                Ok(line) => added += line.added,
                Err(error) => {
                    assert!(matches!(error.domain(), Some(CartError::SoldOut { in_cart: 15, .. })), "{error}")
                }
            }
        }
        assert_eq!((added, shop.sums(&ada).await.1), (15, 15));
    })
    .await;
}

#[tokio::test]
async fn without_the_catalog_nothing_is_added() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.world().catalog_is_away = true;
        assert!(shop.add(&ada, chalk, 1).await.expect_err("nobody knows the price").is_temporary());
        assert_eq!(shop.cart(&ada).await, None);
    })
    .await;
}

#[tokio::test]
async fn without_inventory_all_is_added_and_checked_later() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 1);
        shop.world().inventory_is_away = true;
        assert_eq!(shop.add(&ada, chalk, 3).await.expect("added").added, 3);
    })
    .await;
}

#[tokio::test]
async fn only_guests_have_carts() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 300, 10);
        for ctx in [CallCtx::new("app", Principal::Anonymous), CallCtx::of_module("orders")] {
            let error = shop.add(&ctx, chalk, 1).await.expect_err("no cart");
            assert_eq!(error.domain(), Some(&CartError::NotFound));
            assert_eq!(shop.cart(&ctx).await, None);
        }
    })
    .await;
}
