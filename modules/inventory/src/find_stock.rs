//! What is there, and how it came about.

use inventory_api::{
    FindOrderStock, FindStock, InventoryError, ListMovements, ListStock, LocationLevel, OrderStock, OrderStockLine,
    StockLevel, StockLocation, StockMovement,
};
use kernel::Page;

use crate::locations::all_locations;
use crate::store::levels::{self, Level, Wish};
use crate::store::{movements, reservations};
use crate::{Module, Outcome};

const MOST_AT_ONCE: usize = 2_500;
const LONGEST_SEARCH: usize = 200;

/// The levels of several variants at once.
pub(crate) async fn stock_levels(module: &Module, request: FindStock) -> Outcome<Vec<StockLevel>> {
    if request.variant_ids.len() > MOST_AT_ONCE {
        return Err(InventoryError::invalid("variant_ids", format!("ask for at most {MOST_AT_ONCE}")).into());
    }
    if request.variant_ids.is_empty() {
        return Ok(Vec::new());
    }
    let locations = all_locations(module).await?;
    let FindStock { variant_ids, held_by, by_location } = request;
    let Some(cart_id) = held_by else {
        let levels = module.db.read(move |conn| Outcome::Ok(levels::levels_of(conn, &texts(&variant_ids))?)).await?;
        return Ok(totals(&levels, &locations, by_location));
    };
    let found = module.db.read(move |conn| Outcome::Ok(levels::levels_and_held(conn, &texts(&variant_ids), cart_id)?));
    let (levels, held): (Vec<Level>, Vec<i64>) = found.await?.into_iter().unzip();
    let mut totals = totals(&levels, &locations, by_location);
    for (level, held) in levels.iter().zip(held) {
        let ships = locations.iter().any(|location| location.id == level.location_id && location.ships);
        let total = totals.iter_mut().find(|total| total.variant_id == level.variant_id);
        if let Some(total) = total.filter(|_| ships) {
            total.available += held;
        }
    }
    Ok(totals)
}

fn texts(ids: &[String]) -> Vec<&str> {
    ids.iter().map(String::as_str).collect()
}

/// Levels, which are sorted by variant, over all locations.
fn totals(levels: &[Level], locations: &[StockLocation], by_location: bool) -> Vec<StockLevel> {
    let of_variants = levels.chunk_by(|one, next| one.variant_id == next.variant_id);
    of_variants.filter_map(|levels| total(levels, locations, by_location)).collect()
}

/// The levels of one variant over all locations that orders are sent from; `None` when it has none at all.
pub(crate) fn total(levels: &[Level], locations: &[StockLocation], by_location: bool) -> Option<StockLevel> {
    let first = levels.first()?;
    let mut total = StockLevel {
        variant_id: first.variant_id.clone(),
        sku: (!first.sku.is_empty()).then(|| first.sku.clone()),
        track_inventory: first.track_inventory,
        backorderable: first.backorderable,
        ..StockLevel::default()
    };
    for location in locations {
        let Some(level) = levels.iter().find(|level| level.location_id == location.id) else { continue };
        if location.ships {
            total.on_hand += level.on_hand;
            total.reserved += level.reserved;
            total.allocated += level.allocated;
            total.available += level.available();
            total.incoming += level.incoming;
            total.safety_stock += level.safety_stock;
            total.low_stock_threshold += level.low_stock_threshold;
            total.is_low |= level.is_low();
        }
        if by_location {
            total.locations.push(at_location(level));
        }
    }
    Some(total)
}

fn at_location(level: &Level) -> LocationLevel {
    LocationLevel {
        location_id: level.location_id.clone(),
        on_hand: level.on_hand,
        reserved: level.reserved,
        allocated: level.allocated,
        available: level.available(),
        incoming: level.incoming,
        safety_stock: level.safety_stock,
        low_stock_threshold: level.low_stock_threshold,
    }
}

/// All levels, by SKU and then by variant.
pub(crate) async fn list_stock(module: &Module, request: ListStock) -> Outcome<Page<StockLevel>> {
    let limit = request.page.capped_limit();
    let after = match &request.page.cursor {
        Some(cursor) => place_of_cursor(cursor).ok_or_else(unknown_cursor)?,
        None => (String::new(), String::new()),
    };
    let search = request.search.map(|search| search.trim().to_owned()).filter(|search| !search.is_empty());
    if search.as_ref().is_some_and(|search| search.chars().count() > LONGEST_SEARCH) {
        return Err(InventoryError::invalid("search", format!("use at most {LONGEST_SEARCH} characters")).into());
    }
    let locations = all_locations(module).await?;
    let (low_only, oversold_only) = (request.low_only, request.oversold_only);
    let wish = Wish { low_only, oversold_only, location_id: request.location_id, search };
    let levels = module
        .db
        .read(move |conn| {
            let found = levels::variants_by_sku(conn, &wish, (&after.0, &after.1), limit + 1)?;
            let variant_ids: Vec<&str> = found.iter().map(|(_, variant_id)| variant_id.as_str()).collect();
            Outcome::Ok(levels::levels_of(conn, &variant_ids)?)
        })
        .await?;
    let mut found = totals(&levels, &locations, true);
    found.sort_by(|one, other| (&one.sku, &one.variant_id).cmp(&(&other.sku, &other.variant_id)));
    Ok(Page::from_one_too_many(found, limit, cursor_of_place))
}

/// The ledger of a variant, newest first. Ids grow with time, so the id of a line is its place.
pub(crate) async fn movements(module: &Module, request: ListMovements) -> Outcome<Page<StockMovement>> {
    let limit = request.page.capped_limit();
    let before = match &request.page.cursor {
        Some(cursor) if is_movement_id(cursor) => cursor.clone(),
        Some(_) => return Err(unknown_cursor().into()),
        None => AFTER_EVERY_ID.to_owned(),
    };
    let found = module.db.read(move |conn| Ok(movements::movements_of(conn, &request, &before, limit + 1)?)).await?;
    Ok(Page::from_one_too_many(found, limit, |movement| movement.id.clone()))
}

/// What an order or a cart holds or was promised, by location.
pub(crate) async fn order_stock(module: &Module, request: FindOrderStock) -> Outcome<Option<OrderStock>> {
    let order_id = request.order_id;
    module
        .db
        .read(move |conn| {
            let Some(head) = reservations::reservation(conn, &order_id)? else { return Ok(None) };
            let lines = reservations::lines_of_order(conn, &order_id)?;
            let line = |line: reservations::Line| OrderStockLine {
                variant_id: line.variant_id,
                location_id: line.location_id,
                quantity: line.quantity,
                shipped: line.shipped,
            };
            let lines = lines.into_iter().map(line).collect();
            Ok(Some(OrderStock { order_id, status: head.status, expires_at: head.expires_at, lines }))
        })
        .await
}

const AFTER_EVERY_ID: &str = "~";

fn unknown_cursor() -> InventoryError {
    InventoryError::invalid("cursor", "take the one of the page before, or none for the first page")
}

fn is_movement_id(cursor: &str) -> bool {
    let digits = cursor.strip_prefix("mov_");
    digits.is_some_and(|digits| digits.len() == 26 && digits.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The variant comes first: it has no space in it, which an SKU may have.
fn cursor_of_place(level: &StockLevel) -> String {
    format!("{} {}", level.variant_id, level.sku.as_deref().unwrap_or_default())
}

fn place_of_cursor(cursor: &str) -> Option<(String, String)> {
    let (variant_id, sku) = cursor.split_once(' ')?;
    (!variant_id.is_empty()).then(|| (sku.to_owned(), variant_id.to_owned()))
}
