//! How long things take in a shop of 10,000 products. Run with `--ignored --nocapture`.

use std::time::{Duration, Instant};

use catalog_api::{
    FindProduct, ImportProducts, ImportResult, Media, ProductInput, ProductQuery, ProductSort, VariantInput,
};
use kernel::IdempotencyKey;
use kernel::testing::on_every_database;

use crate::{Shop, first_page, product, shopper, staff, variant};

const WORDS: [&str; 20] = [
    "oak",
    "linen",
    "brass",
    "stoneware",
    "walnut",
    "wool",
    "copper",
    "glass",
    "cotton",
    "slate",
    "lamp",
    "board",
    "cup",
    "bowl",
    "rug",
    "shelf",
    "chair",
    "table",
    "vase",
    "knife",
];

fn numbered(n: usize) -> ProductInput {
    let (material, thing) = (WORDS[n % 10], WORDS[10 + n / 10 % 10]);
    let size = |(place, size): (usize, &str)| VariantInput {
        sku: Some(format!("SKU-{n}-{place}")),
        option_values: vec![size.to_owned()],
        weight_grams: Some(500),
        ..variant(i64::try_from(n * 7 % 5_000 + 100 * place).expect("small"))
    };
    ProductInput {
        description_html: format!(
            "<p>A {thing} of {material}, number {n}, made to be used every day. The corners are round for the hand.</p>\
             <ul><li>Finished with oil</li><li>Wash by hand, dry upright</li></ul>"
        ),
        vendor: Some(format!("Maker {}", n % 50)),
        category: Some(format!("{thing}s")),
        tags: vec![material.to_owned(), format!("batch {}", n / 500)],
        options: vec!["Size".to_owned()],
        variants: ["Small", "Medium", "Large"].into_iter().enumerate().map(size).collect(),
        media: vec![Media {
            source: format!("demo/{material}.jpg"),
            alt: format!("A {thing}"),
            width: 960,
            height: 1200,
            tone: None,
        }],
        ..product(&format!("product-{n}"), &format!("{material} {thing} {n}"), 0)
    }
}

async fn timed<F: Future<Output = ()>>(what: &str, once: impl Fn(usize) -> F) {
    const ROUNDS: usize = 300;
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let begun = Instant::now();
        once(round).await;
        times.push(begun.elapsed());
    }
    times.sort();
    let mean = times.iter().sum::<Duration>() / u32::try_from(ROUNDS).expect("small");
    println!("{what:<28} p50 {:>9.3?}  mean {mean:>9.3?}  p99 {:>9.3?}", times[ROUNDS / 2], times[ROUNDS * 99 / 100]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes about a minute; for measuring"]
async fn ten_thousand_products() {
    on_every_database(|home| async move {
        println!("on {}", home.backend());
        let shop = Shop::open(&home).await;
        let goods: Vec<ProductInput> = (0..10_000).map(numbered).collect();
        for (what, expected) in [("new", ImportResult::Created), ("unchanged", ImportResult::Unchanged)] {
            let begun = Instant::now();
            for part in goods.chunks(200) {
                let request = ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: part.to_vec() };
                let outcomes = shop.catalog.import_products(&staff(), request).await.expect("outcomes");
                assert!(outcomes.iter().all(|outcome| outcome.result == expected));
            }
            println!("import of {what}: {:.0} products/s", 10_000.0 / begun.elapsed().as_secs_f64());
        }
        let changed: Vec<ProductInput> = goods
            .iter()
            .take(2_000)
            .map(|input| ProductInput { vendor: Some("Other".to_owned()), ..input.clone() })
            .collect();
        let begun = Instant::now();
        for part in changed.chunks(200) {
            shop.import(part).await;
        }
        println!("import of changed: {:.0} products/s", 2_000.0 / begun.elapsed().as_secs_f64());

        let list = |query: ProductQuery| async {
            assert!(!shop.list(query).await.items.is_empty());
        };
        let of = |sort| ProductQuery { category: Some("lamps".to_owned()), sort, ..first_page() };
        let search = |text: String| ProductQuery { search: Some(text), ..first_page() };
        timed("category, newest", |_| list(of(ProductSort::Newest))).await;
        timed("category, cheapest", |_| list(of(ProductSort::PriceAscending))).await;
        timed("category, page 20", |_| list(ProductQuery { page: 20, ..of(ProductSort::Title) })).await;
        timed("all, dearest", |_| list(ProductQuery { sort: ProductSort::PriceDescending, ..first_page() })).await;
        timed("product page", |n| {
            let by = FindProduct::Slug(format!("product-{}", n * 31));
            async {
                assert!(shop.catalog.product(&shopper(), by).await.expect("an answer").is_some());
            }
        })
        .await;
        timed("search, one match", |n| list(search(format!("SKU-{}-1", n * 31)))).await;
        timed("search, 100 matches", |n| list(search(format!("{} {}", WORDS[n % 10], WORDS[10 + n / 10 % 10])))).await;
        let cheapest = |text: String| ProductQuery { sort: ProductSort::PriceAscending, ..search(text) };
        timed("search, 100, cheapest", |n| list(cheapest(format!("{} {}", WORDS[n % 10], WORDS[10 + n / 10 % 10]))))
            .await;
        timed("search, 1,000 matches", |n| list(search(WORDS[n % 20].to_owned()))).await;
        timed("search, all match", |_| list(search("hand".to_owned()))).await;
        timed("categories", |_| async {
            assert_eq!(shop.catalog.categories(&shopper(), Default::default()).await.expect("a list").len(), 10);
        })
        .await;
    })
    .await;
}
