//! Importing.

use catalog_api::{FindProduct, ImportProducts, ImportResult, ProductInput, ProductStatus, VariantInput};
use kernel::testing::on_every_database;
use kernel::{Currency, IdempotencyKey, Money, NotExecuted};

use crate::{Shop, eur, first_page, product, refused_field, rejected_field, sized, slugs, staff, variant};

fn chalk() -> ProductInput {
    ProductInput { category: Some("School".to_owned()), ..product("chalk", "Chalk", 250) }
}

async fn stored(shop: &Shop, slug: &str) -> catalog_api::Product {
    let found = shop.catalog.product(&staff(), FindProduct::Slug(slug.to_owned())).await;
    found.expect("an answer").expect("the product")
}

#[tokio::test]
async fn a_bad_product_is_rejected_whole_and_the_others_are_taken() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let mut torn = sized("torn", &["S", "M"], 100);
        torn.variants[1].price = eur(-1);
        let outcomes = shop.import(&[chalk(), torn, product("slate", "Slate", 900)]).await;
        assert_eq!(outcomes[0].result, ImportResult::Created);
        assert_eq!(rejected_field(&outcomes[1]), "variants[1].price");
        assert_eq!(outcomes[2].result, ImportResult::Created);
        assert_eq!(slugs(&shop.list(first_page()).await.items), ["slate", "chalk"]);
    })
    .await;
}

/// AC-038.
#[tokio::test]
async fn a_price_below_zero_above_the_limit_or_in_another_currency_leaves_the_old_one() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[chalk()]).await;
        let bad = [eur(-1), eur(10_000_000_001), Money::new(250, "USD".parse().expect("a currency"))];
        for price in bad {
            let input = ProductInput { variants: vec![VariantInput { price, ..variant(0) }], ..chalk() };
            assert_eq!(rejected_field(&shop.import(&[input]).await[0]), "variants[0].price");
            assert_eq!(stored(&shop, "chalk").await.variants[0].price, eur(250));
        }
        let at_the_limit = ProductInput { variants: vec![variant(10_000_000_000)], ..chalk() };
        assert_eq!(shop.import(&[at_the_limit]).await[0].result, ImportResult::Updated);
    })
    .await;
}

#[tokio::test]
async fn the_same_again_writes_nothing_and_tells_nobody() {
    on_every_database(|home| async move {
        let goods = [chalk(), sized("shirt", &["S", "M"], 2_000)];
        let shop = Shop::with(&home, &goods).await;
        let before = stored(&shop, "shirt").await;
        shop.clock.advance(std::time::Duration::from_secs(60));
        let again = shop.import(&goods).await;
        assert!(again.iter().all(|outcome| outcome.result == ImportResult::Unchanged));
        assert_eq!(again[1].variant_ids, before.variants.iter().map(|variant| variant.id).collect::<Vec<_>>());
        assert_eq!(stored(&shop, "shirt").await, before);
        assert_eq!(shop.events(2).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_variant_keeps_its_id_by_its_option_values() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[sized("shirt", &["S", "M", "L"], 2_000)]).await;
        let before = stored(&shop, "shirt").await;
        let outcome = shop.import(&[sized("shirt", &["XL", "L", "S"], 2_500)]).await.remove(0);
        assert_eq!(outcome.result, ImportResult::Updated);
        assert_eq!(outcome.variant_ids[1..], [before.variants[2].id, before.variants[0].id]);
        let after = stored(&shop, "shirt").await;
        assert_eq!((after.id, after.version, after.created_at), (before.id, 2, before.created_at));
        assert_eq!(after.options[0].values, ["XL", "L", "S"]);
        assert_eq!(after.variants[2].price, eur(2_500));
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_happen_and_does_nothing() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[sized("shirt", &["S", "M"], 2_000), chalk()]).await;
        let known = stored(&shop, "shirt").await.variants[0].id;
        let products =
            vec![sized("shirt", &["S", "L"], 2_000), chalk(), product("new", "New", 1), product("Bad", "Bad", 1)];
        let request = ImportProducts { key: IdempotencyKey::new(), dry_run: true, products };
        let outcomes = shop.catalog.import_products(&staff(), request).await.expect("outcomes");
        assert_eq!((&outcomes[0].result, &outcomes[0].variant_ids), (&ImportResult::Updated, &vec![known]));
        assert_eq!(outcomes[1].result, ImportResult::Unchanged);
        assert_eq!((&outcomes[2].result, outcomes[2].variant_ids.len()), (&ImportResult::Created, 0));
        assert_eq!(rejected_field(&outcomes[3]), "slug");
        assert_eq!(shop.list(first_page()).await.total, 2);
        assert_eq!(shop.events(2).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_part_of_an_import_has_its_effect_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: vec![chalk()] };
        let first = shop.catalog.import_products(&staff(), request.clone()).await.expect("outcomes");
        let second = shop.catalog.import_products(&staff(), request.clone()).await.expect("outcomes");
        assert_eq!(first, second);
        assert_eq!(shop.events(1).await.len(), 1);
        let other = ImportProducts { products: vec![product("slate", "Slate", 1)], ..request };
        let refused = shop.catalog.import_products(&staff(), other).await.expect_err("another request");
        assert!(matches!(refused, kernel::CallError::NotExecuted { reason: NotExecuted::KeyReused, .. }));
    })
    .await;
}

