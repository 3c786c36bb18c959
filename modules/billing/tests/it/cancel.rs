//! Ending payments.

use std::sync::Arc;

use billing_api::{BillingError, EndPayment, SessionStatus, TestDecision};
use kernel::IdempotencyKey;
use kernel::testing::{TestHome, on_every_database};

use crate::{ORDER, Shop, ctx, eur, invalid_field, refusal, state};

#[tokio::test]
async fn a_canceled_payment_cannot_succeed_later() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let request = EndPayment::cancel(IdempotencyKey::new(), ORDER);
        for _ in 0..3 {
            shop.billing.end_payment(&ctx(), request.clone()).await.expect("canceled");
        }
        shop.cancel().await.expect("canceled again");
        assert_eq!(shop.decide(&token, TestDecision::Succeed).await.decision, Some(TestDecision::Cancel));
        assert_eq!(state(&shop.settled().await), (SessionStatus::Canceled, Some("canceled"), 0));
        assert_eq!(shop.told().await, (vec![], vec![]));
        assert_eq!(invalid_field(shop.start("test").await), "order_id");
        assert_eq!(invalid_field(shop.record(eur(1_250)).await), "order_id");
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_succeeded_is_not_canceled_but_recorded() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        assert_eq!(refusal(shop.cancel().await), BillingError::AlreadyPaid);
        assert!(shop.payment().await.expect("started").is_paid());
        assert_eq!(refusal(shop.cancel().await), BillingError::AlreadyPaid);
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
    })
    .await;
}

#[tokio::test]
async fn an_order_canceled_before_it_started_to_pay_cannot_start() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.cancel().await.expect("an unknown order is no error");
        shop.cancel().await.expect("twice neither");
        assert_eq!(invalid_field(shop.start("bank_transfer").await), "order_id");
        assert_eq!(shop.payment().await, None);
        assert_eq!(refusal(shop.settle().await), BillingError::NotFound);
        assert_eq!(refusal(shop.record(eur(1_250)).await), BillingError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_bank_transfer_that_is_awaited_can_be_canceled() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.start("bank_transfer").await.expect("started");
        shop.cancel().await.expect("canceled");
        assert_eq!(state(&shop.payment().await.expect("started")), (SessionStatus::Canceled, Some("canceled"), 0));
    })
    .await;
}

#[tokio::test]
async fn paying_and_canceling_at_once_leave_one_of_both() {
    on_every_database(|home| async move {
        for _ in 0..5 {
            let home = TestHome::new(home.backend().clone());
            let shop = Arc::new(Shop::open(&home).await);
            let token = shop.test_page().await;
            let pay = {
                let shop = Arc::clone(&shop);
                async move {
                    let decided = shop.decide(&token, TestDecision::Succeed).await.decision;
                    let _ = shop.billing.end_payment(&ctx(), EndPayment::settle(ORDER)).await;
                    decided
                }
            };
            let cancel = {
                let shop = Arc::clone(&shop);
                async move { shop.cancel().await }
            };
            let (paying, canceling) = (tokio::spawn(pay), tokio::spawn(cancel));
            let (decided, canceled) = (paying.await.expect("ends"), canceling.await.expect("ends"));
            let payment = shop.settled().await;
            match canceled {
                Ok(_) => assert_eq!((decided, payment.is_paid()), (Some(TestDecision::Cancel), false)),
                Err(refused) => {
                    assert_eq!(refused.domain(), Some(&BillingError::AlreadyPaid), "{refused:?}");
                    assert_eq!((decided, payment.is_paid()), (Some(TestDecision::Succeed), true));
                }
            }
            assert_eq!(shop.told().await.1.len(), usize::from(payment.is_paid()));
        }
    })
    .await;
}
