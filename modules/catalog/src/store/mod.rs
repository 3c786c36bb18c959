//! Every query of the module.

mod audit;
mod categories;
mod kept;
mod price_lists;
mod prices;
mod products;
mod search;
mod variants;

use std::fmt::Display;

use diesel::result::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use audit::INVARIANTS;
pub(crate) use categories::{
    categories_all, categories_by_slugs, categories_insert, category_with_count, counts_add, counts_of_all,
};
pub(crate) use price_lists::{
    list_prices_after, list_prices_forget, price_list_due, price_list_settle, price_list_touch, price_list_write,
    price_lists, prices_in_force, prices_of_list, prices_replace, variants_of_list,
};
pub(crate) use prices::{Offer, offers_before, offers_insert, offers_of_product};
pub(crate) use products::{
    cards_by_ids, cards_listed, product_by_id, product_by_slug, product_id_of_slug, product_update, products_after,
    products_by_ids, products_by_slugs, products_insert,
};
pub(crate) use search::{product_with_sku, products_matching, search_replace};
pub(crate) use variants::{
    products_of_variants, sale_items, sku_owners, variants_delete, variants_insert, variants_named,
};

/// How many rows one statement inserts: far below the number of values that either database takes.
const ROWS: usize = 500;

/// What is stored is not what was written.
fn corrupt(error: impl Display) -> Error {
    Error::DeserializationError(error.to_string().into())
}

fn to_json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::SerializationError(error.into()))
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(corrupt)
}

fn parsed<T: std::str::FromStr<Err: Display>>(text: &str) -> Result<T, Error> {
    text.parse().map_err(corrupt)
}