#[tokio::test]
async fn two_imports_at_once_make_each_product_once() {
    on_every_database(|home| async move {
        let shop = std::sync::Arc::new(Shop::open(&home).await);
        let goods: Vec<ProductInput> = (0..40)
            .map(|n| ProductInput { category: Some(format!("C{}", n % 3)), ..product(&format!("p{n}"), "P", n) })
            .collect();
        let importers = (0..4).map(|_| {
            let (shop, goods) = (std::sync::Arc::clone(&shop), goods.clone());
            tokio::spawn(async move {
                for _ in 0..50 {
                    let request =
                        ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: goods.clone() };
                    match shop.catalog.import_products(&staff(), request).await {
                        Ok(_) => return,
                        Err(error) => assert!(error.is_temporary(), "{error}"),
                    }
                }
                panic!("never got through");
            })
        });
        for importer in importers.collect::<Vec<_>>() {
            importer.await.expect("an importer");
        }
        assert_eq!(shop.list(first_page()).await.total, 40);
        assert_eq!(shop.events(40).await.len(), 40);
        let counts: i64 = shop
            .catalog
            .categories(&staff(), Default::default())
            .await
            .expect("a list")
            .iter()
            .map(|c| c.product_count)
            .sum();
        assert_eq!(counts, 40);
    })
    .await;
}

#[tokio::test]
async fn a_sku_belongs_to_one_product_and_may_be_handed_on() {
    on_every_database(|home| async move {
        let with_sku = |slug: &str, sku: Option<&str>| ProductInput {
            variants: vec![VariantInput { sku: sku.map(str::to_owned), ..variant(1) }],
            ..product(slug, slug, 1)
        };
        let shop = Shop::with(&home, &[with_sku("a", Some("X-1"))]).await;
        assert_eq!(rejected_field(&shop.import(&[with_sku("b", Some("X-1"))]).await[0]), "variants[0].sku");
        let twice = shop.import(&[with_sku("c", Some("X-2")), with_sku("d", Some("X-2"))]).await;
        assert_eq!((&twice[0].result, rejected_field(&twice[1])), (&ImportResult::Created, "variants[0].sku"));
        let swapped = shop.import(&[with_sku("a", None), with_sku("b", Some("X-1"))]).await;
        assert_eq!([&swapped[0].result, &swapped[1].result], [&ImportResult::Updated, &ImportResult::Created]);
        assert_eq!(stored(&shop, "b").await.variants[0].sku.as_deref(), Some("X-1"));
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let bad: Vec<(&str, ProductInput)> = vec![
            ("slug", product("Über", "x", 1)),
            ("slug", product("", "x", 1)),
            ("title", product("a", "  ", 1)),
            ("title", product("a", &"x".repeat(201), 1)),
            ("title", product("a", "x\u{0}y", 1)),
            ("vendor", ProductInput { vendor: Some("v".repeat(201)), ..product("a", "x", 1) }),
            ("variants", ProductInput { variants: Vec::new(), ..product("a", "x", 1) }),
            ("variants", ProductInput { variants: vec![variant(1); 2_001], ..product("a", "x", 1) }),
            ("options", ProductInput { variants: vec![variant(1); 2], ..product("a", "x", 1) }),
            ("variants[1].option_values", sized("a", &["S", "S"], 1)),
            ("variants[0].option_values", sized("a", &[" "], 1)),
            ("variants[0].option_values", ProductInput { options: vec!["Size".to_owned()], ..product("a", "x", 1) }),
            ("options", ProductInput { options: vec!["A".to_owned(); 4], ..product("a", "x", 1) }),
            (
                "variants[0].sku",
                ProductInput {
                    variants: vec![VariantInput { sku: Some("Ä".to_owned()), ..variant(1) }],
                    ..product("a", "x", 1)
                },
            ),
            (
                "variants[0].weight_grams",
                ProductInput {
                    variants: vec![VariantInput { weight_grams: Some(-1), ..variant(1) }],
                    ..product("a", "x", 1)
                },
            ),
            ("media[0].source", ProductInput { media: vec![picture("javascript:alert(1)")], ..product("a", "x", 1) }),
            ("media[0].source", ProductInput { media: vec![picture("demo/../../etc/passwd")], ..product("a", "x", 1) }),
            ("description_html", ProductInput { description_html: "x".repeat(200_001), ..product("a", "x", 1) }),
        ];
        for (field, input) in bad {
            assert_eq!(rejected_field(&shop.import(&[input]).await[0]), field);
        }
        let too_many = ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: vec![chalk(); 501] };
        assert_eq!(refused_field(shop.catalog.import_products(&staff(), too_many).await), "products");
        assert_eq!(shop.list(first_page()).await.total, 0);
        assert!(shop.events(0).await.is_empty());
    })
    .await;
}

