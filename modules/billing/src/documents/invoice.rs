//! Issuing an invoice: checked, summed up, and numbered in the transaction that keeps it.

use billing_api::{BillingError, Document, DocumentId, DocumentKind, NewInvoice, Numbering, Vat, VatCategory};
use kernel::IdempotencyKey;

use super::place::Place;
use super::totals::{Sums, sums};
use crate::store::documents;
use crate::{Module, Outcome};

const MOST_LINES: usize = 1_000;
const LONGEST_TEXT: usize = 500;

/// Issues the invoice of an order, or gives the one there is.
pub(super) async fn issue(
    module: &Module,
    numbering: Numbering,
    key: IdempotencyKey,
    order_id: String,
    invoice: NewInvoice,
) -> Outcome<Document> {
    let of_order = order_id.clone();
    let issued = module.db.read(move |conn| Ok(documents::invoice_of(conn, &of_order)?)).await?;
    if let Some(issued) = issued {
        return Ok(issued);
    }
    check(&invoice)?;
    let sums = sums(invoice.prices, &invoice.lines, &invoice.charges, invoice.total, invoice.paid)?;
    let clock = module.clock.clone();
    module
        .db
        .write(move |conn| {
            let seller = invoice.seller.identity().ok_or_else(no_identity)?;
            let place = Place::take(conn, &clock, seller, &numbering)?;
            // Whoever issued this order's invoice at the same time had the series before us, and is seen now.
            if let Some(issued) = documents::invoice_of(conn, &order_id)? {
                return Ok(issued);
            }
            let document = document(order_id, invoice, sums, &place);
            place.keep(conn, &document, &key)?;
            documents::credit_open(conn, &document)?;
            Ok(document)
        })
        .await
}

fn document(order_id: String, request: NewInvoice, sums: Sums, place: &Place) -> Document {
    let Sums { lines, charges, vat, totals } = sums;
    Document {
        id: DocumentId::new(),
        kind: DocumentKind::Invoice,
        number: place.number.clone(),
        order_id,
        order_number: request.order_number,
        invoice: None,
        reason: String::new(),
        issued_at: place.at,
        supplied_at: request.supplied_at,
        seller: request.seller,
        buyer: request.buyer,
        prices: request.prices,
        lines,
        charges,
        vat,
        totals,
        payment_method: request.payment_method,
    }
}

/// Whether the law and EN 16931 let an invoice say this.
fn check(request: &NewInvoice) -> Result<(), BillingError> {
    let seller = &request.seller;
    let texts = [
        ("seller.name", &seller.name),
        ("seller.line1", &seller.line1),
        ("seller.city", &seller.city),
        ("buyer.address.name", &request.buyer.address.name),
        ("order_number", &request.order_number),
    ];
    for (field, text) in texts {
        check_text(field, text)?;
    }
    if seller.identity().is_none_or(|identity| identity.trim().is_empty()) {
        return Err(no_identity());
    }
    if seller.vat_id.as_ref().is_some_and(|id| !is_vat_id(id)) {
        return Err(BillingError::invalid(
            "seller.vat_id",
            "begin it with the letters of its country, such as ATU12345678",
        ));
    }
    if !(1..=MOST_LINES).contains(&request.lines.len()) || request.charges.len() > MOST_LINES {
        return Err(BillingError::invalid("lines", format!("name 1 to {MOST_LINES} lines")));
    }
    for line in &request.lines {
        check_text("lines.title", &line.title)?;
        if line.discount.amount < 0 {
            return Err(BillingError::invalid("lines.discount", "leave it at zero or above; it is taken off already"));
        }
        check_vat(line.vat, request)?;
    }
    for charge in &request.charges {
        check_text("charges.title", &charge.title)?;
        check_vat(charge.vat, request)?;
    }
    if request.total.amount < 0 {
        return Err(BillingError::invalid("total", "an invoice is never below zero; issue a credit note"));
    }
    if !(0..=request.total.amount).contains(&request.paid.amount) {
        return Err(BillingError::invalid("paid", "name what of the total is paid: from zero to all of it"));
    }
    Ok(())
}

fn no_identity() -> BillingError {
    BillingError::invalid("seller", "give the VAT id or the tax number of the seller")
}

fn check_text(field: &str, text: &str) -> Result<(), BillingError> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_TEXT {
        return Err(BillingError::invalid(field, format!("write 1 to {LONGEST_TEXT} characters")));
    }
    Ok(())
}

fn is_vat_id(id: &str) -> bool {
    id.len() > 4 && id.len() <= 20 && id.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
}

fn check_vat(vat: Vat, request: &NewInvoice) -> Result<(), BillingError> {
    let is_charged = vat.category == VatCategory::Standard;
    if is_charged != (1..=1_000_000).contains(&vat.rate_ppm) || (!is_charged && vat.rate_ppm != 0) {
        let problem = format!("{} % does not go with category {}", vat.percent(), vat.category.code());
        return Err(BillingError::invalid("lines.vat", problem));
    }
    if vat.category.needs_buyer_vat_id() && request.buyer.vat_id.as_ref().is_none_or(|id| !is_vat_id(id)) {
        return Err(BillingError::invalid("buyer.vat_id", "without it the VAT has to be charged"));
    }
    if vat.category == VatCategory::Export && request.seller.vat_id.is_none() {
        return Err(BillingError::invalid("seller.vat_id", "an export without VAT names it"));
    }
    Ok(())
}
