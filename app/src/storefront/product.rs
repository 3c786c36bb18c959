//! A product.

use std::collections::HashMap;

use catalog_api::{FindProduct, PriceTier, Product, ProductQuery, ProductVariant, VariantId};
use inventory_api::StockLevel;
use kernel::Quantity;

use super::views::{
    Fact, Link, MoneyView, OptionGroup, OptionValue, Picture, PriceView, ProductPage, ProductTile, Row, StockView,
    arrival, country_name,
};
use super::{goods_unavailable, shell, shown_by, standing, stock_of, stock_of_card};
use crate::routes::PublicPage;
use crate::web::cache::Shows;
use crate::web::{Problem, Visit};

const RELATED: usize = 4;

/// `GET /p/{slug}?variant=`
///
/// # Errors
/// There is no such product or variant, or it cannot be shown now.
pub async fn render(visit: Visit) -> Result<PublicPage, Problem> {
    let slug: String = visit.path("slug")?;
    let wanted = visit.query("variant")?;
    let ctx = visit.anonymous();
    let found = visit.shop.catalog().product(&ctx, FindProduct::Slug(slug.clone())).await.map_err(goods_unavailable)?;
    let product = found.ok_or(Problem::NotFound)?;
    let wanted = wanted.map(|id| id.parse::<VariantId>().map_err(|_| Problem::NotFound)).transpose()?;

    let related = related(&visit, &product).await;
    let ids = product.variants.iter().map(|variant| variant.id);
    let ids =
        ids.chain(related.iter().flat_map(|card| card.variant_ids.iter().copied())).map(|id| id.to_string()).collect();
    let levels = stock_of(&visit.shop, &ctx, ids).await;
    let variant = match wanted {
        Some(id) => product.variants.iter().find(|variant| variant.id == id).ok_or(Problem::NotFound)?,
        None => first_in_stock(&product, levels.as_ref()).ok_or(Problem::NotFound)?,
    };

    let tile = |card| ProductTile::new(card, stock_of_card(card, levels.as_ref()));
    let mut shows = shown_by(&related);
    shows.push(Shows::Product(slug));
    shows.extend(product.variants.iter().map(|variant| Shows::Stock(variant.id.to_string())));
    let mut page = page(&visit, &product, variant, levels.as_ref()).await;
    page.related = related.iter().map(tile).collect();
    Ok(PublicPage::Found { html: visit.shop.pages().render("storefront/product.html", &page)?, shows })
}

/// Others of its category; a page without them is better than none.
async fn related(visit: &Visit, product: &Product) -> Vec<catalog_api::ProductCard> {
    let Some(category) = &product.category else { return Vec::new() };
    let limit = u32::try_from(RELATED + 1).unwrap_or(5);
    let query = ProductQuery { category: Some(category.slug.clone()), page: 1, limit, ..ProductQuery::default() };
    let found = visit.shop.catalog().products(&visit.anonymous(), query).await;
    let others = found.map(|list| list.items).unwrap_or_default().into_iter().filter(|card| card.id != product.id);
    others.take(RELATED).collect()
}

type Levels<'l> = Option<&'l HashMap<String, StockLevel>>;

fn level_of<'l>(variant: &ProductVariant, levels: Levels<'l>) -> Option<Option<&'l StockLevel>> {
    levels.map(|levels| levels.get(&variant.id.to_string()))
}

fn stock(variant: &ProductVariant, levels: Levels<'_>) -> StockView {
    StockView::of(level_of(variant, levels))
}

/// The page opens on something that can be bought.
fn first_in_stock<'p>(product: &'p Product, levels: Levels<'_>) -> Option<&'p ProductVariant> {
    product.variants.iter().find(|variant| stock(variant, levels).can_buy).or(product.variants.first())
}

async fn page(visit: &Visit, product: &Product, variant: &ProductVariant, levels: Levels<'_>) -> ProductPage {
    let category = product.category.as_ref();
    let mut shell = shell(visit, &product.title, category.map(|category| category.slug.as_str())).await;
    shell.description = summary_of(&product.description_html);
    let mut breadcrumb = vec![Link::new("Home", "/")];
    breadcrumb.extend(category.map(|category| Link::new(&category.name, format!("/c/{}", category.slug))));
    let mut gallery: Vec<Picture> =
        product.media.iter().map(|media| Picture::of(Some(media), &product.title)).collect();
    if gallery.is_empty() {
        gallery.push(Picture::of(None, &product.title));
    }
    let max_quantity = match level_of(variant, levels) {
        Some(Some(level)) if level.track_inventory && !level.backorderable => level.available.clamp(1, Quantity::MAX),
        _ => Quantity::MAX,
    };
    let stock_of_chosen = stock(variant, levels);
    ProductPage {
        shell,
        breadcrumb,
        heading: product.title.clone(),
        vendor: product.vendor.clone().unwrap_or_default(),
        gallery,
        price: PriceView::new(variant.price, (variant.compare_at_price, variant.lowest_before), false),
        tiers: variant.tiers.iter().map(tier).collect(),
        tax_note: if visit.shop.settings().prices_include_tax { "VAT included" } else { "plus VAT" }.to_owned(),
        options: options(product, variant, levels),
        variant_id: variant.id.to_string(),
        variant_name: variant.option_values.join(", "),
        sku: variant.sku.clone().unwrap_or_default(),
        others_in_stock: product.variants.iter().any(|other| other.id != variant.id && stock(other, levels).can_buy),
        expected_price: variant.price.amount,
        max_quantity,
        facts: facts(visit, variant, stock_of_chosen.can_buy && !stock_of_chosen.waits).await,
        stock: stock_of_chosen,
        description_html: product.description_html.clone(),
        specification: specification(product, variant),
        related: Vec::new(),
    }
}

