//! Search.

use catalog_api::ProductQuery;

use super::views::{Pagination, SearchPage, counted};
use super::{PER_PAGE, goods_unavailable, shell, suggestions, tiles};
use crate::routes::PublicPage;
use crate::web::cache::Shows;
use crate::web::{Problem, Visit};

/// More is cut, and the page says so.
const MAX_CHARACTERS: usize = 120;

/// `GET /search?q=&page=`
///
/// # Errors
/// There is no such page of results, or the goods cannot be searched now.
pub async fn render(visit: Visit) -> Result<PublicPage, Problem> {
    let typed = visit.query("q")?.unwrap_or_default();
    let words: String = typed.trim().chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect();
    let page = visit.page_number()?;
    let mut shell = shell(&visit, "Search", None).await;
    shell.noindex = true;
    shell.query.clone_from(&words);

    let mut found = None;
    if !words.is_empty() {
        let query = ProductQuery { search: Some(words.clone()), page, limit: PER_PAGE, ..ProductQuery::default() };
        let list = visit.shop.catalog().products(&visit.anonymous(), query).await.map_err(goods_unavailable)?;
        if let ([only], 1) = (list.items.as_slice(), page)
            && is_sku_of(&visit, only, &words).await
        {
            return Ok(PublicPage::Moved(format!("/p/{}", only.slug)));
        }
        found = Some(list);
    }
    let found = found.unwrap_or_else(|| catalog_api::ProductList { items: Vec::new(), total: 0, category: None });
    if page > Pagination::last_page(found.total, PER_PAGE) {
        return Err(Problem::NotFound);
    }
    let (items, mut shows) = tiles(&visit, &found.items).await;
    shows.push(Shows::Products);
    let encoded = serde_urlencoded::to_string([("q", &words)]).unwrap_or_default();
    let page = SearchPage {
        cut: typed.trim().chars().count() > MAX_CHARACTERS,
        total: found.total,
        summary: counted(found.total, "product matches", "products match"),
        suggestions: if items.is_empty() { suggestions(&visit).await } else { Vec::new() },
        pagination: Pagination::new(found.total, page, PER_PAGE, |number| format!("/search?{encoded}&page={number}")),
        items,
        shell,
    };
    Ok(PublicPage::Found { html: visit.shop.pages().render("storefront/search.html", &page)?, shows })
}

/// Who types a SKU wants that very thing.
async fn is_sku_of(visit: &Visit, card: &catalog_api::ProductCard, words: &str) -> bool {
    let find = catalog_api::FindVariants { variant_ids: card.variant_ids.clone() };
    let items = visit.shop.catalog().variants(&visit.anonymous(), find).await.unwrap_or_default();
    items.iter().any(|item| item.sku.as_deref().is_some_and(|sku| sku.eq_ignore_ascii_case(words)))
}
