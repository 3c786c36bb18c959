//! What a paper shows, on the page and in the PDF: plain data, with every number already as a person reads it.

use billing_api::{Document, DocumentKind, DocumentLine, Prices, Seller};
use kernel::{Money, Timestamp};
use orders_api::{Fulfillment, Order};
use serde::Serialize;

use crate::storefront::order::method_name;
use crate::storefront::views::{MoneyView, Row, address_lines, country_name, date};

/// Where a document is, on pages that list it.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentLink {
    /// `Invoice 2026-00001`
    pub name: String,
    /// `21 Nov 2026`
    pub date: String,
    /// `€24.90`
    pub total: String,
    /// As a page.
    pub href: String,
    /// As a file.
    pub pdf: String,
    /// As an e-invoice; empty where there is none.
    pub xml: String,
}

impl DocumentLink {
    /// Documents below `base`, such as `/admin/orders/ord_…/documents`.
    pub fn all(documents: &[Document], base: &str) -> Vec<Self> {
        let link = |document: &Document| {
            let href = format!("{base}/{}", document.id);
            let has_xml = document.currency().exponent() <= 2;
            Self {
                name: format!("{} {}", title_of(document), document.number),
                date: date(document.issued_at),
                total: text(document.charged()),
                pdf: format!("{href}.pdf"),
                xml: if has_xml { format!("{href}.xml") } else { String::new() },
                href,
            }
        };
        documents.iter().map(link).collect()
    }
}

fn title_of(document: &Document) -> &'static str {
    match document.kind {
        DocumentKind::Invoice => "Invoice",
        DocumentKind::CreditNote => "Credit note",
    }
}

/// `templates/papers/paper.html`
#[derive(Clone, Debug, Serialize)]
pub struct Paper {
    /// Name of the shop.
    pub shop_name: String,
    /// `Invoice`
    pub title: String,
    /// `2026-00001`; the order's number on a delivery note.
    pub number: String,
    /// One sentence below the title; empty for none.
    pub lead: String,
    /// The seller in one line, above the address as in the window of an envelope.
    pub sender: String,
    /// Who gets it.
    pub recipient: Vec<String>,
    /// Number, dates, order.
    pub facts: Vec<Row>,
    /// Heads of the columns.
    pub columns: Vec<Column>,
    /// What was sold, or sent.
    pub lines: Vec<PaperLine>,
    /// The sums; empty on a delivery note.
    pub sums: Vec<Sum>,
    /// VAT by rate: rate, base, VAT, together; empty on a delivery note.
    pub vat: Vec<[String; 4]>,
    /// Sentences at the end.
    pub notes: Vec<String>,
    /// Who sells: groups of lines at the foot.
    pub foot: Vec<Vec<String>>,
    /// When it was issued, for the file's own data.
    #[serde(skip)]
    pub at: Timestamp,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Column {
    /// `Amount`
    pub name: String,
    /// Whether it holds numbers, which stand at the right.
    pub number: bool,
}

/// A line.
#[derive(Clone, Debug, Serialize)]
pub struct PaperLine {
    /// What it is.
    pub title: String,
    /// Options and stock keeping unit; empty for none.
    pub detail: String,
    /// What stands in the columns behind the first.
    pub cells: Vec<String>,
}

/// A sum.
#[derive(Clone, Debug, Serialize)]
pub struct Sum {
    /// `Total`
    pub name: String,
    /// `€24.90`
    pub value: String,
    /// Whether it is what all the others lead to.
    pub strong: bool,
}

fn text(money: Money) -> String {
    MoneyView::from(money).text
}

fn columns(names: &[&str]) -> Vec<Column> {
    names.iter().enumerate().map(|(place, name)| Column { name: (*name).to_owned(), number: place > 0 }).collect()
}

impl Paper {
    /// An invoice or a credit note.
    pub fn of_document(document: &Document, shop_name: &str) -> Self {
        let lead = if document.kind == DocumentKind::Invoice { String::new() } else { credit_lead(document) };
        let amount = match document.prices {
            Prices::TaxContained => "Amount incl. VAT",
            Prices::TaxAdded => "Amount without VAT",
        };
        let mut recipient = address_lines(&document.buyer.address);
        recipient.extend(document.buyer.vat_id.as_ref().map(|id| format!("VAT id {id}")));
        let charges = document.charges.iter().map(|charge| PaperLine {
            title: charge.title.clone(),
            detail: String::new(),
            cells: vec![String::new(), String::new(), format!("{} %", charge.vat.percent()), text(charge.amount)],
        });
        Self {
            shop_name: shop_name.to_owned(),
            title: title_of(document).to_owned(),
            number: document.number.clone(),
            lead,
            sender: sender(&document.seller),
            recipient,
            facts: facts(document),
            columns: columns(&["Item", "Quantity", "Price each", "VAT", amount]),
            lines: document.lines.iter().map(line).chain(charges).collect(),
            sums: sums(document),
            vat: document.vat.iter().map(vat_row).collect(),
            notes: notes(document),
            foot: foot(&document.seller),
            at: document.issued_at,
        }
    }

