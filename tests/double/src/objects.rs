//! What it keeps, and how that looks to the outside.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Money on its way.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    pub(crate) manual: bool,
    pub(crate) received: i64,
    pub(crate) refunded: i64,
    pub(crate) disputed: bool,
    pub(crate) captures: u32,
    pub(crate) error: Option<&'static str>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: i64,
}

impl Intent {
    pub(crate) fn json(&self) -> Value {
        let held = if self.status == "requires_capture" { self.amount } else { 0 };
        json!({
            "id": self.id, "object": "payment_intent", "amount": self.amount, "amount_received": self.received,
            "amount_capturable": held, "currency": self.currency, "status": self.status,
            "capture_method": if self.manual { "manual" } else { "automatic" },
            "client_secret": format!("{}_secret_double", self.id), "metadata": self.metadata,
            "last_payment_error": self.error.map(|code| json!({"code": "card_declined", "decline_code": code})),
            "latest_charge": if self.received > 0 || held > 0 { self.charge() } else { Value::Null },
            "created": self.created, "livemode": false,
        })
    }

    pub(crate) fn charge(&self) -> Value {
        json!({
            "id": self.id.replace("pi_", "ch_"), "object": "charge", "amount": self.amount,
            "amount_captured": self.received, "amount_refunded": self.refunded, "captured": self.received > 0,
            "currency": self.currency, "disputed": self.disputed, "payment_intent": self.id, "status": "succeeded",
            "refunded": self.refunded > 0 && self.refunded == self.received, "metadata": self.metadata,
        })
    }
}

/// Money on its way back.
#[derive(Clone, Debug)]
pub(crate) struct Refund {
    pub(crate) id: String,
    pub(crate) intent: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) status: &'static str,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: i64,
}

impl Refund {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "refund", "amount": self.amount, "currency": self.currency,
            "payment_intent": self.intent, "status": self.status, "metadata": self.metadata, "created": self.created,
            "failure_reason": if self.status == "failed" { json!("expired_or_canceled_card") } else { Value::Null },
        })
    }
}

/// A hosted page.
#[derive(Clone, Debug)]
pub(crate) struct Checkout {
    pub(crate) id: String,
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) manual: bool,
    pub(crate) status: &'static str,
    pub(crate) intent: Option<String>,
    pub(crate) client_reference: String,
    pub(crate) success_url: String,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) created: i64,
}

impl Checkout {
    pub(crate) fn json(&self, intent: Option<&Intent>, whole: bool) -> Value {
        let is_paid = intent.is_some_and(|intent| intent.received > 0);
        let shown = intent.map(|intent| if whole { intent.json() } else { json!(intent.id) });
        json!({
            "id": self.id, "object": "checkout.session", "amount_total": self.amount, "currency": self.currency,
            "client_reference_id": self.client_reference, "status": self.status,
            "payment_status": if is_paid { "paid" } else { "unpaid" }, "payment_intent": shown,
            "url": (self.status == "open").then(|| format!("https://checkout.example/{}", self.id)),
            "success_url": self.success_url, "created": self.created, "metadata": self.metadata,
        })
    }
}
