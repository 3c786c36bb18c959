//! The first page.

use serde::Serialize;

use super::{Link, Picture, ProductTile, Shell};

/// `/`
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    /// Around the page.
    pub shell: Shell,
    /// The first thing seen. Without a picture it is set in type alone.
    pub hero: Hero,
    /// The breadth of the range; none when nothing is for sale.
    pub tiles: Vec<CategoryTile>,
    /// A row of products; left out when empty.
    pub row: ProductRow,
    /// A story; left out when there is none.
    pub editorial: Option<Editorial>,
}

/// The first thing seen.
#[derive(Clone, Debug, Serialize)]
pub struct Hero {
    /// 4:3; without `src` the hero is set in type.
    pub picture: Picture,
    /// A few words above.
    pub eyebrow: String,
    /// The headline.
    pub heading: String,
    /// One sentence.
    pub text: String,
    /// Where to go.
    pub action: Option<Link>,
}

/// A category as a picture.
#[derive(Clone, Debug, Serialize)]
pub struct CategoryTile {
    /// Its name.
    pub name: String,
    /// `/c/kitchen`
    pub href: String,
    /// `6 products`
    pub count: String,
    /// Of one of its products.
    pub picture: Picture,
}

/// A row of products.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProductRow {
    /// `New in`
    pub eyebrow: String,
    /// `Fresh on the shelf`
    pub heading: String,
    /// The products.
    pub items: Vec<ProductTile>,
}

/// A story with a picture.
#[derive(Clone, Debug, Serialize)]
pub struct Editorial {
    /// The picture.
    pub picture: Picture,
    /// Below it.
    pub caption: String,
    /// A few words above.
    pub eyebrow: String,
    /// The headline.
    pub heading: String,
    /// The text.
    pub paragraphs: Vec<String>,
    /// Where to go.
    pub action: Option<Link>,
}
