//! Searching.

use std::time::{Duration, Instant};

use catalog_api::{ProductInput, ProductQuery, ProductSort, VariantInput};
use kernel::testing::on_every_database;

use crate::{Shop, first_page, product, refused_field, shopper, sized, slugs, variant};

fn goods() -> Vec<ProductInput> {
    let sku = |sku: &str| vec![VariantInput { sku: Some(sku.to_owned()), ..variant(500) }];
    vec![
        ProductInput {
            description_html: "<p>Goes with the <b>oak</b>board.</p>".to_owned(),
            variants: sku("MUG-100"),
            ..product("mug", "Mug 100% stoneware", 500)
        },
        ProductInput {
            vendor: Some("Holm & Ader".to_owned()),
            variants: sku("BRD-OAK"),
            ..product("board", "Oak board", 900)
        },
        ProductInput { tags: vec!["Crème brûlée".to_owned()], ..product("torch", "Women's torch", 700) },
    ]
}

#[tokio::test]
async fn names_skus_makers_tags_and_descriptions_are_searched() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        let finds: [(&str, &[&str]); 11] = [
            ("oak", &["board", "mug"]),
            ("OAK BOARD", &["board", "mug"]),
            ("holm ader", &["board"]),
            ("creme BRULEE", &["torch"]),
            ("stone", &["mug"]),
            ("stone mug", &[]),
            ("mug stone", &["mug"]),
            ("womens", &["torch"]),
            ("women's", &["torch"]),
            ("BRD-OAK", &["board"]),
            ("nothing of the kind", &[]),
        ];
        for (text, expected) in finds {
            assert_eq!(shop.search(text).await, expected, "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_product_with_the_sku_comes_first() {
    on_every_database(|home| async move {
        let mut named = product("manual", "Manual for BRD OAK: BRD-OAK, oak, brd", 1);
        named.tags = vec!["BRD-OAK".to_owned()];
        let mut goods = goods();
        goods.push(named);
        let shop = Shop::with(&home, &goods).await;
        assert_eq!(shop.search(" BRD-OAK ").await, ["board", "manual"]);
    })
    .await;
}

/// AC-110 and AC-111.
#[tokio::test]
async fn special_characters_mean_themselves() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        for text in ["%", "_", "*", "\"", "'", ".*", "\0", "--", "()", "^", ":*", "&", "|", "!", "\\", "NEAR(", "-"] {
            assert!(shop.search(text).await.is_empty(), "{text:?}");
        }
        for text in ["' OR 1=1 --", "oak' OR 'a'='a", "title:oak", "oak OR mug", "oak NOT board", "NEAR(oak mug)"] {
            assert!(shop.search(text).await.is_empty(), "{text:?}");
        }
        assert_eq!(shop.search("100%").await, ["mug"]);
        assert_eq!(shop.search("\"oak\" (board) * board").await, ["board", "mug"]);
        assert_eq!(shop.search("oak & !board").await, ["board", "mug"]);
        assert_eq!(shop.search("oak*").await, ["board", "mug"]);
        assert_eq!(shop.search("  ").await.len(), 3, "nothing to search for is no search");
    })
    .await;
}

/// AC-111 and AC-132.
#[tokio::test]
async fn long_searches_are_refused_or_cut_and_quick() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        let ctx = shopper();
        let search = |text: String| shop.catalog.products(&ctx, ProductQuery { search: Some(text), ..first_page() });
        assert_eq!(refused_field(search("x".repeat(10_000)).await), "search");
        assert_eq!(refused_field(search("x".repeat(201)).await), "search");
        for text in ["ﷺ".repeat(200), "a ".repeat(100), "ß".repeat(200), "a*".repeat(100), "\u{301}".repeat(200)] {
            let begun = Instant::now();
            assert_eq!(search(text).await.expect("a list").total, 0);
            assert!(begun.elapsed() < Duration::from_millis(100));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_found_can_be_narrowed_sorted_and_paged() {
    on_every_database(|home| async move {
        let table = |n: i64| ProductInput {
            category: Some(if n % 2 == 0 { "Even" } else { "Odd" }.to_owned()),
            ..product(&format!("t{n}"), "Table", 100 - n)
        };
        let shop = Shop::with(&home, &(0..6).map(table).collect::<Vec<_>>()).await;
        let query = ProductQuery { search: Some("tab".to_owned()), sort: ProductSort::PriceAscending, ..first_page() };
        assert_eq!(slugs(&shop.list(query.clone()).await.items), ["t5", "t4", "t3", "t2", "t1", "t0"]);
        let odd = shop.list(ProductQuery { category: Some("odd".to_owned()), ..query.clone() }).await;
        assert_eq!((slugs(&odd.items).join(" "), odd.total), ("t5 t3 t1".to_owned(), 3));
        let second = shop.list(ProductQuery { page: 2, limit: 4, ..query.clone() }).await;
        assert_eq!((slugs(&second.items).join(" "), second.total), ("t1 t0".to_owned(), 6));
        let beyond = shop.list(ProductQuery { page: u32::MAX, limit: 100, ..query }).await;
        assert_eq!((beyond.items.len(), beyond.total), (0, 6));
    })
    .await;
}

#[tokio::test]
async fn a_changed_product_is_found_as_it_is_now() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[sized("cup", &["Red"], 1)]).await;
        shop.import(&[ProductInput { title: "Beaker".to_owned(), ..sized("cup", &["Blue"], 1) }]).await;
        assert!(shop.search("red").await.is_empty());
        assert_eq!(shop.search("blue beaker").await, ["cup"]);
        assert!(shop.search("cup").await.is_empty());
    })
    .await;
}
