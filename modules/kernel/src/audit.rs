//! What every module can be asked: which of its invariants does its own data break?
//!
//! A module answers with a read method `audit`, which takes an [`AuditRequest`] and gives [`Violation`]s: none when all
//! is well. What spans several modules is compared by whoever can read all of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Asks a module to compare its data with its invariants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditRequest {
    /// Show at most so many broken rows of each invariant; 0 shows the first one only.
    #[serde(default)]
    pub rows: u32,
}

impl AuditRequest {
    /// How many rows of each invariant to look for: at least 1, at most 1,000.
    pub fn capped_rows(&self) -> i64 {
        i64::from(self.rows.clamp(1, 1_000))
    }
}

/// A row that breaks an invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// `I-S1`
    pub invariant: String,
    /// What is wrong, in words.
    pub message: String,
    /// Which row, and what is in it.
    pub row: String,
}

impl Violation {
    /// `row` breaks `invariant`; `message` says how.
    pub fn new(invariant: &str, message: impl Into<String>, row: impl Into<String>) -> Self {
        Self { invariant: invariant.to_owned(), message: message.into(), row: row.into() }
    }
}
