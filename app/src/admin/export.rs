//! Exporting goods: the page, and the file that can be imported again.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::shell;
use super::views::ExportPage;
use crate::imports::export;
use crate::web::{Answer, Problem, Visit};

/// `GET /admin/export`
///
/// # Errors
/// The page cannot be rendered.
pub async fn show(visit: Visit) -> Answer {
    let page = ExportPage { shell: shell(&visit, "products", "Export"), href: "/admin/export/products.csv".to_owned() };
    visit.shop.pages().answer(StatusCode::OK, "admin/export.html", &page)
}

/// `GET /admin/export/products.csv`
///
/// # Errors
/// Products or stock cannot be read now.
pub async fn products(visit: Visit) -> Answer {
    let (catalog, inventory) = (visit.shop.catalog(), visit.shop.inventory());
    let mut content = Vec::new();
    let written = export(catalog, inventory, &visit.staff(), &mut content, |_| {}).await;
    let report = written.map_err(|error| {
        tracing::warn!(%error, "products could not be exported");
        Problem::Unavailable("The export")
    })?;
    tracing::info!(actor = visit.staff().principal.actor(), report.products, "products exported");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"products.csv\""))
        .body(content))
}
