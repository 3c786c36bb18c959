//! Many payments with a provider that lies: our books are its books in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use billing::StripePage;
use billing_api::{EndPayment, StartPayment};
use double::{Card, Faults};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;
use tokio::task::JoinSet;

use crate::stripe::{Cards, open};
use crate::{ctx, eur, paying};

const SEED: u64 = 20_261_121;

/// R10. `FREESTONE_TEST_PAYMENTS` says how many; the gate is 2,000.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_payments_with_a_lying_provider_not_a_cent_is_lost_or_doubled() {
    let count: usize = std::env::var("FREESTONE_TEST_PAYMENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    on_every_database(|home| async move {
        let begun = Instant::now();
        let cards = Arc::new(open(&home, StripePage::Hosted, true).await);
        cards.double.lie(Faults::every(300, SEED));
        let seats = Arc::new(tokio::sync::Semaphore::new(48));
        let mut shoppers = JoinSet::new();
        for number in 0..count {
            let (cards, seats) = (Arc::clone(&cards), Arc::clone(&seats));
            shoppers.spawn(async move {
                let _seat = seats.acquire_owned().await.expect("a seat");
                buy(&cards, number).await;
            });
        }
        let postman = {
            let cards = Arc::clone(&cards);
            tokio::spawn(async move {
                loop {
                    deliver(&cards).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
        };
        shoppers.join_all().await;
        postman.abort();
        let lied_to = begun.elapsed();

        // The lies end; what is open is looked at, and the books are compared.
        cards.double.be_honest();
        // Longer than the provider is left alone after failures.
        tokio::time::sleep(Duration::from_secs(6)).await;
        for _ in 0..12 {
            cards.shop.clock.advance(Duration::from_secs(61));
            cards.shop.work("payment looks").await;
            deliver(&cards).await;
        }
        cards.shop.reconcile().await;

        let theirs: BTreeMap<String, i64> = cards
            .double
            .ledger()
            .into_iter()
            .filter(|line| line.captured > 0)
            .map(|line| {
                assert_eq!(line.captures, 1, "{line:?}");
                (line.session, line.captured)
            })
            .collect();
        let rows = cards
            .shop
            .rows(
                "SELECT session_id || ' ' || CAST(SUM(debit) AS TEXT) AS row FROM money_entries
                 WHERE account = 'provider:stripe' GROUP BY session_id",
            )
            .await;
        let ours: BTreeMap<String, i64> = rows
            .iter()
            .map(|row| row.split_once(' ').expect("two words"))
            .map(|(session, amount)| (session.to_owned(), amount.parse().expect("an amount")))
            .collect();
        assert_eq!(ours, theirs);
        let open = "SELECT class || ' ' || evidence AS row FROM payment_checks WHERE status = 'open'";
        assert_eq!(cards.shop.rows(open).await, Vec::<String>::new());
        let twice = "SELECT order_id AS row FROM payment_sessions WHERE status = 'captured'
                     GROUP BY order_id HAVING COUNT(*) > 1";
        assert_eq!(cards.shop.rows(twice).await, Vec::<String>::new());
        let total: i64 = ours.values().sum();
        println!(
            "{count} payments, {} calls, {} captured, {total} minor units on both sides; {lied_to:.0?} of lies, {:.0?} in all",
            cards.double.calls(),
            ours.len(),
            begun.elapsed()
        );
        assert!(ours.len() * 10 >= count * 5, "most shoppers get through: {} of {count}", ours.len());
    })
    .await;
}

async fn deliver(cards: &Cards) {
    for notice in cards.double.notices() {
        // One that is not taken is sent again by a real provider; here it is lost, which is allowed, too.
        let _ = cards.shop.notice(&notice.signature, &notice.body).await;
    }
}

/// A shopper who tries a few times, pays if there is a page, and may or may not come back; then staff take the money.
async fn buy(cards: &Cards, number: usize) {
    let ctx = ctx();
    let order_id = format!("ord_{number}");
    let amount = eur(100 + i64::try_from(number).expect("small"));
    let request = StartPayment { order_id: order_id.clone(), ..paying("stripe", amount) };
    let Some(session) = again(|| cards.shop.billing.start_payment(&ctx, request.clone())).await else { return };
    let page = cards.double.references_of(&session.id.to_string()).swap_remove(0);
    if number.is_multiple_of(11) {
        cards.double.pay(&page, Card::Refused("generic_decline"));
    }
    if !number.is_multiple_of(17) {
        cards.double.pay(&page, Card::Good);
    }
    if !number.is_multiple_of(3) {
        again(|| cards.shop.billing.end_payment(&ctx, EndPayment::settle(&order_id))).await;
    }
    let capture = EndPayment::capture(IdempotencyKey::new(), order_id, None);
    again(|| cards.shop.billing.end_payment(&ctx, capture.clone())).await;
}

/// Up to six times, as a saga would over a longer time.
async fn again<T, F: Future<Output = crate::Outcome<T>>>(call: impl Fn() -> F) -> Option<T> {
    for turn in 0..6 {
        match call().await {
            Ok(value) => return Some(value),
            Err(_) => tokio::time::sleep(Duration::from_millis(40 << turn)).await,
        }
    }
    None
}
