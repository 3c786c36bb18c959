//! How often a password may be guessed: some failures within a time, then pauses that double up to an hour.

use std::time::Duration;

use kernel::Timestamp;

const FIRST_PAUSE: Duration = Duration::from_secs(10 * 60);
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);
/// Processes on several machines count together; beyond this a clock was turned back.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);
/// Nothing older than this changes what is allowed now.
pub(crate) const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// How many failures are allowed, and for how long they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    allowed: i64,
    window: Duration,
}

/// Of one account, or of one known device of an account.
pub(crate) const OF_ACCOUNT: Limit = Limit { allowed: 5, window: Duration::from_secs(60 * 60) };
/// From one address, whatever account they are at.
pub(crate) const OF_ADDRESS: Limit = Limit { allowed: 10, window: Duration::from_secs(10 * 60) };

/// What is remembered of an account, a device or an address. An attempt counts as a failure until its password proves
/// right, so that guesses at the same time cannot slip through together.
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
    pub(crate) fn next(self, limit: Limit, now: Timestamp) -> Result<Self, Duration> {
        // A clock that was turned back must not lock anybody out for longer than the longest pause.
        let pauses = self.failures >= limit.allowed;
        let blocked = pauses && now < self.blocked_until && self.blocked_until <= now.plus(LONGEST_PAUSE);
        if blocked {
            return Err(self.blocked_until.since(now));
        }
        if self.is_forgotten(limit, now) {
            return Ok(Self::first(now));
        }
        let failures = self.failures.saturating_add(1);
        Ok(Self { failures, blocked_until: now.plus(limit.pause_after(failures)), ..self })
    }

    /// Without the one that proved right at `now`; `None` when none is left.
    pub(crate) fn less_one(self, now: Timestamp) -> Option<Self> {
        let failures = self.failures - 1;
        (failures > 0).then_some(Self { failures, blocked_until: now, ..self })
    }

    fn is_forgotten(self, limit: Limit, now: Timestamp) -> bool {
        let turned_back = now.plus(CLOCKS_DIFFER) < self.counted_from;
        let calm_since = if self.failures < limit.allowed {
            self.counted_from.plus(limit.window)
        } else {
            self.blocked_until.plus(LONGEST_PAUSE)
        };
        turned_back || now >= calm_since
    }
}

impl Limit {
    fn pause_after(self, failures: i64) -> Duration {
        let Ok(doublings) = u32::try_from(failures - self.allowed) else { return Duration::ZERO };
        (FIRST_PAUSE * 2_u32.pow(doublings.min(8))).min(LONGEST_PAUSE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_763_726_400_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn after_failures(count: usize) -> Attempts {
        (1..count).try_fold(Attempts::first(NOON), |attempts, _| attempts.next(OF_ACCOUNT, NOON)).expect("allowed")
    }

    #[test]
    fn the_sixth_attempt_at_an_account_in_an_hour_has_to_wait() {
        assert_eq!(after_failures(5).next(OF_ACCOUNT, NOON), Err(10 * MINUTE));
        assert_eq!(after_failures(5).next(OF_ACCOUNT, NOON.plus(9 * MINUTE)), Err(MINUTE));
    }

    #[test]
    fn the_eleventh_attempt_from_an_address_in_ten_minutes_has_to_wait() {
        let attempts = (1..10).try_fold(Attempts::first(NOON), |attempts, _| attempts.next(OF_ADDRESS, NOON));
        assert_eq!(attempts.expect("ten are allowed").next(OF_ADDRESS, NOON), Err(10 * MINUTE));
    }

    #[test]
    fn fewer_failures_are_forgotten_after_their_time() {
        let later = NOON.plus(60 * MINUTE);
        assert_eq!(after_failures(4).next(OF_ACCOUNT, later), Ok(Attempts::first(later)));
        assert_eq!(after_failures(4).next(OF_ACCOUNT, NOON.plus(59 * MINUTE)).map(|next| next.failures), Ok(5));
        let later = NOON.plus(10 * MINUTE);
        assert_eq!(after_failures(4).next(OF_ADDRESS, later), Ok(Attempts::first(later)));
    }

    #[test]
    fn pauses_double_up_to_an_hour_and_end_when_nobody_tries() {
        let (mut attempts, mut now, mut pauses) = (after_failures(5), NOON, Vec::new());
        for _ in 0..5 {
            let pause = attempts.next(OF_ACCOUNT, now).expect_err("blocked");
            pauses.push(pause.as_secs() / 60);
            now = now.plus(pause);
            attempts = attempts.next(OF_ACCOUNT, now).expect("allowed after the pause");
        }
        assert_eq!(pauses, [10, 20, 40, 60, 60]);
        let calm = now.plus(120 * MINUTE);
        assert_eq!(attempts.next(OF_ACCOUNT, calm), Ok(Attempts::first(calm)));
    }

    #[test]
    fn who_knew_the_password_takes_back_their_own_attempt_only() {
        let attempts = after_failures(5).less_one(NOON).expect("four are left");
        assert_eq!((attempts.failures, attempts.blocked_until), (4, NOON));
        assert_eq!(attempts.next(OF_ACCOUNT, NOON), Ok(after_failures(5)));
        assert_eq!(Attempts::first(NOON).less_one(NOON), None);
    }

    #[test]
    fn a_machine_whose_clock_is_behind_counts_on() {
        assert_eq!(after_failures(4).next(OF_ACCOUNT, NOON.minus(MINUTE)).map(|next| next.failures), Ok(5));
    }

    #[test]
    fn a_clock_that_is_turned_back_locks_nobody_out() {
        let yesterday = NOON.minus(24 * 60 * MINUTE);
        assert_eq!(after_failures(5).next(OF_ACCOUNT, yesterday), Ok(Attempts::first(yesterday)));
    }
}
