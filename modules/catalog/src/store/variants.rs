//! Variants, which belong to a product and are in its currency.

use std::collections::HashMap;

use catalog_api::{OwnPrice, PriceTier, Product, ProductId, ProductStatus, ProductVariant, SaleItem, VariantId};
use diesel::prelude::*;
use kernel::db::{AnyConnection, on_either, one_of};
use kernel::{Currency, Money};

use super::{ROWS, corrupt, from_json, parsed, to_json};
use crate::schema::{products, variants};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = variants, treat_none_as_default_value = false)]
struct VariantRow {
    id: String,
    product_id: String,
    position: i64,
    sku: Option<String>,
    option_values: String,
    price_minor: i64,
    compare_at_minor: Option<i64>,
    barcode: Option<String>,
    weight_grams: Option<i64>,
    lowest_before_minor: Option<i64>,
    tax_class: String,
    own_price_minor: Option<i64>,
    own_compare_at_minor: Option<i64>,
    tiers: Option<String>,
}

/// As it is stored: what each costs, in minor units, from a quantity on.
type Tiers = Vec<(i64, i64)>;

fn tiers_to_json(tiers: &[PriceTier]) -> QueryResult<Option<String>> {
    let stored: Tiers = tiers.iter().map(|tier| (tier.from.get(), tier.price.amount)).collect();
    if stored.is_empty() { Ok(None) } else { to_json(&stored).map(Some) }
}

fn tiers_from_json(stored: Option<&str>, currency: Currency) -> QueryResult<Vec<PriceTier>> {
    let Some(stored) = stored else { return Ok(Vec::new()) };
    let tier = |(from, price): (i64, i64)| {
        Ok(PriceTier { from: from.try_into().map_err(corrupt)?, price: Money::new(price, currency) })
    };
    from_json::<Tiers>(stored)?.into_iter().map(tier).collect()
}

impl VariantRow {
    fn of(product: &Product, position: usize, variant: &ProductVariant) -> QueryResult<Self> {
        Ok(Self {
            id: variant.id.to_string(),
            product_id: product.id.to_string(),
            position: i64::try_from(position).map_err(corrupt)?,
            sku: variant.sku.clone(),
            option_values: to_json(&variant.option_values)?,
            price_minor: variant.price.amount,
            compare_at_minor: variant.compare_at_price.map(|price| price.amount),
            barcode: variant.barcode.clone(),
            weight_grams: variant.weight_grams,
            lowest_before_minor: variant.lowest_before.map(|price| price.amount),
            tax_class: variant.tax_class.to_string(),
            own_price_minor: variant.own_price.map(|own| own.price.amount),
            own_compare_at_minor: variant.own_price.and_then(|own| own.compare_at_price).map(|price| price.amount),
            tiers: tiers_to_json(&variant.tiers)?,
        })
    }

    fn into_variant(self, currency: Currency) -> QueryResult<ProductVariant> {
        let money = |amount: i64| Money::new(amount, currency);
        let own = |price| OwnPrice { price, compare_at_price: self.own_compare_at_minor.map(money) };
        Ok(ProductVariant {
            own_price: self.own_price_minor.map(money).map(own),
            tiers: tiers_from_json(self.tiers.as_deref(), currency)?,
            id: parsed(&self.id)?,
            sku: self.sku,
            option_values: from_json(&self.option_values)?,
            price: money(self.price_minor),
            compare_at_price: self.compare_at_minor.map(money),
            lowest_before: self.lowest_before_minor.map(money),
            barcode: self.barcode,
            weight_grams: self.weight_grams,
            tax_class: parsed(&self.tax_class)?,
        })
    }
}

/// The variants of products, given with their currencies, each in order.
pub(super) fn variants_of_products(
    conn: &mut AnyConnection,
    owners: &[(&str, Currency)],
) -> QueryResult<HashMap<String, Vec<ProductVariant>>> {
    let ids: Vec<&str> = owners.iter().map(|(id, _)| *id).collect();
    let order = (variants::product_id, variants::position);
    let rows: Vec<VariantRow> = match (&*ids, &mut *conn) {
        // The page of a product; this statement is kept.
        ([id], conn) => variants::table
            .filter(variants::product_id.eq(id))
            .order(order)
            .select(VariantRow::as_select())
            .load(conn)?,
        (ids, conn) => variants::table
            .filter(variants::product_id.eq_any(ids))
            .order(order)
            .select(VariantRow::as_select())
            .load(conn)?,
    };
    let currencies: HashMap<&str, Currency> = owners.iter().copied().collect();
    let mut variants: HashMap<String, Vec<ProductVariant>> = HashMap::with_capacity(owners.len());
    for row in rows {
        let currency = currencies.get(row.product_id.as_str()).ok_or_else(|| corrupt("a variant of no product"))?;
        variants.entry(row.product_id.clone()).or_default().push(row.into_variant(*currency)?);
    }
    Ok(variants)
}

