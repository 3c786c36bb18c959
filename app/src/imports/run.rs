//! Carrying an import out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use catalog_api::{Catalog, CatalogError, ImportOutcome, ImportProducts, ImportResult, Media};
use inventory_api::{FindStock, Inventory, InventoryError, SetStock, StockItem};
use kernel::secret::sha256_hex;
use kernel::{CallCtx, CallError, Currency, IdempotencyKey};
use serde::{Deserialize, Serialize};

use super::product::{FileProduct, FileStock};
use super::rejects::RejectFile;
use super::shopify::{FileError, ProductFile, Read, Reject};

/// Products in one call. Fewer when they are long, so that a call stays small on the wire.
const PRODUCTS_AT_ONCE: usize = 200;
const VARIANTS_AT_ONCE: usize = 2_000;
const BYTES_AT_ONCE: usize = 2 * 1024 * 1024;
/// How many problems a report tells; the file of refused rows has all.
const REJECTS_TOLD: usize = 1_000;
const TIMEOUT: Duration = Duration::from_secs(60);
const ATTEMPTS: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// What imports need of the shop.
#[derive(Clone)]
pub struct Import {
    /// Where products go.
    pub catalog: Arc<dyn Catalog>,
    /// Where stock goes.
    pub inventory: Arc<dyn Inventory>,
    /// What prices are in.
    pub currency: Currency,
    /// Pictures that the shop holds, by the source that files name them with.
    pub media: HashMap<String, Media>,
}

/// How an import is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Names this import: the same again after a crash goes on where it was, and what was done stays done once.
    /// Visible ASCII, at most 100.
    pub run_id: String,
    /// Only says what would happen.
    pub dry_run: bool,
    /// What becomes of stock that is known already.
    pub stock: StockRule,
}

/// What becomes of stock that is known already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockRule {
    /// It stays: what the file says was true when it was written, and the shop may have sold since. Only variants that
    /// were never stocked get the stock of the file.
    #[default]
    KeepKnown,
    /// It becomes as the file says.
    Overwrite,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Products so far, good and bad.
    pub done: usize,
    /// Products in all.
    pub total: usize,
}

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Whether it only says what would happen.
    pub dry_run: bool,
    /// Rows of the file, without the header.
    pub rows: usize,
    /// Products that are new.
    pub created: usize,
    /// Products that were different.
    pub updated: usize,
    /// Products that were so already.
    pub unchanged: usize,
    /// Products that were refused.
    pub rejected: usize,
    /// Variants whose stock was set.
    pub stock_set: usize,
    /// What is wrong, in the order of the file, at most 1,000.
    pub rejects: Vec<Reject>,
    /// How many problems there are in all.
    pub rejects_total: usize,
    /// All rows of refused products with what is wrong, as a file that can be corrected and imported.
    #[serde(skip)]
    pub reject_file: Option<Vec<u8>>,
}

/// Why an import ended early. What was done before stays; the same again goes on from there.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The catalog could not take products.
    #[error("the products could not be saved: {0}. Import the file again: what is done stays as it is")]
    Catalog(CallError<CatalogError>),
    /// The inventory could not take stock.
    #[error("the stock could not be saved: {0}. Import the file again: what is done stays as it is")]
    Inventory(CallError<InventoryError>),
    /// Something that cannot be written.
    #[error("the import stopped: {0}")]
    Internal(String),
}

impl Import {
    /// Imports `source`, a Shopify product file, for the one that `ctx` names. Tells `progress` after each part.
    ///
    /// # Errors
    /// The file cannot be read, or a module is away; see [`ImportError`]. Bad products are no error but in the report.
    pub async fn run(
        &self,
        ctx: &CallCtx,
        source: Bytes,
        options: &ImportOptions,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<ImportReport, ImportError> {
        let currency = self.currency;
        let open = move || {
            let hash = sha256_hex(&source);
            ProductFile::open(source, currency).map(|file| (hash, file))
        };
        let opened =
            tokio::task::spawn_blocking(open).await.map_err(|error| ImportError::Internal(error.to_string()))?;
        let (hash, file) = opened?;
        let mode = if options.dry_run { "check" } else { "apply" };
        let key = format!("import/{}/{}/{mode}", options.run_id, &hash[..16]);
        let report = ImportReport { dry_run: options.dry_run, rows: file.row_count(), ..ImportReport::default() };
        let mut run = Run { import: self, ctx, options, key, report, refused: RejectFile::of(&file), file: &file };
        let mut products = file.products(&self.media).peekable();
        let mut at = Progress { done: 0, total: file.product_count() };
        for part in 0.. {
            let some = next_part(&mut products);
            if some.is_empty() {
                break;
            }
            at.done += some.len();
            run.take(part, some).await?;
            progress(at);
        }
        Ok(ImportReport { reject_file: run.refused.finish(), ..run.report })
    }
}

/// As many products as fit in one call. The same file always gives the same parts.
fn next_part(products: &mut std::iter::Peekable<impl Iterator<Item = Read>>) -> Vec<Read> {
    let (mut part, mut variants, mut bytes) = (Vec::new(), 0, 0);
    while part.len() < PRODUCTS_AT_ONCE
        && let Some(read) = products.next_if(|read| {
            let (more_variants, more_bytes) = size_of(read);
            part.is_empty() || (variants + more_variants <= VARIANTS_AT_ONCE && bytes + more_bytes <= BYTES_AT_ONCE)
        })
    {
        let (more_variants, more_bytes) = size_of(&read);
        variants += more_variants;
        bytes += more_bytes;
        part.push(read);
    }
    part
}

fn size_of(read: &Read) -> (usize, usize) {
    match &read.product {
        Ok(product) => (product.input.variants.len(), product.input.description_html.len()),
        Err(_) => (0, 0),
    }
}

/// An import that is under way.
struct Run<'a> {
    import: &'a Import,
    ctx: &'a CallCtx,
    options: &'a ImportOptions,
    key: String,
    report: ImportReport,
    refused: RejectFile<'a>,
    file: &'a ProductFile,
}

