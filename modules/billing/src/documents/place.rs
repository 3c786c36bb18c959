//! A place in a series: the number of a document, and the moment it was issued.

use billing_api::{Document, Numbering};
use kernel::db::AnyConnection;
use kernel::{CallError, Clock, IdempotencyKey, Timestamp};

use super::rules;
use crate::Outcome;
use crate::store::{documents, series};

/// The next place in a series. Nobody else has the series until the unit of work ends; if it fails, nothing was counted.
pub(super) struct Place {
    seller: String,
    series: String,
    count: i64,
    pub(super) number: String,
    pub(super) at: Timestamp,
}

impl Place {
    /// Holds the series. The time is told when it is held, and never runs back: numbers and dates rise together.
    pub(super) fn take(conn: &mut AnyConnection, clock: &Clock, seller: &str, numbering: &Numbering) -> Outcome<Self> {
        let mut year = clock.now().civil().0;
        loop {
            let series = numbering.series(year);
            let held = series::series_held(conn, seller, &series)?;
            let (count, at) = (held.last_number + 1, clock.now().max(held.last_issued_at));
            year = at.civil().0;
            // Who waited for it into the new year takes a number of that one.
            if numbering.series(year) == series {
                return Ok(Self {
                    seller: seller.to_owned(),
                    number: numbering.number(year, count),
                    series,
                    count,
                    at,
                });
            }
        }
    }

    /// Keeps the document in this place, and moves the series on. One whose sums break a rule is not kept.
    pub(super) fn keep(&self, conn: &mut AnyConnection, document: &Document, key: &IdempotencyKey) -> Outcome<()> {
        let broken = rules::broken(&document.lines, &document.charges, &document.vat, &document.totals);
        if !broken.is_empty() {
            return Err(CallError::Internal(format!("{} would break {}", self.number, broken.join(", "))));
        }
        if !series::series_advance(conn, &self.seller, &self.series, self.count, self.at)? {
            return Err(CallError::Internal(format!("the series {} was moved while it was held", self.series)));
        }
        documents::document_insert(conn, document, (&self.seller, &self.series, self.count), &key.to_string())?;
        Ok(())
    }
}
