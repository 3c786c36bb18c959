//! E-invoices: a document as UBL 2.1, in the terms and by the rules of EN 16931. The numbers (BT-…, BG-…) are those of
//! the standard.
//!
//! Amounts are without VAT throughout, whatever the paper shows. What is below zero on a line has a negative quantity,
//! since prices are never negative there (BR-27).

use billing_api::{Buyer, Document, DocumentCharge, DocumentKind, DocumentLine, Seller, Vat};
use kernel::{Address, Country, Money, Timestamp};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

const CAC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
const CBC: &str = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";
/// The document follows the standard and nothing beyond it (BT-24).
const EN_16931: &str = "urn:cen.eu:en16931:2017";
/// One piece, of UN/ECE recommendation 20.
const PIECE: &str = "C62";

/// The document as UBL; `None` in a currency with three decimal digits, which the standard does not know (BR-DEC).
pub fn write(document: &Document) -> Option<String> {
    if document.currency().exponent() > 2 {
        return None;
    }
    let mut xml =
        Xml { out: Writer::new_with_indent(Vec::new(), b' ', 1), currency: document.currency().code().to_owned() };
    xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let root = match document.kind {
        DocumentKind::Invoice => "Invoice",
        DocumentKind::CreditNote => "CreditNote",
    };
    let mut start = BytesStart::new(root);
    start.push_attribute(("xmlns", format!("urn:oasis:names:specification:ubl:schema:xsd:{root}-2").as_str()));
    start.push_attribute(("xmlns:cac", CAC));
    start.push_attribute(("xmlns:cbc", CBC));
    xml.event(Event::Start(start));
    xml.document(document);
    xml.event(Event::End(BytesEnd::new(root)));
    String::from_utf8(xml.out.into_inner()).ok()
}

struct Xml {
    out: Writer<Vec<u8>>,
    currency: String,
}

impl Xml {
    fn event(&mut self, event: Event<'_>) {
        // Writing into memory does not fail.
        let _ = self.out.write_event(event);
    }

