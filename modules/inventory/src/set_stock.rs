//! Setting what is there and by which rules it is sold: imports and counts.

use std::collections::BTreeMap;

use inventory_api::{InventoryError, MovementKind, SetStock, StockChanged, StockItem, StockLocation, StockMovement};
use kernel::db::AnyConnection;
use kernel::{CallCtx, outbox};

use crate::expire::end_unmet_holds;
use crate::ledger::{Cause, Delta, Entry, change_of, line, tell_low};
use crate::locations::{all_locations, place_of};
use crate::store::levels::{self, Level};
use crate::store::{movements, unmet};
use crate::{Module, Outcome};

const MOST_AT_ONCE: usize = 5_000;
const LONGEST_REASON: usize = 200;
const LONGEST_SKU: usize = 200;

/// Variant and location, which is the order in which rows are changed.
type Place = (String, String);

/// Sets levels, whatever is held or promised: staff counted, and availability may fall below zero. Then the newest
/// holds end until the others can be met.
pub(crate) async fn set_stock(module: &Module, ctx: &CallCtx, request: SetStock) -> Outcome<u32> {
    let locations = all_locations(module).await?;
    let items = by_place(&request, &locations)?;
    let cause = Cause::of_call(ctx, module.clock.now(), check_reason(&request.reason)?);
    let key = request.key.to_string();
    let changed = module.db.write_once(key, "set_stock", &request, move |conn| set(conn, &cause, &items)).await?;
    end_unmet_holds(&module.db, module.clock.now()).await?;
    Ok(changed)
}

/// `reason`, which goes into the ledger for ever.
pub(crate) fn check_reason(reason: &str) -> Result<&str, InventoryError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(InventoryError::invalid("reason", format!("say why, in at most {LONGEST_REASON} characters")));
    }
    Ok(reason)
}

fn by_place(request: &SetStock, locations: &[StockLocation]) -> Outcome<BTreeMap<Place, StockItem>> {
    if request.items.len() > MOST_AT_ONCE {
        return Err(InventoryError::invalid("items", format!("set at most {MOST_AT_ONCE} at once")).into());
    }
    let mut items = BTreeMap::new();
    for (place, item) in request.items.iter().enumerate() {
        check_item(place, item)?;
        let location = place_of(locations, item.location_id.as_deref(), &format!("items.{place}.location_id"))?;
        if items.insert((item.variant_id.clone(), location.id.clone()), item.clone()).is_some() {
            let field = format!("items.{place}.variant_id");
            return Err(InventoryError::invalid(field, "name each variant once for a location").into());
        }
    }
    Ok(items)
}

fn check_item(place: usize, item: &StockItem) -> Result<(), InventoryError> {
    let invalid =
        |field: &str, problem: String| Err(InventoryError::invalid(format!("items.{place}.{field}"), problem));
    if !is_variant_id(&item.variant_id) {
        return invalid("variant_id", "name a variant, such as var_…".to_owned());
    }
    if item.sku.as_ref().is_some_and(|sku| sku.chars().count() > LONGEST_SKU) {
        return invalid("sku", format!("use at most {LONGEST_SKU} characters"));
    }
    for (field, number) in [
        ("on_hand", item.on_hand),
        ("safety_stock", item.safety_stock),
        ("low_stock_threshold", item.low_stock_threshold),
        ("incoming", item.incoming),
    ] {
        if number.is_some_and(|number| !(0..=levels::MOST_ON_HAND).contains(&number)) {
            return invalid(field, format!("use a whole number from 0 to {}", levels::MOST_ON_HAND));
        }
    }
    Ok(())
}

fn is_variant_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What a level was and will be.
struct Change {
    before: Option<Level>,
    after: Level,
}

