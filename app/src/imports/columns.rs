//! The columns of a Shopify product file, under all the names that Shopify has given them.

use csv::StringRecord;
use kernel::Currency;

/// What a cell is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Handle,
    Title,
    Body,
    Vendor,
    Type,
    Category,
    Tags,
    Published,
    Status,
    OptionName(usize),
    OptionValue(usize),
    Sku,
    Grams,
    Weight,
    WeightUnit,
    Tracker,
    Quantity,
    Policy,
    Price,
    CompareAt,
    Barcode,
    Taxable,
    TaxCode,
    ImageSource,
    ImagePosition,
    ImageAlt,
    GiftCard,
}

/// Names in lower case, the one that the export writes first.
const NAMES: &[(Field, &[&str])] = &[
    (Field::Handle, &["handle", "url handle"]),
    (Field::Title, &["title"]),
    (Field::Body, &["body (html)", "body html", "body", "description"]),
    (Field::Vendor, &["vendor"]),
    (Field::Type, &["type", "custom product type", "product type"]),
    (Field::Category, &["product category", "standardized product type", "standard product type"]),
    (Field::Tags, &["tags"]),
    (Field::Published, &["published", "published on online store"]),
    (Field::Status, &["status"]),
    (Field::OptionName(0), &["option1 name"]),
    (Field::OptionValue(0), &["option1 value"]),
    (Field::OptionName(1), &["option2 name"]),
    (Field::OptionValue(1), &["option2 value"]),
    (Field::OptionName(2), &["option3 name"]),
    (Field::OptionValue(2), &["option3 value"]),
    (Field::Sku, &["variant sku", "sku"]),
    (Field::Grams, &["variant grams", "weight value (grams)"]),
    (Field::Weight, &["variant weight"]),
    (Field::WeightUnit, &["variant weight unit", "weight unit for display"]),
    (Field::Tracker, &["variant inventory tracker", "inventory tracker"]),
    (Field::Quantity, &["variant inventory qty", "variant inventory quantity", "inventory quantity"]),
    (Field::Policy, &["variant inventory policy", "continue selling when out of stock"]),
    (Field::Price, &["variant price", "price"]),
    (Field::CompareAt, &["variant compare at price", "compare-at price", "compare at price"]),
    (Field::Barcode, &["variant barcode", "barcode"]),
    (Field::Taxable, &["variant taxable", "charge tax"]),
    (Field::TaxCode, &["variant tax code", "tax code"]),
    (Field::ImageSource, &["image src", "product image url"]),
    (Field::ImagePosition, &["image position"]),
    (Field::ImageAlt, &["image alt text"]),
    (Field::GiftCard, &["gift card"]),
];

/// Where the columns of a file are. Others are left alone.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    places: Vec<Option<usize>>,
    header: StringRecord,
}

impl Columns {
    /// The columns that `header` names. Amounts may be in a column of their currency, as in `Variant Price / EUR`.
    pub(super) fn of(header: &StringRecord, currency: Currency) -> Self {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let suffix = format!(" / {}", currency.code().to_lowercase());
        let place = |(field, known): &(Field, &[&str])| {
            let exact = |wanted: &str| names.iter().position(|name| name == wanted);
            let in_currency = |wanted: &&str| exact(&format!("{wanted}{suffix}"));
            let is_amount = matches!(field, Field::Price | Field::CompareAt);
            let of_currency = is_amount.then(|| known.iter().find_map(in_currency)).flatten();
            of_currency.or_else(|| known.iter().find_map(|wanted| exact(wanted)))
        };
        Self { places: NAMES.iter().map(place).collect(), header: header.clone() }
    }

    /// Where the cells of `field` are.
    pub(super) fn place(&self, field: Field) -> Option<usize> {
        NAMES.iter().position(|(known, _)| *known == field).and_then(|at| self.places[at])
    }

    /// What the file calls `field`; what Shopify calls it when the file does not have it.
    pub(super) fn name(&self, field: Field) -> String {
        match self.place(field) {
            Some(place) => self.header[place].trim().to_owned(),
            None => default_name(field),
        }
    }
}

/// What the export calls the column, and what a file without it is told to add.
pub(super) fn default_name(field: Field) -> String {
    let name = match field {
        Field::Handle => "Handle",
        Field::Title => "Title",
        Field::Body => "Body (HTML)",
        Field::Vendor => "Vendor",
        Field::Type => "Type",
        Field::Category => "Product Category",
        Field::Tags => "Tags",
        Field::Published => "Published",
        Field::Status => "Status",
        Field::OptionName(place) => return format!("Option{} Name", place + 1),
        Field::OptionValue(place) => return format!("Option{} Value", place + 1),
        Field::Sku => "Variant SKU",
        Field::Grams => "Variant Grams",
        Field::Weight => "Variant Weight",
        Field::WeightUnit => "Variant Weight Unit",
        Field::Tracker => "Variant Inventory Tracker",
        Field::Quantity => "Variant Inventory Qty",
        Field::Policy => "Variant Inventory Policy",
        Field::Price => "Variant Price",
        Field::CompareAt => "Variant Compare At Price",
        Field::Barcode => "Variant Barcode",
        Field::Taxable => "Variant Taxable",
        Field::TaxCode => "Variant Tax Code",
        Field::ImageSource => "Image Src",
        Field::ImagePosition => "Image Position",
        Field::ImageAlt => "Image Alt Text",
        Field::GiftCard => "Gift Card",
    };
    name.to_owned()
}
