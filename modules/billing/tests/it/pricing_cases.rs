//! The published cases of the kinds `invoice_vat_category` and `invoice_totals`, through the trait.

use std::path::PathBuf;

use billing_api::{Document, InvoiceCharge, InvoiceLine, NewInvoice, Prices, Vat, VatCategory};
use kernel::testing::on_every_database;
use kernel::{Currency, Money, Quantity};
use serde_json::Value;

use crate::Shop;
use crate::invoices::{invoice, line};

fn cases(kind: &str) -> Option<Vec<Value>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FREESTONE_TEST_DATA").map_or(beside, PathBuf::from);
    let text = std::fs::read_to_string(folder.join("pricing-cases.json")).ok()?;
    let mut all: Value = serde_json::from_str(&text).expect("JSON");
    let cases = std::mem::take(all["cases"].as_array_mut().expect("cases"));
    Some(cases.into_iter().filter(|case| case["kind"] == kind && case["level"] == "must").collect())
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn money(value: &Value, currency: Currency) -> Money {
    Money::parse_major(text(value), currency).expect("an amount")
}

/// `25`, `2.1`: percent of a VAT in a category given by its code.
fn vat(code: &str, percent: &Value) -> Vat {
    let category = match code {
        "S" => VatCategory::Standard,
        "Z" => VatCategory::Zero,
        "E" => VatCategory::Exempt,
        other => panic!("no case has category {other}"),
    };
    let rate = Money::parse_major(text(percent), "KWD".parse().expect("three digits")).expect("a rate");
    Vat { category, rate_ppm: u32::try_from(rate.amount * 10).expect("a rate") }
}

#[tokio::test]
async fn the_vat_of_a_category_is_its_base_times_its_rate() {
    let Some(cases) = cases("invoice_vat_category") else {
        eprintln!("NOT RUN: no pricing-cases.json in the test data; set FREESTONE_TEST_DATA");
        return;
    };
    assert_eq!(cases.len(), 5);
    on_every_database(|home| {
        let cases = cases.clone();
        async move {
            let shop = Shop::open(&home).await;
            for case in cases {
                let (taxable, claimed) =
                    (money(&case["taxable"], Currency::eur()), money(&case["claimed_tax"], Currency::eur()));
                let code = if text(&case["rate"]) == "0" { "Z" } else { "S" };
                let vat = vat(code, &case["rate"]);
                // What is below zero stands beside something else: an invoice as a whole never is.
                let beside = Vat { category: VatCategory::Exempt, rate_ppm: 0 };
                let more = Money::new(2_000_000, Currency::eur());
                let mut request = invoice();
                request.prices = Prices::TaxAdded;
                request.lines = vec![line("a", 1, taxable, vat), line("b", 1, more, beside)];
                request.charges = vec![];
                let valid = case["expected"]["valid"].as_bool().expect("valid or not");
                request.total = Money::new(taxable.amount + claimed.amount + more.amount, Currency::eur());
                request.paid = request.total;
                match shop.issue(text(&case["id"]), request).await {
                    Ok(issued) => {
                        let subtotal = issued.vat.iter().find(|of| of.vat == vat).expect("its category");
                        assert_eq!(subtotal.base, taxable, "{}", case["id"]);
                        assert_eq!(
                            subtotal.tax == claimed && issued.totals.rounding.amount == 0,
                            valid,
                            "{}",
                            case["id"]
                        );
                    }
                    Err(refused) => assert!(!valid, "{}: {refused}", case["id"]),
                }
            }
        }
    })
    .await;
}

fn request_of(case: &Value) -> NewInvoice {
    let currency: Currency = text(&case["currency"]).parse().expect("a currency");
    let mut request = invoice();
    request.prices = Prices::TaxAdded;
    request.lines = case["lines"].as_array().expect("lines").iter().map(|line| line_of(line, currency)).collect();
    let charges = case["document_allowances_and_charges"].as_array().expect("charges");
    request.charges = charges.iter().map(|charge| charge_of(charge, currency)).collect();
    request.total = money(&case["expected"]["total_with_vat"], currency);
    request.paid = money(&case["prepaid"], currency);
    request
}

fn signed(entry: &Value, currency: Currency) -> i64 {
    let amount = money(&entry["amount"], currency).amount;
    if entry["charge"].as_bool().expect("charge or not") { amount } else { -amount }
}

fn line_of(case: &Value, currency: Currency) -> InvoiceLine {
    let whole = text(&case["qty"]).split('.').next().expect("a number").trim_start_matches('-');
    let of = vat(text(&case["vat_category"]), &case["vat_rate"]);
    let changes = case["line_allowances"].as_array().expect("allowances");
    let added: i64 = changes.iter().map(|change| signed(change, currency)).sum();
    let discount = Money::new((-added).max(0), currency);
    let quantity = Quantity::try_from(whole.parse::<i64>().expect("a number")).expect("a quantity");
    InvoiceLine { quantity, discount, ..line("a", 1, money(&case["line_net"], currency), of) }
}

fn charge_of(case: &Value, currency: Currency) -> InvoiceCharge {
    InvoiceCharge {
        reference: "b".to_owned(),
        title: "Charge".to_owned(),
        amount: Money::new(signed(case, currency), currency),
        vat: vat(text(&case["vat_category"]), &case["vat_rate"]),
    }
}

fn assert_totals(issued: &Document, case: &Value) {
    let expected = &case["expected"];
    let of = |name: &str| money(&expected[name], issued.currency());
    let totals = &issued.totals;
    let id = &case["id"];
    assert_eq!(totals.lines, of("lines_net"), "{id}");
    assert_eq!(totals.net, of("total_without_vat"), "{id}");
    assert_eq!(totals.tax, of("tax_total"), "{id}");
    assert_eq!(totals.gross, of("total_with_vat"), "{id}");
    assert_eq!(totals.due, of("due"), "{id}");
    let breakdown = expected["vat_breakdown"].as_array().expect("a breakdown");
    assert_eq!(issued.vat.len(), breakdown.len(), "{id}");
    for entry in breakdown {
        let vat = vat(text(&entry["vat_category"]), &entry["vat_rate"]);
        let subtotal = issued.vat.iter().find(|of| of.vat == vat).expect("its category");
        let expected = (money(&entry["taxable"], issued.currency()), money(&entry["tax"], issued.currency()));
        assert_eq!((subtotal.base, subtotal.tax), expected, "{id}");
    }
}

#[tokio::test]
async fn the_totals_of_published_invoices_are_met() {
    let Some(cases) = cases("invoice_totals") else {
        eprintln!("NOT RUN: no pricing-cases.json in the test data; set FREESTONE_TEST_DATA");
        return;
    };
    assert_eq!(cases.len(), 10);
    on_every_database(|home| {
        let cases = cases.clone();
        async move {
            let shop = Shop::open(&home).await;
            for case in cases {
                let issued = shop.issue(text(&case["id"]), request_of(&case)).await.expect("issued");
                assert_totals(&issued, &case);
            }
        }
    })
    .await;
}
