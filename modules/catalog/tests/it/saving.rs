//! Saving one product.

use catalog_api::{CatalogError, ImportProducts, Product, ProductId, ProductInput, SaveProduct, VariantInput};
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey};

use crate::{Shop, eur, first_page, member, product, refused_field, shopper, staff, variant};

fn save(product: ProductInput) -> SaveProduct {
    SaveProduct { key: IdempotencyKey::new(), id: None, expected_version: None, product }
}

fn again(saved: &Product, product: ProductInput) -> SaveProduct {
    SaveProduct { id: Some(saved.id), expected_version: Some(saved.version), ..save(product) }
}

async fn saved(shop: &Shop, request: SaveProduct) -> Product {
    shop.catalog.save_product(&staff(), request).await.expect("it is saved")
}

async fn refusal(shop: &Shop, request: SaveProduct) -> CatalogError {
    match shop.catalog.save_product(&staff(), request).await {
        Err(CallError::Domain(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_product_is_created_changed_and_moved() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let with_category =
            |slug: &str| ProductInput { category: Some("School".to_owned()), ..product(slug, "Chalk", 100) };
        let first = saved(&shop, save(with_category("chalk"))).await;
        assert_eq!((first.version, first.slug.as_str()), (1, "chalk"));
        let second = saved(&shop, again(&first, with_category("white-chalk"))).await;
        assert_eq!((second.id, second.version), (first.id, 2));
        assert_eq!(second.variants[0].id, first.variants[0].id);
        assert_eq!(saved(&shop, again(&second, with_category("white-chalk"))).await, second, "nothing to change");
        let events = shop.events(2).await;
        assert_eq!((events.len(), events[1].former_slug.as_deref()), (2, Some("chalk")));
        assert_eq!((events[1].slug.as_str(), events[1].categories.join(" ")), ("white-chalk", "school".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_second_of_two_editors_is_told() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let seen = saved(&shop, save(product("chalk", "Chalk", 100))).await;
        saved(&shop, again(&seen, product("chalk", "Chalk", 200))).await;
        let refusal = refusal(&shop, again(&seen, product("chalk", "Chalk", 300))).await;
        assert_eq!(refusal, CatalogError::Changed { current: 2 });
    })
    .await;
}

#[tokio::test]
async fn what_others_have_is_refused() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let with_sku = |slug: &str| ProductInput {
            variants: vec![VariantInput { sku: Some("X-1".to_owned()), ..variant(1) }],
            ..product(slug, slug, 1)
        };
        saved(&shop, save(with_sku("a"))).await;
        assert_eq!(refusal(&shop, save(product("a", "A", 1))).await, CatalogError::SlugTaken { slug: "a".to_owned() });
        assert_eq!(refusal(&shop, save(with_sku("b"))).await, CatalogError::SkuTaken { sku: "X-1".to_owned() });
        let other = saved(&shop, save(product("b", "B", 1))).await;
        assert_eq!(
            refusal(&shop, again(&other, product("a", "B", 1))).await,
            CatalogError::SlugTaken { slug: "a".to_owned() }
        );
        let unknown = SaveProduct { id: Some(ProductId::new()), ..save(product("c", "C", 1)) };
        assert_eq!(refusal(&shop, unknown).await, CatalogError::NotFound);
        assert_eq!(refused_field(shop.catalog.save_product(&staff(), save(product("d", "", 1))).await), "title");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_click_saves_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let request = save(product("chalk", "Chalk", 100));
        let first = saved(&shop, request.clone()).await;
        assert_eq!(saved(&shop, request).await, first);
        assert_eq!(shop.events(1).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn products_are_changed_by_those_who_may() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for ctx in [shopper(), member("read_products"), member("fulfill_orders")] {
            let saved = shop.catalog.save_product(&ctx, save(product("chalk", "Chalk", 100))).await;
            assert_eq!(saved.expect_err("refused").domain(), Some(&CatalogError::NotPermitted));
            let (key, products) = (IdempotencyKey::new(), vec![product("chalk", "Chalk", 100)]);
            for dry_run in [true, false] {
                let request = ImportProducts { key: key.clone(), dry_run, products: products.clone() };
                let imported = shop.catalog.import_products(&ctx, request).await;
                assert_eq!(imported.expect_err("refused").domain(), Some(&CatalogError::NotPermitted));
            }
        }
        assert_eq!(shop.list(first_page()).await.total, 0);
        let ctx = member("manage_products");
        shop.catalog.save_product(&ctx, save(product("chalk", "Chalk", 100))).await.expect("saved");
    })
    .await;
}

#[tokio::test]
async fn a_tax_class_stays_until_another_is_named() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let taxed = |class: Option<&str>, price| {
            let tax_class = class.map(|class| class.parse().expect("a tax class"));
            ProductInput {
                variants: vec![VariantInput { tax_class, ..variant(price) }],
                ..product("bread", "Bread", 1)
            }
        };
        let first = saved(&shop, save(taxed(None, 300))).await;
        assert_eq!(first.variants[0].tax_class.as_str(), "standard");
        let reduced = saved(&shop, again(&first, taxed(Some("reduced"), 300))).await;
        assert_eq!((reduced.variants[0].tax_class.as_str(), reduced.version), ("reduced", first.version + 1));
        // A file that does not say.
        shop.import(&[taxed(None, 310)]).await;
        let request = catalog_api::FindVariants { variant_ids: vec![first.variants[0].id] };
        let items = shop.catalog.variants(&shopper(), request).await.expect("asked");
        assert_eq!((items[0].price, items[0].tax_class.as_str()), (eur(310), "reduced"));
    })
    .await;
}
