//! What becomes of payments: in time, late, twice, never, and after the goods were sold to someone else.

use std::time::Duration;

use kernel::testing::on_every_database;
use kernel::{CallCtx, Principal};
use orders_api::{
    AdvanceOrder, FulfillmentStatus, OrderProgress, OrderStatus, OrdersError, PaymentStatus, RetryPayment, ShortLine,
};

use crate::neighbors::{Fault, Hold};
use crate::shop::{Bench, CHALK, by_card, chalk, eventually, guest, key, refusal, secret};

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
const PAID: (OrderStatus, PaymentStatus) = (OrderStatus::Placed, PaymentStatus::Paid);

#[tokio::test]
async fn an_order_by_card_is_placed_when_the_provider_has_the_money() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        assert_eq!(bench.told(id).await, Vec::<String>::new());

        assert!(bench.bank.pay(&id.to_string()));
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
        assert_eq!(bench.timeline(id).await, ["created", "payment_started", "placed", "paid"]);
        assert_eq!(bench.told(id).await, ["order.placed", "order.paid"]);
        assert_eq!((bench.warehouse.allocated(CHALK), bench.bank.captures(&id.to_string())), (1, 1));
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test]
async fn goods_are_promised_when_the_money_is_held_and_paid_when_it_is_taken() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.authorize(&id.to_string());
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
        let status = |order: orders_api::Order| (order.status, order.payment_status);
        assert_eq!(status(bench.order(id).await), (OrderStatus::Placed, PaymentStatus::Unpaid));
        assert_eq!((bench.warehouse.allocated(CHALK), bench.bank.captures(&id.to_string())), (1, 0));
        assert_eq!(bench.open_journals().await, 0);

        bench.bank.pay(&id.to_string());
        bench.tell_captured(id).await;
        let _recovery = bench.recovery();
        eventually(async || (status(bench.order(id).await) == PAID).then_some(())).await;
    })
    .await;
}

#[tokio::test]
async fn a_repeat_of_placing_sends_the_shopper_to_the_same_page_of_the_provider() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = by_card(chalk("crt_ada", 1));
        let first = bench.place(&request).await.unwrap();
        bench.advance(first.order_id).await;
        assert_eq!(bench.place(&request).await.unwrap(), first);
        assert_eq!(bench.bank.line.calls("start_payment"), 1);
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_of_an_order_and_the_shop_can_take_it_further() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = by_card(chalk("crt_ada", 1));
        let order_id = bench.place(&request).await.unwrap().order_id;
        let stranger = CallCtx::new("app", Principal::Guest(secret("crt_eve")));
        for ctx in [stranger, CallCtx::new("app", Principal::Anonymous)] {
            assert_eq!(
                refusal(bench.orders.advance_order(&ctx, AdvanceOrder { order_id }).await),
                OrdersError::NotFound
            );
            let retry = RetryPayment { key: key("r"), order_id, payment_method: "card".to_owned() };
            assert_eq!(refusal(bench.orders.retry_payment(&ctx, retry).await), OrdersError::NotFound);
        }
        assert_eq!(bench.bank.line.calls("settle"), 0);
        let owner = bench.orders.advance_order(&guest(&request), AdvanceOrder { order_id }).await;
        assert_eq!(owner.unwrap(), OrderProgress::Waiting);
    })
    .await;
}

#[tokio::test]
async fn a_declined_payment_can_be_tried_again_with_another_method() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.decline(&id.to_string());
        let failed = OrderProgress::PaymentFailed { failure: "declined".to_owned() };
        assert_eq!(bench.advance(id).await, failed);
        assert_eq!(bench.advance(id).await, failed);
        assert_eq!(bench.warehouse.hold(&id.to_string()), Some(Hold::Expired));

        assert_eq!(bench.retry("r1", id, "bank_transfer").await.unwrap(), OrderProgress::Placed);
        assert_eq!(bench.retry("r1", id, "bank_transfer").await.unwrap(), OrderProgress::Placed);
        assert_eq!(bench.order(id).await.payment_method, "bank_transfer");
        assert_eq!(bench.timeline(id).await, ["created", "payment_started", "payment_failed", "placed"]);
        assert_eq!((bench.warehouse.allocated(CHALK), bench.bank.sessions(&id.to_string())), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_repeated_attempt_to_pay_is_one_attempt() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.decline(&id.to_string());
        bench.advance(id).await;
        let first = bench.retry("r1", id, "card").await.unwrap();
        assert!(matches!(first, OrderProgress::Pay { .. }));
        assert_eq!(bench.retry("r1", id, "card").await.unwrap(), first);
        assert_eq!(bench.bank.sessions(&id.to_string()), 2);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_to_pay_what_was_sold_meanwhile_is_refused_and_may_be_repeated() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 10).await;
        bench.bank.decline(&id.to_string());
        bench.advance(id).await;
        bench.warehouse.end_holds();
        let bob = bench.placed("crt_bob", 1).await;

        assert!(matches!(refusal(bench.retry("r1", id, "card").await), OrdersError::OutOfStock { .. }));
        assert_eq!(bench.order(id).await.status, OrderStatus::Pending);
        bench.cancel("c1", bob.id).await.unwrap();
        assert!(matches!(bench.retry("r2", id, "card").await.unwrap(), OrderProgress::Pay { .. }));
        assert_eq!((bench.warehouse.available(CHALK), bench.bank.sessions(&id.to_string())), (0, 2));
    })
    .await;
}

