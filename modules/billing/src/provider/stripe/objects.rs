//! What Stripe sends, as far as it is used, and what it means.

use std::collections::BTreeMap;

use billing_api::{PaymentNext, SessionId};
use kernel::{Currency, Money};
use serde::Deserialize;

use super::super::{Answer, Opened, ProviderError, RefundReport, Report, Reversal, ReversalKind, Standing, Subject};

/// Our name for a session, in everything that the provider keeps for us.
const SESSION: &str = "session_id";
/// Our key of a refund, which is there longer than as the key of a request.
const KEY: &str = "key";

type Metadata = BTreeMap<String, String>;

/// Money on its way.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) amount: i64,
    /// The whole amount, when it is not said.
    #[serde(default)]
    pub(super) amount_received: Option<i64>,
    /// Likewise.
    #[serde(default)]
    pub(super) amount_capturable: Option<i64>,
    pub(super) currency: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) client_secret: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
    #[serde(default)]
    pub(super) last_payment_error: Option<PaymentError>,
    #[serde(default)]
    pub(super) latest_charge: Option<Expandable<Charge>>,
}

/// Why the last try to pay failed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentError {
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) decline_code: Option<String>,
}

/// A hosted page.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CheckoutSession {
    pub(super) id: String,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) payment_status: Option<String>,
    #[serde(default)]
    pub(super) payment_intent: Option<Expandable<PaymentIntent>>,
    #[serde(default)]
    pub(super) client_reference_id: Option<String>,
    #[serde(default)]
    pub(super) amount_total: Option<i64>,
    #[serde(default)]
    pub(super) currency: Option<String>,
}

/// Money that moved.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Charge {
    #[serde(default)]
    pub(super) amount_captured: i64,
    #[serde(default)]
    pub(super) amount_refunded: i64,
    #[serde(default)]
    pub(super) captured: bool,
    #[serde(default)]
    pub(super) status: String,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) payment_intent: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// Money on its way back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) failure_reason: Option<String>,
    #[serde(default)]
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) currency: String,
    #[serde(default)]
    pub(super) payment_intent: Option<String>,
    #[serde(default)]
    pub(super) metadata: Metadata,
}

/// Money that a bank takes back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) amount: i64,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) reason: Option<String>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) payment_intent: Option<String>,
}

/// A page of things.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

/// A thing, or only its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    Name(String),
    Whole(Box<T>),
}

impl Expandable<PaymentIntent> {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Whole(intent) => &intent.id,
        }
    }
}

/// Currencies in which the provider counts a hundredth where the standard knows none, and those of a thousandth.
const COUNTED_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];

/// An amount as the provider counts it; `None` where it cannot be taken so exactly.
pub(super) fn to_stripe(money: Money) -> Option<i64> {
    match money.currency {
        currency if COUNTED_IN_HUNDREDTHS.contains(&currency.code()) => money.amount.checked_mul(100),
        currency if currency.exponent() == 3 && money.amount % 10 != 0 => None,
        _ => Some(money.amount),
    }
}

/// An amount as we count it.
pub(super) fn of_stripe(amount: i64, currency: &str) -> Answer<Money> {
    let unreadable = |what: String| ProviderError::Unknown(what);
    let known: Currency =
        currency.to_uppercase().parse().map_err(|_| unreadable(format!("{currency:?} is no currency")))?;
    if COUNTED_IN_HUNDREDTHS.contains(&known.code()) {
        if amount % 100 != 0 {
            return Err(unreadable(format!("{amount} {currency} has a fraction that does not exist")));
        }
        return Ok(Money::new(amount / 100, known));
    }
    Ok(Money::new(amount, known))
}

pub(super) fn session_of(metadata: &Metadata) -> Option<SessionId> {
    metadata.get(SESSION)?.parse().ok()
}

impl PaymentIntent {
    /// What it means. Its id names the money.
    pub(super) fn standing(&self) -> Answer<Standing> {
        let money = |amount| of_stripe(amount, &self.currency);
        let report = match self.status.as_str() {
            // The last card failed: the shopper can try another one in the same session.
            "requires_payment_method" if self.last_payment_error.is_some() => Report::RequiresAction,
            "requires_payment_method" | "processing" => Report::Pending,
            "requires_confirmation" | "requires_action" => Report::RequiresAction,
            "requires_capture" => Report::Authorized(money(self.amount_capturable.unwrap_or(self.amount))?),
            "succeeded" => Report::Captured(money(self.amount_received.unwrap_or(self.amount))?),
            "canceled" => Report::Canceled,
            other => return Err(ProviderError::Unknown(format!("{other:?} is no status that is known"))),
        };
        Ok(Standing { report, opened: Opened { charge: Some(self.id.clone()), ..Opened::default() } })
    }

    /// Why the last card failed, as a code of `PaymentSession::failure`.
    pub(super) fn failure(&self) -> Option<&'static str> {
        let error = self.last_payment_error.as_ref()?;
        Some(match (error.code.as_deref(), error.decline_code.as_deref()) {
            (_, Some("insufficient_funds")) => "insufficient_funds",
            (Some("expired_card"), _) | (_, Some("expired_card")) => "expired_card",
            (Some("incorrect_cvc"), _) | (_, Some("incorrect_cvc")) => "wrong_security_code",
            (Some("payment_intent_authentication_failure"), _) => "authentication_failed",
            _ => "declined",
        })
    }
}

