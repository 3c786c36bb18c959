//! Issuing a credit note: all of an invoice, some of its lines, or a part of its amount.

use std::collections::BTreeMap;

use billing_api::{
    BillingError, CreditedLine, Document, DocumentId, DocumentKind, DocumentReference, DocumentTotals, InvoiceLine,
    IssueDocument, NewCreditNote, NewDocument, Numbering, Prices, RefundStatus, Vat,
};
use kernel::db::AnyConnection;
use kernel::{CallError, Clock, Money, Quantity};

use super::place::Place;
use super::totals::{Sums, sums};
use crate::store::{documents, refunds};
use crate::{Module, Outcome};

/// What a part of a refund is called that names no line.
const PART: &str = "Part of the price";

/// Issues a credit note on the invoice of an order.
pub(super) async fn issue(module: &Module, numbering: Numbering, request: IssueDocument) -> Outcome<Document> {
    let NewDocument::CreditNote(note) = request.document.clone() else {
        return Err(CallError::Internal("an invoice is no credit note".to_owned()));
    };
    if note.amount.amount <= 0 {
        return Err(BillingError::invalid("amount", "name what the buyer gets back; it is above zero").into());
    }
    let (key, order_id, clock) = (request.key.clone(), request.order_id.clone(), module.clock.clone());
    module
        .db
        .write_once(request.key.to_string(), "issue_document", &request, move |conn| {
            let (document, place) = credit(conn, &clock, &numbering, &order_id, &note)?;
            place.keep(conn, &document, &key)?;
            Ok(document)
        })
        .await
}

fn credit(
    conn: &mut AnyConnection,
    clock: &Clock,
    numbering: &Numbering,
    order_id: &str,
    request: &NewCreditNote,
) -> Outcome<(Document, Place)> {
    let invoice = documents::invoice_of(conn, order_id)?.ok_or(BillingError::NoInvoice)?;
    if request.amount.currency != invoice.currency() {
        let expected = Money::new(request.amount.amount, invoice.currency());
        return Err(BillingError::WrongAmount { expected, given: request.amount }.into());
    }
    // Nobody else credits this invoice until the unit of work ends.
    let credited = documents::credit_held(conn, invoice.id)?;
    let amount = if request.for_refund { of_refund(conn, order_id, request.amount, credited)? } else { request.amount };
    let request = &NewCreditNote { amount, ..request.clone() };
    if !documents::credit_take(conn, invoice.id, amount)? {
        let left = documents::credit_left(conn, &invoice)?;
        return Err(BillingError::AboveInvoice { left }.into());
    }
    let earlier = documents::documents_of(conn, order_id)?.split_off(1);
    let content = content(&invoice, &earlier, request)?;
    let seller = invoice.seller.identity().unwrap_or_default().to_owned();
    let place = Place::take(conn, clock, &seller, numbering)?;
    let Sums { lines, charges, vat, totals } = content.sums;
    let document = Document {
        id: DocumentId::new(),
        kind: DocumentKind::CreditNote,
        number: place.number.clone(),
        invoice: Some(DocumentReference {
            id: invoice.id,
            number: invoice.number.clone(),
            issued_at: invoice.issued_at,
        }),
        reason: request.reason.trim().to_owned(),
        issued_at: place.at,
        prices: content.prices,
        lines,
        charges,
        vat,
        totals,
        ..invoice
    };
    Ok((document, place))
}

/// What of a refund is not credited: staff may have issued a credit note before the money went back.
fn of_refund(conn: &mut AnyConnection, order_id: &str, amount: Money, credited: i64) -> Outcome<Money> {
    let refunds = refunds::refunds_of_order(conn, order_id)?;
    let went_back = refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded);
    let went_back: i64 = went_back.map(|refund| refund.amount.amount).sum();
    match amount.amount.min(went_back - credited) {
        left @ 1.. => Ok(Money::new(left, amount.currency)),
        _ => Err(BillingError::AlreadyCredited.into()),
    }
}

struct Content {
    prices: Prices,
    sums: Sums,
}

