//! A category.

use catalog_api::{ProductQuery, ProductSort};

use super::views::{Link, ListingPage, Pagination, SelectField, counted};
use super::{PER_PAGE, goods_unavailable, shell, tiles};
use crate::routes::PublicPage;
use crate::web::{Problem, Visit};

/// The orders a shopper can choose: as in the address, as in the field, and as in the summary.
const SORTS: [(&str, &str, &str, ProductSort); 5] = [
    ("recommended", "Recommended", "recommended first", ProductSort::Recommended),
    ("newest", "Newest", "newest first", ProductSort::Newest),
    ("price", "Price, low to high", "cheapest first", ProductSort::PriceAscending),
    ("-price", "Price, high to low", "dearest first", ProductSort::PriceDescending),
    ("title", "Name", "by name", ProductSort::Title),
];

/// `GET /c/{slug}?sort=&page=`
///
/// # Errors
/// There is no such category or page of it, or the goods cannot be shown now.
pub async fn render(visit: Visit) -> Result<PublicPage, Problem> {
    let slug: String = visit.path("slug")?;
    let page = visit.page_number()?;
    let wanted = visit.query("sort")?.unwrap_or_else(|| "recommended".to_owned());
    let known = || SORTS.map(|(name, ..)| name).join(", ");
    let (sort_name, _, sort_words, sort) = SORTS
        .into_iter()
        .find(|(name, ..)| *name == wanted)
        .ok_or_else(|| Problem::BadRequest(format!("sort: {wanted:?} is not possible here; it can be {}", known())))?;

    let query = ProductQuery { category: Some(slug.clone()), sort, page, limit: PER_PAGE, ..ProductQuery::default() };
    let found = visit.shop.catalog().products(&visit.anonymous(), query).await.map_err(goods_unavailable)?;
    let category = found.category.ok_or(Problem::NotFound)?;
    if page > Pagination::last_page(found.total, PER_PAGE) {
        return Err(Problem::NotFound);
    }
    let (items, shows) = tiles(&visit, &found.items).await;
    let href = |number: u32| match (sort_name, number) {
        ("recommended", 1) => format!("/c/{slug}"),
        ("recommended", _) => format!("/c/{slug}?page={number}"),
        (_, 1) => format!("/c/{slug}?sort={sort_name}"),
        _ => format!("/c/{slug}?sort={sort_name}&page={number}"),
    };
    let mut shell = shell(&visit, &category.name, Some(&slug)).await;
    shell.noindex = sort_name != "recommended";
    if page > 1 {
        shell.canonical = format!("{}?page={page}", shell.canonical);
    }
    let page = ListingPage {
        breadcrumb: vec![Link::new("Home", "/")],
        heading: category.name,
        total: found.total,
        summary: format!("{}, {sort_words}", counted(found.total, "product", "products")),
        sort: SelectField::new(SORTS.map(|(name, label, ..)| (name, label)), sort_name),
        items,
        pagination: Pagination::new(found.total, page, PER_PAGE, href),
        shell,
    };
    Ok(PublicPage::Found { html: visit.shop.pages().render("storefront/listing.html", &page)?, shows })
}
