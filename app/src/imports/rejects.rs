//! The file of what was refused: the rows as they were, and what is wrong with each. Corrected, it can be imported.

use super::cells::{guarded, unguarded, writer};
use super::shopify::{ProductFile, Reject};

const COLUMN: &str = "error";

/// Refused rows, in the order of the file.
pub(super) struct RejectFile<'a> {
    file: &'a ProductFile,
    /// Begun with the first row.
    rows: Option<csv::Writer<Vec<u8>>>,
    /// Where a file that was refused before has its column already.
    column: Option<usize>,
}

impl<'a> RejectFile<'a> {
    pub(super) fn of(file: &'a ProductFile) -> Self {
        let column = file.header().iter().position(|name| name.trim().eq_ignore_ascii_case(COLUMN));
        Self { file, rows: None, column }
    }

    /// Adds all rows of a product.
    pub(super) fn add(&mut self, group: usize, problems: &[Reject]) -> csv::Result<()> {
        let (file, column) = (self.file, self.column);
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => {
                let mut rows = writer(Vec::new());
                rows.write_record(line_of(file.header().iter(), column, COLUMN))?;
                none.insert(rows)
            }
        };
        for (line, cells) in file.rows_of(group) {
            rows.write_record(line_of(cells.iter(), column, &error_of(line, problems)))?;
        }
        Ok(())
    }

    /// The file; `None` when nothing was refused.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        self.rows.and_then(|rows| rows.into_inner().ok())
    }
}

/// `cells` with `error` in its column, else before them: behind the cells of a row that is too short or too long it
/// would be in another column.
fn line_of<'a>(cells: impl Iterator<Item = &'a str>, column: Option<usize>, error: &str) -> Vec<String> {
    let mut line: Vec<String> = cells.map(|cell| guarded(unguarded(cell)).into_owned()).collect();
    let error = guarded(error).into_owned();
    match column.and_then(|column| line.get_mut(column)) {
        Some(cell) => *cell = error,
        None => line.insert(0, error),
    }
    line
}

/// What is wrong with the row; where nothing is, which row of its product it suffers for.
fn error_of(line: u64, problems: &[Reject]) -> String {
    let own: Vec<String> = problems.iter().filter(|reject| reject.line == line).map(text_of).collect();
    if !own.is_empty() {
        return own.join("; ");
    }
    let others: Vec<String> = problems.iter().map(|reject| reject.line.to_string()).collect();
    format!("the product is refused as a whole because of line {}", others.join(", "))
}

fn text_of(reject: &Reject) -> String {
    let Reject { column, value, problem, .. } = reject;
    match (column.is_empty(), value.is_empty()) {
        (true, true) => problem.clone(),
        (true, false) => format!("{value}: {problem}"),
        (false, true) => format!("{column} is empty: {problem}"),
        (false, false) => format!("{column} {value:?}: {problem}"),
    }
}
