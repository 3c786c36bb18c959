//! Reads Shopify's product CSV: the file is checked as a whole first, then each product with all its rows.
//!
//! The rows of a product follow each other and have its handle. The first row describes the product and its first
//! variant, further rows a variant, a picture, or both.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use bytes::Bytes;
use catalog_api::Media;
use csv::StringRecord;
use kernel::Currency;
use serde::{Deserialize, Serialize};

use super::cells::unguarded;
use super::columns::{Columns, Field, default_name};
use super::lines::{Lines, begin_of};
use super::product::{self, FileProduct};

const MAX_FILE: usize = 50 * 1024 * 1024;
const MAX_CELL: usize = 1024 * 1024;
/// What of a bad value is shown.
const MAX_SHOWN: usize = 100;

/// A file that cannot be read as products at all. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// There is nothing in it.
    #[error("the file is empty; export the products from Shopify as CSV and choose that file")]
    Empty,
    /// It is longer than 50 MiB.
    #[error(
        "the file has {bytes} bytes, and at most 50 MiB can be read; split it, keeping the first line in each part"
    )]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It is in another encoding.
    #[error("line {line} is not UTF-8 (byte {byte} of the file); save the file as \"CSV UTF-8\"")]
    NotUtf8 {
        /// The line.
        line: u64,
        /// The place, from 1.
        byte: usize,
    },
    /// A cell is longer than 1 MiB.
    #[error(
        "line {line}: a cell is longer than 1 MiB; look there for a quotation mark that is not closed, or shorten it"
    )]
    CellTooLarge {
        /// Where the row begins.
        line: u64,
    },
    /// It is not a file of products.
    #[error(
        "there is no column {missing}; the first line names the columns as in Shopify's product export (found: {found})"
    )]
    NoColumn {
        /// What it should be called.
        missing: String,
        /// The first of those that there are.
        found: String,
    },
    /// The rows cannot be told apart.
    #[error("line {line} cannot be read: {cause}; save the file again as CSV")]
    Malformed {
        /// Where.
        line: u64,
        /// What the reader said.
        cause: String,
    },
}

/// Something that is wrong with a row, and with it the whole product is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Where the row begins in the file; the first line is 1.
    pub line: u64,
    /// The product.
    pub handle: String,
    /// The column; empty when it is about the whole row.
    pub column: String,
    /// What is there.
    pub value: String,
    /// What to do about it.
    pub problem: String,
}

/// A file of products that can be read.
#[derive(Clone, Debug)]
pub struct ProductFile {
    text: Bytes,
    delimiter: u8,
    header: StringRecord,
    columns: Columns,
    currency: Currency,
    groups: Vec<Group>,
    rows: usize,
}

/// Rows with the same handle that follow each other.
#[derive(Clone, Debug)]
struct Group {
    handle: String,
    bytes: Range<usize>,
    line: u64,
    /// The line where the same handle is found again, before or behind.
    elsewhere: Option<u64>,
}

/// A row of a product.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    cells: StringRecord,
    columns: &'a Columns,
}

impl Row<'_> {
    /// What is there, without spaces around it; empty when the file has no such column.
    pub(super) fn get(&self, field: Field) -> &str {
        let cell = self.columns.place(field).and_then(|place| self.cells.get(place));
        unguarded(cell.unwrap_or_default()).trim()
    }

    pub(super) fn has_column(&self, field: Field) -> bool {
        self.columns.place(field).is_some()
    }

    /// Names what is wrong with a cell of this row.
    pub(super) fn reject(&self, field: Field, problem: impl Into<String>) -> Reject {
        self.reject_row(self.columns.name(field), self.get(field), problem)
    }

    fn reject_row(&self, column: String, value: &str, problem: impl Into<String>) -> Reject {
        let mut shown: String = value.chars().take(MAX_SHOWN).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        let handle = self.get(Field::Handle).to_owned();
        Reject { line: self.line, handle, column, value: shown, problem: problem.into() }
    }
}

/// A product of a file, or why it cannot be taken.
pub struct Read {
    /// Which of the groups of rows it is.
    pub(super) group: usize,
    /// What it is.
    pub product: Result<FileProduct, Vec<Reject>>,
}

