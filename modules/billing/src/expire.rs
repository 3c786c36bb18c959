//! Ending attempts to pay that nobody came back from.

use std::sync::Arc;
use std::time::Duration;

use kernel::CallCtx;
use kernel::stop::Stop;

use crate::settle::settle;
use crate::store::sessions;
use crate::{Module, Outcome};

const PERIOD: Duration = Duration::from_secs(5);
const BATCH: i64 = 100;

/// Looks now and then until told to stop. Any number of processes may do so: settling twice changes nothing.
pub(crate) async fn end_sessions_in_time(module: Arc<Module>, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = settle_overdue(&module, &stop).await {
            tracing::warn!(%error, "attempts to pay that are overdue stay open for now");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn settle_overdue(module: &Module, stop: &Stop) -> Outcome<()> {
    let now = module.clock.now();
    let overdue = module.db.read(move |conn| Outcome::Ok(sessions::orders_overdue(conn, BATCH, now)?)).await?;
    for order_id in overdue {
        if stop.is_stopping() {
            break;
        }
        // One that cannot be settled now does not keep the others waiting.
        if let Err(error) = settle(module, &CallCtx::of_module("billing"), order_id.clone()).await {
            tracing::warn!(order_id, %error, "an attempt whose time is over could not be settled");
        }
    }
    Ok(())
}
