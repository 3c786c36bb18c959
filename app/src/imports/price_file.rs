//! The prices of a list from a file, and to a file: one row for each SKU and quantity.

use std::io::Write;

use catalog_api::{ListPriceInput, ListedPrice};
use kernel::{Currency, Money, Quantity};

use super::cells::{guarded, unguarded, writer};
use super::lines::{Lines, begin_of};

const COLUMNS: [&str; 3] = ["SKU", "From quantity", "Price"];
const MOST_ROWS: usize = 50_000;

/// A row of a file, and the line on which it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// From 1, which is the header's.
    pub line: u64,
    /// What it says.
    pub price: ListPriceInput,
}

/// Reads prices in `currency`, with commas, semicolons or tabs between the columns. A row without a quantity is for one and
/// more; one without a price takes that price out of the list.
///
/// # Errors
/// What is wrong, line by line.
pub fn read(content: &[u8], currency: Currency) -> Result<Vec<PriceRow>, Vec<String>> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b';', b'\t'].into_iter().find(|sign| first.contains(sign)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text);
    let header = reader.headers().map_err(|error| vec![format!("The file cannot be read: {error}")])?.clone();
    let place = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
    let missing = || vec!["The first line has to name the columns SKU, From quantity and Price".to_owned()];
    // A quantity that is not found must not become a price for every quantity.
    let [Some(sku), Some(from), Some(price)] = COLUMNS.map(place) else { return Err(missing()) };
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    let mut lines = Lines::from(text, 1);
    for record in reader.records() {
        if rows.len() + problems.len() >= MOST_ROWS {
            return Err(vec!["The file has more than 50,000 rows; send it in parts".to_owned()]);
        }
        match record {
            Err(error) => problems.push(format!("The file cannot be read: {error}")),
            Ok(record) => {
                let line = lines.at(begin_of(text, &record));
                let cell = |place: usize| unguarded(record.get(place).unwrap_or_default().trim());
                match row([sku, from, price].map(cell), currency) {
                    Ok(None) => {}
                    Ok(Some(price)) => rows.push(PriceRow { line, price }),
                    Err(problem) => problems.push(format!("Line {line}: {problem}")),
                }
            }
        }
    }
    if problems.is_empty() { Ok(rows) } else { Err(problems) }
}

/// What a row says; none for one with nothing in it.
fn row([sku, from, price]: [&str; 3], currency: Currency) -> Result<Option<ListPriceInput>, String> {
    if [sku, from, price].iter().all(|cell| cell.is_empty()) {
        return Ok(None);
    }
    if sku.is_empty() {
        return Err("write the SKU".to_owned());
    }
    let min_quantity = if from.is_empty() { Ok(Quantity::ONE) } else { from.parse::<Quantity>() };
    let min_quantity = min_quantity.map_err(|error| format!("From quantity: {error}"))?;
    let price = (!price.is_empty()).then(|| Money::parse_major(price, currency)).transpose();
    let price = price.map_err(|error| format!("Price: {error}; use digits and a point, without a currency sign"))?;
    Ok(Some(ListPriceInput { variant: sku.to_owned(), min_quantity, price }))
}

/// Writes prices so that the same list, given them again, stays as it is. A variant without a SKU has its id.
///
/// # Errors
/// They cannot be written.
pub fn write(prices: &[ListedPrice], to: impl Write) -> Result<(), csv::Error> {
    let mut file = writer(to);
    file.write_record(COLUMNS)?;
    for price in prices {
        let variant = price.sku.clone().unwrap_or_else(|| price.variant_id.to_string());
        file.write_record([&*guarded(&variant), &price.min_quantity.to_string(), &price.price.to_major()])?;
    }
    file.flush().map_err(csv::Error::from)
}

#[cfg(test)]
mod tests;
