//! Notices: signed by the provider, read as the same words that it answers with when it is asked.

use std::time::Duration;

use hmac::{Hmac, Mac as _};
use kernel::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::super::{Answer, Notice, ProviderError, Reversal, ReversalKind, Subject};
use super::objects::{Charge, CheckoutSession, Dispute, PaymentIntent, Refund, of_stripe, session_of};

/// A notice that is older, or from the future, may be someone else's copy.
const WINDOW: Duration = Duration::from_secs(300);

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: serde_json::Value,
}

/// Reads a notice. One that has not the form of any is known by its content.
pub(super) fn read(body: &str) -> Notice {
    match serde_json::from_str::<Event>(body) {
        Ok(event) => {
            let subject = subject(&event).map_err(|error| format!("{error:?}"));
            Notice { id: event.id, kind: event.kind, subject }
        }
        Err(error) => Notice {
            id: kernel::secret::sha256_hex(body.as_bytes()),
            kind: "unreadable".to_owned(),
            subject: Err(error.to_string()),
        },
    }
}

/// `t=1700000000,v1=…,v1=…`: the moment, and the body with it under each secret that is valid now.
pub(super) fn check(secrets: &[String], signature: &str, body: &str, now: Timestamp) -> Result<(), &'static str> {
    let parts: Vec<(&str, &str)> = signature.split(',').filter_map(|part| part.trim().split_once('=')).collect();
    let moment = parts.iter().find(|(name, _)| *name == "t").map(|(_, value)| *value).ok_or("it has no signature")?;
    let seconds: i64 = moment.parse().map_err(|_| "its signature has no moment")?;
    let signed_at = Timestamp(seconds.saturating_mul(1_000_000));
    if now.since(signed_at) > WINDOW || signed_at.since(now) > WINDOW {
        return Err("it was signed too long ago, or in the future");
    }
    let shown = || parts.iter().filter(|(name, _)| *name == "v1").map(|(_, value)| *value);
    let is_signed = secrets.iter().filter(|secret| !secret.is_empty()).any(|secret| {
        shown().any(|shown| {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
            mac.update(moment.as_bytes());
            mac.update(b".");
            mac.update(body.as_bytes());
            // Compares in constant time.
            bytes_of_hex(shown).is_some_and(|shown| mac.verify_slice(&shown).is_ok())
        })
    });
    if is_signed { Ok(()) } else { Err("its signature is none of ours") }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// What it is about; `None` when that does not concern us.
fn subject(event: &Event) -> Answer<Option<Subject>> {
    let kind = event.kind.as_str();
    if kind.starts_with("payment_intent.") {
        let intent: PaymentIntent = object(event)?;
        let session = session_of(&intent.metadata);
        return Ok(Some(Subject { session, standing: intent.standing()?, reversal: None }));
    }
    if kind.starts_with("checkout.session.") {
        let checkout: CheckoutSession = object(event)?;
        return Ok(Some(Subject { session: checkout.session(), standing: checkout.standing()?, reversal: None }));
    }
    if kind.starts_with("charge.dispute.") {
        return object::<Dispute>(event)?.subject().map(Some);
    }
    if kind.starts_with("refund.") || kind == "charge.refund.updated" {
        return object::<Refund>(event)?.subject();
    }
    if matches!(kind, "charge.succeeded" | "charge.captured" | "charge.refunded" | "charge.updated") {
        let charge: Charge = object(event)?;
        let reversal = match charge.amount_refunded {
            0 => None,
            amount => Some(Reversal {
                kind: ReversalKind::Refunded,
                amount: of_stripe(amount, &charge.currency)?,
                detail: String::new(),
            }),
        };
        let session = session_of(&charge.metadata);
        return Ok(Some(Subject { session, standing: charge.standing()?, reversal }));
    }
    Ok(None)
}

fn object<T: DeserializeOwned>(event: &Event) -> Answer<T> {
    serde_json::from_value(event.data.object.clone())
        .map_err(|error| ProviderError::Unknown(format!("{}: {error}", event.kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

    fn signed(secret: &str, at: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(format!("{at}.{body}").as_bytes());
        let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("t={at},v1={digits}")
    }

    #[test]
    fn a_notice_is_believed_for_five_minutes_under_either_secret() {
        let secrets = ["whsec_new".to_owned(), "whsec_old".to_owned()];
        let now = 1_800_000_000;
        for (signature, is_good) in [
            (signed("whsec_new", now, "{}"), true),
            (signed("whsec_old", now - 299, "{}"), true),
            (signed("whsec_old", now + 299, "{}"), true),
            (format!("{},v1={}", signed("whsec_lost", now, "{}"), "0".repeat(64)), false),
            (signed("whsec_new", now - 360, "{}"), false),
            (signed("whsec_new", now + 360, "{}"), false),
            (signed("whsec_new", now, "{} "), false),
            (signed("", now, "{}"), false),
            ("t=1800000000,v1=".to_owned(), false),
            ("t=1800000000".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(check(&secrets, &signature, "{}", NOW).is_ok(), is_good, "{signature}");
        }
        // Without a secret nothing is believed, not even what is signed with none.
        check(&[String::new()], &signed("", now, "{}"), "{}", NOW).expect_err("no secret");
        check(&[], &signed("", now, "{}"), "{}", NOW).expect_err("no secret");
    }
}
