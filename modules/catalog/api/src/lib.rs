//! The public face of `catalog`: what the shop sells, and at what price.

mod price_list;

use kernel::audit::{AuditRequest, Violation};
use kernel::{
    CallCtx, CallError, DomainError, IdempotencyKey, Money, Page, PageRequest, Quantity, TaxClass, Timestamp, contract,
    ids,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use price_list::{
    FindListPrices, FindPriceHistory, ListPriceInput, ListPriceLists, ListedPrice, OwnPrice, PriceList, PriceListId,
    PriceListKind, PriceMoment, PriceTier, RefusedPrice, SavePriceList, SetListPrices,
};

ids! {
    /// A product.
    ProductId = "prd";
    /// One buyable form of a product.
    VariantId = "var";
}

/// What the shop sells.
#[contract(module = "catalog", version = 1, events(ProductSaved))]
pub trait Catalog {
    /// One page of products, of a category, matching a search, or all. Listings show active products only.
    #[read]
    async fn products(&self, ctx: &CallCtx, request: ProductQuery) -> Result<ProductList, CallError<CatalogError>>;

    /// One product with everything its page shows; `None` when there is none or it is not for the caller's eyes.
    #[read]
    async fn product(&self, ctx: &CallCtx, request: FindProduct) -> Result<Option<Product>, CallError<CatalogError>>;

    /// Whole products, the oldest first, a part at a time: for those who need all of them, such as exports. One that
    /// comes meanwhile is in the last part; whoever does not act for the shop gets active ones only.
    #[read]
    async fn all_products(
        &self,
        ctx: &CallCtx,
        request: ListAllProducts,
    ) -> Result<Page<Product>, CallError<CatalogError>>;

    /// What a cart needs to know of several variants at once. Unknown ids are left out.
    #[read]
    async fn variants(&self, ctx: &CallCtx, request: FindVariants) -> Result<Vec<SaleItem>, CallError<CatalogError>>;

    /// All categories with the number of active products in each, in the order of the navigation.
    #[read]
    async fn categories(
        &self,
        ctx: &CallCtx,
        request: ListCategories,
    ) -> Result<Vec<Category>, CallError<CatalogError>>;

    /// Creates and changes products so that they are as given, matching by slug. Each product is taken whole or
    /// rejected whole, and one that is already as given is left alone. Needs the permission to manage products.
    #[write(idempotent_by = key)]
    async fn import_products(
        &self,
        ctx: &CallCtx,
        request: ImportProducts,
    ) -> Result<Vec<ImportOutcome>, CallError<CatalogError>>;

    /// Creates a product, or changes one as it was at the version that the caller saw. Needs the permission to manage
    /// products.
    #[write(idempotent_by = key)]
    async fn save_product(&self, ctx: &CallCtx, request: SaveProduct) -> Result<Product, CallError<CatalogError>>;

    /// One price list or all, the newest first; at most 500. Needs the permission to read products.
    #[read]
    async fn price_lists(
        &self,
        ctx: &CallCtx,
        request: ListPriceLists,
    ) -> Result<Vec<PriceList>, CallError<CatalogError>>;

    /// Creates a price list, or changes one. What it changes in the shop follows within seconds, as when it begins or ends.
    /// Needs the permission to manage products.
    #[write(idempotent_by = key)]
    async fn save_price_list(
        &self,
        ctx: &CallCtx,
        request: SavePriceList,
    ) -> Result<PriceList, CallError<CatalogError>>;

    /// Prices of a list, a part at a time. Needs the permission to read products.
    #[read]
    async fn list_prices(
        &self,
        ctx: &CallCtx,
        request: FindListPrices,
    ) -> Result<Page<ListedPrice>, CallError<CatalogError>>;

    /// Sets prices of a list, and what the variants are offered for with them. Gives what was refused; then nothing was
    /// changed. Needs the permission to manage products.
    #[write(idempotent_by = key)]
    async fn set_list_prices(
        &self,
        ctx: &CallCtx,
        request: SetListPrices,
    ) -> Result<Vec<RefusedPrice>, CallError<CatalogError>>;

    /// What the variants of a product were offered for, the newest first; at most 1,000 moments. Needs the permission to
    /// read products.
    #[read]
    async fn price_history(
        &self,
        ctx: &CallCtx,
        request: FindPriceHistory,
    ) -> Result<Vec<PriceMoment>, CallError<CatalogError>>;

    /// Compares its data with its invariants. Gives what breaks one; nothing when all is well.
    #[read]
    async fn audit(&self, ctx: &CallCtx, request: AuditRequest) -> Result<Vec<Violation>, CallError<CatalogError>>;
}

/// Whether a product is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// Being prepared; staff only.
    Draft,
    /// For sale.
    #[default]
    Active,
    /// No longer sold.
    Archived,
}

