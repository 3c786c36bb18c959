//! Broken rows are named by the invariant that they break.

use billing_api::TestDecision;
use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::{Shop, ctx};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-M3", "ord_ada: payment less books is 1", "UPDATE payments SET captured = captured + 1", "UPDATE payments SET captured = captured - 1"),
    Plant::new("I-M5", "ord_ada in USD, and in EUR", "UPDATE payments SET currency = 'USD'", "UPDATE payments SET currency = 'EUR'"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        let audit = async || shop.billing.audit(&ctx(), AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
        // What is in the books stays there, so this comes last.
        let one_sided = "INSERT INTO money_entries \
             (txn_id, line, order_id, session_id, account, debit, credit, currency, created_at) \
             VALUES ('txn_x', 1, 'ord_ada', 'pay_x', 'bank', 7, 0, 'EUR', 0)";
        shop.tamper(one_sided).await.expect("entered");
        let found = shop.billing.audit(&ctx(), AuditRequest::default()).await.expect("an answer");
        assert!(matches!(&found[..], [one] if one.invariant == "I-M1" && one.row.contains("debit 7")), "{found:?}");
    })
    .await;
}
