//! What is found, and how it is shown.

use std::fmt;

use crate::evidence::Evidence;
use crate::rules::{RULES, Rule, Zero};

/// How many violations each rule has found, with the evidence of each.
#[derive(Debug)]
pub struct Verdict {
    found: Vec<(&'static Rule, Vec<String>)>,
}

/// Judges by every rule.
pub fn judge(evidence: &Evidence) -> Verdict {
    Verdict { found: RULES.iter().map(|rule| (rule, (rule.find)(evidence))).collect() }
}

impl Verdict {
    /// Whether no rule is violated.
    pub fn is_clean(&self) -> bool {
        self.found.iter().all(|(_, violations)| violations.is_empty())
    }

    /// The names of the violated rules.
    pub fn violated(&self) -> Vec<&'static str> {
        self.found.iter().filter(|(_, found)| !found.is_empty()).map(|(rule, _)| rule.name).collect()
    }

    /// Violations of all rules that guard one of the zeros.
    pub fn count(&self, zero: Zero) -> usize {
        self.found.iter().filter(|(rule, _)| rule.zero == zero).map(|(_, found)| found.len()).sum()
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for zero in Zero::ALL {
            let rules = self.found.iter().filter(|(rule, _)| rule.zero == zero).count();
            writeln!(f, "  {:<32} {:>4}   by {rules} rules", zero.words(), self.count(zero))?;
        }
        for (rule, violations) in &self.found {
            if let Some(first) = violations.first() {
                writeln!(f, "  VIOLATED {} ({}), {} times; first: {first}", rule.name, rule.says, violations.len())?;
            }
        }
        Ok(())
    }
}
