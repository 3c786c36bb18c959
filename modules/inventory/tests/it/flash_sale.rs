//! Many buyers at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use inventory_api::{Inventory, InventoryError};
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey, NotExecuted};

use crate::{CHALK, Outcome, Shop, all_at_once, ctx, holding, shortages};

/// Everyone has an answer within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Holds, then promises; repeats what met another change, or a queue that is full.
async fn buy(inventory: Arc<dyn Inventory>, order_id: String) -> Outcome<()> {
    let request = holding(&order_id, &[(CHALK, 1)]);
    patiently(|| async { inventory.reserve(&ctx(), request.clone()).await }).await?;
    let request = inventory_api::Allocate { key: IdempotencyKey::new(), order_id, lines: Vec::new() };
    patiently(|| async { inventory.allocate(&ctx(), request.clone()).await }).await
}

async fn patiently<T, F: Future<Output = Outcome<T>>>(call: impl Fn() -> F) -> Outcome<T> {
    loop {
        match call().await {
            Err(error) if error.is_temporary() => tokio::time::sleep(Duration::from_millis(20)).await,
            done => return done,
        }
    }
}

/// AC-053.
#[tokio::test]
async fn a_hundred_units_and_two_thousand_buyers_sell_exactly_a_hundred() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 100, 0).await;
        let began = Instant::now();
        let calls = (0..2_000).map(|number| buy(Arc::clone(&shop.inventory), format!("ord_{number}")));
        let (sold, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        eprintln!("{}: 2,000 answers in {:?}", home.backend(), began.elapsed());
        for refusal in &refusals {
            let is_sold_out = matches!(refusal.domain(), Some(InventoryError::OutOfStock { .. }));
            assert!(is_sold_out, "{refusal:?}");
        }
        assert_eq!((sold, refusals.len(), shop.counters(CHALK).await), (100, 1_900, (100, 0, 100)));
        assert_eq!(shop.violations().await, []);
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    })
    .await;
}

/// The same where orders may be sent from two places.
#[tokio::test]
async fn units_at_two_locations_are_sold_once_each() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 13, 0).await;
        let far = shop.add_location("Far", 5).await;
        let there = inventory_api::StockItem { location_id: Some(far.clone()), ..crate::item(CHALK, 7) };
        shop.set(vec![there]).await.expect("set");
        let calls = (0..300).map(|number| buy(Arc::clone(&shop.inventory), format!("ord_{number}")));
        let (sold, _) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!((sold, shop.counters(CHALK).await), (20, (20, 0, 20)));
        assert_eq!((shop.counters_at(CHALK, &far).await, shop.violations().await), ((7, 0, 7), vec![]));
    })
    .await;
}

/// AC-052.
#[tokio::test]
async fn of_two_buyers_of_the_last_unit_one_gets_it() {
    on_every_database(|home| async move {
        for _ in 0..10 {
            let shop = Shop::stocked(&home, 1, 0).await;
            let two = [kernel::id::new_id("ord"), kernel::id::new_id("ord")];
            let calls = two.map(|order_id| buy(Arc::clone(&shop.inventory), order_id));
            let (sold, mut refusals) = all_at_once(calls).await;
            assert_eq!((sold, shop.counters(CHALK).await.2), (1, 1));
            let refusal = refusals.pop().expect("the other one is refused");
            assert_eq!(shortages::<()>(Err(refusal)), [(CHALK.to_owned(), 1, 0)]);
            shop.adjust(CHALK, -1).await.expect("gone");
            for order_id in shop.ledger(CHALK).await.into_iter().filter_map(|line| line.reference) {
                shop.release(&order_id).await.expect("given back");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn one_key_a_hundred_times_is_one_effect() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 500, 0).await;
        let request = holding("ord_ada", &[(CHALK, 3)]);
        let calls = (0..100).map(|_| {
            let (inventory, request) = (Arc::clone(&shop.inventory), request.clone());
            async move { inventory.reserve(&ctx(), request).await }
        });
        let (held, refusals) = all_at_once(calls.collect::<Vec<_>>()).await;
        assert_eq!(held, 100, "{:?}", refusals.first());
        assert_eq!((shop.counters(CHALK).await, shop.violations().await), ((500, 3, 0), vec![]));
    })
    .await;
}

/// AC-055.
#[tokio::test]
async fn one_key_with_another_request_is_refused() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        let request = holding("ord_ada", &[(CHALK, 1)]);
        shop.inventory.reserve(&ctx(), request.clone()).await.expect("held");
        let other = inventory_api::Reserve { key: request.key.clone(), ..holding("ord_ben", &[(CHALK, 2)]) };
        let refused = shop.inventory.reserve(&ctx(), other).await;
        let reused = matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. }));
        assert!(reused, "{refused:?}");
        assert_eq!(shop.counters(CHALK).await, (5, 1, 0));
    })
    .await;
}
