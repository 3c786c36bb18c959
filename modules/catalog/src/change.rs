//! A product before and after, and writing what lies between.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use catalog_api::{CategoryRef, Product, ProductSaved, ProductStatus, VariantId};
use kernel::db::AnyConnection;
use kernel::trace::TraceContext;
use kernel::{CallError, Money, NotExecuted, Timestamp, outbox};

use crate::offered::{ListPrice, offer};
use crate::store::Offer;
use crate::{Answer, store};

/// A reduction is compared with the lowest price of so long before it (directive 98/6/EC, article 6a).
const LOOK_BACK: Duration = Duration::from_secs(30 * 24 * 3_600);

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

/// The prices that lists in force have for variants.
pub(crate) type Listed = HashMap<VariantId, Vec<ListPrice>>;

/// What the lists in force at a moment have for the variants of these products.
pub(crate) fn listed<'a>(
    conn: &mut AnyConnection,
    products: impl Iterator<Item = &'a Product>,
    now: Timestamp,
) -> Answer<Listed> {
    let variants: Vec<VariantId> = products.flat_map(|product| &product.variants).map(|variant| variant.id).collect();
    Ok(store::prices_in_force(conn, &variants, now)?)
}

/// Makes the variants of a product offered for what they are by their own prices and these.
pub(crate) fn offer_all(product: &mut Product, listed: &Listed) {
    for variant in &mut product.variants {
        offer(variant, listed.get(&variant.id).map(Vec::as_slice).unwrap_or_default());
    }
}

/// Makes the products of these variants offered for what they are at a moment. Done again it changes nothing.
pub(crate) fn reprice(
    conn: &mut AnyConnection,
    trace: TraceContext,
    variants: &[VariantId],
    now: Timestamp,
) -> Answer<()> {
    let ids = store::products_of_variants(conn, variants)?;
    let products = store::products_by_ids(conn, &ids)?;
    let listed = listed(conn, products.iter(), now)?;
    let change = |before: Product| {
        let mut after = before.clone();
        offer_all(&mut after, &listed);
        if after != before {
            (after.version, after.updated_at) = (before.version + 1, now);
        }
        Change { before: Some(before), after }
    };
    let mut changes: Vec<Change> = products.into_iter().map(change).filter(Change::is_needed).collect();
    write(conn, trace, &mut changes)
}

/// Writes `changes` and tells of them. The products are already checked against each other and the rest.
pub(crate) fn write(conn: &mut AnyConnection, trace: TraceContext, changes: &mut [Change]) -> Answer<()> {
    if changes.is_empty() {
        return Ok(());
    }
    write_prices(conn, changes)?;
    write_products(conn, changes)?;
    write_variants(conn, changes)?;
    let after: Vec<&Product> = changes.iter().map(|change| &change.after).collect();
    store::search_replace(conn, &after)?;
    store::counts_add(conn, &count_deltas(changes))?;
    outbox::publish_all(conn, trace, &changes.iter().map(event).collect::<Vec<_>>())?;
    Ok(())
}

/// Writes down which offers begin and end, and with what each new price is compared.
fn write_prices(conn: &mut AnyConnection, changes: &mut [Change]) -> Answer<()> {
    // All changes of a unit of work happen at one moment, in the currency of the shop.
    let Some((now, currency)) = changes
        .iter()
        .find_map(|Change { after, .. }| Some((after.updated_at, after.variants.first()?.price.currency)))
    else {
        return Ok(());
    };
    let moves: Vec<(VariantId, Option<i64>)> = changes.iter().flat_map(moves).collect();
    let known = changes.iter().filter_map(|change| change.before.as_ref()).flat_map(|before| &before.variants);
    let known: BTreeSet<VariantId> = known.map(|variant| variant.id).collect();
    let begun: HashMap<VariantId, i64> = moves.iter().filter_map(|(id, price)| Some((*id, (*price)?))).collect();
    let looked_up: Vec<VariantId> = begun.keys().filter(|id| known.contains(id)).copied().collect();
    let before = store::offers_before(conn, &looked_up, now)?;
    for variant in changes.iter_mut().flat_map(|change| &mut change.after.variants) {
        if begun.contains_key(&variant.id) {
            let offers = before.get(&variant.id).map(Vec::as_slice).unwrap_or_default();
            variant.lowest_before = lowest(offers, now.minus(LOOK_BACK)).map(|amount| Money::new(amount, currency));
        }
    }
    store::offers_insert(conn, &moves, (currency.code(), now))?;
    Ok(())
}

/// What the variants of a product are offered for.
fn offers(product: &Product) -> HashMap<VariantId, i64> {
    let is_offered = product.status == ProductStatus::Active;
    let offered = product.variants.iter().filter(|_| is_offered);
    offered.map(|variant| (variant.id, variant.price.amount)).collect()
}

/// Variants whose offer becomes another, or ends.
fn moves(Change { before, after }: &Change) -> Vec<(VariantId, Option<i64>)> {
    let before = before.as_ref().map(offers).unwrap_or_default();
    let after = offers(after);
    let begun = after.iter().filter(|(id, price)| before.get(id) != Some(price)).map(|(id, price)| (*id, Some(*price)));
    let ended = before.keys().filter(|id| !after.contains_key(id)).map(|id| (*id, None));
    begun.chain(ended).collect()
}

/// The lowest price that was offered at `since` or later.
fn lowest(offers: &[Offer], since: Timestamp) -> Option<i64> {
    let held = offers.iter().rposition(|offer| offer.from <= since).unwrap_or(0);
    offers[held..].iter().filter_map(|offer| offer.price_minor).min()
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
    store::list_prices_forget(conn, &different.iter().flat_map(|change| gone(change)).collect::<Vec<_>>())?;
    Ok(())
}

/// Variants that the product has no more.
fn gone(Change { before, after }: &Change) -> Vec<VariantId> {
    let before = before.iter().flat_map(|before| &before.variants).map(|variant| variant.id);
    let kept: BTreeSet<VariantId> = after.variants.iter().map(|variant| variant.id).collect();
    before.filter(|id| !kept.contains(id)).collect()
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
