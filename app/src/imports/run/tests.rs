use catalog_api::{FindProduct, Product};
use inventory_api::{Adjust, StockLevel};
use kernel::contract::{Contract as _, MethodReport, Route, Router};
use kernel::testing::{TestHome, on_every_database};
use kernel::{Clock, Principal, Timestamp};

use super::super::export::export;
use super::*;

const GOODS: &str = "\
Handle,Title,Body (HTML),Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,\
Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Alt Text
chalk,Chalk,\"<p>White,
soft</p>\",School,\"white, soft\",Size,Small,C-S,10,shopify,5,deny,1.50,2,demo/chalk.jpg,
chalk,,,,,,Large,C-L,20,shopify,3,continue,2.50,,https://a.example/b.jpg,Large
slate,'=Slate,Stone,School,,Title,Default Title,,,,9,deny,9,,,
";

const BAD: &str = "\
Handle,Title,Variant SKU,Variant Price,Option1 Name,Option1 Value
chalk,Chalk,C-1,1,Size,S
chalk,,C-2,-5,,M
slate,Slate,S-1,2,,
pen,Pen,P-1,\"1,5\",,
short,Short
";

struct Shop {
    import: Import,
    ctx: CallCtx,
}

impl Shop {
    async fn open(home: &TestHome) -> Self {
        let clock = Clock::fixed(Timestamp(1_700_000_000_000_000));
        let catalog = catalog::start(home.open(catalog::schema()).await, clock.clone(), Currency::eur()).service;
        let inventory = inventory::start(home.open(inventory::schema()).await, clock).service;
        let import = Import { catalog, inventory, currency: Currency::eur(), media: HashMap::new() };
        Self { import, ctx: CallCtx::new("app", Principal::Module("app".into())) }
    }

    async fn run(&self, text: impl Into<Bytes>, options: ImportOptions) -> ImportReport {
        self.import.run(&self.ctx, text.into(), &options, |_| {}).await.expect("the import is carried out")
    }

    async fn apply(&self, text: impl Into<Bytes>) -> ImportReport {
        self.run(text, apply()).await
    }

    async fn product(&self, slug: &str) -> Option<Product> {
        let find = FindProduct::Slug(slug.to_owned());
        self.import.catalog.product(&self.ctx, find).await.expect("an answer")
    }

    async fn stock(&self, slug: &str) -> Vec<StockLevel> {
        let product = self.product(slug).await.expect("a product");
        let variant_ids: Vec<String> = product.variants.iter().map(|variant| variant.id.to_string()).collect();
        let request = FindStock::of(variant_ids.clone());
        let levels = self.import.inventory.stock_levels(&self.ctx, request).await.expect("levels");
        let level = |id: &String| levels.iter().find(|level| level.variant_id == *id).expect("a level").clone();
        variant_ids.iter().map(level).collect()
    }

    async fn sell_one(&self, level: &StockLevel) {
        let (key, variant_id) = (IdempotencyKey::new(), level.variant_id.clone());
        let request = Adjust::new(key, variant_id, -1, "sold");
        self.import.inventory.adjust(&self.ctx, request).await.expect("it is taken");
    }

    async fn exported(&self) -> String {
        let mut file = Vec::new();
        let Import { catalog, inventory, .. } = &self.import;
        export(&**catalog, &**inventory, &self.ctx, &mut file, |_| {}).await.expect("the export is written");
        String::from_utf8(file).expect("text")
    }
}

fn apply() -> ImportOptions {
    ImportOptions { run_id: IdempotencyKey::new().to_string(), dry_run: false, stock: StockRule::KeepKnown }
}

fn figures(report: &ImportReport) -> [usize; 4] {
    [report.created, report.updated, report.unchanged, report.rejected]
}

#[tokio::test]
async fn products_and_stock_arrive_and_the_same_file_again_changes_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let report = shop.apply(GOODS).await;
        assert_eq!((figures(&report), report.stock_set, report.rows), ([2, 0, 0, 0], 3, 3));
        let chalk = shop.stock("chalk").await;
        assert_eq!((chalk[0].on_hand, chalk[0].sku.as_deref(), chalk[0].backorderable), (5, Some("C-S"), false));
        assert!(chalk[1].backorderable && !shop.stock("slate").await[0].track_inventory);
        assert_eq!(shop.product("slate").await.expect("a product").title, "=Slate");

        let again = shop.apply(GOODS).await;
        assert_eq!((figures(&again), again.stock_set, again.reject_file), ([0, 0, 2, 0], 0, None));
    })
    .await;
}

