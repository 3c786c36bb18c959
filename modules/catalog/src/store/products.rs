//! Products: cards for lists, whole ones for pages and changes.

use std::collections::HashMap;

use catalog_api::{CategoryRef, Product, ProductCard, ProductId, ProductSort, ProductStatus, ProductVariant};
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Nullable, Text};
use kernel::db::{AnyConnection, MultiBackend, on_either, one_of};
use kernel::{Money, Timestamp};

use super::variants::variants_of_products;
use super::{ROWS, corrupt, from_json, parsed, to_json};
use crate::list::Listing;
use crate::schema::products;
use crate::words;

#[derive(Queryable, Selectable)]
#[diesel(table_name = products)]
struct CardRow {
    id: String,
    slug: String,
    title: String,
    vendor: Option<String>,
    category_slug: Option<String>,
    category_name: Option<String>,
    status: String,
    currency: String,
    price_from_minor: i64,
    price_varies: bool,
    compare_at_minor: Option<i64>,
    lowest_before_minor: Option<i64>,
    main_media: Option<String>,
    updated_at: i64,
    #[diesel(select_expression = VariantIds)]
    variant_ids: Option<String>,
}

impl CardRow {
    fn into_card(self) -> QueryResult<ProductCard> {
        let currency = parsed(&self.currency)?;
        Ok(ProductCard {
            id: parsed(&self.id)?,
            slug: self.slug,
            title: self.title,
            vendor: self.vendor,
            category: category(self.category_slug, self.category_name),
            status: parsed(&self.status)?,
            price_from: Money::new(self.price_from_minor, currency),
            price_varies: self.price_varies,
            compare_at_price: self.compare_at_minor.map(|amount| Money::new(amount, currency)),
            lowest_before: self.lowest_before_minor.map(|amount| Money::new(amount, currency)),
            media: self.main_media.as_deref().map(from_json).transpose()?,
            variant_ids: self
                .variant_ids
                .iter()
                .flat_map(|ids| ids.split(','))
                .map(parsed)
                .collect::<Result<_, _>>()?,
            updated_at: Timestamp(self.updated_at),
        })
    }
}

/// The ids of a product's variants in their order, with commas between them: a list asks for both in one statement.
#[derive(Clone, Copy, QueryId)]
struct VariantIds;

impl Expression for VariantIds {
    type SqlType = Nullable<Text>;
}

impl AppearsOnTable<products::table> for VariantIds {}
impl SelectableExpression<products::table> for VariantIds {}

impl ValidGrouping<()> for VariantIds {
    type IsAggregate = is_aggregate::No;
}

impl<DB: Backend> QueryFragment<DB> for VariantIds {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "(SELECT string_agg(variants.id, ',' ORDER BY variants.position) FROM variants \
             WHERE variants.product_id = products.id)",
        );
        Ok(())
    }
}

fn category(slug: Option<String>, name: Option<String>) -> Option<CategoryRef> {
    Some(CategoryRef { slug: slug?, name: name? })
}

/// The part of a list that `listing` asks for, along an index.
pub(crate) fn cards_listed(conn: &mut AnyConnection, listing: &Listing) -> QueryResult<Vec<ProductCard>> {
    let mut query = products::table.select(CardRow::as_select()).into_boxed::<MultiBackend>();
    if let Some(category) = &listing.category {
        query = query.filter(products::category_slug.eq(category));
    }
    if let Some(status) = listing.status {
        query = query.filter(products::status.eq(status.as_str()));
    }
    query = match listing.sort {
        ProductSort::Recommended | ProductSort::Newest => query.order(products::id.desc()),
        ProductSort::PriceAscending => query.order((products::price_from_minor, products::id)),
        ProductSort::PriceDescending => query.order((products::price_from_minor.desc(), products::id.desc())),
        ProductSort::Title => query.order((products::title_key, products::id)),
    };
    let rows = query.limit(listing.limit).offset(listing.offset).load(conn)?;
    rows.into_iter().map(CardRow::into_card).collect()
}

/// These products, in this order.
pub(crate) fn cards_by_ids(conn: &mut AnyConnection, ids: &[&str]) -> QueryResult<Vec<ProductCard>> {
    let these = products::table.filter(one_of(products::id, ids));
    let mut rows = on_either!(conn => these.select(CardRow::as_select()).load(conn))?;
    let places: HashMap<&str, usize> = ids.iter().zip(0..).map(|(id, place)| (*id, place)).collect();
    rows.sort_by_key(|row| places.get(row.id.as_str()).copied());
    rows.into_iter().map(CardRow::into_card).collect()
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = products, treat_none_as_default_value = false, treat_none_as_null = true)]
struct ProductRow {
    id: String,
    slug: String,
    title: String,
    title_key: String,
    vendor: Option<String>,
    category_slug: Option<String>,
    category_name: Option<String>,
    status: String,
    currency: String,
    price_from_minor: i64,
    price_varies: bool,
    compare_at_minor: Option<i64>,
    main_media: Option<String>,
    version: i64,
    created_at: i64,
    updated_at: i64,
    tags: String,
    options: String,
    media: String,
    description_html: String,
    lowest_before_minor: Option<i64>,
}

