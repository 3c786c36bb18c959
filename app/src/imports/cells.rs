//! Cells of files that people open in a spreadsheet, where a text that begins like a formula would be carried out.

use std::borrow::Cow;

/// `text` as it is written to a file. [`unguarded`] gives it back.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell that was written with [`guarded`], or by somebody else.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'])
}

/// Writes files of such cells: every cell quoted, lines ended as spreadsheets do.
pub fn writer<W: std::io::Write>(to: W) -> csv::Writer<W> {
    csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "Oak", "5", "'tis", "a=b"] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn every_text_comes_back() {
        for text in ["=1+1", "'=1", "''=1", "-", "'", "''", "'tis", "Oak", "", "＝1"] {
            assert_eq!(unguarded(&guarded(text)), text);
        }
    }
}