#[tokio::test]
async fn what_was_sold_since_stays_sold_unless_the_file_shall_win() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.apply(GOODS).await;
        shop.sell_one(&shop.stock("chalk").await[0]).await;
        let more = GOODS.replace("slate,'=Slate", "chalk,,,,,,Huge,C-H,,shopify,2,deny,5,,,\nslate,'=Slate");
        let report = shop.apply(more.clone()).await;
        assert_eq!((figures(&report), report.stock_set), ([0, 1, 1, 0], 1));
        let on_hand: Vec<i64> = shop.stock("chalk").await.iter().map(|level| level.on_hand).collect();
        assert_eq!(on_hand, [4, 3, 2]);
        let report = shop.run(more, ImportOptions { stock: StockRule::Overwrite, ..apply() }).await;
        assert_eq!((report.stock_set, shop.stock("chalk").await[0].on_hand), (1, 5));
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let report = shop.run(GOODS, ImportOptions { dry_run: true, ..apply() }).await;
        assert_eq!((figures(&report), report.stock_set, report.dry_run), ([2, 0, 0, 0], 0, true));
        assert!(shop.product("chalk").await.is_none());
    })
    .await;
}

#[tokio::test]
async fn bad_products_are_refused_whole_named_and_written_out() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let report = shop.apply(BAD).await;
        assert_eq!(figures(&report), [1, 0, 0, 3]);
        assert!(shop.product("chalk").await.is_none(), "no product is taken in part");
        let places: Vec<(u64, &str, &str)> =
            report.rejects.iter().map(|reject| (reject.line, reject.column.as_str(), reject.value.as_str())).collect();
        assert_eq!(places, [(3, "Variant Price", "-5"), (5, "Variant Price", "1,5"), (6, "", "2 cells")]);

        let file = String::from_utf8(report.reject_file.expect("a file of refused rows")).expect("text");
        let lines: Vec<&str> = file.split("\r\n").collect();
        assert!(lines[0].starts_with("\"error\",\"Handle\",\"Title\""));
        assert!(
            lines[1].contains("because of line 3")
                && lines[1].ends_with("\"chalk\",\"Chalk\",\"C-1\",\"1\",\"Size\",\"S\"")
        );
        assert!(
            lines[2].contains("Variant Price") && lines[2].contains("\"'-5\""),
            "a formula is guarded: {}",
            lines[2]
        );
        assert_eq!(lines.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn refused_rows_are_refused_again_until_they_are_corrected() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let refused = shop.apply(BAD).await.reject_file.expect("a file");
        let again = shop.apply(refused.clone()).await;
        assert_eq!(figures(&again), [0, 0, 0, 3]);
        let second = String::from_utf8(again.reject_file.expect("a file")).expect("text");
        assert_eq!(second.matches("\"error\"").count(), 1);
        let corrected = second.replace("'-5", "5").replace("\"1,5\"", "\"1.5\"");
        let done = shop.apply(corrected).await;
        assert_eq!(figures(&done), [2, 0, 0, 1]);
        assert_eq!(shop.product("chalk").await.expect("a product").variants[1].price.amount, 500);
    })
    .await;
}

#[tokio::test]
async fn what_the_catalog_refuses_is_named_by_line_and_column() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.apply("Handle,Title,Variant SKU,Price\nmine,Mine,X-1,1\n").await;
        let text = "Handle,Title,Variant SKU,Price,Image Src\n\
                    other,Other,X-1,1,\n\
                    odd,Odd,X-2,1,javascript:x()\n";
        let report = shop.apply(text).await;
        let places: Vec<(u64, &str, &str)> =
            report.rejects.iter().map(|reject| (reject.line, reject.column.as_str(), reject.value.as_str())).collect();
        assert_eq!(places, [(2, "Variant SKU", "X-1"), (3, "Image Src", "javascript:x()")]);
        assert_eq!(figures(&report), [0, 0, 0, 2]);
    })
    .await;
}

/// AC-122.
#[tokio::test]
async fn an_import_that_was_cut_off_goes_on_and_does_nothing_twice() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let rows: String = (0..450).map(|n| format!("p{n},P {n},{n},shopify,7\n")).collect();
        let text = Bytes::from(format!("Handle,Title,Price,Variant Inventory Tracker,Variant Inventory Qty\n{rows}"));
        let options = apply();
        let mut parts = 0;
        let cut = shop.import.run(&shop.ctx, text.clone(), &options, |_| {
            parts += 1;
            assert!(parts < 2, "cut off");
        });
        let crashed = std::panic::AssertUnwindSafe(cut);
        assert!(futures_catch(crashed).await, "the second part is not told");
        let report = shop.run(text.clone(), options).await;
        assert_eq!(figures(&report), [450, 0, 0, 0]);
        assert_eq!(shop.stock("p449").await[0].on_hand, 7);
        let again = shop.apply(text).await;
        assert_eq!((figures(&again), again.stock_set), ([0, 0, 450, 0], 0));
    })
    .await;
}

/// Whether the import panicked on its way.
async fn futures_catch<T>(import: impl Future<Output = T> + std::panic::UnwindSafe) -> bool {
    use futures_util::FutureExt as _;
    import.catch_unwind().await.is_err()
}

/// AC-114.
#[tokio::test]
async fn tax_classes_are_exported_and_a_file_without_them_changes_none() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let goods =
            "Handle,Title,Price,Variant Taxable,Variant Tax Code\nbread,Bread,3,true,reduced\nstamp,Stamp,1,false,\n";
        shop.apply(goods).await;
        let exported = shop.exported().await;
        let again = shop.apply(exported.clone()).await;
        assert_eq!((again.unchanged, again.updated), (2, 0), "{exported}");
        shop.apply("Handle,Title,Price,Variant Taxable\nbread,Bread,4,true\nstamp,Stamp,2,\n").await;
        let now = shop.exported().await;
        assert!(now.contains("\"reduced\"") && now.contains("\"exempt\""), "{now}");
    })
    .await;
}

