//! What matters for security is counted in the edge's own data, so that all processes together allow as much as one.
//!
//! Limits that only protect a process from load are in memory, in [`super::limits`].

use std::time::Duration;

use kernel::CallError;
use kernel::db::AnyConnection;

use super::problem::Problem;
use super::signature::Keys;
use crate::assemble::Shop;
use crate::store::counters;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Longer than anything is counted.
const REMEMBERED: Duration = Duration::from_secs(2 * 24 * 3_600);

/// How often something may be tried.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// In the table; they are counted in the order of their names.
    name: &'static str,
    most: i64,
    within: Duration,
}

/// Order links that opened nothing, by address.
pub const MISSED_LINKS: Limit = Limit { name: "missed_links", most: 10, within: HOUR };
/// Wrong answers to "is this your order?", by address.
pub const WRONG_ANSWERS_OF_ADDRESS: Limit = Limit { name: "wrong_answers_of_address", most: 10, within: HOUR };
/// Wrong answers to "is this your order?", by order.
pub const WRONG_ANSWERS_OF_ORDER: Limit = Limit { name: "wrong_answers_of_order", most: 10, within: HOUR };
/// Codes of gift cards that do not work, of everybody together: far more than people mistype.
pub const MISSED_GIFT_CARDS: Limit = Limit { name: "missed_gift_cards", most: 300, within: HOUR };
/// Codes of gift cards that do not work, by address.
pub const MISSED_GIFT_CARDS_OF_ADDRESS: Limit = Limit { name: "missed_gift_cards_of_address", most: 10, within: HOUR };
/// Codes of gift cards that do not work, by session.
pub const MISSED_GIFT_CARDS_OF_SESSION: Limit = Limit { name: "missed_gift_cards_of_session", most: 10, within: HOUR };
/// Payments started at a provider, by address.
pub const PAYMENTS_OF_ADDRESS: Limit =
    Limit { name: "payments_of_address", most: 10, within: Duration::from_secs(600) };
/// Payments started at a provider, by the canonical e-mail address of the buyer.
pub const PAYMENTS_OF_CUSTOMER: Limit = Limit { name: "payments_of_customer", most: 10, within: DAY };
/// Payments started at a provider that did not succeed, by session. One that succeeds ends the session.
pub const PAYMENTS_OF_SESSION: Limit = Limit { name: "payments_of_session", most: 5, within: Duration::from_secs(600) };

/// There were too many.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: too many")]
pub struct TooMany {
    name: &'static str,
    /// How long until it may be tried again.
    pub wait: Duration,
}

/// What is counted, and of whom.
pub struct Try {
    limit: Limit,
    subject: String,
}

impl Try {
    /// Of `subject`, of which only a keyed hash is stored.
    pub fn of(shop: &Shop, limit: Limit, subject: impl std::fmt::Display) -> Self {
        let keys = Keys::of(shop.settings(), "counters");
        Self { limit, subject: keys.sign(limit.name, &subject.to_string()) }
    }
}

/// Counts a try, in one step for all of its limits; with a `key` it is counted once, however often it comes.
///
/// # Errors
/// One of the limits is reached, and nothing is counted then; or the counters are not available.
pub async fn count(shop: &Shop, key: Option<String>, tries: Vec<Try>) -> Result<(), CallError<TooMany>> {
    if !shop.limits().are_enabled() {
        return Ok(());
    }
    let now = shop.clock().now();
    let work = move |conn: &mut AnyConnection| {
        for Try { limit, subject } in &tries {
            let counted = counters::counter_add(conn, limit.name, subject, limit.within, now)?;
            if counted.count > limit.most {
                let wait = counted.from.plus(limit.within).since(now);
                return Err(CallError::Domain(TooMany { name: limit.name, wait }));
            }
        }
        Ok(())
    };
    let counted = match key {
        Some(key) => shop.db().write_once(key, "count", &(), work).await,
        None => shop.db().write(work).await,
    };
    if let Err(CallError::Domain(TooMany { name, .. })) = &counted {
        tracing::warn!(limit = name, "a limit is reached");
    }
    counted
}

/// Takes back what was counted and turned out to be right.
pub async fn take_back(shop: &Shop, tries: Vec<Try>) {
    if !shop.limits().are_enabled() {
        return;
    }
    let work = move |conn: &mut AnyConnection| {
        for Try { limit, subject } in &tries {
            counters::counter_take_back(conn, limit.name, subject)?;
        }
        Ok::<_, CallError<TooMany>>(())
    };
    if let Err(error) = shop.db().write(work).await {
        tracing::warn!(%error, "a count could not be taken back");
    }
}

/// Forgets what nothing depends on any more.
pub async fn tidy(shop: &Shop) {
    let before = shop.clock().now().minus(REMEMBERED);
    let tidied = async {
        // Most of the time there is nothing, and then nothing is written.
        if shop.db().read(move |conn| Ok(counters::counters_are_old(conn, before)?)).await? {
            shop.db().write(move |conn| Ok(counters::counters_delete_old(conn, before)?)).await?;
        }
        Ok::<_, CallError<TooMany>>(())
    };
    if let Err(error) = tidied.await {
        tracing::warn!(%error, "old counts stay for now");
    }
}

/// The page for one who may not go on.
pub fn refused(error: CallError<TooMany>) -> Problem {
    match error {
        CallError::Domain(TooMany { wait, .. }) => Problem::TooMany(wait),
        other => Problem::from(other),
    }
}

/// `42 minutes`; never less than has to be waited.
pub fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs().max(1);
    let (count, unit) = match seconds {
        0..=90 => (seconds, "second"),
        91..=5_400 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3_600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_the_largest_unit_that_fits() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!([words(0), words(90), words(91)], ["1 second", "90 seconds", "2 minutes"]);
        assert_eq!([words(3_540), words(5_401)], ["59 minutes", "2 hours"]);
    }
}
