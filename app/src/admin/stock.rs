//! Stock: what is there, where, and why.

use actix_web::http::StatusCode;
use catalog_api::{FindVariants, SaleItem, VariantId};
use inventory_api::{
    FindStock, InventoryError, ListLocations, ListMovements, ListStock, LocationLevel, MovementKind, StockLevel,
    StockLocation, StockMovement,
};
use kernel::{CallError, PageRequest};

use super::views::{
    Cursor, Field, LedgerPage, LevelRow, Link, MovementRow, Problem as ProblemView, ReceiveForm, SelectField, Status,
    StockPage, StockRow, Tab, Tone, TransferForm, actor, date_time,
};
use super::{address, new_key, shell};
use crate::web::{Answer, Form, Problem, Visit};

/// Why staff change what is there.
pub(super) const REASONS: [(&str, &str); 5] = [
    ("count", "Counted"),
    ("damage", "Damaged"),
    ("return", "Came back"),
    ("correction", "Corrected"),
    ("found", "Found"),
];

/// What happens when none is left.
pub(super) const POLICIES: [(&str, &str); 3] =
    [("stop", "Stop selling"), ("backorder", "Sell on: ships when back in stock"), ("uncounted", "Do not count")];

/// The kinds of the ledger that can be asked for.
const KINDS: [(&str, &str, MovementKind); 8] = [
    ("received", "Received", MovementKind::Received),
    ("adjusted", "Adjusted", MovementKind::Adjusted),
    ("reserved", "Reserved", MovementKind::Reserved),
    ("allocated", "Allocated", MovementKind::Allocated),
    ("released", "Released", MovementKind::Released),
    ("shipped", "Shipped", MovementKind::Shipped),
    ("returned", "Returned", MovementKind::Returned),
    ("transferred", "Transferred", MovementKind::Transferred),
];

pub(super) fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Stock"),
        other => other,
    }
}

/// The same of lists, which refuse what the address asks for.
fn refused(error: CallError<InventoryError>) -> Problem {
    match error {
        CallError::Domain(error) => Problem::BadRequest(error.to_string()),
        error => unavailable(error),
    }
}

/// All locations, by the order in which orders are sent from there.
pub(super) async fn locations(visit: &Visit) -> Result<Vec<StockLocation>, Problem> {
    visit.shop.inventory().locations(&visit.staff(), ListLocations {}).await.map_err(unavailable)
}

/// A field to choose a location in; without choices when there is one only, which is meant then.
pub(super) fn location_field(locations: &[StockLocation], form: &Form, name: &str) -> SelectField {
    if locations.len() < 2 {
        return SelectField::default();
    }
    let meant = locations.iter().find(|location| location.is_default).map_or("", |location| location.id.as_str());
    let chosen = Some(form.raw(name)).filter(|chosen| !chosen.is_empty()).unwrap_or(meant);
    SelectField::new(locations.iter().map(|place| (place.id.as_str(), place.name.as_str())), chosen).checked(form, name)
}

/// `GET /admin/stock?view=&q=&location=&cursor=`
///
/// # Errors
/// A parameter is wrong, or stock cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let view = visit.query("view")?.unwrap_or_default();
    let (query, location) = (visit.query("q")?.unwrap_or_default(), visit.query("location")?);
    let cursor = visit.query("cursor")?;
    let request = ListStock {
        low_only: view == "low",
        oversold_only: view == "oversold",
        location_id: location.clone(),
        search: Some(query.clone()).filter(|query| !query.is_empty()),
        page: PageRequest { limit: 50, cursor: cursor.clone() },
    };
    let staff = visit.staff();
    let found = async { visit.shop.inventory().list_stock(&staff, request).await.map_err(refused) };
    let (found, places) = tokio::try_join!(found, locations(&visit))?;
    let variants = found.items.iter().filter_map(|level| level.variant_id.parse().ok());
    let titles = titles(&visit, variants.collect()).await;
    let chosen = location.unwrap_or_default();
    let at = |view: &str, cursor: &str| {
        address("/admin/stock", &[("view", view), ("q", &query), ("location", &chosen), ("cursor", cursor)])
    };
    let tab = |text: &str, name: &str| Tab { text: text.to_owned(), href: at(name, ""), current: view == name };
    let page = StockPage {
        shell: shell(&visit, "stock", "Stock"),
        tabs: vec![tab("All", ""), tab("Low or sold out", "low"), tab("Promised more than is there", "oversold")],
        location: location_filter(&places, &chosen),
        rows: found.items.iter().map(|level| row(level, &titles, &Form::default())).collect(),
        cursor: Cursor {
            first: cursor.map(|_| at(&view, "")),
            next: found.next_cursor.as_ref().map(|cursor| at(&view, cursor)),
        },
        view,
        query,
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/stock.html", &page)
}

