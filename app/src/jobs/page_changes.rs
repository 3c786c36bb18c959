//! Listens for changes of what public pages show. Starts from now at each start, since the cache is empty then.

use std::time::Duration;

use catalog_api::ProductSaved;
use inventory_api::StockChanged;
use kernel::event::{Envelope, Event as _, FeedCursor};
use kernel::module::Worker;
use kernel::stop::Stop;

use crate::assemble::Shop;
use crate::web::cache::Shows;

const LISTENS_TO: [(&str, &str); 2] =
    [("catalog", "page changes of catalog"), ("inventory", "page changes of inventory")];

/// One worker for each module whose facts pages show.
pub(super) fn workers(shop: &Shop) -> Vec<Worker> {
    let worker = |(producer, name)| {
        let shop = shop.clone();
        Worker { name, run: Box::new(move |stop| Box::pin(listen(shop, producer, stop))) }
    };
    LISTENS_TO.into_iter().map(worker).collect()
}

async fn listen(shop: Shop, producer: &'static str, stop: Stop) {
    let mut cursor = None;
    while !stop.is_stopping() {
        tokio::select! {
            () = stop.wait() => return,
            read = read_once(&shop, producer, &mut cursor) => if let Err(cause) = read {
                tracing::debug!(producer, cause, "changes cannot be heard of");
                // What happens meanwhile is not known, so nothing is trusted until it is heard of again.
                cursor = None;
                shop.cache().changed_all();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn read_once(shop: &Shop, producer: &str, cursor: &mut Option<FeedCursor>) -> Result<(), String> {
    let feed = shop.host().feed(producer).ok_or("it has no address")?;
    let after = match *cursor {
        Some(after) => after,
        None => {
            let newest = feed.newest().await.map_err(|error| error.cause)?;
            shop.cache().changed_all();
            newest
        }
    };
    let batch = feed.read(after, 200, Duration::from_secs(10)).await.map_err(|error| error.cause)?;
    for (_, envelope) in &batch.events {
        apply(shop, envelope);
    }
    *cursor = Some(batch.events.last().map_or(after, |(place, _)| *place));
    Ok(())
}

fn apply(shop: &Shop, envelope: &Envelope) {
    match envelope.kind.as_str() {
        ProductSaved::KIND => match envelope.open::<ProductSaved>() {
            Ok(event) => {
                let slugs = std::iter::once(event.slug).chain(event.former_slug);
                slugs.for_each(|slug| shop.cache().changed(&Shows::Product(slug)));
                shop.cache().changed(&Shows::Products);
                shop.standing().outdated();
            }
            Err(_) => shop.cache().changed_all(),
        },
        StockChanged::KIND => match envelope.open::<StockChanged>() {
            Ok(event) => shop.cache().changed(&Shows::Stock(event.variant_id)),
            Err(_) => shop.cache().changed_all(),
        },
        _ => {}
    }
}
