//! Time: moments in UTC, and the clock that tells them, which tests set.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A moment: microseconds since 1970-01-01T00:00:00Z. Stored as a 64-bit integer on both databases, travels as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment and `duration` more.
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This moment less `duration`.
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to this moment, zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// In UTC to the minute, as [`Timestamp::parse_minute`] reads it.
    pub fn to_minute(self) -> String {
        let (year, month, day, hour, minute, _) = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}")
    }

    /// Reads a date and a time of day in UTC to the minute, as browsers send it: `2026-11-21T10:42`. `None` for what is
    /// not on the calendar. The arithmetic is Howard Hinnant's `days_from_civil`.
    pub fn parse_minute(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (date.next()??, date.next()??, date.next()??);
        let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
        let (hour, minute) = (time.next()??, time.next()??);
        let fits = (1..=9_999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute);
        if !fits {
            return None;
        }
        let shifted = if month > 2 { year } else { year - 1 };
        let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        let moment = Self(((days * 24 + hour) * 60 + minute) * 60_000_000);
        // What is not on the calendar comes out as another day.
        let read = [year, month, day, hour, minute];
        let (year, month, day, hour, minute, _) = moment.civil();
        (read == [year, month.into(), day.into(), hour.into(), minute.into()]).then_some(moment)
    }

    /// Year, month, day, hour, minute and second in UTC.
    /// The calendar is proleptic Gregorian; the arithmetic is Howard Hinnant's `civil_from_days`.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let seconds = self.0.div_euclid(1_000_000);
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let part = |n: i64| u32::try_from(n).unwrap_or(0);
        (year, part(month), part(day), part(of_day / 3_600), part(of_day / 60 % 60), part(of_day % 60))
    }
}

/// RFC 3339 in UTC, to the second.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Tells the time. Passed in, so that a test can set Tuesday noon.
#[derive(Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `moment` until [`Clock::advance`] moves it.
    pub fn fixed(moment: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(moment.0))))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(fixed) => Timestamp(fixed.load(Ordering::SeqCst)),
            None => {
                #[allow(clippy::disallowed_methods)] // The one place that asks the machine.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Moves a fixed clock on; the machine's clock goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Some(fixed) = &self.0 {
            fixed.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_minute_is_read_as_browsers_send_it_and_reads_back() {
        for text in ["1970-01-01T00:00", "2024-02-29T23:59", "2026-11-21T10:42", "2100-03-01T00:00"] {
            let moment = Timestamp::parse_minute(text).expect("on the calendar");
            assert_eq!(format!("{moment}"), format!("{text}:00Z"));
        }
    }

    #[test]
    fn what_is_not_on_the_calendar_is_no_moment() {
        let wrong = ["", "2026-11-21", "2026-02-29T10:00", "2026-13-01T10:00", "2026-11-21T24:00", "2026-11-21T10:60"];
        for text in wrong.into_iter().chain(["-2026-11-21T10:00", "2026-11-9999999999999T10:00", "x-11-21T10:00"]) {
            assert_eq!(Timestamp::parse_minute(text), None, "{text}");
        }
    }
}
