//! Where stock can be, and from where orders are sent first.

use std::sync::Arc;

use inventory_api::{InventoryError, SaveLocation, StockLocation};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, id, outbox};

use crate::ledger::{Cause, change_of};
use crate::store::{levels, locations};
use crate::{Module, Outcome};

const MOST_LOCATIONS: usize = 100;
const LONGEST_NAME: usize = 100;
const LONGEST_ADDRESS: usize = 500;
const HIGHEST_PRIORITY: i64 = 1_000;
/// More levels than this are told of by moving them, not by one word about their location.
const MOST_LEVELS_TOLD: i64 = 5_000;

/// All locations by priority. Every order asks for them.
pub(crate) async fn all_locations(module: &Module) -> Outcome<Arc<[StockLocation]>> {
    let read = async { Ok(module.db.read(|conn| Outcome::Ok(locations::locations(conn)?)).await?.into()) };
    module.locations.get(read).await
}

/// The one that was named, or the default when none was.
pub(crate) fn place_of<'a>(places: &'a [StockLocation], id: Option<&str>, field: &str) -> Outcome<&'a StockLocation> {
    let is_meant = |place: &&StockLocation| id.map_or(place.is_default, |id| place.id == id);
    let unknown = || CallError::Domain(InventoryError::invalid(field, "choose a location that there is"));
    places.iter().find(is_meant).ok_or_else(unknown)
}

/// Adds a location or changes one.
pub(crate) async fn save_location(module: &Module, ctx: &CallCtx, request: SaveLocation) -> Outcome<StockLocation> {
    let wanted = checked(&request)?;
    let cause = Cause::of_call(ctx, module.clock.now(), "orders are sent from other locations");
    let work = move |conn: &mut AnyConnection| save(conn, &cause, wanted);
    let saved = module.db.write_once(request.key.to_string(), "save_location", &request, work).await;
    module.locations.forget();
    saved
}

fn checked(request: &SaveLocation) -> Result<StockLocation, InventoryError> {
    let (name, address) = (request.name.trim(), request.address.trim());
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err(InventoryError::invalid("name", format!("use 1 to {LONGEST_NAME} characters")));
    }
    if address.chars().count() > LONGEST_ADDRESS {
        return Err(InventoryError::invalid("address", format!("use at most {LONGEST_ADDRESS} characters")));
    }
    if !(0..=HIGHEST_PRIORITY).contains(&request.priority) {
        return Err(InventoryError::invalid("priority", format!("use a whole number from 0 to {HIGHEST_PRIORITY}")));
    }
    Ok(StockLocation {
        id: request.id.clone().unwrap_or_default(),
        name: name.to_owned(),
        address: address.to_owned(),
        priority: request.priority,
        ships: request.ships,
        is_default: request.is_default,
    })
}

fn save(conn: &mut AnyConnection, cause: &Cause, mut wanted: StockLocation) -> Outcome<StockLocation> {
    let present = locations::locations(conn)?;
    if present.iter().any(|other| other.name == wanted.name && other.id != wanted.id) {
        return Err(InventoryError::invalid("name", "another location has this name").into());
    }
    let before = present.iter().find(|location| location.id == wanted.id);
    match before {
        Some(before) => {
            wanted.is_default |= before.is_default;
            locations::location_update(conn, &wanted)?;
            if before.ships != wanted.ships {
                tell_levels(conn, cause, &wanted)?;
            }
        }
        None if !wanted.id.is_empty() => return Err(InventoryError::NotFound.into()),
        None if present.len() >= MOST_LOCATIONS => {
            return Err(
                InventoryError::invalid("name", format!("a shop has at most {MOST_LOCATIONS} locations")).into()
            );
        }
        None => {
            wanted.id = id::new_id("loc");
            locations::location_insert(conn, &wanted, cause.at)?;
        }
    }
    if wanted.is_default && !before.is_some_and(|before| before.is_default) {
        locations::default_clear(conn)?;
        locations::default_set(conn, &wanted.id)?;
    }
    Ok(wanted)
}

/// What lies there can be bought from now on, or no more.
fn tell_levels(conn: &mut AnyConnection, cause: &Cause, location: &StockLocation) -> Outcome<()> {
    let levels = levels::levels_at(conn, &location.id, MOST_LEVELS_TOLD + 1)?;
    if i64::try_from(levels.len()).unwrap_or(i64::MAX) > MOST_LEVELS_TOLD {
        let problem = format!("more than {MOST_LEVELS_TOLD} variants lie there; transfer some of them first");
        return Err(InventoryError::invalid("ships", problem).into());
    }
    let news = levels.iter().map(|level| {
        let available = level.available();
        let (now, before) = if location.ships { (available, 0) } else { (0, available) };
        change_of(level.place(), now, before)
    });
    outbox::publish_all(conn, cause.trace, &news.collect::<Vec<_>>())?;
    Ok(())
}
