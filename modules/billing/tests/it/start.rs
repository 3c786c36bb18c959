//! Opening sessions.

use std::sync::Arc;

use billing::BillingSettings;
use billing_api::{BillingError, ListPaymentMethods, PaymentNext, SessionStatus, StartPayment, TestDecision};
use kernel::testing::on_every_database;
use kernel::{CallError, Country, NotExecuted};

use crate::{Shop, all_at_once, answer, ctx, eur, invalid_field, paying, refusal, settings, state, token_of, usd};

#[tokio::test]
async fn the_same_key_opens_one_session_and_gives_the_same_page() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = paying("test", eur(1_250));
        let calls = (0..10).map(|_| {
            let (billing, request) = (Arc::clone(&shop.billing), request.clone());
            async move { billing.start_payment(&ctx(), request).await }
        });
        let started = all_at_once(calls.collect::<Vec<_>>()).await;
        let again = shop.billing.start_payment(&ctx(), request.clone()).await.expect("the same answer");
        for session in started {
            assert_eq!(session.expect("started"), again);
        }
        assert_eq!(shop.rows("SELECT id AS row FROM payment_sessions").await, [again.id.to_string()]);
        assert_eq!(shop.rows("SELECT session_id AS row FROM test_provider_sessions").await.len(), 1);

        let other = StartPayment { return_path: "/elsewhere".to_owned(), ..request };
        let refused = shop.billing.start_payment(&ctx(), other).await;
        assert!(matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_repeat_finishes_what_was_interrupted_before_the_provider_was_told() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = paying("test", eur(1_250));
        let first = shop.billing.start_payment(&ctx(), request.clone()).await.expect("started");
        shop.tamper("DELETE FROM test_provider_sessions").await.expect("as if it had not been told");
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
        let again = shop.billing.start_payment(&ctx(), request).await.expect("the same answer");
        assert_eq!(again, first);
        shop.decide(&token_of(&again), TestDecision::Succeed).await;
        assert!(shop.settled().await.is_paid());
    })
    .await;
}

#[tokio::test]
async fn nobody_is_sent_to_a_page_of_which_the_provider_was_not_told_yet() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = paying("test", eur(1_250));
        let first = shop.billing.start_payment(&ctx(), request.clone()).await.expect("started");
        assert_eq!(shop.payment().await.expect("started").session.next, first.next);
        shop.tamper("DELETE FROM test_provider_sessions").await.expect("as if it had not been told");
        assert_eq!(shop.payment().await.expect("written down").session.next, PaymentNext::Nothing);
        shop.billing.start_payment(&ctx(), request).await.expect("the same answer");
        assert_eq!(shop.payment().await.expect("started").session.next, first.next);
    })
    .await;
}

#[tokio::test]
async fn another_method_ends_the_session_before() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let first = paying("test", eur(1_250));
        let token = token_of(&shop.billing.start_payment(&ctx(), first.clone()).await.expect("started"));
        let transfer = shop.start("bank_transfer").await.expect("started");
        assert_eq!(shop.decide(&token, TestDecision::Succeed).await.decision, Some(TestDecision::Cancel));
        assert_eq!(shop.settled().await.session, transfer);
        let statuses = "SELECT method || ' ' || status AS row FROM payment_sessions ORDER BY id";
        assert_eq!(shop.rows(statuses).await, ["test canceled", "bank_transfer pending"]);
        // We ended it ourselves, so nobody has to be told.
        assert_eq!(shop.told().await, (vec![], vec![]));

        // A late repeat of the first attempt neither revives it nor ends the second.
        let late = shop.billing.start_payment(&ctx(), first).await.expect("the first answer");
        assert_eq!((late.status, late.next), (SessionStatus::Canceled, PaymentNext::Nothing));
        assert_eq!(shop.settled().await.session, transfer);
    })
    .await;
}

#[tokio::test]
async fn another_attempt_finds_that_the_one_before_has_succeeded() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        assert_eq!(refusal(shop.start("bank_transfer").await), BillingError::AlreadyPaid);
        assert!(shop.payment().await.expect("started").is_paid());
        assert_eq!(shop.told().await, (vec![], vec![eur(1_250)]));
        assert_eq!(refusal(shop.start("test").await), BillingError::AlreadyPaid);
    })
    .await;
}

#[tokio::test]
async fn attempts_at_the_same_moment_leave_one_open() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let calls = (0..10).map(|number| {
            let billing = Arc::clone(&shop.billing);
            let request = paying(if number % 2 == 0 { "test" } else { "bank_transfer" }, eur(1_250));
            async move { billing.start_payment(&ctx(), request).await }
        });
        for started in all_at_once(calls.collect::<Vec<_>>()).await {
            assert!(started.as_ref().map_or_else(CallError::is_temporary, |_| true), "{started:?}");
        }
        let open = "SELECT id AS row FROM payment_sessions WHERE status IN ('pending', 'requires_action')";
        assert_eq!(shop.rows(open).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_order_keeps_its_amount() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.start("bank_transfer").await.expect("started");
        for given in [eur(1_251), usd(1_250)] {
            let refused = shop.billing.start_payment(&ctx(), paying("test", given)).await;
            assert_eq!(refusal(refused), BillingError::WrongAmount { expected: eur(1_250), given });
        }
    })
    .await;
}