fn tier(tier: &PriceTier) -> Row {
    Row::new(format!("{} or more", tier.from), format!("{} each", MoneyView::from(tier.price).text))
}

/// The first words of a description, without its tags, for search engines.
fn summary_of(html: &str) -> String {
    let mut text = String::new();
    let mut in_tag = false;
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
        if text.len() > 160 {
            break;
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn options(product: &Product, chosen: &ProductVariant, levels: Levels<'_>) -> Vec<OptionGroup> {
    let value = |place: usize, name: &String| {
        let target = nearest(product, chosen, place, name);
        let others = target
            .option_values
            .iter()
            .enumerate()
            .filter(|(other, value)| *other != place && chosen.option_values.get(*other) != Some(*value));
        let changed: Vec<&str> = others.map(|(_, value)| value.as_str()).collect();
        OptionValue {
            name: name.clone(),
            href: format!("/p/{}?variant={}", product.slug, target.id),
            chosen: chosen.option_values.get(place) == Some(name),
            sold_out: !stock(target, levels).can_buy,
            note: if changed.is_empty() { String::new() } else { format!("in {} only", changed.join(", ")) },
        }
    };
    let group = |(place, option): (usize, &catalog_api::ProductOption)| OptionGroup {
        name: option.name.clone(),
        chosen: chosen.option_values.get(place).cloned().unwrap_or_default(),
        values: option.values.iter().map(|name| value(place, name)).collect(),
    };
    product.options.iter().enumerate().map(group).collect()
}

/// The variant with this value that shares most other values with the chosen one.
fn nearest<'p>(product: &'p Product, chosen: &'p ProductVariant, place: usize, value: &String) -> &'p ProductVariant {
    let shared = |variant: &ProductVariant| {
        variant.option_values.iter().zip(&chosen.option_values).filter(|(theirs, ours)| theirs == ours).count()
    };
    let with_value = product.variants.iter().filter(|variant| variant.option_values.get(place) == Some(value));
    // The first of equals, as the maker ordered them.
    with_value.rev().max_by_key(|variant| shared(variant)).unwrap_or(chosen)
}

/// What cannot be bought does not arrive on any day, and of what is not there nobody knows the day.
async fn facts(visit: &Visit, variant: &ProductVariant, can_buy: bool) -> Vec<Fact> {
    let standing = standing::of(&visit.shop, &visit.anonymous()).await;
    let country = country_name(visit.shop.settings().shop_country.code()).to_owned();
    let mut facts = Vec::new();
    if let Some(method) = standing.shipping.first().filter(|_| can_buy) {
        let free = method.free_from.filter(|from| from.currency == variant.price.currency);
        let price = match free {
            Some(from) if variant.price.amount >= from.amount => "free".to_owned(),
            Some(from) => format!("{}, free from {}", MoneyView::from(method.price).text, MoneyView::from(from).text),
            None => MoneyView::from(method.price).text,
        };
        facts.push(Fact {
            icon: "truck".to_owned(),
            text: format!("Arrives {}", arrival(visit.shop.clock().now(), method.min_days, method.max_days)),
            detail: format!("to {country}, {price}"),
        });
    }
    facts.push(Fact {
        icon: "lock".to_owned(),
        text: "Buy without an account".to_owned(),
        detail: "We ask only for what delivery needs".to_owned(),
    });
    facts
}

fn specification(product: &Product, variant: &ProductVariant) -> Vec<Row> {
    let options = product.options.iter().zip(&variant.option_values);
    let mut rows: Vec<Row> = options.map(|(option, value)| Row::new(&option.name, value)).collect();
    rows.extend(product.vendor.as_ref().map(|vendor| Row::new("Maker", vendor)));
    rows.extend(variant.weight_grams.filter(|grams| *grams > 0).map(|grams| Row::new("Weight", weight(grams))));
    rows.extend(variant.sku.as_ref().map(|sku| Row::new("Article number", sku)));
    rows.extend(variant.barcode.as_ref().map(|barcode| Row::new("GTIN", barcode)));
    rows
}

fn weight(grams: i64) -> String {
    if grams < 1_000 { format!("{grams} g") } else { format!("{}.{:02} kg", grams / 1_000, grams % 1_000 / 10) }
}
