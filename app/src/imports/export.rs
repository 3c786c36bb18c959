//! Writing all products to a file that Shopify and we can read. Imported again it changes nothing.

use std::collections::HashMap;
use std::io::Write;
use std::time::{Duration, Instant};

use catalog_api::{
    Catalog, ListAllProducts, Media, Product, ProductOption, ProductQuery, ProductStatus, ProductVariant,
};
use inventory_api::{FindStock, Inventory, StockLevel};
use kernel::{CallCtx, Money, Page, PageRequest, TaxClass};

use super::cells::{guarded, writer};
use super::columns::{Field, default_name};
use super::run::{ImportError, Progress};

const PRODUCTS_AT_ONCE: u32 = 100;
const LEVELS_AT_ONCE: usize = 2_500;
const TIMEOUT: Duration = Duration::from_secs(60);

/// What the file has, in Shopify's order.
const COLUMNS: [Field; 29] = [
    Field::Handle,
    Field::Title,
    Field::Body,
    Field::Vendor,
    Field::Type,
    Field::Tags,
    Field::Published,
    Field::OptionName(0),
    Field::OptionValue(0),
    Field::OptionName(1),
    Field::OptionValue(1),
    Field::OptionName(2),
    Field::OptionValue(2),
    Field::Sku,
    Field::Grams,
    Field::Tracker,
    Field::Quantity,
    Field::Policy,
    Field::Price,
    Field::CompareAt,
    Field::Taxable,
    Field::Barcode,
    Field::ImageSource,
    Field::ImagePosition,
    Field::ImageAlt,
    Field::GiftCard,
    Field::WeightUnit,
    Field::TaxCode,
    Field::Status,
];

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportReport {
    /// Products.
    pub products: usize,
    /// Rows, without the header.
    pub rows: usize,
}

/// Writes every product that `ctx` may see, the oldest first, with its stock.
///
/// # Errors
/// A module is away, or `to` cannot be written.
pub async fn export(
    catalog: &dyn Catalog,
    inventory: &dyn Inventory,
    ctx: &CallCtx,
    to: impl Write,
    mut progress: impl FnMut(Progress),
) -> Result<ExportReport, ImportError> {
    let total = total(catalog, ctx).await?;
    let mut file = writer(to);
    file.write_record(COLUMNS.map(default_name)).map_err(unwritable)?;
    let (mut report, mut page) = (ExportReport::default(), PageRequest::first(PRODUCTS_AT_ONCE));
    loop {
        let request = ListAllProducts { page };
        let Page { items, next_cursor } =
            catalog.all_products(&fresh(ctx), request).await.map_err(ImportError::Catalog)?;
        let levels = levels(inventory, ctx, &items).await?;
        for product in &items {
            let rows = rows_of(product, &levels);
            report.rows += rows.len();
            for row in rows {
                file.write_record(row.iter().map(|cell| guarded(cell).into_owned())).map_err(unwritable)?;
            }
        }
        report.products += items.len();
        progress(Progress { done: report.products, total: total.max(report.products) });
        let Some(cursor) = next_cursor else { break };
        page = PageRequest { limit: PRODUCTS_AT_ONCE, cursor: Some(cursor) };
    }
    file.flush().map_err(unwritable)?;
    Ok(report)
}

fn unwritable(error: impl std::fmt::Display) -> ImportError {
    ImportError::Internal(error.to_string())
}

/// An export may take longer than one call may.
fn fresh(ctx: &CallCtx) -> CallCtx {
    CallCtx { deadline: Instant::now() + TIMEOUT, ..ctx.clone() }
}

/// How many there are about now, to show how far it is.
async fn total(catalog: &dyn Catalog, ctx: &CallCtx) -> Result<usize, ImportError> {
    let query = ProductQuery { page: 1, limit: 1, ..ProductQuery::default() };
    let list = catalog.products(&fresh(ctx), query).await.map_err(ImportError::Catalog)?;
    Ok(usize::try_from(list.total).unwrap_or(0))
}

async fn levels(
    inventory: &dyn Inventory,
    ctx: &CallCtx,
    products: &[Product],
) -> Result<HashMap<String, StockLevel>, ImportError> {
    let ids: Vec<String> = products.iter().flat_map(|product| &product.variants).map(|v| v.id.to_string()).collect();
    let mut levels = HashMap::with_capacity(ids.len());
    for some in ids.chunks(LEVELS_AT_ONCE) {
        let request = FindStock::of(some.to_vec());
        let found = inventory.stock_levels(&fresh(ctx), request).await.map_err(ImportError::Inventory)?;
        levels.extend(found.into_iter().map(|level| (level.variant_id.clone(), level)));
    }
    Ok(levels)
}

