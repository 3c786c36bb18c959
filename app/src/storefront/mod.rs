//! The pages of the shop, one file for each thing that a shopper does.

pub mod cancel;
pub mod card_payment;
pub mod cart;
pub mod checkout;
pub mod documents;
pub mod home;
pub mod listing;
pub mod order;
pub mod problem;
pub mod product;
pub mod returns;
pub mod robots;
pub mod search;
pub mod standing;
pub mod summary;
pub mod test_payment;
pub mod unlock;
pub mod views;

use std::collections::HashMap;

use catalog_api::{ProductCard, ProductQuery};
use inventory_api::{FindStock, StockLevel};
use kernel::CallCtx;

use crate::assemble::Shop;
use crate::web::cache::Shows;
use crate::web::{Problem, Visit};
use views::{CategoryLink, ProductTile, Shell, StockView};

/// Products on a page of a list.
const PER_PAGE: u32 = 24;

/// What every page of the shop has around its own part; pages that are kept have neither count nor token.
async fn shell(visit: &Visit, title: impl Into<String>, current: Option<&str>) -> Shell {
    let standing = standing::of(&visit.shop, &visit.anonymous()).await;
    let settings = visit.shop.settings();
    let path = visit.request.path().to_owned();
    Shell {
        shop_name: settings.shop_name.clone(),
        title: title.into(),
        canonical: format!("{}{path}", settings.base_url),
        path,
        categories: CategoryLink::all(&standing.categories, current),
        test_mode: settings.test_payments,
        taxes_added: !settings.prices_include_tax,
        ..Shell::default()
    }
}

/// The same for a page of one visitor.
async fn own_shell(visit: &Visit, title: impl Into<String>) -> Shell {
    Shell {
        cart_count: Some(i64::from(visit.cookies().cart_count())),
        csrf: visit.csrf_token(),
        noindex: true,
        canonical: String::new(),
        notice: visit.flash(),
        ..shell(visit, title, None).await
    }
}

/// The levels of these variants by their id; `None` when inventory does not answer.
async fn stock_of(shop: &Shop, ctx: &CallCtx, variant_ids: Vec<String>) -> Option<HashMap<String, StockLevel>> {
    if variant_ids.is_empty() {
        return Some(HashMap::new());
    }
    let ctx = ctx.clone().within(std::time::Duration::from_millis(800));
    match shop.inventory().stock_levels(&ctx, FindStock::of(variant_ids)).await {
        Ok(levels) => Some(levels.into_iter().map(|level| (level.variant_id.clone(), level)).collect()),
        Err(error) => {
            tracing::warn!(%error, "stock is not known");
            None
        }
    }
}

/// Products as tiles, with the stock of all of them by one question; and what the tiles show.
async fn tiles(visit: &Visit, cards: &[ProductCard]) -> (Vec<ProductTile>, Vec<Shows>) {
    let ids = cards.iter().flat_map(|card| &card.variant_ids).map(ToString::to_string).collect();
    let levels = stock_of(&visit.shop, &visit.anonymous(), ids).await;
    let tiles = cards.iter().map(|card| ProductTile::new(card, stock_of_card(card, levels.as_ref()))).collect();
    (tiles, shown_by(cards))
}

fn stock_of_card(card: &ProductCard, levels: Option<&HashMap<String, StockLevel>>) -> StockView {
    StockView::of(levels.map(|levels| card.variant_ids.iter().filter_map(|id| levels.get(&id.to_string()))))
}

fn shown_by(cards: &[ProductCard]) -> Vec<Shows> {
    let products = cards.iter().map(|card| Shows::Product(card.slug.clone()));
    let stock = cards.iter().flat_map(|card| &card.variant_ids).map(|id| Shows::Stock(id.to_string()));
    products.chain(stock).chain([Shows::Products]).collect()
}

/// A few products to go on with, where there is nothing else to show.
async fn suggestions(visit: &Visit) -> Vec<ProductTile> {
    let query = ProductQuery { page: 1, limit: 4, ..ProductQuery::default() };
    match visit.shop.catalog().products(&visit.anonymous(), query).await {
        Ok(found) => tiles(visit, &found.items).await.0,
        Err(_) => Vec::new(),
    }
}

/// A failure of catalog while a page of goods is made.
fn goods_unavailable<E: std::fmt::Display>(error: kernel::CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("The range of goods"),
        other => other,
    }
}