/// What the credit note says. One that takes back the whole invoice says what the invoice says.
fn content(invoice: &Document, earlier: &[Document], request: &NewCreditNote) -> Result<Content, BillingError> {
    let paid = Money::zero(invoice.currency());
    if earlier.is_empty() && request.lines.is_empty() && request.amount == invoice.charged() {
        let totals = DocumentTotals { paid, due: request.amount, ..invoice.totals.clone() };
        let (lines, charges, vat) = (invoice.lines.clone(), invoice.charges.clone(), invoice.vat.clone());
        return Ok(Content { prices: invoice.prices, sums: Sums { lines, charges, vat, totals } });
    }
    let mut lines = Vec::new();
    for wanted in &request.lines {
        lines.push(credited(invoice, earlier, wanted)?);
    }
    let named = Money::sum(invoice.currency(), lines.iter().map(|line: &InvoiceLine| line.amount));
    let rest = named.and_then(|named| request.amount.minus(named));
    let rest = rest.map_err(|error| BillingError::invalid("lines", error.to_string()))?;
    if rest.amount < 0 {
        return Err(BillingError::invalid("lines", format!("they come to more than {}", request.amount)));
    }
    if rest.amount > 0 {
        lines.extend(parts(rest, &left_by_vat(invoice, earlier, &lines))?);
    }
    let sums = sums(Prices::TaxContained, &lines, &[], request.amount, paid)?;
    Ok(Content { prices: Prices::TaxContained, sums })
}

/// A line or charge of the invoice, with what is given back for it.
fn credited(invoice: &Document, earlier: &[Document], wanted: &CreditedLine) -> Result<InvoiceLine, BillingError> {
    let back = |title: &str, detail: &str, sku: Option<String>, vat: Vat| InvoiceLine {
        reference: wanted.reference.clone(),
        title: title.to_owned(),
        detail: detail.to_owned(),
        sku,
        quantity: wanted.quantity,
        discount: Money::zero(wanted.amount.currency),
        amount: wanted.amount,
        vat,
    };
    if wanted.amount.amount < 0 {
        return Err(BillingError::invalid("lines.amount", "name what is given back; it is not below zero"));
    }
    if let Some(line) = invoice.lines.iter().find(|line| line.reference == wanted.reference) {
        let before = earlier.iter().flat_map(|note| &note.lines).filter(|line| line.reference == wanted.reference);
        let left = line.quantity.get() - before.map(|line| line.quantity.get()).sum::<i64>();
        if wanted.quantity.get() > left {
            let problem = format!("{left} of {} are left to credit, not {}", line.title, wanted.quantity);
            return Err(BillingError::invalid("lines.quantity", problem));
        }
        return Ok(back(&line.title, &line.detail, line.sku.clone(), line.vat));
    }
    let charge = invoice.charges.iter().find(|charge| charge.reference == wanted.reference);
    let charge = charge.ok_or_else(|| {
        BillingError::invalid("lines.reference", format!("the invoice has no line {:?}", wanted.reference))
    })?;
    Ok(back(&charge.title, "", None, charge.vat))
}

/// What was charged at each rate and neither earlier credit notes nor `lines` give back.
fn left_by_vat(invoice: &Document, earlier: &[Document], lines: &[InvoiceLine]) -> BTreeMap<Vat, i64> {
    let mut left = BTreeMap::new();
    for subtotal in &invoice.vat {
        *left.entry(subtotal.vat).or_insert(0) += subtotal.base.amount + subtotal.tax.amount;
    }
    for subtotal in earlier.iter().flat_map(|note| &note.vat) {
        *left.entry(subtotal.vat).or_insert(0) -= subtotal.base.amount + subtotal.tax.amount;
    }
    for line in lines {
        *left.entry(line.vat).or_insert(0) -= line.amount.amount;
    }
    left
}

/// Divides `amount` among the rates as the rest of the invoice is divided.
fn parts(amount: Money, left: &BTreeMap<Vat, i64>) -> Result<Vec<InvoiceLine>, BillingError> {
    let mut weights: Vec<i64> = left.values().map(|left| (*left).max(0)).collect();
    if weights.iter().all(|weight| *weight == 0) {
        // All that is left is what rounding left.
        weights.iter_mut().take(1).for_each(|weight| *weight = 1);
    }
    let parts = amount.allocate(&weights).map_err(|error| BillingError::invalid("amount", error.to_string()))?;
    let line = |(vat, amount): (&Vat, Money)| InvoiceLine {
        reference: String::new(),
        title: PART.to_owned(),
        detail: String::new(),
        sku: None,
        quantity: Quantity::ONE,
        discount: Money::zero(amount.currency),
        amount,
        vat: *vat,
    };
    Ok(left.keys().zip(parts).filter(|(_, amount)| amount.amount != 0).map(line).collect())
}