#[tokio::test]
async fn a_method_that_is_not_offered_does_not_end_an_order_that_can_still_be_paid() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        let refused = OrdersError::PaymentNotOffered { method: "gold".to_owned() };
        assert_eq!(refusal(bench.retry("r1", id, "gold").await), refused);
        bench.bank.pay(&id.to_string());
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
        assert_eq!(bench.order(id).await.payment_method, "card");
    })
    .await;
}

#[tokio::test]
async fn an_order_is_paid_by_one_of_ten_attempts_at_most() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        for attempt in 2..=10 {
            bench.retry(&format!("r{attempt}"), id, "card").await.unwrap();
        }
        assert!(matches!(refusal(bench.retry("r11", id, "card").await), OrdersError::NotAllowed { .. }));
        assert_eq!(bench.bank.sessions(&id.to_string()), 10);
    })
    .await;
}

#[tokio::test]
async fn another_attempt_for_what_turns_out_to_be_paid_places_the_order() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        assert_eq!(bench.retry("r1", id, "bank_transfer").await.unwrap(), OrderProgress::Placed);
        assert_eq!((bench.bank.captures(&id.to_string()), bench.bank.sessions(&id.to_string())), (1, 1));
        assert_eq!(bench.order(id).await.payment_method, "card");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_asked_again_and_nothing_is_lost() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        bench.bank.line.cut();
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        bench.bank.line.mend();
        bench.clock.advance(Duration::from_secs(61));
        let order = bench.until(id, OrderStatus::Placed).await;
        assert_eq!((order.status, order.payment_status), PAID);
    })
    .await;
}

#[tokio::test]
async fn news_of_the_money_places_the_order_at_once_though_nobody_comes_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        // The clock stands still, so that without the news nothing would be due.
        bench.tell_captured(id).await;
        let order = bench.until(id, OrderStatus::Placed).await;
        assert_eq!((order.status, order.payment_status), PAID);
        bench.tell_captured(id).await;
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browser_news_and_two_recovery_jobs_at_once_place_the_order_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        let jobs = (bench.recovery(), bench.recovery());
        let (.., first, second) = tokio::join!(bench.tell_captured(id), bench.advance(id), bench.advance(id));
        assert_eq!((first, second), (OrderProgress::Placed, OrderProgress::Placed));
        tokio::join!(jobs.0.stop(), jobs.1.stop());
        assert_eq!(bench.warehouse.line.calls("allocate"), 1);
        assert_eq!(bench.told(id).await, ["order.placed", "order.paid"]);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_nobody_pays_expires_and_gives_everything_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 2).await;
        bench.clock.advance(HALF_AN_HOUR - Duration::from_secs(1));
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        bench.clock.advance(Duration::from_secs(1));
        let order = bench.until(id, OrderStatus::Expired).await;
        assert_eq!(order.payment_status, PaymentStatus::Voided);
        assert_eq!(order.fulfillment_status, FulfillmentStatus::Canceled);
        bench.settled().await;
        assert!(!bench.bank.is_payable(&id.to_string()));
        assert_eq!(bench.warehouse.available(CHALK), 10);
        let (kind, told) = bench.outbox(id).await.pop().unwrap();
        assert_eq!((kind.as_str(), told["was_placed"].as_bool()), ("order.canceled", Some(false)));
        let expired = OrderProgress::Ended { status: OrderStatus::Expired };
        assert_eq!(bench.advance(id).await, expired);
        assert_eq!(bench.retry("r1", id, "card").await.unwrap(), expired);
    })
    .await;
}

#[tokio::test]
async fn an_expired_order_makes_room_for_a_new_one_of_the_same_cart() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.clock.advance(HALF_AN_HOUR);
        bench.advance(id).await;
        assert_ne!(bench.paying("crt_ada", 1).await, id);
        assert_eq!(bench.warehouse.available(CHALK), 9);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_turns_out_to_be_paid_when_it_would_expire_is_placed() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        bench.warehouse.end_holds();
        // Asking fails, so that ending the payment is what finds out.
        bench.bank.line.fail("settle", Fault::Unreachable);
        bench.clock.advance(HALF_AN_HOUR);
        assert_eq!(bench.advance(id).await, OrderProgress::Placed);
        assert_eq!(bench.bank.line.calls("cancel_payment"), 1);
        assert_eq!(bench.warehouse.allocated(CHALK), 1);
    })
    .await;
}