fn location_filter(places: &[StockLocation], chosen: &str) -> SelectField {
    if places.len() < 2 {
        return SelectField::default();
    }
    let all = std::iter::once(("", "All locations"));
    SelectField::new(all.chain(places.iter().map(|place| (place.id.as_str(), place.name.as_str()))), chosen)
}

/// What the variants are called; nothing when catalog does not answer.
async fn titles(visit: &Visit, variant_ids: Vec<VariantId>) -> Vec<SaleItem> {
    visit.shop.catalog().variants(&visit.staff(), FindVariants { variant_ids }).await.unwrap_or_default()
}

fn row(level: &StockLevel, titles: &[SaleItem], form: &Form) -> StockRow {
    let item = titles.iter().find(|item| item.variant_id.to_string() == level.variant_id);
    let title = item.map(|item| {
        if item.options.is_empty() { item.title.clone() } else { format!("{}, {}", item.title, item.options) }
    });
    let sku = item.and_then(|item| item.sku.clone()).or_else(|| level.sku.clone());
    StockRow {
        href: format!("/admin/stock/{}", level.variant_id),
        sku: sku.unwrap_or_else(|| level.variant_id.clone()),
        title: title.unwrap_or_default(),
        status: status(level),
        on_hand: level.on_hand,
        reserved: level.reserved,
        allocated: level.allocated,
        available: level.available,
        incoming: level.incoming,
        safety_stock: level.safety_stock,
        tracked: level.track_inventory,
        key: new_key(),
        delta: Field::of(form, "delta"),
        reason: SelectField::new(REASONS, form.raw("reason")).checked(form, "reason"),
    }
}

fn status(level: &StockLevel) -> Status {
    match level.available {
        _ if !level.track_inventory => Status::new(Tone::Plain, "Not counted"),
        ..=0 if level.backorderable => Status::new(Tone::Info, "Ships when back"),
        available if available < 0 => Status::new(Tone::Bad, "Promised more than is there"),
        0 => Status::new(Tone::Bad, "Sold out"),
        _ if level.is_low => Status::new(Tone::Warn, "Low"),
        _ => Status::new(Tone::Ok, "In stock"),
    }
}

/// `GET /admin/stock/{variant}?kind=&cursor=`
///
/// # Errors
/// The variant was never stocked, or stock cannot be shown now.
pub async fn item(visit: Visit) -> Answer {
    answer(&visit, &Form::default(), StatusCode::OK).await
}

/// The page of a variant, with what was typed into one of its forms.
pub(super) async fn answer(visit: &Visit, form: &Form, status: StatusCode) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let (cursor, kind, variant_id) = (visit.query("cursor")?, visit.query("kind")?, variant.to_string());
    let find = FindStock { by_location: true, ..FindStock::of(vec![variant_id.clone()]) };
    let page = PageRequest { limit: 50, cursor: cursor.clone() };
    let of_kind = KINDS.iter().find(|(name, ..)| Some(*name) == kind.as_deref()).map(|(.., kind)| *kind);
    let list = ListMovements { variant_id: variant_id.clone(), location_id: None, kind: of_kind, page };
    let (staff, inventory) = (visit.staff(), visit.shop.inventory());
    let levels = async { inventory.stock_levels(&staff, find).await.map_err(unavailable) };
    let movements = async { inventory.movements(&staff, list).await.map_err(refused) };
    let titles = async { Ok(titles(visit, vec![variant]).await) };
    let (places, levels, movements, titles) = tokio::try_join!(locations(visit), levels, movements, titles)?;
    let level = levels.first().ok_or(Problem::NotFound)?;
    let kind = kind.unwrap_or_default();
    let at = |kind: &str, cursor: &str| {
        address(&format!("/admin/stock/{variant_id}"), &[("kind", kind), ("cursor", cursor)])
    };
    let tab = |text: &str, name: &str| Tab { text: text.to_owned(), href: at(name, ""), current: kind == name };
    let page = LedgerPage {
        shell: shell(visit, "stock", if form.is_valid() { "Stock" } else { "Error: Stock" }),
        problems: ProblemView::all(form),
        level: row(level, &titles, form),
        location: location_field(&places, form, "location"),
        note: Field::of(form, "note"),
        levels: places.iter().map(|place| level_row(place, level, form)).collect(),
        receive: ReceiveForm {
            key: new_key(),
            quantity: Field::of(form, "received"),
            reference: Field::of(form, "delivery"),
            location: location_field(&places, form, "received_at"),
        },
        transfer: (places.len() > 1).then(|| transfer_form(&places, form)),
        policy_key: new_key(),
        policy: SelectField::new(POLICIES, policy(level)),
        kinds: std::iter::once(tab("All", "")).chain(KINDS.iter().map(|(name, text, _)| tab(text, name))).collect(),
        rows: movements.items.iter().map(|movement| movement_row(movement, &places)).collect(),
        cursor: Cursor {
            first: cursor.map(|_| at(&kind, "")),
            next: movements.next_cursor.as_ref().map(|cursor| at(&kind, cursor)),
        },
    };
    visit.shop.pages().answer(status, "admin/ledger.html", &page)
}

