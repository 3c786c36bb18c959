//! Watches what share of payments the banks decline: many at once means that somebody tries stolen cards.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use billing_api::{BillingError, PaymentCaptured, PaymentFailed};
use host::metrics::{family, line};
use kernel::db::{AnyConnection, Db};
use kernel::inbox::{HandlerError, Subscription};
use kernel::stop::Stop;
use kernel::{CallError, Timestamp};

use crate::assemble::Shop;
use crate::store::counters;
use crate::storefront::order::is_paid_later;

/// More attempts than this within an hour, of which more than this share were declined.
const ATTEMPTS: i64 = 200;
const PERCENT: i64 = 40;
/// What a bank says; who cancels or goes away was not declined.
const DECLINED: [&str; 5] =
    ["declined", "insufficient_funds", "expired_card", "wrong_security_code", "authentication_failed"];

const EVERY: Duration = Duration::from_secs(10);
/// Attempts are counted in parts of an hour, by the moment at which they ended.
const PART_MICROS: i64 = 10 * 60 * 1_000_000;
const PARTS: i64 = 6;
const KEPT: Duration = Duration::from_secs(24 * 3_600);
const ENDED: &str = "payments_ended";
const DECLINES: &str = "payments_declined";

/// Counts how attempts to pay at a provider ended. Never replayed: what was counted stays counted.
pub fn subscription() -> Subscription {
    Subscription::new("app.payments", "billing")
        .on::<PaymentCaptured>(|conn, envelope, event| count(conn, envelope.created_at, &event.method, ""))
        .on::<PaymentFailed>(|conn, envelope, event| count(conn, envelope.created_at, &event.method, &event.failure))
        .once()
}

fn count(conn: &mut AnyConnection, at: Timestamp, method: &str, failure: &str) -> Result<(), HandlerError> {
    if is_paid_later(method) {
        return Ok(());
    }
    let part = part_of(at, 0);
    counters::counter_add(conn, ENDED, &part, KEPT, at)?;
    if DECLINED.contains(&failure) {
        counters::counter_add(conn, DECLINES, &part, KEPT, at)?;
    }
    Ok(())
}

/// The part of an hour at `at`, or some parts before it. Numbers of parts have seven digits, so they sort as text.
fn part_of(at: Timestamp, before: i64) -> String {
    (at.0.div_euclid(PART_MICROS) - before).to_string()
}

/// How many attempts ended in the last hour, and how many of them were declined.
async fn last_hour(db: &Db, now: Timestamp) -> Result<(i64, i64), CallError<BillingError>> {
    let first = part_of(now, PARTS - 1);
    db.read(move |conn| {
        Ok((counters::counters_since(conn, ENDED, &first)?, counters::counters_since(conn, DECLINES, &first)?))
    })
    .await
}

/// What is known now, for the metrics.
#[derive(Default)]
pub struct PaymentAlarm {
    ended: AtomicI64,
    declined: AtomicI64,
    raised: AtomicBool,
}

impl PaymentAlarm {
    /// Takes in new figures, and logs when that raises or ends the alarm.
    fn note(&self, ended: i64, declined: i64) {
        self.ended.store(ended, Ordering::Relaxed);
        self.declined.store(declined, Ordering::Relaxed);
        let raised = ended > ATTEMPTS && declined.saturating_mul(100) > ended.saturating_mul(PERCENT);
        match (self.raised.swap(raised, Ordering::Relaxed), raised) {
            (false, true) => tracing::warn!(
                ended,
                declined,
                "more than {PERCENT} % of the last hour's payments were declined: somebody may be trying stolen cards"
            ),
            (true, false) => tracing::info!(ended, declined, "payments are declined as seldom as usual again"),
            _ => {}
        }
    }

    /// Writes it in the Prometheus text format.
    pub fn write(&self, text: &mut String) {
        let name = "freestone_payments_last_hour";
        family(text, name, "gauge", "Attempts to pay at a provider that ended in the last hour.");
        line(text, name, &[("outcome", "all")], self.ended.load(Ordering::Relaxed));
        line(text, name, &[("outcome", "declined")], self.declined.load(Ordering::Relaxed));
        let name = "freestone_payment_decline_alarm";
        family(text, name, "gauge", "Whether so many payments are declined that somebody may be trying stolen cards.");
        line(text, name, &[("share", "40")], u8::from(self.raised.load(Ordering::Relaxed)));
    }
}

/// Looks now and then until `stop`.
pub(super) async fn watch(shop: Shop, stop: Stop) {
    loop {
        match last_hour(shop.db(), shop.clock().now()).await {
            Ok((ended, declined)) => shop.payment_alarm().note(ended, declined),
            Err(error) => tracing::debug!(%error, "how payments end is not known"),
        }
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use billing_api::SessionId;
    use kernel::event::{Envelope, Event};
    use kernel::testing::on_every_database;
    use kernel::{Currency, Money};

    use super::*;

    const NOON: Timestamp = Timestamp(1_795_262_400_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    async fn tell<E: Event>(db: &Db, event: E, at: Timestamp) {
        let envelope = Envelope {
            id: kernel::id::new_id("evt"),
            kind: E::KIND.to_owned(),
            schema_version: 1,
            aggregate_id: event.aggregate_id(),
            aggregate_version: 1,
            payload: serde_json::to_value(&event).expect("JSON"),
            trace: String::new(),
            created_at: at,
        };
        let handler = subscription().handler;
        let handled = db.write(move |conn| {
            handler(conn, &envelope).map_err(|error| CallError::<BillingError>::Internal(error.to_string()))
        });
        handled.await.expect("handled");
    }

    fn failed(failure: &str) -> PaymentFailed {
        let (order_id, failure, method) = ("ord_1".to_owned(), failure.to_owned(), "test".to_owned());
        PaymentFailed { order_id, session_id: SessionId::new(), failure, method }
    }

    fn captured(method: &str) -> PaymentCaptured {
        let (order_id, amount) = ("ord_1".to_owned(), Money::new(100, Currency::eur()));
        PaymentCaptured { order_id, session_id: SessionId::new(), amount, method: method.to_owned() }
    }

    #[tokio::test]
    async fn how_payments_at_providers_ended_is_counted_for_an_hour() {
        on_every_database(|home| async move {
            let db = home.open(crate::assemble::schema()).await;
            for failure in ["declined", "authentication_failed", "canceled", "timed_out"] {
                tell(&db, failed(failure), NOON).await;
            }
            tell(&db, captured("test"), NOON).await;
            tell(&db, captured("bank_transfer"), NOON).await;
            assert_eq!(last_hour(&db, NOON.plus(49 * MINUTE)).await.expect("figures"), (5, 2));
            assert_eq!(last_hour(&db, NOON.plus(60 * MINUTE)).await.expect("figures"), (0, 0));
        })
        .await;
    }

    #[test]
    fn the_alarm_is_raised_by_many_attempts_of_which_many_were_declined() {
        let alarm = PaymentAlarm::default();
        let raised = |ended, declined| {
            alarm.note(ended, declined);
            let mut text = String::new();
            alarm.write(&mut text);
            text.contains("freestone_payment_decline_alarm{share=\"40\"} 1")
        };
        assert!(!raised(200, 200), "too few to tell");
        assert!(!raised(300, 120), "as many as the limit");
        assert!(raised(300, 121));
        assert!(!raised(300, 0), "it is over");
    }
}