impl ProductFile {
    /// Checks that `bytes` can be read as products. Prices are in `currency`.
    ///
    /// # Errors
    /// See [`FileError`].
    pub fn open(bytes: Bytes, currency: Currency) -> Result<Self, FileError> {
        if bytes.len() > MAX_FILE {
            return Err(FileError::TooLarge { bytes: bytes.len() });
        }
        let bom = bytes.starts_with(b"\xef\xbb\xbf");
        let text = if bom { bytes.slice(3..) } else { bytes };
        if let Err(error) = std::str::from_utf8(&text) {
            let at = error.valid_up_to();
            return Err(FileError::NotUtf8 { line: line_at(&text, at), byte: at + 1 + if bom { 3 } else { 0 } });
        }
        if text.iter().all(u8::is_ascii_whitespace) {
            return Err(FileError::Empty);
        }
        let (delimiter, header) = header_of(&text)?;
        let columns = Columns::of(&header, currency);
        let mut file = Self { text, delimiter, header, columns, currency, groups: Vec::new(), rows: 0 };
        file.require_columns()?;
        file.find_groups()?;
        Ok(file)
    }

    /// How many products there are, good and bad.
    pub fn product_count(&self) -> usize {
        self.groups.len()
    }

    /// How many rows there are below the header.
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// The names of the columns.
    pub(super) fn header(&self) -> &StringRecord {
        &self.header
    }

    /// Reads the products one after the other. `media` knows pictures that the shop already holds, by their source.
    pub fn products<'a>(&'a self, media: &'a HashMap<String, Media>) -> Products<'a> {
        Products { file: self, media, next: 0, skus: HashMap::new() }
    }

    /// The rows of a group, with the lines where they begin.
    pub(super) fn rows_of(&self, group: usize) -> Vec<(u64, StringRecord)> {
        let Group { bytes, line, .. } = &self.groups[group];
        let text = &self.text[bytes.clone()];
        let mut lines = Lines::from(text, *line);
        let mut rows = Vec::new();
        let mut reader = reader(text, self.delimiter);
        let mut record = StringRecord::new();
        // These bytes were read before, so they can be read again.
        while reader.read_record(&mut record).unwrap_or(false) {
            let begin = begin_of(text, &record);
            if !is_blank(&record) {
                rows.push((lines.at(begin), record.clone()));
            }
        }
        rows
    }

    /// A refusal of the catalog (`variants[2].price`), in the words of the file: which line, which column.
    pub(super) fn reject_of(&self, group: usize, product: &FileProduct, field: &str, problem: String) -> Reject {
        let (row, column) = product.place_of(field);
        let mut rows = self.rows_of(group);
        let at = if row < rows.len() { row } else { 0 };
        let (line, cells) = if rows.is_empty() { (0, StringRecord::new()) } else { rows.swap_remove(at) };
        let row = Row { line, cells, columns: &self.columns };
        match column {
            Some(column) => row.reject(column, problem),
            None => row.reject_row(field.to_owned(), "", problem),
        }
    }

    fn require_columns(&self) -> Result<(), FileError> {
        let found = || self.header.iter().take(8).collect::<Vec<_>>().join(", ");
        for field in [Field::Handle, Field::Title, Field::Price] {
            if self.columns.place(field).is_none() {
                let in_currency = format!(" (or {} / {})", default_name(field), self.currency);
                let hint = if field == Field::Price { in_currency.as_str() } else { "" };
                return Err(FileError::NoColumn { missing: format!("{}{hint}", default_name(field)), found: found() });
            }
        }
        Ok(())
    }

    fn find_groups(&mut self) -> Result<(), FileError> {
        let text = self.text.clone();
        let mut lines = Lines::from(&text, 1);
        let mut reader = reader(&text, self.delimiter);
        let mut record = StringRecord::new();
        let mut is_header = true;
        while read(&mut reader, &mut record, &mut lines)? {
            let begin = begin_of(&text, &record);
            let line = lines.at(begin);
            if record.iter().any(|cell| cell.len() > MAX_CELL) {
                return Err(FileError::CellTooLarge { line });
            }
            if !std::mem::take(&mut is_header) && !is_blank(&record) {
                let end = usize::try_from(reader.position().byte()).unwrap_or(text.len());
                self.add_row(handle_of(&record, &self.columns), begin..end, line);
            }
        }
        self.find_handles_elsewhere();
        Ok(())
    }

    fn add_row(&mut self, handle: String, bytes: Range<usize>, line: u64) {
        self.rows += 1;
        match self.groups.last_mut() {
            Some(group) if group.handle == handle && !handle.is_empty() => group.bytes.end = bytes.end,
            _ => self.groups.push(Group { handle, bytes, line, elsewhere: None }),
        }
    }

    /// Of a product whose rows are scattered nobody knows which rows belong to it.
    fn find_handles_elsewhere(&mut self) {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, group) in self.groups.iter().enumerate().filter(|(_, group)| !group.handle.is_empty()) {
            places.entry(&group.handle).or_default().push(place);
        }
        let scattered: Vec<Vec<usize>> = places.into_values().filter(|places| places.len() > 1).collect();
        for places in scattered {
            for (at, &place) in places.iter().enumerate() {
                let other = if at == 0 { places[1] } else { places[0] };
                self.groups[place].elsewhere = Some(self.groups[other].line);
            }
        }
    }
}

