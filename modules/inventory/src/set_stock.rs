//! Setting what is there: imports and counts.

use std::collections::BTreeMap;

use inventory_api::{InventoryError, MovementKind, SetStock, StockChanged, StockItem, StockLevel, StockMovement};
use kernel::db::{AnyConnection, Db};
use kernel::{CallCtx, Timestamp, outbox};

use crate::Outcome;
use crate::ledger::{Cause, Delta, Entry, line};
use crate::store::{levels, movements};

const MOST_AT_ONCE: usize = 5_000;
const LONGEST_REASON: usize = 200;
const LONGEST_SKU: usize = 200;

/// Sets levels, whatever is held or promised: staff counted, and availability may fall below zero.
pub(crate) async fn set_stock(db: &Db, now: Timestamp, ctx: &CallCtx, request: SetStock) -> Outcome<u32> {
    let items = by_variant(&request)?;
    let cause = Cause::of_call(ctx, now, MovementKind::Received, check_reason(&request.reason)?);
    let key = request.key.to_string();
    db.write_once(key, "set_stock", &request, move |conn| set(conn, &cause, &items)).await
}

/// `reason`, which goes into the ledger for ever.
pub(crate) fn check_reason(reason: &str) -> Result<&str, InventoryError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > LONGEST_REASON {
        return Err(InventoryError::invalid("reason", format!("say why, in at most {LONGEST_REASON} characters")));
    }
    Ok(reason)
}

/// Sorted, which is the order in which rows are changed.
fn by_variant(request: &SetStock) -> Result<BTreeMap<String, StockItem>, InventoryError> {
    if request.items.len() > MOST_AT_ONCE {
        return Err(InventoryError::invalid("items", format!("set at most {MOST_AT_ONCE} at once")));
    }
    let mut items = BTreeMap::new();
    for (place, item) in request.items.iter().enumerate() {
        check_item(place, item)?;
        if items.insert(item.variant_id.clone(), item.clone()).is_some() {
            return Err(InventoryError::invalid(format!("items.{place}.variant_id"), "name each variant once"));
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
    match item.on_hand {
        Some(on_hand) if !(0..=levels::MOST_ON_HAND).contains(&on_hand) => {
            invalid("on_hand", format!("use a whole number from 0 to {}", levels::MOST_ON_HAND))
        }
        _ => Ok(()),
    }
}

fn is_variant_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// What a level was and will be.
struct Change {
    before: Option<StockLevel>,
    after: StockLevel,
}

fn set(conn: &mut AnyConnection, cause: &Cause, items: &BTreeMap<String, StockItem>) -> Outcome<u32> {
    let variant_ids: Vec<&str> = items.keys().map(String::as_str).collect();
    let present = levels::levels_locked(conn, &variant_ids)?;
    let mut present: BTreeMap<_, _> = present.into_iter().map(|level| (level.variant_id.clone(), level)).collect();
    let changes: Vec<Change> =
        items.iter().filter_map(|(variant_id, item)| change(item, present.remove(variant_id))).collect();

    let (old, new): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.before.is_some());
    let after = |changes: Vec<&Change>| changes.into_iter().map(|change| change.after.clone()).collect::<Vec<_>>();
    levels::levels_insert(conn, &after(new), cause.at)?;
    levels::levels_set(conn, &after(old), cause.at)?;
    let lines: Vec<_> = changes.iter().filter_map(|change| change.line(cause)).collect();
    movements::movements_insert(conn, &lines)?;
    for change in &changes {
        change.tell(conn, cause)?;
    }
    Ok(u32::try_from(changes.len()).unwrap_or(u32::MAX))
}

/// What `item` asks of a level; `None` when it is like that already.
fn change(item: &StockItem, before: Option<StockLevel>) -> Option<Change> {
    let mut after = before.clone().unwrap_or_else(|| levels::first_level(&item.variant_id));
    after.on_hand = item.on_hand.unwrap_or(after.on_hand);
    after.available = after.on_hand - after.reserved - after.allocated;
    after.track_inventory = item.track_inventory;
    after.backorderable = item.backorderable;
    if let Some(sku) = item.sku.as_ref().filter(|sku| !sku.is_empty()) {
        after.sku = Some(sku.clone());
    }
    (before.as_ref() != Some(&after)).then_some(Change { before, after })
}

impl Change {
    fn on_hand_delta(&self) -> i64 {
        self.after.on_hand - self.before.as_ref().map_or(0, |before| before.on_hand)
    }

    /// More came in, less was counted; other changes are none of the ledger's.
    fn line(&self, cause: &Cause) -> Option<StockMovement> {
        let on_hand = self.on_hand_delta();
        let delta = Delta { on_hand, ..Delta::default() };
        let entry = Entry { variant_id: self.after.variant_id.clone(), reference: None, delta };
        let kind = if on_hand > 0 { MovementKind::Received } else { MovementKind::Adjusted };
        (on_hand != 0).then(|| StockMovement { kind, ..line(cause, &entry, self.after.on_hand) })
    }

    /// What may be promised also depends on whether stock is counted and may be backordered.
    fn tell(&self, conn: &mut AnyConnection, cause: &Cause) -> Outcome<()> {
        let rules = |level: &StockLevel| (level.track_inventory, level.backorderable);
        let rules_before = self.before.as_ref().map_or((true, false), rules);
        if self.on_hand_delta() != 0 || rules(&self.after) != rules_before {
            let event = StockChanged {
                variant_id: self.after.variant_id.clone(),
                available: self.after.available,
                available_before: self.before.as_ref().map_or(0, |before| before.available),
            };
            outbox::publish(conn, cause.trace, &event)?;
        }
        Ok(())
    }
}