#[tokio::test]
async fn money_for_goods_that_were_sold_meanwhile_goes_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 10).await;
        bench.warehouse.end_holds();
        bench.placed("crt_bob", 1).await;
        bench.bank.pay(&id.to_string());

        assert_eq!(bench.advance(id).await, OrderProgress::Ended { status: OrderStatus::Canceled });
        let order = bench.order(id).await;
        assert_eq!((order.status, order.payment_status), (OrderStatus::Canceled, PaymentStatus::Refunded));
        let expected = ["created", "payment_started", "paid", "canceled", "refund_due", "refund_started", "refunded"];
        assert_eq!(bench.timeline(id).await, expected);
        let told = bench.outbox(id).await;
        let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, ["order.canceled", "order.refunded"]);
        assert_eq!(told[0].1["was_placed"], false);
        assert_eq!((bench.bank.given_back(&id.to_string()), bench.open_journals().await), (vec![2_990], 0));
        bench.tell_captured(id).await;
        assert_eq!(bench.timeline(id).await, expected);

        // Its cart is not ordered, and paid, a second time by a repeat.
        let again = bench.place(&by_card(chalk("crt_ada", 10))).await.unwrap_err();
        let short = ShortLine { variant_id: CHALK.to_owned(), title: "Chalk".to_owned(), available: 9 };
        assert_eq!(again.domain(), Some(&OrdersError::OutOfStock { lines: vec![short] }));
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 2);
    })
    .await;
}

#[tokio::test]
async fn money_that_arrives_after_the_order_expired_goes_back_once_and_never_places_it() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.clock.advance(HALF_AN_HOUR);
        bench.advance(id).await;
        bench.bank.pay_although_canceled(&id.to_string());
        bench.tell_captured(id).await;
        bench.tell_captured(id).await;

        bench.settled().await;
        bench.tell_captured(id).await;
        bench.settled().await;

        let order = bench.order(id).await;
        assert_eq!((order.status, order.payment_status), (OrderStatus::Expired, PaymentStatus::Refunded));
        let expected = ["created", "payment_started", "expired", "paid", "refund_due", "refund_started", "refunded"];
        assert_eq!(bench.timeline(id).await, expected);
        assert_eq!(bench.bank.given_back(&id.to_string()), [740]);
        assert_eq!(bench.warehouse.available(CHALK), 10);
    })
    .await;
}

#[tokio::test]
async fn money_that_arrives_while_the_order_is_being_undone_is_not_overlooked() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.clock.advance(HALF_AN_HOUR);
        bench.warehouse.line.cut();
        bench.advance(id).await;
        assert_eq!(bench.order(id).await.status, OrderStatus::Expired);
        bench.bank.pay_although_canceled(&id.to_string());
        bench.tell_captured(id).await;
        bench.warehouse.line.mend();
        bench.clock.advance(Duration::from_secs(60));
        bench.settled().await;
        assert_eq!(bench.bank.given_back(&id.to_string()), [740]);
        assert_eq!(bench.warehouse.available(CHALK), 10);
    })
    .await;
}

#[tokio::test]
async fn waiting_payments_are_looked_at_again_after_five_fifteen_and_sixty_seconds() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let _id = bench.paying("crt_ada", 1).await;
        let _recovery = bench.recovery();
        for (asked, pause) in [5, 15, 60, 60].into_iter().enumerate() {
            assert_eq!(bench.bank.line.calls("settle"), asked);
            bench.clock.advance(Duration::from_secs(pause));
            eventually(async || (bench.bank.line.calls("settle") > asked).then_some(())).await;
            eventually(async || {
                let free = "SELECT count(*) AS n FROM sagas WHERE lease_expires_at = 0";
                (bench.count(free).await == 1).then_some(())
            })
            .await;
        }
    })
    .await;
}

#[tokio::test]
async fn money_that_is_not_what_was_asked_for_neither_pays_nor_ends_the_order() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay_too_little(&id.to_string());
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        assert_eq!(bench.retry("r1", id, "card").await.unwrap(), OrderProgress::Waiting);
        bench.clock.advance(HALF_AN_HOUR);
        assert_eq!(bench.advance(id).await, OrderProgress::Waiting);
        assert_eq!(bench.timeline(id).await, ["created", "payment_started"]);

        bench.bank.accept(&id.to_string());
        bench.clock.advance(Duration::from_secs(60));
        assert_eq!(bench.until(id, OrderStatus::Placed).await.payment_status, PaymentStatus::Paid);
    })
    .await;
}

#[tokio::test]
async fn news_of_orders_that_are_not_ours_is_passed_over() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.tell_captured(orders_api::OrderId::new()).await;
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test]
async fn news_that_crosses_the_placing_of_the_order_opens_its_journal_for_nothing() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        bench.advance(id).await;
        // What the consumer writes when it reads the order just before, and writes just after, it is placed.
        bench.execute("UPDATE sagas SET status = 'awaiting_payment', next_attempt_at = 0").await;
        bench.settled().await;
        assert_eq!(bench.told(id).await, ["order.placed", "order.paid"]);
    })
    .await;
}
