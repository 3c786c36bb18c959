//! One product for its page, and variants for carts and orders.

use std::collections::HashMap;

use catalog_api::{
    CatalogError, FindPriceHistory, FindProduct, FindVariants, PriceMoment, Product, ProductStatus, SaleItem, VariantId,
};
use kernel::Principal;
use kernel::db::Db;

use crate::permission::may_read_products;
use crate::{Answer, store, words};

const MAX_VARIANTS: usize = 1_000;
const MOST_MOMENTS: i64 = 1_000;

/// A product that is not active is shown to the shop's own people only; to others it is not there.
pub(crate) async fn product(db: &Db, principal: &Principal, request: FindProduct) -> Answer<Option<Product>> {
    if matches!(&request, FindProduct::Slug(slug) if !words::is_slug(slug)) {
        return Ok(None);
    }
    let sees_all = principal.acts_for_the_shop();
    db.read(move |conn| {
        let product = match &request {
            FindProduct::Slug(slug) => store::product_by_slug(conn, slug)?,
            FindProduct::Id(id) => store::product_by_id(conn, *id)?,
        };
        Ok(product.filter(|product| sees_all || product.status == ProductStatus::Active))
    })
    .await
}

/// Everybody may ask: a cart shows what is no longer for sale, and says so.
pub(crate) async fn variants(db: &Db, request: FindVariants) -> Answer<Vec<SaleItem>> {
    if request.variant_ids.len() > MAX_VARIANTS {
        return Err(CatalogError::invalid("variant_ids", "ask for at most 1,000 at once").into());
    }
    if request.variant_ids.is_empty() {
        return Ok(Vec::new());
    }
    db.read(move |conn| {
        let items = store::sale_items(conn, &request.variant_ids)?;
        let mut by_id: HashMap<VariantId, SaleItem> = items.into_iter().map(|item| (item.variant_id, item)).collect();
        Ok(request.variant_ids.iter().filter_map(|id| by_id.remove(id)).collect())
    })
    .await
}

/// For staff: shoppers see the lowest price of the days before a reduction.
pub(crate) async fn price_history(
    db: &Db,
    principal: &Principal,
    request: FindPriceHistory,
) -> Answer<Vec<PriceMoment>> {
    may_read_products(principal)?;
    db.read(move |conn| Ok(store::offers_of_product(conn, request.product_id, MOST_MOMENTS)?)).await
}
