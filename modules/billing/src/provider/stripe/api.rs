//! Speaking to Stripe: forms there, JSON back, a few tries under one key, and no longer than a shopper would wait.

use std::time::Duration;

use kernel::outgoing::{AnyOutgoing, OutgoingAnswer, OutgoingError, OutgoingRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::super::breaker::Breaker;
use super::super::{Answer, ProviderError};

/// What this program was written against. The provider answers in this form whatever it has learned since.
const VERSION: &str = "2024-06-20";
/// For all tries together: less than a shopper is left waiting for.
const PATIENCE: Duration = Duration::from_millis(1_900);
const TRIES: u32 = 3;
/// Before the second try and the third, and up to as much again.
const PAUSE: Duration = Duration::from_millis(60);
/// Calls at the same time: one provider that hangs does not occupy the shop.
const SEATS: usize = 64;

/// A parameter of a form; `a[b]` for what is inside of something.
pub(super) type Field = (&'static str, String);

/// The way to the provider.
pub(super) struct Api {
    http: AnyOutgoing,
    url: String,
    secret_key: String,
    pub(super) breaker: Breaker,
    seats: Semaphore,
}

/// What the provider says instead of doing it.
#[derive(Deserialize)]
struct Failure {
    error: Option<FailureDetail>,
}

#[derive(Deserialize)]
struct FailureDetail {
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

impl Api {
    pub(super) fn new(http: AnyOutgoing, url: &str, secret_key: String) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        Self { http, url, secret_key, breaker: Breaker::default(), seats: Semaphore::new(SEATS) }
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[Field]) -> Answer<T> {
        let query = encoded(query)?;
        let question = if query.is_empty() { String::new() } else { format!("?{query}") };
        self.call("GET", format!("{}{path}{question}", self.url), String::new(), None).await
    }

    /// Changes. A step that must not be taken twice has a key; one that is the same however often it is taken needs none.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, form: &[Field], key: Option<&str>) -> Answer<T> {
        self.call("POST", format!("{}{path}", self.url), encoded(form)?, key).await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        url: String,
        body: String,
        key: Option<&str>,
    ) -> Answer<T> {
        let until = Instant::now() + PATIENCE;
        let busy = || ProviderError::NotDone("too many calls are waiting for the provider".to_owned());
        let seat = tokio::time::timeout(PATIENCE, self.seats.acquire()).await;
        let _seat = seat.map_err(|_| busy())?.map_err(|_| busy())?;
        let mut may_be_done = false;
        for attempt in 1.. {
            self.breaker
                .check(Instant::now())
                .map_err(|cause| if may_be_done { unknown(cause) } else { not_done(cause) })?;
            let left = until.saturating_duration_since(Instant::now());
            let request = OutgoingRequest {
                method,
                url: url.clone(),
                headers: self.headers(method, key),
                body: body.clone(),
                timeout: left,
            };
            let answered = tokio::time::timeout(left, self.http.send(request)).await;
            let trouble = match answered {
                Ok(Ok(answer)) => match understood(&answer) {
                    Err(trouble @ (ProviderError::NotDone(_) | ProviderError::Unknown(_))) => trouble,
                    word => {
                        self.breaker.succeeded(Instant::now());
                        return word;
                    }
                },
                Ok(Err(OutgoingError::NotSent(cause))) => not_done(cause),
                Ok(Err(OutgoingError::NoAnswer(cause))) => unknown(cause),
                Err(_) => unknown("no answer in time".to_owned()),
            };
            self.breaker.failed(Instant::now());
            may_be_done |= matches!(trouble, ProviderError::Unknown(_));
            let pause = PAUSE * attempt + PAUSE.mul_f64(rand::random::<f64>());
            if attempt >= TRIES || Instant::now() + pause >= until {
                return Err(match trouble {
                    ProviderError::NotDone(cause) if may_be_done => unknown(cause),
                    trouble => trouble,
                });
            }
            sleep(pause).await;
        }
        Err(unknown("no try was made".to_owned()))
    }

    fn headers(&self, method: &str, key: Option<&str>) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("authorization", format!("Bearer {}", self.secret_key)),
            ("stripe-version", VERSION.to_owned()),
            ("user-agent", "Freestone".to_owned()),
        ];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
        }
        headers.extend(key.map(|key| ("idempotency-key", key.to_owned())));
        headers
    }
}

fn encoded(fields: &[Field]) -> Answer<String> {
    serde_urlencoded::to_string(fields).map_err(|error| not_done(error.to_string()))
}

fn not_done(cause: String) -> ProviderError {
    ProviderError::NotDone(cause)
}

fn unknown(cause: String) -> ProviderError {
    ProviderError::Unknown(cause)
}

/// What an answer means. One that is no JSON of the expected form says nothing of what was done.
fn understood<T: DeserializeOwned>(answer: &OutgoingAnswer) -> Answer<T> {
    let status = answer.status;
    match status {
        200..=299 => serde_json::from_slice(&answer.body)
            .map_err(|error| unknown(format!("the answer cannot be understood: {error}"))),
        // Too many at once, and nothing was begun.
        429 => Err(not_done("the provider asks to come later".to_owned())),
        // The same key is being worked on.
        409 => Err(unknown("the provider is still at it".to_owned())),
        // It does not know us, perhaps since our key was changed. That says nothing of what it did when it knew us.
        401 | 403 => Err(unknown(format!("the provider does not let us in: status {status}"))),
        400..=499 => match serde_json::from_slice(&answer.body) {
            Ok(Failure { error: Some(detail) }) => Err(ProviderError::Refused(in_words(&detail))),
            _ => Err(unknown(format!("status {status} without a reason"))),
        },
        _ => Err(unknown(format!("status {status}"))),
    }
}

fn in_words(detail: &FailureDetail) -> String {
    let parts = [&detail.code, &detail.decline_code, &detail.message];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let text = if parts.is_empty() { "without a reason".to_owned() } else { parts.join(": ") };
    text.chars().take(300).collect()
}
