//! Credit notes: what they take back of an invoice, and never more.

use std::sync::Arc;

use billing_api::{BillingError, CreditedLine, Document, DocumentKind, IssueDocument, NewCreditNote, NewDocument};
use kernel::testing::on_every_database;
use kernel::{IdempotencyKey, Money, Quantity};

use crate::invoices::invoice;
use crate::{ORDER, Outcome, Shop, all_at_once, ctx, eur, invalid_field, refusal, usd};

fn credit(amount: Money, lines: Vec<CreditedLine>) -> IssueDocument {
    noting(NewCreditNote { amount, lines, reason: "Sent back".to_owned(), for_refund: false })
}

/// A credit note for money that went back.
fn credit_refund(amount: Money) -> IssueDocument {
    noting(NewCreditNote { amount, lines: vec![], reason: "Refund".to_owned(), for_refund: true })
}

fn noting(note: NewCreditNote) -> IssueDocument {
    IssueDocument {
        key: IdempotencyKey::new(),
        order_id: ORDER.to_owned(),
        numbering: "CN{year}-{number:05}".to_owned(),
        document: NewDocument::CreditNote(note),
    }
}

fn back(reference: &str, quantity: i64, amount: i64) -> CreditedLine {
    let quantity = Quantity::try_from(quantity).expect("a quantity");
    CreditedLine { reference: reference.to_owned(), quantity, amount: eur(amount) }
}

impl Shop {
    async fn with_invoice(home: &kernel::testing::TestHome) -> (Self, Document) {
        let shop = Self::open(home).await;
        let issued = shop.issue(ORDER, invoice()).await.expect("issued");
        (shop, issued)
    }

    async fn credit(&self, request: IssueDocument) -> Outcome<Document> {
        self.billing.issue_document(&ctx(), request).await
    }
}

#[tokio::test]
async fn all_of_an_invoice_is_taken_back_as_it_was() {
    on_every_database(|home| async move {
        let (shop, invoice) = Shop::with_invoice(&home).await;
        let request = credit(eur(2_490), vec![]);
        let note = shop.credit(request.clone()).await.expect("credited");
        assert_eq!((note.kind, note.number.as_str()), (DocumentKind::CreditNote, "CN2027-00001"));
        assert_eq!(note.invoice.as_ref().map(|of| of.number.as_str()), Some("2027-00001"));
        assert_eq!((&note.lines, &note.vat), (&invoice.lines, &invoice.vat));
        assert_eq!((note.totals.gross, note.totals.due), (eur(2_490), eur(2_490)));
        assert_eq!(shop.credit(request).await.expect("credited before"), note);
        assert_eq!(refusal(shop.credit(credit(eur(1), vec![])).await), BillingError::AboveInvoice { left: eur(0) });
        assert_eq!(shop.documents(ORDER).await, [invoice, note]);
    })
    .await;
}

#[tokio::test]
async fn lines_that_come_back_are_named_and_the_rest_is_spread_over_the_rates() {
    on_every_database(|home| async move {
        let (shop, _) = Shop::with_invoice(&home).await;
        let lines = vec![back("oln_chalk", 2, 800), back("shipping", 1, 490)];
        let note = shop.credit(credit(eur(1_290), lines)).await.expect("credited");
        let said: Vec<_> = note.lines.iter().map(|line| (line.title.as_str(), line.amount.amount)).collect();
        assert_eq!(said, [("Chalk", 800), ("Standard delivery", 490)]);
        assert_eq!(note.totals.gross.amount + note.totals.rounding.amount, 1_290);

        // One chalk at 20 % is left, and a book at 10 %: 400 and 800.
        let note = shop.credit(credit(eur(300), vec![])).await.expect("credited");
        let said: Vec<_> = note.lines.iter().map(|line| (line.vat.percent(), line.amount.amount)).collect();
        assert_eq!(said, [("10".to_owned(), 200), ("20".to_owned(), 100)]);

        let lines = vec![back("oln_chalk", 2, 100)];
        assert_eq!(invalid_field(shop.credit(credit(eur(100), lines)).await), "lines.quantity");
        let lines = vec![back("oln_ink", 1, 100)];
        assert_eq!(invalid_field(shop.credit(credit(eur(100), lines)).await), "lines.reference");
        let lines = vec![back("oln_book", 1, 101)];
        assert_eq!(invalid_field(shop.credit(credit(eur(100), lines)).await), "lines");
        assert_eq!(shop.documents(ORDER).await.len(), 3);
        let rest = shop.credit(credit(eur(900), vec![])).await.expect("the rest");
        assert_eq!(rest.number, "CN2027-00003");
    })
    .await;
}

#[tokio::test]
async fn fifty_at_once_never_take_back_more_than_the_invoice() {
    on_every_database(|home| async move {
        let (shop, _) = Shop::with_invoice(&home).await;
        let calls = (0..50).map(|_| {
            let billing = Arc::clone(&shop.billing);
            async move { billing.issue_document(&ctx(), credit(eur(100), vec![])).await }
        });
        let outcomes = all_at_once(calls.collect::<Vec<_>>()).await;
        let (done, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
        assert_eq!(done.len(), 24);
        for outcome in refused {
            assert_eq!(refusal(outcome), BillingError::AboveInvoice { left: eur(90) });
        }
        let numbers = "SELECT CAST(last_number AS TEXT) AS row FROM invoice_series WHERE series LIKE 'CN%'";
        assert_eq!(shop.rows(numbers).await, ["24"]);
    })
    .await;
}

#[tokio::test]
async fn what_no_invoice_has_cannot_be_taken_back() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!(refusal(shop.credit(credit(eur(1), vec![])).await), BillingError::NoInvoice);
        shop.issue(ORDER, invoice()).await.expect("issued");
        assert_eq!(invalid_field(shop.credit(credit(eur(0), vec![])).await), "amount");
        assert_eq!(invalid_field(shop.credit(credit(eur(-5), vec![])).await), "amount");
        assert!(matches!(refusal(shop.credit(credit(usd(5), vec![])).await), BillingError::WrongAmount { .. }));
        assert_eq!(
            refusal(shop.credit(credit(eur(2_491), vec![])).await),
            BillingError::AboveInvoice { left: eur(2_490) }
        );
    })
    .await;
}

#[tokio::test]
async fn what_staff_credited_by_hand_is_not_credited_again_when_the_money_goes_back() {
    on_every_database(|home| async move {
        let (shop, _) = Shop::with_invoice(&home).await;
        shop.paid().await;
        shop.credit(credit(eur(500), vec![])).await.expect("credited by hand");
        assert_eq!(
            refusal(shop.credit(credit_refund(eur(500))).await),
            BillingError::AlreadyCredited,
            "nothing went back"
        );
        shop.refund("r1", eur(500)).await.expect("refunded");
        assert_eq!(refusal(shop.credit(credit_refund(eur(500))).await), BillingError::AlreadyCredited);
        shop.refund("r2", eur(300)).await.expect("refunded");
        let request = credit_refund(eur(300));
        for _ in 0..2 {
            let note = shop.credit(request.clone()).await.expect("credited");
            assert_eq!((note.number.as_str(), note.charged()), ("CN2027-00002", eur(300)));
        }
        // A part is credited by hand, and the rest when the money goes back.
        shop.credit(credit(eur(100), vec![])).await.expect("credited by hand");
        shop.refund("r3", eur(250)).await.expect("refunded");
        let rest = shop.credit(credit_refund(eur(250))).await.expect("credited");
        assert_eq!(rest.charged(), eur(150));
    })
    .await;
}
