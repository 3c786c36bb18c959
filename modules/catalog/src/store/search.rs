//! The search index: FTS5 on SQLite, `tsvector` with GIN on PostgreSQL. Both are given words, never text, so that they
//! agree on what a word is, and so that no character of a search has a meaning in their languages.

use std::collections::HashSet;

use catalog_api::{Product, ProductId, ProductSort};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use kernel::db::{AnyConnection, MultiBackend};

use super::kept::Kept;
use super::parsed;
use crate::list::Listing;
use crate::sanitize::text_of;
use crate::schema::{products, variants};
use crate::words::words_of;

/// More matches are neither ranked nor counted: nobody reads them, and they would make a search for a common word slow.
const MAX_MATCHES: usize = 1_000;
/// Together far below the one MiB that a `tsvector` can hold.
const MAX_CODES: usize = 4_000;
const MAX_TAGS: usize = 1_000;
const MAX_BODY: usize = 2_000;

/// The product that has exactly this SKU, when it belongs on the list.
pub(crate) fn product_with_sku(
    conn: &mut AnyConnection,
    sku: &str,
    listing: &Listing,
) -> QueryResult<Option<ProductId>> {
    let owner = variants::table.inner_join(products::table).filter(variants::sku.eq(sku)).select(products::id);
    let mut query = owner.into_boxed::<MultiBackend>();
    if let Some(category) = &listing.category {
        query = query.filter(products::category_slug.eq(category));
    }
    if let Some(status) = listing.status {
        query = query.filter(products::status.eq(status.as_str()));
    }
    let id: Option<String> = query.first(conn).optional()?;
    id.as_deref().map(parsed).transpose()
}

/// The products of a list in which all of `terms` are found, in order, at most 1,000.
pub(crate) fn products_matching(
    conn: &mut AnyConnection,
    terms: &[String],
    listing: &Listing,
) -> QueryResult<Vec<ProductId>> {
    let (mut filters, mut values) = (String::new(), Vec::new());
    if let Some(status) = listing.status {
        filters.push_str(" AND p.status = ?");
        values.push(status.as_str());
    }
    if let Some(category) = &listing.category {
        filters.push_str(" AND p.category_slug = ?");
        values.push(category);
    }
    let ids: Vec<String> = match conn {
        AnyConnection::Postgres(conn) => {
            let query = postgres_query(terms);
            let sql = postgres_statement(&filters, listing.sort);
            values.insert(0, &query);
            values.insert(0, &query);
            Kept::<Text>::new(&sql, &values).load(conn)?
        }
        AnyConnection::Sqlite(conn) => {
            let query = sqlite_query(terms);
            let sql = sqlite_statement(&filters, listing.sort);
            values.insert(0, &query);
            Kept::<Text>::new(&sql, &values).load(conn)?
        }
    };
    ids.iter().map(|id| parsed(id)).collect()
}

/// The outer query orders what the inner one finds.
fn order(sort: ProductSort) -> &'static str {
    match sort {
        ProductSort::Recommended => "score, id DESC",
        ProductSort::Newest => "id DESC",
        ProductSort::PriceAscending => "price, id",
        ProductSort::PriceDescending => "price DESC, id DESC",
        ProductSort::Title => "title, id",
    }
}

fn sqlite_statement(filters: &str, sort: ProductSort) -> String {
    let score = if sort == ProductSort::Recommended { "product_search.rank" } else { "0" };
    // CROSS keeps the index first; rows come newest first.
    format!(
        "SELECT id FROM (SELECT p.id AS id, p.price_from_minor AS price, p.title_key AS title, {score} AS score \
         FROM product_search CROSS JOIN products AS p ON p.number = product_search.rowid \
         WHERE product_search MATCH ?{filters} ORDER BY product_search.rowid DESC LIMIT {MAX_MATCHES}) \
         ORDER BY {}",
        order(sort)
    )
}

fn postgres_statement(filters: &str, sort: ProductSort) -> String {
    // The better the match, the smaller the score, as on SQLite.
    format!(
        "SELECT id FROM (SELECT p.id AS id, p.price_from_minor AS price, p.title_key AS title, \
         -ts_rank(s.document, CAST(? AS tsquery)) AS score \
         FROM product_search AS s JOIN products AS p ON p.id = s.product_id \
         WHERE s.document @@ CAST(? AS tsquery){filters} LIMIT {MAX_MATCHES}) AS matches ORDER BY {}",
        order(sort)
    )
}

