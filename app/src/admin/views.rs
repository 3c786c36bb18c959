//! What the templates of the staff pages show: plain data, with every word and number already as a person reads it.

use accounts_api::{Permission, SignedIn};
use serde::Serialize;

use crate::papers::views::DocumentLink;
pub use crate::storefront::views::{
    Choice, Field, Link, MoneyView, Notice, OrderSummary, Pagination, Picture, PriceView, Problem, Row, SelectField,
    StepState, Tone, Totals, address_lines, counted, country_name, date, date_time, number,
};

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

// ---- admin/sign_in.html, admin/confirm.html, admin/setup.html ----

/// `/admin/sign-in`
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignInPage {
    /// Name of the shop.
    pub shop_name: String,
    /// The path to go to afterwards, sent with the form as `next`.
    pub next: String,
    /// `email`; the other field is `password`.
    pub email: Field,
    /// Why signing in was refused, or that one has signed out.
    pub notice: Option<Notice>,
}

/// The page that asks for the password again, in place of what is sensitive, and `/admin/confirm`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Whose password it is.
    pub email: String,
    /// Where the form goes: where the one that it carries was going.
    pub action: String,
    /// What is carried; sent with the form as it is.
    pub fields: Vec<Row>,
    /// Token for the form.
    pub csrf: String,
    /// `confirm_password`; its value is never shown again.
    pub password: Field,
    /// Why one has to wait.
    pub notice: Option<Notice>,
    /// The page to go back to without doing it.
    pub back: String,
}

/// `/admin/setup/{secret}`
#[derive(Clone, Debug, Default, Serialize)]
pub struct SetupPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Where the form goes: the page itself.
    pub action: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `name`
    pub name: Field,
    /// `email`
    pub email: Field,
    /// `password`; its value is never shown again.
    pub password: Field,
    /// Whether the link is used up or too old: there is no form then.
    pub closed: bool,
}

// ---- admin/orders.html ----

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

// ---- admin/order.html ----

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

// ---- admin/products.html ----

/// `/admin/products`
#[derive(Clone, Debug, Serialize)]
pub struct ProductsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// By status.
    pub tabs: Vec<Tab>,
    /// The status shown, sent with the search as `status`; empty for all.
    pub status: String,
    /// What was searched for: `q`.
    pub query: String,
    /// On all pages together.
    pub total: i64,
    /// The products.
    pub rows: Vec<ProductRowView>,
    /// Where the page is among the others.
    pub pagination: Pagination,
}

/// A product in the list.
#[derive(Clone, Debug, Serialize)]
pub struct ProductRowView {
    /// Its page.
    pub href: String,
    /// Its name.
    pub title: String,
    /// The maker; empty when not known.
    pub vendor: String,
    /// Its category; empty for none.
    pub category: String,
    /// Its picture.
    pub picture: Picture,
    /// Whether it is shown.
    pub status: Status,
    /// `52 in 3 variants`
    pub stock: Status,
    /// What it costs.
    pub price: PriceView,
    /// `21 Nov 2026`
    pub updated: String,
}

// ---- admin/product.html ----

/// `/admin/taxes`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct TaxesPage {
    /// Around the page.
    pub shell: AdminShell,
    /// By country, region and time.
    pub rows: Vec<TaxRow>,
    /// Whether another rate may be announced.
    pub may_change: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// `AT`
    pub country: Field,
    /// How postcodes begin; empty for all.
    pub region: Field,
    /// `VAT`
    pub name: Field,
    /// `8.1`
    pub percent: Field,
    /// In UTC.
    pub valid_from: Field,
}

/// A rate in the list.
#[derive(Clone, Debug, Serialize)]
pub struct TaxRow {
    /// `AT`, `AT, postcodes 6691…`
    pub place: String,
    /// `VAT`
    pub name: String,
    /// `20 %`
    pub percent: String,
    /// From when on.
    pub valid_from: String,
    /// `In force`, `Announced` or `Over`.
    pub status: Status,
}

/// `/admin/delivery`
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRowsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The cheapest first.
    pub rows: Vec<DeliveryRow>,
    /// Whether another one may be made.
    pub may_create: bool,
}

