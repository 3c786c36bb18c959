//! Importing: products become as given, each whole or not at all.

use std::collections::{HashMap, HashSet};

use catalog_api::{
    CatalogError, CategoryRef, ImportOutcome, ImportProducts, ImportResult, Product, ProductInput, VariantId,
};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Currency, Timestamp};

use crate::change::{self, Change};
use crate::permission::may_manage_products;
use crate::validate::Wanted;
use crate::{Answer, Service, store};

const MAX_PRODUCTS: usize = 500;

pub(crate) async fn import_products(
    service: &Service,
    ctx: &CallCtx,
    request: ImportProducts,
) -> Answer<Vec<ImportOutcome>> {
    may_manage_products(&ctx.principal)?;
    if request.products.len() > MAX_PRODUCTS {
        return Err(CatalogError::invalid("products", "send at most 500 at once").into());
    }
    let (now, trace) = (service.clock.now(), ctx.trace);
    let (request, checked) = check_all(request, service.currency).await?;
    if request.dry_run {
        return service.db.read_long(move |conn| Ok(Plan::of(conn, checked, now)?.outcomes_of_dry_run())).await;
    }
    let key = request.key.to_string();
    let work = move |conn: &mut AnyConnection| {
        let mut plan = Plan::of(conn, checked, now)?;
        store::categories_insert(conn, &plan.new_categories)?;
        change::write(conn, trace, &mut plan.changes)?;
        Ok(plan.outcomes)
    };
    service.db.write_once(key, "import_products", &request, work).await
}

struct Checked {
    slug: String,
    wanted: Result<Wanted, CatalogError>,
}

/// Reading HTML takes its time, so it is done apart, and before the unit of work.
async fn check_all(request: ImportProducts, currency: Currency) -> Answer<(ImportProducts, Vec<Checked>)> {
    let check = move |product: &ProductInput| Checked {
        slug: product.slug.clone(),
        wanted: Wanted::check(product.clone(), currency),
    };
    let work = move || {
        let checked = request.products.iter().map(check).collect();
        (request, checked)
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| CallError::Internal(error.to_string()))
}

/// What an import would do.
#[derive(Default)]
struct Plan {
    changes: Vec<Change>,
    new_categories: Vec<CategoryRef>,
    outcomes: Vec<ImportOutcome>,
}

impl Plan {
    fn of(conn: &mut AnyConnection, checked: Vec<Checked>, now: Timestamp) -> Answer<Self> {
        let mut shop = Shop::read(conn, &checked)?;
        let listed = change::listed(conn, shop.products.values(), now)?;
        let mut plan = Self::default();
        for Checked { slug, wanted } in checked {
            match wanted.and_then(|wanted| shop.admit(wanted)) {
                Ok(wanted) => plan.add(wanted.change(shop.products.remove(&wanted.slug), &listed, now)),
                Err(refusal) => plan.outcomes.push(rejected(slug, refusal)),
            }
        }
        plan.new_categories = shop.new_categories;
        Ok(plan)
    }

    fn add(&mut self, change: Change) {
        let result = match &change.before {
            None => ImportResult::Created,
            Some(_) if change.is_needed() => ImportResult::Updated,
            Some(_) => ImportResult::Unchanged,
        };
        self.outcomes.push(outcome(&change.after, result));
        if change.is_needed() {
            self.changes.push(change);
        }
    }

    /// The same, without ids that were made up for the occasion.
    fn outcomes_of_dry_run(self) -> Vec<ImportOutcome> {
        let known = self.changes.iter().filter_map(|change| change.before.as_ref());
        let known: HashSet<VariantId> = known.flat_map(|product| &product.variants).map(|variant| variant.id).collect();
        let mut outcomes = self.outcomes;
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.result != ImportResult::Unchanged) {
            outcome.variant_ids.retain(|id| known.contains(id));
        }
        outcomes
    }
}