impl ProductStatus {
    /// As stored and shown in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Archived => "archived",
        }
    }
}

impl std::str::FromStr for ProductStatus {
    type Err = CatalogError;

    fn from_str(text: &str) -> Result<Self, CatalogError> {
        match text {
            "draft" => Ok(Self::Draft),
            "active" => Ok(Self::Active),
            "archived" => Ok(Self::Archived),
            _ => Err(CatalogError::invalid("status", "write draft, active or archived")),
        }
    }
}

/// A product as its page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// Its place in URLs; unique.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// Sanitised HTML.
    pub description_html: String,
    /// The maker.
    pub vendor: Option<String>,
    /// Where it is listed.
    pub category: Option<CategoryRef>,
    /// Whether it is shown.
    pub status: ProductStatus,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What a shopper chooses between; empty for a product with a single variant.
    pub options: Vec<ProductOption>,
    /// Every buyable form, at least one, in order.
    pub variants: Vec<ProductVariant>,
    /// Pictures, the main one first.
    pub media: Vec<Media>,
    /// Raised with every change.
    pub version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// One buyable form of a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductVariant {
    /// Its id.
    pub id: VariantId,
    /// Stock keeping unit: visible ASCII, unique in the shop where set.
    pub sku: Option<String>,
    /// One value for each option of the product, in their order.
    pub option_values: Vec<String>,
    /// What it costs now, by its own price and the price lists in force.
    pub price: Money,
    /// What it cost before, when it is reduced.
    pub compare_at_price: Option<Money>,
    /// What each costs when more are bought: quantities rise and prices fall.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
    /// Its own price, where a price list gives another.
    #[serde(default)]
    pub own_price: Option<OwnPrice>,
    /// The lowest price at which it was offered in the 30 days before the present price; a reduction names it. None when it
    /// was not offered then.
    #[serde(default)]
    pub lowest_before: Option<Money>,
    /// GTIN.
    pub barcode: Option<String>,
    /// Weight.
    pub weight_grams: Option<i64>,
    /// What it is taxed as; billing knows the rates.
    #[serde(default)]
    pub tax_class: TaxClass,
}

impl ProductVariant {
    /// Its own price, as it was entered: what forms and files have, whatever price lists say.
    pub fn own(&self) -> OwnPrice {
        self.own_price.unwrap_or(OwnPrice { price: self.price, compare_at_price: self.compare_at_price })
    }
}

/// What a shopper chooses between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductOption {
    /// For instance `Size`.
    pub name: String,
    /// In the order shown.
    pub values: Vec<String>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// `demo/oak-board.jpg` below `/media/` once the shop holds it, else the address it was imported from.
    pub source: String,
    /// What it shows, in words.
    pub alt: String,
    /// In pixels; 0 while the shop does not hold the picture.
    pub width: i32,
    /// In pixels; 0 while the shop does not hold the picture.
    pub height: i32,
    /// The main colour of its background, `#rrggbb`.
    pub tone: Option<String>,
}

/// A category, as links name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CategoryRef {
    /// Its place in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A category of the navigation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Category {
    /// Its place in URLs.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Active products in it.
    pub product_count: i64,
}

