//! Lists of products.

use catalog_api::{ListAllProducts, ProductInput, ProductQuery, ProductSort, ProductStatus, VariantInput};
use kernel::testing::on_every_database;
use kernel::{CallCtx, PageRequest};

use crate::{Shop, eur, first_page, product, refused_field, shopper, sized, slugs, staff, variant};

fn of(category: &str, slug: &str, title: &str, price: i64) -> ProductInput {
    ProductInput { category: Some(category.to_owned()), ..product(slug, title, price) }
}

fn goods() -> Vec<ProductInput> {
    vec![
        of("Tables", "oak", "Oak table", 900),
        of("Tables", "elm", "élm table", 300),
        of("Tables", "ash", "Ash table", 600),
        of("Chairs", "stool", "Stool", 100),
        ProductInput { status: ProductStatus::Draft, ..of("Tables", "fir", "Fir table", 1) },
    ]
}

#[tokio::test]
async fn a_category_can_be_sorted_each_way() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        let sorts = [
            (ProductSort::Recommended, ["ash", "elm", "oak"]),
            (ProductSort::Newest, ["ash", "elm", "oak"]),
            (ProductSort::PriceAscending, ["elm", "ash", "oak"]),
            (ProductSort::PriceDescending, ["oak", "ash", "elm"]),
            (ProductSort::Title, ["ash", "elm", "oak"]),
        ];
        for (sort, expected) in sorts {
            let list = shop.list(ProductQuery { category: Some("tables".to_owned()), sort, ..first_page() }).await;
            assert_eq!(slugs(&list.items), expected, "{sort:?}");
            assert_eq!((list.total, list.category.expect("a category").name.as_str()), (3, "Tables"));
        }
    })
    .await;
}

#[tokio::test]
async fn pages_part_a_list_and_the_page_after_the_last_is_empty() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        let page = |page| {
            shop.list(ProductQuery { page, limit: 3, sort: ProductSort::PriceAscending, ..ProductQuery::default() })
        };
        assert_eq!(slugs(&page(1).await.items), ["stool", "elm", "ash"]);
        assert_eq!(slugs(&page(2).await.items), ["oak"]);
        for beyond in [3, u32::MAX] {
            let list = page(beyond).await;
            assert_eq!((list.items.len(), list.total), (0, 4));
        }
    })
    .await;
}

#[tokio::test]
async fn drafts_are_for_staff() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        let drafts = ProductQuery { status: Some(ProductStatus::Draft), ..first_page() };
        assert_eq!(shop.list(drafts.clone()).await.total, 4, "a shopper gets active ones, whatever is asked");
        let list = shop.catalog.products(&staff(), drafts).await.expect("a list");
        assert_eq!(slugs(&list.items), ["fir"]);
        let all = shop.catalog.products(&staff(), first_page()).await.expect("a list");
        assert_eq!((all.items.len(), all.total), (5, 5));
        let table = ProductQuery { search: Some("table".to_owned()), ..first_page() };
        assert_eq!(shop.list(table.clone()).await.total, 3);
        assert_eq!(shop.catalog.products(&staff(), table).await.expect("a list").total, 4);
    })
    .await;
}

#[tokio::test]
async fn a_card_shows_the_cheapest_price_and_knows_all_variants() {
    on_every_database(|home| async move {
        let of = |size: &str, price, before: Option<i64>| VariantInput {
            option_values: vec![size.to_owned()],
            compare_at_price: before.map(eur),
            ..variant(price)
        };
        let shirt = ProductInput {
            options: vec!["Size".to_owned()],
            variants: vec![of("S", 2_000, None), of("M", 1_500, Some(1_800)), of("L", 1_500, Some(1_400))],
            media: vec![catalog_api::Media {
                source: "demo/shirt.jpg".to_owned(),
                alt: "A shirt".to_owned(),
                width: 4,
                height: 5,
                tone: Some("#aabbcc".to_owned()),
            }],
            ..product("shirt", "Shirt", 0)
        };
        let shop = Shop::with(&home, &[shirt]).await;
        let card = shop.list(first_page()).await.items.remove(0);
        assert_eq!((card.price_from, card.price_varies, card.compare_at_price), (eur(1_500), true, Some(eur(1_800))));
        assert_eq!((card.variant_ids.len(), card.media.expect("a picture").width), (3, 4));
    })
    .await;
}

#[tokio::test]
async fn a_category_that_is_not_there_is_empty() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &goods()).await;
        for slug in ["nothing", "", "TABLES", "tables\0", "' OR 1=1 --", "%"] {
            for search in [None, Some("table".to_owned())] {
                let list = shop.list(ProductQuery { category: Some(slug.to_owned()), search, ..first_page() }).await;
                assert_eq!((list.items.len(), list.total, list.category), (0, 0, None), "{slug:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn pages_and_limits_have_bounds() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for (page, limit, field) in [(0, 24, "page"), (1, 0, "limit"), (1, 101, "limit")] {
            let query = ProductQuery { page, limit, ..ProductQuery::default() };
            assert_eq!(refused_field(shop.catalog.products(&shopper(), query).await), field);
        }
        assert_eq!(shop.list(ProductQuery { page: u32::MAX, limit: 100, ..ProductQuery::default() }).await.total, 0);
    })
    .await;
}

#[tokio::test]
async fn all_products_come_whole_in_parts_by_age() {
    on_every_database(|home| async move {
        let mut goods: Vec<_> = (0..7).map(|n| sized(&format!("p{n}"), &["S", "L"], 100 + n)).collect();
        goods[3].status = ProductStatus::Draft;
        let shop = Shop::with(&home, &goods).await;
        let seen_by = async |ctx: &CallCtx| {
            let (mut page, mut seen) = (PageRequest::first(3), Vec::new());
            loop {
                let part = shop.catalog.all_products(ctx, ListAllProducts { page }).await.expect("a part");
                assert!((1..=3).contains(&part.items.len()));
                seen.extend(part.items);
                let Some(cursor) = part.next_cursor else { return seen };
                page = PageRequest { limit: 3, cursor: Some(cursor) };
            }
        };
        let all = seen_by(&staff()).await;
        let slugs: Vec<&str> = all.iter().map(|product| product.slug.as_str()).collect();
        assert_eq!(slugs, ["p0", "p1", "p2", "p3", "p4", "p5", "p6"]);
        assert!(all.iter().all(|product| product.variants.len() == 2 && product.options[0].values == ["S", "L"]));
        assert!(seen_by(&shopper()).await.iter().all(|product| product.status == ProductStatus::Active));
        let odd = ListAllProducts { page: PageRequest { limit: 3, cursor: Some("x".to_owned()) } };
        shop.catalog.all_products(&staff(), odd).await.expect_err("no place in this list");
    })
    .await;
}

#[tokio::test]
async fn long_products_come_in_smaller_parts() {
    on_every_database(|home| async move {
        let long = |n: usize| ProductInput {
            description_html: format!("<p>{}</p>", "x".repeat(60_000)),
            ..product(&format!("p{n}"), "P", 100)
        };
        let shop = Shop::with(&home, &(0..80).map(long).collect::<Vec<_>>()).await;
        let first = ListAllProducts { page: PageRequest::first(100) };
        let part = shop.catalog.all_products(&staff(), first).await.expect("a part");
        assert!(part.items.len() < 80 && part.next_cursor.is_some(), "{}", part.items.len());
    })
    .await;
}
