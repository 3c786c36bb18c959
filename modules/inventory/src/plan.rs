//! From where an order is sent: one location that has all of it, else several by priority. A function of what is there
//! and of nothing else.

use std::collections::BTreeMap;

use inventory_api::{Shortage, StockLocation};

use crate::store::levels::Level;

/// How many of each variant, sorted: the order in which counters move.
pub(crate) type Wanted = BTreeMap<String, i64>;

/// How many of a variant are taken from a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) variant_id: String,
    pub(crate) location_id: String,
    pub(crate) quantity: i64,
}

/// What there is of a variant where orders are sent from, by priority.
struct Offer<'a>(Vec<&'a Level>);

impl<'a> Offer<'a> {
    fn of(variant_id: &str, levels: &'a [Level], locations: &[StockLocation]) -> Self {
        let ships = locations.iter().filter(|location| location.ships);
        let level = |location: &StockLocation| levels.iter().find(|level| level.place() == (variant_id, &location.id));
        Self(ships.filter_map(level).collect())
    }

    fn at(&self, location_id: &str) -> Option<&'a Level> {
        self.0.iter().copied().find(|level| level.location_id == location_id)
    }

    /// Over all locations; what one lacks of what it promised counts against the others.
    fn available(&self) -> i64 {
        self.0.iter().map(|level| level.available()).sum()
    }

    fn can_promise(&self, quantity: i64) -> bool {
        self.0.iter().any(|level| !level.is_limited()) || (!self.0.is_empty() && self.available() >= quantity)
    }
}

fn is_there(level: &Level, quantity: i64) -> bool {
    !level.track_inventory || level.available() >= quantity
}

