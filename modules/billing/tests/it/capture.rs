//! Money that is held first and taken later.

use std::sync::Arc;

use billing::BillingSettings;
use billing_api::{BillingError, EndPayment, PaymentNext, SessionStatus, TestDecision};
use kernel::IdempotencyKey;
use kernel::testing::{TestHome, on_every_database};

use crate::{ORDER, Shop, all_at_once, ctx, eur, refusal, settings, state, usd};

async fn open(home: &TestHome) -> Shop {
    Shop::open_with(home, BillingSettings { captures_later: true, ..settings() }).await
}

/// A shop in which 12.50 EUR are held for an order.
async fn holding(home: &TestHome) -> Shop {
    let shop = open(home).await;
    let token = shop.test_page().await;
    shop.decide(&token, TestDecision::Succeed).await;
    let payment = shop.settled().await;
    assert_eq!(state(&payment), (SessionStatus::Authorized, None, 0));
    assert!(payment.is_secured() && !payment.is_paid());
    assert_eq!((payment.authorized, payment.session.next), (Some(eur(1_250)), PaymentNext::Nothing));
    shop
}

#[tokio::test]
async fn what_is_held_is_taken_once_however_often_it_is_asked_for() {
    on_every_database(|home| async move {
        let shop = holding(&home).await;
        assert_eq!(shop.told().await, (vec![], vec![]));
        let request = EndPayment::capture(IdempotencyKey::new(), ORDER, None);
        let calls = (0..10).map(|place| {
            let (billing, mut request) = (Arc::clone(&shop.billing), request.clone());
            if place % 2 == 1 {
                request.key = IdempotencyKey::new();
            }
            async move { billing.end_payment(&ctx(), request).await }
        });
        for captured in all_at_once(calls.collect::<Vec<_>>()).await {
            assert!(captured.expect("captured").expect("it was started").is_paid());
        }
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        assert_eq!(shop.rows("SELECT account AS row FROM money_entries ORDER BY line").await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_part_can_be_taken_and_the_rest_is_let_go() {
    on_every_database(|home| async move {
        let shop = holding(&home).await;
        for given in [eur(0), eur(-1), eur(1_251), usd(1_000)] {
            assert_eq!(
                refusal(shop.capture(Some(given)).await),
                BillingError::WrongAmount { expected: eur(1_250), given }
            );
        }
        let payment = shop.capture(Some(eur(1_000))).await.expect("captured");
        assert_eq!(state(&payment), (SessionStatus::Captured, None, 1_000));
        assert!(!payment.is_paid());
        assert_eq!(refusal(shop.capture(None).await), BillingError::AlreadyPaid);
        assert_eq!(shop.rows("SELECT status AS row FROM payments").await, ["partially_captured"]);
        assert_eq!(shop.told().await, (vec![], vec![eur(1_000)]));
    })
    .await;
}

#[tokio::test]
async fn a_canceled_order_lets_go_of_what_was_held() {
    on_every_database(|home| async move {
        let shop = holding(&home).await;
        shop.wait(60 * 24);
        shop.end_overdue().await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Authorized, None, 0));
        shop.cancel().await.expect("canceled");
        assert_eq!(state(&shop.settled().await), (SessionStatus::Canceled, Some("canceled"), 0));
        assert_eq!(refusal(shop.capture(None).await), BillingError::NothingToCapture);
        assert_eq!(shop.rows("SELECT decision AS row FROM test_provider_sessions").await, ["cancel"]);
        assert_eq!(shop.told().await, (vec![], vec![]));
    })
    .await;
}

#[tokio::test]
async fn another_way_to_pay_lets_go_of_what_was_held() {
    on_every_database(|home| async move {
        let shop = holding(&home).await;
        shop.start("bank_transfer").await.expect("started");
        assert_eq!(shop.rows("SELECT decision AS row FROM test_provider_sessions").await, ["cancel"]);
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
    })
    .await;
}

#[tokio::test]
async fn nothing_is_taken_that_is_not_held() {
    on_every_database(|home| async move {
        let shop = open(&home).await;
        assert_eq!(refusal(shop.capture(None).await), BillingError::NotFound);
        shop.test_page().await;
        assert_eq!(refusal(shop.capture(None).await), BillingError::NothingToCapture);
    })
    .await;
}

/// AC-076
#[tokio::test]
async fn taking_and_canceling_at_once_leave_one_of_both() {
    on_every_database(|home| async move {
        for _ in 0..5 {
            let home = TestHome::new(home.backend().clone());
            let shop = Arc::new(holding(&home).await);
            let (taking, canceling) = (Arc::clone(&shop), Arc::clone(&shop));
            let taking = tokio::spawn(async move { taking.capture(None).await });
            let canceling = tokio::spawn(async move { canceling.cancel().await });
            let (taken, canceled) = (taking.await.expect("ends"), canceling.await.expect("ends"));
            let payment = shop.settled().await;
            let decision =
                shop.rows("SELECT decision || ' ' || CAST(captured AS TEXT) AS row FROM test_provider_sessions").await;
            if payment.is_paid() {
                assert!(canceled.is_err(), "{canceled:?}");
                assert_eq!(decision, ["succeed 1250"]);
            } else {
                assert!(taken.is_err(), "{taken:?}");
                assert_eq!(payment.session.status, SessionStatus::Canceled);
                assert_eq!(decision, ["cancel 0"]);
            }
            assert_eq!(shop.told().await.1.len(), usize::from(payment.is_paid()));
        }
    })
    .await;
}
