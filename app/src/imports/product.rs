//! One product of a file: what its rows say, or everything that is wrong with them.

use std::collections::HashMap;

use catalog_api::{Media, ProductInput, ProductStatus, VariantInput};
use kernel::{Currency, Money, TaxClass};

use super::columns::Field;
use super::shopify::{Reject, Row};

const MAX_PRICE: i64 = 10_000_000_000;
const MAX_ON_HAND: i64 = 1_000_000_000;
const MAX_GRAMS: f64 = 1e9;
const MAX_SKU: usize = 64;
const OPTIONS: usize = 3;

/// A product as a file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileProduct {
    /// For the catalog.
    pub input: ProductInput,
    /// For the inventory, one for each variant.
    pub stock: Vec<FileStock>,
    /// Which of its rows describes each variant.
    pub(super) variant_rows: Vec<usize>,
    /// Which of its rows names each picture.
    pub(super) media_rows: Vec<usize>,
}

impl FileProduct {
    /// Which row and column a field of the input, such as `variants[2].price`, comes from.
    pub(super) fn place_of(&self, field: &str) -> (usize, Option<Field>) {
        let (list, rest) = field.split_once('[').unwrap_or((field, ""));
        let (number, part) = rest.split_once(']').unwrap_or(("0", ""));
        let number: usize = number.parse().unwrap_or(0);
        let row_of = |rows: &[usize]| rows.get(number).copied().unwrap_or(0);
        match (list, part) {
            ("slug", _) => (0, Some(Field::Handle)),
            ("title", _) => (0, Some(Field::Title)),
            ("description_html", _) => (0, Some(Field::Body)),
            ("vendor", _) => (0, Some(Field::Vendor)),
            ("category", _) => (0, Some(Field::Type)),
            ("tags", _) => (0, Some(Field::Tags)),
            ("options", _) => (0, Some(Field::OptionName(number))),
            ("variants", ".sku") => (row_of(&self.variant_rows), Some(Field::Sku)),
            ("variants", ".price") => (row_of(&self.variant_rows), Some(Field::Price)),
            ("variants", ".compare_at_price") => (row_of(&self.variant_rows), Some(Field::CompareAt)),
            ("variants", ".barcode") => (row_of(&self.variant_rows), Some(Field::Barcode)),
            ("variants", ".weight_grams") => (row_of(&self.variant_rows), Some(Field::Grams)),
            ("variants", ".option_values") => (row_of(&self.variant_rows), Some(Field::OptionValue(0))),
            ("media", ".alt") => (row_of(&self.media_rows), Some(Field::ImageAlt)),
            ("media", _) => (row_of(&self.media_rows), Some(Field::ImageSource)),
            _ => (0, None),
        }
    }
}

/// The stock of a variant as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStock {
    /// None when the file does not say.
    pub on_hand: Option<i64>,
    /// Whether stock is counted at all.
    pub track_inventory: bool,
    /// Whether more may be sold than is there.
    pub backorderable: bool,
}

