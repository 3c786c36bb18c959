//! One product, and variants.

use catalog_api::{FindProduct, FindVariants, ProductInput, ProductStatus, VariantId, VariantInput};
use kernel::testing::on_every_database;

use crate::{Shop, eur, product, refused_field, shopper, staff, variant};

fn blanket() -> ProductInput {
    let of = |colour: &str, size: &str, price| VariantInput {
        option_values: vec![colour.to_owned(), size.to_owned()],
        weight_grams: Some(900),
        ..variant(price)
    };
    ProductInput {
        options: vec!["Colour".to_owned(), "Size".to_owned()],
        variants: vec![of("Sand", "140 × 200", 9_000), of("Ink", "140 × 200", 9_500)],
        ..product("blanket", "Blanket", 0)
    }
}

#[tokio::test]
async fn a_product_is_found_by_slug_and_by_id() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[blanket()]).await;
        let ctx = shopper();
        let find = |by| shop.catalog.product(&ctx, by);
        let by_slug = find(FindProduct::Slug("blanket".to_owned())).await.expect("an answer").expect("a product");
        let by_id = find(FindProduct::Id(by_slug.id)).await.expect("an answer");
        assert_eq!(by_id.as_ref(), Some(&by_slug));
        assert_eq!(by_slug.options[0].values, ["Sand", "Ink"]);
        for slug in ["none", "", "\0", "Blanket", "' OR 1=1"] {
            assert_eq!(find(FindProduct::Slug(slug.to_owned())).await.expect("an answer"), None, "{slug:?}");
        }
        assert_eq!(find(FindProduct::Id(catalog_api::ProductId::new())).await.expect("an answer"), None);
    })
    .await;
}

#[tokio::test]
async fn what_is_not_active_is_not_there_for_shoppers() {
    on_every_database(|home| async move {
        for status in [ProductStatus::Draft, ProductStatus::Archived] {
            let shop = Shop::open(&home).await;
            shop.import(&[ProductInput { status, ..blanket() }]).await;
            let by = || FindProduct::Slug("blanket".to_owned());
            assert_eq!(shop.catalog.product(&shopper(), by()).await.expect("an answer"), None);
            assert!(shop.catalog.product(&staff(), by()).await.expect("an answer").is_some());
        }
    })
    .await;
}

#[tokio::test]
async fn a_cart_learns_of_its_variants_in_its_order() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[blanket(), product("mug", "Mug", 500)]).await;
        let blanket = shop.import(&[blanket()]).await.remove(0).variant_ids;
        let mug = shop.import(&[product("mug", "Mug", 500)]).await.remove(0).variant_ids[0];
        let asked = vec![mug, VariantId::new(), blanket[1]];
        let items = shop.catalog.variants(&shopper(), FindVariants { variant_ids: asked }).await.expect("items");
        assert_eq!((items[0].variant_id, items[0].options.as_str()), (mug, ""));
        assert_eq!((items[1].variant_id, items[1].options.as_str()), (blanket[1], "Ink, 140 × 200"));
        assert_eq!((items[1].price, items[1].weight_grams, items[1].for_sale), (eur(9_500), Some(900), true));
        assert_eq!(items.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_cart_learns_what_is_no_longer_for_sale() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[blanket()]).await;
        let id = shop.import(&[ProductInput { status: ProductStatus::Archived, ..blanket() }]).await[0].variant_ids[0];
        let items = shop.catalog.variants(&shopper(), FindVariants { variant_ids: vec![id] }).await.expect("items");
        assert!(!items[0].for_sale);
    })
    .await;
}

#[tokio::test]
async fn a_thousand_variants_can_be_asked_for_at_once() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ask = |count| FindVariants { variant_ids: (0..count).map(|_| VariantId::new()).collect() };
        for count in [0, 1_000] {
            assert!(shop.catalog.variants(&shopper(), ask(count)).await.expect("items").is_empty());
        }
        assert_eq!(refused_field(shop.catalog.variants(&shopper(), ask(1_001)).await), "variant_ids");
    })
    .await;
}
