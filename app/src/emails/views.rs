//! What the templates of the mails show.

use billing_api::{Document, DocumentKind, GiftCard};
use kernel::Money;
use orders_api::Order;
use serde::Serialize;

use crate::assemble::Shop;
use crate::storefront::order::{method_name, payment_rows, what_to_pay};
use crate::storefront::summary::totals_of_order;
use crate::storefront::views::{MoneyView, Row, TotalRow, address_lines, date};

/// A mail about an order, as a page and as plain text.
#[derive(Clone, Debug, Serialize)]
pub struct OrderMail {
    /// Name of the shop.
    pub shop_name: String,
    /// Address of the shop.
    pub shop_url: String,
    /// The order's page.
    pub order_url: String,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// Of the one who receives it.
    pub name: String,
    /// What was bought.
    pub lines: Vec<MailLine>,
    /// Lines together.
    pub subtotal: MoneyView,
    /// What comes off all lines together.
    pub reductions: Vec<TotalRow>,
    /// `Standard delivery`
    pub shipping_name: String,
    /// What delivery costs.
    pub shipping: MoneyView,
    /// Taxes on top of prices.
    pub taxes_added: Vec<TotalRow>,
    /// Taxes that the total contains.
    pub taxes_contained: Vec<TotalRow>,
    /// What is to be paid.
    pub total: MoneyView,
    /// What gift cards pay of it.
    pub paid_by: Vec<TotalRow>,
    /// What is paid otherwise; shown when gift cards pay a part.
    pub due: MoneyView,
    /// `Left to pay`, or `Paid otherwise`.
    pub due_name: String,
    /// Where it goes.
    pub address: Vec<String>,
    /// Whether the money has arrived.
    pub is_paid: bool,
    /// `Transfer €251.00 by 5 Dec 2026. We pack as soon as it has arrived.`
    pub to_pay: String,
    /// What the shopper has to do to pay, while that is not done.
    pub instructions: Vec<Row>,
    /// The money that went back, in the mail about it; whether more is on its way, in the one about the end of an order.
    pub refund: Option<MailRefund>,
    /// The goods that come back, in the mail about them.
    pub back: Option<MailReturn>,
    /// The parcel that left, in the mail about it.
    pub parcel: Option<MailParcel>,
    /// Whether payments only pretend.
    pub test_mode: bool,
}

/// A mail with a document.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentMail {
    /// Name of the shop.
    pub shop_name: String,
    /// Address of the shop.
    pub shop_url: String,
    /// The order's page.
    pub order_url: String,
    /// Shown to people.
    pub number: String,
    /// `21 Nov 2026`
    pub placed: String,
    /// `invoice`
    pub what: String,
    /// `2026-00001`
    pub document_number: String,
    /// What it comes to.
    pub total: MoneyView,
    /// Whether payments only pretend.
    pub test_mode: bool,
}

impl DocumentMail {
    /// A mail with `document` of an order.
    pub fn new(shop: &Shop, (order, order_url): (&Order, String), document: &Document) -> Self {
        let settings = shop.settings();
        let total = document.totals.gross.plus(document.totals.rounding).unwrap_or(document.totals.gross);
        let what = match document.kind {
            DocumentKind::Invoice => "invoice",
            DocumentKind::CreditNote => "credit note",
        };
        Self {
            shop_name: settings.shop_name.clone(),
            shop_url: settings.base_url.clone(),
            order_url,
            number: order.number.clone(),
            placed: date(order.placed_at.unwrap_or(order.created_at)),
            what: what.to_owned(),
            document_number: document.number.clone(),
            total: total.into(),
            test_mode: settings.test_payments && order.payment_method == "test",
        }
    }

    /// The subject.
    pub fn subject(&self) -> String {
        format!("Your {} {} for order {}", self.what, self.document_number, self.number)
    }
}

/// A line of an order.
#[derive(Clone, Debug, Serialize)]
pub struct MailLine {
    /// The product's name.
    pub title: String,
    /// The chosen option values; empty for a single variant.
    pub options: String,
    /// How many.
    pub quantity: i64,
    /// For all.
    pub line_total: MoneyView,
}

/// Goods that come back.
#[derive(Clone, Debug, Serialize)]
pub struct MailReturn {
    /// How it was when the mail was queued: `requested`, `approved`, `rejected`, `received`.
    pub status: String,
    /// What the shop says to it; empty for nothing.
    pub answer: String,
    /// What comes back.
    pub lines: Vec<String>,
}

/// Money that went back.
#[derive(Clone, Debug, Serialize)]
pub struct MailRefund {
    /// How much.
    pub amount: MoneyView,
    /// `Bank transfer`, by which it went back.
    pub method: String,
    /// `€5.00`, what of it went back onto gift cards; empty for nothing.
    pub to_gift_cards: String,
    /// The gift card that it became.
    pub credit: Option<MailCredit>,
}

/// A gift card with its code.
#[derive(Clone, Debug, Serialize)]
pub struct MailCredit {
    /// As it is typed.
    pub code: String,
    /// What is on it.
    pub amount: MoneyView,
    /// `21 Nov 2027`, until when it can be used; empty for ever.
    pub expires: String,
}

