//! The mails with an invoice or a credit note: they issue it, unless that was done before, and attach it.

use billing_api::{BillingError, Document, IssueDocument, NewCreditNote, NewDocument};
use kernel::{CallCtx, CallError, IdempotencyKey};
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart, SinglePart};
use orders_api::{Order, OrderStatus, RefundStatus};

use super::views::DocumentMail;
use super::{body, envelope};
use crate::assemble::Shop;
use crate::papers::compose::{self, NoInvoice};
use crate::papers::pdf_of;
use crate::store::{self, OutgoingEmail};

/// The kind of mail that carries the invoice.
pub const INVOICE: &str = "invoice";

/// Issues the invoice and writes the mail; `None` when there is nothing to issue: the order ended, or nobody sells.
/// A failure is tried again with the mail, so that an invoice is issued once billing answers.
pub(super) async fn write_invoice(
    shop: &Shop,
    email: &OutgoingEmail,
    ctx: &CallCtx,
    order: &Order,
) -> Result<Option<Message>, String> {
    if !matches!(order.status, OrderStatus::Placed | OrderStatus::Completed) {
        return Ok(None);
    }
    match compose::issue(shop, ctx, order).await {
        Ok(invoice) => {
            let mut papers = vec![invoice];
            // The mails about these left when there was nothing to credit yet.
            for refund in order.refunds.iter().filter(|refund| refund.status == RefundStatus::Succeeded) {
                papers.extend(credit_note(shop, ctx, order, &refund.number.to_string()).await?);
            }
            write(shop, email, order, &papers).await.map(Some)
        }
        Err(NoInvoice::NoSeller) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// The body of the mail about a refund, with the credit note for it when the order has an invoice.
pub(super) async fn with_credit_note(
    shop: &Shop,
    ctx: &CallCtx,
    (order, refund): (&Order, &str),
    body: MultiPart,
) -> Result<MultiPart, String> {
    let Some(note) = credit_note(shop, ctx, order, refund).await? else { return Ok(body) };
    Ok(MultiPart::mixed().multipart(body).singlepart(attached(shop, &note)?))
}

/// Issues the credit note for a refund, or gives the one there is.
async fn credit_note(shop: &Shop, ctx: &CallCtx, order: &Order, refund: &str) -> Result<Option<Document>, String> {
    let Some(refund) = order.refunds.iter().find(|made| made.number.to_string() == refund) else { return Ok(None) };
    let reason = "Refund".to_owned();
    let note = NewCreditNote { amount: refund.amount, lines: Vec::new(), reason, for_refund: true };
    let request = IssueDocument {
        key: IdempotencyKey::of(order.id, &format!("refund/{}/credit-note", refund.number)),
        order_id: order.id.to_string(),
        numbering: shop.settings().credit_note_numbers.clone(),
        document: NewDocument::CreditNote(note),
    };
    match shop.billing().issue_document(ctx, request).await {
        Ok(note) => Ok(Some(note)),
        Err(CallError::Domain(BillingError::NoInvoice)) => {
            let order_id = order.id.to_string();
            let waiting = shop
                .db()
                .read::<_, BillingError, _>(move |conn| Ok(store::email_is_waiting(conn, INVOICE, &order_id)?));
            let waiting = waiting.await.map_err(|error| error.to_string())?;
            if waiting { Err("its invoice is issued first".to_owned()) } else { Ok(None) }
        }
        // Staff credited it by hand.
        Err(CallError::Domain(BillingError::AlreadyCredited)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn attached(shop: &Shop, document: &Document) -> Result<SinglePart, String> {
    let (name, pdf) = pdf_of(document, &shop.settings().shop_name);
    let pdf_type = ContentType::parse("application/pdf").map_err(|error| error.to_string())?;
    Ok(Attachment::new(name).body(pdf, pdf_type))
}

/// The mail about the first of `papers`, with all of them.
async fn write(shop: &Shop, email: &OutgoingEmail, order: &Order, papers: &[Document]) -> Result<Message, String> {
    let invoice = papers.first().ok_or("there is nothing to send")?;
    let order_url = shop.order_url(order).await.map_err(|error| error.to_string())?;
    let view = DocumentMail::new(shop, (order, order_url), invoice);
    let mut parts = MultiPart::mixed().multipart(body(shop, "document", &view)?);
    for paper in papers {
        parts = parts.singlepart(attached(shop, paper)?);
    }
    envelope(shop, email, order, view.subject())?.multipart(parts).map_err(|error| error.to_string())
}