fn picture(source: &str) -> catalog_api::Media {
    catalog_api::Media { source: source.to_owned(), alt: String::new(), width: 0, height: 0, tone: None }
}

#[tokio::test]
async fn the_same_slug_twice_in_an_import_is_taken_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let outcomes = shop.import(&[chalk(), product("chalk", "Other", 1)]).await;
        assert_eq!((&outcomes[0].result, rejected_field(&outcomes[1])), (&ImportResult::Created, "slug"));
        assert_eq!(stored(&shop, "chalk").await.title, "Chalk");
    })
    .await;
}

#[tokio::test]
async fn descriptions_are_harmless_and_stay_as_they_are() {
    on_every_database(|home| async move {
        let input = ProductInput {
            description_html: "<p onclick=\"x()\">White <b>chalk</b></p><script>alert(1)</script>".to_owned(),
            ..chalk()
        };
        let shop = Shop::with(&home, std::slice::from_ref(&input)).await;
        let stored = stored(&shop, "chalk").await;
        assert_eq!(stored.description_html, "<p>White <b>chalk</b></p>");
        let exported = ProductInput { description_html: stored.description_html, ..input };
        assert_eq!(shop.import(&[exported]).await[0].result, ImportResult::Unchanged);
    })
    .await;
}

#[tokio::test]
async fn categories_come_in_order_and_count_what_is_for_sale() {
    on_every_database(|home| async move {
        let of =
            |slug: &str, category: &str| ProductInput { category: Some(category.to_owned()), ..product(slug, slug, 1) };
        let draft = ProductInput { status: ProductStatus::Draft, ..of("d", "Tables") };
        let shop = Shop::with(&home, &[of("a", "Tables"), of("b", "Bänke"), of("c", "tables"), draft]).await;
        let named = |list: Vec<catalog_api::Category>| -> Vec<(String, String, i64)> {
            list.into_iter().map(|c| (c.slug, c.name, c.product_count)).collect()
        };
        let ctx = staff();
        let categories = || shop.catalog.categories(&ctx, Default::default());
        let row = |slug: &str, name: &str, count| (slug.to_owned(), name.to_owned(), count);
        assert_eq!(named(categories().await.expect("a list")), [row("tables", "Tables", 2), row("baenke", "Bänke", 1)]);

        shop.import(&[of("c", "Bänke"), ProductInput { status: ProductStatus::Archived, ..of("a", "Tables") }]).await;
        assert_eq!(named(categories().await.expect("a list")), [row("tables", "Tables", 0), row("baenke", "Bänke", 2)]);
        let moved = shop.events(6).await.into_iter().find(|event| event.slug == "c" && event.categories.len() == 2);
        assert_eq!(moved.expect("the move is told").categories, ["baenke", "tables"]);
    })
    .await;
}

#[tokio::test]
async fn a_shop_in_yen_takes_yen() {
    on_every_database(|home| async move {
        let yen: Currency = "JPY".parse().expect("a currency");
        let shop = Shop::open(&home).await;
        let catalog = catalog::start(shop.db.clone(), shop.clock.clone(), yen).service;
        let input =
            ProductInput { variants: vec![VariantInput { price: Money::new(500, yen), ..variant(0) }], ..chalk() };
        let request =
            ImportProducts { key: IdempotencyKey::new(), dry_run: false, products: vec![input, product("e", "E", 1)] };
        let outcomes = catalog.import_products(&staff(), request).await.expect("outcomes");
        assert_eq!((&outcomes[0].result, rejected_field(&outcomes[1])), (&ImportResult::Created, "variants[0].price"));
        assert_eq!(stored(&shop, "chalk").await.variants[0].price, Money::new(500, yen));
    })
    .await;
}

#[tokio::test]
async fn the_largest_product_is_taken() {
    on_every_database(|home| async move {
        let long = |n: usize| format!("{n}-{}", "ж".repeat(240));
        let variants = (0..2_000).map(|n| VariantInput {
            sku: Some(format!("S-{n}-{}", "x".repeat(50))),
            option_values: vec![long(n), long(n / 2), long(n / 3)],
            ..variant(1)
        });
        let words: Vec<String> = (0..600).map(|n| format!("{n}{}", "ж".repeat(150))).collect();
        let huge = ProductInput {
            options: ["A", "B", "C"].map(str::to_owned).to_vec(),
            variants: variants.collect(),
            description_html: words.join(" "),
            ..product("huge", "Huge", 1)
        };
        let shop = Shop::open(&home).await;
        assert_eq!(shop.import(std::slice::from_ref(&huge)).await[0].result, ImportResult::Created);
        assert_eq!(shop.import(&[huge]).await[0].result, ImportResult::Unchanged);
        assert_eq!(shop.search("huge").await, ["huge"]);
    })
    .await;
}
