//! On which line of a file a row begins. The reader's own count is one short where lines end as on Windows.

use csv::StringRecord;

/// Where the row begins: what the reader says, less the empty lines before it.
pub(super) fn begin_of(text: &[u8], record: &StringRecord) -> usize {
    let said = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
    let empty = text.get(said..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    said + empty
}

/// Counts lines, going forward only.
pub(super) struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    /// Of a text whose first line has this number.
    pub(super) fn from(text: &'a [u8], line: u64) -> Self {
        Self { text, at: 0, line }
    }

    /// The line on which this byte stands.
    pub(super) fn at(&mut self, byte: usize) -> u64 {
        let passed = self.text.get(self.at..byte).unwrap_or_default();
        self.line += passed.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        self.at = self.at.max(byte);
        self.line
    }
}