#[tokio::test]
async fn requests_that_break_a_rule_are_refused_by_name() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let start = |request: StartPayment| {
            let billing = Arc::clone(&shop.billing);
            async move { billing.start_payment(&ctx(), request).await }
        };
        for amount in [0, -1, 1_000_000_000_001] {
            assert_eq!(invalid_field(start(paying("test", eur(amount))).await), "amount");
        }
        for return_path in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a b", "o"] {
            let request = StartPayment { return_path: return_path.to_owned(), ..paying("test", eur(1)) };
            assert_eq!(invalid_field(start(request).await), "return_path", "{return_path:?}");
        }
        let unknown = BillingError::MethodNotOffered { method: "gold".to_owned() };
        assert_eq!(refusal(start(paying("gold", eur(1))).await), unknown);
        assert_eq!(shop.payment().await, None);
    })
    .await;
}

#[tokio::test]
async fn methods_are_offered_as_the_merchant_set_them() {
    on_every_database(|home| async move {
        let codes = async |settings: BillingSettings| {
            let shop = Shop::open_with(&home, settings).await;
            let country: Country = "AT".parse().expect("a country");
            let request = ListPaymentMethods { amount: eur(100), country };
            let methods = shop.billing.payment_methods(&ctx(), request).await.expect("asked");
            methods.into_iter().map(|method| (method.code, method.is_test)).collect::<Vec<_>>()
        };
        let (transfer, test) = (("bank_transfer".to_owned(), false), ("test".to_owned(), true));
        assert_eq!(codes(settings()).await, [transfer.clone(), test.clone()]);
        assert_eq!(codes(BillingSettings { test_provider: false, ..settings() }).await, [transfer]);
        assert_eq!(codes(BillingSettings { bank_account: None, ..settings() }).await, [test]);
    })
    .await;
}

#[tokio::test]
async fn without_the_test_provider_its_pages_are_gone_and_nothing_can_be_paid_there() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let shop = Shop::open_with(&home, BillingSettings { test_provider: false, ..settings() }).await;
        assert_eq!(shop.page(&token).await, None);
        let request = answer(&token, TestDecision::Succeed);
        assert_eq!(refusal(shop.billing.payment_page(&ctx(), request).await), BillingError::NotFound);
        let refused = BillingError::MethodNotOffered { method: "test".to_owned() };
        assert_eq!(refusal(shop.start("test").await), refused);
        assert_eq!(state(&shop.settled().await), (SessionStatus::Pending, None, 0));
        shop.start("bank_transfer").await.expect("what was begun can be replaced");
    })
    .await;
}

#[tokio::test]
async fn unknown_tokens_open_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        let page = shop.page(&token).await.expect("the page");
        assert_eq!(
            (page.amount, page.order_number.as_str(), page.return_path.as_str()),
            (eur(1_250), "F-1001", "/o/abc/return")
        );
        for unknown in
            [String::new(), "0".repeat(64), token.to_uppercase(), format!("{token}0"), "x' OR 1=1 --".to_owned()]
        {
            assert_eq!(shop.page(&unknown).await, None, "{unknown:?}");
            let request = answer(&unknown, TestDecision::Succeed);
            assert_eq!(refusal(shop.billing.payment_page(&ctx(), request).await), BillingError::NotFound);
        }
        assert_eq!(shop.page(&token).await.expect("the page").decision, None);
    })
    .await;
}

#[tokio::test]
async fn no_table_holds_the_token_of_a_page() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let token = shop.test_page().await;
        shop.decide(&token, TestDecision::Succeed).await;
        shop.settled().await;
        let everything = [
            "SELECT result || request_hash || key AS row FROM idempotency",
            "SELECT id || next || key || order_id AS row FROM payment_sessions",
            "SELECT payload AS row FROM outbox",
            "SELECT token_hash || return_path || session_id AS row FROM test_provider_sessions",
            "SELECT detail AS row FROM payment_events",
        ];
        for query in everything {
            let rows = shop.rows(query).await;
            assert!(!rows.is_empty(), "{query}");
            assert!(rows.iter().all(|row| !row.contains(&token)), "{query}: {rows:?}");
        }
        assert_eq!(shop.rows("SELECT id AS row FROM payment_sessions").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_start_costs_two_commits_with_a_provider_and_one_without() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let before = shop.db.commits();
        shop.start("test").await.expect("started");
        assert_eq!(shop.db.commits() - before, 2);
        let before = shop.db.commits();
        let other = StartPayment { order_id: "ord_ben".to_owned(), ..paying("bank_transfer", eur(5)) };
        shop.billing.start_payment(&ctx(), other).await.expect("started");
        assert_eq!(shop.db.commits() - before, 1);
    })
    .await;
}