/// Reads the rows of one product. A picture that `media` knows comes with its size and colour.
pub(super) fn read(
    rows: &[Row<'_>],
    currency: Currency,
    media: &HashMap<String, Media>,
) -> Result<FileProduct, Vec<Reject>> {
    let mut problems = Problems(Vec::new());
    let options = option_names(rows, &mut problems);
    let Some(first) = rows.first() else { return Err(problems.0) };
    let variant_rows: Vec<usize> = (0..rows.len()).filter(|&at| at == 0 || is_variant(&rows[at])).collect();
    let variants: Vec<VariantInput> =
        variant_rows.iter().map(|&at| variant(&rows[at], options.len(), currency, &mut problems)).collect();
    refuse_repeated_values(rows, &variant_rows, &variants, &mut problems);
    let stock = variant_rows.iter().map(|&at| stock(&rows[at], &mut problems)).collect();
    let (media_rows, media) = pictures(rows, media, &mut problems);
    let input = ProductInput {
        slug: slug(first, &mut problems),
        title: title(rows, &mut problems),
        description_html: first.get(Field::Body).to_owned(),
        vendor: filled(first.get(Field::Vendor)),
        category: category(first),
        status: status(first, &mut problems),
        tags: first.get(Field::Tags).split(',').filter_map(filled).collect(),
        options,
        variants,
        media,
    };
    if first.get(Field::GiftCard).eq_ignore_ascii_case("true") {
        problems.add(first.reject(Field::GiftCard, "gift cards are not goods; take the row out"));
    }
    problems.none_or(FileProduct { input, stock, variant_rows, media_rows })
}

/// What is wrong so far.
struct Problems(Vec<Reject>);

impl Problems {
    fn add(&mut self, reject: Reject) {
        self.0.push(reject);
    }

    fn none_or<T>(mut self, value: T) -> Result<T, Vec<Reject>> {
        self.0.sort_by_key(|reject| reject.line);
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

fn filled(text: &str) -> Option<String> {
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn slug(first: &Row<'_>, problems: &mut Problems) -> String {
    let slug = first.get(Field::Handle).to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if slug.len() > 200 || !slug.bytes().all(fits) {
        problems.add(first.reject(Field::Handle, "use at most 200 letters a to z, digits and hyphens"));
    }
    slug
}

/// Later rows leave the title empty or repeat it; another one would be another product.
fn title(rows: &[Row<'_>], problems: &mut Problems) -> String {
    let title = rows[0].get(Field::Title);
    if title.is_empty() || title.chars().count() > 200 {
        problems.add(rows[0].reject(Field::Title, "write a title of 1 to 200 characters"));
    }
    for row in &rows[1..] {
        let other = row.get(Field::Title);
        if !other.is_empty() && other != title {
            let problem = format!("line {} has the same handle; give each product its own", rows[0].line);
            problems.add(row.reject(Field::Title, problem));
        }
    }
    title.to_owned()
}

/// The shop's own type, else the last part of the path in Shopify's taxonomy.
fn category(first: &Row<'_>) -> Option<String> {
    let path = first.get(Field::Category);
    let of_taxonomy = path.rsplit('>').next().and_then(filled).filter(|name| !name.bytes().all(|b| b.is_ascii_digit()));
    filled(first.get(Field::Type)).or(of_taxonomy)
}

fn status(first: &Row<'_>, problems: &mut Problems) -> ProductStatus {
    let published = match first.get(Field::Published).to_ascii_lowercase().as_str() {
        "" | "true" | "yes" | "1" => true,
        "false" | "no" | "0" => false,
        _ => {
            problems.add(first.reject(Field::Published, "write true or false"));
            false
        }
    };
    match first.get(Field::Status).to_ascii_lowercase().as_str() {
        "" | "active" if published => ProductStatus::Active,
        "" | "active" | "draft" => ProductStatus::Draft,
        "archived" => ProductStatus::Archived,
        _ => {
            problems.add(first.reject(Field::Status, "write active, draft or archived"));
            ProductStatus::Draft
        }
    }
}

/// The names of the options. Shopify calls the one of a product without options `Title`, with the value `Default
/// Title`.
fn option_names(rows: &[Row<'_>], problems: &mut Problems) -> Vec<String> {
    let Some(first) = rows.first() else { return Vec::new() };
    let name = |place: usize| rows.iter().find_map(|row| filled(row.get(Field::OptionName(place))));
    let has_value = |place: usize| rows.iter().find(|row| !row.get(Field::OptionValue(place)).is_empty());
    let mut names = Vec::new();
    for place in 0..OPTIONS {
        match (name(place), has_value(place)) {
            (Some(name), _) if names.len() == place => names.push(name),
            (None, None) => {}
            (_, row) => {
                let problem = "name the option that this value is of, and fill the options in order";
                problems.add(row.unwrap_or(first).reject(Field::OptionName(place), problem));
            }
        }
    }
    let is_default =
        names == ["Title"] && rows.iter().all(|row| matches!(row.get(Field::OptionValue(0)), "" | "Default Title"));
    if is_default { Vec::new() } else { names }
}

/// Whether a further row describes a variant, rather than only a picture.
fn is_variant(row: &Row<'_>) -> bool {
    let values = (0..OPTIONS).map(Field::OptionValue);
    values.chain([Field::Price, Field::Sku]).any(|field| !row.get(field).is_empty())
}

fn variant(row: &Row<'_>, options: usize, currency: Currency, problems: &mut Problems) -> VariantInput {
    let option_values: Vec<String> = (0..options).map(|place| row.get(Field::OptionValue(place)).to_owned()).collect();
    for place in (0..options).filter(|&place| option_values[place].is_empty()) {
        problems.add(row.reject(Field::OptionValue(place), "write the value that this variant has"));
    }
    let price = amount(row, Field::Price, currency, problems);
    if price.is_none() && row.get(Field::Price).is_empty() {
        problems.add(row.reject(Field::Price, "write the price, for instance 12.50"));
    }
    VariantInput {
        sku: sku(row, problems),
        option_values,
        price: price.unwrap_or(Money::zero(currency)),
        compare_at_price: amount(row, Field::CompareAt, currency, problems),
        // Shopify puts an apostrophe before digits, so that spreadsheets leave them alone.
        barcode: filled(row.get(Field::Barcode).trim_start_matches('\'')),
        weight_grams: grams(row, problems),
        tax_class: tax_class(row, problems),
    }
}

/// The tax code is the class. What is not taxable is `exempt`; that something is taxable does not yet say how, so that a
/// file without codes leaves the classes that were chosen here as they are.
fn tax_class(row: &Row<'_>, problems: &mut Problems) -> Option<TaxClass> {
    let code = filled(row.get(Field::TaxCode)).map(|code| code.parse::<TaxClass>());
    let class = code.transpose().unwrap_or_else(|error| {
        problems.add(row.reject(Field::TaxCode, error.to_string()));
        None
    });
    let is_exempt = class.as_ref().is_some_and(|class| class.as_str() == TaxClass::EXEMPT);
    match row.get(Field::Taxable).to_ascii_lowercase().as_str() {
        "" => class,
        "true" | "yes" | "1" if !is_exempt => class,
        "true" | "yes" | "1" => {
            problems.add(row.reject(Field::TaxCode, "what is exempt is not taxable; write standard, or another class"));
            None
        }
        "false" | "no" | "0" => class.filter(TaxClass::is_untaxed).or_else(|| TaxClass::EXEMPT.parse().ok()),
        _ => {
            problems.add(row.reject(Field::Taxable, "write true or false"));
            None
        }
    }
}

fn sku(row: &Row<'_>, problems: &mut Problems) -> Option<String> {
    let sku = filled(row.get(Field::Sku))?;
    if sku.len() > MAX_SKU || !sku.bytes().all(|byte| byte.is_ascii_graphic()) {
        problems.add(row.reject(Field::Sku, "use at most 64 letters, digits and signs of ASCII, without spaces"));
    }
    Some(sku)
}

fn amount(row: &Row<'_>, field: Field, currency: Currency, problems: &mut Problems) -> Option<Money> {
    let text = filled(row.get(field))?;
    match Money::parse_major(&text, currency) {
        Ok(price) if (0..=MAX_PRICE).contains(&price.amount) => Some(price),
        Ok(_) => {
            let most = Money::new(MAX_PRICE, currency).to_major();
            problems.add(row.reject(field, format!("write an amount from 0 to {most}")));
            None
        }
        Err(error) => {
            problems.add(row.reject(field, format!("{error}; use digits and a point, without a currency sign")));
            None
        }
    }
}

/// In grams, or in a unit that the row names.
fn grams(row: &Row<'_>, problems: &mut Problems) -> Option<i64> {
    let (field, per_unit) = match filled(row.get(Field::Grams)) {
        Some(_) => (Field::Grams, 1.0),
        None => (Field::Weight, grams_per_unit(row, problems)?),
    };
    let text = filled(row.get(field))?;
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let weight = if plain { text.parse::<f64>().ok() } else { None };
    match weight.map(|weight| (weight * per_unit).round()) {
        // In these bounds a float is exact.
        #[allow(clippy::cast_possible_truncation)]
        Some(grams) if grams <= MAX_GRAMS => Some(grams as i64).filter(|&grams| grams > 0),
        _ => {
            problems.add(row.reject(field, "write a weight as a number, for instance 450"));
            None
        }
    }
}

fn grams_per_unit(row: &Row<'_>, problems: &mut Problems) -> Option<f64> {
    filled(row.get(Field::Weight))?;
    match row.get(Field::WeightUnit).to_ascii_lowercase().as_str() {
        "g" => Some(1.0),
        "kg" => Some(1_000.0),
        "oz" => Some(28.349_523_125),
        "lb" => Some(453.592_37),
        _ => {
            problems.add(row.reject(Field::WeightUnit, "write g, kg, oz or lb"));
            None
        }
    }
}

fn stock(row: &Row<'_>, problems: &mut Problems) -> FileStock {
    let quantity = row.get(Field::Quantity);
    let track_inventory =
        if row.has_column(Field::Tracker) { !row.get(Field::Tracker).is_empty() } else { !quantity.is_empty() };
    let on_hand = match quantity.strip_suffix(".0").unwrap_or(quantity).parse::<i64>() {
        Ok(on_hand) if (0..=MAX_ON_HAND).contains(&on_hand) => Some(on_hand),
        _ if quantity.is_empty() || !track_inventory => None,
        _ => {
            problems.add(row.reject(Field::Quantity, "write how many are there, 0 or more"));
            None
        }
    };
    FileStock { on_hand, track_inventory, backorderable: backorderable(row, problems) }
}

fn backorderable(row: &Row<'_>, problems: &mut Problems) -> bool {
    match row.get(Field::Policy).to_ascii_lowercase().as_str() {
        "" | "deny" | "false" => false,
        "continue" | "true" => true,
        _ => {
            problems.add(row.reject(Field::Policy, "write deny or continue"));
            false
        }
    }
}

fn refuse_repeated_values(
    rows: &[Row<'_>],
    variant_rows: &[usize],
    variants: &[VariantInput],
    problems: &mut Problems,
) {
    let mut seen: HashMap<&[String], u64> = HashMap::new();
    for (variant, &at) in variants.iter().zip(variant_rows) {
        let row = &rows[at];
        match seen.get(variant.option_values.as_slice()) {
            None => {
                seen.insert(&variant.option_values, row.line);
            }
            Some(line) => {
                let problem = format!("line {line} is the same variant; change an option value, or take one row out");
                problems.add(row.reject(Field::OptionValue(0), problem));
            }
        }
    }
}

/// The pictures by position, those without one last, and their rows.
fn pictures(rows: &[Row<'_>], known: &HashMap<String, Media>, problems: &mut Problems) -> (Vec<usize>, Vec<Media>) {
    let mut found: Vec<(u32, usize, Media)> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(source) = filled(row.get(Field::ImageSource)) else { continue };
        let position = row.get(Field::ImagePosition);
        let place = if position.is_empty() { Ok(u32::MAX) } else { position.parse() };
        if place.is_err() {
            problems.add(row.reject(Field::ImagePosition, "write 1, 2, 3 …, or leave it empty"));
        }
        found.push((place.unwrap_or(u32::MAX), at, picture(source, row.get(Field::ImageAlt), known)));
    }
    found.sort_by_key(|(place, at, _)| (*place, *at));
    found.into_iter().map(|(_, at, picture)| (at, picture)).unzip()
}

fn picture(source: String, alt: &str, known: &HashMap<String, Media>) -> Media {
    let unknown = || Media { source: source.clone(), alt: String::new(), width: 0, height: 0, tone: None };
    let picture = known.get(&source).cloned().unwrap_or_else(unknown);
    if alt.is_empty() { picture } else { Media { alt: alt.to_owned(), ..picture } }
}
