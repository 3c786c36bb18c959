//! Leaves a provider that does not answer alone for a while, so that nobody waits for it in vain.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row, and no success for so long, and it is taken for away. Among many calls at the same time
/// some fail in a row by chance; then others succeed meanwhile.
const FAILURES: u32 = 5;
const SILENCE: Duration = Duration::from_secs(2);
/// Then one call is let through after each pause.
const PAUSE: Duration = Duration::from_secs(5);

/// Counts failures in a row.
#[derive(Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Default)]
struct State {
    failures: u32,
    succeeded_at: Option<Instant>,
    closed_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be made now.
    pub(super) fn check(&self, now: Instant) -> Result<(), String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.closed_until {
            Some(until) if now < until => Err("the provider does not answer, and is left alone for now".to_owned()),
            // This call finds out for all others, which wait for another pause.
            Some(_) => {
                state.closed_until = Some(now + PAUSE);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Whether it is taken for away.
    pub(super) fn is_away(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).closed_until.is_some()
    }

    pub(super) fn succeeded(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) =
            State { failures: 0, succeeded_at: Some(now), closed_until: None };
    }

    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures = state.failures.saturating_add(1);
        let is_silent = state.succeeded_at.is_none_or(|at| now.saturating_duration_since(at) >= SILENCE);
        if state.failures >= FAILURES && is_silent {
            state.closed_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_close_it_for_five_seconds_and_one_success_opens_it() {
        let (breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES {
            breaker.check(now).expect("open");
            breaker.failed(now);
        }
        assert!(breaker.is_away());
        breaker.check(now).expect_err("closed");
        let later = now + PAUSE;
        breaker.check(later).expect("one call finds out");
        breaker.check(later).expect_err("the others wait");
        breaker.succeeded(later);
        breaker.check(later).expect("open");
        assert!(!breaker.is_away());

        // Others succeeded a moment ago.
        for _ in 0..10 * FAILURES {
            breaker.failed(later);
        }
        breaker.check(later).expect("open");
        breaker.failed(later + SILENCE);
        breaker.check(later + SILENCE).expect_err("closed");
    }
}
