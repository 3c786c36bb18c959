//! Adding to or taking from what is there: deliveries, damage, finds, corrections.

use std::sync::Arc;

use inventory_api::{Adjust, InventoryError, MovementKind, StockLevel, StockLocation};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError};

use crate::expire::end_unmet_holds;
use crate::find_stock::total;
use crate::ledger::{Cause, Delta, Demand, Entry, Refused, book_locked};
use crate::locations::{all_locations, place_of};
use crate::set_stock::check_reason;
use crate::store::levels::{self, Level};
use crate::{Module, Outcome};

const LONGEST_REFERENCE: usize = 100;

/// Moves `on_hand` by `delta`, whatever is held or promised.
pub(crate) async fn adjust(module: &Module, ctx: &CallCtx, request: Adjust) -> Outcome<StockLevel> {
    let cause = Cause::of_call(ctx, module.clock.now(), check_reason(&request.reason)?);
    let locations = all_locations(module).await?;
    let location_id = place_of(&locations, request.location_id.as_deref(), "location_id")?.id.clone();
    check(&request)?;
    let change = Change { request: request.clone(), location_id, locations };
    let key = request.key.to_string();
    let level = module.db.write_once(key, "adjust", &request, move |conn| change.book(conn, &cause)).await?;
    end_unmet_holds(&module.db, module.clock.now()).await?;
    Ok(level)
}

fn check(request: &Adjust) -> Result<(), InventoryError> {
    if request.delta == 0 || request.delta.unsigned_abs() > levels::MOST_ON_HAND.unsigned_abs() {
        let problem = format!("use a whole number that is not 0, up to {}", levels::MOST_ON_HAND);
        return Err(InventoryError::invalid("delta", problem));
    }
    if request.received && request.delta < 0 {
        return Err(InventoryError::invalid("delta", "use a number above 0 for what came in"));
    }
    if request.reference.as_ref().is_some_and(|text| text.is_empty() || text.chars().count() > LONGEST_REFERENCE) {
        return Err(InventoryError::invalid("reference", format!("use 1 to {LONGEST_REFERENCE} characters")));
    }
    Ok(())
}

struct Change {
    request: Adjust,
    location_id: String,
    locations: Arc<[StockLocation]>,
}

impl Change {
    fn book(&self, conn: &mut AnyConnection, cause: &Cause) -> Outcome<StockLevel> {
        let Adjust { variant_id, delta, received, reference, .. } = &self.request;
        let place = (variant_id.as_str(), self.location_id.as_str());
        let levels = levels_with(conn, cause, place)?.ok_or(InventoryError::NotFound)?;
        let kind = if *received { MovementKind::Received } else { MovementKind::Adjusted };
        let entry = Entry { reference: reference.clone(), ..Entry::new(place, kind, Delta::on_hand(*delta)) };
        match book_locked(conn, cause, Demand::Nothing, &levels, vec![entry])? {
            Ok(()) => {}
            Err(Refused { .. }) => return Err(CallError::Domain(out_of_bounds(&levels, place))),
        }
        if *received {
            expect_less(conn, cause, place, *delta)?;
        }
        total_of(conn, variant_id, &self.locations)
    }
}

fn out_of_bounds(levels: &[Level], place: (&str, &str)) -> InventoryError {
    let on_hand = levels.iter().find(|level| level.place() == place).map_or(0, |level| level.on_hand);
    let (least, most) = (-on_hand, levels::MOST_ON_HAND - on_hand);
    InventoryError::invalid("delta", format!("{on_hand} are on hand; use {least} to {most}"))
}

/// What came in is not expected any more.
fn expect_less(conn: &mut AnyConnection, cause: &Cause, place: (&str, &str), came: i64) -> Outcome<()> {
    let mut levels = levels::levels_of(conn, &[place.0])?;
    levels.retain(|level| level.place() == place && level.incoming > 0);
    for level in &mut levels {
        level.incoming = (level.incoming - came).max(0);
    }
    levels::levels_set(conn, &levels, cause.at)?;
    Ok(())
}

/// The locked levels of a variant, with one at this location, which is made when there is none; `None` when the variant
/// was never stocked anywhere.
pub(crate) fn levels_with(conn: &mut AnyConnection, cause: &Cause, place: (&str, &str)) -> Outcome<Option<Vec<Level>>> {
    let mut levels = levels::levels_locked(conn, &[place.0])?;
    let Some(first) = levels.first() else { return Ok(None) };
    if !levels.iter().any(|level| level.place() == place) {
        let new = first.at(place.1);
        levels::levels_insert(conn, std::slice::from_ref(&new), cause.at)?;
        levels.push(new);
    }
    Ok(Some(levels))
}

/// A variant as it is now.
pub(crate) fn total_of(conn: &mut AnyConnection, variant_id: &str, locations: &[StockLocation]) -> Outcome<StockLevel> {
    let levels = levels::levels_of(conn, &[variant_id])?;
    Ok(total(&levels, locations, true).ok_or(InventoryError::NotFound)?)
}
