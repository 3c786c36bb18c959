//! The books balance and only grow.

use billing_api::{StartPayment, TestDecision};
use kernel::testing::on_every_database;

use crate::{Shop, ctx, eur, paying, token_of};

#[tokio::test]
async fn debit_equals_credit_in_every_transaction() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for number in 1..=6 {
            let (order_id, amount) = (format!("ord_{number}"), eur(number * 333));
            let request = StartPayment { order_id: order_id.clone(), ..paying("test", amount) };
            let session = shop.billing.start_payment(&ctx(), request).await.expect("started");
            let decision = if number % 3 == 0 { TestDecision::Decline } else { TestDecision::Succeed };
            shop.decide(&token_of(&session), decision).await;
            shop.billing.end_payment(&ctx(), billing_api::EndPayment::settle(order_id)).await.expect("settled");
        }
        let lopsided = "SELECT txn_id AS row FROM money_entries GROUP BY txn_id
                        HAVING SUM(debit) <> SUM(credit) OR COUNT(DISTINCT currency) <> 1 OR COUNT(*) <> 2";
        assert!(shop.rows(lopsided).await.is_empty());
        let totals = "SELECT account || ' ' || CAST(SUM(debit) - SUM(credit) AS TEXT) AS row FROM money_entries
                      GROUP BY account ORDER BY account";
        assert_eq!(shop.rows(totals).await, ["customer_payments -3996", "provider:test 3996"]);
        let owed = "SELECT order_id AS row FROM payments p WHERE captured <>
                    (SELECT COALESCE(SUM(credit), 0) FROM money_entries m WHERE m.order_id = p.order_id)";
        assert!(shop.rows(owed).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn books_and_events_cannot_be_changed_or_shortened() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        let statements = [
            "UPDATE money_entries SET debit = 1 WHERE debit > 0",
            "DELETE FROM money_entries",
            "UPDATE payment_events SET detail = ''",
            "DELETE FROM payment_events",
        ];
        for statement in statements {
            let refused = shop.tamper(statement).await.expect_err("they only grow");
            assert!(refused.to_string().contains("only grow"), "{statement}: {refused}");
        }
        let events = "SELECT kind || ' ' || detail AS row FROM payment_events ORDER BY id";
        assert_eq!(shop.rows(events).await, ["started EUR 12.50 by test", "captured EUR 12.50"]);
    })
    .await;
}
