//! What the edge does on its own.

mod page_changes;
pub mod payment_alarm;

use std::time::Duration;

use kernel::module::Worker;
use kernel::stop::Stop;

use crate::assemble::Shop;
use crate::emails;
use crate::web::counters;

/// All jobs.
pub fn workers(shop: &Shop) -> Vec<Worker> {
    let mut workers = vec![
        worker("mail", shop, emails::send_all),
        worker("tidy", shop, tidy),
        worker("payment alarm", shop, payment_alarm::watch),
        worker("imports", shop, crate::admin::import::resume_all),
    ];
    workers.extend(page_changes::workers(shop));
    workers
}

fn worker<F>(name: &'static str, shop: &Shop, run: fn(Shop, Stop) -> F) -> Worker
where
    F: Future<Output = ()> + Send + 'static,
{
    let shop = shop.clone();
    Worker { name, run: Box::new(move |stop| Box::pin(run(shop, stop))) }
}

/// Forgets what nobody needs any more.
async fn tidy(shop: Shop, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(Duration::from_secs(60)) => {}
        }
        shop.limits().tidy();
        shop.cache().tidy();
        counters::tidy(&shop).await;
    }
}
