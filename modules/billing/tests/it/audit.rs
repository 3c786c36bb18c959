//! Broken rows are named by the invariant that they break.

use billing_api::{Refund, TestDecision};
use kernel::IdempotencyKey;
use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::{ORDER, Shop, ctx, eur};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-M3", "ord_ada: payment less books is 1", "UPDATE payments SET captured = captured + 1", "UPDATE payments SET captured = captured - 1"),
    Plant::new("I-M5", "ord_ada in USD, and in EUR", "UPDATE payments SET currency = 'USD'", "UPDATE payments SET currency = 'EUR'"),
    Plant::new("I-M3", "refunds that are pending less books are 500", "UPDATE refunds SET status = 'pending'", "UPDATE refunds SET status = 'succeeded'"),
    Plant::new("I-M8", "payment less refunds is -100", "UPDATE refunds SET amount = 600", "UPDATE refunds SET amount = 500"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        let key = IdempotencyKey::new();
        shop.billing.refund(&ctx(), Refund::give_back(key, ORDER, eur(500), "Chipped")).await.expect("refunded");
        let audit = async || shop.billing.audit(&ctx(), AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
        // What is in the books stays there, so this comes last.
        let reason =
            "INSERT INTO money_transactions (id, kind, actor, created_at) VALUES ('txn_x', 'captured', 'x', 0)";
        shop.tamper(reason).await.expect("entered");
        let one_sided = "INSERT INTO money_entries \
             (txn_id, line, order_id, session_id, account, debit, credit, currency, created_at) \
             VALUES ('txn_x', 1, 'ord_ada', 'pay_x', 'bank', 7, 0, 'EUR', 0)";
        shop.tamper(one_sided).await.expect("entered");
        let found = shop.billing.audit(&ctx(), AuditRequest::default()).await.expect("an answer");
        assert!(matches!(&found[..], [one] if one.invariant == "I-M1" && one.row.contains("debit 7")), "{found:?}");
    })
    .await;
}
