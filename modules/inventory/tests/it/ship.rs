//! Parcels that leave, as orders tells of them.

use std::time::Duration;

use inventory_api::MovementKind;
use kernel::db::{Db, Schema};
use kernel::stop::Stop;
use kernel::testing::{TestHome, on_every_database};
use kernel::trace::TraceContext;
use kernel::{CallError, inbox, outbox};
use orders_api::{FulfillmentId, FulfillmentShipped, OrderId};

use crate::{CHALK, SLATE, Shop};

/// The parcels of an order, told by a module that has only an outbox.
struct Orders {
    db: Db,
    order_id: OrderId,
}

impl Orders {
    async fn open(home: &TestHome) -> Self {
        let schema = Schema { module: "orders", ..inventory::schema() };
        Self { db: home.open(schema).await, order_id: OrderId::new() }
    }

    async fn ship(&self, items: &[(&str, i64)]) {
        let items = items.iter().map(|&(variant_id, quantity)| (variant_id.to_owned(), quantity)).collect();
        let event = FulfillmentShipped { order_id: self.order_id, fulfillment_id: FulfillmentId::new(), items };
        let told = self.db.write(move |conn| {
            outbox::publish(conn, TraceContext::new(), &event)?;
            Ok::<_, CallError<std::convert::Infallible>>(())
        });
        told.await.expect("the event is written");
    }

    /// Lets inventory listen until `done`.
    async fn heard(&self, shop: &Shop, done: impl AsyncFn() -> bool) {
        let (stopper, stop) = Stop::new();
        let subscription = shop.start_again().subscriptions.pop().expect("inventory listens");
        assert_eq!((subscription.consumer, subscription.producer), ("inventory.shipments", "orders"));
        let listening = tokio::spawn(inbox::consume(shop.db.clone(), subscription, self.db.feed(), stop));
        for _ in 0..500 {
            if done().await {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stopper.stop();
        listening.await.expect("ends");
        assert!(done().await, "not heard in time");
    }
}

#[tokio::test]
async fn a_parcel_lowers_what_is_on_hand_and_what_is_promised() {
    on_every_database(|home| async move {
        let (shop, orders) = (Shop::stocked(&home, 5, 5).await, Orders::open(&home).await);
        let order_id = orders.order_id.to_string();
        shop.reserve(&order_id, &[(CHALK, 3), (SLATE, 1)]).await.expect("held");
        shop.allocate(&order_id).await.expect("promised");
        let told = shop.told(CHALK).await;
        orders.ship(&[(CHALK, 2)]).await;
        orders.heard(&shop, async || shop.counters(CHALK).await == (3, 0, 1)).await;
        orders.ship(&[(CHALK, 1), (SLATE, 1)]).await;
        orders.heard(&shop, async || shop.counters(SLATE).await == (4, 0, 0)).await;
        assert_eq!(shop.counters(CHALK).await, (2, 0, 0));
        assert_eq!(shop.told(CHALK).await, told);
        let last = shop.ledger(CHALK).await.remove(0);
        assert_eq!((last.kind, last.reference, last.on_hand_after), (MovementKind::Shipped, Some(order_id.clone()), 2));

        shop.release(&order_id).await.expect("nothing is left to give back");
        assert_eq!(shop.counters(CHALK).await, (2, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn the_same_parcel_counts_once_however_often_it_is_told() {
    on_every_database(|home| async move {
        let (shop, orders) = (Shop::stocked(&home, 5, 5).await, Orders::open(&home).await);
        let order_id = orders.order_id.to_string();
        shop.reserve(&order_id, &[(CHALK, 3)]).await.expect("held");
        shop.allocate(&order_id).await.expect("promised");
        orders.ship(&[(CHALK, 2)]).await;
        // Two consumers and one after them: one of all three handles it.
        let done = async || shop.counters(CHALK).await == (3, 0, 1);
        tokio::join!(orders.heard(&shop, done), orders.heard(&shop, done));
        orders.heard(&shop, done).await;
        assert_eq!(shop.count_of(CHALK, MovementKind::Shipped).await, 1);
    })
    .await;
}

#[tokio::test]
async fn only_what_has_not_left_is_given_back() {
    on_every_database(|home| async move {
        let (shop, orders) = (Shop::stocked(&home, 5, 5).await, Orders::open(&home).await);
        let order_id = orders.order_id.to_string();
        shop.reserve(&order_id, &[(CHALK, 3)]).await.expect("held");
        shop.allocate(&order_id).await.expect("promised");
        orders.ship(&[(CHALK, 1)]).await;
        orders.heard(&shop, async || shop.counters(CHALK).await == (4, 0, 2)).await;
        shop.release(&order_id).await.expect("given back");
        assert_eq!(shop.counters(CHALK).await, (4, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn goods_that_were_not_promised_or_not_counted_leave_all_the_same() {
    on_every_database(|home| async move {
        let (shop, orders) = (Shop::stocked(&home, 1, 5).await, Orders::open(&home).await);
        orders.ship(&[(CHALK, 3), (SLATE, 2), ("var_unknown", 1)]).await;
        orders.heard(&shop, async || shop.counters(SLATE).await == (3, 0, 0)).await;
        assert_eq!(shop.counters(CHALK).await, (0, 0, 0));
        assert_eq!(shop.told(CHALK).await, [(0, 1), (1, 0)]);
    })
    .await;
}
