//! Comparing the provider's books with ours.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use billing::StripePage;
use billing_api::{CheckAction, CheckStatus, EndPayment, PaymentCheckId, Refund, ResolvePaymentCheck, StartPayment};
use double::{Card, Double};
use kernel::IdempotencyKey;
use kernel::outgoing::{Outgoing, OutgoingAnswer, OutgoingError, OutgoingRequest};
use kernel::testing::on_every_database;
use tokio::sync::Notify;

use crate::stripe::{Cards, hosted, open_through};
use crate::{ctx, eur, paying};

/// So many of each kind of difference, and as many payments without.
const OF_EACH: usize = 12;

async fn start(cards: &Cards, order: &str, amount: i64) -> (String, String) {
    let request = StartPayment { order_id: order.to_owned(), ..paying("stripe", eur(amount)) };
    let session = cards.shop.billing.start_payment(&ctx(), request).await.expect("started").id.to_string();
    let page = cards.double.references_of(&session).swap_remove(0);
    (session, page)
}

async fn paid(cards: &Cards, order: &str, amount: i64) -> String {
    let (session, page) = start(cards, order, amount).await;
    assert!(cards.double.pay(&page, Card::Good));
    cards.shop.billing.end_payment(&ctx(), EndPayment::settle(order)).await.expect("settled");
    cards.double.references_of(&session).pop().expect("its intent")
}

/// R12
#[tokio::test]
async fn every_planted_difference_is_named_in_one_run_and_repaired_or_queued() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let mut planted = BTreeMap::<&str, usize>::new();
        for turn in 0..OF_EACH {
            let (amount, order) =
                (1_000 + i64::try_from(turn).expect("small"), |kind: &str| format!("ord_{kind}_{turn}"));
            // Nothing is wrong with this one.
            paid(&cards, &order("good"), amount).await;
            // They have money of which we know nothing.
            cards.double.stray(amount, "eur", None);
            // We have money that they have forgotten.
            let intent = paid(&cards, &order("missing_there"), amount).await;
            cards.double.forget(&intent);
            // They have another amount than they told us.
            let intent = paid(&cards, &order("other_amount"), amount).await;
            cards.double.forge(&intent, Some(amount + 1), None);
            // They have another currency than they told us.
            let intent = paid(&cards, &order("other_currency"), amount).await;
            cards.double.forge(&intent, None, Some("usd"));
            // They gave some of it back.
            let intent = paid(&cards, &order("refunded_there"), amount).await;
            cards.double.refund_there(&intent, 100);
            // A bank takes it back.
            let intent = paid(&cards, &order("disputed"), amount).await;
            cards.double.dispute(&intent);
            // Nobody told us.
            let (_, page) = start(&cards, &order("status_behind"), amount).await;
            cards.double.pay(&page, Card::Good);
            // They took another amount, and nobody told us.
            let (_, page) = start(&cards, &order("took_other"), amount).await;
            cards.double.pay(&page, Card::Other(amount - 1));
            // They took money for an order that has ended.
            let (session, _) = start(&cards, &order("captured_for_ended"), amount).await;
            let cancel = EndPayment::cancel(IdempotencyKey::new(), order("captured_for_ended"));
            cards.shop.billing.end_payment(&ctx(), cancel).await.expect("canceled");
            cards.double.stray(amount, "eur", Some(&session));
        }
        for (class, count) in [
            ("missing_here", 1),
            ("missing_there", 1),
            ("other_amount", 2),
            ("other_currency", 1),
            ("refunded_there", 1),
            ("disputed", 1),
            ("status_behind", 1),
            ("captured_for_ended", 1),
        ] {
            planted.insert(class, count * OF_EACH);
        }
        drop(cards.double.notices());

        cards.shop.reconcile().await;
        let rows = cards.shop.rows("SELECT class || ' ' || status AS row FROM payment_checks").await;
        let mut found = BTreeMap::<&str, usize>::new();
        for row in &rows {
            *found.entry(row.split_once(' ').expect("two words").0).or_default() += 1;
        }
        assert_eq!(found, planted, "{rows:#?}");
        assert!(rows.len() >= 100, "{}", rows.len());
        let status = |class: &str, status: &str| rows.iter().filter(|row| **row == format!("{class} {status}")).count();
        for repaired in ["status_behind", "captured_for_ended"] {
            assert_eq!(status(repaired, "repaired"), OF_EACH, "{repaired}");
        }
        // Each open one has its evidence.
        let mute = "SELECT class AS row FROM payment_checks WHERE evidence = '' OR amount = 0";
        assert!(cards.shop.rows(mute).await.is_empty());
        // What is repaired is paid now, and told.
        let behind = "SELECT status AS row FROM payments WHERE order_id LIKE 'ord_status_behind%'
                      OR order_id LIKE 'ord_captured_for_ended%' GROUP BY status";
        assert_eq!(cards.shop.rows(behind).await, ["captured"]);

        // Another run finds nothing new.
        cards.shop.reconcile().await;
        assert_eq!(cards.shop.rows("SELECT id AS row FROM payment_checks").await.len(), rows.len());
    })
    .await;
}

/// The answer with their books stays on the way until it is let through.
struct SlowBooks {
    double: Arc<Double>,
    was_slow: AtomicBool,
    has_answered: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Outgoing for SlowBooks {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        let is_books = request.url.contains("/v1/payment_intents?");
        let answer = self.double.send(request).await;
        if is_books && !self.was_slow.swap(true, Ordering::Relaxed) {
            self.has_answered.notify_one();
            self.goes_on.notified().await;
        }
        answer
    }
}