/// Asks for a page of products.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductQuery {
    /// Only those of the category with this slug.
    #[serde(default)]
    pub category: Option<String>,
    /// Only those that match these words (name, SKU, vendor, tags, description); at most 200 characters.
    #[serde(default)]
    pub search: Option<String>,
    /// Only those of this status; staff may ask for any, everybody else gets active ones.
    #[serde(default)]
    pub status: Option<ProductStatus>,
    /// The order.
    #[serde(default)]
    pub sort: ProductSort,
    /// 1 for the first page.
    pub page: u32,
    /// Items on a page, 1 to 100.
    pub limit: u32,
}

/// The order of a list of products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProductSort {
    /// For a search the best match first, else newest first.
    #[default]
    Recommended,
    /// Newest first.
    Newest,
    /// Cheapest first.
    PriceAscending,
    /// Dearest first.
    PriceDescending,
    /// By name.
    Title,
}

/// A page of products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductList {
    /// The products of the page.
    pub items: Vec<ProductCard>,
    /// Products on all pages together.
    pub total: i64,
    /// The category asked for, when there is one of that slug.
    pub category: Option<CategoryRef>,
}

/// A product as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductCard {
    /// Its id.
    pub id: ProductId,
    /// Its place in URLs.
    pub slug: String,
    /// Its name.
    pub title: String,
    /// The maker.
    pub vendor: Option<String>,
    /// Where it is listed.
    pub category: Option<CategoryRef>,
    /// Whether it is shown.
    pub status: ProductStatus,
    /// Of the cheapest variant.
    pub price_from: Money,
    /// Whether other variants cost more.
    pub price_varies: bool,
    /// Former price of the cheapest variant, when it is reduced.
    pub compare_at_price: Option<Money>,
    /// [`ProductVariant::lowest_before`] of the cheapest variant.
    #[serde(default)]
    pub lowest_before: Option<Money>,
    /// The main picture.
    pub media: Option<Media>,
    /// Every variant, to ask `inventory` with.
    pub variant_ids: Vec<VariantId>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Asks for one product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindProduct {
    /// By its place in URLs.
    Slug(String),
    /// By its id.
    Id(ProductId),
}

/// Asks for a part of all products.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListAllProducts {
    /// Which part; at most 100 products.
    #[serde(default)]
    pub page: PageRequest,
}

/// Asks for variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindVariants {
    /// At most 1,000.
    pub variant_ids: Vec<VariantId>,
}

/// A variant as a cart or an order line shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaleItem {
    /// The variant.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's place in URLs.
    pub slug: String,
    /// The product's name.
    pub title: String,
    /// `Sand, 140 × 200`; empty for a product with a single variant.
    pub options: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// What one costs now.
    pub price: Money,
    /// What each costs when more are bought: quantities rise and prices fall.
    #[serde(default)]
    pub tiers: Vec<PriceTier>,
    /// Weight.
    pub weight_grams: Option<i64>,
    /// The main picture.
    pub media: Option<Media>,
    /// Whether it may be bought: its product is active.
    pub for_sale: bool,
    /// Of its product, by slug.
    #[serde(default)]
    pub category: Option<String>,
    /// What it cost before, when it is reduced.
    #[serde(default)]
    pub compare_at_price: Option<Money>,
    /// What it is taxed as.
    #[serde(default)]
    pub tax_class: TaxClass,
}

impl SaleItem {
    /// What each costs when so many are bought.
    pub fn price_for(&self, quantity: Quantity) -> Money {
        price_list::price_for(self.price, &self.tiers, quantity)
    }
}

/// Asks for the categories.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListCategories {}

/// Asks to create and change products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportProducts {
    /// Names this part of the import.
    pub key: IdempotencyKey,
    /// Only says what would happen.
    #[serde(default)]
    pub dry_run: bool,
    /// At most 500.
    pub products: Vec<ProductInput>,
}

/// Asks to create or change one product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SaveProduct {
    /// Names this change.
    pub key: IdempotencyKey,
    /// The product to change; none creates one.
    #[serde(default)]
    pub id: Option<ProductId>,
    /// The version that the caller saw; the change is refused when another came between.
    #[serde(default)]
    pub expected_version: Option<i64>,
    /// How it shall be.
    pub product: ProductInput,
}

