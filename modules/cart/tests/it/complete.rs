//! A cart that was ordered is closed.

use cart_api::CartError;
use kernel::testing::on_every_database;
use orders_api::{OrderId, OrderPlaced};

use crate::shop::{Shop, contact, eur, guest};

fn placed(cart_id: String) -> OrderPlaced {
    OrderPlaced {
        order_id: OrderId::new(),
        number: "1001".to_owned(),
        cart_id,
        cart_version: 1,
        total: eur(790),
        coupons: Vec::new(),
    }
}

#[tokio::test]
async fn an_ordered_cart_is_gone_and_the_next_one_is_another() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.add(&ada, chalk, 1).await.expect("added");
        let ordered = shop.cart(&ada).await.expect("a cart").id;
        shop.hear(&placed(ordered.to_string())).await;
        assert_eq!(shop.cart(&ada).await, None);
        let error = shop.carts.save_contact(&ada, contact()).await.expect_err("closed");
        assert_eq!(error.domain(), Some(&CartError::NotFound));

        shop.add(&ada, chalk, 2).await.expect("added to a new one");
        let next = shop.cart(&ada).await.expect("a cart");
        assert_ne!(next.id, ordered);
        shop.hear(&placed(ordered.to_string())).await;
        assert_eq!(shop.cart(&ada).await, Some(next), "a repeat closes nothing else");
    })
    .await;
}

#[tokio::test]
async fn an_order_of_an_unknown_cart_is_no_error() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.hear(&placed("crt_unknown".to_owned())).await;
        assert_eq!((shop.subscription.consumer, shop.subscription.producer), ("cart.orders", "orders"));
    })
    .await;
}
