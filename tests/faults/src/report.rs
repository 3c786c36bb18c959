//! What a run showed, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use checker::Verdict;

use crate::diary::Counts;

/// A run, judged.
#[derive(Debug)]
pub struct Report {
    /// What it was, with the seed that repeats it.
    pub title: String,
    /// Figures by name, in order.
    pub figures: Vec<(String, String)>,
    /// What clients counted.
    pub counts: Counts,
    /// What the processes said as errors.
    pub errors: BTreeMap<String, usize>,
    /// What the checker says.
    pub verdict: Verdict,
    /// What failed besides.
    pub failures: Vec<String>,
}

impl Report {
    /// Whether all is as it should be.
    pub fn is_clean(&self) -> bool {
        self.verdict.is_clean() && self.failures.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title)?;
        for (name, figure) in &self.figures {
            writeln!(f, "  {name:<32} {figure}")?;
        }
        let answers: Vec<String> = self
            .counts
            .answers
            .iter()
            .map(|(status, count)| if *status == 0 { format!("none: {count}") } else { format!("{status}: {count}") })
            .collect();
        writeln!(f, "  {:<32} {}", "answers", answers.join(", "))?;
        for odd in &self.counts.odd {
            writeln!(f, "  odd: {odd}")?;
        }
        for (error, count) in self.errors.iter().take(10) {
            writeln!(f, "  logged {count} times: {error}")?;
        }
        write!(f, "{}", self.verdict)?;
        for failure in &self.failures {
            writeln!(f, "  FAILED {failure}")?;
        }
        writeln!(f, "{}", if self.is_clean() { "  all zeros" } else { "  NOT CLEAN" })
    }
}

/// The time within which `share` of `sorted` ended.
pub fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}
