//! Placements change while the stall sells, and no purchase is lost.

use std::sync::Arc;
use std::time::Duration;

use kernel::CallError;
use kernel::contract::{Contract as _, Fault, Faulty, Format, Loopback, Placement, Route, Router};

use crate::stall::{ChalkStall, Mood, Stall, ada, buy, look};

fn here(stall: &Arc<ChalkStall>) -> Arc<dyn Stall> {
    Arc::clone(stall) as Arc<dyn Stall>
}

fn there(stall: &Arc<ChalkStall>) -> Route<dyn Stall> {
    Route::remote(Arc::new(Loopback::new(here(stall), Format::MessagePack)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn moving_the_stall_under_load_loses_no_purchase() {
    const BUYERS: usize = 8;
    const EACH: usize = 250;
    let stall = ChalkStall::open();
    stall.fill("white", 1_000_000);
    let router = Router::new(Route::in_process(here(&stall)));
    let caller = <dyn Stall>::routed(Arc::clone(&router));

    let buyers: Vec<_> = (0..BUYERS)
        .map(|buyer| {
            let caller = Arc::clone(&caller);
            tokio::spawn(async move {
                for number in 0..EACH {
                    caller.buy(&ada(), buy(&format!("{buyer}-{number}"), "white", 1)).await.unwrap();
                    caller.look(&ada(), look("white")).await.unwrap();
                }
            })
        })
        .collect();
    let routes = [Route::parity(here(&stall), Format::Json), there(&stall), Route::in_process(here(&stall))];
    let mut moves = 0;
    while buyers.iter().any(|buyer| !buyer.is_finished()) {
        router.place(&routes[moves % routes.len()]);
        router.place_method("buy", &routes[(moves + 1) % routes.len()]);
        moves += 1;
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
    for buyer in buyers {
        buyer.await.expect("every purchase and every look succeeded");
    }

    assert!(moves > 3, "the stall was moved {moves} times only");
    assert_eq!(stall.sales(), BUYERS * EACH);
    assert_eq!(stall.served(), 2 * (BUYERS * EACH) as u64);
    assert_eq!(caller.look(&ada(), look("white")).await.unwrap().left, 1_000_000 - (BUYERS * EACH) as i64);
}

#[tokio::test]
async fn one_method_can_be_placed_alone() {
    let (old, new) = (ChalkStall::open(), ChalkStall::open());
    let router = Router::new(Route::in_process(here(&old)));
    let caller = <dyn Stall>::routed(Arc::clone(&router));
    assert!(router.place_method("look", &there(&new)));
    assert!(!router.place_method("steal", &there(&new)));

    caller.look(&ada(), look("white")).await.unwrap();
    caller.buy(&ada(), buy("ada-1", "white", 1)).await.unwrap();
    assert_eq!((old.served(), old.sales(), new.served()), (1, 1, 1));
    let placements: Vec<_> = router.report().iter().map(|report| (report.method, report.placement.name())).collect();
    assert_eq!(placements, [("look", "remote"), ("buy", "in-process")]);
}

#[tokio::test]
async fn a_call_under_way_ends_where_it_began() {
    let (old, new) = (ChalkStall::open(), ChalkStall::open());
    old.set_mood(Mood::Slow(Duration::from_millis(40)));
    let router = Router::new(Route::in_process(here(&old)));
    let caller = <dyn Stall>::routed(Arc::clone(&router));
    let purchase = tokio::spawn({
        let caller = Arc::clone(&caller);
        async move { caller.buy(&ada(), buy("ada-1", "white", 1)).await }
    });
    while old.served() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    router.place(&Route::in_process(here(&new)));
    purchase.await.unwrap().unwrap();
    assert_eq!((old.sales(), new.served()), (1, 0));
}

#[tokio::test]
async fn the_router_counts_calls_refusals_and_failures() {
    let stall = ChalkStall::open();
    let way = Faulty::new(Arc::new(Loopback::new(here(&stall), Format::Json)));
    let router = Router::new(Route::remote(Arc::clone(&way) as _));
    let caller = <dyn Stall>::routed(Arc::clone(&router));
    for number in 0..16 {
        caller.buy(&ada(), buy(&format!("ada-{number}"), "red", 1)).await.ok();
    }
    way.plan(None, Fault::Refuse);
    let failure = caller.buy(&ada(), buy("ada-16", "red", 1)).await;
    assert!(matches!(failure, Err(CallError::NotExecuted { .. })), "{failure:?}");

    let report = router.report().swap_remove(1);
    assert_eq!((report.module, report.method, report.placement), ("stall", "buy", Placement::Remote));
    assert_eq!((report.calls, report.refused, report.failed), (17, 15, 1));
    assert_eq!(report.buckets.iter().sum::<u64>(), 3, "every eighth call is timed");
    assert!(report.total > Duration::ZERO);
}
