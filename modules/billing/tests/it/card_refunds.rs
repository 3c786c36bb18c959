//! Refunds of cards: the provider may answer late, forget, and think better of it.

use billing_api::{CheckAction, PaymentRefund, Refund, RefundStatus, ResolvePaymentCheck};
use double::{Card, Fault, Faults};
use kernel::IdempotencyKey;
use kernel::testing::{TestHome, on_every_database};

use crate::stripe::{Cards, hosted};
use crate::{ORDER, ctx, eur};

/// An order of 12.50 EUR that was paid by card.
async fn paid(home: &TestHome) -> Cards {
    let cards = hosted(home).await;
    cards.shop.start("stripe").await.expect("started");
    assert!(cards.double.pay(&cards.hosted_page().await, Card::Good));
    assert!(cards.shop.settled().await.is_paid());
    cards
}

impl Cards {
    async fn refund(&self, amount: i64) -> PaymentRefund {
        let request = Refund::give_back(IdempotencyKey::new(), ORDER, eur(amount), "It was chipped");
        self.shop.billing.refund(&ctx(), request).await.expect("written down")
    }

    async fn refunds(&self) -> Vec<RefundStatus> {
        let payment = self.shop.payment().await.expect("started");
        payment.refunds.iter().map(|refund| refund.status).collect()
    }
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_goes_back_once_however_late_it_is_asked_for_again() {
    on_every_database(|home| async move {
        let cards = paid(&home).await;
        cards.double.lie(Faults::always(Fault::ResetAfter).about_changes());
        assert_eq!(cards.refund(400).await.status, RefundStatus::Pending);
        cards.double.be_honest();
        // By now the provider has forgotten the key of the request.
        cards.shop.wait(25 * 60);
        cards.shop.work("refunds").await;
        assert_eq!(cards.refunds().await, [RefundStatus::Succeeded]);
        assert_eq!(cards.double.ledger()[0].refunded, 400);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_does_not_let_us_in_has_not_refused() {
    on_every_database(|home| async move {
        let cards = paid(&home).await;
        cards.double.lie(Faults::always(Fault::ResetAfter).about_changes());
        assert_eq!(cards.refund(400).await.status, RefundStatus::Pending);
        cards.double.lie(Faults::always(Fault::KeyUnknown));
        cards.shop.wait(1);
        cards.shop.work("refunds").await;
        assert_eq!(cards.refunds().await, [RefundStatus::Pending]);
        assert_eq!(cards.shop.payment().await.expect("started").refundable(), eur(850));
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_fails_days_after_it_succeeded_waits_for_a_person() {
    on_every_database(|home| async move {
        let cards = paid(&home).await;
        assert_eq!(cards.refund(400).await.status, RefundStatus::Succeeded);
        cards.deliver().await;
        cards.shop.wait(3 * 24 * 60);
        let intent = cards.double.ledger()[0].intent.clone();
        cards.double.fail_refund(&intent);
        assert_eq!(cards.deliver().await, 1);
        cards.shop.reconcile().await;
        assert_eq!(cards.shop.checks().await, ["refund_failed_there open EUR 4.00"]);
        let check = "SELECT order_id || ' ' || evidence AS row FROM payment_checks";
        let rows = cards.shop.rows(check).await;
        assert!(rows[0].starts_with(ORDER) && rows[0].ends_with("expired_or_canceled_card"), "{rows:?}");
        // Another one can fail too, and is another difference.
        assert_eq!(cards.refund(100).await.status, RefundStatus::Succeeded);
        cards.double.fail_refund(&intent);
        cards.deliver().await;
        assert_eq!(cards.shop.checks().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_is_told_as_failed_while_it_is_pending_frees_its_money() {
    on_every_database(|home| async move {
        let cards = paid(&home).await;
        cards.double.lie(Faults::always(Fault::ResetAfter).about_changes());
        assert_eq!(cards.refund(400).await.status, RefundStatus::Pending);
        cards.double.be_honest();
        cards.double.fail_refund(&cards.double.ledger()[0].intent);
        cards.deliver().await;
        assert_eq!(cards.refunds().await, [RefundStatus::Failed]);
        assert_eq!(cards.shop.payment().await.expect("started").refundable(), eur(1_250));
        assert_eq!(cards.shop.checks().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn money_that_was_given_back_as_a_difference_and_did_not_arrive_waits_for_a_person_again() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let intent = cards.double.stray(4_200, "eur", None);
        cards.deliver().await;
        let id = cards.shop.rows("SELECT id AS row FROM payment_checks").await[0].parse().expect("an id");
        let request = ResolvePaymentCheck { check_id: id, action: CheckAction::GiveBack };
        cards.shop.billing.resolve_payment_check(&ctx(), request).await.expect("given back");
        cards.double.fail_refund(&intent);
        cards.deliver().await;
        assert_eq!(cards.shop.checks().await, ["refund_failed_there open EUR 42.00", "missing_here closed EUR 42.00"]);
    })
    .await;
}
