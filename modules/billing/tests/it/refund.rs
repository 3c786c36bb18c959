//! Money that goes back: never more than came, once per key, and never forgotten.

use std::sync::Arc;

use billing_api::{
    BillingError, PaymentRefund, PaymentRefunded, Refund, RefundFailed, RefundId, RefundStatus, TestDecision,
};
use kernel::event::Event as _;
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey, Money, NotExecuted};

use crate::{ORDER, Outcome, Shop, all_at_once, ctx, eur, invalid_field, refusal, usd};

fn refund(key: &str, amount: Money) -> Refund {
    Refund::give_back(IdempotencyKey::parse(key).expect("a key"), ORDER, amount, "It was chipped")
}

impl Shop {
    /// An order of 12.50 EUR that was paid with the test provider.
    pub(crate) async fn paid(&self) {
        let token = self.test_page().await;
        self.decide(&token, TestDecision::Succeed).await;
        self.settled().await;
    }

    /// An order of 12.50 EUR that was paid by bank transfer.
    async fn paid_by_transfer(&self) {
        self.start("bank_transfer").await.expect("started");
        self.record(eur(1_250)).await.expect("recorded");
    }

    pub(crate) async fn refund(&self, key: &str, amount: Money) -> Outcome<PaymentRefund> {
        self.billing.refund(&ctx(), refund(key, amount)).await
    }

    async fn paid_by_hand(&self, key: &str, refund_id: RefundId) -> Outcome<PaymentRefund> {
        let key = IdempotencyKey::parse(key).expect("a key");
        self.billing.refund(&ctx(), Refund::paid_by_hand(key, refund_id, Some("TR 7".to_owned()))).await
    }

    /// What is left to refund, and how the refunds are.
    async fn back(&self) -> (i64, Vec<RefundStatus>) {
        let payment = self.payment().await.expect("started");
        (payment.refundable().amount, payment.refunds.iter().map(|refund| refund.status).collect())
    }

    /// Accounts and what is on them, debit side.
    async fn accounts(&self) -> Vec<String> {
        self.rows(
            "SELECT account || ' ' || CAST(SUM(debit) - SUM(credit) AS TEXT) AS row FROM money_entries
             GROUP BY account ORDER BY account",
        )
        .await
    }

    /// Lets the worker that finishes refunds look once.
    async fn finish_refunds(&self) {
        self.work("refunds").await;
    }