fn set(conn: &mut AnyConnection, cause: &Cause, items: &BTreeMap<Place, StockItem>) -> Outcome<u32> {
    let variant_ids: Vec<&str> = items.keys().map(|(variant_id, _)| variant_id.as_str()).collect();
    let present = levels::levels_locked(conn, &variant_ids)?;
    let changes = changes(items, present);

    let (old, new): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.before.is_some());
    let after = |changes: Vec<&Change>| changes.into_iter().map(|change| change.after.clone()).collect::<Vec<_>>();
    levels::levels_insert(conn, &after(new), cause.at)?;
    levels::levels_set(conn, &after(old), cause.at)?;
    let lines: Vec<_> = changes.iter().filter_map(|change| change.line(cause)).collect();
    movements::movements_insert(conn, &lines)?;
    let news: Vec<StockChanged> = changes.iter().filter_map(Change::news).collect();
    outbox::publish_all(conn, cause.trace, &news)?;
    for change in &changes {
        change.warn(conn, cause)?;
    }
    Ok(u32::try_from(changes.len()).unwrap_or(u32::MAX))
}

/// What `items` ask of levels; those that are like that already are left out.
fn changes(items: &BTreeMap<Place, StockItem>, present: Vec<Level>) -> Vec<Change> {
    let mut changes: BTreeMap<Place, Change> = present
        .into_iter()
        .map(|level| {
            let place = (level.variant_id.clone(), level.location_id.clone());
            (place, Change { after: level.clone(), before: Some(level) })
        })
        .collect();
    for ((variant_id, location_id), item) in items {
        let place = (variant_id.clone(), location_id.clone());
        let at = changes
            .entry(place)
            .or_insert_with(|| Change { before: None, after: Level::first(variant_id, location_id) });
        at.after.on_hand = item.on_hand.unwrap_or(at.after.on_hand);
        at.after.safety_stock = item.safety_stock.unwrap_or(at.after.safety_stock);
        at.after.low_stock_threshold = item.low_stock_threshold.unwrap_or(at.after.low_stock_threshold);
        at.after.incoming = item.incoming.unwrap_or(at.after.incoming);
        let everywhere = (variant_id.clone(), String::new())..=(variant_id.clone(), "\u{10ffff}".to_owned());
        for (_, change) in changes.range_mut(everywhere) {
            change.after.track_inventory = item.track_inventory;
            change.after.backorderable = item.backorderable;
            if let Some(sku) = item.sku.as_ref().filter(|sku| !sku.is_empty()) {
                change.after.sku.clone_from(sku);
            }
        }
    }
    changes.into_values().filter(|change| change.before.as_ref() != Some(&change.after)).collect()
}

impl Change {
    fn on_hand_delta(&self) -> i64 {
        self.after.on_hand - self.before.as_ref().map_or(0, |before| before.on_hand)
    }

    /// More came in, less was counted; other changes are none of the ledger's.
    fn line(&self, cause: &Cause) -> Option<StockMovement> {
        let on_hand = self.on_hand_delta();
        let kind = if on_hand > 0 { MovementKind::Received } else { MovementKind::Adjusted };
        let entry = Entry::new(self.after.place(), kind, Delta::on_hand(on_hand));
        (on_hand != 0).then(|| line(cause, &entry, self.after.on_hand))
    }

    /// What may be promised also depends on whether stock is counted and may be backordered.
    fn news(&self) -> Option<StockChanged> {
        let rules = |level: &Level| (level.track_inventory, level.backorderable);
        let rules_before = self.before.as_ref().map_or((true, false), rules);
        let (available, available_before) = (self.after.available(), self.before.as_ref().map_or(0, Level::available));
        let is_news = available != available_before || rules(&self.after) != rules_before;
        is_news.then(|| change_of(self.after.place(), available, available_before))
    }

    /// Little is left, or less than was promised.
    fn warn(&self, conn: &mut AnyConnection, cause: &Cause) -> Outcome<()> {
        if self.after.is_low() && self.before.as_ref().is_some_and(|before| !before.is_low()) {
            tell_low(conn, cause, &self.after)?;
        }
        if self.after.is_unmet() {
            unmet::unmet_insert(conn, self.after.place(), cause.at)?;
        }
        Ok(())
    }
}
