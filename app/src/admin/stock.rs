//! Stock: what is there, why, and corrections with a reason.

use actix_web::http::StatusCode;
use catalog_api::{FindVariants, SaleItem, VariantId};
use inventory_api::{
    Adjust, FindStock, InventoryError, ListMovements, ListStock, MovementKind, StockLevel, StockMovement,
};
use kernel::{CallError, PageRequest};

use super::views::{
    Cursor, Field, LedgerPage, Link, MovementRow, Notice, Problem as ProblemView, SelectField, Status, StockPage,
    StockRow, Tab, Tone, actor, date_time,
};
use super::{key_of, new_key, shell};
use crate::web::{Answer, Form, Problem, Visit};

const REASONS: [(&str, &str); 5] = [
    ("count", "Counted"),
    ("damage", "Damaged"),
    ("return", "Came back"),
    ("correction", "Corrected"),
    ("found", "Found"),
];

fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Stock"),
        other => other,
    }
}

/// `GET /admin/stock?low=&cursor=`
///
/// # Errors
/// A parameter is wrong, or stock cannot be shown now.
pub async fn list(visit: Visit) -> Answer {
    let low_only = visit.query("low")?.is_some();
    let cursor = visit.query("cursor")?;
    let request = ListStock { low_only, page: PageRequest { limit: 50, cursor: cursor.clone() } };
    let found = match visit.shop.inventory().list_stock(&visit.staff(), request).await {
        Ok(found) => found,
        Err(CallError::Domain(error)) => return Err(Problem::BadRequest(error.to_string())),
        Err(error) => return Err(unavailable(error)),
    };
    let titles = titles(&visit, &found.items).await;
    let base = if low_only { "/admin/stock?low=1" } else { "/admin/stock" };
    let next = |cursor: &String| {
        let pair = serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default();
        format!("{base}{}{pair}", if low_only { "&" } else { "?" })
    };
    let tab = |text: &str, href: &str, current| Tab { text: text.to_owned(), href: href.to_owned(), current };
    let page = StockPage {
        shell: shell(&visit, "stock", "Stock"),
        tabs: vec![tab("All", "/admin/stock", !low_only), tab("Low or sold out", "/admin/stock?low=1", low_only)],
        rows: found.items.iter().map(|level| row(level, &titles, &Form::default())).collect(),
        cursor: Cursor { first: cursor.map(|_| base.to_owned()), next: found.next_cursor.as_ref().map(next) },
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/stock.html", &page)
}

/// What the variants are called; nothing when catalog does not answer.
async fn titles(visit: &Visit, levels: &[StockLevel]) -> Vec<SaleItem> {
    let variant_ids: Vec<VariantId> = levels.iter().filter_map(|level| level.variant_id.parse().ok()).collect();
    visit.shop.catalog().variants(&visit.staff(), FindVariants { variant_ids }).await.unwrap_or_default()
}

fn row(level: &StockLevel, titles: &[SaleItem], form: &Form) -> StockRow {
    let item = titles.iter().find(|item| item.variant_id.to_string() == level.variant_id);
    let title = item.map(|item| {
        if item.options.is_empty() { item.title.clone() } else { format!("{}, {}", item.title, item.options) }
    });
    let sku = item.and_then(|item| item.sku.clone()).or_else(|| level.sku.clone());
    let mut reason = SelectField::new(REASONS, form.raw("reason"));
    reason.error = form.problem_of("reason").unwrap_or_default().to_owned();
    StockRow {
        href: format!("/admin/stock/{}", level.variant_id),
        sku: sku.unwrap_or_else(|| level.variant_id.clone()),
        title: title.unwrap_or_default(),
        status: status(level),
        on_hand: level.on_hand,
        reserved: level.reserved,
        allocated: level.allocated,
        available: level.available,
        tracked: level.track_inventory,
        key: new_key(),
        delta: Field::of(form, "delta"),
        reason,
    }
}

fn status(level: &StockLevel) -> Status {
    match level.available {
        _ if !level.track_inventory => Status::new(Tone::Plain, "Not counted"),
        available if available < 0 => Status::new(Tone::Bad, "Promised more than is there"),
        0 if level.backorderable => Status::new(Tone::Info, "Sold on order"),
        0 => Status::new(Tone::Bad, "Sold out"),
        available if available <= level.low_stock_threshold => Status::new(Tone::Warn, "Low"),
        _ => Status::new(Tone::Ok, "In stock"),
    }
}

/// `GET /admin/stock/{variant}?cursor=`
///
/// # Errors
/// The variant was never stocked, or stock cannot be shown now.
pub async fn ledger(visit: Visit) -> Answer {
    answer(&visit, &Form::default(), StatusCode::OK).await
}

async fn answer(visit: &Visit, form: &Form, status: StatusCode) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let (cursor, variant_id) = (visit.query("cursor")?, variant.to_string());
    let find = FindStock { variant_ids: vec![variant_id.clone()] };
    let levels = visit.shop.inventory().stock_levels(&visit.staff(), find).await.map_err(unavailable)?;
    let level = levels.first().ok_or(Problem::NotFound)?;
    let page = PageRequest { limit: 50, cursor: cursor.clone() };
    let list = ListMovements { variant_id: variant_id.clone(), page };
    let movements = match visit.shop.inventory().movements(&visit.staff(), list).await {
        Ok(movements) => movements,
        Err(CallError::Domain(error)) => return Err(Problem::BadRequest(error.to_string())),
        Err(error) => return Err(unavailable(error)),
    };
    let titles = titles(visit, &levels).await;
    let base = format!("/admin/stock/{variant_id}");
    let next =
        |cursor: &String| format!("{base}?{}", serde_urlencoded::to_string([("cursor", cursor)]).unwrap_or_default());
    let next = movements.next_cursor.as_ref().map(next);
    let page = LedgerPage {
        shell: shell(visit, "stock", if form.is_valid() { "Ledger" } else { "Error: Ledger" }),
        problems: ProblemView::all(form),
        level: row(level, &titles, form),
        rows: movements.items.iter().map(movement_row).collect(),
        cursor: Cursor { first: cursor.map(|_| base.clone()), next },
    };
    visit.shop.pages().answer(status, "admin/ledger.html", &page)
}

