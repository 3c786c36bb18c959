//! Invoices and credit notes: what they say, and what has to be known to issue one.

use std::fmt;
use std::str::FromStr;

use kernel::{Address, Country, Currency, Email, IdempotencyKey, Money, Quantity, Timestamp, ids};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

ids! {
    /// An invoice or a credit note.
    DocumentId = "doc";
}

/// Which of the two a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Says what an order came to.
    Invoice,
    /// Takes back some or all of an invoice.
    CreditNote,
}

/// The legal person who sells. Numbers of documents are gapless for each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Seller {
    /// As registered.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// As the country writes it.
    pub postcode: String,
    /// Town or city.
    pub city: String,
    /// Country.
    pub country: Country,
    /// With the letters of its country, such as `ATU12345678`. One of this and `tax_number` is needed.
    #[serde(default)]
    pub vat_id: Option<String>,
    /// Given by the tax office to a seller, also to one without VAT id.
    #[serde(default)]
    pub tax_number: Option<String>,
    /// In the register of companies.
    #[serde(default)]
    pub registration: Option<String>,
    /// For questions.
    #[serde(default)]
    pub email: Option<Email>,
    /// Where transfers go.
    #[serde(default)]
    pub account: Option<SellerAccount>,
}

impl Seller {
    /// What tells this legal person from others.
    pub fn identity(&self) -> Option<&str> {
        self.vat_id.as_deref().or(self.tax_number.as_deref())
    }
}

/// The bank account that documents name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SellerAccount {
    /// Whose it is.
    pub holder: String,
    /// Without spaces.
    pub iban: String,
    /// Of the bank.
    #[serde(default)]
    pub bic: Option<String>,
}

/// Who buys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Buyer {
    /// Name and address.
    pub address: Address,
    /// Where the document is sent.
    #[serde(default)]
    pub email: Option<Email>,
    /// Of a business.
    #[serde(default)]
    pub vat_id: Option<String>,
}

/// Why VAT is charged or not: codes of UNCL 5305 as EN 16931 uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VatCategory {
    /// Charged at a rate above zero.
    Standard,
    /// Charged, at a rate of zero.
    Zero,
    /// Not charged: the goods or the seller are exempt.
    Exempt,
    /// The buyer, a business, owes it.
    ReverseCharge,
    /// Goods for a business in another country of the European Union.
    IntraCommunity,
    /// Goods leave the European Union.
    Export,
}

impl VatCategory {
    /// The code: `S`, `Z`, `E`, `AE`, `K`, `G`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::IntraCommunity => "K",
            Self::Export => "G",
        }
    }

    /// Why no VAT is charged; `None` where some is, if only at zero.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Standard | Self::Zero => None,
            Self::Exempt => Some("Exempt from VAT"),
            Self::ReverseCharge => Some("Reverse charge: the buyer owes the VAT"),
            Self::IntraCommunity => Some("Supply within the European Union, free of VAT"),
            Self::Export => Some("Export, free of VAT"),
        }
    }

    /// Whether the law wants the VAT id of the buyer on the document.
    pub fn needs_buyer_vat_id(self) -> bool {
        matches!(self, Self::ReverseCharge | Self::IntraCommunity)
    }
}

/// The VAT of something sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Vat {
    /// Why.
    pub category: VatCategory,
    /// Parts per million: 200000 is 20 %. Above zero for [`VatCategory::Standard`], zero for all others.
    pub rate_ppm: u32,
}

impl Vat {
    /// `20`, `5.5`: the rate in percent.
    pub fn percent(self) -> String {
        let (whole, rest) = (self.rate_ppm / 10_000, self.rate_ppm % 10_000);
        let text = format!("{whole}.{rest:04}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// Whether amounts of lines and charges contain VAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Prices {
    /// They do, as shoppers saw them.
    TaxContained,
    /// It is added to them.
    TaxAdded,
}

/// Asks for a document. All that it will say is in here, or in the invoice that it takes back from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssueDocument {
    /// From the order for its invoice, from the refund for a credit note.
    pub key: IdempotencyKey,
    /// `ord_…`
    pub order_id: String,
    /// How numbers look, see [`Numbering`].
    pub numbering: String,
    /// Which document.
    pub document: NewDocument,
}

/// A document to issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NewDocument {
    /// The invoice of the order. It has one: whoever asks again, for whatever, gets the one there is.
    Invoice(Box<NewInvoice>),
    /// A credit note on it. All credit notes together never exceed it.
    CreditNote(NewCreditNote),
}