#[tokio::test]
async fn what_is_exported_can_be_imported_without_a_change() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.apply(GOODS).await;
        shop.sell_one(&shop.stock("chalk").await[0]).await;
        let exported = shop.exported().await;
        assert!(exported.contains("\"'=Slate\""), "{exported}");
        let again = shop.run(exported.clone(), ImportOptions { stock: StockRule::Overwrite, ..apply() }).await;
        assert_eq!((figures(&again), again.stock_set), ([0, 0, 2, 0], 0));
        let other_home = TestHome::new(home.backend().clone());
        let elsewhere = Shop::open(&other_home).await;
        elsewhere.apply(exported.clone()).await;
        assert_eq!(elsewhere.exported().await, exported);
    })
    .await;
}

#[tokio::test]
async fn published_files_survive_the_round_trip() {
    on_every_database(|home| async move {
        let mut shop = Shop::open(&home).await;
        let usd: Currency = "USD".parse().expect("a currency");
        let db = home.open(catalog::schema()).await;
        shop.import.catalog = catalog::start(db, Clock::system(), usd).service;
        shop.import.currency = usd;
        for name in ["apparel.csv", "home-and-garden.csv", "packt-product-data.csv"] {
            let Some(bytes) = crate::imports::test_file(name) else { continue };
            assert_eq!(figures(&shop.apply(bytes.clone()).await), [20, 0, 0, 0], "{name}");
            assert_eq!(figures(&shop.apply(bytes).await), [0, 0, 20, 0], "{name}");
        }
        let exported = shop.exported().await;
        let again = shop.apply(exported).await;
        assert_eq!((again.created, again.updated, again.rejected), (0, 0, 0));
    })
    .await;
}

/// AC-121.
#[tokio::test]
async fn a_file_full_of_mistakes_is_told_of_in_part_and_written_out_whole() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let rows: String = (0..3_000).map(|n| format!("p{n},P,SAME,-{n}.5\n")).collect();
        let report = shop.apply(format!("Handle,Title,SKU,Price\ngood,Good,SAME,1\n{rows}")).await;
        assert_eq!(figures(&report), [1, 0, 0, 3_000]);
        assert_eq!((report.rejects.len(), report.rejects_total), (1_000, 6_000));
        let file = report.reject_file.expect("a file of refused rows");
        assert_eq!(file.iter().filter(|&&byte| byte == b'\n').count(), 3_001);
    })
    .await;
}

#[tokio::test]
async fn the_goods_of_the_demo_shop_are_faultless() {
    on_every_database(|home| async move {
        let mut shop = Shop::open(&home).await;
        shop.import.media = crate::demo::media();
        let report = shop.apply(crate::demo::PRODUCTS).await;
        assert_eq!((report.rejects.as_slice(), report.rejected), (&[][..], 0));
        assert!(report.created > 20 && report.stock_set >= report.created);
        let board = shop.product("oak-board").await.expect("a product");
        assert!(board.media.iter().all(|picture| picture.width > 0 && picture.tone.is_some()));
        let again = shop.apply(shop.exported().await).await;
        assert_eq!((again.created, again.updated, again.rejected), (0, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let refused = shop.import.run(&shop.ctx, Bytes::from("a,b\n1,2\n"), &apply(), |_| {}).await;
        assert!(matches!(refused, Err(ImportError::File(FileError::NoColumn { .. }))));
    })
    .await;
}

#[tokio::test]
async fn an_export_asks_for_a_hundred_products_at_a_time() {
    on_every_database(|home| async move {
        let mut shop = Shop::open(&home).await;
        let rows: String = (0..250).map(|n| format!("p{n},P,S-{n},5\n")).collect();
        shop.apply(format!("Handle,Title,Variant SKU,Variant Price\n{rows}")).await;
        let (catalog, inventory) = (&shop.import.catalog, &shop.import.inventory);
        let catalog_router = Router::new(Route::in_process(Arc::clone(catalog)));
        let inventory_router = Router::new(Route::in_process(Arc::clone(inventory)));
        shop.import.catalog = <dyn Catalog>::routed(Arc::clone(&catalog_router));
        shop.import.inventory = <dyn Inventory>::routed(Arc::clone(&inventory_router));
        assert_eq!(shop.exported().await.lines().count(), 251);
        let calls = |reports: Vec<MethodReport>| -> Vec<(&str, u64)> {
            let called = reports.into_iter().filter(|report| report.calls > 0);
            called.map(|report| (report.method, report.calls)).collect()
        };
        assert_eq!(calls(catalog_router.report()), [("products", 1), ("all_products", 3)]);
        assert_eq!(calls(inventory_router.report()), [("stock_levels", 3)]);
    })
    .await;
}
