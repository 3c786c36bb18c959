//! How often a password may be guessed: ten failures in ten minutes, then pauses that double up to an hour.

use std::time::Duration;

use kernel::Timestamp;

/// Failures that are allowed within [`WINDOW`].
const ALLOWED: i64 = 10;
const WINDOW: Duration = Duration::from_secs(10 * 60);
const FIRST_PAUSE: Duration = Duration::from_secs(10 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// Nothing older than this changes what is allowed now.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// What is remembered of an account. An attempt counts as a failure until its password proves right, so that guesses at
/// the same time cannot slip through together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attempts {
    pub(crate) failures: i64,
    pub(crate) counted_from: Timestamp,
    pub(crate) blocked_until: Timestamp,
}

impl Attempts {
    /// The first one.
    pub(crate) fn first(now: Timestamp) -> Self {
        Self { failures: 1, counted_from: now, blocked_until: now }
    }

    /// With one more at `now`.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub(crate) fn next(self, now: Timestamp) -> Result<Self, Duration> {
        // A clock that was turned back must not lock anybody out for longer than the longest pause.
        let blocked = now < self.blocked_until && self.blocked_until <= now.plus(LONGEST_PAUSE);
        if blocked {
            return Err(self.blocked_until.since(now));
        }
        if self.is_forgotten(now) {
            return Ok(Self::first(now));
        }
        let failures = self.failures.saturating_add(1);
        Ok(Self { failures, blocked_until: now.plus(pause_after(failures)), ..self })
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        let turned_back = now < self.counted_from;
        let calm_since = if self.failures < ALLOWED {
            self.counted_from.plus(WINDOW)
        } else {
            self.blocked_until.plus(LONGEST_PAUSE)
        };
        turned_back || now >= calm_since
    }
}

fn pause_after(failures: i64) -> Duration {
    let Ok(doublings) = u32::try_from(failures - ALLOWED) else { return Duration::ZERO };
    (FIRST_PAUSE * 2_u32.pow(doublings.min(8))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_763_726_400_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn after_failures(count: usize) -> Attempts {
        (1..count).try_fold(Attempts::first(NOON), |attempts, _| attempts.next(NOON)).expect("allowed")
    }

    #[test]
    fn the_eleventh_attempt_in_ten_minutes_has_to_wait() {
        assert_eq!(after_failures(10).next(NOON), Err(10 * MINUTE));
        assert_eq!(after_failures(10).next(NOON.plus(9 * MINUTE)), Err(MINUTE));
    }

    #[test]
    fn fewer_failures_are_forgotten_after_ten_minutes() {
        let later = NOON.plus(10 * MINUTE);
        assert_eq!(after_failures(9).next(later), Ok(Attempts::first(later)));
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_end_when_nobody_tries() {
        let (mut attempts, mut now, mut pauses) = (after_failures(10), NOON, Vec::new());
        for _ in 0..5 {
            let pause = attempts.next(now).expect_err("blocked");
            pauses.push(pause.as_secs() / 60);
            now = now.plus(pause);
            attempts = attempts.next(now).expect("allowed after the pause");
        }
        assert_eq!(pauses, [10, 20, 40, 60, 60]);
        let calm = now.plus(120 * MINUTE);
        assert_eq!(attempts.next(calm), Ok(Attempts::first(calm)));
    }

    #[test]
    fn a_clock_that_is_turned_back_locks_nobody_out() {
        let yesterday = NOON.minus(24 * 60 * MINUTE);
        assert_eq!(after_failures(10).next(yesterday), Ok(Attempts::first(yesterday)));
    }
}