impl Run<'_> {
    async fn take(&mut self, part: usize, reads: Vec<Read>) -> Result<(), ImportError> {
        let key = IdempotencyKey::of(&self.key, &part.to_string());
        let good: Vec<&FileProduct> = reads.iter().filter_map(|read| read.product.as_ref().ok()).collect();
        let outcomes = if good.is_empty() { Vec::new() } else { self.import_products(&key, &good).await? };
        if outcomes.len() != good.len() {
            return Err(ImportError::Internal("the catalog did not answer for every product".to_owned()));
        }
        if !self.options.dry_run {
            self.set_stock(&key, &good, &outcomes).await?;
        }
        let mut outcomes = outcomes.into_iter();
        for read in &reads {
            match &read.product {
                Err(problems) => self.refuse(read.group, problems)?,
                Ok(product) => self.count(read.group, product, outcomes.next())?,
            }
        }
        Ok(())
    }

    async fn import_products(
        &self,
        key: &IdempotencyKey,
        products: &[&FileProduct],
    ) -> Result<Vec<ImportOutcome>, ImportError> {
        let products = products.iter().map(|product| product.input.clone()).collect();
        let request = ImportProducts { key: key.clone(), dry_run: self.options.dry_run, products };
        let import = self.import;
        let call = || {
            let (ctx, request) = (self.fresh_ctx(), request.clone());
            async move { import.catalog.import_products(&ctx, request).await }
        };
        patiently(call).await.map_err(ImportError::Catalog)
    }

    fn count(
        &mut self,
        group: usize,
        product: &FileProduct,
        outcome: Option<ImportOutcome>,
    ) -> Result<(), ImportError> {
        match outcome.map(|outcome| outcome.result) {
            Some(ImportResult::Created) => self.report.created += 1,
            Some(ImportResult::Updated) => self.report.updated += 1,
            Some(ImportResult::Rejected { field, problem }) => {
                let reject = self.file.reject_of(group, product, &field, problem);
                self.refuse(group, &[reject])?;
            }
            Some(ImportResult::Unchanged) | None => self.report.unchanged += 1,
        }
        Ok(())
    }

    fn refuse(&mut self, group: usize, problems: &[Reject]) -> Result<(), ImportError> {
        self.report.rejected += 1;
        self.report.rejects_total += problems.len();
        let room = REJECTS_TOLD.saturating_sub(self.report.rejects.len());
        self.report.rejects.extend(problems.iter().take(room).cloned());
        self.refused.add(group, problems).map_err(|error| ImportError::Internal(error.to_string()))
    }

    /// Asks which variants have stock first, so that an import that was cut off between products and stock is made
    /// whole by the next one.
    async fn set_stock(
        &mut self,
        key: &IdempotencyKey,
        products: &[&FileProduct],
        outcomes: &[ImportOutcome],
    ) -> Result<(), ImportError> {
        let mut items: Vec<StockItem> =
            products.iter().zip(outcomes).flat_map(|(product, outcome)| stock_items(product, outcome)).collect();
        if self.options.stock == StockRule::KeepKnown && !items.is_empty() {
            let known = self.stocked(&items).await?;
            items.retain(|item| !known.contains(&item.variant_id));
        }
        if items.is_empty() {
            return Ok(());
        }
        let request = SetStock { key: key.clone(), reason: "import".to_owned(), items };
        let import = self.import;
        let call = || {
            let (ctx, request) = (self.fresh_ctx(), request.clone());
            async move { import.inventory.set_stock(&ctx, request).await }
        };
        let changed = patiently(call).await.map_err(ImportError::Inventory)?;
        self.report.stock_set += usize::try_from(changed).unwrap_or(usize::MAX);
        Ok(())
    }

    async fn stocked(&self, items: &[StockItem]) -> Result<HashSet<String>, ImportError> {
        let request = FindStock::of(items.iter().map(|item| item.variant_id.clone()).collect());
        let import = self.import;
        let call = || {
            let (ctx, request) = (self.fresh_ctx(), request.clone());
            async move { import.inventory.stock_levels(&ctx, request).await }
        };
        let levels = patiently(call).await.map_err(ImportError::Inventory)?;
        Ok(levels.into_iter().map(|level| level.variant_id).collect())
    }

    /// An import may take longer than one call may.
    fn fresh_ctx(&self) -> CallCtx {
        CallCtx { deadline: Instant::now() + TIMEOUT, ..self.ctx.clone() }
    }
}

fn stock_items<'a>(product: &'a FileProduct, outcome: &'a ImportOutcome) -> impl Iterator<Item = StockItem> + 'a {
    let variants = product.input.variants.iter().zip(&product.stock);
    outcome.variant_ids.iter().zip(variants).map(|(id, (variant, stock))| {
        let FileStock { on_hand, track_inventory, backorderable } = *stock;
        let variant_id = id.to_string();
        let sku = variant.sku.clone();
        StockItem { variant_id, sku, on_hand, track_inventory, backorderable, ..StockItem::default() }
    })
}

/// Repeats a call that failed only for now. It carries its key, so that it has its effect once.
async fn patiently<T, E, F>(call: impl Fn() -> F) -> Result<T, CallError<E>>
where
    F: Future<Output = Result<T, CallError<E>>>,
{
    let mut pause = FIRST_PAUSE;
    for _ in 1..ATTEMPTS {
        match call().await {
            Err(error) if error.is_temporary() => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause *= 3;
    }
    call().await
}

#[cfg(test)]
mod tests;
