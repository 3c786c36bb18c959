//! Cards, against a provider of our own that keeps its own books.

use std::sync::Arc;
use std::time::Duration;

use billing::{BillingSettings, StripePage, StripeSettings};
use billing_api::{BillingError, OpenPaymentPage, PageAnswer, PaymentNext, PaymentPage, SessionStatus};
use double::{Card, Double, Fault, Faults, WEBHOOK_SECRET};
use kernel::outgoing::AnyOutgoing;
use kernel::testing::{TestHome, on_every_database};
use kernel::{Clock, Timestamp};

use crate::{ORDER, Shop, ctx, eur, refusal, settings, state};

/// A shop, and the provider that it takes cards with.
pub(crate) struct Cards {
    pub(crate) shop: Shop,
    pub(crate) double: Arc<Double>,
}

pub(crate) async fn hosted(home: &TestHome) -> Cards {
    open(home, StripePage::Hosted, false).await
}

pub(crate) async fn open(home: &TestHome, page: StripePage, captures_later: bool) -> Cards {
    open_through(home, page, captures_later, |double| double).await
}

/// The provider is reached through what `through` makes of it.
pub(crate) async fn open_through(
    home: &TestHome,
    page: StripePage,
    captures_later: bool,
    through: impl FnOnce(Arc<Double>) -> AnyOutgoing,
) -> Cards {
    let clock = Clock::fixed(Timestamp(1_800_000_000_000_000));
    let double = Arc::new(Double::new(clock.clone()));
    let stripe = StripeSettings {
        secret_key: "sk_test_double".to_owned(),
        publishable_key: Some("pk_test_double".to_owned()),
        webhook_secrets: vec!["whsec_next".to_owned(), WEBHOOK_SECRET.to_owned()],
        api_url: "http://double".to_owned(),
        page,
        base_url: "https://shop.example".to_owned(),
        shop_name: "Chalk & Co".to_owned(),
        http: through(double.clone()),
    };
    let settings = BillingSettings { stripe: Some(stripe), captures_later, ..settings() };
    Cards { shop: Shop::open_at(home, settings, clock).await, double }
}

impl Cards {
    /// The provider's name for what it made last for the order's session.
    pub(crate) async fn reference(&self) -> String {
        let session = self.shop.payment().await.expect("started").session.id;
        self.double.references_of(&session.to_string()).pop().expect("the provider knows of it")
    }

    pub(crate) async fn hosted_page(&self) -> String {
        let session = self.shop.payment().await.expect("started").session.id;
        self.double.references_of(&session.to_string()).swap_remove(0)
    }

    /// All notices that are on their way.
    pub(crate) async fn deliver(&self) -> usize {
        let notices = self.double.notices();
        for notice in &notices {
            self.shop.notice(&notice.signature, &notice.body).await.expect("believed");
        }
        notices.len()
    }
}

#[tokio::test]
async fn a_shopper_pays_on_the_hosted_page_and_comes_back() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        let session = cards.shop.start("stripe").await.expect("started");
        let page = cards.hosted_page().await;
        assert_eq!(session.next, PaymentNext::Redirect { url: format!("https://checkout.example/{page}") });
        assert_eq!(state(&cards.shop.settled().await), (SessionStatus::Pending, None, 0));
        assert!(cards.double.pay(&page, Card::Good));
        assert!(cards.shop.settled().await.is_paid());
        assert_eq!(cards.shop.told().await, (vec![], vec![eur(1_250)]));
        let books = "SELECT account || ' ' || CAST(debit - credit AS TEXT) AS row FROM money_entries ORDER BY line";
        assert_eq!(cards.shop.rows(books).await, ["provider:stripe 1250", "customer_payments -1250"]);
        // Its notices come later, and say nothing new.
        assert!(cards.deliver().await >= 2);
        assert_eq!(cards.shop.told().await, (vec![], vec![eur(1_250)]));
    })
    .await;
}

#[tokio::test]
async fn a_shopper_pays_in_the_fields_of_our_page_after_a_refused_card_and_a_confirmation() {
    on_every_database(|home| async move {
        let cards = open(&home, StripePage::Embedded, false).await;
        let session = cards.shop.start("stripe").await.expect("started");
        let PaymentNext::Redirect { url } = session.next else { panic!("no page") };
        let token = url.strip_prefix("/pay/card/").expect("our page").to_owned();
        let intent = cards.reference().await;
        let page = card_page(&cards, &token).await;
        assert_eq!(page.fields, Some(("pk_test_double".to_owned(), format!("{intent}_secret_double"))));
        assert_eq!((page.amount, page.failure, page.is_open), (eur(1_250), None, true));

        cards.double.pay(&intent, Card::Refused("insufficient_funds"));
        assert_eq!(state(&cards.shop.settled().await), (SessionStatus::RequiresAction, None, 0));
        assert_eq!(card_page(&cards, &token).await.failure.as_deref(), Some("insufficient_funds"));
        cards.double.pay(&intent, Card::Asks);
        assert_eq!(state(&cards.shop.settled().await), (SessionStatus::RequiresAction, None, 0));
        assert!(cards.double.pay(&intent, Card::Confirmed));
        assert!(cards.shop.settled().await.is_paid());
        let after = card_page(&cards, &token).await;
        assert_eq!((after.is_open, after.fields), (false, None));
        // The token opens this session only, and no table holds it.
        for wrong in [format!("{token}0"), token.replace("pay_", "pay-"), token.to_uppercase()] {
            let found = cards.shop.billing.payment_page(&ctx(), OpenPaymentPage::look(wrong)).await;
            assert_eq!(refusal(found), BillingError::NotFound);
        }
        let rows = cards.shop.rows("SELECT next || key AS row FROM payment_sessions").await;
        assert!(rows.iter().all(|row| !row.contains(token.split_once('.').expect("two parts").1)), "{rows:?}");
    })
    .await;
}

