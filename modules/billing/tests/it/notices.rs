//! What a provider tells by itself.

use std::sync::Arc;

use billing::StripePage;
use billing_api::{BillingError, CheckAction, CheckStatus, PaymentCheckId, ResolvePaymentCheck, SessionStatus};
use double::{Card, Notice, WEBHOOK_SECRET, signed_at};
use kernel::testing::on_every_database;

use crate::stripe::{Cards, hosted, open};
use crate::{all_at_once, ctx, eur, refusal, state};

const NOW: i64 = 1_800_000_000;

fn event(kind: &str, object: &str) -> String {
    format!(r#"{{"id": "evt_{kind}", "type": "{kind}", "data": {{"object": {object}}}}}"#)
}

async fn stored(cards: &Cards) -> Vec<String> {
    cards.shop.rows("SELECT kind || ' ' || status AS row FROM provider_notices ORDER BY id").await
}

/// AC-064, AC-065
#[tokio::test]
async fn a_notice_that_is_not_signed_now_by_the_provider_changes_nothing() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        let intent = cards.double.stray(1_250, "eur", None);
        let body = event("payment_intent.succeeded", &format!(r#"{{"id": "{intent}", "amount": 1250, "amount_received": 1250, "currency": "eur", "status": "succeeded"}}"#));
        let good = signed_at(WEBHOOK_SECRET, NOW, body.clone());
        let before = cards.shop.db.commits();
        let digits = good.signature.split_once("v1=").expect("signed").1.to_owned();
        for signature in [
            String::new(),
            "t=1800000000".to_owned(),
            "t=1800000000,v1=".to_owned(),
            format!("t=1800000000,v1={}", "0".repeat(64)),
            format!("t=1800000001,v1={digits}"),
            format!("v1={digits}"),
            signed_at("whsec_retired", NOW, body.clone()).signature,
            signed_at(WEBHOOK_SECRET, NOW - 360, body.clone()).signature,
            signed_at(WEBHOOK_SECRET, NOW + 360, body.clone()).signature,
            signed_at(WEBHOOK_SECRET, NOW, format!("{body} ")).signature,
        ] {
            let refused = cards.shop.notice(&signature, &body).await;
            assert_eq!(refusal(refused), BillingError::NotAuthentic, "{signature}");
        }
        assert_eq!(cards.shop.db.commits(), before);
        assert!(stored(&cards).await.is_empty());
        // Both secrets of a rotation are good.
        for secret in [WEBHOOK_SECRET, "whsec_next"] {
            cards.shop.notice(&signed_at(secret, NOW, body.clone()).signature, &body).await.expect("believed");
        }
        assert_eq!(stored(&cards).await.len(), 1);
    })
    .await;
}

/// AC-066
#[tokio::test]
async fn the_same_notice_ten_times_in_a_row_and_at_once_has_one_effect() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        cards.double.pay(&cards.hosted_page().await, Card::Good);
        let notices = cards.double.notices();
        let calls = (0..10).flat_map(|_| notices.clone()).map(|notice| {
            let billing = Arc::clone(&cards.shop.billing);
            async move { billing.receive_notice(&ctx(), crate::notice(&notice.signature, &notice.body)).await }
        });
        for received in all_at_once(calls.collect::<Vec<_>>()).await {
            received.expect("200 to all");
        }
        for notice in (0..10).flat_map(|_| notices.clone()) {
            cards.shop.notice(&notice.signature, &notice.body).await.expect("200 to all");
        }
        assert!(cards.shop.payment().await.expect("started").is_paid());
        assert_eq!(cards.shop.told().await, (vec![], vec![eur(1_250)]));
        assert_eq!(stored(&cards).await.len(), notices.len());
        assert_eq!(cards.shop.rows("SELECT account AS row FROM money_entries").await.len(), 2);
    })
    .await;
}

/// AC-067
#[tokio::test]
async fn notices_in_any_order_lead_to_the_same_end() {
    on_every_database(|home| async move {
        let mut ends = Vec::new();
        for turn in 0..6 {
            let home = kernel::testing::TestHome::new(home.backend().clone());
            let cards = open(&home, StripePage::Embedded, true).await;
            cards.shop.start("stripe").await.expect("started");
            let intent = cards.reference().await;
            cards.double.pay(&intent, Card::Refused("generic_decline"));
            cards.double.pay(&intent, Card::Asks);
            cards.double.pay(&intent, Card::Confirmed);
            // Taken and given back on the provider's own pages.
            let play = |url: String, body: &str| cards.double.play("POST", &url, None, body);
            play(format!("/v1/payment_intents/{intent}/capture"), "");
            cards.double.refund_there(&intent, 300);
            let mut notices = cards.double.notices();
            assert!(notices.len() >= 7, "{notices:?}");
            let count = notices.len();
            notices.rotate_left(turn * count / 6);
            if turn % 2 == 1 {
                notices.reverse();
            }
            for Notice { signature, body } in notices {
                cards.shop.notice(&signature, &body).await.expect("believed");
            }
            ends.push((state_of(&cards).await, cards.shop.told().await.1, cards.shop.checks().await));
        }
        let (first, captured, checks) = ends[0].clone();
        assert_eq!((first.as_str(), captured.as_slice()), ("captured 1250", [eur(1_250)].as_slice()));
        assert_eq!(checks, ["refunded_there open EUR 3.00"]);
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:#?}");
    })
    .await;
}