impl MailCredit {
    /// Of a card whose code was told.
    pub fn of(card: &GiftCard) -> Option<Self> {
        let code = card.code.as_ref()?.reveal().to_owned();
        Some(Self { code, amount: card.issued.into(), expires: card.expires_at.map(date).unwrap_or_default() })
    }
}

/// A mail with a gift card.
#[derive(Clone, Debug, Serialize)]
pub struct GiftCardMail {
    /// Name of the shop.
    pub shop_name: String,
    /// Address of the shop.
    pub shop_url: String,
    /// The card.
    pub credit: MailCredit,
    /// Whether payments only pretend.
    pub test_mode: bool,
}

/// A parcel that left.
#[derive(Clone, Debug, Serialize)]
pub struct MailParcel {
    /// Who carries it; empty when not known.
    pub carrier: String,
    /// Given by the carrier; empty when not known.
    pub tracking_number: String,
    /// What is in it.
    pub lines: Vec<MailLine>,
    /// Whether more is to follow.
    pub more_to_come: bool,
}

impl OrderMail {
    /// A mail about an order; `about` is the id of the parcel or the number of the refund that it is about, or empty.
    pub fn new(shop: &Shop, (order, order_url): (&Order, String), about: &str) -> Self {
        let settings = shop.settings();
        let totals = totals_of_order(order);
        Self {
            shop_name: settings.shop_name.clone(),
            shop_url: settings.base_url.clone(),
            order_url,
            number: order.number.clone(),
            placed: date(order.placed_at.unwrap_or(order.created_at)),
            name: order.address.name.clone(),
            lines: order.lines.iter().map(|line| mail_line(line, line.quantity.get(), line.line_total)).collect(),
            subtotal: order.subtotal.into(),
            reductions: totals.reductions,
            shipping_name: order.shipping.name.clone(),
            shipping: order.shipping.price.into(),
            taxes_added: totals.taxes_added,
            taxes_contained: totals.taxes_contained,
            total: order.total.into(),
            paid_by: totals.paid_by,
            due: totals.due,
            due_name: totals.due_name,
            address: address_lines(&order.address),
            is_paid: order.payment_status.has_arrived(),
            to_pay: what_to_pay(order),
            instructions: payment_rows(order),
            refund: mail_refund(order, about),
            back: mail_return(order, about),
            parcel: mail_parcel(order, about),
            test_mode: settings.test_payments && order.payment_method == "test",
        }
    }

    /// The subject; `kind` is the name of the template.
    pub fn subject(&self, kind: &str) -> String {
        let number = &self.number;
        match kind {
            "order_paid" => format!("Payment received for order {number}"),
            "order_to_pay" => format!("Order {number}: please pay"),
            "order_return" => format!("Your return of order {number}"),
            "order_refunded" => format!("Refund for order {number}"),
            "order_canceled" => format!("Order {number} is canceled"),
            "order_shipped" => format!("On its way: order {number}"),
            _ if self.is_paid => format!("Order {number} is confirmed"),
            _ => format!("Order {number}: how to pay"),
        }
    }
}

fn mail_line(line: &orders_api::OrderLine, quantity: i64, total: Money) -> MailLine {
    MailLine { title: line.title.clone(), options: line.options.clone(), quantity, line_total: total.into() }
}

/// `about` is the id of the return and how it was: `ret_…/approved`.
fn mail_return(order: &Order, about: &str) -> Option<MailReturn> {
    let (id, status) = about.split_once('/')?;
    let back = order.returns.iter().find(|back| back.id.to_string() == id)?;
    let line = |part: &orders_api::ReturnLine| {
        let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
        Some(format!("{} × {}", part.quantity, line.title))
    };
    let answer = back.answer.clone().unwrap_or_default();
    Some(MailReturn { status: status.to_owned(), answer, lines: back.lines.iter().filter_map(line).collect() })
}

fn mail_refund(order: &Order, number: &str) -> Option<MailRefund> {
    let refund = order.refunds.iter().find(|refund| refund.number.to_string() == number)?;
    let method = method_name(&order.payment_method);
    Some(MailRefund { amount: refund.amount.into(), method, to_gift_cards: String::new(), credit: None })
}

fn mail_parcel(order: &Order, id: &str) -> Option<MailParcel> {
    let parcel = order.fulfillments.iter().find(|parcel| parcel.id.to_string() == id)?;
    let line_of = |part: &orders_api::FulfillmentLine| {
        let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
        Some(mail_line(line, part.quantity.get(), line.unit_price.times(part.quantity.get()).ok()?))
    };
    Some(MailParcel {
        carrier: parcel.carrier.clone().unwrap_or_default(),
        tracking_number: parcel.tracking_number.clone().unwrap_or_default(),
        lines: parcel.lines.iter().filter_map(line_of).collect(),
        more_to_come: order.lines.iter().any(|line| line.shipped < line.quantity.get()),
    })
}
