//! The papers of an order: invoices and credit notes as pages, PDF and UBL, and delivery notes as pages and PDF.
//!
//! Billing keeps what an invoice says ([`billing_api::Document`]), orders what is in a parcel. Here both become one
//! [`views::Paper`], which the template and the PDF show alike, and an invoice becomes an e-invoice ([`ubl`]).

pub mod compose;
mod pdf;
pub mod ubl;
pub mod views;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use billing_api::Document;
use kernel::CallCtx;

use crate::assemble::Shop;
use crate::web::{Answer, Problem, Visit};
use views::Paper;

/// What a paper is asked for as: the end of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A page that prints well.
    Page,
    /// A file that looks the same everywhere.
    Pdf,
    /// An e-invoice.
    Xml,
}

impl Form {
    /// `doc_….pdf`: the paper, and what it is asked for as.
    pub fn split(name: &str) -> (&str, Self) {
        match name.rsplit_once('.') {
            Some((stem, "pdf")) => (stem, Self::Pdf),
            Some((stem, "xml")) => (stem, Self::Xml),
            _ => (name, Self::Page),
        }
    }
}

/// The documents of an order.
///
/// # Errors
/// Billing does not answer.
pub async fn documents_of(shop: &Shop, ctx: &CallCtx, order_id: &str) -> Result<Vec<Document>, Problem> {
    let find = billing_api::FindDocuments { order_id: order_id.to_owned() };
    shop.billing().documents(ctx, find).await.map_err(|error| match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Invoices"),
        other => other,
    })
}

/// Answers with a document of an order, whose right to be seen was checked: `name` is its id and its form.
///
/// # Errors
/// The order has no such document, it has no such form, or billing does not answer.
pub async fn answer_document(visit: &Visit, order_id: &str, name: &str) -> Answer {
    let (id, form) = Form::split(name);
    let documents = documents_of(&visit.shop, &visit.edge(), order_id).await?;
    let document = documents.iter().find(|document| document.id.to_string() == id).ok_or(Problem::NotFound)?;
    let file = file_name(document);
    match form {
        Form::Xml => {
            let xml = ubl::write(document).ok_or(Problem::NotFound)?;
            Ok(download(&format!("{file}.xml"), "application/xml; charset=utf-8", "attachment", xml.into_bytes()))
        }
        form => answer(visit, &Paper::of_document(document, &visit.shop.settings().shop_name), form, &file),
    }
}

/// Answers with a paper; `file` is the name under which browsers keep it, without its ending.
///
/// # Errors
/// There is no such form of it.
pub fn answer(visit: &Visit, paper: &Paper, form: Form, file: &str) -> Answer {
    match form {
        Form::Page => visit.shop.pages().answer(StatusCode::OK, "papers/paper.html", paper),
        Form::Pdf => Ok(download(&format!("{file}.pdf"), "application/pdf", "inline", pdf::draw(paper))),
        Form::Xml => Err(Problem::NotFound),
    }
}

fn download(file: &str, content_type: &str, disposition: &str, body: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CONTENT_DISPOSITION, format!("{disposition}; filename=\"{file}\"")))
        .body(body)
}

/// A document as a PDF, with the name of its file; for mails.
pub fn pdf_of(document: &Document, shop_name: &str) -> (String, Vec<u8>) {
    let paper = Paper::of_document(document, shop_name);
    (format!("{}.pdf", file_name(document)), pdf::draw(&paper))
}

/// `invoice-2026-00001`: letters, digits, dots and hyphens only.
fn file_name(document: &Document) -> String {
    let kind = match document.kind {
        billing_api::DocumentKind::Invoice => "invoice",
        billing_api::DocumentKind::CreditNote => "credit-note",
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '-' };
    format!("{kind}-{}", document.number.chars().map(plain).collect::<String>())
}