/// What an invoice is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewInvoice {
    /// Shown to people.
    pub order_number: String,
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Buyer,
    /// Whether amounts contain VAT.
    pub prices: Prices,
    /// What was sold; at least one.
    pub lines: Vec<InvoiceLine>,
    /// Delivery and other charges; what is negative is taken off.
    #[serde(default)]
    pub charges: Vec<InvoiceCharge>,
    /// What the order came to, VAT included: exactly what the shopper had to pay.
    pub total: Money,
    /// What of it is paid.
    pub paid: Money,
    /// `PaymentMethod::code`.
    pub payment_method: String,
    /// When the goods were supplied, or the money for them arrived before.
    pub supplied_at: Timestamp,
}

/// Something sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceLine {
    /// Names it within the order: `oln_…`
    pub reference: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values; may be empty.
    #[serde(default)]
    pub detail: String,
    /// Stock keeping unit.
    #[serde(default)]
    pub sku: Option<String>,
    /// How many.
    pub quantity: Quantity,
    /// Already taken off `amount`; not below zero.
    pub discount: Money,
    /// For all of them, after the discount.
    pub amount: Money,
    /// Its VAT.
    pub vat: Vat,
}

/// Delivery or another charge on the whole order; negative: something taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InvoiceCharge {
    /// Names it within the order, such as `shipping`.
    pub reference: String,
    /// As the shopper saw it.
    pub title: String,
    /// How much.
    pub amount: Money,
    /// Its VAT.
    pub vat: Vat,
}

/// What a credit note is to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewCreditNote {
    /// What the buyer gets back, VAT included. The whole invoice when it is all of it.
    pub amount: Money,
    /// What of the invoice it is for. What they leave of `amount` is spread over the rates of the invoice.
    #[serde(default)]
    pub lines: Vec<CreditedLine>,
    /// Why, in words for the buyer.
    pub reason: String,
    /// Whether it is for money that went back. Then it covers what of that no credit note covers yet, at most `amount`, and
    /// is refused with `AlreadyCredited` when there is nothing.
    #[serde(default)]
    pub for_refund: bool,
}

/// A line or charge of an invoice that is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreditedLine {
    /// [`InvoiceLine::reference`] or [`InvoiceCharge::reference`].
    pub reference: String,
    /// How many of them; 1 for a charge.
    pub quantity: Quantity,
    /// What is given back for them, VAT included.
    pub amount: Money,
}

/// Asks for the documents of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindDocuments {
    /// `ord_…`
    pub order_id: String,
}

/// An invoice or a credit note, as it was issued. It never changes.
///
/// The sums follow the rules BR-CO-10 to BR-CO-17 of EN 16931.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// Which of the two.
    pub kind: DocumentKind,
    /// Its number in its series.
    pub number: String,
    /// `ord_…`
    pub order_id: String,
    /// Shown to people.
    pub order_number: String,
    /// The invoice that a credit note takes back from.
    #[serde(default)]
    pub invoice: Option<DocumentReference>,
    /// Of a credit note: why.
    #[serde(default)]
    pub reason: String,
    /// When.
    pub issued_at: Timestamp,
    /// When the goods were supplied.
    pub supplied_at: Timestamp,
    /// Who sells.
    pub seller: Seller,
    /// Who buys.
    pub buyer: Buyer,
    /// Whether amounts contain VAT.
    pub prices: Prices,
    /// What was sold, or is taken back.
    pub lines: Vec<DocumentLine>,
    /// Delivery and other charges.
    pub charges: Vec<DocumentCharge>,
    /// VAT by category and rate.
    pub vat: Vec<VatSubtotal>,
    /// The sums.
    pub totals: DocumentTotals,
    /// `PaymentMethod::code`.
    pub payment_method: String,
}

impl Document {
    /// What all amounts are in.
    pub fn currency(&self) -> Currency {
        self.totals.gross.currency
    }

    /// What the buyer was charged by an invoice, or gets back by a credit note.
    pub fn charged(&self) -> Money {
        Money::new(self.totals.gross.amount + self.totals.rounding.amount, self.currency())
    }
}

/// Names an earlier document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentReference {
    /// Its id.
    pub id: DocumentId,
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// A line of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentLine {
    /// [`InvoiceLine::reference`]; empty for a part of a refund that names no line.
    pub reference: String,
    /// The product's name.
    pub title: String,
    /// The chosen option values; may be empty.
    pub detail: String,
    /// Stock keeping unit.
    pub sku: Option<String>,
    /// How many.
    pub quantity: Quantity,
    /// Already taken off `amount`.
    pub discount: Money,
    /// For all of them, as [`Document::prices`] says.
    pub amount: Money,
    /// The same without VAT. Lines and charges of a rate add up to its base.
    pub net: Money,
    /// Its VAT.
    pub vat: Vat,
}

