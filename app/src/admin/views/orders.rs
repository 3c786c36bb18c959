//! Orders: the list, one of them, and making one for someone.

use serde::Serialize;

use super::{
    AdminShell, Cursor, Field, MoneyView, Notice, OrderSummary, Picture, Row, SelectField, Status, Tab, Tone, Totals,
};
use crate::papers::views::DocumentLink;

/// `/admin/orders`
#[derive(Clone, Debug, Serialize)]
pub struct OrdersPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Which orders.
    pub tabs: Vec<Tab>,
    /// The view shown, sent with the search as `view`.
    pub view: String,
    /// What was searched for: `q`.
    pub query: String,
    /// The orders.
    pub rows: Vec<OrderRow>,
    /// Where the list is.
    pub cursor: Cursor,
}

/// An order in the list.
#[derive(Clone, Debug, Serialize)]
pub struct OrderRow {
    /// Its page.
    pub href: String,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub placed: String,
    /// Who receives it.
    pub customer: String,
    /// Of the buyer.
    pub email: String,
    /// `Austria`
    pub country: String,
    /// Units.
    pub items: i64,
    /// What is known of the money.
    pub payment: Status,
    /// How much has left the house.
    pub packing: Status,
    /// What is to be paid.
    pub total: MoneyView,
}

/// `/admin/orders/{id}`
#[derive(Clone, Debug, Serialize)]
pub struct OrderDetailPage {
    /// Around the page.
    pub shell: AdminShell,
    /// `/admin/orders/ord_…`; forms post to `paid`, `pack`, `ship`, `refund` and `cancel` below it.
    pub href: String,
    /// Shown to people.
    pub number: String,
    /// `Placed 21 Nov 2026, 10:42 UTC`
    pub placed: String,
    /// How it is.
    pub badges: Vec<Status>,
    /// What only a person can settle.
    pub attention: Option<Notice>,
    /// What was bought.
    pub lines: Vec<DetailLine>,
    /// What it costs.
    pub totals: Totals,
    /// Parcels.
    pub parcels: Vec<DetailParcel>,
    /// Names the next parcel; none when nothing is left to pack, or it may not be packed.
    /// Form: `key`, `quantity_{line}`.
    pub pack_key: Option<String>,
    /// Why nothing can be packed now, though something is left; empty for no reason.
    pub pack_blocked: String,
    /// Names the marking; none when it cannot be marked. Form: `key`, `reference`.
    pub paid_key: Option<String>,
    /// For the form that takes money which a provider holds: `key`, and `amount` for a part.
    pub capture_key: Option<String>,
    /// Names the canceling; none when it cannot be canceled. Form: `key`, `reason`, `goods`: `restock` or `write_off`.
    pub cancel_key: Option<String>,
    /// What goes back when it is canceled: `€7.40`; empty for nothing.
    pub cancel_refund: String,
    /// Money that went back or is about to.
    pub refunds: Vec<DetailRefund>,
    /// Goods that came back or are to.
    pub returns: Vec<DetailReturn>,
    /// A form for writing down a return, when something has left that is not on its way back.
    pub return_form: Option<ReturnForm>,
    /// A form for giving money back, when there is any to give.
    pub refund: Option<RefundForm>,
    /// `Bank transfer`
    pub payment_method: String,
    /// What is known of the money.
    pub payment: Status,
    /// What the shopper was told to do.
    pub instructions: Vec<Row>,
    /// Of the buyer.
    pub email: String,
    /// For the carrier; empty when not known.
    pub phone: String,
    /// Where it goes.
    pub address: Vec<String>,
    /// `Standard delivery`
    pub shipping_name: String,
    /// Invoice and credit notes.
    pub documents: Documents,
    /// What happened, newest first.
    pub timeline: Vec<TimelineEntry>,
}

/// The documents of an order. The form to issue the invoice posts to `invoice` below the order, that of a credit note to
/// `credit-note`: `key`, `credit_amount`, `credit_reason`.
#[derive(Clone, Debug, Serialize)]
pub struct Documents {
    /// Those there are.
    pub links: Vec<DocumentLink>,
    /// Whether the invoice can be issued by hand.
    pub may_issue: bool,
    /// Names the next credit note; none without an invoice.
    pub credit_key: Option<String>,
    /// Why there is none; empty when there is.
    pub note: String,
}

/// Making an order for someone who pays by a link. Posts `key` and `expected_total` to `/admin/orders/new`.
#[derive(Clone, Debug, Serialize)]
pub struct DraftOrderPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is still to be done in the shop; empty when the order can be made.
    pub missing: String,
    /// Where to do it.
    pub missing_href: String,
    /// Which version of which cart.
    pub key: String,
    /// What is to be paid, in minor units, as staff see it.
    pub expected_total: i64,
    /// Of the buyer.
    pub email: String,
    /// Where it goes.
    pub address: Vec<String>,
    /// What is bought.
    pub summary: OrderSummary,
}

