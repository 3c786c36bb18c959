//! What the templates of the staff pages show: plain data, with every word and number already as a person reads it.

mod delivery;
mod discounts;
mod gift_cards;
mod import;
mod orders;
mod payments;
mod price_lists;
mod products;
mod sign_in;
mod stock;
mod system;
mod taxes;

use accounts_api::{Permission, SignedIn};
use serde::Serialize;

pub use crate::storefront::views::{
    Choice, Field, Link, MoneyView, Notice, OrderSummary, Pagination, Picture, PriceView, Problem, Row, SelectField,
    StepState, Tone, Totals, address_lines, counted, country_name, date, date_time, number,
};
pub use delivery::*;
pub use discounts::*;
pub use gift_cards::*;
pub use import::*;
pub use orders::*;
pub use payments::*;
pub use price_lists::*;
pub use products::*;
pub use sign_in::*;
pub use stock::*;
pub use system::*;
pub use taxes::*;

/// What every staff page has around its own part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AdminShell {
    /// Name of the shop.
    pub shop_name: String,
    /// What the page is, for the title bar.
    pub title: String,
    /// The part of the side bar that the page belongs to: `orders`, `products`, `stock`, `import`, `system`.
    pub section: String,
    /// Who is signed in.
    pub staff_name: String,
    /// `owner`
    pub staff_role: String,
    /// What they may do.
    pub may: Rights,
    /// Token for the forms of the page.
    pub csrf: String,
    /// What the last step did, or what is wrong.
    pub notice: Option<Notice>,
    /// Whether payments only pretend: a ribbon says so.
    pub test_mode: bool,
}

/// What a member of staff may do; what they may not do is not shown.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Rights {
    /// See orders.
    pub read_orders: bool,
    /// Make, mark as paid, refund and cancel orders.
    pub manage_orders: bool,
    /// See products and stock.
    pub read_products: bool,
    /// Change and import products.
    pub manage_products: bool,
    /// Change stock.
    pub manage_stock: bool,
}

impl Rights {
    /// Of who is signed in.
    pub fn of(staff: &SignedIn) -> Self {
        let may = |permission| staff.permissions.contains(&permission);
        Self {
            read_orders: may(Permission::ReadOrders),
            manage_orders: may(Permission::ManageOrders),
            read_products: may(Permission::ReadProducts),
            manage_products: may(Permission::ManageProducts),
            manage_stock: may(Permission::ManageStock),
        }
    }
}

/// Who did something, as people call them; ledgers and timelines say `staff:Mara`, `module:app`.
pub fn actor(of_record: &str) -> String {
    match of_record.split_once(':') {
        Some(("staff", name)) => name.to_owned(),
        Some(("module", _)) => "the shop".to_owned(),
        _ if ["guest", "anonymous"].contains(&of_record) => "the customer".to_owned(),
        _ => of_record.to_owned(),
    }
}

/// How something is, in a word and a colour.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Its colour.
    pub tone: Tone,
    /// In words.
    pub text: String,
}

impl Status {
    /// A status.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// A saved view above a list.
#[derive(Clone, Debug, Serialize)]
pub struct Tab {
    /// `To pack`
    pub text: String,
    /// Its address.
    pub href: String,
    /// Whether it is the one shown.
    pub current: bool,
}

/// Where a list is when only the next part is known.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cursor {
    /// The first part; none when it is shown.
    pub first: Option<String>,
    /// The next part.
    pub next: Option<String>,
}

/// A number with a name.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// `new`
    pub name: String,
    /// `1,204`
    pub value: String,
    /// Its colour.
    pub tone: Tone,
}
