//! Orders that gift cards pay, in part or whole: what they pay is taken once, and comes back when the order is undone.

use std::sync::Arc;
use std::time::Duration;

use billing_api::GiftCardId;
use kernel::testing::on_every_database;
use orders_api::{
    FulfillmentStatus, GIFT_CARD, OrderGiftCard, OrderProgress, OrderStatus, OrdersError, PAYMENT_LINK, PaymentStatus,
    PlaceOrder, RefundOrder, RefundStatus, RefundTo,
};

use crate::neighbors::{Fault, eur};
use crate::shop::{
    Bench, CHALK, LEASE_OVER, Outcome, by_card, chalk, eventually, guest, is_temporary, key, refusal, staff,
};

fn part(id: GiftCardId, amount: i64) -> OrderGiftCard {
    OrderGiftCard { gift_card_id: id.to_string(), last_four: "7K3M".to_owned(), amount: eur(amount) }
}

/// The order of a chalk for 7.40, of which a card pays a part.
fn with_card(request: PlaceOrder, id: GiftCardId, amount: i64) -> PlaceOrder {
    PlaceOrder { gift_cards: vec![part(id, amount)], ..request }
}

impl Bench {
    async fn credit(&self, key_text: &str, order_id: orders_api::OrderId, amount: i64) -> Outcome<orders_api::Order> {
        let request = RefundOrder {
            key: key(key_text),
            order_id,
            amount: eur(amount),
            to: RefundTo::StoreCredit,
            reason: "It was chipped".to_owned(),
            restock: Vec::new(),
            location_id: None,
        };
        self.orders.refund_order(&staff(), request).await
    }
}

#[tokio::test]
async fn a_card_pays_a_part_and_the_rest_is_transferred() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(500);
        let request = with_card(chalk("crt_ada", 1), card, 300);
        let placed = bench.place(&request).await.unwrap();
        assert_eq!(placed.progress, OrderProgress::Placed);
        assert_eq!(bench.place(&request).await.unwrap().order_id, placed.order_id);
        let order = bench.order(placed.order_id).await;
        assert_eq!((order.total, order.by_gift_cards(), order.due()), (eur(740), eur(300), eur(440)));
        assert_eq!((order.payment_status, bench.bank.on_card(card)), (PaymentStatus::Unpaid, 200));
        let paid = bench.mark_paid("m1", order.id).await.unwrap();
        assert_eq!(paid.payment_status, PaymentStatus::Paid);
        assert_eq!(bench.bank.on_card(card), 200);
    })
    .await;
}