    /// The amounts that were told as refunded, and the number of failures.
    async fn told_back(&self) -> (Vec<i64>, usize) {
        let events = self.events().await;
        let refunded = events.iter().filter(|event| event.kind == PaymentRefunded::KIND);
        let amounts = refunded.map(|event| event.open::<PaymentRefunded>().expect("readable").amount.amount);
        (amounts.collect(), events.iter().filter(|event| event.kind == RefundFailed::KIND).count())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_full_refunds_at_once_one_is_made() {
    on_every_database(|home| async move {
        let shop = Arc::new(Shop::open(&home).await);
        shop.paid().await;
        let press = |number: i32| {
            let shop = Arc::clone(&shop);
            async move { shop.refund(&format!("r{number}"), eur(1_250)).await }
        };
        let made = all_at_once((0..20).map(press)).await;
        let (done, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 1);
        let all_known = refused.iter().all(|refused| {
            matches!(
                refused,
                Err(CallError::Domain(BillingError::RefundTooHigh { left })) if left.amount == 0
            ) || matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::Conflict, .. }))
        });
        assert!(all_known, "{refused:?}");
        assert_eq!(shop.back().await, (0, vec![RefundStatus::Succeeded]));
        assert_eq!(shop.rows("SELECT CAST(COUNT(*) AS TEXT) AS row FROM test_provider_refunds").await, ["1"]);
        assert_eq!(shop.told_back().await, (vec![1_250], 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_asked_for_twenty_times_at_once_goes_back_once() {
    on_every_database(|home| async move {
        let shop = Arc::new(Shop::open(&home).await);
        shop.paid().await;
        let press = |_| {
            let shop = Arc::clone(&shop);
            async move { shop.refund("r1", eur(500)).await }
        };
        let made = all_at_once((0..20).map(press)).await;
        let ids: std::collections::BTreeSet<_> =
            made.iter().filter_map(|made| made.as_ref().ok()).map(|r| r.id).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(shop.back().await, (750, vec![RefundStatus::Succeeded]));
        assert_eq!(shop.accounts().await, ["customer_payments -750", "provider:test 750", "refunds_pending 0"]);
        assert_eq!(shop.told_back().await, (vec![500], 0));
    })
    .await;
}

#[tokio::test]
async fn parts_go_back_until_nothing_is_left_and_not_a_cent_more() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        assert_eq!(shop.refund("r1", eur(1_000)).await.expect("refunded").status, RefundStatus::Succeeded);
        assert_eq!(refusal(shop.refund("r2", eur(251)).await), BillingError::RefundTooHigh { left: eur(250) });
        assert_eq!(shop.refund("r3", eur(250)).await.expect("refunded").status, RefundStatus::Succeeded);
        assert_eq!(refusal(shop.refund("r4", eur(1)).await), BillingError::RefundTooHigh { left: eur(0) });
        let payment = shop.payment().await.expect("started");
        assert!(payment.is_paid());
        assert_eq!(shop.accounts().await, ["customer_payments 0", "provider:test 0", "refunds_pending 0"]);
    })
    .await;
}

#[tokio::test]
async fn nothing_other_than_what_came_goes_back() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!(refusal(shop.refund("r1", eur(1)).await), BillingError::NotFound);
        let token = shop.test_page().await;
        assert_eq!(refusal(shop.refund("r1", eur(1)).await), BillingError::NotFound);
        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        assert_eq!(refusal(shop.refund("r1", usd(100)).await), BillingError::RefundTooHigh { left: eur(1_250) });
        for amount in [0, -1, i64::MIN] {
            assert_eq!(invalid_field(shop.refund("r1", eur(amount)).await), "amount");
        }
        assert_eq!(refusal(shop.refund("r1", eur(i64::MAX)).await), BillingError::RefundTooHigh { left: eur(1_250) });
        shop.refund("r1", eur(100)).await.expect("refunded");
        let reused = shop.refund("r1", eur(101)).await;
        assert!(matches!(reused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })), "{reused:?}");
        assert_eq!(shop.back().await, (1_150, vec![RefundStatus::Succeeded]));
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_asked_again_until_it_does() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        shop.tamper("ALTER TABLE test_provider_refunds RENAME TO test_provider_refunds_away").await.expect("renamed");
        let pending = shop.refund("r1", eur(1_250)).await.expect("written down");
        assert_eq!((pending.status, pending.awaits_staff), (RefundStatus::Pending, false));
        assert_eq!(shop.back().await, (0, vec![RefundStatus::Pending]));
        assert_eq!(refusal(shop.refund("r2", eur(1)).await), BillingError::RefundTooHigh { left: eur(0) });
        shop.tamper("ALTER TABLE test_provider_refunds_away RENAME TO test_provider_refunds").await.expect("renamed");
        shop.finish_refunds().await;
        assert_eq!(shop.back().await.1, [RefundStatus::Pending], "not yet");
        shop.wait(1);
        shop.finish_refunds().await;
        assert_eq!(shop.back().await, (0, vec![RefundStatus::Succeeded]));
        assert_eq!(shop.told_back().await, (vec![1_250], 0));
        assert_eq!(shop.rows("SELECT CAST(COUNT(*) AS TEXT) AS row FROM test_provider_refunds").await, ["1"]);
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_the_provider_refuses_can_be_made_again() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        // The provider has less than we think.
        shop.tamper("UPDATE test_provider_sessions SET captured = 1000").await.expect("changed");
        let refused = shop.refund("r1", eur(1_250)).await.expect("written down");
        assert_eq!((refused.status, refused.failure.is_some()), (RefundStatus::Failed, true));
        assert_eq!(shop.back().await, (1_250, vec![RefundStatus::Failed]));
        assert_eq!(shop.refund("r2", eur(1_000)).await.expect("refunded").status, RefundStatus::Succeeded);
        assert_eq!(shop.back().await, (250, vec![RefundStatus::Failed, RefundStatus::Succeeded]));
        assert_eq!(shop.accounts().await, ["customer_payments -250", "provider:test 250", "refunds_pending 0"]);
        assert_eq!(shop.told_back().await, (vec![1_000], 1));
    })
    .await;
}

