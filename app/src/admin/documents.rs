//! The papers of an order: its invoice and credit notes, and the delivery notes of its parcels.

use accounts_api::Permission;
use billing_api::{IssueDocument, NewCreditNote, NewDocument};
use kernel::{CallError, Money};
use orders_api::{FulfillmentId, Order, OrderStatus};

use super::orders::{PATIENCE, load};
use super::views::{Documents, Notice, Tone};
use super::{key_of, new_key};
use crate::papers::compose::{self, NoInvoice};
use crate::papers::views::{DocumentLink, Paper};
use crate::papers::{self, Form};
use crate::web::{Answer, Problem, Visit};
use crate::{emails, store};

/// What the page of an order says of its documents.
pub(super) async fn of_order(visit: &Visit, order: &Order) -> Documents {
    let base = format!("/admin/orders/{}/documents", order.id);
    let ctx = visit.staff().within(PATIENCE);
    let Ok(found) = papers::documents_of(&visit.shop, &ctx, &order.id.to_string()).await else {
        let note = "Billing does not answer at the moment, so invoices cannot be shown.".to_owned();
        return Documents { links: Vec::new(), may_issue: false, credit_key: None, note };
    };
    let placed = matches!(order.status, OrderStatus::Placed | OrderStatus::Completed);
    let has_seller = visit.shop.settings().seller.is_some();
    let note = match (found.is_empty(), placed, has_seller) {
        (false, ..) => "",
        (true, false, _) => "An invoice can be issued once the order is placed.",
        (true, true, false) => {
            "To issue invoices, set FREESTONE_SELLER_NAME, with street, postcode, city and VAT id of who sells."
        }
        (true, true, true) => "No invoice was issued yet.",
    };
    let may_manage = visit.may(Permission::ManageOrders);
    let may_issue = found.is_empty() && placed && has_seller && may_manage;
    let credit_key = (may_manage && !found.is_empty()).then(new_key);
    Documents { links: DocumentLink::all(&found, &base), may_issue, credit_key, note: note.to_owned() }
}

/// `POST /admin/orders/{order}/invoice`
///
/// # Errors
/// There is no such order, or no invoice can be issued now.
pub async fn issue(visit: Visit) -> Answer {
    visit.form(&[])?;
    let order = load(&visit).await?;
    let back = format!("/admin/orders/{}", order.id);
    if !matches!(order.status, OrderStatus::Placed | OrderStatus::Completed) {
        return Err(Problem::Refused("The order is not placed, so it has no invoice".to_owned()));
    }
    let notice = match compose::issue(&visit.shop, &visit.staff(), &order).await {
        Ok(invoice) => {
            queue_mail(&visit, &order).await?;
            Notice::new(Tone::Ok, format!("Invoice {} is issued", invoice.number), "The customer gets it by mail.")
        }
        Err(NoInvoice::Billing(CallError::Domain(refusal))) => refused(&refusal.to_string()),
        Err(NoInvoice::Billing(error)) => return Err(super::orders::unavailable(error)),
        Err(error) => refused(&error.to_string()),
    };
    Ok(visit.see_other_saying(back, &notice))
}

fn refused(why: &str) -> Notice {
    Notice::new(Tone::Bad, "No document was issued", format!("{why}."))
}

/// `POST /admin/orders/{order}/credit-note`
///
/// # Errors
/// There is no such order, or no credit note can be issued now.
pub async fn credit(visit: Visit) -> Answer {
    let form = visit.form(&["key", "credit_amount", "credit_reason"])?;
    let order = load(&visit).await?;
    let back = format!("/admin/orders/{}", order.id);
    let amount = match Money::parse_major(form.raw("credit_amount"), order.total.currency) {
        Ok(amount) => amount,
        Err(error) => return Ok(visit.see_other_saying(back, &refused(&error.to_string()))),
    };
    let reason = form.text("credit_reason").unwrap_or_default();
    let note = NewCreditNote { amount, lines: Vec::new(), reason, for_refund: false };
    let request = IssueDocument {
        key: key_of(&form)?,
        order_id: order.id.to_string(),
        numbering: visit.shop.settings().credit_note_numbers.clone(),
        document: NewDocument::CreditNote(note),
    };
    let notice = match visit.shop.billing().issue_document(&visit.staff(), request).await {
        Ok(note) => Notice::new(Tone::Ok, format!("Credit note {} is issued", note.number), "No money was moved."),
        Err(CallError::Domain(refusal)) => refused(&refusal.to_string()),
        Err(error) => return Err(super::orders::unavailable(error)),
    };
    Ok(visit.see_other_saying(back, &notice))
}

async fn queue_mail(visit: &Visit, order: &Order) -> Result<(), Problem> {
    let (order_id, now) = (order.id.to_string(), visit.shop.clock().now());
    let queued = visit.shop.db().write::<_, orders_api::OrdersError, _>(move |conn| {
        Ok(store::email_insert(conn, emails::INVOICE, &order_id, "", now)?)
    });
    Ok(queued.await?)
}

/// `GET /admin/orders/{order}/documents/{document}`, as a page, or with `.pdf` or `.xml` behind it.
///
/// # Errors
/// There is no such document, or it cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let order = load(&visit).await?;
    let name: String = visit.path("document")?;
    papers::answer_document(&visit, &order.id.to_string(), &name).await
}

/// `GET /admin/orders/{order}/delivery-notes/{parcel}`, as a page, or with `.pdf` behind it.
///
/// # Errors
/// There is no such parcel, or it cannot be shown now.
pub async fn delivery_note(visit: Visit) -> Answer {
    let order = load(&visit).await?;
    let name: String = visit.path("parcel")?;
    let (id, form) = Form::split(&name);
    let id: FulfillmentId = id.parse().map_err(|_| Problem::NotFound)?;
    let parcel = order.fulfillments.iter().find(|parcel| parcel.id == id).ok_or(Problem::NotFound)?;
    let settings = visit.shop.settings();
    let paper = Paper::delivery_note(&order, parcel, compose::seller(settings).as_ref(), &settings.shop_name);
    papers::answer(&visit, &paper, form, &format!("delivery-note-{}", order.number))
}