/// A product as someone wants it to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProductInput {
    /// Lower-case letters, digits and hyphens, at most 200.
    pub slug: String,
    /// 1 to 200 characters.
    pub title: String,
    /// Any HTML; what is not harmless is taken out.
    pub description_html: String,
    /// The maker, at most 200 characters.
    #[serde(default)]
    pub vendor: Option<String>,
    /// The name of its category, created when there is none of that name.
    #[serde(default)]
    pub category: Option<String>,
    /// Whether it is shown.
    #[serde(default)]
    pub status: ProductStatus,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Names of the options, at most 3; each variant has one value for each.
    #[serde(default)]
    pub options: Vec<String>,
    /// 1 to 2,000. A variant with the option values of an existing one is that one.
    pub variants: Vec<VariantInput>,
    /// Pictures in order.
    #[serde(default)]
    pub media: Vec<Media>,
}

/// A variant as someone wants it to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct VariantInput {
    /// Visible ASCII, at most 64.
    #[serde(default)]
    pub sku: Option<String>,
    /// One value for each option, in their order.
    #[serde(default)]
    pub option_values: Vec<String>,
    /// 0 to 10^10 minor units.
    pub price: Money,
    /// What it cost before.
    #[serde(default)]
    pub compare_at_price: Option<Money>,
    /// GTIN.
    #[serde(default)]
    pub barcode: Option<String>,
    /// Weight.
    #[serde(default)]
    pub weight_grams: Option<i64>,
    /// What it is taxed as. None leaves an existing variant as it is, so that a file which does not say never changes a
    /// tax; a new one is `standard`.
    #[serde(default)]
    pub tax_class: Option<TaxClass>,
}

/// What became of one product of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportOutcome {
    /// Which.
    pub slug: String,
    /// What.
    pub result: ImportResult,
    /// The ids of its variants in the order given; empty when rejected, or in a dry run for variants that are new.
    pub variant_ids: Vec<VariantId>,
}

/// What became of one product of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ImportResult {
    /// It is new.
    Created,
    /// It was different.
    Updated,
    /// It was so already.
    Unchanged,
    /// It was not taken.
    Rejected {
        /// For instance `variants[2].price`.
        field: String,
        /// What to do about it.
        problem: String,
    },
}

/// Why `catalog` refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum CatalogError {
    /// There is no such product or price list.
    #[error("there is no such product or price list")]
    NotFound,
    /// Another product has this slug.
    #[error("another product has the slug {slug}")]
    SlugTaken {
        /// The slug.
        slug: String,
    },
    /// Another variant has this SKU.
    #[error("another variant has the SKU {sku}")]
    SkuTaken {
        /// The SKU.
        sku: String,
    },
    /// The caller may not see or change this.
    #[error("not permitted")]
    NotPermitted,
    /// Someone else changed it meanwhile.
    #[error("it was changed meanwhile; it is now at version {current}")]
    Changed {
        /// The version it has now.
        current: i64,
    },
    /// A value breaks a rule.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which, for instance `variants[2].price`.
        field: String,
        /// What to do about it.
        problem: String,
    },
    /// A refusal of a newer release.
    #[error("refused for a reason that this release does not know")]
    #[serde(other)]
    Other,
}

impl CatalogError {
    /// `field` breaks a rule; `problem` says what to do.
    pub fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }
}

impl DomainError for CatalogError {}

/// A product was created or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductSaved {
    /// Which.
    pub product_id: ProductId,
    /// Its place in URLs now.
    pub slug: String,
    /// Its place in URLs before, when that changed.
    #[serde(default)]
    pub former_slug: Option<String>,
    /// Slugs of the categories it is or was listed in.
    pub categories: Vec<String>,
}

impl kernel::event::Event for ProductSaved {
    const KIND: &'static str = "product.saved";

    fn aggregate_id(&self) -> String {
        self.product_id.to_string()
    }
}
