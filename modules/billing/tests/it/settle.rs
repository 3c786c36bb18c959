//! What becomes of an attempt to pay.

use std::sync::Arc;
use std::time::Duration;

use billing_api::{BillingError, EndPayment, PaymentNext, SessionStatus, TestDecision};
use kernel::stop::Stop;
use kernel::testing::on_every_database;

use crate::{ORDER, Shop, all_at_once, answer, ctx, eur, refusal, state};

#[tokio::test]
async fn ten_settlements_at_once_count_the_money_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        let calls = (0..10).map(|_| {
            let billing = Arc::clone(&shop.billing);
            async move { billing.end_payment(&ctx(), EndPayment::settle(ORDER)).await }
        });
        for settled in all_at_once(calls.collect::<Vec<_>>()).await {
            let payment = settled.expect("settled").expect("it was begun");
            assert!(payment.is_paid());
            assert_eq!(state(&payment), (SessionStatus::Captured, None, 1_250));
            assert_eq!(payment.session.next, PaymentNext::Nothing);
        }
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        let books = "SELECT account || ' ' || CAST(debit - credit AS TEXT) AS row FROM money_entries ORDER BY line";
        assert_eq!(shop.rows(books).await, ["provider:test 1250", "customer_payments -1250"]);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_known_before_the_shopper_decides_and_asking_writes_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let before = shop.db.commits();
        let payment = shop.settled().await;
        assert_eq!(state(&payment), (SessionStatus::Pending, None, 0));
        assert_eq!(payment.session.next, PaymentNext::Redirect { url: format!("/pay/test/{token}") });
        assert_eq!(shop.db.commits(), before);

        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        let before = shop.db.commits();
        shop.settled().await;
        assert_eq!(shop.db.commits(), before);
    })
    .await;
}

#[tokio::test]
async fn a_declined_payment_fails_and_another_attempt_may_succeed() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Decline).await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Failed, Some("declined"), 0));
        shop.settled().await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        assert!(shop.settled().await.is_paid());
        assert_eq!(shop.told().await, (vec!["declined".to_owned()], vec![eur(1_250)]));
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_has_to_be_confirmed_waits_for_it() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Authenticate).await;
        let payment = shop.settled().await;
        assert_eq!(state(&payment), (SessionStatus::RequiresAction, None, 0));
        assert!(matches!(payment.session.next, PaymentNext::Redirect { .. }));
        shop.decide(&token, TestDecision::Succeed).await;
        assert!(shop.settled().await.is_paid());
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_that_fails_ends_the_attempt() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Authenticate).await;
        shop.decide(&token, TestDecision::FailAuthentication).await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Failed, Some("authentication_failed"), 0));
        assert_eq!(shop.told().await.0, ["authentication_failed"]);
    })
    .await;
}

#[tokio::test]
async fn a_shopper_may_cancel_on_the_page_of_the_provider() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Cancel).await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Canceled, Some("canceled"), 0));
        assert_eq!(shop.told().await.0, ["canceled"]);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_of_which_nothing_is_heard_ends_after_half_an_hour() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::TimeOut).await;
        shop.wait(29);
        shop.end_overdue().await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
        shop.wait(1);
        shop.end_overdue().await;
        let payment = shop.payment().await.expect("started");
        assert_eq!(state(&payment), (SessionStatus::Expired, Some("timed_out"), 0));
        // Its page cannot bring money any more.
        assert_eq!(shop.decide(&token, TestDecision::Succeed).await.decision, Some(TestDecision::Cancel));
        assert_eq!(state(&shop.settled().await), (SessionStatus::Expired, Some("timed_out"), 0));
        assert_eq!(shop.told().await, (vec!["timed_out".to_owned()], vec![]));
    })
    .await;
}

#[tokio::test]
async fn money_that_came_just_in_time_counts_although_nobody_came_back() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        shop.wait(31);
        shop.end_overdue().await;
        assert!(shop.payment().await.expect("started").is_paid());
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
    })
    .await;
}

#[tokio::test]
async fn the_first_final_choice_counts() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        assert_eq!(shop.page(&token).await.expect("the page").decision, None);
        for decision in [TestDecision::Decline, TestDecision::Succeed, TestDecision::Authenticate] {
            assert_eq!(shop.decide(&token, decision).await.decision, Some(TestDecision::Decline));
        }
        assert_eq!(state(&shop.settled().await), (SessionStatus::Failed, Some("declined"), 0));
    })
    .await;
}

#[tokio::test]
async fn another_amount_or_currency_than_asked_for_pays_nothing_and_waits_for_a_person() {
    for tampering in
        ["UPDATE test_provider_sessions SET amount = 1", "UPDATE test_provider_sessions SET currency = 'USD'"]
    {
        on_every_database(|home| async move {
            let shop = Shop::open(&home).await;
            let token = shop.test_page().await;
            shop.decide(&token, TestDecision::Succeed).await;
            shop.tamper(tampering).await.expect("tampered");
            let payment = shop.settled().await;
            assert_eq!(state(&payment), (SessionStatus::Captured, None, 0));
            assert!(!payment.is_paid() && payment.paid_at.is_none());
            let review = shop.payment().await.and_then(|payment| payment.review).expect("a reason");
            assert!(review.contains("arrived by test") && review.contains("EUR 12.50 was to be paid"), "{review}");
            assert_eq!(shop.told().await, (vec![], vec![]));
            assert_eq!(shop.rows("SELECT status AS row FROM payments").await, ["review"]);
            assert_eq!(shop.rows("SELECT account AS row FROM money_entries WHERE credit > 0").await, ["unmatched"]);
            assert_eq!(refusal(shop.start("test").await), BillingError::AlreadyPaid);
            assert_eq!(refusal(shop.cancel().await), BillingError::AlreadyPaid);
        })
        .await;
    }
}

#[tokio::test]
async fn an_order_without_payment_has_nothing_to_settle() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!(refusal(shop.settle().await), BillingError::NotFound);
        assert_eq!(shop.payment().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_notice_settles_a_payment_although_nobody_comes_back_and_nobody_asks() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let started = shop.start_again();
        let (stopper, stop) = Stop::new();
        let working: Vec<_> =
            started.workers.into_iter().map(|worker| tokio::spawn((worker.run)(stop.clone()))).collect();
        let succeed = answer(&token, TestDecision::Succeed);
        started.service.payment_page(&ctx(), succeed).await.expect("the page is there");
        let mut waited = 0;
        while !shop.payment().await.expect("started").is_paid() {
            waited += 1;
            assert!(waited < 100, "it is not settled");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        stopper.stop();
        for work in working {
            work.await.expect("the worker ends");
        }
    })
    .await;
}