    /// What is in a parcel, without prices.
    pub fn delivery_note(order: &Order, parcel: &Fulfillment, seller: Option<&Seller>, shop_name: &str) -> Self {
        let place = order.fulfillments.iter().position(|other| other.id == parcel.id).unwrap_or(0) + 1;
        let parcels = format!("{place} of {}", order.fulfillments.len());
        let sent = parcel.shipped_at.unwrap_or(parcel.created_at);
        let mut facts = vec![
            Row::new("Order", &order.number),
            Row::new("Ordered", date(order.placed_at.unwrap_or(order.created_at))),
            Row::new("Parcel", parcels),
            Row::new(if parcel.shipped_at.is_some() { "Sent" } else { "Packed" }, date(sent)),
        ];
        facts.extend(parcel.carrier.as_ref().map(|carrier| Row::new("Carrier", carrier)));
        facts.extend(parcel.tracking_number.as_ref().map(|number| Row::new("Tracking number", number)));
        let line = |part: &orders_api::FulfillmentLine| {
            let line = order.lines.iter().find(|line| line.id == part.order_line_id)?;
            let (ordered, here) = (line.quantity.to_string(), part.quantity.to_string());
            let detail = detail(&line.options, line.sku.as_deref());
            Some(PaperLine { title: line.title.clone(), detail, cells: vec![ordered, here] })
        };
        let more = order.lines.iter().any(|line| line.packed < line.quantity.get());
        Self {
            shop_name: shop_name.to_owned(),
            title: "Delivery note".to_owned(),
            number: order.number.clone(),
            lead: String::new(),
            sender: seller.map_or_else(|| shop_name.to_owned(), sender),
            recipient: address_lines(&order.address),
            facts,
            columns: columns(&["Item", "Ordered", "In this parcel"]),
            lines: parcel.lines.iter().filter_map(line).collect(),
            sums: Vec::new(),
            vat: Vec::new(),
            notes: if more { vec!["The rest of your order follows in another parcel.".to_owned()] } else { Vec::new() },
            foot: seller.map(foot).unwrap_or_default(),
            at: sent,
        }
    }
}

fn credit_lead(document: &Document) -> String {
    let invoice = document.invoice.as_ref();
    let of = invoice.map(|invoice| format!("On invoice {} of {}.", invoice.number, date(invoice.issued_at)));
    let reason = Some(document.reason.as_str()).filter(|reason| !reason.is_empty());
    [of, reason.map(str::to_owned)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// `Freestone Goods GmbH, Steingasse 1, 1030 Wien`
fn sender(seller: &Seller) -> String {
    format!("{}, {}, {} {}", seller.name, seller.line1, seller.postcode, seller.city)
}

fn facts(document: &Document) -> Vec<Row> {
    let is_invoice = document.kind == DocumentKind::Invoice;
    let mut facts = vec![
        Row::new(if is_invoice { "Invoice number" } else { "Credit note number" }, &document.number),
        Row::new("Date", date(document.issued_at)),
    ];
    if is_invoice {
        facts.push(Row::new("Date of supply", date(document.supplied_at)));
    }
    facts.push(Row::new("Order", &document.order_number));
    facts.push(Row::new("Payment", method_name(&document.payment_method)));
    facts
}

fn detail(options: &str, sku: Option<&str>) -> String {
    let parts = [Some(options).filter(|options| !options.is_empty()), sku];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn line(line: &DocumentLine) -> PaperLine {
    let mut detail = detail(&line.detail, line.sku.as_deref());
    if line.discount.amount > 0 {
        let off = format!("less {}", text(line.discount));
        detail = if detail.is_empty() { off } else { format!("{detail}, {off}") };
    }
    let vat = format!("{} %", line.vat.percent());
    let cells = vec![line.quantity.to_string(), price_each(line), vat, text(line.amount)];
    PaperLine { title: line.title.clone(), detail, cells }
}

/// Before the discount; empty where the amount cannot be divided by the quantity.
fn price_each(line: &DocumentLine) -> String {
    let (whole, quantity) = (line.amount.amount + line.discount.amount, line.quantity.get());
    if whole % quantity == 0 { text(Money::new(whole / quantity, line.amount.currency)) } else { String::new() }
}

fn vat_row(of: &billing_api::VatSubtotal) -> [String; 4] {
    let gross = Money::new(of.base.amount + of.tax.amount, of.base.currency);
    [format!("{} %", of.vat.percent()), text(of.base), text(of.tax), text(gross)]
}

fn sums(document: &Document) -> Vec<Sum> {
    let totals = &document.totals;
    let sum = |name: &str, money: Money| Sum { name: name.to_owned(), value: text(money), strong: false };
    let mut sums = vec![sum("Without VAT", totals.net), sum("VAT", totals.tax)];
    if totals.rounding.amount != 0 {
        sums.push(sum("Rounding", totals.rounding));
    }
    let name = if document.kind == DocumentKind::Invoice { "Total" } else { "You get back" };
    sums.push(Sum { name: name.to_owned(), value: text(document.charged()), strong: true });
    if document.kind == DocumentKind::Invoice && totals.due.amount != 0 {
        sums.push(sum("Paid", totals.paid));
        sums.push(Sum { name: "To pay".to_owned(), value: text(totals.due), strong: true });
    }
    sums
}

fn notes(document: &Document) -> Vec<String> {
    let mut reasons: Vec<String> =
        document.vat.iter().filter_map(|of| of.vat.category.reason()).map(sentence).collect();
    reasons.dedup();
    let mut notes = reasons;
    if document.totals.rounding.amount != 0 {
        notes.push(
            "VAT is computed once for each rate. The rounding leads from there to the amount that was charged."
                .to_owned(),
        );
    }
    if document.kind == DocumentKind::Invoice {
        notes.push(match document.totals.due.amount {
            0 => "Paid in full. Thank you.".to_owned(),
            _ => format!("Please pay {} and name the order {}.", text(document.totals.due), document.order_number),
        });
    }
    notes
}

fn sentence(text: &str) -> String {
    format!("{text}.")
}

fn foot(seller: &Seller) -> Vec<Vec<String>> {
    let place = format!("{} {}", seller.postcode, seller.city);
    let country = country_name(seller.country.code()).to_owned();
    let who = vec![seller.name.clone(), seller.line1.clone(), place, country];
    let numbers = [
        seller.vat_id.as_ref().map(|id| format!("VAT id {id}")),
        seller.tax_number.as_ref().map(|number| format!("Tax number {number}")),
        seller.registration.clone(),
        seller.email.as_ref().map(ToString::to_string),
    ];
    let account = seller.account.iter().flat_map(|account| {
        let bic = account.bic.as_ref().map(|bic| format!("BIC {bic}"));
        [Some(account.holder.clone()), Some(format!("IBAN {}", account.iban)), bic].into_iter().flatten()
    });
    let groups = [who, numbers.into_iter().flatten().collect(), account.collect()];
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}