#[tokio::test]
async fn money_that_comes_during_a_comparison_is_no_difference() {
    on_every_database(|home| async move {
        let mut way = None;
        let cards = open_through(&home, StripePage::Embedded, false, |double| {
            let (was_slow, has_answered, goes_on) = (AtomicBool::new(false), Notify::new(), Notify::new());
            let slow = Arc::new(SlowBooks { double, was_slow, has_answered, goes_on });
            way = Some(Arc::clone(&slow));
            slow
        })
        .await;
        let (way, _) = (way.expect("opened"), cards.shop.start("stripe").await.expect("started"));
        let intent = cards.reference().await;
        let paying = async {
            way.has_answered.notified().await;
            assert!(cards.double.pay(&intent, Card::Good));
            assert!(cards.shop.settled().await.is_paid());
            way.goes_on.notify_one();
        };
        tokio::join!(cards.shop.reconcile(), paying);
        assert_eq!(cards.shop.checks().await, Vec::<String>::new());
        // What they have really forgotten is found all the same.
        cards.double.forget(&intent);
        cards.shop.reconcile().await;
        assert_eq!(cards.shop.checks().await, ["missing_there open EUR 12.50"]);
    })
    .await;
}

#[tokio::test]
async fn staff_settle_a_difference_by_asking_again_or_saying_what_was_done() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let intent = paid(&cards, "ord_1", 1_000).await;
        cards.double.forge(&intent, Some(999), None);
        cards.shop.reconcile().await;
        assert_eq!(cards.shop.checks().await, ["other_amount open EUR 9.99"]);
        let id: PaymentCheckId =
            cards.shop.rows("SELECT id AS row FROM payment_checks").await[0].parse().expect("an id");
        let ask = ResolvePaymentCheck { check_id: id, action: CheckAction::AskAgain };
        crate::refusal(cards.shop.billing.resolve_payment_check(&ctx(), ask.clone()).await);
        cards.double.forge(&intent, Some(1_000), None);
        let settled = cards.shop.billing.resolve_payment_check(&ctx(), ask).await.expect("settled");
        assert_eq!((settled.status, settled.settled_by.as_deref()), (CheckStatus::Repaired, Some("module:orders")));
        // One that is settled stays as it is.
        let close = CheckAction::Close { note: "Talked to the bank".to_owned() };
        let request = ResolvePaymentCheck { check_id: id, action: close };
        let same = cards.shop.billing.resolve_payment_check(&ctx(), request).await.expect("the same");
        assert_eq!(same, settled);
    })
    .await;
}

/// Gives back what every open difference is about.
async fn give_back_all(cards: &Cards) {
    for id in cards.shop.rows("SELECT id AS row FROM payment_checks WHERE status = 'open'").await {
        let request = ResolvePaymentCheck { check_id: id.parse().expect("an id"), action: CheckAction::GiveBack };
        cards.shop.billing.resolve_payment_check(&ctx(), request).await.expect("given back");
    }
}

#[tokio::test]
async fn what_we_gave_back_ourselves_is_no_difference() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        // A part of what was paid.
        let refunded = paid(&cards, "ord_refunded", 1_000).await;
        let refund = Refund::give_back(IdempotencyKey::new(), "ord_refunded", eur(400), "Chipped");
        cards.shop.billing.refund(&ctx(), refund).await.expect("refunded");
        // Another amount than was asked for, money that came twice, and money of which we know nothing.
        let (_, page) = start(&cards, "ord_other", 1_000).await;
        cards.double.pay(&page, Card::Other(999));
        let (session, page) = start(&cards, "ord_twice", 1_000).await;
        cards.double.pay(&page, Card::Good);
        cards.deliver().await;
        cards.double.stray(1_000, "eur", Some(&session));
        cards.double.stray(4_200, "eur", None);
        cards.deliver().await;
        let mut found = cards.shop.checks().await;
        found.sort();
        let expected = ["missing_here open EUR 42.00", "other_amount open EUR 9.99", "paid_twice open EUR 10.00"];
        assert_eq!(found, expected);
        give_back_all(&cards).await;

        // They tell of it, and it is in their books.
        assert!(cards.deliver().await >= 3);
        for _ in 0..2 {
            cards.shop.reconcile().await;
            let mut found = cards.shop.checks().await;
            found.sort();
            assert_eq!(found, expected.map(|check| check.replace("open", "closed")));
        }

        // What others give back is still told.
        cards.double.refund_there(&refunded, 100);
        cards.deliver().await;
        let open = "SELECT class || ' ' || CAST(amount AS TEXT) AS row FROM payment_checks WHERE status = 'open'";
        assert_eq!(cards.shop.rows(open).await, ["refunded_there 100"]);
    })
    .await;
}

#[tokio::test]
async fn money_that_paid_for_its_order_is_refunded_and_not_given_back_as_a_difference() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let intent = paid(&cards, "ord_1", 1_000).await;
        cards.double.forge(&intent, Some(999), None);
        cards.shop.reconcile().await;
        let id: PaymentCheckId =
            cards.shop.rows("SELECT id AS row FROM payment_checks").await[0].parse().expect("an id");
        let request = ResolvePaymentCheck { check_id: id, action: CheckAction::GiveBack };
        crate::refusal(cards.shop.billing.resolve_payment_check(&ctx(), request).await);
        assert_eq!(cards.double.ledger()[0].refunded, 0);
    })
    .await;
}