#[tokio::test]
async fn staff_say_when_they_transferred_the_money_back() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid_by_transfer().await;
        let pending = shop.refund("r1", eur(400)).await.expect("written down");
        assert_eq!((pending.status, pending.awaits_staff), (RefundStatus::Pending, true));
        shop.wait(60 * 24);
        shop.finish_refunds().await;
        assert_eq!(shop.back().await, (850, vec![RefundStatus::Pending]));
        assert_eq!(shop.accounts().await, ["bank 1250", "customer_payments -850", "refunds_pending -400"]);
        for _ in 0..3 {
            let recorded = shop.paid_by_hand("t1", pending.id).await.expect("recorded");
            assert_eq!((recorded.status, recorded.awaits_staff), (RefundStatus::Succeeded, false));
        }
        assert_eq!(refusal(shop.paid_by_hand("t2", pending.id).await), BillingError::NotForStaff);
        assert_eq!(refusal(shop.paid_by_hand("t3", RefundId::new()).await), BillingError::NotFound);
        assert_eq!(shop.accounts().await, ["bank 850", "customer_payments -850", "refunds_pending 0"]);
        assert_eq!(shop.told_back().await, (vec![400], 0));
        // Another one may have the same text.
        let other = shop.refund("r2", eur(100)).await.expect("written down");
        assert_eq!(shop.paid_by_hand("t4", other.id).await.expect("recorded").status, RefundStatus::Succeeded);
    })
    .await;
}

#[tokio::test]
async fn staff_cannot_say_that_of_a_provider() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        shop.tamper("ALTER TABLE test_provider_refunds RENAME TO test_provider_refunds_away").await.expect("renamed");
        let pending = shop.refund("r1", eur(400)).await.expect("written down");
        assert_eq!(refusal(shop.paid_by_hand("t1", pending.id).await), BillingError::NotForStaff);
    })
    .await;
}

#[tokio::test]
async fn books_that_do_not_agree_with_the_payment_stop_the_refund() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        // Someone changed what we think has come.
        shop.tamper("UPDATE payments SET amount = 2000, captured = 2000").await.expect("changed");
        let stopped = shop.refund("r1", eur(100)).await;
        assert!(matches!(stopped, Err(CallError::Internal(_))), "{stopped:?}");
        assert_eq!(shop.rows("SELECT id AS row FROM refunds").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn every_transaction_says_why_and_cannot_be_changed() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.paid().await;
        shop.refund("r1", eur(500)).await.expect("refunded");
        let kinds = "SELECT kind AS row FROM money_transactions ORDER BY id";
        assert_eq!(shop.rows(kinds).await, ["captured", "refund_started", "refunded"]);
        let alone = "SELECT txn_id AS row FROM money_entries e
                     WHERE NOT EXISTS (SELECT 1 FROM money_transactions t WHERE t.id = e.txn_id)";
        assert!(shop.rows(alone).await.is_empty());
        for statement in ["UPDATE money_transactions SET kind = ''", "DELETE FROM money_transactions"] {
            let refused = shop.tamper(statement).await.expect_err("they only grow");
            assert!(refused.to_string().contains("only grow"), "{statement}: {refused}");
        }
    })
    .await;
}