/// A way of delivery in the list.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryRow {
    /// Its page.
    pub href: String,
    /// As shoppers read it.
    pub name: String,
    /// `AT DE`, or how many.
    pub countries: String,
    /// Its first price, and whether there are others.
    pub price: String,
    /// From which worth on it is free; empty for never.
    pub free_from: String,
    /// `2 to 4`
    pub days: String,
}

/// `/admin/delivery/new`, `/admin/delivery/{code}`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct DeliveryFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Where the form goes that ends it; empty when it may not be.
    pub end_action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored.
    pub heading: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: what was seen.
    pub version: String,
    /// Only of a new one.
    pub code: Field,
    /// As shoppers read it.
    pub name: Field,
    /// Codes, or `*`.
    pub countries: Field,
    /// The first price.
    pub price: Field,
    /// Empty for never.
    pub free_from: Field,
    /// Empty for any weight.
    pub max_grams: Field,
    /// Working days.
    pub min_days: Field,
    /// Working days.
    pub max_days: Field,
    /// Worth, grams and price of each.
    pub rates: Vec<[Field; 3]>,
    /// Whether tax is added to prices, which contain none.
    pub taxes_added: bool,
    /// `EUR`
    pub currency: String,
}

/// `/admin/discounts`
#[derive(Clone, Debug, Serialize)]
pub struct DiscountsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The latest first.
    pub rows: Vec<DiscountRow>,
    /// Whether another one may be made.
    pub may_create: bool,
}

/// A discount in the list.
#[derive(Clone, Debug, Serialize)]
pub struct DiscountRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub label: String,
    /// Scheduled, active, ended or exhausted.
    pub status: Status,
    /// `10 % off`
    pub what: String,
    /// `SPRING5`, `12 codes`, or that it needs none.
    pub codes: String,
    /// Of all its codes.
    pub uses: i64,
    /// `1 Nov 2026 to 30 Nov 2026`
    pub period: String,
}

// ---- admin/gift_cards.html, admin/gift_card.html, admin/gift_card_new.html ----

/// `/admin/gift-cards?q=`
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What was searched for.
    pub query: String,
    /// The newest first.
    pub rows: Vec<GiftCardRow>,
    /// Where the list goes on.
    pub cursor: Cursor,
    /// Whether another one may be issued.
    pub may_issue: bool,
}

/// A gift card in the list.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardRow {
    /// Its page.
    pub href: String,
    /// `…7K3M`
    pub name: String,
    /// Whether it can pay.
    pub status: Status,
    /// `Store credit`
    pub reason: String,
    /// Whose; empty when not known.
    pub email: String,
    /// What was on it at first.
    pub issued: MoneyView,
    /// What is left.
    pub balance: MoneyView,
    /// `21 Nov 2026`
    pub created: String,
}

/// `/admin/gift-cards/{id}`, and the answer that issued one.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardPage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `/admin/gift-cards/gft_…`; the form that closes it posts to `close` below it: `key`, `close_note`.
    pub href: String,
    /// `Gift card …7K3M`
    pub name: String,
    /// Whether it can pay.
    pub status: Status,
    /// Its code, once; empty ever after.
    pub code: String,
    /// What is left.
    pub balance: MoneyView,
    /// What was on it at first.
    pub issued: MoneyView,
    /// `Given by staff`
    pub reason: String,
    /// What staff said about it, line by line.
    pub note: Vec<String>,
    /// Whose; empty when not known.
    pub email: String,
    /// From when on it does not pay; empty for never.
    pub expires: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub created: String,
    /// What went onto it and off it, the newest first.
    pub movements: Vec<GiftCardMovementRow>,
    /// Names the closing; none when it is closed or may not be.
    pub close_key: Option<String>,
    /// Why it is closed.
    pub close_note: Field,
}

/// Money that went onto a gift card or off it.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardMovementRow {
    /// `Pays for an order`
    pub text: String,
    /// `−€20.00`
    pub amount: String,
    /// The order; empty for none.
    pub order_href: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: String,
}

/// `/admin/gift-cards/new`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardIssuePage {
    /// Around the page.
    pub shell: AdminShell,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Names the card.
    pub key: String,
    /// `EUR`
    pub currency: String,
    /// What is on it.
    pub amount: Field,
    /// Who gets the code by mail.
    pub email: Field,
    /// In UTC; empty for never.
    pub expires_at: Field,
    /// Why.
    pub note: Field,
}

