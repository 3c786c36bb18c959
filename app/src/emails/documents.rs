//! The mail with an invoice: issues it, unless that was done before, and attaches it.

use billing_api::Document;
use kernel::CallCtx;
use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, MultiPart};
use orders_api::{Order, OrderStatus};

use super::views::DocumentMail;
use super::{body, envelope};
use crate::assemble::Shop;
use crate::papers::compose::{self, NoInvoice};
use crate::papers::pdf_of;
use crate::store::OutgoingEmail;

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
        Ok(invoice) => write(shop, email, order, &invoice).map(Some),
        Err(NoInvoice::NoSeller) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

fn write(shop: &Shop, email: &OutgoingEmail, order: &Order, document: &Document) -> Result<Message, String> {
    let view = DocumentMail::new(shop, order, document);
    let (name, pdf) = pdf_of(document, &shop.settings().shop_name);
    let pdf_type = ContentType::parse("application/pdf").map_err(|error| error.to_string())?;
    let parts = MultiPart::mixed()
        .multipart(body(shop, "document", &view)?)
        .singlepart(Attachment::new(name).body(pdf, pdf_type));
    envelope(shop, email, order, view.subject())?.multipart(parts).map_err(|error| error.to_string())
}