fn movement_row(movement: &StockMovement) -> MovementRow {
    let signed = |delta: i64| match delta {
        0 => String::new(),
        delta if delta < 0 => format!("−{}", delta.unsigned_abs()),
        delta => format!("+{delta}"),
    };
    let kind = match movement.kind {
        MovementKind::Received => "Received",
        MovementKind::Reserved => "Reserved",
        MovementKind::Allocated => "Allocated",
        MovementKind::Released => "Released",
        MovementKind::Shipped => "Shipped",
        MovementKind::Returned => "Returned",
        MovementKind::Adjusted => "Adjusted",
        _ => "Other",
    };
    let reference = movement.reference.as_ref().map(|reference| match reference.starts_with("ord_") {
        true => Link::new("Order", format!("/admin/orders/{reference}")),
        false => Link::new(reference, "/admin/import"),
    });
    MovementRow {
        at: date_time(movement.created_at),
        kind: kind.to_owned(),
        on_hand: signed(movement.on_hand_delta),
        reserved: signed(movement.reserved_delta),
        allocated: signed(movement.allocated_delta),
        after: movement.on_hand_after,
        reason: movement.reason.clone(),
        actor: actor(&movement.actor),
        reference,
    }
}

/// `POST /admin/stock/{variant}/adjust`
///
/// # Errors
/// The form has other fields, or stock cannot be changed now.
pub async fn adjust(visit: Visit) -> Answer {
    let variant: VariantId = visit.path("variant")?;
    let mut form = visit.form(&["key", "delta", "reason"])?;
    let typed = form.text("delta").map(|text| text.replace('−', "-").trim_start_matches('+').to_owned());
    let delta = typed.and_then(|text| text.parse::<i64>().ok()).filter(|delta| *delta != 0 && delta.abs() <= 1_000_000);
    if delta.is_none() {
        form.problem("delta", "Enter how many came or went, such as 5 or -2");
    }
    let reason = REASONS.iter().find(|(code, _)| *code == form.raw("reason")).map(|(code, _)| (*code).to_owned());
    if reason.is_none() {
        form.problem("reason", "Choose a reason");
    }
    if let (Some(delta), Some(reason)) = (delta, reason) {
        let request = Adjust { key: key_of(&form)?, variant_id: variant.to_string(), delta, reason };
        match visit.shop.inventory().adjust(&visit.staff(), request).await {
            Ok(level) => {
                let notice = Notice::new(
                    Tone::Ok,
                    "Stock was adjusted",
                    format!("{} on hand, {} available.", level.on_hand, level.available),
                );
                return Ok(visit.see_other_saying(format!("/admin/stock/{variant}"), &notice));
            }
            Err(CallError::Domain(InventoryError::NotFound)) => return Err(Problem::NotFound),
            Err(CallError::Domain(InventoryError::Invalid { field, problem })) => form.problem(&field, problem),
            Err(CallError::Domain(error)) => form.problem("delta", error.to_string()),
            Err(error) => return Err(unavailable(error)),
        }
    }
    answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await
}
