//! Stock: the list, the ledger of a variant, and the locations.

use serde::Serialize;

use super::{AdminShell, Cursor, Field, Link, Problem, SelectField, Status, Tab};

/// `/admin/stock`
#[derive(Clone, Debug, Serialize)]
pub struct StockPage {
    /// Around the page.
    pub shell: AdminShell,
    /// All, low only, or oversold only.
    pub tabs: Vec<Tab>,
    /// The view shown, sent with the search as `view`; empty for all.
    pub view: String,
    /// What was searched for: `q`.
    pub query: String,
    /// `location`; without choices when there is one location.
    pub location: SelectField,
    /// The variants.
    pub rows: Vec<StockRow>,
    /// Where the list is.
    pub cursor: Cursor,
}

/// The stock of a variant.
#[derive(Clone, Debug, Serialize)]
pub struct StockRow {
    /// `/admin/stock/var_…`; the form to adjust posts to `adjust` below it: `key`, `delta`, `reason`.
    pub href: String,
    /// Stock keeping unit; the variant's id when it has none.
    pub sku: String,
    /// `Oak board, Large, Oak`; empty when catalog does not answer.
    pub title: String,
    /// How it is.
    pub status: Status,
    /// On the shelf.
    pub on_hand: i64,
    /// Held for orders that are not yet placed.
    pub reserved: i64,
    /// Promised to placed orders.
    pub allocated: i64,
    /// What may still be promised.
    pub available: i64,
    /// Expected, and not there yet.
    pub incoming: i64,
    /// Kept back: never sold.
    pub safety_stock: i64,
    /// Whether stock is counted at all.
    pub tracked: bool,
    /// Names the next adjustment.
    pub key: String,
    /// `delta`
    pub delta: Field,
    /// `reason`
    pub reason: SelectField,
}

/// `/admin/stock/{variant}`
#[derive(Clone, Debug, Serialize)]
pub struct LedgerPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The variant.
    pub level: StockRow,
    /// `location` of the adjustment; without choices when there is one location.
    pub location: SelectField,
    /// `note` of the adjustment.
    pub note: Field,
    /// What is where, by the order in which orders are sent from there.
    pub levels: Vec<LevelRow>,
    /// Goods that came in. Posts to `receive` below the page.
    pub receive: ReceiveForm,
    /// Goods that go to another location; none when there is one only. Posts to `transfer` below the page.
    pub transfer: Option<TransferForm>,
    /// Names the next change of `policy`.
    pub policy_key: String,
    /// `policy`: what happens when none is left. Posts to `policy` below the page.
    pub policy: SelectField,
    /// The kinds of the ledger.
    pub kinds: Vec<Tab>,
    /// What happened, newest first.
    pub rows: Vec<MovementRow>,
    /// Where the list is.
    pub cursor: Cursor,
}

/// What is at a location, and its rules. The form posts to `rules` below the page.
#[derive(Clone, Debug, Serialize)]
pub struct LevelRow {
    /// `main`, `loc_…`, sent with the form as `rules_location`.
    pub id: String,
    /// `Main location`
    pub name: String,
    /// Whether what is there is sold.
    pub ships: bool,
    /// On the shelf.
    pub on_hand: i64,
    /// Held for orders that are not yet placed.
    pub reserved: i64,
    /// Promised to placed orders.
    pub allocated: i64,
    /// What may still be promised.
    pub available: i64,
    /// Names the next change.
    pub key: String,
    /// `incoming`
    pub incoming: Field,
    /// `safety_stock`
    pub safety_stock: Field,
    /// `low_stock_threshold`
    pub low_stock_threshold: Field,
}

/// Goods that came in.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiveForm {
    /// Names it.
    pub key: String,
    /// `received`
    pub quantity: Field,
    /// `delivery`: its number.
    pub reference: Field,
    /// `received_at`; without choices when there is one location.
    pub location: SelectField,
}

/// Goods that go to another location.
#[derive(Clone, Debug, Serialize)]
pub struct TransferForm {
    /// Names it.
    pub key: String,
    /// `moved`
    pub quantity: Field,
    /// `from`
    pub from: SelectField,
    /// `to`
    pub to: SelectField,
    /// `why`
    pub reason: Field,
}

/// `/admin/stock/locations`
#[derive(Clone, Debug, Serialize)]
pub struct LocationsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// In the order in which orders are sent from there; the last one is empty, for a new one, when it may be added.
    pub forms: Vec<LocationForm>,
}

/// A location. The form posts to the page itself.
#[derive(Clone, Debug, Serialize)]
pub struct LocationForm {
    /// Sent with the form as `id`; empty for a new one.
    pub id: String,
    /// As it is stored; empty for a new one.
    pub heading: String,
    /// Names the next change.
    pub key: String,
    /// `name`
    pub name: Field,
    /// `address`
    pub address: Field,
    /// `priority`
    pub priority: Field,
    /// `ships`: `yes`, `no`.
    pub ships: SelectField,
    /// Whether it is meant when none is named.
    pub is_default: bool,
}

/// A change in the ledger.
#[derive(Clone, Debug, Serialize)]
pub struct MovementRow {
    /// `21 Nov 2026, 10:42 UTC`
    pub at: String,
    /// `Shipped`
    pub kind: String,
    /// `−2`; empty for no change.
    pub on_hand: String,
    /// `−2`; empty for no change.
    pub reserved: String,
    /// `−2`; empty for no change.
    pub allocated: String,
    /// On the shelf afterwards.
    pub after: i64,
    /// Where; empty when there is one location.
    pub location: String,
    /// Why, in words.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// The order that it belongs to.
    pub reference: Option<Link>,
}
