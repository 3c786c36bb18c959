//! The home page.

use std::collections::HashMap;

use catalog_api::{Media, ProductQuery, ProductSort};

use super::views::{CategoryLink, CategoryTile, Editorial, Hero, HomePage, Link, Picture, ProductRow, Shell, counted};
use super::{goods_unavailable, shell, tiles};
use crate::routes::PublicPage;
use crate::web::{Problem, Visit};

/// Enough of the newest products to find one of each category among them.
const NEWEST: u32 = 60;
const IN_THE_ROW: usize = 8;

/// `GET /`
///
/// # Errors
/// The goods cannot be shown now.
pub async fn render(visit: Visit) -> Result<PublicPage, Problem> {
    let query = ProductQuery { sort: ProductSort::Newest, page: 1, limit: NEWEST, ..ProductQuery::default() };
    let newest = visit.shop.catalog().products(&visit.anonymous(), query).await.map_err(goods_unavailable)?.items;
    let shell = shell(&visit, "", None).await;

    // One product of each category first, so that the row shows the breadth of the range.
    let mut seen = Vec::new();
    let (mut first, rest): (Vec<_>, Vec<_>) = newest.iter().cloned().partition(|card| {
        let new = !seen.contains(&card.category);
        seen.push(card.category.clone());
        new
    });
    let category_tiles = shell.categories.iter().map(|category| {
        let of_it =
            |card: &&catalog_api::ProductCard| card.category.as_ref().is_some_and(|own| own.name == category.name);
        let media = newest.iter().filter(of_it).find_map(|card| card.media.as_ref());
        CategoryTile {
            name: category.name.clone(),
            href: category.href.clone(),
            count: counted(category.count, "product", "products"),
            picture: Picture::of(media, &category.name),
        }
    });
    let category_tiles: Vec<CategoryTile> = category_tiles.collect();
    first.extend(rest);
    first.truncate(IN_THE_ROW);
    let (items, shows) = tiles(&visit, &first).await;

    let row = ProductRow { eyebrow: "New in".into(), heading: "Fresh on the shelf".into(), items };
    let is_demo = newest.iter().any(|card| card.media.as_ref().is_some_and(|media| media.source.starts_with("demo/")));
    let words =
        if is_demo { demo_words(visit.shop.demo_media(), &shell) } else { own_words(&shell, newest.is_empty()) };
    let page = HomePage { hero: words.0, editorial: words.1, tiles: category_tiles, row, shell };
    Ok(PublicPage::Found { html: visit.shop.pages().render("storefront/home.html", &page)?, shows })
}

/// What can be said of any shop; its own words come with the content module.
fn own_words(shell: &Shell, is_empty: bool) -> (Hero, Option<Editorial>) {
    let products: i64 = shell.categories.iter().map(|category| category.count).sum();
    let shelves = i64::try_from(shell.categories.len()).unwrap_or(i64::MAX);
    let text = match shell.categories.first() {
        Some(_) => format!(
            "Have a look around: {} in {}.",
            counted(products, "product", "products"),
            counted(shelves, "category", "categories")
        ),
        None if is_empty => "Nothing is for sale yet. Look in again soon.".to_owned(),
        None => "Have a look around.".to_owned(),
    };
    let hero = Hero {
        picture: Picture::default(),
        eyebrow: "Welcome".to_owned(),
        heading: shell.shop_name.clone(),
        text,
        action: to_first_category(shell),
    };
    (hero, None)
}

/// What the demo shop says of its goods.
fn demo_words(media: &HashMap<String, Media>, shell: &Shell) -> (Hero, Option<Editorial>) {
    let picture = |path: &str| Picture::of(media.get(path), &shell.shop_name);
    let hero = Hero {
        picture: picture("demo/hero-linen.jpg"),
        eyebrow: shell.shop_name.clone(),
        heading: "Things made well, kept long".to_owned(),
        text: "Plain, sound goods for every room, from workshops that we know by name.".to_owned(),
        action: to_first_category(shell),
    };
    let editorial = Editorial {
        picture: picture("demo/hero-table.jpg"),
        caption: "Jug, bowl and plates by Lindgrube Pottery, carafe by Veyra Glassworks.".to_owned(),
        eyebrow: "How we choose".to_owned(),
        heading: "Fewer things, better ones".to_owned(),
        paragraphs: vec![
            "Everything here is used in our own kitchens and workrooms for a year before it is offered to you."
                .to_owned(),
            "What wears out can be mended, and we say so on its page when it cannot.".to_owned(),
        ],
        action: None,
    };
    (hero, Some(editorial))
}

fn to_first_category(shell: &Shell) -> Option<Link> {
    let link =
        |category: &CategoryLink| Link::new(format!("Shop {}", category.name.to_lowercase()), category.href.clone());
    shell.categories.first().map(link)
}
