//! Saving one product, as staff do: refused when someone else changed it meanwhile.

use catalog_api::{CatalogError, Product, SaveProduct};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError};

use crate::change::{self, Change};
use crate::permission::may_manage_products;
use crate::validate::Wanted;
use crate::{Answer, Service, store};

pub(crate) async fn save_product(service: &Service, ctx: &CallCtx, request: SaveProduct) -> Answer<Product> {
    may_manage_products(&ctx.principal)?;
    let (now, trace, currency) = (service.clock.now(), ctx.trace, service.currency);
    let product = request.product.clone();
    let check = move || Wanted::check(product, currency);
    let wanted = tokio::task::spawn_blocking(check).await.map_err(|error| CallError::Internal(error.to_string()))??;
    let (id, expected_version) = (request.id, request.expected_version);
    let work = move |conn: &mut AnyConnection| {
        let before = match id {
            Some(id) => Some(store::product_by_id(conn, id)?.ok_or(CatalogError::NotFound)?),
            None => None,
        };
        refuse_if_changed(before.as_ref(), expected_version)?;
        let wanted = admitted(conn, wanted, before.as_ref())?;
        let listed = change::listed(conn, before.iter(), now)?;
        let mut change = [wanted.change(before, &listed, now)];
        if change[0].is_needed() {
            change::write(conn, trace, &mut change)?;
        }
        let [Change { after, .. }] = change;
        Ok(after)
    };
    service.db.write_once(request.key.to_string(), "save_product", &request, work).await
}

fn refuse_if_changed(before: Option<&Product>, expected_version: Option<i64>) -> Result<(), CatalogError> {
    match (before, expected_version) {
        (Some(before), Some(expected)) if before.version != expected => {
            Err(CatalogError::Changed { current: before.version })
        }
        _ => Ok(()),
    }
}

/// Checks `wanted` against the other products, and finds or makes its category.
fn admitted(conn: &mut AnyConnection, mut wanted: Wanted, before: Option<&Product>) -> Answer<Wanted> {
    let own = before.map(|product| product.id);
    if store::product_id_of_slug(conn, &wanted.slug)?.is_some_and(|owner| Some(owner) != own) {
        return Err(CatalogError::SlugTaken { slug: wanted.slug }.into());
    }
    let skus: Vec<&str> = wanted.skus().collect();
    let own_slug = before.map(|product| &product.slug);
    if let Some((sku, _)) = store::sku_owners(conn, &skus)?.into_iter().find(|(_, owner)| Some(owner) != own_slug) {
        return Err(CatalogError::SkuTaken { sku }.into());
    }
    if let Some(category) = &mut wanted.category {
        match store::categories_by_slugs(conn, &[&category.slug])?.pop() {
            Some(known) => *category = known,
            None => store::categories_insert(conn, std::slice::from_ref(category))?,
        }
    }
    Ok(wanted)
}
