//! Invoices: numbered without gaps, never changed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use billing_api::{
    Billing, Buyer, Document, DocumentKind, FindDocuments, InvoiceCharge, InvoiceLine, IssueDocument, NewDocument,
    NewInvoice, Prices, Seller, Vat, VatCategory,
};
use diesel::RunQueryDsl as _;
use kernel::db::AnyConnection;
use kernel::testing::on_every_database;
use kernel::{Address, IdempotencyKey, Money, Quantity, Timestamp};

use crate::{ORDER, Outcome, Shop, all_at_once, ctx, eur, invalid_field};

pub(crate) fn standard(rate_ppm: u32) -> Vat {
    Vat { category: VatCategory::Standard, rate_ppm }
}

pub(crate) fn line(reference: &str, quantity: i64, amount: Money, vat: Vat) -> InvoiceLine {
    InvoiceLine {
        reference: reference.to_owned(),
        title: "Chalk".to_owned(),
        detail: "white".to_owned(),
        sku: Some("CH-1".to_owned()),
        quantity: Quantity::try_from(quantity).expect("a quantity"),
        discount: Money::zero(amount.currency),
        amount,
        vat,
    }
}

/// Ada's order: three chalks for 12.00 and a book for 8.00, delivery 4.90, VAT of 20 and 10 % contained.
pub(crate) fn invoice() -> NewInvoice {
    let country = "AT".parse().expect("a country");
    NewInvoice {
        order_number: "F-1001".to_owned(),
        seller: Seller {
            name: "Freestone Goods GmbH".to_owned(),
            line1: "Steingasse 1".to_owned(),
            postcode: "1030".to_owned(),
            city: "Wien".to_owned(),
            country,
            vat_id: Some("ATU12345678".to_owned()),
            tax_number: None,
            registration: None,
            email: None,
            account: None,
        },
        buyer: Buyer {
            address: Address {
                name: "Ada Lovelace".to_owned(),
                line1: "Rechenweg 2".to_owned(),
                line2: None,
                postcode: "8010".to_owned(),
                city: "Graz".to_owned(),
                country,
                phone: None,
            },
            email: None,
            vat_id: None,
        },
        prices: Prices::TaxContained,
        lines: vec![
            line("oln_chalk", 3, eur(1_200), standard(200_000)),
            line("oln_book", 1, eur(800), standard(100_000)),
        ],
        charges: vec![InvoiceCharge {
            reference: "shipping".to_owned(),
            title: "Standard delivery".to_owned(),
            amount: eur(490),
            vat: standard(200_000),
        }],
        total: eur(2_490),
        paid: eur(2_490),
        payment_method: "test".to_owned(),
        supplied_at: Timestamp(1_800_000_000_000_000),
    }
}

pub(crate) fn to_issue(order_id: &str, invoice: NewInvoice) -> IssueDocument {
    IssueDocument {
        key: IdempotencyKey::of(order_id, "invoice"),
        order_id: order_id.to_owned(),
        numbering: "{year}-{number:05}".to_owned(),
        document: NewDocument::Invoice(Box::new(invoice)),
    }
}

impl Shop {
    pub(crate) async fn issue(&self, order_id: &str, invoice: NewInvoice) -> Outcome<Document> {
        self.billing.issue_document(&ctx(), to_issue(order_id, invoice)).await
    }

    pub(crate) async fn documents(&self, order_id: &str) -> Vec<Document> {
        let request = FindDocuments { order_id: order_id.to_owned() };
        self.billing.documents(&ctx(), request).await.expect("asked")
    }

    /// The counts of all documents of a series, in their order.
    async fn counts(&self) -> Vec<String> {
        self.rows("SELECT CAST(count AS TEXT) AS row FROM documents ORDER BY documents.count").await
    }
}