/// `"oak" AND "boa"*`
fn sqlite_query(terms: &[String]) -> String {
    let quoted: Vec<String> = terms.iter().map(|term| format!("\"{term}\"")).collect();
    quoted.join(" AND ") + if ends_in_a_beginning(terms) { "*" } else { "" }
}

/// `oak & boa:*`
fn postgres_query(terms: &[String]) -> String {
    terms.join(" & ") + if ends_in_a_beginning(terms) { ":*" } else { "" }
}

/// The last word may be unfinished. A single letter begins too many.
fn ends_in_a_beginning(terms: &[String]) -> bool {
    terms.last().is_some_and(|term| term.chars().nth(1).is_some())
}

/// What a product can be found by.
struct Document {
    title: Vec<String>,
    codes: Vec<String>,
    tags: Vec<String>,
    maker: Vec<String>,
    body: Vec<String>,
}

impl Document {
    fn of(product: &Product) -> Self {
        let codes = product.variants.iter().flat_map(|variant| variant.sku.iter().chain(&variant.barcode));
        let values = product.options.iter().flat_map(|option| &option.values);
        let category = product.category.as_ref().map(|category| &category.name);
        let mut body = words_of(&text_of(&product.description_html));
        body.truncate(MAX_BODY);
        Self {
            title: words_of(&product.title),
            codes: different(codes, MAX_CODES),
            tags: different(product.tags.iter().chain(values), MAX_TAGS),
            maker: different(product.vendor.iter().chain(category), MAX_TAGS),
            body,
        }
    }

    /// `oak:1A board:2A …`
    fn as_tsvector(&self) -> String {
        let parts = [(&self.title, 'A'), (&self.codes, 'B'), (&self.tags, 'B'), (&self.maker, 'C'), (&self.body, 'D')];
        let words = parts.into_iter().flat_map(|(words, weight)| words.iter().map(move |word| (word, weight)));
        let lexemes = words.zip(1..).map(|((word, weight), place)| format!("{word}:{place}{weight}"));
        lexemes.collect::<Vec<_>>().join(" ")
    }
}

/// The words of all `texts`, each once.
fn different<'a>(texts: impl Iterator<Item = &'a String>, most: usize) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.flat_map(|text| words_of(text)).filter(|word| seen.insert(word.clone())).take(most).collect()
}

/// Makes these products findable as they are now.
pub(crate) fn search_replace(conn: &mut AnyConnection, products: &[&Product]) -> QueryResult<()> {
    match conn {
        AnyConnection::Postgres(conn) => search_replace_postgres(conn, products),
        AnyConnection::Sqlite(conn) => products.iter().try_for_each(|product| search_replace_sqlite(conn, product)),
    }
}

fn search_replace_postgres(conn: &mut PgConnection, products: &[&Product]) -> QueryResult<()> {
    let ids: Vec<String> = products.iter().map(|product| product.id.to_string()).collect();
    let documents: Vec<String> = products.iter().map(|product| Document::of(product).as_tsvector()).collect();
    diesel::sql_query(
        "INSERT INTO product_search (product_id, document) \
         SELECT id, CAST(document AS tsvector) FROM unnest($1, $2) AS new (id, document) \
         ON CONFLICT (product_id) DO UPDATE SET document = excluded.document",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(documents)
    .execute(conn)?;
    Ok(())
}

fn search_replace_sqlite(conn: &mut SqliteConnection, product: &Product) -> QueryResult<()> {
    let id = product.id.to_string();
    if product.version > 1 {
        let sql = "DELETE FROM product_search WHERE rowid = (SELECT number FROM products WHERE id = ?)";
        Kept::<Text>::new(sql, &[&id]).execute(conn)?;
    }
    let Document { title, codes, tags, maker, body } = Document::of(product);
    let [title, codes, tags, maker, body] = [title, codes, tags, maker, body].map(|words| words.join(" "));
    let sql = "INSERT INTO product_search (rowid, title, codes, tags, maker, body) \
               SELECT number, ?, ?, ?, ?, ? FROM products WHERE id = ?";
    Kept::<Text>::new(sql, &[&title, &codes, &tags, &maker, &body, &id]).execute(conn)?;
    Ok(())
}