#[tokio::test]
async fn who_pays_all_with_cards_is_sent_to_no_provider() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let (one, two) = (bench.bank.issue(500), bench.bank.issue(240));
        let request = PlaceOrder {
            gift_cards: vec![part(one, 500), part(two, 240)],
            payment_method: GIFT_CARD.to_owned(),
            ..chalk("crt_ada", 1)
        };
        let placed = bench.place(&request).await.unwrap();
        assert_eq!(placed.progress, OrderProgress::Placed);
        let order = bench.order(placed.order_id).await;
        assert_eq!((order.payment_status, order.due()), (PaymentStatus::Paid, eur(0)));
        assert_eq!((bench.bank.on_card(one), bench.bank.on_card(two)), (0, 0));
        assert_eq!(bench.open_journals().await, 0);
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_card_with_less_than_the_shopper_saw_is_told_with_both_numbers_and_nothing_remains() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(500);
        bench.place(&with_card(chalk("crt_ben", 1), card, 300)).await.unwrap();
        let refused = refusal(bench.place(&with_card(chalk("crt_ada", 1), card, 300)).await);
        let told = OrdersError::GiftCardTooLow { gift_card_id: card.to_string(), asked: eur(300), left: eur(200) };
        assert_eq!(refused, told);
        bench.settled().await;
        assert_eq!((bench.warehouse.available(CHALK), bench.bank.on_card(card)), (9, 200));
        // The next try is a new order of the same cart.
        let placed = bench.place(&with_card(chalk("crt_ada", 1), card, 200)).await.unwrap();
        assert_eq!((placed.progress, bench.bank.on_card(card)), (OrderProgress::Placed, 0));
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_while_the_card_pays_leaves_it_spent_once_or_not_at_all() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for (number, fault) in [Fault::HangsBefore, Fault::HangsAfter].into_iter().enumerate() {
            let card = bench.bank.issue(300);
            let request = with_card(chalk(&format!("crt_{number}"), 1), card, 300);
            bench.bank.line.fail("start_payment", fault);
            let before = bench.bank.line.calls("start_payment");
            let (orders, ctx, wanted) = (Arc::clone(&bench.orders), guest(&request), request.clone());
            let process = tokio::spawn(async move { orders.place_order(&ctx, wanted).await });
            eventually(async || (bench.bank.line.calls("start_payment") > before).then_some(())).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            process.abort();
            assert!(process.await.unwrap_err().is_cancelled());
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            let placed = bench.place(&request).await.unwrap();
            assert_eq!((placed.progress, bench.bank.on_card(card)), (OrderProgress::Placed, 0), "{fault:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_while_billing_is_away_gets_the_card_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(300);
        for (number, fault) in [Fault::Unreachable, Fault::AnswerLost].into_iter().enumerate() {
            bench.bank.line.fail("start_payment", fault);
            let request = with_card(chalk(&format!("crt_{number}"), 1), card, 300);
            assert!(is_temporary(&bench.place(&request).await), "{fault:?}");
            bench.settled().await;
            assert_eq!((bench.bank.on_card(card), bench.warehouse.available(CHALK)), (300, 10), "{fault:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_order_that_ends_unpaid_gives_the_card_its_part_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(300);
        let canceled = bench.place(&with_card(chalk("crt_ada", 1), card, 300)).await.unwrap().order_id;
        assert_eq!(bench.bank.on_card(card), 0);
        bench.cancel("c1", canceled).await.unwrap();
        assert_eq!((bench.order(canceled).await.status, bench.bank.on_card(card)), (OrderStatus::Canceled, 300));

        let expired = bench.place(&by_card(with_card(chalk("crt_ben", 1), card, 300))).await.unwrap().order_id;
        bench.bank.decline(&expired.to_string());
        bench.advance(expired).await;
        assert_eq!(bench.bank.on_card(card), 0, "held for another attempt");
        bench.clock.advance(Duration::from_secs(31 * 60));
        bench.until(expired, OrderStatus::Expired).await;
        bench.settled().await;
        assert_eq!(bench.bank.on_card(card), 300);
        assert_eq!(bench.order(expired).await.fulfillment_status, FulfillmentStatus::Canceled);
    })
    .await;
}

#[tokio::test]
async fn money_that_comes_after_the_card_has_its_part_back_goes_back_alone() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(300);
        let id = bench.place(&by_card(with_card(chalk("crt_ada", 1), card, 300))).await.unwrap().order_id;
        bench.cancel("c1", id).await.unwrap();
        bench.bank.pay_although_canceled(&id.to_string());
        bench.tell_captured_part(id, 440).await;
        bench.settled().await;
        let order = bench.order(id).await;
        assert_eq!((order.status, order.payment_status), (OrderStatus::Canceled, PaymentStatus::Refunded));
        assert_eq!((order.unpaid, order.paid(), bench.bank.on_card(card)), (Some(eur(300)), eur(440), 300));
        assert_eq!(bench.bank.given_back(&id.to_string()), [440]);
        let found = bench.orders.audit(&staff(), kernel::audit::AuditRequest::default()).await.unwrap();
        assert!(found.is_empty(), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn money_becomes_store_credit_and_with_refunds_never_more_than_was_paid() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.paid("crt_ada", 1).await;
        for _ in 0..2 {
            let back = bench.credit("s1", order.id, 500).await.unwrap();
            let refund = &back.refunds[0];
            assert_eq!((refund.status, refund.to), (RefundStatus::Succeeded, RefundTo::StoreCredit));
            let card: GiftCardId = refund.gift_card_id.as_ref().unwrap().parse().unwrap();
            assert_eq!((bench.bank.on_card(card), back.refunds.len()), (500, 1));
        }
        assert!(matches!(refusal(bench.refund("r1", order.id, 241).await), OrdersError::Invalid { .. }));
        assert!(matches!(refusal(bench.credit("s2", order.id, 241).await), OrdersError::Invalid { .. }));
        let all = bench.refund("r2", order.id, 240).await.unwrap();
        assert_eq!(all.payment_status, PaymentStatus::Refunded);
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [500, 240]);
    })
    .await;
}

#[tokio::test]
async fn cards_that_do_not_fit_the_order_are_refused_and_nothing_is_done() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let card = bench.bank.issue(5_000);
        let wrong = |gift_cards: Vec<OrderGiftCard>| PlaceOrder { gift_cards, ..chalk("crt_ada", 1) };
        let strange = OrderGiftCard { gift_card_id: "ord_1".to_owned(), ..part(card, 100) };
        for request in [
            wrong(vec![part(card, 0)]),
            wrong(vec![part(card, -1)]),
            wrong(vec![part(card, 741)]),
            wrong(vec![part(card, 100), part(card, 100)]),
            wrong(vec![strange]),
            wrong((0..11).map(|_| part(GiftCardId::new(), 10)).collect()),
        ] {
            let refused = refusal(bench.place(&request).await);
            assert!(matches!(&refused, OrdersError::Invalid { field, .. } if field == "gift_cards"), "{refused}");
        }
        for request in [
            with_card(chalk("crt_ada", 1), card, 740),
            PlaceOrder { payment_method: GIFT_CARD.to_owned(), ..with_card(chalk("crt_ada", 1), card, 700) },
            PlaceOrder { payment_method: GIFT_CARD.to_owned(), ..chalk("crt_ada", 1) },
        ] {
            let refused = refusal(bench.place(&request).await);
            assert!(matches!(refused, OrdersError::PaymentNotOffered { .. }), "{refused}");
        }
        let link = PlaceOrder { payment_method: PAYMENT_LINK.to_owned(), ..with_card(chalk("crt_ada", 1), card, 100) };
        let refused = refusal(bench.orders.place_order(&staff(), link).await);
        assert!(matches!(refused, OrdersError::Invalid { .. }), "{refused}");
        assert_eq!((bench.bank.on_card(card), bench.warehouse.available(CHALK)), (5_000, 10));
    })
    .await;
}
