//! Ending holds whose time ran out, and those that cannot be met any more.

use std::collections::BTreeSet;
use std::time::Duration;

use inventory_api::ReservationStatus as Status;
use kernel::db::{AnyConnection, Db};
use kernel::stop::Stop;
use kernel::trace::TraceContext;
use kernel::{Clock, Timestamp};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Demand, book_locked};
use crate::release::{entries_back, give_back, level_is_gone};
use crate::store::levels::{self, Level};
use crate::store::{reservations, unmet};

/// A hold ends at most this long, and the time that ending takes, after its time.
const PERIOD: Duration = Duration::from_secs(1);
const BATCH: i64 = 100;
/// More holds of one variant than this are looked at by the next batch.
const MOST_HOLDS: i64 = 1_000;

/// Looks every second until told to stop. Any number of processes may do so: each hold is ended by one of them.
pub(crate) async fn end_holds_in_time(db: Db, clock: Clock, stop: Stop) {
    while !stop.is_stopping() {
        if let Err(error) = end_due_holds(&db, clock.now()).await {
            tracing::warn!(%error, "holds whose time ran out stay for now");
        }
        if let Err(error) = end_unmet_holds(&db, clock.now()).await {
            tracing::warn!(%error, "holds that cannot be met stay for now");
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
    give_back(conn, &cause("the hold ran out", now), &lines, |quantity| Delta::held(-quantity))?;
    Ok(order_ids.len())
}

/// Staff set less than is held: the newest holds end until the others can be met. Promises stay, and so do holds that
/// somebody is about to turn into one.
pub(crate) async fn end_unmet_holds(db: &Db, now: Timestamp) -> Outcome<()> {
    while db.read(|conn| Ok(unmet::unmet_exist(conn)?)).await? {
        let ended = db.write(move |conn| end_unmet(conn, now)).await?;
        // None, although some were marked: others are busy with them, and the next look finds what remains.
        if ended == 0 {
            break;
        }
    }
    Ok(())
}

fn end_unmet(conn: &mut AnyConnection, now: Timestamp) -> Outcome<usize> {
    let places = unmet::unmet(conn, BATCH)?;
    let order_ids = end_newest(conn, &places, now)?;
    let lines = reservations::lines_of(conn, &order_ids)?;
    let entries = entries_back(&lines, |quantity| Delta::held(-quantity));
    // All at once, in their order: also those of which only the mark is to go.
    let of_marks = places.iter().map(|(variant_id, _)| variant_id.as_str());
    let variant_ids: Vec<&str> = of_marks.chain(entries.iter().map(|entry| entry.variant_id.as_str())).collect();
    let levels = levels::levels_locked(conn, &variant_ids)?;
    let cause = cause("less is there than was held", now);
    let booked = book_locked(conn, &cause, Demand::Nothing, &levels, entries.clone())?;
    booked.map_err(|refused| level_is_gone(&refused.variant_id))?;
    let met = levels::levels_of(conn, &variant_ids)?.into_iter().filter(|level| !level.is_unmet());
    for level in met.filter(|level| is_marked(&places, level)) {
        unmet::unmet_delete(conn, level.place())?;
    }
    Ok(order_ids.len())
}

fn is_marked(places: &[(String, String)], level: &Level) -> bool {
    places.iter().any(|(variant_id, location_id)| level.place() == (variant_id, location_id))
}

/// Ends the newest holds of what is not there, and gives their orders.
fn end_newest(conn: &mut AnyConnection, places: &[(String, String)], now: Timestamp) -> Outcome<Vec<String>> {
    let variant_ids: Vec<&str> = places.iter().map(|(variant_id, _)| variant_id.as_str()).collect();
    let levels = levels::levels_of(conn, &variant_ids)?;
    let mut ending = BTreeSet::new();
    for level in levels.iter().filter(|level| level.is_unmet() && is_marked(places, level)) {
        let mut open = -level.free();
        for (order_id, quantity) in reservations::holds_newest_first(conn, level.place(), MOST_HOLDS)? {
            if open <= 0 {
                break;
            }
            open -= quantity;
            ending.insert(order_id);
        }
    }
    let mut ended = Vec::with_capacity(ending.len());
    for order_id in ending {
        if reservations::reservation_turn(conn, &order_id, Status::Held, Status::Expired, now)? {
            ended.push(order_id);
        }
    }
    Ok(ended)
}

fn cause(reason: &str, at: Timestamp) -> Cause {
    let (reason, actor) = (reason.to_owned(), "module:inventory".to_owned());
    Cause { reason, actor, trace: TraceContext::new(), at }
}
