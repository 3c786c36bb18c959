//! What the catalog does, asked through its trait, on each database.

mod audit;
mod importing;
mod listing;
mod price_lists;
mod prices;
mod saving;
mod searching;
mod showing;
mod speed;

use std::sync::Arc;
use std::time::Duration;

use catalog_api::{
    Catalog, CatalogError, ImportOutcome, ImportProducts, ImportResult, ProductCard, ProductInput, ProductList,
    ProductQuery, ProductSaved, ProductStatus, VariantInput,
};
use kernel::db::Db;
use kernel::event::FeedCursor;
use kernel::testing::TestHome;
use kernel::{CallCtx, CallError, Clock, Currency, IdempotencyKey, Money, Principal, Timestamp};

/// A shop with its clock.
struct Shop {
    catalog: Arc<dyn Catalog>,
    clock: Clock,
    db: Db,
}

impl Shop {
    async fn open(home: &TestHome) -> Self {
        let db = home.open(catalog::schema()).await;
        let clock = Clock::fixed(Timestamp(1_700_000_000_000_000));
        let started = catalog::start(db.clone(), clock.clone(), Currency::eur());
        Self { catalog: started.service, clock, db }
    }

    /// A shop that already has `products`.
    async fn with(home: &TestHome, products: &[ProductInput]) -> Self {
        let shop = Self::open(home).await;
        for outcome in shop.import(products).await {
            assert_eq!(outcome.result, ImportResult::Created, "{}", outcome.slug);
        }
        shop
    }

    async fn import(&self, products: &[ProductInput]) -> Vec<ImportOutcome> {
        let request = ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: products.to_vec() };
        self.catalog.import_products(&staff(), request).await.expect("the import is carried out")
    }

    async fn list(&self, query: ProductQuery) -> ProductList {
        self.catalog.products(&shopper(), query).await.expect("a list")
    }

    /// The slugs of what a shopper finds with `text`, best first.
    async fn search(&self, text: &str) -> Vec<String> {
        slugs(&self.list(ProductQuery { search: Some(text.to_owned()), ..first_page() }).await.items)
    }

    /// All events told so far, once there are `least` of them: on PostgreSQL they appear only after everything that
    /// began before has ended, in other tests too.
    async fn events(&self, least: usize) -> Vec<ProductSaved> {
        let feed = self.db.feed();
        for _ in 0..3_000 {
            let batch = feed.read(FeedCursor::default(), 1_000, Duration::ZERO).await.expect("the feed");
            if batch.events.len() >= least {
                return batch.events.iter().map(|(_, envelope)| envelope.open().expect("an event")).collect();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("fewer than {least} events");
    }
}

fn staff() -> CallCtx {
    CallCtx::of_module("app")
}

fn shopper() -> CallCtx {
    CallCtx::new("app", Principal::Anonymous)
}

/// A member of staff who may do this.
fn member(permission: &str) -> CallCtx {
    let permissions = vec![permission.to_owned()];
    let staff = kernel::principal::Staff { id: "usr_1".to_owned(), name: "Grace".to_owned(), permissions };
    CallCtx::new("app", Principal::Staff(staff))
}

fn first_page() -> ProductQuery {
    ProductQuery { page: 1, limit: 24, ..ProductQuery::default() }
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

fn slugs(cards: &[ProductCard]) -> Vec<String> {
    cards.iter().map(|card| card.slug.clone()).collect()
}

fn variant(price: i64) -> VariantInput {
    VariantInput {
        sku: None,
        option_values: Vec::new(),
        price: eur(price),
        compare_at_price: None,
        barcode: None,
        weight_grams: None,
        tax_class: None,
    }
}

/// A product with one variant.
fn product(slug: &str, title: &str, price: i64) -> ProductInput {
    ProductInput {
        slug: slug.to_owned(),
        title: title.to_owned(),
        description_html: String::new(),
        vendor: None,
        category: None,
        status: ProductStatus::Active,
        tags: Vec::new(),
        options: Vec::new(),
        variants: vec![variant(price)],
        media: Vec::new(),
    }
}

/// A product with a variant for each size.
fn sized(slug: &str, sizes: &[&str], price: i64) -> ProductInput {
    let of_size = |size: &&str| VariantInput { option_values: vec![(*size).to_owned()], ..variant(price) };
    ProductInput {
        options: vec!["Size".to_owned()],
        variants: sizes.iter().map(of_size).collect(),
        ..product(slug, slug, price)
    }
}

fn refused_field<T>(result: Result<T, CallError<CatalogError>>) -> String {
    match result {
        Err(CallError::Domain(CatalogError::Invalid { field, problem })) => {
            assert!(!problem.is_empty());
            field
        }
        Err(other) => panic!("refused otherwise: {other}"),
        Ok(_) => panic!("taken"),
    }
}

fn rejected_field(outcome: &ImportOutcome) -> &str {
    match &outcome.result {
        ImportResult::Rejected { field, problem } => {
            assert!(!problem.is_empty() && outcome.variant_ids.is_empty());
            field
        }
        other => panic!("{} was {other:?}", outcome.slug),
    }
}