async fn card_page(cards: &Cards, token: &str) -> billing_api::CardPage {
    match cards.shop.billing.payment_page(&ctx(), OpenPaymentPage::look(token)).await.expect("asked") {
        PaymentPage::Card(page) => page,
        other => panic!("no page for a card: {other:?}"),
    }
}

#[tokio::test]
async fn without_a_script_the_shopper_goes_to_the_hosted_page_and_only_that_can_be_paid() {
    on_every_database(|home| async move {
        let cards = open(&home, StripePage::Embedded, false).await;
        let session = cards.shop.start("stripe").await.expect("started");
        let PaymentNext::Redirect { url } = session.next else { panic!("no page") };
        let token = url.strip_prefix("/pay/card/").expect("our page").to_owned();
        let intent = cards.reference().await;
        let go = OpenPaymentPage::answer(token, PageAnswer::UseHosted);
        let PaymentPage::Elsewhere { url } =
            cards.shop.billing.payment_page(&ctx(), go.clone()).await.expect("goes on")
        else {
            panic!("nowhere to go")
        };
        let page = cards.hosted_page().await;
        assert_eq!(url, format!("https://checkout.example/{page}"));
        // A second press leads to the same page.
        let again = cards.shop.billing.payment_page(&ctx(), go).await.expect("goes on");
        assert_eq!(again, PaymentPage::Elsewhere { url });
        assert!(!cards.double.pay(&intent, Card::Good), "the fields are closed");
        // The notice that the fields are closed does not end the attempt.
        cards.deliver().await;
        assert_eq!(state(&cards.shop.settled().await), (SessionStatus::Pending, None, 0));
        assert!(cards.double.pay(&page, Card::Good));
        assert!(cards.shop.settled().await.is_paid());
    })
    .await;
}

#[tokio::test]
async fn a_shopper_who_leaves_is_not_charged_and_may_choose_again() {
    on_every_database(|home| async move {
        let cards = open(&home, StripePage::Embedded, false).await;
        let session = cards.shop.start("stripe").await.expect("started");
        let PaymentNext::Redirect { url } = session.next else { panic!("no page") };
        let token = url.strip_prefix("/pay/card/").expect("our page").to_owned();
        let leave = OpenPaymentPage::answer(token, PageAnswer::Leave);
        let back = cards.shop.billing.payment_page(&ctx(), leave).await.expect("goes back");
        assert_eq!(back, PaymentPage::Elsewhere { url: "/o/abc/return".to_owned() });
        assert_eq!(state(&cards.shop.settled().await), (SessionStatus::Canceled, Some("canceled"), 0));
        cards.shop.start("bank_transfer").await.expect("another way");
    })
    .await;
}

#[tokio::test]
async fn money_that_is_held_is_taken_in_part_or_let_go() {
    for page in [StripePage::Hosted, StripePage::Embedded] {
        on_every_database(|home| async move {
            let cards = open(&home, page, true).await;
            cards.shop.start("stripe").await.expect("started");
            cards.double.pay(&cards.hosted_page().await, Card::Good);
            assert_eq!(state(&cards.shop.settled().await), (SessionStatus::Authorized, None, 0));
            let payment = cards.shop.capture(Some(eur(1_000))).await.expect("captured");
            assert_eq!(state(&payment), (SessionStatus::Captured, None, 1_000));
            let ledger = cards.double.ledger();
            assert_eq!((ledger[0].captured, ledger[0].captures), (1_000, 1));

            let home = TestHome::new(home.backend().clone());
            let cards = open(&home, page, true).await;
            cards.shop.start("stripe").await.expect("started");
            cards.double.pay(&cards.hosted_page().await, Card::Good);
            cards.shop.settled().await;
            cards.shop.cancel().await.expect("canceled");
            assert_eq!(cards.double.ledger()[0].status, "canceled");
            assert_eq!(refusal(cards.shop.capture(None).await), BillingError::NothingToCapture);
        })
        .await;
    }
}

