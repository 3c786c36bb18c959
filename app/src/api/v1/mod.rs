//! Version 1 of the JSON API for shops.

pub mod products;