/// One row for each variant or picture, whichever are more; the first also describes the product.
fn rows_of(product: &Product, levels: &HashMap<String, StockLevel>) -> Vec<Vec<String>> {
    let count = product.variants.len().max(product.media.len());
    let row = |at: usize| {
        let variant = product.variants.get(at);
        let level = variant.and_then(|variant| levels.get(&variant.id.to_string()));
        COLUMNS.map(|field| cell(field, product, at, variant, level)).to_vec()
    };
    (0..count).map(row).collect()
}

fn cell(
    field: Field,
    product: &Product,
    at: usize,
    variant: Option<&ProductVariant>,
    level: Option<&StockLevel>,
) -> String {
    match field {
        Field::Handle => product.slug.clone(),
        Field::ImageSource | Field::ImagePosition | Field::ImageAlt => {
            product.media.get(at).map(|picture| media_cell(field, at, picture)).unwrap_or_default()
        }
        Field::OptionName(_) | Field::OptionValue(_) => {
            variant.map(|variant| option_cell(field, at, &product.options, variant)).unwrap_or_default()
        }
        Field::Title | Field::Body | Field::Vendor | Field::Type | Field::Tags => {
            if at == 0 {
                product_cell(field, product)
            } else {
                String::new()
            }
        }
        Field::Published | Field::GiftCard | Field::Status => {
            if at == 0 {
                status_cell(field, product.status)
            } else {
                String::new()
            }
        }
        _ => variant.map(|variant| variant_cell(field, variant, level)).unwrap_or_default(),
    }
}

fn product_cell(field: Field, product: &Product) -> String {
    match field {
        Field::Title => product.title.clone(),
        Field::Body => product.description_html.clone(),
        Field::Vendor => product.vendor.clone().unwrap_or_default(),
        Field::Type => product.category.as_ref().map(|category| category.name.clone()).unwrap_or_default(),
        _ => product.tags.join(", "),
    }
}

fn status_cell(field: Field, status: ProductStatus) -> String {
    match field {
        Field::Published => (status == ProductStatus::Active).to_string(),
        Field::GiftCard => false.to_string(),
        _ => status.as_str().to_owned(),
    }
}

fn option_cell(field: Field, at: usize, options: &[ProductOption], variant: &ProductVariant) -> String {
    match field {
        Field::OptionName(0) if options.is_empty() => "Title".to_owned(),
        Field::OptionValue(0) if options.is_empty() => "Default Title".to_owned(),
        Field::OptionName(place) if at == 0 => options.get(place).map(|option| option.name.clone()).unwrap_or_default(),
        Field::OptionValue(place) => variant.option_values.get(place).cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

fn variant_cell(field: Field, variant: &ProductVariant, level: Option<&StockLevel>) -> String {
    match field {
        Field::Sku => variant.sku.clone().unwrap_or_default(),
        Field::Grams => variant.weight_grams.unwrap_or(0).to_string(),
        Field::WeightUnit => "g".to_owned(),
        // Its own: what price lists have is in the lists.
        Field::Price => variant.own().price.to_major(),
        Field::CompareAt => variant.own().compare_at_price.map(Money::to_major).unwrap_or_default(),
        Field::Barcode => variant.barcode.clone().unwrap_or_default(),
        Field::Taxable => (variant.tax_class.as_str() != TaxClass::EXEMPT).to_string(),
        Field::TaxCode => variant.tax_class.to_string(),
        // What was never stocked is counted, and there is none.
        Field::Tracker if level.is_none_or(|level| level.track_inventory) => "shopify".to_owned(),
        Field::Quantity => level.map_or(0, |level| level.on_hand).to_string(),
        Field::Policy if level.is_some_and(|level| level.backorderable) => "continue".to_owned(),
        Field::Policy => "deny".to_owned(),
        _ => String::new(),
    }
}

fn media_cell(field: Field, at: usize, picture: &Media) -> String {
    match field {
        Field::ImageSource => picture.source.clone(),
        Field::ImagePosition => (at + 1).to_string(),
        _ => picture.alt.clone(),
    }
}
