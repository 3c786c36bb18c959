//! What clients asked and were answered, written down as it happens: `requests.jsonl` line by line, and what they concluded
//! from it, `facts.jsonl`, for the checker.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use checker::{Fact, Stage};

/// The diary of all clients of a run.
#[derive(Clone)]
pub struct Diary(Arc<Mutex<Pages>>);

struct Pages {
    requests: BufWriter<File>,
    facts_file: BufWriter<File>,
    facts: Vec<Fact>,
    counts: Counts,
}

/// What was counted on the way.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Requests by the status of their answer; 0 when there was none.
    pub answers: BTreeMap<u16, u64>,
    /// The first few answers that a healthy shop never gives, with the request.
    pub odd: Vec<String>,
    /// The longest time that one answer took.
    pub longest: Duration,
}

/// Milliseconds since 1970.
pub fn now() -> i64 {
    kernel::Clock::system().now().0 / 1_000
}

impl Diary {
    /// An empty one in `folder`.
    ///
    /// # Errors
    /// A file cannot be made.
    pub fn new(folder: &Path) -> std::io::Result<Self> {
        let file = |name: &str| File::create(folder.join(name)).map(BufWriter::new);
        let (requests, facts_file) = (file("requests.jsonl")?, file("facts.jsonl")?);
        let counts = Counts::default();
        Ok(Self(Arc::new(Mutex::new(Pages { requests, facts_file, facts: Vec::new(), counts }))))
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and its answer; a status of 0 when there was none, and then `said` is why.
    pub(crate) fn request(&self, who: &str, asked: &str, (status, said): (u16, &str), took: Duration) {
        let line = serde_json::json!({
            "at": now(), "who": who, "asked": asked, "status": status, "said": said,
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        let mut pages = self.pages();
        *pages.counts.answers.entry(status).or_default() += 1;
        if status != 0 {
            pages.counts.longest = pages.counts.longest.max(took);
        }
        if status == 500 && pages.counts.odd.len() < 5 {
            pages.counts.odd.push(format!("{asked}: {status} {said}"));
        }
        // A diary that cannot be written is noticed when it is closed.
        let _ = writeln!(pages.requests, "{line}");
    }

    /// Something that a client concluded.
    pub fn fact(&self, buyer: &str, stage: Stage) {
        let fact = Fact { at: now(), buyer: buyer.to_owned(), stage };
        let mut pages = self.pages();
        if let Ok(line) = serde_json::to_string(&fact) {
            let _ = writeln!(pages.facts_file, "{line}");
        }
        pages.facts.push(fact);
    }

    /// All that was concluded, with the files written.
    ///
    /// # Errors
    /// The disk.
    pub fn close(&self) -> std::io::Result<(Vec<Fact>, Counts)> {
        let mut pages = self.pages();
        pages.requests.flush()?;
        pages.facts_file.flush()?;
        Ok((pages.facts.clone(), pages.counts.clone()))
    }

    /// How many facts pass `is_it`, so far.
    pub fn count(&self, is_it: impl Fn(&Stage) -> bool) -> usize {
        self.pages().facts.iter().filter(|fact| is_it(&fact.stage)).count()
    }
}
