//! Documents: invoices and credit notes as they were issued, and how much of an invoice has been credited.

use billing_api::{Document, DocumentId, DocumentKind};
use diesel::prelude::*;
use kernel::Money;
use kernel::db::AnyConnection;

use super::{to_name, unreadable};
use crate::schema::{documents, invoice_credits};

fn read(content: String) -> QueryResult<Document> {
    serde_json::from_str(&content).map_err(unreadable)
}

/// The invoice of an order.
pub(crate) fn invoice_of(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Option<Document>> {
    let content: Option<String> = documents::table
        .filter(documents::order_id.eq(order_id))
        .filter(documents::kind.eq(to_name(DocumentKind::Invoice)?))
        .select(documents::content)
        .first(conn)
        .optional()?;
    content.map(read).transpose()
}

/// The documents of an order: the invoice, then its credit notes as they were issued.
pub(crate) fn documents_of(conn: &mut AnyConnection, order_id: &str) -> QueryResult<Vec<Document>> {
    let contents: Vec<String> = documents::table
        .filter(documents::order_id.eq(order_id))
        .order((documents::kind.desc(), documents::issued_at, documents::count))
        .select(documents::content)
        .load(conn)?;
    contents.into_iter().map(read).collect()
}

/// Keeps a document for good, in its place of a seller's series.
pub(crate) fn document_insert(
    conn: &mut AnyConnection,
    document: &Document,
    (seller, series, count): (&str, &str, i64),
    key: &str,
) -> QueryResult<()> {
    let totals = &document.totals;
    let content =
        serde_json::to_string(document).map_err(|error| diesel::result::Error::SerializationError(error.into()))?;
    diesel::insert_into(documents::table)
        .values((
            (
                documents::id.eq(document.id.to_string()),
                documents::kind.eq(to_name(document.kind)?),
                documents::seller.eq(seller),
                documents::series.eq(series),
                documents::count.eq(count),
                documents::number.eq(&document.number),
                documents::order_id.eq(&document.order_id),
                documents::invoice_id.eq(document.invoice.as_ref().map(|invoice| invoice.id.to_string())),
                documents::key.eq(key),
            ),
            documents::currency.eq(document.currency().code()),
            documents::net.eq(totals.net.amount),
            documents::tax.eq(totals.tax.amount),
            documents::gross.eq(totals.gross.amount),
            documents::rounding.eq(totals.rounding.amount),
            documents::paid.eq(totals.paid.amount),
            documents::due.eq(totals.due.amount),
            documents::content.eq(content),
            documents::issued_at.eq(document.issued_at.0),
        ))
        .execute(conn)?;
    Ok(())
}

/// Begins to count what of an invoice is credited.
pub(crate) fn credit_open(conn: &mut AnyConnection, invoice: &Document) -> QueryResult<()> {
    diesel::insert_into(invoice_credits::table)
        .values((
            invoice_credits::invoice_id.eq(invoice.id.to_string()),
            invoice_credits::total.eq(invoice.charged().amount),
            invoice_credits::credited.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// What of an invoice is credited; whoever else wants to credit it waits until this unit of work ends.
pub(crate) fn credit_held(conn: &mut AnyConnection, invoice: DocumentId) -> QueryResult<i64> {
    diesel::update(invoice_credits::table.find(invoice.to_string()))
        .set(invoice_credits::credited.eq(invoice_credits::credited))
        .returning(invoice_credits::credited)
        .get_result(conn)
}

/// Whether the invoice had `amount` left to credit, which it has no more.
pub(crate) fn credit_take(conn: &mut AnyConnection, invoice: DocumentId, amount: Money) -> QueryResult<bool> {
    let changed = diesel::update(invoice_credits::table.find(invoice.to_string()))
        .filter((invoice_credits::credited + amount.amount).le(invoice_credits::total))
        .set(invoice_credits::credited.eq(invoice_credits::credited + amount.amount))
        .execute(conn)?;
    Ok(changed == 1)
}

/// What of an invoice is not credited.
pub(crate) fn credit_left(conn: &mut AnyConnection, invoice: &Document) -> QueryResult<Money> {
    let left: i64 = invoice_credits::table
        .find(invoice.id.to_string())
        .select(invoice_credits::total - invoice_credits::credited)
        .first(conn)?;
    Ok(Money::new(left, invoice.currency()))
}
