//! Answers that are the same for everybody who buys in a country, and change seldom.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kernel::{Clock, Country, Timestamp};

/// How long an answer counts as the present one.
const FRESH: Duration = Duration::from_secs(30);

/// The latest answer for each country. There are at most 26 × 26.
pub(crate) struct Recent<T> {
    clock: Clock,
    answers: Mutex<HashMap<Country, (Timestamp, T)>>,
}

impl<T: Clone> Recent<T> {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, answers: Mutex::default() }
    }

    /// The answer of the last 30 seconds, else that of `ask`, else, when that fails, the latest one there was.
    ///
    /// An old answer does no harm: `orders` compares delivery and total again before anything is bought.
    pub(crate) async fn get<E: std::fmt::Display>(
        &self,
        country: Country,
        what: &'static str,
        ask: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let latest = self.latest(country);
        let now = self.clock.now();
        match latest {
            Some((at, answer)) if (at..at.plus(FRESH)).contains(&now) => Some(answer),
            latest => match ask.await {
                Ok(answer) => {
                    self.keep(country, now, &answer);
                    Some(answer)
                }
                Err(error) => {
                    tracing::warn!(%country, %error, known = latest.is_some(), "{what} could not be asked for");
                    latest.map(|(_, answer)| answer)
                }
            },
        }
    }

    fn latest(&self, country: Country) -> Option<(Timestamp, T)> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&country).cloned()
    }

    fn keep(&self, country: Country, now: Timestamp, answer: &T) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(country, (now, answer.clone()));
    }
}