#[tokio::test]
async fn an_invoice_says_what_was_paid_and_a_repeat_gets_the_same() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let issued = shop.issue(ORDER, invoice()).await.expect("issued");
        assert_eq!((issued.kind, issued.number.as_str()), (DocumentKind::Invoice, "2027-00001"));
        assert_eq!(issued.issued_at, shop.clock.now());
        let subtotals: Vec<_> = issued.vat.iter().map(|of| (of.vat.percent(), of.base.amount, of.tax.amount)).collect();
        assert_eq!(subtotals, [("10".to_owned(), 727, 73), ("20".to_owned(), 1_408, 282)]);
        let totals = &issued.totals;
        assert_eq!((totals.net, totals.tax, totals.gross), (eur(2_135), eur(355), eur(2_490)));
        assert_eq!((totals.paid, totals.rounding, totals.due), (eur(2_490), eur(0), eur(0)));

        let before = shop.db.commits();
        let other = NewInvoice { order_number: "F-9".to_owned(), ..invoice() };
        assert_eq!(shop.issue(ORDER, other).await.expect("issued before"), issued);
        assert_eq!(shop.db.commits(), before);
        assert_eq!(shop.documents(ORDER).await, [issued]);
        assert_eq!(shop.documents("ord_bob").await, []);
    })
    .await;
}

#[tokio::test]
async fn two_hundred_at_once_with_failures_between_leave_no_gap_and_no_duplicate() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.fail_for_orders_of_mallory().await;
        let requests = (0..200).flat_map(|n| {
            let order = to_issue(&format!("ord_{n}"), invoice());
            // The same again, one that the database undoes after it was counted, and one that is refused.
            let again = (n % 4 == 0).then(|| order.clone());
            let undone = (n % 3 == 0).then(|| to_issue(&format!("ord_mallory_{n}"), invoice()));
            let wrong = NewInvoice { total: eur(1), ..invoice() };
            let refused = (n % 5 == 0).then(|| to_issue(&format!("ord_wrong_{n}"), wrong));
            [Some(order), again, undone, refused].into_iter().flatten()
        });
        let calls = requests.map(|request| {
            let billing = Arc::clone(&shop.billing);
            async move { issue_until_known(&*billing, request).await }
        });
        let outcomes = all_at_once(calls.collect::<Vec<_>>()).await;
        let issued: Vec<Document> = outcomes.into_iter().flatten().collect();
        assert_eq!(issued.len(), 250);
        let numbers: BTreeSet<&str> = issued.iter().map(|document| document.number.as_str()).collect();
        assert_eq!(numbers.len(), 200);
        let expected: Vec<String> = (1..=200).map(|count| count.to_string()).collect();
        assert_eq!(shop.counts().await, expected);
        assert_eq!(shop.rows("SELECT CAST(last_number AS TEXT) AS row FROM invoice_series").await, ["200"]);
    })
    .await;
}

/// Whoever issued the same invoice at the same moment under another series makes this one a conflict, which is repeated.
async fn issue_until_known(billing: &dyn Billing, request: IssueDocument) -> Outcome<Document> {
    loop {
        match billing.issue_document(&ctx(), request.clone()).await {
            Err(kernel::CallError::NotExecuted { .. }) => tokio::task::yield_now().await,
            outcome => return outcome,
        }
    }
}

