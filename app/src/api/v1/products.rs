//! `GET /api/v1/store/products` and one of them.

use actix_web::HttpResponse;
use catalog_api::{FindProduct, ProductQuery, ProductSort};

use crate::web::{Answer, Problem, Visit};

const PARAMETERS: [&str; 5] = ["category", "q", "sort", "page", "limit"];

/// A page of products that are for sale.
///
/// # Errors
/// A parameter is unknown or wrong.
pub async fn list(visit: Visit) -> Answer {
    let known: Vec<(String, String)> = serde_urlencoded::from_str(visit.request.query_string())
        .map_err(|_| Problem::BadRequest("The query cannot be read".to_owned()))?;
    if let Some((unknown, _)) = known.iter().find(|(name, _)| !PARAMETERS.contains(&name.as_str())) {
        return Err(Problem::BadRequest(format!(
            "{unknown}: there is no such parameter; known are {}",
            PARAMETERS.join(", ")
        )));
    }
    let sort = match visit.query("sort")?.as_deref() {
        None => ProductSort::Recommended,
        Some("newest") => ProductSort::Newest,
        Some("price") => ProductSort::PriceAscending,
        Some("-price") => ProductSort::PriceDescending,
        Some("title") => ProductSort::Title,
        Some(other) => {
            return Err(Problem::BadRequest(format!("sort: {other:?}: write newest, price, -price or title")));
        }
    };
    let limit = visit.query_as::<u32>("limit")?.unwrap_or(25);
    let query = ProductQuery {
        category: visit.query("category")?,
        search: visit.query("q")?,
        status: None,
        sort,
        page: visit.page_number()?,
        limit: limit.clamp(1, 100),
    };
    let found = visit.shop.catalog().products(&visit.anonymous(), query).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "items": found.items, "total": found.total })))
}

/// One product by its slug.
///
/// # Errors
/// There is none for sale.
pub async fn show(visit: Visit) -> Answer {
    let slug: String = visit.path("slug")?;
    let product = visit.shop.catalog().product(&visit.anonymous(), FindProduct::Slug(slug)).await?;
    Ok(HttpResponse::Ok().json(product.ok_or(Problem::NotFound)?))
}
