//! Lists of products: of a category, matching a search, or all.

use catalog_api::{
    CatalogError, CategoryRef, ListAllProducts, Product, ProductId, ProductList, ProductQuery, ProductSort,
    ProductStatus,
};
use kernel::db::{AnyConnection, Db};
use kernel::{CallError, Page, Principal};

use crate::{Answer, store, words};

const MAX_LIMIT: u32 = 100;
const MAX_SEARCH_CHARACTERS: usize = 200;
/// So that a part of all products stays far below what one answer between processes may hold.
const BYTES_AT_ONCE: usize = 3 * 1024 * 1024;
const BYTES_OF_A_VARIANT: usize = 400;

/// Which products, in which order, and which part of them.
pub(crate) struct Listing {
    pub(crate) category: Option<String>,
    pub(crate) status: Option<ProductStatus>,
    pub(crate) sort: ProductSort,
    pub(crate) offset: i64,
    pub(crate) limit: i64,
}

/// What is searched for.
pub(crate) struct Search {
    /// Each must be found; the last may be the beginning of a word.
    pub(crate) terms: Vec<String>,
    /// The whole text, when it could be a SKU.
    pub(crate) sku: Option<String>,
}

pub(crate) async fn products(db: &Db, principal: &Principal, query: ProductQuery) -> Answer<ProductList> {
    let search = query.search.as_deref().map(search_of).transpose()?.flatten();
    let listing = listing_of(principal, query)?;
    match search {
        Some(search) => db.read_long(move |conn| found(conn, &search, &listing)).await,
        None => db.read(move |conn| listed(conn, &listing)).await,
    }
}

/// Whole products by their age, along the primary key.
pub(crate) async fn all_products(db: &Db, principal: &Principal, request: ListAllProducts) -> Answer<Page<Product>> {
    let after = request.page.cursor.as_deref().map(str::parse).transpose();
    let after: Option<ProductId> = after.map_err(|_| CallError::bad_request("cursor: not one of this list"))?;
    let status = (!principal.acts_for_the_shop()).then_some(ProductStatus::Active);
    let limit = request.page.capped_limit();
    let products: Vec<Product> =
        db.read_long(move |conn| Ok(store::products_after(conn, after, status, limit + 1)?)).await?;
    let limit = limit.min(as_many_as_fit(&products));
    Ok(Page::from_one_too_many(products, limit, |product| product.id.to_string()))
}

/// One at least, however long it is.
fn as_many_as_fit(products: &[Product]) -> i64 {
    let size = |product: &Product| product.description_html.len() + product.variants.len() * BYTES_OF_A_VARIANT;
    let sizes = products.iter().scan(0, |all, product| {
        *all += size(product);
        Some(*all)
    });
    let fit = sizes.take_while(|all| *all <= BYTES_AT_ONCE).count().max(1);
    i64::try_from(fit).unwrap_or(i64::MAX)
}

/// Drafts and what is no longer sold are for the shop's own eyes.
fn listing_of(principal: &Principal, query: ProductQuery) -> Result<Listing, CatalogError> {
    if query.page == 0 {
        return Err(CatalogError::invalid("page", "write 1 for the first page"));
    }
    if !(1..=MAX_LIMIT).contains(&query.limit) {
        return Err(CatalogError::invalid("limit", "write a number from 1 to 100"));
    }
    let status = if principal.acts_for_the_shop() { query.status } else { Some(ProductStatus::Active) };
    let limit = i64::from(query.limit);
    let offset = i64::from(query.page - 1) * limit;
    Ok(Listing { category: query.category, status, sort: query.sort, offset, limit })
}

/// `None` when there is nothing to search for. Characters that are in no word have no meaning of their own.
fn search_of(text: &str) -> Result<Option<Search>, CatalogError> {
    let text = text.trim();
    if text.chars().count() > MAX_SEARCH_CHARACTERS {
        return Err(CatalogError::invalid("search", "write at most 200 characters"));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let sku = text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| text.to_owned());
    Ok(Some(Search { terms: words::search_terms(text), sku }))
}

fn listed(conn: &mut AnyConnection, listing: &Listing) -> Answer<ProductList> {
    let (category, total) = match &listing.category {
        None => (None, store::counts_of_all(conn, listing.status)?),
        Some(slug) => match category_with_count(conn, slug, listing.status)? {
            None => return Ok(ProductList { items: Vec::new(), total: 0, category: None }),
            Some((category, total)) => (Some(category), total),
        },
    };
    let items = if listing.offset < total { store::cards_listed(conn, listing)? } else { Vec::new() };
    Ok(ProductList { items, total, category })
}

fn category_with_count(
    conn: &mut AnyConnection,
    slug: &str,
    status: Option<ProductStatus>,
) -> Answer<Option<(CategoryRef, i64)>> {
    if !words::is_slug(slug) {
        return Ok(None);
    }
    Ok(store::category_with_count(conn, slug, status)?)
}

fn found(conn: &mut AnyConnection, search: &Search, listing: &Listing) -> Answer<ProductList> {
    let category = match &listing.category {
        None => None,
        Some(slug) => category_with_count(conn, slug, listing.status)?.map(|(category, _)| category),
    };
    if listing.category.is_some() && category.is_none() {
        return Ok(ProductList { items: Vec::new(), total: 0, category });
    }
    let ids = matching(conn, search, listing)?;
    let total = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let from = usize::try_from(listing.offset).unwrap_or(usize::MAX);
    let count = usize::try_from(listing.limit).unwrap_or(0);
    let page: Vec<&str> = ids.iter().skip(from).take(count).map(String::as_str).collect();
    let items = if page.is_empty() { Vec::new() } else { store::cards_by_ids(conn, &page)? };
    Ok(ProductList { items, total, category })
}

/// The ids of what matches, in order. The product whose SKU was typed comes first.
fn matching(conn: &mut AnyConnection, search: &Search, listing: &Listing) -> Answer<Vec<String>> {
    let mut ids =
        if search.terms.is_empty() { Vec::new() } else { store::products_matching(conn, &search.terms, listing)? };
    if let (ProductSort::Recommended, Some(sku)) = (listing.sort, &search.sku)
        && let Some(exact) = store::product_with_sku(conn, sku, listing)?
    {
        ids.retain(|id| *id != exact);
        ids.insert(0, exact);
    }
    Ok(ids)
}
