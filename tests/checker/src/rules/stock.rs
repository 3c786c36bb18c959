//! Stock: nothing is sold twice, and nothing is held for nobody.

use std::collections::BTreeMap;

use super::{grouped, summed};
use crate::evidence::Evidence;
use crate::tables::{Level, Order};

/// Units of a variant that buyers were promised, over all orders that are sold.
fn sold(evidence: &Evidence) -> BTreeMap<&str, i64> {
    let orders = evidence.orders_by_id();
    let sold = evidence.lines.iter().filter(|line| orders.get(line.order_id.as_str()).is_some_and(|o| o.is_sold()));
    summed(sold.map(|line| (line.variant_id.as_str(), line.quantity)))
}

/// The status of each reservation, by whom it is for.
fn statuses(evidence: &Evidence) -> BTreeMap<&str, &str> {
    evidence.reservations.iter().map(|row| (row.order_id.as_str(), row.status.as_str())).collect()
}

pub(super) fn oversold(evidence: &Evidence) -> Vec<String> {
    let skus = evidence.skus();
    let there_was: BTreeMap<&str, i64> =
        evidence.run.goods.iter().map(|goods| (goods.sku.as_str(), goods.units)).collect();
    let mut found = Vec::new();
    for (variant, units) in sold(evidence) {
        let sku = skus.get(variant).copied().unwrap_or("(no level)");
        match there_was.get(sku) {
            Some(there_was) if units <= *there_was => {}
            Some(there_was) => found.push(format!("{units} of {sku} are sold, there were {there_was}")),
            None => found.push(format!("{units} of {variant} ({sku}) are sold, which was never for sale")),
        }
    }
    found
}

pub(super) fn overpromised(evidence: &Evidence) -> Vec<String> {
    let is_wrong = |level: &&Level| {
        let is_negative = level.on_hand < 0 || level.reserved < 0 || level.allocated < 0;
        let is_bound = level.track_inventory.0 && !level.backorderable.0;
        is_negative || (is_bound && level.reserved + level.allocated > level.on_hand)
    };
    let words = |level: &Level| {
        format!("{}: {} on hand, {} reserved, {} allocated", level.sku, level.on_hand, level.reserved, level.allocated)
    };
    evidence.levels.iter().filter(is_wrong).map(words).collect()
}

pub(super) fn unpromised(evidence: &Evidence) -> Vec<String> {
    let bought = grouped(&evidence.lines, |line| line.order_id.as_str());
    let promised = grouped(&evidence.reservation_lines, |line| line.order_id.as_str());
    let statuses = statuses(evidence);
    let mut found = Vec::new();
    for order in evidence.orders.iter().filter(|order| order.is_sold()) {
        let id = order.id.as_str();
        let wanted = summed(bought.get(id).into_iter().flatten().map(|line| (line.variant_id.as_str(), line.quantity)));
        let units =
            summed(promised.get(id).into_iter().flatten().map(|line| (line.variant_id.as_str(), line.quantity)));
        let status = statuses.get(id).copied().unwrap_or("missing");
        if !matches!(status, "allocated" | "shipped") {
            found.push(format!("{}: its reservation is {status}", order.name()));
        } else if wanted != units {
            found.push(format!("{}: wanted {wanted:?}, promised {units:?}", order.name()));
        }
    }
    found
}

pub(super) fn not_conserved(evidence: &Evidence) -> Vec<String> {
    let skus = evidence.skus();
    let sku = |variant: &str| skus.get(variant).copied().unwrap_or_default().to_owned();
    let on_hand = summed(evidence.levels.iter().map(|level| (level.sku.clone(), level.on_hand)));
    // What came back of what left is on the shelf again.
    let left = summed(evidence.lines.iter().map(|line| (sku(&line.variant_id), line.shipped - line.returned)));
    let mut found = Vec::new();
    for goods in &evidence.run.goods {
        let (on_hand, left) =
            (on_hand.get(&goods.sku).copied().unwrap_or(0), left.get(&goods.sku).copied().unwrap_or(0));
        if goods.units - left != on_hand {
            found.push(format!("{}: {} at the start, {left} left, {on_hand} on hand", goods.sku, goods.units));
        }
    }
    found
}