/// `/admin/discounts/new`, `/admin/discounts/{id}`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct DiscountFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored.
    pub heading: String,
    /// How it is.
    pub badge: Option<Status>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: the version that the form was made from; empty for a new one.
    pub version: String,
    /// As shoppers read it.
    pub label: Field,
    /// What it does.
    pub kind: SelectField,
    /// Of kinds with a percentage.
    pub percent: Field,
    /// Of kinds with an amount.
    pub amount: Field,
    /// What qualifies.
    pub category: SelectField,
    /// How many have to be bought.
    pub buy: Field,
    /// How many are free then.
    pub get: Field,
    /// At most so many in one order.
    pub most: Field,
    /// From which worth on, and how much comes off.
    pub steps: Vec<(Field, Field)>,
    /// Goods for at least so much.
    pub minimum: Field,
    /// Yes or no.
    pub only_regular: SelectField,
    /// Yes or no.
    pub exclusive: SelectField,
    /// Higher ones first.
    pub priority: Field,
    /// In UTC.
    pub starts_at: Field,
    /// In UTC; empty for no end.
    pub ends_at: Field,
    /// Whether it may have codes.
    pub by_code: bool,
    /// One in each line.
    pub codes: Field,
    /// Of each code.
    pub limit: Field,
    /// Of each code.
    pub limit_per_customer: Field,
    /// Yes or no.
    pub announced: SelectField,
    /// Yes or no.
    pub given_back: SelectField,
    /// Each code, and how often it is used.
    pub uses: Vec<(String, i64)>,
    /// Where the form goes that ends it; empty when it has ended or may not be.
    pub end_action: String,
    /// `EUR`
    pub currency: String,
}

/// `/admin/products/new`, `/admin/products/{id}`
#[derive(Clone, Debug, Serialize)]
pub struct ProductFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored; empty for a new one.
    pub heading: String,
    /// How it is.
    pub badge: Option<Status>,
    /// Its page in the shop; empty while it has none.
    pub shop_href: String,
    /// `Changed 21 Nov 2026, 10:42 UTC, version 4`; empty for a new one.
    pub changed: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What someone else changed meanwhile, field by field. Sending the form again keeps what is typed here.
    pub conflict: Vec<ConflictRow>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: the version that the form was made from; empty for a new one.
    pub version: String,
    /// `title`
    pub title: Field,
    /// `slug`
    pub slug: Field,
    /// `status`
    pub status: SelectField,
    /// `vendor`
    pub vendor: Field,
    /// `category`: its name.
    pub category: Field,
    /// Names of the categories there are.
    pub categories: Vec<String>,
    /// `tags`, separated by commas.
    pub tags: Field,
    /// `description_html`
    pub description: Field,
    /// `option_0` to `option_2`: names of the options.
    pub options: Vec<Field>,
    /// Variants in order, then some empty rows for new ones.
    pub variants: Vec<VariantRow>,
    /// `EUR`
    pub currency: String,
    /// Pictures; they are kept as they are.
    pub media: Vec<Picture>,
}

/// A field that someone else changed meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct ConflictRow {
    /// `Name`
    pub name: String,
    /// As it is stored now.
    pub theirs: String,
    /// As it is typed here.
    pub yours: String,
}

/// A variant in the form. Fields are named `variant_{place}_{what}`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct VariantRow {
    /// From 0.
    pub place: usize,
    /// `value_0` to `value_2`: one value for each option.
    pub values: Vec<Field>,
    /// `sku`
    pub sku: Field,
    /// `price`, in major units.
    pub price: Field,
    /// `compare_at`, in major units.
    pub compare_at: Field,
    /// `barcode`
    pub barcode: Field,
    /// `weight`, in grams.
    pub weight: Field,
    /// `12 available`; empty for a new one.
    pub stock: String,
    /// Its ledger; empty for a new one.
    pub stock_href: String,
}

// ---- admin/stock.html, admin/ledger.html ----

/// `/admin/payments`
#[derive(Clone, Debug, Serialize)]
pub struct PaymentChecksPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Open ones, or all.
    pub tabs: Vec<Tab>,
    /// The differences.
    pub rows: Vec<PaymentCheckRow>,
    /// Where the list is.
    pub cursor: Cursor,
}

