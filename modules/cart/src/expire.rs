//! Forgetting carts that nobody came back to, and with them the addresses in them.

use std::time::Duration;

use cart_api::CartError;
use kernel::db::Db;
use kernel::stop::Stop;
use kernel::{CallError, Clock};

use crate::store;

const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);
const PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Deleted in one unit of work, so that shoppers never wait long for it.
const BATCH: i64 = 200;

/// Deletes old carts now and then daily, until `stop`.
pub(crate) async fn daily(db: Db, clock: Clock, stop: Stop) {
    loop {
        match sweep(&db, &clock, &stop).await {
            Ok(0) => {}
            Ok(carts) => tracing::info!(carts, "unused carts deleted"),
            Err(error) => tracing::warn!(%error, "unused carts could not be deleted"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.wait() => return,
        }
    }
}

async fn sweep(db: &Db, clock: &Clock, stop: &Stop) -> Result<usize, CallError<CartError>> {
    let before = clock.now().minus(KEPT);
    let mut all = 0;
    loop {
        let deleted =
            db.write(move |conn| Ok::<_, CallError<CartError>>(store::carts_delete_unused(conn, before, BATCH)?));
        let deleted = deleted.await?;
        all += deleted;
        if deleted == 0 || stop.is_stopping() {
            return Ok(all);
        }
    }
}
