//! `product import` and `product export`.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;

use clap::Subcommand;
use host::settings::Settings;
use indicatif::{ProgressBar, ProgressStyle};
use kernel::id::new_id;
use kernel::{CallCtx, Currency};

use super::{Console, Failure, with_modules};
use crate::assemble::Modules;
use crate::imports::{Import, ImportError, ImportOptions, ImportReport, Progress, StockRule, export};

#[derive(Subcommand)]
pub(crate) enum Product {
    /// Import goods from a Shopify product file
    Import {
        /// The file; `-` for standard input
        file: PathBuf,
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Write refused rows, with what is wrong, to this file
        #[arg(long, value_name = "FILE")]
        rejects: Option<PathBuf>,
        /// Set stock also where it is known already
        #[arg(long)]
        overwrite_stock: bool,
    },
    /// Export all goods to a file that, imported again, changes nothing
    Export {
        /// The file; `-` for standard output
        file: PathBuf,
    },
}

pub(crate) async fn run(product: Product, settings: Settings, console: &Console) -> Result<u8, Failure> {
    let currency = settings.shop_currency;
    match product {
        Product::Import { file, dry_run, rejects, overwrite_stock } => {
            let content = read(&file)?;
            let stock = if overwrite_stock { StockRule::Overwrite } else { StockRule::KeepKnown };
            let options = ImportOptions { run_id: new_id("run"), dry_run, stock };
            let report = with_modules(settings, |modules| async move {
                import(&modules, currency, content, &options, console).await
            })
            .await?;
            finish(&report, rejects, console)
        }
        Product::Export { file } => {
            let (content, report) = with_modules(settings, |modules| async move {
                let mut content = Vec::new();
                let ctx = CallCtx::of_module("app");
                let bar = progress_bar(console);
                let report =
                    export(&*modules.catalog, &*modules.inventory, &ctx, &mut content, |at| show(&bar, at)).await;
                bar.finish_and_clear();
                Ok((content, report.map_err(|error| Failure::new(4, error))?))
            })
            .await?;
            if file.as_os_str() == "-" {
                print!("{}", String::from_utf8_lossy(&content));
            } else {
                std::fs::write(&file, content)
                    .map_err(|error| Failure::new(1, format!("{}: {error}", file.display())))?;
                let json = serde_json::json!({ "products": report.products, "file": file });
                console.print(&json, format_args!("{} products written to {}", report.products, file.display()));
            }
            Ok(0)
        }
    }
}

fn read(file: &PathBuf) -> Result<Vec<u8>, Failure> {
    if file.as_os_str() == "-" {
        let mut content = Vec::new();
        std::io::stdin().lock().read_to_end(&mut content).map_err(|error| Failure::new(1, error))?;
        return Ok(content);
    }
    std::fs::read(file).map_err(|error| Failure::not_found(format!("{}: {error}", file.display())))
}

async fn import(
    modules: &Modules,
    currency: Currency,
    content: Vec<u8>,
    options: &ImportOptions,
    console: &Console,
) -> Result<ImportReport, Failure> {
    let media = crate::demo::media();
    let import = Import { catalog: modules.catalog.clone(), inventory: modules.inventory.clone(), currency, media };
    let bar = progress_bar(console);
    let ctx = CallCtx::of_module("app");
    let report = import.run(&ctx, content.into(), options, |at| show(&bar, at)).await;
    bar.finish_and_clear();
    report.map_err(|error| match error {
        ImportError::File(_) => Failure::new(2, error),
        ImportError::Catalog(_) | ImportError::Inventory(_) => Failure::new(4, error),
        ImportError::Internal(_) => Failure::new(1, error),
    })
}

/// Only a person at a terminal sees it.
fn progress_bar(console: &Console) -> ProgressBar {
    if console.quiet || console.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} products, {per_sec}, {eta} left");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn show(bar: &ProgressBar, at: Progress) {
    bar.set_length(at.total as u64);
    bar.set_position(at.done as u64);
}

fn finish(report: &ImportReport, rejects: Option<PathBuf>, console: &Console) -> Result<u8, Failure> {
    for reject in &report.rejects {
        console.say(format_args!(
            "line {}, {}, {}: {:?}: {}",
            reject.line, reject.handle, reject.column, reject.value, reject.problem
        ));
    }
    let told = report.rejects.len();
    if report.rejects_total > told {
        console.say(format_args!("and {} more problems", report.rejects_total - told));
    }
    if let (Some(path), Some(content)) = (&rejects, &report.reject_file) {
        std::fs::write(path, content).map_err(|error| Failure::new(1, format!("{}: {error}", path.display())))?;
        console.say(format_args!("refused rows are in {}: correct them and import that file", path.display()));
    }
    let verb = if report.dry_run { "would be " } else { "" };
    let text = format!(
        "{} {verb}new, {} {verb}changed, {} the same, {} refused{}",
        report.created,
        report.updated,
        report.unchanged,
        report.rejected,
        if report.dry_run { "; nothing was changed" } else { "" },
    );
    console.print(&serde_json::to_value(report).unwrap_or_default(), text);
    Ok(if report.rejected > 0 { 6 } else { 0 })
}

/// Puts our own goods into a shop that has none.
pub(super) async fn stock_the_demo_shop(
    modules: &Modules,
    settings: &Settings,
    console: &Console,
) -> Result<(), Failure> {
    let ctx = CallCtx::of_module("app");
    let query = catalog_api::ProductQuery { page: 1, limit: 1, ..catalog_api::ProductQuery::default() };
    if modules.catalog.products(&ctx, query).await?.total > 0 {
        return Ok(());
    }
    let options = ImportOptions { run_id: "demo".to_owned(), dry_run: false, stock: StockRule::KeepKnown };
    let goods = crate::demo::PRODUCTS.as_bytes().to_vec();
    let report = import(modules, settings.shop_currency, goods, &options, console).await?;
    console.say(format_args!("{} demo products are on the shelves", report.created));
    Ok(())
}
