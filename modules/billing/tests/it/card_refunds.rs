//! Refunds of cards: the provider may answer late, forget, and think better of it.

use billing_api::{PaymentRefund, Refund, RefundStatus};
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