/// AC-070, AC-071
#[tokio::test]
async fn whatever_the_provider_does_a_start_is_one_start_and_the_shopper_waits_two_seconds_at_most() {
    for fault in Fault::ALL {
        on_every_database(|home| async move {
            let cards = hosted(&home).await;
            let request = crate::paying("stripe", eur(1_250));
            cards.double.lie(Faults::always(fault));
            let begun = std::time::Instant::now();
            let refused = cards.shop.billing.start_payment(&ctx(), request.clone()).await;
            assert!(begun.elapsed() < Duration::from_millis(2_600), "{fault:?}: {:?}", begun.elapsed());
            assert_eq!(refusal(refused), BillingError::ProviderUnavailable, "{fault:?}");
            cards.double.be_honest();
            let session = cards.shop.billing.start_payment(&ctx(), request).await.expect("the provider is back");
            assert!(matches!(session.next, PaymentNext::Redirect { .. }));
            let references = cards.double.references_of(&session.id.to_string());
            assert_eq!(references.len(), 1, "{fault:?}: {references:?}");
            assert!(cards.double.pay(&references[0], Card::Good));
            assert!(cards.shop.settled().await.is_paid(), "{fault:?}");
        })
        .await;
    }
}

/// AC-070
#[tokio::test]
async fn a_charge_whose_answer_never_came_is_found_without_anyone_coming_back() {
    for fault in Fault::ALL {
        on_every_database(|home| async move {
            let cards = open(&home, StripePage::Hosted, true).await;
            cards.shop.start("stripe").await.expect("started");
            cards.double.pay(&cards.hosted_page().await, Card::Good);
            cards.shop.settled().await;
            cards.double.lie(Faults::always(fault));
            assert_eq!(refusal(cards.shop.capture(None).await), BillingError::ProviderUnavailable, "{fault:?}");
            cards.double.be_honest();
            // The provider was left alone for a moment after so many failures.
            cards.shop.clock.advance(Duration::from_secs(60));
            cards.shop.work("payment looks").await;
            let payment = cards.shop.payment().await.expect("started");
            assert!(payment.is_paid(), "{fault:?}: {payment:?}");
            assert_eq!(cards.double.ledger()[0].captures, 1, "{fault:?}");
            assert_eq!(cards.shop.told().await.1, [eur(1_250)]);
        })
        .await;
    }
}

#[tokio::test]
async fn a_shopper_who_never_comes_back_has_paid_all_the_same() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        cards.double.pay(&cards.hosted_page().await, Card::Good);
        cards.shop.work("payment looks").await;
        assert!(!cards.shop.payment().await.expect("started").is_paid(), "it is too early to look");
        cards.shop.clock.advance(Duration::from_secs(10));
        cards.shop.work("payment looks").await;
        assert!(cards.shop.payment().await.expect("started").is_paid());
        assert_eq!(cards.shop.told().await.1, [eur(1_250)]);
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_is_away_is_not_offered_and_nobody_waits_for_it() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.double.lie(Faults::always(Fault::ResetBefore));
        for order in ["ord_a", "ord_b", "ord_c"] {
            let request = billing_api::StartPayment { order_id: order.to_owned(), ..crate::paying("stripe", eur(5)) };
            let _ = cards.shop.billing.start_payment(&ctx(), request).await;
        }
        let calls = cards.double.calls();
        let refused = cards.shop.start("stripe").await;
        assert_eq!(refusal(refused), BillingError::MethodNotOffered { method: "stripe".to_owned() });
        let request = billing_api::ListPaymentMethods { amount: eur(5), country: "AT".parse().expect("a country") };
        let methods = cards.shop.billing.payment_methods(&ctx(), request).await.expect("asked");
        assert!(methods.iter().all(|method| method.code != "stripe"), "{methods:?}");
        assert!(methods.iter().any(|method| method.code == "bank_transfer"), "{methods:?}");
        assert_eq!(cards.double.calls(), calls);
        assert!(cards.shop.rows("SELECT order_id AS row FROM payments").await.iter().all(|order| order != ORDER));
    })
    .await;
}

#[tokio::test]
async fn the_second_of_two_payments_for_one_order_waits_for_a_person() {
    on_every_database(|home| async move {
        let cards = hosted(&home).await;
        cards.shop.start("stripe").await.expect("started");
        let first = cards.hosted_page().await;
        cards.shop.start("bank_transfer").await.expect("another way");
        // The provider takes money for the page that it had closed.
        let session = cards.shop.rows("SELECT id AS row FROM payment_sessions ORDER BY id").await.swap_remove(0);
        cards.shop.record(eur(1_250)).await.expect("the transfer came");
        let stray = cards.double.stray(1_250, "eur", Some(&session));
        cards.deliver().await;
        assert!(!cards.double.pay(&first, Card::Good));
        assert_eq!(cards.shop.told().await.1, [eur(1_250)]);
        let checks = cards.shop.checks().await;
        assert_eq!(checks, ["paid_twice open EUR 12.50"], "{stray}");
        let unmatched =
            "SELECT CAST(SUM(credit - debit) AS TEXT) AS row FROM money_entries WHERE account = 'unmatched'";
        assert_eq!(cards.shop.rows(unmatched).await, ["1250"]);
    })
    .await;
}