    /// A group of terms.
    fn within(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.event(Event::Start(BytesStart::new(name)));
        write(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    /// A term. XML has no way to say control characters, so they become spaces.
    fn term(&mut self, name: &str, text: &str) {
        self.term_with(name, None, text);
    }

    fn term_with(&mut self, name: &str, attribute: Option<(&str, &str)>, text: &str) {
        let mut start = BytesStart::new(name);
        start.extend_attributes(attribute);
        self.event(Event::Start(start));
        let said = |c: char| if c.is_control() || ('\u{fffe}'..='\u{ffff}').contains(&c) { ' ' } else { c };
        let text: String = text.trim().chars().map(said).collect();
        self.event(Event::Text(BytesText::new(&text)));
        self.event(Event::End(BytesEnd::new(name)));
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            self.term(name, text);
        }
    }

    fn amount(&mut self, name: &str, amount: Money) {
        let currency = self.currency.clone();
        self.term_with(name, Some(("currencyID", &currency)), &amount.to_major());
    }

    fn document(&mut self, document: &Document) {
        let is_invoice = document.kind == DocumentKind::Invoice;
        self.term("cbc:CustomizationID", EN_16931);
        self.term("cbc:ID", &document.number); // BT-1
        self.term("cbc:IssueDate", &day(document.issued_at)); // BT-2
        if is_invoice {
            self.term("cbc:InvoiceTypeCode", "380"); // BT-3: commercial invoice
        } else {
            self.term("cbc:CreditNoteTypeCode", "381"); // BT-3: credit note
        }
        self.optional("cbc:Note", Some(&document.reason)); // BT-22
        self.term("cbc:DocumentCurrencyCode", &self.currency.clone()); // BT-5
        self.within("cac:OrderReference", |xml| xml.term("cbc:ID", &document.order_number)); // BT-13
        if let Some(invoice) = &document.invoice {
            self.within("cac:BillingReference", |xml| {
                xml.within("cac:InvoiceDocumentReference", |xml| {
                    xml.term("cbc:ID", &invoice.number); // BT-25
                    xml.term("cbc:IssueDate", &day(invoice.issued_at)); // BT-26
                });
            });
        }
        self.within("cac:AccountingSupplierParty", |xml| xml.seller(&document.seller)); // BG-4
        self.within("cac:AccountingCustomerParty", |xml| xml.buyer(&document.buyer)); // BG-7
        self.within("cac:Delivery", |xml| {
            xml.term("cbc:ActualDeliveryDate", &day(document.supplied_at)); // BT-72
            xml.within("cac:DeliveryLocation", |xml| {
                xml.within("cac:Address", |xml| xml.address(&document.buyer.address)); // BG-15
            });
        });
        self.payment(document);
        for charge in &document.charges {
            self.charge(charge);
        }
        self.vat(document);
        self.totals(document);
        for (place, line) in document.lines.iter().enumerate() {
            self.line(is_invoice, place + 1, line);
        }
    }

    fn seller(&mut self, seller: &Seller) {
        self.within("cac:Party", |xml| {
            if seller.vat_id.is_none() {
                // BT-29: without a VAT id, something else has to tell who it is (BR-CO-26).
                let number = seller.tax_number.clone().unwrap_or_default();
                xml.within("cac:PartyIdentification", |xml| xml.term("cbc:ID", &number));
            }
            xml.within("cac:PostalAddress", |xml| {
                xml.term("cbc:StreetName", &seller.line1); // BT-35
                xml.term("cbc:CityName", &seller.city); // BT-37
                xml.term("cbc:PostalZone", &seller.postcode); // BT-38
                xml.country(seller.country); // BT-40
            });
            xml.tax_scheme(seller.vat_id.as_deref(), "VAT"); // BT-31
            xml.tax_scheme(seller.tax_number.as_deref(), "FC"); // BT-32
            xml.within("cac:PartyLegalEntity", |xml| {
                xml.term("cbc:RegistrationName", &seller.name); // BT-27
                xml.optional("cbc:CompanyID", seller.registration.as_deref()); // BT-30
            });
            if let Some(email) = &seller.email {
                xml.within("cac:Contact", |xml| xml.term("cbc:ElectronicMail", email.as_str())); // BT-43
            }
        });
    }

    fn buyer(&mut self, buyer: &Buyer) {
        self.within("cac:Party", |xml| {
            xml.within("cac:PostalAddress", |xml| xml.address(&buyer.address)); // BG-8
            xml.tax_scheme(buyer.vat_id.as_deref(), "VAT"); // BT-48
            xml.within("cac:PartyLegalEntity", |xml| xml.term("cbc:RegistrationName", &buyer.address.name)); // BT-44
            if let Some(email) = &buyer.email {
                xml.within("cac:Contact", |xml| xml.term("cbc:ElectronicMail", email.as_str())); // BT-58
            }
        });
    }

    fn tax_scheme(&mut self, id: Option<&str>, scheme: &str) {
        let Some(id) = id else { return };
        self.within("cac:PartyTaxScheme", |xml| {
            xml.term("cbc:CompanyID", id);
            xml.within("cac:TaxScheme", |xml| xml.term("cbc:ID", scheme));
        });
    }

    fn address(&mut self, address: &Address) {
        self.term("cbc:StreetName", &address.line1);
        self.optional("cbc:AdditionalStreetName", address.line2.as_deref());
        self.term("cbc:CityName", &address.city);
        self.optional("cbc:PostalZone", Some(&address.postcode));
        self.country(address.country);
    }

    fn country(&mut self, country: Country) {
        self.within("cac:Country", |xml| xml.term("cbc:IdentificationCode", country.code()));
    }

    /// BG-16, and BT-20 where something is due (BR-CO-25).
    fn payment(&mut self, document: &Document) {
        let account = document.seller.account.as_ref().filter(|_| document.payment_method == "bank_transfer");
        self.within("cac:PaymentMeans", |xml| {
            xml.term("cbc:PaymentMeansCode", payment_means(document, account.is_some())); // BT-81
            xml.term("cbc:PaymentID", &document.order_number); // BT-83
            if let Some(account) = account {
                xml.within("cac:PayeeFinancialAccount", |xml| {
                    xml.term("cbc:ID", &account.iban.replace(' ', "")); // BT-84
                    xml.term("cbc:Name", &account.holder); // BT-85
                    if let Some(bic) = &account.bic {
                        xml.within("cac:FinancialInstitutionBranch", |xml| xml.term("cbc:ID", bic)); // BT-86
                    }
                });
            }
        });
        if document.totals.due.amount != 0 {
            let terms = match document.kind {
                DocumentKind::Invoice => "To be paid at once",
                DocumentKind::CreditNote => "Paid back the way it was paid",
            };
            self.within("cac:PaymentTerms", |xml| xml.term("cbc:Note", terms));
        }
    }

    /// BG-20 where it is below zero, else BG-21.
    fn charge(&mut self, charge: &DocumentCharge) {
        let is_charge = charge.net.amount >= 0;
        self.within("cac:AllowanceCharge", |xml| {
            xml.term("cbc:ChargeIndicator", if is_charge { "true" } else { "false" });
            xml.term("cbc:AllowanceChargeReason", &charge.title); // BT-97, BT-104
            xml.amount("cbc:Amount", magnitude(charge.net)); // BT-92, BT-99
            xml.category("cac:TaxCategory", charge.vat, false); // BT-95, BT-102
        });
    }

    /// BG-23
    fn vat(&mut self, document: &Document) {
        self.within("cac:TaxTotal", |xml| {
            xml.amount("cbc:TaxAmount", document.totals.tax); // BT-110
            for subtotal in &document.vat {
                xml.within("cac:TaxSubtotal", |xml| {
                    xml.amount("cbc:TaxableAmount", subtotal.base); // BT-116
                    xml.amount("cbc:TaxAmount", subtotal.tax); // BT-117
                    xml.category("cac:TaxCategory", subtotal.vat, true); // BT-118
                });
            }
        });
    }

    fn category(&mut self, name: &str, vat: Vat, with_reason: bool) {
        self.within(name, |xml| {
            xml.term("cbc:ID", vat.category.code());
            xml.term("cbc:Percent", &vat.percent());
            xml.optional("cbc:TaxExemptionReason", vat.category.reason().filter(|_| with_reason)); // BT-120
            xml.within("cac:TaxScheme", |xml| xml.term("cbc:ID", "VAT"));
        });
    }

    /// BG-22
    fn totals(&mut self, document: &Document) {
        let totals = &document.totals;
        self.within("cac:LegalMonetaryTotal", |xml| {
            xml.amount("cbc:LineExtensionAmount", totals.lines); // BT-106
            xml.amount("cbc:TaxExclusiveAmount", totals.net); // BT-109
            xml.amount("cbc:TaxInclusiveAmount", totals.gross); // BT-112
            xml.amount("cbc:AllowanceTotalAmount", totals.allowances); // BT-107
            xml.amount("cbc:ChargeTotalAmount", totals.charges); // BT-108
            xml.amount("cbc:PrepaidAmount", totals.paid); // BT-113
            xml.amount("cbc:PayableRoundingAmount", totals.rounding); // BT-114
            xml.amount("cbc:PayableAmount", totals.due); // BT-115
        });
    }

    /// BG-25
    fn line(&mut self, is_invoice: bool, number: usize, line: &DocumentLine) {
        let (name, quantity) = if is_invoice {
            ("cac:InvoiceLine", "cbc:InvoicedQuantity")
        } else {
            ("cac:CreditNoteLine", "cbc:CreditedQuantity")
        };
        let sign = if line.net.amount < 0 { "-" } else { "" };
        self.within(name, |xml| {
            xml.term("cbc:ID", &number.to_string()); // BT-126
            xml.term_with(quantity, Some(("unitCode", PIECE)), &format!("{sign}{}", line.quantity)); // BT-129
            xml.amount("cbc:LineExtensionAmount", line.net); // BT-131
            xml.within("cac:Item", |xml| {
                xml.optional("cbc:Description", Some(&line.detail)); // BT-154
                xml.term("cbc:Name", &line.title); // BT-153
                if let Some(sku) = line.sku.as_deref().filter(|sku| !sku.trim().is_empty()) {
                    xml.within("cac:SellersItemIdentification", |xml| xml.term("cbc:ID", sku)); // BT-155
                }
                xml.category("cac:ClassifiedTaxCategory", line.vat, false); // BT-151
            });
            let currency = xml.currency.clone();
            xml.within("cac:Price", |xml| {
                xml.term_with("cbc:PriceAmount", Some(("currencyID", &currency)), &price_each(line)); // BT-146
            });
        });
    }
}

/// `2026-11-21`
fn day(at: Timestamp) -> String {
    let (year, month, day, ..) = at.civil();
    format!("{year:04}-{month:02}-{day:02}")
}

fn magnitude(money: Money) -> Money {
    Money::new(money.amount.abs(), money.currency)
}

/// Codes of UNCL 4461. A transfer without an account to transfer to is one that was made (BR-61).
fn payment_means(document: &Document, has_account: bool) -> &'static str {
    match document.payment_method.as_str() {
        "bank_transfer" if has_account => "58",
        "cash_on_delivery" => "10",
        "bank_transfer" | "gift_card" => "1",
        _ => "68",
    }
}

/// The price of one without VAT, with what it takes of decimal digits, eight at most.
fn price_each(line: &DocumentLine) -> String {
    const EIGHT: i128 = 100_000_000;
    let per_major = i128::from(line.net.currency.minor_per_major());
    let divisor = per_major * i128::from(line.quantity.get());
    let scaled = (i128::from(line.net.amount).abs() * EIGHT * 2 + divisor) / (2 * divisor);
    let (whole, fraction) = (scaled / EIGHT, format!("{:08}", scaled % EIGHT));
    let kept = fraction.trim_end_matches('0').len().max(2);
    format!("{whole}.{}", &fraction[..kept])
}
