//! What is there, and how it came about.

use inventory_api::{FindStock, InventoryError, ListMovements, ListStock, StockLevel, StockMovement};
use kernel::Page;
use kernel::db::Db;

use crate::Outcome;
use crate::store::{levels, movements};

const MOST_AT_ONCE: usize = 2_500;

/// The levels of several variants at once.
pub(crate) async fn stock_levels(db: &Db, request: FindStock) -> Outcome<Vec<StockLevel>> {
    if request.variant_ids.len() > MOST_AT_ONCE {
        return Err(InventoryError::invalid("variant_ids", format!("ask for at most {MOST_AT_ONCE}")).into());
    }
    if request.variant_ids.is_empty() {
        return Ok(Vec::new());
    }
    db.read(move |conn| {
        let variant_ids: Vec<&str> = request.variant_ids.iter().map(String::as_str).collect();
        Ok(levels::levels_of(conn, &variant_ids)?)
    })
    .await
}

/// All levels, by SKU and then by variant.
pub(crate) async fn list_stock(db: &Db, request: ListStock) -> Outcome<Page<StockLevel>> {
    let limit = request.page.capped_limit();
    let after = match &request.page.cursor {
        Some(cursor) => place_of_cursor(cursor).ok_or_else(unknown_cursor)?,
        None => (String::new(), String::new()),
    };
    let found = db
        .read(move |conn| Ok(levels::levels_by_sku(conn, request.low_only, (&after.0, &after.1), limit + 1)?))
        .await?;
    Ok(Page::from_one_too_many(found, limit, cursor_of_place))
}

/// The ledger of a variant, newest first. Ids grow with time, so the id of a line is its place.
pub(crate) async fn movements(db: &Db, request: ListMovements) -> Outcome<Page<StockMovement>> {
    let limit = request.page.capped_limit();
    let before = match request.page.cursor {
        Some(cursor) if is_movement_id(&cursor) => cursor,
        Some(_) => return Err(unknown_cursor().into()),
        None => AFTER_EVERY_ID.to_owned(),
    };
    let found =
        db.read(move |conn| Ok(movements::movements_of(conn, &request.variant_id, &before, limit + 1)?)).await?;
    Ok(Page::from_one_too_many(found, limit, |movement| movement.id.clone()))
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