impl CheckoutSession {
    /// What it means, when its payment intent is there as a whole; a notice has only its name.
    pub(super) fn standing(&self) -> Answer<Standing> {
        let mut standing = match (&self.payment_intent, self.status.as_deref()) {
            (Some(Expandable::Whole(intent)), Some("open" | "complete")) => intent.standing()?,
            (_, Some("expired")) => Report::Canceled.into(),
            _ if self.payment_status.as_deref() == Some("paid") => {
                let currency = self.currency.as_deref().unwrap_or_default();
                Report::Captured(of_stripe(self.amount_total.unwrap_or_default(), currency)?).into()
            }
            _ => Report::Pending.into(),
        };
        // The page is the shopper's way to try again for as long as it is open.
        if self.status.as_deref() == Some("open") && standing.report == Report::Canceled {
            standing.report = Report::Pending;
        }
        standing.opened = Opened {
            reference: Some(self.id.clone()),
            charge: self.payment_intent.as_ref().map(|intent| intent.name().to_owned()),
            next: None,
        };
        Ok(standing)
    }

    /// What is stored of a new one.
    pub(super) fn opened(&self) -> Answer<Opened> {
        let url = self.url.clone().ok_or_else(|| ProviderError::Unknown("the page has no address".to_owned()))?;
        Ok(Opened {
            reference: Some(self.id.clone()),
            charge: self.payment_intent.as_ref().map(|intent| intent.name().to_owned()),
            next: Some(PaymentNext::Redirect { url }),
        })
    }

    pub(super) fn session(&self) -> Option<SessionId> {
        self.client_reference_id.as_ref()?.parse().ok()
    }
}

impl Charge {
    /// What it means for the money that was taken.
    pub(super) fn standing(&self) -> Answer<Standing> {
        let report = match (self.status.as_str(), self.captured) {
            ("succeeded", true) => Report::Captured(of_stripe(self.amount_captured, &self.currency)?),
            _ => Report::Pending,
        };
        Ok(Standing { report, opened: Opened { charge: self.payment_intent.clone(), ..Opened::default() } })
    }
}

impl Refund {
    /// The key that we made it under, unless others made it.
    pub(super) fn key(&self) -> Option<&str> {
        self.metadata.get(KEY).map(String::as_str)
    }

    /// What it means.
    pub(super) fn report(self) -> RefundReport {
        let reference = Some(self.id);
        match self.status.as_deref() {
            Some("succeeded") | None => RefundReport::Succeeded { reference },
            Some("failed" | "canceled") => {
                RefundReport::Failed(self.failure_reason.unwrap_or_else(|| "it was refused".to_owned()))
            }
            _ => RefundReport::Pending { reference },
        }
    }

    /// What it means that it failed; `None` when it did not.
    pub(super) fn subject(self) -> Answer<Option<Subject>> {
        let RefundReport::Failed(detail) = self.clone().report() else { return Ok(None) };
        let amount = of_stripe(self.amount, &self.currency)?;
        let kind = ReversalKind::RefundFailed { key: self.key().map(str::to_owned), reference: self.id };
        let opened = Opened { charge: self.payment_intent, ..Opened::default() };
        let standing = Standing { report: Report::Pending, opened };
        Ok(Some(Subject { session: None, standing, reversal: Some(Reversal { kind, amount, detail }) }))
    }
}

impl Dispute {
    /// What it means for the money that was taken.
    pub(super) fn subject(&self) -> Answer<Subject> {
        let opened = Opened { charge: self.payment_intent.clone(), ..Opened::default() };
        let reversal = Reversal {
            kind: ReversalKind::Disputed,
            amount: of_stripe(self.amount, &self.currency)?,
            detail: format!("{} ({})", self.status, self.reason.as_deref().unwrap_or("no reason given")),
        };
        let standing = Standing { report: Report::Pending, opened };
        Ok(Subject { session: None, standing, reversal: Some(reversal) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, currency: &str) -> Money {
        Money::new(amount, currency.parse().expect("a currency"))
    }

    #[test]
    fn amounts_are_counted_as_the_provider_counts_them() {
        for (ours, theirs) in [
            (money(1_250, "EUR"), Some(1_250)),
            (money(500, "JPY"), Some(500)),
            (money(500, "ISK"), Some(50_000)),
            (money(1_230, "KWD"), Some(1_230)),
            (money(1_234, "KWD"), None),
        ] {
            assert_eq!(to_stripe(ours), theirs, "{ours}");
            if let Some(theirs) = theirs {
                assert_eq!(of_stripe(theirs, &ours.currency.code().to_lowercase()), Ok(ours));
            }
        }
        of_stripe(1, "xxq").expect_err("no currency");
        of_stripe(150, "isk").expect_err("half a crown");
    }

    #[test]
    fn a_status_that_is_not_known_says_nothing() {
        let intent = |status: &str| -> PaymentIntent {
            serde_json::from_value(serde_json::json!({
                "id": "pi_1", "amount": 100, "amount_received": 100, "currency": "eur", "status": status
            }))
            .expect("readable")
        };
        assert_eq!(intent("succeeded").standing().expect("known").report, Report::Captured(money(100, "EUR")));
        assert!(matches!(intent("levitating").standing(), Err(ProviderError::Unknown(_))));
    }
}
