//! The search index: FTS5 on SQLite, `tsvector` with GIN on PostgreSQL. Both are given words, never text, so that they
//! agree on what a word is, and so that no character of a search has a meaning in their languages.

use std::collections::HashSet;

use catalog_api::{Product, ProductSort};
use diesel::prelude::*;
use diesel::sql_types::{Array, Text};
use kernel::db::{AnyConnection, MultiBackend};

use super::kept::Kept;
use crate::list::Listing;
use crate::sanitize::text_of;
use crate::schema::{products, variants};
use crate::words::words_of;

/// More matches are neither sorted nor counted: nobody reads them, and they would make a search for a common word slow.
const MAX_MATCHES: usize = 1_000;
/// Together far below the one MiB that a `tsvector` can hold.
const MAX_CODES: usize = 4_000;
const MAX_ABOUT: usize = 1_000;
const MAX_BODY: usize = 2_000;

/// The id of the product that has exactly this SKU, when it belongs on the list.
pub(crate) fn product_with_sku(conn: &mut AnyConnection, sku: &str, listing: &Listing) -> QueryResult<Option<String>> {
    let owner = variants::table.inner_join(products::table).filter(variants::sku.eq(sku)).select(products::id);
    let mut query = owner.into_boxed::<MultiBackend>();
    if let Some(category) = &listing.category {
        query = query.filter(products::category_slug.eq(category));
    }
    if let Some(status) = listing.status {
        query = query.filter(products::status.eq(status.as_str()));
    }
    query.first(conn).optional()
}

/// The ids of the products of a list in which all of `terms` are found, in order, at most 1,000.
pub(crate) fn products_matching(
    conn: &mut AnyConnection,
    terms: &[String],
    listing: &Listing,
) -> QueryResult<Vec<String>> {
    let (mut filters, mut values) = (String::new(), Vec::new());
    if let Some(status) = listing.status {
        filters.push_str(" AND p.status = ?");
        values.push(status.as_str());
    }
    if let Some(category) = &listing.category {
        filters.push_str(" AND p.category_slug = ?");
        values.push(category);
    }
    let by_title = if listing.sort == ProductSort::Recommended { title_patterns(terms) } else { Vec::new() };
    values.extend(by_title.iter().map(String::as_str));
    match conn {
        AnyConnection::Postgres(conn) => {
            let query = postgres_query(terms);
            values.insert(0, &query);
            let sql = format!("{POSTGRES_MATCHES}{filters} LIMIT {MAX_MATCHES}");
            Kept::<Text>::new(&ordered(&sql, "strpos", listing.sort, by_title.len()), &values).load(conn)
        }
        AnyConnection::Sqlite(conn) => {
            let query = sqlite_query(terms);
            values.insert(0, &query);
            // The newest of too many, which costs nothing: the index is in this order.
            let sql = format!("{SQLITE_MATCHES}{filters} ORDER BY s.rowid DESC LIMIT {MAX_MATCHES}");
            Kept::<Text>::new(&ordered(&sql, "instr", listing.sort, by_title.len()), &values).load(conn)
        }
    }
}

const POSTGRES_MATCHES: &str = "SELECT p.product_id AS id, p.price_from_minor AS price, p.title_key AS title \
     FROM product_search AS p WHERE p.document @@ CAST(? AS tsquery)";

/// CROSS keeps the search index first.
const SQLITE_MATCHES: &str = "SELECT p.id AS id, p.price_from_minor AS price, p.title_key AS title \
     FROM product_search AS s CROSS JOIN products AS p ON p.number = s.rowid WHERE s.product_search MATCH ?";

/// The best match has the most of the words in its name, and the shortest name; then the newest. `find` gives the place
/// of a text in another.
fn ordered(matches: &str, find: &str, sort: ProductSort, patterns: usize) -> String {
    let order = match sort {
        ProductSort::Recommended => {
            let in_title = format!("CASE WHEN {find}(' ' || title || ' ', ?) > 0 THEN 1 ELSE 0 END");
            let hits = vec![in_title; patterns].join(" + ");
            format!("{hits} DESC, length(title), id DESC")
        }
        ProductSort::Newest => "id DESC".to_owned(),
        ProductSort::PriceAscending => "price, id".to_owned(),
        ProductSort::PriceDescending => "price DESC, id DESC".to_owned(),
        ProductSort::Title => "title, id".to_owned(),
    };
    format!("SELECT id FROM ({matches}) AS matches ORDER BY {order}")
}

/// What is looked for in the words of a name with a space around each.
fn title_patterns(terms: &[String]) -> Vec<String> {
    let mut patterns: Vec<String> = terms.iter().map(|term| format!(" {term} ")).collect();
    if let Some(last) = patterns.last_mut().filter(|_| ends_in_a_beginning(terms)) {
        last.pop();
    }
    patterns
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

/// All words that a product can be found by.
fn words_of_product(product: &Product) -> String {
    let codes = product.variants.iter().flat_map(|variant| variant.sku.iter().chain(&variant.barcode));
    let values = product.options.iter().flat_map(|option| &option.values);
    let category = product.category.as_ref().map(|category| &category.name);
    let about = product.vendor.iter().chain(category).chain(&product.tags).chain(values);
    let body = text_of(&product.description_html);
    let parts = [
        words_of(&product.title),
        different(codes, MAX_CODES),
        different(about, MAX_ABOUT),
        different(std::iter::once(&body), MAX_BODY),
    ];
    parts.concat().join(" ")
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
    let words: Vec<String> = products.iter().map(|product| words_of_product(product)).collect();
    diesel::sql_query(
        "INSERT INTO product_search (product_id, status, category_slug, price_from_minor, title_key, document) \
         SELECT p.id, p.status, p.category_slug, p.price_from_minor, p.title_key, \
                array_to_tsvector(string_to_array(new.words, ' ')) \
         FROM unnest($1, $2) AS new (id, words) JOIN products AS p ON p.id = new.id \
         ON CONFLICT (product_id) DO UPDATE SET status = excluded.status, category_slug = excluded.category_slug, \
             price_from_minor = excluded.price_from_minor, title_key = excluded.title_key, \
             document = excluded.document",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<Array<Text>, _>(words)
    .execute(conn)?;
    Ok(())
}

fn search_replace_sqlite(conn: &mut SqliteConnection, product: &Product) -> QueryResult<()> {
    let id = product.id.to_string();
    if product.version > 1 {
        let sql = "DELETE FROM product_search WHERE rowid = (SELECT number FROM products WHERE id = ?)";
        Kept::<Text>::new(sql, &[&id]).execute(conn)?;
    }
    let sql = "INSERT INTO product_search (rowid, words) SELECT number, ? FROM products WHERE id = ?";
    Kept::<Text>::new(sql, &[&words_of_product(product), &id]).execute(conn)?;
    Ok(())
}
