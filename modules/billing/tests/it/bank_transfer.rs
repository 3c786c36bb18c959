//! Money that staff saw on the account.

use std::sync::Arc;

use billing_api::{BillingError, PaymentNext, SessionStatus, TestDecision};
use kernel::testing::on_every_database;

use crate::{Shop, all_at_once, arrival, ctx, eur, refusal, state, usd};

#[tokio::test]
async fn the_shopper_is_told_where_to_pay() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let session = shop.start("bank_transfer").await.expect("started");
        let PaymentNext::Instructions { lines } = session.next else { panic!("no instructions") };
        let lines: Vec<_> = lines.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
        let expected = [
            ("Account holder", "Freestone Goods"),
            ("IBAN", "AT61 1904 3002 3457 3201"),
            ("BIC", "BKAUATWW"),
            ("Payment reference", "F-1001"),
        ];
        assert_eq!(lines, expected);
        shop.wait(60 * 24 * 30);
        shop.end_overdue().await;
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
    })
    .await;
}

#[tokio::test]
async fn ten_records_of_one_arrival_count_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let session = shop.start("bank_transfer").await.expect("started");
        let request = arrival(eur(1_250));
        let calls = (0..10).map(|_| {
            let (billing, request) = (Arc::clone(&shop.billing), request.clone());
            async move { billing.end_payment(&ctx(), request).await }
        });
        for recorded in all_at_once(calls.collect::<Vec<_>>()).await {
            let payment = recorded.expect("recorded").expect("it was started");
            assert_eq!((payment.session.id, payment.is_paid()), (session.id, true));
            assert_eq!(payment.paid_at, Some(shop.clock.now()));
        }
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        assert_eq!(refusal(shop.record(eur(1_250)).await), BillingError::AlreadyPaid);
        assert_eq!(
            shop.rows("SELECT account AS row FROM money_entries ORDER BY line").await,
            ["bank", "customer_payments"]
        );
    })
    .await;
}

#[tokio::test]
async fn only_the_open_amount_is_recorded() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!(refusal(shop.record(eur(1_250)).await), BillingError::NotFound);
        shop.start("bank_transfer").await.expect("started");
        for given in [eur(1_249), eur(1_251), usd(1_250), eur(-1_250)] {
            assert_eq!(refusal(shop.record(given).await), BillingError::WrongAmount { expected: eur(1_250), given });
        }
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
    })
    .await;
}

#[tokio::test]
async fn money_on_the_account_ends_the_attempt_with_another_provider() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let payment = shop.record(eur(1_250)).await.expect("recorded");
        assert_eq!((payment.session.method.as_str(), payment.is_paid()), ("bank_transfer", true));
        assert_eq!(shop.decide(&token, TestDecision::Succeed).await.decision, Some(TestDecision::Cancel));
        assert_eq!(shop.settled().await, payment);
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
    })
    .await;
}

#[tokio::test]
async fn money_on_the_account_is_refused_when_the_other_provider_was_faster() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        assert_eq!(refusal(shop.record(eur(1_250)).await), BillingError::AlreadyPaid);
        assert_eq!(shop.payment().await.expect("started").session.method, "test");
    })
    .await;
}

#[tokio::test]
async fn money_can_be_recorded_after_an_attempt_failed() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Decline).await;
        shop.settled().await;
        assert!(shop.record(eur(1_250)).await.expect("recorded").is_paid());
        assert_eq!(shop.told().await, (vec!["declined".to_owned()], vec![eur(1_250)]));
    })
    .await;
}