/// The products of a file, in order.
pub struct Products<'a> {
    file: &'a ProductFile,
    media: &'a HashMap<String, Media>,
    next: usize,
    /// On which line a SKU was first seen.
    skus: HashMap<String, u64>,
}

impl Iterator for Products<'_> {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        let group = self.next;
        let about = self.file.groups.get(group)?;
        self.next += 1;
        let rows = self.file.rows_of(group);
        let row = |(line, cells)| Row { line, cells, columns: &self.file.columns };
        let rows: Vec<Row<'_>> = rows.into_iter().map(row).collect();
        let product = self.read(about, &rows);
        Some(Read { group, product })
    }
}

impl Products<'_> {
    fn read(&mut self, group: &Group, rows: &[Row<'_>]) -> Result<FileProduct, Vec<Reject>> {
        let mut problems = self.structural(group, rows);
        if !problems.is_empty() {
            return Err(problems);
        }
        let read = product::read(rows, self.file.currency, self.media);
        problems.extend(self.repeated_skus(rows));
        match read {
            Ok(product) if problems.is_empty() => Ok(product),
            Ok(_) => Err(problems),
            Err(mut others) => {
                others.extend(problems);
                others.sort_by_key(|reject| reject.line);
                Err(others)
            }
        }
    }

    /// What makes it pointless to read further.
    fn structural(&self, group: &Group, rows: &[Row<'_>]) -> Vec<Reject> {
        let wanted = self.file.header.len();
        let wrong_width =
            |row: &&Row<'_>| row.cells.len() < wanted || row.cells.iter().skip(wanted).any(|cell| !cell.is_empty());
        let width = |row: &Row<'_>| {
            let problem =
                format!("the header has {wanted} cells; quote cells that contain a comma, or add what is missing");
            row.reject_row(String::new(), &format!("{} cells", row.cells.len()), problem)
        };
        let mut problems: Vec<Reject> = rows.iter().filter(wrong_width).map(width).collect();
        let Some(first) = rows.first() else { return problems };
        if let Some(line) = group.elsewhere {
            let problem = format!(
                "line {line} has the same handle; keep the rows of a product together, and give each product its own"
            );
            problems.push(first.reject(Field::Handle, problem));
        }
        if group.handle.is_empty() {
            problems.push(first.reject(Field::Handle, "write the handle of the product, the same in each of its rows"));
        }
        problems
    }

    fn repeated_skus(&mut self, rows: &[Row<'_>]) -> Vec<Reject> {
        let mut problems = Vec::new();
        for row in rows {
            let sku = row.get(Field::Sku);
            if sku.is_empty() {
                continue;
            }
            match self.skus.get(sku) {
                Some(line) => {
                    let problem = format!("line {line} has the same SKU; give each variant its own");
                    problems.push(row.reject(Field::Sku, problem));
                }
                None => {
                    self.skus.insert(sku.to_owned(), row.line);
                }
            }
        }
        problems
    }
}

/// The delimiter with which the first line names a handle: spreadsheets of some countries write semicolons.
fn header_of(text: &[u8]) -> Result<(u8, StringRecord), FileError> {
    let header = |delimiter: u8| {
        let mut record = StringRecord::new();
        let read = reader(text, delimiter).read_record(&mut record);
        read.map_err(|error| FileError::Malformed { line: 1, cause: error.to_string() })?;
        Ok(record)
    };
    for delimiter in *b",;\t" {
        let record = header(delimiter)?;
        let names: HashSet<String> = record.iter().map(|name| name.trim().to_lowercase()).collect();
        if record.len() > 1 && (names.contains("handle") || names.contains("url handle")) {
            return Ok((delimiter, record));
        }
    }
    Ok((b',', header(b',')?))
}

fn reader(text: &[u8], delimiter: u8) -> csv::Reader<&[u8]> {
    // Rows of another length are named later, each with its line.
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text)
}

fn read(reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord, lines: &mut Lines<'_>) -> Result<bool, FileError> {
    let begin = usize::try_from(reader.position().byte()).unwrap_or(0);
    reader.read_record(record).map_err(|error| FileError::Malformed { line: lines.at(begin), cause: error.to_string() })
}

fn is_blank(record: &StringRecord) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// Handles are compared as URLs are: in lower case.
fn handle_of(record: &StringRecord, columns: &Columns) -> String {
    let cell = columns.place(Field::Handle).and_then(|place| record.get(place)).unwrap_or_default();
    unguarded(cell).trim().to_ascii_lowercase()
}

fn line_at(text: &[u8], at: usize) -> u64 {
    Lines::from(text, 1).at(at)
}

#[cfg(test)]
mod tests;
