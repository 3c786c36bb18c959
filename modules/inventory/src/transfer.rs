//! Moving goods that nobody was promised from one location to another.

use std::sync::Arc;

use inventory_api::{InventoryError, MovementKind, StockLevel, StockLocation, Transfer};
use kernel::CallCtx;
use kernel::db::AnyConnection;

use crate::adjust::{levels_with, total_of};
use crate::ledger::{Cause, Delta, Demand, Entry, book_locked};
use crate::locations::{all_locations, place_of};
use crate::release::level_is_gone;
use crate::set_stock::check_reason;
use crate::store::levels;
use crate::{Module, Outcome};

/// Both ends move in one commit, so that the shop as a whole has what it had.
pub(crate) async fn transfer(module: &Module, ctx: &CallCtx, request: Transfer) -> Outcome<StockLevel> {
    let locations = all_locations(module).await?;
    let from = place_of(&locations, Some(&request.from), "from")?;
    let to = place_of(&locations, Some(&request.to), "to")?;
    if from.id == to.id {
        return Err(InventoryError::invalid("to", "choose another location than the one it comes from").into());
    }
    if !(1..=levels::MOST_ON_HAND).contains(&request.quantity) {
        return Err(InventoryError::invalid("quantity", "use a whole number above 0").into());
    }
    let reason = format!("{} ({} → {})", check_reason(&request.reason)?, from.name, to.name);
    let cause = Cause::of_call(ctx, module.clock.now(), reason);
    let (key, wish, places) = (request.key.to_string(), request.clone(), Arc::clone(&locations));
    module.db.write_once(key, "transfer", &request, move |conn| carry(conn, &cause, &wish, &places)).await
}

fn carry(conn: &mut AnyConnection, cause: &Cause, wish: &Transfer, locations: &[StockLocation]) -> Outcome<StockLevel> {
    let (from, to) = ((wish.variant_id.as_str(), wish.from.as_str()), (wish.variant_id.as_str(), wish.to.as_str()));
    let levels = levels_with(conn, cause, to)?.ok_or(InventoryError::NotFound)?;
    let free = levels.iter().find(|level| level.place() == from).map_or(0, |level| level.free().min(level.on_hand));
    if free < wish.quantity {
        let problem = match free {
            ..=0 => "nothing there is free to be moved".to_owned(),
            free => format!("{free} there are free to be moved; the others are held or promised"),
        };
        return Err(InventoryError::invalid("quantity", problem).into());
    }
    let leg = |place, units| Entry::new(place, MovementKind::Transferred, Delta::on_hand(units));
    let legs = vec![leg(from, -wish.quantity), leg(to, wish.quantity)];
    let booked = book_locked(conn, cause, Demand::Nothing, &levels, legs)?;
    booked.map_err(|refused| level_is_gone(&refused.variant_id))?;
    total_of(conn, &wish.variant_id, locations)
}