/// Money of an order that went back or is about to.
#[derive(Clone, Debug, Serialize)]
pub struct DetailRefund {
    /// `ref_…`; empty until billing knows it.
    pub id: String,
    /// How much.
    pub amount: MoneyView,
    /// How far it is.
    pub status: Status,
    /// Why.
    pub reason: String,
    /// `Asked for 21 Nov 2026, 10:42 UTC by Grace`
    pub when: String,
    /// Why it failed; empty when it did not.
    pub failure: String,
    /// The page of the gift card that it became; empty for none.
    pub credit_href: String,
    /// Names the recording that staff gave it back; none when that is not for them to say. Form: `key`,
    /// `reference_{id}`, posted to `refunds/{id}/recorded` below the order.
    pub record_key: Option<String>,
}

/// A form for giving money back. Posts `key`, `amount`, `refund_to`, `refund_reason`, `restock_{line}` and `shelf` to `refund`
/// below the order.
#[derive(Clone, Debug, Serialize)]
pub struct RefundForm {
    /// Names this refund.
    pub key: String,
    /// What is left of what was paid.
    pub most: MoneyView,
    /// How much.
    pub amount: Field,
    /// Where it goes: `payment` or `store_credit`.
    pub to: SelectField,
    /// What happens then.
    pub to_hint: String,
    /// Why.
    pub reason: Field,
    /// Lines of which something can come back.
    pub restock: Vec<RestockLine>,
    /// Where that is now; without choices when there is one place only.
    pub shelf: SelectField,
}

/// Goods that came back or are to. Forms post `key`, `action` and more to `returns/{id}` below the order.
#[derive(Clone, Debug, Serialize)]
pub struct DetailReturn {
    /// `ret_…`
    pub id: String,
    /// `Return 1`
    pub name: String,
    /// How far it is.
    pub status: Status,
    /// `Asked for 21 Nov 2026, 10:42 UTC`
    pub when: String,
    /// Why, in the shopper's words.
    pub reason: String,
    /// What the shop said to it; empty for nothing.
    pub answer: String,
    /// What comes back.
    pub lines: Vec<ReturnRow>,
    /// Names the decision; none when it is decided. Form: `action` (`approve`, `reject`), `answer_{id}`.
    pub decide_key: Option<String>,
    /// Names the receipt; none when it cannot be received. Form: `action` (`receive`), `restock_{line}`, `lost_{line}`,
    /// `shelf_{id}`.
    pub receive_key: Option<String>,
    /// Where the goods are now; without choices when there is one place only.
    pub shelf: SelectField,
    /// Names the refund; none when there is nothing to refund. Form: `action` (`refund`), `amount_{id}`, `to_{id}`.
    pub refund_key: Option<String>,
    /// Where the money goes: `payment` or `store_credit`.
    pub to: SelectField,
    /// What is left of what was paid.
    pub most: MoneyView,
    /// What to refund, as proposed.
    pub amount: Field,
}

/// What comes back of a line.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnRow {
    /// `oln_…`
    pub id: String,
    /// The product's name.
    pub title: String,
    /// `2 × Oak board`
    pub text: String,
    /// How many can have come.
    pub most: i64,
    /// How many go on the shelf.
    pub restock: Field,
    /// How many are lost.
    pub write_off: Field,
}

/// A form for writing down a return. Posts `key`, `why` and `return_{line}` to `returns` below the order.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnForm {
    /// Names this return.
    pub key: String,
    /// Why.
    pub reason: Field,
    /// Lines of which something can come back.
    pub lines: Vec<RestockLine>,
}

/// A line of which something can come back.
#[derive(Clone, Debug, Serialize)]
pub struct RestockLine {
    /// `oln_…`
    pub id: String,
    /// The product's name.
    pub title: String,
    /// How many are away.
    pub most: i64,
    /// How many go on the shelf.
    pub quantity: Field,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize)]
pub struct DetailLine {
    /// `oln_…`
    pub id: String,
    /// Its product, in the shop.
    pub href: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// Stock keeping unit; empty for none.
    pub sku: String,
    /// Its picture.
    pub picture: Picture,
    /// For one.
    pub unit_price: MoneyView,
    /// How many.
    pub quantity: i64,
    /// For all.
    pub line_total: MoneyView,
    /// How many are in parcels.
    pub packed: i64,
    /// How many have left the house.
    pub shipped: i64,
    /// How many of those came back.
    pub returned: i64,
    /// How many are left to pack.
    pub open: i64,
    /// `quantity_{id}` of the form to pack.
    pub pack: Field,
}

/// A parcel.
#[derive(Clone, Debug, Serialize)]
pub struct DetailParcel {
    /// Its delivery note, as a page; as a file with `.pdf` behind it.
    pub delivery_note: String,
    /// `ful_…`, sent with the form as `fulfillment`.
    pub id: String,
    /// `Parcel 1`
    pub name: String,
    /// How far it is.
    pub status: Status,
    /// `Packed 21 Nov 2026, 10:42 UTC`
    pub when: String,
    /// `2 × Oak board, large`
    pub contents: Vec<String>,
    /// `carrier`
    pub carrier: Field,
    /// `tracking_number`
    pub tracking_number: Field,
    /// Names the shipping; none when it has left, or may not be shipped. Form: `key`, `fulfillment`, and the two above.
    pub ship_key: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
pub struct TimelineEntry {
    /// `21 Nov 2026, 10:42 UTC`
    pub at: String,
    /// In words.
    pub text: String,
    /// Who.
    pub actor: String,
    /// Its colour.
    pub tone: Tone,
}
