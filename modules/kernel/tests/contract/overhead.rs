//! What a call through the router costs more than the same call without it. Only a release build gives a figure:
//! `cargo test --release -p kernel --test contract -- --ignored --nocapture in_process_call_overhead`

use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel::contract::{Contract as _, Format, Route, Router};

use crate::stall::{ChalkStall, Stall, ada, buy, look};

const CALLS: u32 = 100_000;
const ROUNDS: usize = 7;

async fn looks(stall: &Arc<dyn Stall>, calls: u32) -> Duration {
    let ctx = ada().within(Duration::from_secs(3_600));
    let request = look("white");
    let started = Instant::now();
    for _ in 0..calls {
        std::hint::black_box(stall.look(&ctx, std::hint::black_box(request.clone())).await).expect("it works");
    }
    started.elapsed() / calls
}

async fn purchases(stall: &Arc<dyn Stall>, calls: u32) -> Duration {
    let ctx = ada().within(Duration::from_secs(3_600));
    let request = buy("ada-1", "white", 1);
    let started = Instant::now();
    for _ in 0..calls {
        std::hint::black_box(stall.buy(&ctx, std::hint::black_box(request.clone())).await).expect("it works");
    }
    started.elapsed() / calls
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "measures; run it alone and in release"]
async fn in_process_call_overhead() {
    let direct: Arc<dyn Stall> = ChalkStall::open();
    let routed = <dyn Stall>::routed(Router::new(Route::in_process(ChalkStall::open())));
    let parity = <dyn Stall>::routed(Router::new(Route::parity(ChalkStall::open(), Format::Json)));
    let (mut plain, mut through, mut coded) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sold, mut sold_through) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(looks(&direct, CALLS).await);
        through.push(looks(&routed, CALLS).await);
        coded.push(looks(&parity, CALLS / 20).await);
        sold.push(purchases(&direct, CALLS / 10).await);
        sold_through.push(purchases(&routed, CALLS / 10).await);
    }
    let (plain, through, coded) = (median(plain), median(through), median(coded));
    let (sold, sold_through) = (median(sold), median(sold_through));
    println!("read: direct {plain:?}, routed {through:?}, overhead {:?}", through.saturating_sub(plain));
    println!("read in parity: {coded:?}");
    println!("write: direct {sold:?}, routed {sold_through:?}, overhead {:?}", sold_through.saturating_sub(sold));
}