/// What is there already and matters to the import.
struct Shop {
    /// By slug.
    products: HashMap<String, Product>,
    /// To which product (by slug) a SKU belongs.
    sku_owners: HashMap<String, String>,
    /// By slug.
    categories: HashMap<String, CategoryRef>,
    new_categories: Vec<CategoryRef>,
    admitted: HashSet<String>,
}

impl Shop {
    fn read(conn: &mut AnyConnection, checked: &[Checked]) -> Answer<Self> {
        let wanted: Vec<&Wanted> = checked.iter().filter_map(|checked| checked.wanted.as_ref().ok()).collect();
        let slugs: Vec<&str> = wanted.iter().map(|wanted| wanted.slug.as_str()).collect();
        let skus: Vec<&str> = wanted.iter().flat_map(|wanted| wanted.skus()).collect();
        let categories: HashSet<&str> = wanted
            .iter()
            .filter_map(|wanted| wanted.category.as_ref())
            .map(|category| category.slug.as_str())
            .collect();
        let found = store::categories_by_slugs(conn, &categories.into_iter().collect::<Vec<_>>())?;
        Ok(Self {
            products: store::products_by_slugs(conn, &slugs)?.into_iter().map(|p| (p.slug.clone(), p)).collect(),
            sku_owners: store::sku_owners(conn, &skus)?,
            categories: found.into_iter().map(|category| (category.slug.clone(), category)).collect(),
            new_categories: Vec::new(),
            admitted: HashSet::new(),
        })
    }

    /// Checks `wanted` against the rest of the shop and of the import, and counts it in.
    fn admit(&mut self, mut wanted: Wanted) -> Result<Wanted, CatalogError> {
        if self.admitted.contains(&wanted.slug) {
            return Err(CatalogError::invalid("slug", "another product of this import has it; give each its own"));
        }
        self.refuse_taken_sku(&wanted)?;
        if let Some(before) = self.products.get(&wanted.slug) {
            for sku in before.variants.iter().filter_map(|variant| variant.sku.as_ref()) {
                self.sku_owners.remove(sku);
            }
        }
        let owned = wanted.skus().map(|sku| (sku.to_owned(), wanted.slug.clone()));
        self.sku_owners.extend(owned);
        wanted.category = wanted.category.map(|category| self.category(category));
        self.admitted.insert(wanted.slug.clone());
        Ok(wanted)
    }

    fn refuse_taken_sku(&self, wanted: &Wanted) -> Result<(), CatalogError> {
        for (place, variant) in wanted.variants.iter().enumerate() {
            let owner = variant.sku.as_ref().and_then(|sku| self.sku_owners.get(sku));
            if let Some(owner) = owner.filter(|&owner| *owner != wanted.slug) {
                let problem = format!("the product {owner} has this SKU; give each variant its own");
                return Err(CatalogError::invalid(format!("variants[{place}].sku"), problem));
            }
        }
        Ok(())
    }

    /// The category of that slug; the first name given to it is its name.
    fn category(&mut self, wanted: CategoryRef) -> CategoryRef {
        if let Some(known) = self.categories.get(&wanted.slug) {
            return known.clone();
        }
        self.categories.insert(wanted.slug.clone(), wanted.clone());
        self.new_categories.push(wanted.clone());
        wanted
    }
}

fn outcome(product: &Product, result: ImportResult) -> ImportOutcome {
    let variant_ids = product.variants.iter().map(|variant| variant.id).collect();
    ImportOutcome { slug: product.slug.clone(), result, variant_ids }
}

fn rejected(slug: String, refusal: CatalogError) -> ImportOutcome {
    let (field, problem) = match refusal {
        CatalogError::Invalid { field, problem } => (field, problem),
        other => ("product".to_owned(), other.to_string()),
    };
    ImportOutcome { slug, result: ImportResult::Rejected { field, problem }, variant_ids: Vec::new() }
}