/// A charge of a document; negative: taken off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentCharge {
    /// [`InvoiceCharge::reference`].
    pub reference: String,
    /// As the shopper saw it.
    pub title: String,
    /// As [`Document::prices`] says.
    pub amount: Money,
    /// The same without VAT.
    pub net: Money,
    /// Its VAT.
    pub vat: Vat,
}

/// What a category and rate of VAT comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VatSubtotal {
    /// Which.
    pub vat: Vat,
    /// What it is charged on.
    pub base: Money,
    /// `base` times the rate, rounded half up: once here, not for each line.
    pub tax: Money,
}

/// The sums of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DocumentTotals {
    /// Lines without VAT.
    pub lines: Money,
    /// Charges without VAT.
    pub charges: Money,
    /// What is taken off, without VAT; not below zero.
    pub allowances: Money,
    /// `lines - allowances + charges`
    pub net: Money,
    /// VAT of all rates.
    pub tax: Money,
    /// `net + tax`
    pub gross: Money,
    /// What leads from `gross` to what the shopper pays, where no base has a VAT that leads there.
    pub rounding: Money,
    /// What is paid.
    pub paid: Money,
    /// `gross + rounding - paid`
    pub due: Money,
}

/// How numbers of documents look: text with `{number}` or `{number:05}` (at least five digits) in it, and `{year}` where
/// counting shall begin anew each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    before: String,
    digits: usize,
    after: String,
}

/// The text says no numbering; what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?}: write for instance {{year}}-{{number:05}}: at most 40 characters, with {{number}} in it once")]
pub struct NotANumbering(String);

impl Numbering {
    /// Names the series of `year`: its numbers, with `#` where they are counted.
    pub fn series(&self, year: i64) -> String {
        self.with(year, "#")
    }

    /// The number of a document.
    pub fn number(&self, year: i64, count: i64) -> String {
        let digits = self.digits;
        self.with(year, &format!("{count:0digits$}"))
    }

    fn with(&self, year: i64, count: &str) -> String {
        format!("{}{count}{}", self.before, self.after).replace("{year}", &year.to_string())
    }
}

impl FromStr for Numbering {
    type Err = NotANumbering;

    fn from_str(text: &str) -> Result<Self, NotANumbering> {
        let wrong = || NotANumbering(text.to_owned());
        let (before, rest) = text.split_once("{number").ok_or_else(wrong)?;
        let (width, after) = rest.split_once('}').ok_or_else(wrong)?;
        let digits = match width.strip_prefix(":0") {
            Some(digits) => digits.parse().ok().filter(|digits| (1..=12).contains(digits)).ok_or_else(wrong)?,
            None if width.is_empty() => 1,
            None => return Err(wrong()),
        };
        let plain = |part: &str| {
            let part = part.replace("{year}", "");
            part.bytes().all(|byte| byte.is_ascii_graphic() && !b"{}#<>&\"'".contains(&byte))
        };
        if text.len() > 40 || !plain(before) || !plain(after) {
            return Err(wrong());
        }
        Ok(Self { before: before.to_owned(), digits, after: after.to_owned() })
    }
}

impl fmt::Display for Numbering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{number:0{}}}{}", self.before, self.digits, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_the_shop_wants_them() {
        for (text, number, series) in [
            ("{year}-{number:05}", "2026-00042", "2026-#"),
            ("RE{number}", "RE42", "RE#"),
            ("{number:03}/{year}", "042/2026", "#/2026"),
        ] {
            let numbering: Numbering = text.parse().expect("a numbering");
            assert_eq!((numbering.number(2026, 42).as_str(), numbering.series(2026).as_str()), (number, series));
        }
    }

    #[test]
    fn what_would_not_count_is_refused() {
        for text in [
            "",
            "{year}",
            "{number}{number}",
            "{number:5}",
            "{number:0}",
            "{month}-{number}",
            "a b{number}",
            "#{number}",
            "<{number}",
        ] {
            assert!(text.parse::<Numbering>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_written_in_percent() {
        for (rate_ppm, text) in [(200_000, "20"), (21_000, "2.1"), (55_000, "5.5"), (0, "0"), (88_750, "8.875")] {
            assert_eq!(Vat { category: VatCategory::Standard, rate_ppm }.percent(), text);
        }
    }
}
