//! The module `catalog`: what the shop sells, in which forms, at what price, and how it is found.

mod categories;
mod change;
mod import;
mod list;
mod offered;
mod permission;
mod price_lists;
mod sanitize;
mod save;
mod schema;
mod show;
mod store;
mod validate;
mod words;

use std::sync::Arc;

use catalog_api::{
    Catalog, CatalogError, Category, FindListPrices, FindPriceHistory, FindProduct, FindVariants, ImportOutcome,
    ImportProducts, ListAllProducts, ListCategories, ListPriceLists, ListedPrice, PriceList, PriceMoment, Product,
    ProductList, ProductQuery, RefusedPrice, SaleItem, SavePriceList, SaveProduct, SetListPrices,
};
use kernel::audit::{AuditRequest, Violation};
use kernel::db::{Db, Schema, embed_migrations};
use kernel::module::Started;
use kernel::{CallCtx, CallError, Clock, Currency, Page};

/// The module's tables.
pub fn schema() -> Schema {
    Schema {
        module: "catalog",
        postgres: embed_migrations!("../../migrations/catalog/postgres"),
        sqlite: embed_migrations!("../../migrations/catalog/sqlite"),
    }
}

/// The module, over its data. All prices are in `currency`.
pub fn start(db: Db, clock: Clock, currency: Currency) -> Started<dyn Catalog> {
    let (lists, now) = (db.clone(), clock.clone());
    Started::<dyn Catalog>::new(Arc::new(Service { db, clock, currency }))
        .working("price lists", move |stop| price_lists::begin_and_end_in_time(lists, now, stop))
}

struct Service {
    db: Db,
    clock: Clock,
    currency: Currency,
}

type Answer<T> = Result<T, CallError<CatalogError>>;

#[async_trait::async_trait]
impl Catalog for Service {
    async fn products(&self, ctx: &CallCtx, request: ProductQuery) -> Answer<ProductList> {
        list::products(&self.db, &ctx.principal, request).await
    }

    async fn product(&self, ctx: &CallCtx, request: FindProduct) -> Answer<Option<Product>> {
        show::product(&self.db, &ctx.principal, request).await
    }

    async fn all_products(&self, ctx: &CallCtx, request: ListAllProducts) -> Answer<Page<Product>> {
        list::all_products(&self.db, &ctx.principal, request).await
    }

    async fn variants(&self, _: &CallCtx, request: FindVariants) -> Answer<Vec<SaleItem>> {
        show::variants(&self.db, request).await
    }

    async fn categories(&self, _: &CallCtx, _: ListCategories) -> Answer<Vec<Category>> {
        categories::categories(&self.db).await
    }

    async fn import_products(&self, ctx: &CallCtx, request: ImportProducts) -> Answer<Vec<ImportOutcome>> {
        import::import_products(self, ctx, request).await
    }

    async fn save_product(&self, ctx: &CallCtx, request: SaveProduct) -> Answer<Product> {
        save::save_product(self, ctx, request).await
    }

    async fn price_lists(&self, ctx: &CallCtx, request: ListPriceLists) -> Answer<Vec<PriceList>> {
        price_lists::price_lists(&self.db, &ctx.principal, request).await
    }

    async fn save_price_list(&self, ctx: &CallCtx, request: SavePriceList) -> Answer<PriceList> {
        price_lists::save_price_list(self, ctx, request).await
    }

    async fn list_prices(&self, ctx: &CallCtx, request: FindListPrices) -> Answer<Page<ListedPrice>> {
        price_lists::list_prices(&self.db, &ctx.principal, request).await
    }

    async fn set_list_prices(&self, ctx: &CallCtx, request: SetListPrices) -> Answer<Vec<RefusedPrice>> {
        price_lists::set_list_prices(self, ctx, request).await
    }

    async fn price_history(&self, ctx: &CallCtx, request: FindPriceHistory) -> Answer<Vec<PriceMoment>> {
        show::price_history(&self.db, &ctx.principal, request).await
    }

    async fn audit(&self, _: &CallCtx, request: AuditRequest) -> Answer<Vec<Violation>> {
        self.db.audit(store::INVARIANTS, &request, self.clock.now()).await
    }
}
