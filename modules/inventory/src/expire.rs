//! Ending holds whose time ran out.

use std::time::Duration;

use inventory_api::MovementKind;
use kernel::db::{AnyConnection, Db};
use kernel::stop::Stop;
use kernel::trace::TraceContext;
use kernel::{Clock, Timestamp};

use crate::Outcome;
use crate::ledger::{Cause, Delta};
use crate::release::give_back;
use crate::store::reservations;

/// A hold ends at most this long, and the time that ending takes, after its time.
const PERIOD: Duration = Duration::from_secs(1);
const BATCH: i64 = 100;

/// Looks every second until told to stop. Any number of processes may do so: each hold is ended by one of them.
pub(crate) async fn end_holds_in_time(db: Db, clock: Clock, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = end_due_holds(&db, clock.now()).await {
            tracing::warn!(%error, "holds whose time ran out stay for now");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stop.wait() => {}
        }
    }
}

async fn end_due_holds(db: &Db, now: Timestamp) -> Outcome<()> {
    while db.read(move |conn| Ok(reservations::reservations_are_due(conn, now)?)).await? {
        let ended = db.write(move |conn| end_some(conn, now)).await?;
        // None, although some are due: others are busy with them.
        if ended == 0 {
            break;
        }
    }
    Ok(())
}

/// Ends a batch in one commit: first all reservations, then all counters, which is the order of everyone.
fn end_some(conn: &mut AnyConnection, now: Timestamp) -> Outcome<usize> {
    let order_ids = reservations::reservations_expire(conn, BATCH, now)?;
    let lines = reservations::lines_of(conn, &order_ids)?;
    let cause = Cause {
        kind: MovementKind::Released,
        reason: "the hold ran out".to_owned(),
        actor: "module:inventory".to_owned(),
        trace: TraceContext::new(),
        at: now,
    };
    give_back(conn, &cause, &lines, |quantity| Delta::held(-quantity))?;
    Ok(order_ids.len())
}