/// A difference between a provider's books and ours.
#[derive(Clone, Debug, Serialize)]
pub struct PaymentCheckRow {
    /// Where its forms go: `action` is `ask`, `give_back`, or `close` with a `note`.
    pub href: String,
    /// What differs.
    pub heading: String,
    /// What to do about it; empty when it is settled.
    pub advice: String,
    /// `Card`
    pub provider: String,
    /// The provider's name for the money, or our session.
    pub subject: String,
    /// The order's page; empty when there is none.
    pub order_href: String,
    /// How much it is about.
    pub amount: MoneyView,
    /// What they say and what we say.
    pub evidence: String,
    /// When it was found.
    pub found: String,
    /// Whether it waits for someone.
    pub status: Status,
    /// How it was settled, by whom and when; empty when it is open.
    pub settlement: String,
    /// Whether the provider can be asked again.
    pub may_ask: bool,
    /// Whether the provider can give it back.
    pub may_give_back: bool,
    /// Whether it can be closed by hand.
    pub may_close: bool,
}

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

// ---- admin/export.html ----

/// `/admin/export`
#[derive(Clone, Debug, Serialize)]
pub struct ExportPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The file.
    pub href: String,
}

// ---- admin/import.html, admin/import_job.html ----

/// `/admin/import`
#[derive(Clone, Debug, Serialize)]
pub struct ImportPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes, with its token: an upload cannot carry it as a field. The field of the file is `file`.
    pub action: String,
    /// What is wrong with the file; empty for nothing.
    pub error: String,
    /// Earlier imports, newest first.
    pub jobs: Vec<ImportJobRow>,
}

/// An earlier import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportJobRow {
    /// Its page.
    pub href: String,
    /// Of the file.
    pub file_name: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub started: String,
    /// Who.
    pub actor: String,
    /// How far it is.
    pub status: Status,
}

/// `/admin/import/{job}`
#[derive(Clone, Debug, Serialize)]
pub struct ImportJobPage {
    /// Around the page.
    pub shell: AdminShell,
    /// `/admin/import/imp_…`; the form to go on posts to `apply`, refused rows are at `rejects` below it.
    pub href: String,
    /// Of the file.
    pub file_name: String,
    /// `Started 21 Nov 2026, 10:42 UTC by Mara`
    pub started: String,
    /// `checking`, `checked`, `applying`, `done`, `failed`.
    pub status: String,
    /// Rows so far.
    pub done: i64,
    /// Rows in all.
    pub total: i64,
    /// After how many seconds the page asks again, while the job runs.
    pub refresh_seconds: Option<u32>,
    /// How many products are new, different, the same, refused.
    pub figures: Vec<Figure>,
    /// What was refused, the first of it.
    pub rejects: Vec<RejectRow>,
    /// How many were refused in all.
    pub rejects_total: i64,
    /// Whether there is something to apply.
    pub can_apply: bool,
    /// What went wrong; empty for nothing.
    pub error: String,
}

/// A row that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct RejectRow {
    /// Number of the row in the file; empty when it is about the whole product.
    pub row: String,
    /// Its product.
    pub product: String,
    /// `variants[2].price`
    pub field: String,
    /// What to do about it.
    pub problem: String,
}

// ---- admin/system.html ----

/// `/admin/system`
#[derive(Clone, Debug, Serialize)]
pub struct SystemPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Of the shop.
    pub version: String,
    /// `SQLite`, `PostgreSQL`
    pub database: String,
    /// Modules in this process.
    pub here: Vec<ModuleView>,
    /// Modules elsewhere.
    pub elsewhere: Vec<ModuleView>,
    /// What waits to be done.
    pub queues: Vec<Figure>,
    /// How the process runs; secrets are not shown.
    pub settings: Vec<SettingRow>,
}

/// A module.
#[derive(Clone, Debug, Serialize)]
pub struct ModuleView {
    /// `catalog`
    pub name: String,
    /// How it is.
    pub status: Status,
    /// Where it is; empty for this process.
    pub place: String,
    /// What else is known: contract version, time to answer.
    pub facts: Vec<Row>,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct SettingRow {
    /// `base_url`
    pub name: String,
    /// As it is.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}
