//! Lists of products: of a category, and of what was searched for.

use serde::Serialize;

use super::{Link, Pagination, ProductTile, SelectField, Shell};

/// `/c/{slug}`
#[derive(Clone, Debug, Serialize)]
pub struct ListingPage {
    /// Around the page.
    pub shell: Shell,
    /// The way here, without the page itself.
    pub breadcrumb: Vec<Link>,
    /// The category.
    pub heading: String,
    /// Products in all pages together.
    pub total: i64,
    /// `132 products, newest first`
    pub summary: String,
    /// `sort`; its values are those of the address.
    pub sort: SelectField,
    /// The products of the page.
    pub items: Vec<ProductTile>,
    /// Where the page is among the others.
    pub pagination: Pagination,
}

/// `/search?q=`
#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    /// Around the page; `shell.query` is what was searched for.
    pub shell: Shell,
    /// Whether the words were cut because they were too many.
    pub cut: bool,
    /// Products found.
    pub total: i64,
    /// `4 products match`
    pub summary: String,
    /// The products of the page.
    pub items: Vec<ProductTile>,
    /// Where the page is among the others.
    pub pagination: Pagination,
    /// A way on when nothing was found or searched for.
    pub suggestions: Vec<ProductTile>,
}
