//! Forgetting sessions that ended and failed sign-ins that no longer count.

use std::time::Duration;

use accounts_api::AccountsError;
use kernel::db::Db;
use kernel::stop::Stop;
use kernel::{CallError, Clock};

use crate::attempts::REMEMBERED;
use crate::session::IDLE;
use crate::store;

const PAUSE: Duration = Duration::from_secs(10 * 60);

/// Sweeps now and then every ten minutes, until `stop`.
pub(crate) async fn often(db: Db, clock: Clock, stop: Stop) {
    loop {
        let now = clock.now();
        let swept = db.write(move |conn| {
            let sessions = store::sessions_delete_unused(conn, now.minus(IDLE))?;
            let attempts = store::attempts_delete_old(conn, now.minus(REMEMBERED))?;
            Ok::<_, CallError<AccountsError>>((sessions, attempts))
        });
        match swept.await {
            Ok((sessions, attempts)) => tracing::debug!(sessions, attempts, "ended sessions deleted"),
            Err(error) => tracing::warn!(%error, "ended sessions could not be deleted"),
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.wait() => return,
        }
    }
}
