//! Who sells, as the law wants it on invoices.

use kernel::{Country, Email};

use super::{SettingsError, Values, variable, wrong};

/// The legal person who sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegalSeller {
    /// As registered.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// As the country writes it.
    pub postcode: String,
    /// Town or city.
    pub city: String,
    /// Country.
    pub country: Country,
    /// With the letters of its country.
    pub vat_id: Option<String>,
    /// Given by the tax office.
    pub tax_number: Option<String>,
    /// In the register of companies.
    pub registration: Option<String>,
    /// For questions.
    pub email: Email,
}

/// When the invoice of an order is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceOn {
    /// When its money has arrived.
    Paid,
    /// When its first parcel has left.
    Shipped,
    /// When staff say so.
    Request,
}

/// What has to be there with the name.
const NEEDED: [&str; 3] = ["seller_street", "seller_postcode", "seller_city"];
/// All but the name, which are for nothing without it.
const OTHERS: [&str; 8] = [
    "seller_street",
    "seller_postcode",
    "seller_city",
    "seller_country",
    "seller_vat_id",
    "seller_tax_number",
    "seller_registration",
    "seller_email",
];

/// Who sells; `None` when nobody said so. In development it is an example, so that invoices can be tried.
pub(super) fn seller(values: &Values, development: bool) -> Result<Option<LegalSeller>, SettingsError> {
    let country = match values.optional("seller_country") {
        Some(_) => values.parsed("seller_country")?,
        None => values.parsed("shop_country")?,
    };
    let email = match values.optional("seller_email") {
        Some(_) => values.parsed("seller_email")?,
        None => values.parsed("mail_from")?,
    };
    let Some(name) = values.optional("seller_name") else {
        if let Some(other) = OTHERS.into_iter().find(|name| values.optional(name).is_some()) {
            return Err(wrong(variable("seller_name"), format!("set it too: {} belongs to it", variable(other))));
        }
        return Ok(development.then(|| example(values, country, email)));
    };
    if let Some(missing) = NEEDED.into_iter().find(|name| values.optional(name).is_none()) {
        return Err(wrong(variable(missing), "set it too: an invoice names the seller's address"));
    }
    let (vat_id, tax_number) = (values.optional("seller_vat_id"), values.optional("seller_tax_number"));
    if vat_id.is_none() && tax_number.is_none() {
        let problem = format!("set it, or {}: an invoice names one of them", variable("seller_tax_number"));
        return Err(wrong(variable("seller_vat_id"), problem));
    }
    let is_vat_id = |id: &String| id.len() > 4 && id.len() <= 20 && id.bytes().take(2).all(|b| b.is_ascii_uppercase());
    if let Some(id) = vat_id.as_ref().filter(|id| !is_vat_id(id)) {
        let problem = format!("{id:?}: begin it with the letters of its country, such as ATU12345678");
        return Err(wrong(variable("seller_vat_id"), problem));
    }
    let text = |name: &'static str| values.get(name).0;
    Ok(Some(LegalSeller {
        name,
        street: text("seller_street"),
        postcode: text("seller_postcode"),
        city: text("seller_city"),
        country,
        vat_id,
        tax_number,
        registration: values.optional("seller_registration"),
        email,
    }))
}

/// Nobody: its VAT id can be no one's.
fn example(values: &Values, country: Country, email: Email) -> LegalSeller {
    LegalSeller {
        name: format!("{} (example)", values.get("shop_name").0),
        street: "Example Street 1".to_owned(),
        postcode: "0000".to_owned(),
        city: "Example Town".to_owned(),
        country,
        vat_id: Some(format!("{country}000000000")),
        tax_number: None,
        registration: None,
        email,
    }
}

pub(super) fn invoice_on(values: &Values) -> Result<InvoiceOn, SettingsError> {
    Ok(match values.one_of("invoice_on", &["paid", "shipped", "request"])?.as_str() {
        "paid" => InvoiceOn::Paid,
        "shipped" => InvoiceOn::Shipped,
        _ => InvoiceOn::Request,
    })
}