fn policy(level: &StockLevel) -> &'static str {
    match (level.track_inventory, level.backorderable) {
        (false, _) => "uncounted",
        (true, true) => "backorder",
        (true, false) => "stop",
    }
}

fn transfer_form(places: &[StockLocation], form: &Form) -> TransferForm {
    let mut to = location_field(places, form, "to");
    if form.raw("to").is_empty() {
        // Not the one that the goods come from.
        let other = places.iter().find(|place| !place.is_default).map_or("", |place| place.id.as_str());
        to = SelectField::new(places.iter().map(|place| (place.id.as_str(), place.name.as_str())), other);
    }
    TransferForm {
        key: new_key(),
        quantity: Field::of(form, "moved"),
        from: location_field(places, form, "from"),
        to,
        reason: Field::of(form, "why"),
    }
}

fn level_row(place: &StockLocation, level: &StockLevel, form: &Form) -> LevelRow {
    let at = level.locations.iter().find(|at| at.location_id == place.id);
    let number = |of: fn(&LocationLevel) -> i64| at.map_or(0, of);
    let is_typed = form.raw("rules_location") == place.id;
    let field = |name: &str, of: fn(&LocationLevel) -> i64| {
        if is_typed { Field::of(form, name) } else { Field::new(at.map(of).map_or(String::new(), |n| n.to_string())) }
    };
    LevelRow {
        id: place.id.clone(),
        name: place.name.clone(),
        ships: place.ships,
        on_hand: number(|at| at.on_hand),
        reserved: number(|at| at.reserved),
        allocated: number(|at| at.allocated),
        available: number(|at| at.available),
        key: new_key(),
        incoming: field("incoming", |at| at.incoming),
        safety_stock: field("safety_stock", |at| at.safety_stock),
        low_stock_threshold: field("low_stock_threshold", |at| at.low_stock_threshold),
    }
}

fn movement_row(movement: &StockMovement, places: &[StockLocation]) -> MovementRow {
    let signed = |delta: i64| match delta {
        0 => String::new(),
        delta if delta < 0 => format!("−{}", delta.unsigned_abs()),
        delta => format!("+{delta}"),
    };
    let kind = KINDS.iter().find(|(.., kind)| *kind == movement.kind).map_or("Other", |(_, text, _)| *text);
    let place = places.iter().find(|place| place.id == movement.location_id).filter(|_| places.len() > 1);
    let order = movement.reference.as_ref().filter(|reference| reference.starts_with("ord_"));
    MovementRow {
        at: date_time(movement.created_at),
        kind: kind.to_owned(),
        on_hand: signed(movement.on_hand_delta),
        reserved: signed(movement.reserved_delta),
        allocated: signed(movement.allocated_delta),
        after: movement.on_hand_after,
        location: place.map(|place| place.name.clone()).unwrap_or_default(),
        reason: reason(movement),
        actor: actor(&movement.actor),
        reference: order.map(|order| Link::new("Order", format!("/admin/orders/{order}"))),
    }
}

/// Why, with the number of the delivery. Orders have a link, and carts have no page.
fn reason(movement: &StockMovement) -> String {
    let number = movement.reference.as_ref().filter(|of| !of.starts_with("ord_") && !of.starts_with("crt_"));
    number.map_or_else(|| movement.reason.clone(), |number| format!("{} {number}", movement.reason))
}