async fn state_of(cards: &Cards) -> String {
    let payment = cards.shop.payment().await.expect("started");
    format!("{} {}", serde_name(payment.session.status), payment.captured.amount)
}

fn serde_name(status: SessionStatus) -> String {
    serde_json::to_value(status).expect("a name").as_str().expect("a name").to_owned()
}

/// AC-068
#[tokio::test]
async fn money_that_we_do_not_know_is_kept_for_a_person_and_can_be_given_back() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let intent = cards.double.stray(4_200, "eur", None);
        cards.deliver().await;
        assert!(stored(&cards).await.iter().all(|notice| notice.ends_with("unmatched")));
        assert_eq!(cards.shop.checks().await, ["missing_here open EUR 42.00"]);
        assert_eq!(cards.shop.payment().await, None);
        let id: PaymentCheckId =
            cards.shop.rows("SELECT id AS row FROM payment_checks").await[0].parse().expect("an id");
        let resolve = |action| {
            let (billing, request) = (Arc::clone(&cards.shop.billing), ResolvePaymentCheck { check_id: id, action });
            async move { billing.resolve_payment_check(&ctx(), request).await }
        };
        refusal(resolve(CheckAction::AskAgain).await);
        refusal(resolve(CheckAction::Close { note: "  ".to_owned() }).await);
        for given in all_at_once((0..10).map(|_| resolve(CheckAction::GiveBack)).collect::<Vec<_>>()).await {
            assert_eq!(given.expect("given back").status, CheckStatus::Closed);
        }
        let line = cards.double.ledger().into_iter().find(|line| line.intent == intent).expect("it");
        assert_eq!(line.refunded, 4_200);
    })
    .await;
}

/// AC-069
#[tokio::test]
async fn another_amount_than_was_asked_for_pays_nothing_and_can_be_given_back() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        cards.double.pay(&cards.hosted_page().await, Card::Other(1));
        cards.deliver().await;
        let payment = cards.shop.payment().await.expect("started");
        assert!(!payment.is_paid());
        assert_eq!(cards.shop.told().await, (vec![], vec![]));
        assert_eq!(cards.shop.rows("SELECT status AS row FROM payments").await, ["review"]);
        assert_eq!(cards.shop.checks().await, ["other_amount open EUR 0.01"]);
        let id: PaymentCheckId =
            cards.shop.rows("SELECT id AS row FROM payment_checks").await[0].parse().expect("an id");
        let press = || {
            let billing = Arc::clone(&cards.shop.billing);
            let request = ResolvePaymentCheck { check_id: id, action: CheckAction::GiveBack };
            async move { billing.resolve_payment_check(&ctx(), request).await }
        };
        for given in all_at_once((0..10).map(|_| press()).collect::<Vec<_>>()).await {
            given.expect("given back");
        }
        assert_eq!(cards.double.ledger()[0].refunded, 1);
        let owed = "SELECT account AS row FROM money_entries GROUP BY account HAVING SUM(debit) <> SUM(credit)";
        assert!(cards.shop.rows(owed).await.is_empty());
        // The order awaits its money again.
        cards.shop.start("bank_transfer").await.expect("another try");
    })
    .await;
}

#[tokio::test]
async fn another_currency_than_was_asked_for_pays_nothing() {
    on_every_database(|home| async move {
        let cards = open(&home, StripePage::Embedded, false).await;
        cards.shop.start("stripe").await.expect("started");
        let intent = cards.reference().await;
        cards.double.forge(&intent, None, Some("usd"));
        cards.double.pay(&intent, Card::Good);
        cards.deliver().await;
        assert!(!cards.shop.payment().await.expect("started").is_paid());
        assert_eq!(cards.shop.checks().await, ["other_currency open USD 12.50"]);
    })
    .await;
}

#[tokio::test]
async fn a_dispute_is_told_to_a_person_once() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        cards.double.pay(&cards.hosted_page().await, Card::Good);
        cards.deliver().await;
        let intent = cards.double.ledger()[0].intent.clone();
        cards.double.dispute(&intent);
        cards.deliver().await;
        cards.shop.reconcile().await;
        assert_eq!(cards.shop.checks().await, ["disputed open EUR 12.50"]);
    })
    .await;
}

#[tokio::test]
async fn a_notice_that_arrives_before_the_answer_to_the_start_is_understood() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let session = cards.shop.start("stripe").await.expect("started").id;
        // As if the answer, with the provider's name for the session, had been lost.
        cards.shop.tamper("UPDATE payment_sessions SET provider_reference = NULL").await.expect("forgotten");
        cards.double.pay(&cards.double.references_of(&session.to_string())[0], Card::Good);
        cards.deliver().await;
        assert_eq!(state(&cards.shop.payment().await.expect("started")), (SessionStatus::Captured, None, 1_250));
        assert_eq!(cards.shop.told().await.1, [eur(1_250)]);
    })
    .await;
}

#[tokio::test]
async fn what_was_stored_and_not_processed_is_processed_later() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        cards.double.pay(&cards.hosted_page().await, Card::Good);
        cards.deliver().await;
        // As if the process had ended between storing and processing.
        cards.shop.tamper("UPDATE provider_notices SET status = 'received', processed_at = NULL").await.expect("reset");
        cards.shop.tamper("UPDATE payment_sessions SET status = 'pending', captured = 0").await.expect("reset");
        cards.shop.work("payment notices").await;
        assert!(stored(&cards).await.iter().all(|notice| notice.ends_with("processed")), "{:?}", stored(&cards).await);
    })
    .await;
}
