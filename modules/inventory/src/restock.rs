//! Goods of an order came back: they go on the shelf again, or are written off.

use std::collections::BTreeMap;

use inventory_api::{InventoryError, MovementKind, Restock, RestockLine};
use kernel::CallCtx;
use kernel::db::AnyConnection;

use crate::adjust::levels_with;
use crate::ledger::{Cause, Delta, Demand, Entry, book};
use crate::locations::{all_locations, place_of};
use crate::release::level_is_gone;
use crate::set_stock::check_reason;
use crate::{Module, Outcome};

const MOST_LINES: usize = 200;

/// The goods are here, whatever the books say: also those of an order that was promised nothing.
pub(crate) async fn restock(module: &Module, ctx: &CallCtx, request: Restock) -> Outcome<()> {
    if !(1..=MOST_LINES).contains(&request.lines.len()) {
        return Err(InventoryError::invalid("lines", format!("take back 1 to {MOST_LINES} lines")).into());
    }
    let cause = Cause::of_call(ctx, module.clock.now(), check_reason(&request.reason)?);
    let locations = all_locations(module).await?;
    let location_id = place_of(&locations, request.location_id.as_deref(), "location_id")?.id.clone();
    let (key, wish) = (request.key.to_string(), request.clone());
    let work = move |conn: &mut AnyConnection| take_back(conn, &cause, &wish, &location_id);
    module.db.write_once(key, "restock", &request, work).await
}

fn take_back(conn: &mut AnyConnection, cause: &Cause, wish: &Restock, location_id: &str) -> Outcome<()> {
    // Sorted, which is the order in which rows are locked.
    let mut by_variant = BTreeMap::<&str, Vec<&RestockLine>>::new();
    for line in &wish.lines {
        by_variant.entry(&line.variant_id).or_default().push(line);
    }
    let mut entries = Vec::new();
    for (variant_id, lines) in by_variant {
        let place = (variant_id, location_id);
        if levels_with(conn, cause, place)?.is_none() {
            tracing::warn!(order_id = wish.order_id, variant_id, "goods came back that were never stocked");
            continue;
        }
        for line in lines {
            let units = line.quantity.get();
            let returned = Entry::new(place, MovementKind::Returned, Delta::on_hand(units));
            entries.push(returned.of(&wish.order_id));
            if line.write_off {
                let lost = Entry::new(place, MovementKind::Adjusted, Delta::on_hand(-units));
                entries.push(lost.of(&wish.order_id));
            }
        }
    }
    book(conn, cause, Demand::Nothing, entries)?.map_err(|refused| level_is_gone(&refused.variant_id))
}
