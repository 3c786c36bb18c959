//! A product before and after, and writing what lies between.

use std::collections::{BTreeMap, BTreeSet};

use catalog_api::{CategoryRef, Product, ProductSaved, ProductStatus};
use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallError, NotExecuted, outbox};

use crate::{Answer, store};

/// What becomes of one product.
#[derive(Debug)]
pub(crate) struct Change {
    /// `None` for a new one.
    pub(crate) before: Option<Product>,
    pub(crate) after: Product,
}

impl Change {
    /// Whether anything is different; what is not has no new version.
    pub(crate) fn is_needed(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.version != self.after.version)
    }
}

/// Writes `changes` and tells of them. The products are already checked against each other and the rest.
pub(crate) fn write(conn: &mut AnyConnection, trace: TraceContext, changes: &[Change]) -> Answer<()> {
    if changes.is_empty() {
        return Ok(());
    }
    write_products(conn, changes)?;
    write_variants(conn, changes)?;
    let after: Vec<&Product> = changes.iter().map(|change| &change.after).collect();
    store::search_replace(conn, &after)?;
    store::counts_add(conn, &count_deltas(changes))?;
    outbox::publish_all(conn, trace, &changes.iter().map(event).collect::<Vec<_>>())?;
    Ok(())
}

/// A product that someone else changed since it was read makes the whole unit fail, to be tried again.
fn write_products(conn: &mut AnyConnection, changes: &[Change]) -> Answer<()> {
    let (mut changed, new): (Vec<&Change>, Vec<&Change>) = changes.iter().partition(|change| change.before.is_some());
    store::products_insert(conn, &new.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    changed.sort_by_key(|change| change.after.id);
    for change in changed {
        if !store::product_update(conn, &change.after)? {
            return Err(CallError::not_executed(NotExecuted::Conflict));
        }
    }
    Ok(())
}

/// All go before any comes, since SKUs may change hands.
fn write_variants(conn: &mut AnyConnection, changes: &[Change]) -> Answer<()> {
    let differ =
        |change: &&Change| change.before.as_ref().is_none_or(|before| before.variants != change.after.variants);
    let different: Vec<&Change> = changes.iter().filter(differ).collect();
    let old: Vec<_> = different.iter().filter_map(|change| change.before.as_ref()).map(|product| product.id).collect();
    store::variants_delete(conn, &old)?;
    store::variants_insert(conn, &different.iter().map(|change| &change.after).collect::<Vec<_>>())?;
    Ok(())
}

/// By how much each list grows, in a fixed order.
fn count_deltas(changes: &[Change]) -> BTreeMap<(String, &'static str), i64> {
    let mut deltas = BTreeMap::new();
    for change in changes {
        *deltas.entry(list_of(&change.after)).or_default() += 1;
        if let Some(before) = &change.before {
            *deltas.entry(list_of(before)).or_default() -= 1;
        }
    }
    deltas.retain(|_, delta| *delta != 0);
    deltas
}

fn list_of(product: &Product) -> (String, &'static str) {
    let category = product.category.as_ref().map(|category| category.slug.clone());
    (category.unwrap_or_default(), ProductStatus::as_str(product.status))
}

fn event(Change { before, after }: &Change) -> ProductSaved {
    let former_slug = before.as_ref().map(|before| &before.slug).filter(|&slug| *slug != after.slug);
    let categories = before.iter().chain([after]).filter_map(|product| product.category.as_ref());
    let categories: BTreeSet<String> = categories.map(|CategoryRef { slug, .. }| slug.clone()).collect();
    ProductSaved {
        product_id: after.id,
        slug: after.slug.clone(),
        former_slug: former_slug.cloned(),
        categories: categories.into_iter().collect(),
    }
}
