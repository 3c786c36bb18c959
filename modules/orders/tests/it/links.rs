//! Orders that staff make for someone who pays later, from a link.

use std::time::Duration;

use kernel::testing::on_every_database;
use orders_api::{OrderProgress, OrderStatus, OrdersError, PAYMENT_LINK, PaymentStatus, PlaceOrder, PlacedOrder};

use crate::neighbors::Fault;
use crate::shop::{Bench, CHALK, Outcome, chalk, refusal, staff};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);

fn by_link(cart: &str, quantity: i64) -> PlaceOrder {
    PlaceOrder { payment_method: PAYMENT_LINK.to_owned(), ..chalk(cart, quantity) }
}

impl Bench {
    async fn send_link(&self, cart: &str, quantity: i64) -> Outcome<PlacedOrder> {
        self.orders.place_order(&staff(), by_link(cart, quantity)).await
    }
}

#[tokio::test]
async fn an_order_with_a_payment_link_holds_nothing_until_its_buyer_pays() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let made = bench.send_link("crt_ada", 2).await.unwrap();
        assert_eq!(made.progress, OrderProgress::Waiting);
        assert_eq!(bench.send_link("crt_ada", 2).await.unwrap(), made);
        let order = bench.order(made.order_id).await;
        assert_eq!((order.status, order.payment_method.as_str()), (OrderStatus::Pending, PAYMENT_LINK));
        assert_eq!((bench.warehouse.available(CHALK), bench.bank.sessions(&order.id.to_string())), (10, 0));
        assert_eq!(bench.told(order.id).await, ["order.payment_requested"]);
        assert_eq!(bench.advance(order.id).await, OrderProgress::Waiting);

        bench.clock.advance(WEEK - Duration::from_secs(60));
        let page = bench.retry("t1", order.id, "card").await.unwrap();
        assert!(matches!(page, OrderProgress::Pay { .. }), "{page:?}");
        bench.bank.pay(&order.id.to_string());
        assert_eq!(bench.advance(order.id).await, OrderProgress::Placed);
        let paid = bench.order(order.id).await;
        assert_eq!((paid.payment_status, paid.payment_method.as_str()), (PaymentStatus::Paid, "card"));
        assert_eq!((bench.warehouse.allocated(CHALK), bench.open_journals().await), (2, 0));
    })
    .await;
}

#[tokio::test]
async fn a_payment_link_ends_after_a_week() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.send_link("crt_ada", 1).await.unwrap().order_id;
        bench.clock.advance(WEEK);
        let order = bench.until(id, OrderStatus::Expired).await;
        assert_eq!(order.payment_status, PaymentStatus::Voided);
        bench.settled().await;
        assert_eq!(bench.retry("t1", id, "card").await.unwrap(), OrderProgress::Ended { status: OrderStatus::Expired });
        assert_eq!(bench.bank.sessions(&id.to_string()), 0);
    })
    .await;
}

#[tokio::test]
async fn shoppers_cannot_give_themselves_a_payment_link() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let method = PAYMENT_LINK.to_owned();
        assert_eq!(refusal(bench.place(&by_link("crt_ada", 1)).await), OrdersError::PaymentNotOffered { method });
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_sold_out_or_away_when_a_link_is_used_can_be_paid_later() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.send_link("crt_ada", 10).await.unwrap().order_id;
        let other = bench.placed("crt_bob", 1).await;
        assert!(matches!(refusal(bench.retry("t1", id, "card").await), OrdersError::OutOfStock { .. }));
        bench.cancel("c1", other.id).await.unwrap();
        bench.bank.line.fail("start_payment", Fault::Unreachable);
        assert!(bench.retry("t2", id, "card").await.is_err());
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        let page = bench.retry("t3", id, "card").await.unwrap();
        assert!(matches!(page, OrderProgress::Pay { .. }), "{page:?}");
        bench.bank.pay(&id.to_string());
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
    })
    .await;
}

#[tokio::test]
async fn money_for_a_link_whose_answer_was_lost_places_the_order() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.send_link("crt_ada", 1).await.unwrap().order_id;
        bench.bank.line.fail("start_payment", Fault::AnswerLost);
        assert!(bench.retry("t1", id, "card").await.is_err());
        bench.bank.pay(&id.to_string());
        bench.tell_captured(id).await;
        let order = bench.until(id, OrderStatus::Placed).await;
        assert_eq!(order.payment_status, PaymentStatus::Paid);
    })
    .await;
}
