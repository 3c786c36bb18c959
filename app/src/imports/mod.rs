//! Products and stock from files, and to files.
//!
//! [`shopify`] reads a file and names everything that is wrong with it. [`Import`] takes what is right to the catalog
//! and the inventory, some hundred products at a time, and writes what is wrong to a file that can be corrected and
//! imported again. [`export()`] writes a file that, imported again, changes nothing.

pub mod cells;
mod columns;
mod export;
mod lines;
pub mod price_file;
mod product;
mod rejects;
mod run;
pub mod shopify;

pub use export::{ExportReport, export};
pub use product::{FileProduct, FileStock};
pub use run::{Import, ImportError, ImportOptions, ImportReport, Progress, StockRule};
pub use shopify::{FileError, ProductFile, Reject};

/// A published file, from the folder of test data; `None`, and said so, where there is no such folder.
#[cfg(test)]
fn test_file(name: &str) -> Option<bytes::Bytes> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data");
    let folder = std::env::var("FREESTONE_TEST_DATA").unwrap_or_else(|_| beside.to_owned());
    let bytes = std::fs::read(format!("{folder}/catalog/shopify/{name}")).ok();
    if bytes.is_none() {
        eprintln!("NOT RUN with {name}: there is no folder of test data; name it in FREESTONE_TEST_DATA");
    }
    bytes.map(bytes::Bytes::from)
}