impl Shop {
    async fn fail_for_orders_of_mallory(&self) {
        let statements: &[&'static str] = if self.db.is_postgres() {
            &[
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF NEW.order_id LIKE 'ord_mallory%' THEN RAISE EXCEPTION 'mallory'; END IF; RETURN NEW; END $$",
                "CREATE TRIGGER fails BEFORE INSERT ON documents FOR EACH ROW EXECUTE FUNCTION fail()",
            ]
        } else {
            &["CREATE TRIGGER fails BEFORE INSERT ON documents WHEN NEW.order_id LIKE 'ord_mallory%'
               BEGIN SELECT RAISE(ABORT, 'mallory'); END"]
        };
        for statement in statements {
            self.tamper(statement).await.expect("the trigger is made");
        }
    }
}

#[tokio::test]
async fn counting_begins_anew_with_the_year_and_for_each_seller() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let number = async |order: &str, vat_id: &str| {
            let mut request = invoice();
            request.seller.vat_id = Some(vat_id.to_owned());
            shop.issue(order, request).await.expect("issued").number
        };
        assert_eq!(number("ord_1", "ATU12345678").await, "2027-00001");
        assert_eq!(number("ord_2", "ATU12345678").await, "2027-00002");
        assert_eq!(number("ord_3", "DE123456789").await, "2027-00001");
        shop.wait(60 * 24 * 365);
        assert_eq!(number("ord_4", "ATU12345678").await, "2028-00001");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_for_the_series_over_new_year_gets_a_number_of_the_new_one() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.issue(ORDER, invoice()).await.expect("issued");
        // One minute before the end of 2027.
        shop.wait(350 * 24 * 60 + 15 * 60 + 59);
        let (holds, held) = tokio::sync::oneshot::channel();
        let (release, released) = std::sync::mpsc::channel();
        let hold = move |conn: &mut AnyConnection| -> Outcome<()> {
            diesel::sql_query("UPDATE invoice_series SET last_number = last_number").execute(conn)?;
            holds.send(()).expect("somebody waits");
            released.recv().expect("it is released");
            Ok(())
        };
        let db = shop.db.clone();
        let other = tokio::spawn(async move { db.write(hold).await });
        held.await.expect("held");
        let new_year = async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            shop.wait(2);
            release.send(()).expect("it waits");
        };
        let (issued, ()) = tokio::join!(shop.issue("ord_bob", invoice()), new_year);
        other.await.expect("it ends").expect("written");
        let issued = issued.expect("issued");
        assert_eq!((issued.number.as_str(), issued.issued_at.civil().0), ("2028-00001", 2028));
    })
    .await;
}

#[tokio::test]
async fn what_was_issued_cannot_be_changed_and_a_series_cannot_skip() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        shop.issue(ORDER, invoice()).await.expect("issued");
        for statement in [
            "UPDATE documents SET number = '2027-00009'",
            "UPDATE documents SET content = '{}'",
            "DELETE FROM documents",
            "UPDATE invoice_series SET last_number = last_number + 2",
            "UPDATE invoice_series SET last_number = 0",
            "DELETE FROM invoice_series",
            "UPDATE invoice_credits SET credited = total + 1",
        ] {
            assert!(shop.tamper(statement).await.is_err(), "{statement}");
        }
        assert_eq!(shop.documents(ORDER).await[0].number, "2027-00001");
    })
    .await;
}

#[tokio::test]
async fn an_invoice_that_the_law_would_not_take_names_the_field() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let wrong = |change: fn(&mut NewInvoice)| {
            let mut request = invoice();
            change(&mut request);
            request
        };
        let mut request = to_issue(ORDER, invoice());
        request.numbering = "{year}".to_owned();
        assert_eq!(invalid_field(shop.billing.issue_document(&ctx(), request).await), "numbering");
        let cases: [(&str, NewInvoice); 10] = [
            ("seller.name", wrong(|of| of.seller.name = " ".to_owned())),
            ("seller", wrong(|of| of.seller.vat_id = None)),
            ("seller.vat_id", wrong(|of| of.seller.vat_id = Some("12345678".to_owned()))),
            ("lines", wrong(|of| of.lines.clear())),
            ("lines.vat", wrong(|of| of.lines[0].vat.category = VatCategory::Zero)),
            ("lines.vat", wrong(|of| of.lines[0].vat.rate_ppm = 0)),
            ("buyer.vat_id", wrong(|of| of.lines[0].vat = Vat { category: VatCategory::ReverseCharge, rate_ppm: 0 })),
            ("total", wrong(|of| (of.total, of.paid) = (eur(2_489), eur(0)))),
            ("total", wrong(|of| of.lines[0].amount = eur(1_201))),
            ("paid", wrong(|of| of.paid = eur(2_491))),
        ];
        for (field, request) in cases {
            assert_eq!(invalid_field(shop.issue(ORDER, request).await), field);
        }
        assert_eq!(shop.counts().await, Vec::<String>::new());
    })
    .await;
}
