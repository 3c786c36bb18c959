//! The ledger explains every counter, and only grows.

use diesel::connection::SimpleConnection as _;
use inventory_api::InventoryError;
use kernel::CallError;
use kernel::testing::on_every_database;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::{CHALK, Outcome, Shop, item};

const VARIANTS: [&str; 4] = ["var_a", "var_b", "var_c", "var_d"];
const STEPS: usize = 250;

/// One thing that could happen in a shop. Refusals are fine, faults are not.
async fn something_happens(shop: &Shop, random: &mut StdRng) {
    let order_id = format!("ord_{}", random.random_range(0..30));
    let variant_id = VARIANTS[random.random_range(0..VARIANTS.len())];
    let outcome: Outcome<()> = match random.random_range(0..10) {
        0 => shop.set(vec![item(variant_id, random.random_range(0..40))]).await.map(drop),
        1 => shop.adjust(variant_id, random.random_range(-6..6)).await.map(drop),
        2..=5 => {
            let mut line = || (VARIANTS[random.random_range(0..VARIANTS.len())], random.random_range(1..5));
            let lines = [line(), line(), line()];
            let count = random.random_range(1..=3);
            shop.reserve(&order_id, &lines[..count]).await.map(drop)
        }
        6..=7 => shop.allocate(&order_id).await,
        8 => shop.release(&order_id).await,
        _ => {
            shop.wait(random.random_range(100..700));
            shop.end_holds().await;
            Ok(())
        }
    };
    assert!(matches!(outcome, Ok(()) | Err(CallError::Domain(_))), "{outcome:?}");
}

#[tokio::test]
async fn after_any_sequence_the_ledger_adds_up_to_the_counters() {
    on_every_database(|home| async move {
        let seed = rand::random();
        eprintln!("seed {seed}");
        let mut random = StdRng::seed_from_u64(seed);
        let shop = Shop::open(&home).await;
        shop.set(VARIANTS.map(|variant_id| item(variant_id, 20)).to_vec()).await.expect("set");
        for _ in 0..STEPS {
            something_happens(&shop, &mut random).await;
        }
        for variant_id in VARIANTS {
            let ledger = shop.ledger(variant_id).await;
            let sum = ledger.iter().fold((0, 0, 0), |(on_hand, reserved, allocated), line| {
                let (by_hand, by_hold, by_promise) = (line.on_hand_delta, line.reserved_delta, line.allocated_delta);
                (on_hand + by_hand, reserved + by_hold, allocated + by_promise)
            });
            assert_eq!(sum, shop.counters(variant_id).await, "{variant_id}");
            assert_eq!(ledger.first().map(|line| line.on_hand_after), Some(sum.0), "{variant_id}");
        }
        shop.wait(1_201);
        shop.end_holds().await;
        for variant_id in VARIANTS {
            assert_eq!(shop.counters(variant_id).await.1, 0, "no hold outlives its time");
        }
    })
    .await;
}

#[tokio::test]
async fn the_ledger_cannot_be_changed_or_shortened() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 5, 0).await;
        for statement in ["UPDATE stock_movements SET on_hand_delta = 1", "DELETE FROM stock_movements"] {
            let changed = shop.db.write(move |conn| Ok::<_, CallError<InventoryError>>(conn.batch_execute(statement)?));
            let refused = changed.await.expect_err("the ledger only grows");
            assert!(refused.to_string().contains("the ledger only grows"), "{refused}");
        }
        assert_eq!(shop.ledger(CHALK).await.len(), 1);
    })
    .await;
}