/// Where `wanted` is taken from, or everything that is short.
pub(crate) fn plan(wanted: &Wanted, levels: &[Level], locations: &[StockLocation]) -> Result<Vec<Part>, Vec<Shortage>> {
    let offers: Vec<(&String, i64, Offer<'_>)> = wanted
        .iter()
        .map(|(variant_id, quantity)| (variant_id, *quantity, Offer::of(variant_id, levels, locations)))
        .collect();
    let short = offers.iter().filter(|(_, quantity, offer)| !offer.can_promise(*quantity));
    let shortages: Vec<_> = short
        .map(|(variant_id, quantity, offer)| Shortage {
            variant_id: (*variant_id).clone(),
            wanted: *quantity,
            available: offer.available().max(0),
        })
        .collect();
    if !shortages.is_empty() {
        return Err(shortages);
    }
    let has_all = |location: &&StockLocation| {
        let has = |(_, quantity, offer): &(&String, i64, Offer<'_>)| {
            offer.at(&location.id).is_some_and(|level| is_there(level, *quantity))
        };
        location.ships && offers.iter().all(has)
    };
    let part = |variant_id: &str, location_id: &str, quantity| Part {
        variant_id: variant_id.to_owned(),
        location_id: location_id.to_owned(),
        quantity,
    };
    Ok(match locations.iter().find(has_all) {
        Some(one) => offers.iter().map(|(variant_id, quantity, _)| part(variant_id, &one.id, *quantity)).collect(),
        None => offers
            .iter()
            .flat_map(|(variant_id, quantity, offer)| {
                split(*quantity, offer).into_iter().map(|(location_id, units)| part(variant_id, location_id, units))
            })
            .collect(),
    })
}

/// From one location that has enough, else from each what it has; what is sold although it is not there falls to the
/// first.
fn split<'a>(quantity: i64, offer: &Offer<'a>) -> BTreeMap<&'a str, i64> {
    if let Some(one) = offer.0.iter().find(|level| is_there(level, quantity)) {
        return BTreeMap::from([(one.location_id.as_str(), quantity)]);
    }
    let (mut open, mut parts) = (quantity, BTreeMap::new());
    for level in &offer.0 {
        let units = level.available().clamp(0, open);
        if units > 0 {
            *parts.entry(level.location_id.as_str()).or_default() += units;
            open -= units;
        }
    }
    let first_that_waits = offer.0.iter().find(|level| !level.is_limited()).or(offer.0.first());
    if let Some(level) = first_that_waits.filter(|_| open > 0) {
        *parts.entry(level.location_id.as_str()).or_default() += open;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(id: &str, priority: i64, ships: bool) -> StockLocation {
        let (name, address) = (id.to_owned(), String::new());
        StockLocation { id: id.to_owned(), name, address, priority, ships, is_default: priority == 0 }
    }

    fn level(variant_id: &str, location_id: &str, on_hand: i64) -> Level {
        Level { on_hand, ..Level::first(variant_id, location_id) }
    }

    fn wanted(lines: &[(&str, i64)]) -> Wanted {
        lines.iter().map(|&(variant_id, quantity)| (variant_id.to_owned(), quantity)).collect()
    }

    /// Variant, location and quantity.
    type Taken = (String, String, i64);

    fn parts(wanted: &[(&str, i64)], levels: &[Level]) -> Result<Vec<Taken>, Vec<(String, i64)>> {
        let locations = [location("near", 0, true), location("far", 1, true), location("closed", 2, false)];
        let planned = plan(&self::wanted(wanted), levels, &locations);
        let part = |part: Part| (part.variant_id, part.location_id, part.quantity);
        let short = |short: Shortage| (short.variant_id, short.available);
        planned
            .map(|parts| parts.into_iter().map(part).collect())
            .map_err(|shortages| shortages.into_iter().map(short).collect())
    }

    fn taken(variant_id: &str, location_id: &str, quantity: i64) -> Taken {
        (variant_id.to_owned(), location_id.to_owned(), quantity)
    }

    #[test]
    fn one_location_that_has_all_comes_before_nearer_ones_that_have_some() {
        let levels =
            [level("chalk", "far", 5), level("chalk", "near", 5), level("slate", "far", 2), level("slate", "near", 1)];
        let both = parts(&[("chalk", 2), ("slate", 2)], &levels);
        assert_eq!(both, Ok(vec![taken("chalk", "far", 2), taken("slate", "far", 2)]));
        assert_eq!(parts(&[("chalk", 5)], &levels), Ok(vec![taken("chalk", "near", 5)]));
    }

    #[test]
    fn what_no_location_has_alone_is_split_by_priority() {
        let levels = [level("chalk", "far", 4), level("chalk", "near", 3), level("chalk", "closed", 9)];
        let split = Ok(vec![taken("chalk", "far", 2), taken("chalk", "near", 3)]);
        assert_eq!(parts(&[("chalk", 5)], &levels), split);
        assert_eq!(parts(&[("chalk", 8)], &levels), Err(vec![("chalk".to_owned(), 7)]));
    }

    #[test]
    fn what_one_location_lacks_of_its_promises_is_not_sold_at_another() {
        let lacks = Level { allocated: 3, ..level("chalk", "near", 0) };
        let levels = [level("chalk", "far", 5), lacks];
        assert_eq!(parts(&[("chalk", 2)], &levels), Ok(vec![taken("chalk", "far", 2)]));
        assert_eq!(parts(&[("chalk", 3)], &levels), Err(vec![("chalk".to_owned(), 2)]));
    }

    #[test]
    fn what_is_kept_back_is_not_taken() {
        let levels = [Level { safety_stock: 2, ..level("chalk", "near", 5) }];
        assert_eq!(parts(&[("chalk", 4)], &levels), Err(vec![("chalk".to_owned(), 3)]));
    }

    #[test]
    fn what_may_be_backordered_is_taken_from_the_shelf_first() {
        let waits = |location_id, on_hand| Level { backorderable: true, ..level("chalk", location_id, on_hand) };
        let levels = [waits("far", 4), waits("near", 1)];
        assert_eq!(parts(&[("chalk", 4)], &levels), Ok(vec![taken("chalk", "far", 4)]));
        let split = Ok(vec![taken("chalk", "far", 4), taken("chalk", "near", 6)]);
        assert_eq!(parts(&[("chalk", 10)], &levels), split);
    }

    #[test]
    fn what_was_never_stocked_is_short() {
        assert_eq!(parts(&[("chalk", 1)], &[]), Err(vec![("chalk".to_owned(), 0)]));
        assert_eq!(parts(&[("chalk", 1)], &[level("chalk", "closed", 9)]), Err(vec![("chalk".to_owned(), 0)]));
    }
}