pub(super) fn not_the_ledger(evidence: &Evidence) -> Vec<String> {
    let movements = grouped(&evidence.movements, |row| (row.variant_id.as_str(), row.location_id.as_str()));
    let mut found = Vec::new();
    for level in &evidence.levels {
        let rows = movements.get(&(level.variant_id.as_str(), level.location_id.as_str()));
        let sum = rows.into_iter().flatten().fold((0, 0, 0), |(on_hand, reserved, allocated), row| {
            (on_hand + row.on_hand_delta, reserved + row.reserved_delta, allocated + row.allocated_delta)
        });
        if sum != (level.on_hand, level.reserved, level.allocated) {
            let figures = (level.on_hand, level.reserved, level.allocated);
            let last = rows.into_iter().flatten().map(|row| row.id.as_str()).max().unwrap_or("none");
            found.push(format!(
                "{}: (on hand, reserved, allocated) is {figures:?}, its movements say {sum:?}; the last is {last}",
                level.sku
            ));
        }
    }
    found
}

pub(super) fn not_the_reservations(evidence: &Evidence) -> Vec<String> {
    let statuses = statuses(evidence);
    let in_status = |wanted: &'static str| {
        let lines = evidence.reservation_lines.iter();
        let lines = lines.filter(move |line| statuses.get(line.order_id.as_str()) == Some(&wanted));
        summed(lines.map(|line| ((line.variant_id.as_str(), line.location_id.as_str()), line.quantity - line.shipped)))
    };
    let (held, promised) = (in_status.clone()("held"), in_status("allocated"));
    let mut found = Vec::new();
    for level in &evidence.levels {
        let place = (level.variant_id.as_str(), level.location_id.as_str());
        let (held, promised) = (held.get(&place).copied().unwrap_or(0), promised.get(&place).copied().unwrap_or(0));
        if (level.reserved, level.allocated) != (held, promised) {
            found.push(format!(
                "{}: {} reserved and {} allocated, reservations hold {held} and promise {promised}",
                level.sku, level.reserved, level.allocated
            ));
        }
    }
    found
}

pub(super) fn leaked(evidence: &Evidence) -> Vec<String> {
    let orders = evidence.orders_by_id();
    let live = evidence.reservations.iter().filter(|row| matches!(row.status.as_str(), "held" | "allocated"));
    live.filter_map(|row| {
        let order: Option<&Order> = orders.get(row.order_id.as_str()).copied();
        match order {
            // A cart holds for a while what its shopper is about to buy.
            None if row.order_id.starts_with("crt_") && row.status == "held" => None,
            None => Some(format!("{} for {}, which is no order", row.status, row.order_id)),
            Some(order) if order.has_ended() => Some(format!("{} for {}", row.status, order.name())),
            Some(order) if order.is_sold() && row.status == "held" => Some(format!("still held for {}", order.name())),
            Some(_) => None,
        }
    })
    .collect()
}

pub(super) fn dispatched(evidence: &Evidence) -> Vec<String> {
    let key = |order: &str, variant: &str| (order.to_owned(), variant.to_owned());
    let by_orders = summed(evidence.lines.iter().map(|line| (key(&line.order_id, &line.variant_id), line.shipped)));
    let lines = evidence.reservation_lines.iter();
    let by_stock = summed(lines.map(|line| (key(&line.order_id, &line.variant_id), line.shipped)));
    let differs = |(place, units): &(&(String, String), &i64)| by_stock.get(*place).copied().unwrap_or(0) != **units;
    let words = |((order, variant), units): (&(String, String), &i64)| {
        let stock = by_stock.get(&(order.clone(), variant.clone())).copied().unwrap_or(0);
        format!("{order}, {variant}: {units} left according to the order, {stock} according to stock")
    };
    by_orders.iter().filter(differs).map(words).collect()
}