/// To which product (by slug) each of these SKUs belongs. Those that nobody has are left out.
pub(crate) fn sku_owners(conn: &mut AnyConnection, skus: &[&str]) -> QueryResult<HashMap<String, String>> {
    let mut owners = HashMap::new();
    for some in skus.chunks(10 * ROWS) {
        let rows: Vec<(Option<String>, String)> = variants::table
            .inner_join(products::table)
            .filter(variants::sku.eq_any(some))
            .select((variants::sku, products::slug))
            .load(conn)?;
        owners.extend(rows.into_iter().filter_map(|(sku, slug)| Some((sku?, slug))));
    }
    Ok(owners)
}

/// The products that these variants belong to.
pub(crate) fn products_of_variants(conn: &mut AnyConnection, ids: &[VariantId]) -> QueryResult<Vec<ProductId>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let owners = variants::table.filter(one_of(variants::id, &ids)).select(variants::product_id).distinct();
    let owners: Vec<String> = match conn {
        AnyConnection::Postgres(conn) => owners.load(conn)?,
        AnyConnection::Sqlite(conn) => owners.load(conn)?,
    };
    owners.iter().map(|id| parsed(id)).collect()
}

/// Which variants these names are, each an SKU or an id. Those that nobody has are left out.
pub(crate) fn variants_named(conn: &mut AnyConnection, names: &[&str]) -> QueryResult<HashMap<String, VariantId>> {
    let by_sku: Vec<(Option<String>, String)> =
        variants::table.filter(variants::sku.eq_any(names)).select((variants::sku, variants::id)).load(conn)?;
    let by_id: Vec<String> = variants::table.filter(variants::id.eq_any(names)).select(variants::id).load(conn)?;
    let by_sku = by_sku.into_iter().filter_map(|(sku, id)| Some((sku?, id)));
    let named = by_id.into_iter().map(|id| (id.clone(), id)).chain(by_sku);
    named.map(|(name, id)| Ok((name, parsed(&id)?))).collect()
}

#[derive(Queryable)]
struct SaleRow {
    variant_id: String,
    option_values: String,
    sku: Option<String>,
    price_minor: i64,
    weight_grams: Option<i64>,
    product_id: String,
    slug: String,
    title: String,
    currency: String,
    status: String,
    main_media: Option<String>,
    category_slug: Option<String>,
    compare_at_minor: Option<i64>,
    tax_class: String,
    tiers: Option<String>,
}

impl SaleRow {
    fn into_item(self) -> QueryResult<SaleItem> {
        let options: Vec<String> = from_json(&self.option_values)?;
        let currency = parsed(&self.currency)?;
        Ok(SaleItem {
            variant_id: parsed(&self.variant_id)?,
            product_id: parsed(&self.product_id)?,
            slug: self.slug,
            title: self.title,
            options: options.join(", "),
            sku: self.sku,
            price: Money::new(self.price_minor, currency),
            weight_grams: self.weight_grams,
            media: self.main_media.as_deref().map(from_json).transpose()?,
            for_sale: parsed::<ProductStatus>(&self.status)? == ProductStatus::Active,
            category: self.category_slug,
            compare_at_price: self.compare_at_minor.map(|amount| Money::new(amount, currency)),
            tax_class: parsed(&self.tax_class)?,
            tiers: tiers_from_json(self.tiers.as_deref(), currency)?,
        })
    }
}

/// These variants with what of their products a cart shows, in any order.
pub(crate) fn sale_items(conn: &mut AnyConnection, ids: &[VariantId]) -> QueryResult<Vec<SaleItem>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let query = variants::table.inner_join(products::table).filter(one_of(variants::id, &ids)).select((
        variants::id,
        variants::option_values,
        variants::sku,
        variants::price_minor,
        variants::weight_grams,
        products::id,
        products::slug,
        products::title,
        products::currency,
        products::status,
        products::main_media,
        products::category_slug,
        variants::compare_at_minor,
        variants::tax_class,
        variants::tiers,
    ));
    let rows: Vec<SaleRow> = on_either!(conn => query.load(conn))?;
    rows.into_iter().map(SaleRow::into_item).collect()
}

/// Takes the variants of these products away.
pub(crate) fn variants_delete(conn: &mut AnyConnection, products: &[ProductId]) -> QueryResult<()> {
    if products.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = products.iter().map(ToString::to_string).collect();
    diesel::delete(variants::table.filter(variants::product_id.eq_any(ids))).execute(conn)?;
    Ok(())
}

/// Adds the variants of these products.
pub(crate) fn variants_insert(conn: &mut AnyConnection, products: &[&Product]) -> QueryResult<()> {
    let of_product = |product: &'_ Product| {
        let variants = product.variants.iter().enumerate();
        variants.map(|(position, variant)| VariantRow::of(product, position, variant)).collect::<Vec<_>>()
    };
    let rows = products.iter().flat_map(|product| of_product(product)).collect::<QueryResult<Vec<_>>>()?;
    for some in rows.chunks(ROWS) {
        on_either!(conn => diesel::insert_into(variants::table).values(some).execute(conn))?;
    }
    Ok(())
}
