//! Invoices and credit notes: numbered without gaps, never changed.

mod credit_note;
mod invoice;
mod place;
mod rules;
mod totals;

use billing_api::{BillingError, Document, FindDocuments, IssueDocument, NewDocument, NotANumbering, Numbering};

use crate::store::documents;
use crate::{Module, Outcome};

/// Issues a document under the next number of its seller's series.
pub(crate) async fn issue_document(module: &Module, request: IssueDocument) -> Outcome<Document> {
    let wrong = |error: NotANumbering| BillingError::invalid("numbering", error.to_string());
    let numbering: Numbering = request.numbering.parse().map_err(wrong)?;
    match &request.document {
        NewDocument::Invoice(invoice) => {
            let invoice = (**invoice).clone();
            invoice::issue(module, numbering, request.key, request.order_id, invoice).await
        }
        NewDocument::CreditNote(_) => credit_note::issue(module, numbering, request).await,
    }
}

/// The documents of an order: the invoice, then its credit notes as they were issued.
pub(crate) async fn documents(module: &Module, request: FindDocuments) -> Outcome<Vec<Document>> {
    module.db.read(move |conn| Ok(documents::documents_of(conn, &request.order_id)?)).await
}
