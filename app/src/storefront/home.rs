//! The home page.

use catalog_api::{Media, ProductQuery, ProductSort};

use super::views::{CategoryTile, Editorial, Hero, HomePage, Link, Picture, ProductRow, counted};
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
        let of_it = |card: &&catalog_api::ProductCard| card.category.as_ref().is_some_and(|own| own.name == category.name);
        let media = first.iter().find(of_it).and_then(|card| card.media.as_ref());
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

    let is_empty = items.is_empty();
    let row = ProductRow { eyebrow: "New in".into(), heading: "Fresh from the bench".into(), items };
    let is_demo = newest.iter().any(|card| card.media.as_ref().is_some_and(|media| media.source.starts_with("demo/")));
    let pictures = if is_demo { visit.shop.demo_media().values().filter(|media| media.width > media.height).collect() } else { Vec::new() };
    let page = HomePage {
        hero: hero(&pictures, &shell.shop_name, shell.categories.first().filter(|_| !is_empty)),
        editorial: editorial(&pictures),
        tiles: category_tiles,
        row,
        shell,
    };
    Ok(PublicPage::Found { html: visit.shop.pages().render("storefront/home.html", &page)?, shows })
}

/// The shop's own words come with the content module; until then they fit goods of every kind.
fn hero(pictures: &[&Media], shop_name: &str, category: Option<&super::views::CategoryLink>) -> Hero {
    let picture = pictures.iter().min_by_key(|media| &media.source).map(|media| Picture::of(Some(media), shop_name));
    let (heading, text) = match category {
        Some(_) => ("Things made well, kept long", "Plain, sound goods for every room, from workshops that we know by name."),
        None => ("The shelves are being filled", "Nothing is for sale yet. Come back soon."),
    };
    Hero {
        picture: picture.unwrap_or_default(),
        eyebrow: shop_name.to_owned(),
        heading: heading.to_owned(),
        text: text.to_owned(),
        action: category.map(|category| Link::new(format!("Shop {}", category.name.to_lowercase()), category.href.clone())),
    }
}

fn editorial(pictures: &[&Media]) -> Option<Editorial> {
    let media = pictures.iter().max_by_key(|media| &media.source).filter(|_| pictures.len() > 1)?;
    Some(Editorial {
        picture: Picture::of(Some(media), "Workshop"),
        caption: media.alt.clone(),
        eyebrow: "How we choose".to_owned(),
        heading: "Fewer things, better ones".to_owned(),
        paragraphs: vec![
            "Everything here is used in our own kitchens and workrooms for a year before it is offered to you.".to_owned(),
            "What wears out can be mended, and we say so on its page when it cannot.".to_owned(),
        ],
        action: None,
    })
}