impl ProductRow {
    fn of(product: &Product) -> QueryResult<Self> {
        let cheapest = product.variants.iter().min_by_key(|variant| variant.price.amount);
        let cheapest = cheapest.ok_or_else(|| corrupt("a product without variants"))?;
        let main_media = product.media.first().map(to_json).transpose()?;
        Ok(Self {
            id: product.id.to_string(),
            slug: product.slug.clone(),
            title: product.title.clone(),
            title_key: words::sort_key(&product.title),
            vendor: product.vendor.clone(),
            category_slug: product.category.as_ref().map(|category| category.slug.clone()),
            category_name: product.category.as_ref().map(|category| category.name.clone()),
            status: product.status.as_str().to_owned(),
            currency: cheapest.price.currency.code().to_owned(),
            price_from_minor: cheapest.price.amount,
            price_varies: product.variants.iter().any(|variant| variant.price != cheapest.price),
            compare_at_minor: cheapest.compare_at_price.map(|price| price.amount),
            main_media,
            version: product.version,
            created_at: product.created_at.0,
            updated_at: product.updated_at.0,
            tags: to_json(&product.tags)?,
            options: to_json(&product.options)?,
            media: to_json(&product.media)?,
            description_html: product.description_html.clone(),
            lowest_before_minor: cheapest.lowest_before.map(|price| price.amount),
        })
    }

    fn into_product(self, variants: Vec<ProductVariant>) -> QueryResult<Product> {
        Ok(Product {
            id: parsed(&self.id)?,
            slug: self.slug,
            title: self.title,
            description_html: self.description_html,
            vendor: self.vendor,
            category: category(self.category_slug, self.category_name),
            status: parsed::<ProductStatus>(&self.status)?,
            tags: from_json(&self.tags)?,
            options: from_json(&self.options)?,
            variants,
            media: from_json(&self.media)?,
            version: self.version,
            created_at: Timestamp(self.created_at),
            updated_at: Timestamp(self.updated_at),
        })
    }
}

fn with_variants(conn: &mut AnyConnection, rows: Vec<ProductRow>) -> QueryResult<Vec<Product>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let owners =
        rows.iter().map(|row| Ok((row.id.as_str(), parsed(&row.currency)?))).collect::<QueryResult<Vec<_>>>()?;
    let mut variants = variants_of_products(conn, &owners)?;
    rows.into_iter()
        .map(|row| {
            let variants = variants.remove(&row.id).unwrap_or_default();
            row.into_product(variants)
        })
        .collect()
}

/// The product of this slug.
pub(crate) fn product_by_slug(conn: &mut AnyConnection, slug: &str) -> QueryResult<Option<Product>> {
    let of_slug = products::table.filter(products::slug.eq(slug));
    let rows = on_either!(conn => of_slug.select(ProductRow::as_select()).load(conn))?;
    Ok(with_variants(conn, rows)?.pop())
}

/// The product of this id.
pub(crate) fn product_by_id(conn: &mut AnyConnection, id: ProductId) -> QueryResult<Option<Product>> {
    let rows = products::table.find(id.to_string()).select(ProductRow::as_select()).load(conn)?;
    Ok(with_variants(conn, rows)?.pop())
}

/// Whose slug it is.
pub(crate) fn product_id_of_slug(conn: &mut AnyConnection, slug: &str) -> QueryResult<Option<ProductId>> {
    let id: Option<String> =
        products::table.filter(products::slug.eq(slug)).select(products::id).first(conn).optional()?;
    id.as_deref().map(parsed).transpose()
}

/// The products of these slugs, in any order.
pub(crate) fn products_by_slugs(conn: &mut AnyConnection, slugs: &[&str]) -> QueryResult<Vec<Product>> {
    let rows = products::table.filter(products::slug.eq_any(slugs)).select(ProductRow::as_select()).load(conn)?;
    with_variants(conn, rows)
}

/// The products of these ids, in any order.
pub(crate) fn products_by_ids(conn: &mut AnyConnection, ids: &[ProductId]) -> QueryResult<Vec<Product>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows = products::table.filter(products::id.eq_any(ids)).select(ProductRow::as_select()).load(conn)?;
    with_variants(conn, rows)
}

/// Up to `limit` products that are younger than `after`, the oldest first.
pub(crate) fn products_after(
    conn: &mut AnyConnection,
    after: Option<ProductId>,
    status: Option<ProductStatus>,
    limit: i64,
) -> QueryResult<Vec<Product>> {
    // Ids sort by time.
    let mut query = products::table.select(ProductRow::as_select()).into_boxed::<MultiBackend>();
    if let Some(after) = after {
        query = query.filter(products::id.gt(after.to_string()));
    }
    if let Some(status) = status {
        query = query.filter(products::status.eq(status.as_str()));
    }
    let rows = query.order(products::id).limit(limit).load(conn)?;
    with_variants(conn, rows)
}

/// New products, without their variants.
pub(crate) fn products_insert(conn: &mut AnyConnection, new: &[&Product]) -> QueryResult<()> {
    for some in new.chunks(ROWS) {
        let rows = some.iter().map(|product| ProductRow::of(product)).collect::<QueryResult<Vec<_>>>()?;
        on_either!(conn => diesel::insert_into(products::table).values(&rows).execute(conn))?;
    }
    Ok(())
}

/// Changes a product, without its variants, from the version before to its own. False when there is no such version.
pub(crate) fn product_update(conn: &mut AnyConnection, product: &Product) -> QueryResult<bool> {
    let row = ProductRow::of(product)?;
    let before = products::table.find(row.id.clone()).filter(products::version.eq(row.version - 1));
    Ok(diesel::update(before).set(&row).execute(conn)? == 1)
}
