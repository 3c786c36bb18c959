//! Its books, and the calls and shoppers that change them.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::{Value, json};

use crate::objects::{Checkout, Intent, Refund};

/// How a shopper pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// It works.
    Good,
    /// It is refused; the text is the bank's code, such as `insufficient_funds`.
    Refused(&'static str),
    /// The bank asks first.
    Asks,
    /// The bank asked, and the shopper said yes.
    Confirmed,
    /// The provider takes this amount, whatever was asked for.
    Other(i64),
}

/// A line of the books: what became of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `pi_…`
    pub intent: String,
    /// The shop's session, as it was told.
    pub session: String,
    /// The shop's order, as it was told.
    pub order: String,
    /// In minor units.
    pub captured: i64,
    /// In minor units.
    pub refunded: i64,
    /// In lower case.
    pub currency: String,
    /// Of the intent.
    pub status: String,
    /// How often money was taken.
    pub captures: u32,
}

/// How long a key stands for its first request, in seconds.
const KEY_TIME: i64 = 24 * 3_600;

type Form = BTreeMap<String, String>;
type Reply = (u16, String);

#[derive(Default)]
pub(crate) struct State {
    intents: BTreeMap<String, Intent>,
    checkouts: BTreeMap<String, Checkout>,
    refunds: BTreeMap<String, Refund>,
    disputes: Vec<Value>,
    /// When each key was used first, with the request and the answer.
    keys: HashMap<String, (i64, String, Reply)>,
    events: Vec<String>,
    made: u64,
    pub(crate) calls: usize,
}

impl State {
    pub(crate) fn answer(&mut self, (method, url): (&str, &str), key: Option<&str>, body: &str, now: i64) -> Reply {
        self.calls += 1;
        let request = format!("{method} {url} {body}");
        self.keys.retain(|_, (used_at, ..)| now < *used_at + KEY_TIME);
        if let Some((_, earlier, reply)) = key.and_then(|key| self.keys.get(key)) {
            let is_same = *earlier == request;
            return if is_same { reply.clone() } else { refusal(400, "idempotency_error") };
        }
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let form: Form = serde_urlencoded::from_str(if method == "GET" { query } else { body }).unwrap_or_default();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let reply = match (method, parts.as_slice()) {
            ("POST", ["v1", "payment_intents"]) => self.new_intent(&form, now),
            ("GET", ["v1", "payment_intents"]) => self.list_intents(&form),
            ("GET", ["v1", "payment_intents", id]) => self.intents.get(*id).map_or_else(missing, |it| ok(&it.json())),
            ("POST", ["v1", "payment_intents", id, "capture"]) => self.capture(id, &form),
            ("POST", ["v1", "payment_intents", id, "cancel"]) => self.cancel(id),
            ("POST", ["v1", "checkout", "sessions"]) => self.new_checkout(&form, now),
            ("GET", ["v1", "checkout", "sessions"]) => self.list_checkouts(&form),
            ("GET", ["v1", "checkout", "sessions", id]) => self.show_checkout(id, &form),
            ("POST", ["v1", "checkout", "sessions", id, "expire"]) => self.expire(id),
            ("POST", ["v1", "refunds"]) => self.refund(&form, now),
            ("GET", ["v1", "refunds"]) => self.list_refunds(&form),
            ("GET", ["v1", "refunds", id]) => self.refunds.get(*id).map_or_else(missing, |it| ok(&it.json())),
            ("GET", ["v1", "disputes"]) => ok(&json!({"data": self.disputes, "has_more": false})),
            _ => missing(),
        };
        if let Some(key) = key {
            self.keys.insert(key.to_owned(), (now, request, reply.clone()));
        }
        reply
    }

    fn id(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}_double{:08}", self.made)
    }

    fn happened(&mut self, kind: &str, object: &Value) {
        let id = self.id("evt");
        self.events.push(json!({"id": id, "object": "event", "type": kind, "data": {"object": object}}).to_string());
    }

    fn new_intent(&mut self, form: &Form, now: i64) -> Reply {
        let id = self.id("pi");
        let Some(amount) = number(form, "amount").filter(|amount| *amount > 0) else {
            return refusal(400, "amount_too_small");
        };
        let intent = Intent {
            id: id.clone(),
            amount,
            currency: form.get("currency").cloned().unwrap_or_default(),
            status: "requires_payment_method",
            manual: form.get("capture_method").is_some_and(|method| method == "manual"),
            received: 0,
            refunded: 0,
            disputed: false,
            captures: 0,
            error: None,
            metadata: metadata(form, "metadata"),
            created: now,
        };
        let shown = intent.json();
        self.intents.insert(id, intent);
        ok(&shown)
    }

    fn new_checkout(&mut self, form: &Form, now: i64) -> Reply {
        let id = self.id("cs");
        let Some(amount) = number(form, "line_items[0][price_data][unit_amount]").filter(|amount| *amount > 0) else {
            return refusal(400, "amount_too_small");
        };
        let text = |name: &str| form.get(name).cloned().unwrap_or_default();
        let checkout = Checkout {
            id: id.clone(),
            amount,
            currency: text("line_items[0][price_data][currency]"),
            manual: text("payment_intent_data[capture_method]") == "manual",
            status: "open",
            intent: None,
            client_reference: text("client_reference_id"),
            success_url: text("success_url"),
            metadata: metadata(form, "payment_intent_data[metadata]"),
            created: now,
        };
        let shown = checkout.json(None, false);
        self.checkouts.insert(id, checkout);
        ok(&shown)
    }

    fn list_intents(&self, form: &Form) -> Reply {
        listed(form, self.intents.values().map(|intent| (intent.id.as_str(), intent.created, intent.json())))
    }

    fn list_checkouts(&self, form: &Form) -> Reply {
        let shown = |checkout: &Checkout| checkout.json(self.intent_of(checkout), false);
        listed(form, self.checkouts.values().map(|it| (it.id.as_str(), it.created, shown(it))))
    }

    fn list_refunds(&self, form: &Form) -> Reply {
        let wanted = form.get("payment_intent");
        let refunds = self.refunds.values().filter(|refund| wanted.is_none_or(|intent| *intent == refund.intent));
        listed(form, refunds.map(|refund| (refund.id.as_str(), refund.created, refund.json())))
    }

    fn intent_of(&self, checkout: &Checkout) -> Option<&Intent> {
        checkout.intent.as_ref().and_then(|id| self.intents.get(id))
    }

    fn show_checkout(&self, id: &str, form: &Form) -> Reply {
        let whole = form.contains_key("expand[]");
        self.checkouts.get(id).map_or_else(missing, |it| ok(&it.json(self.intent_of(it), whole)))
    }

    fn expire(&mut self, id: &str) -> Reply {
        let Some(checkout) = self.checkouts.get_mut(id) else { return missing() };
        if checkout.status != "open" {
            return refusal(400, "checkout_session_not_open");
        }
        checkout.status = "expired";
        let (intent, shown) = (checkout.intent.clone(), checkout.json(None, false));
        if let Some(intent) = intent {
            self.cancel(&intent);
        }
        self.happened("checkout.session.expired", &shown);
        ok(&shown)
    }

    fn capture(&mut self, id: &str, form: &Form) -> Reply {
        let Some(intent) = self.intents.get_mut(id) else { return missing() };
        let amount = number(form, "amount_to_capture").unwrap_or(intent.amount);
        if intent.status != "requires_capture" || !(1..=intent.amount).contains(&amount) {
            return refusal(400, "payment_intent_unexpected_state");
        }
        (intent.status, intent.received) = ("succeeded", amount);
        intent.captures += 1;
        let (shown, charge) = (intent.json(), intent.charge());
        self.happened("charge.captured", &charge);
        self.happened("payment_intent.succeeded", &shown);
        ok(&shown)
    }

    fn cancel(&mut self, id: &str) -> Reply {
        let Some(intent) = self.intents.get_mut(id) else { return missing() };
        if matches!(intent.status, "succeeded" | "canceled") {
            return refusal(400, "payment_intent_unexpected_state");
        }
        intent.status = "canceled";
        let shown = intent.json();
        self.happened("payment_intent.canceled", &shown);
        ok(&shown)
    }

    fn refund(&mut self, form: &Form, now: i64) -> Reply {
        let id = form.get("payment_intent").cloned().unwrap_or_default();
        let Some(intent) = self.intents.get(&id) else { return missing() };
        let left = intent.received - intent.refunded;
        let amount = number(form, "amount").unwrap_or(left);
        if amount < 1 || amount > left {
            return refusal(400, "charge_already_refunded");
        }
        let currency = intent.currency.clone();
        self.refund_there(&id, amount);
        let refund = Refund {
            id: self.id("re"),
            intent: id,
            amount,
            currency,
            status: "succeeded",
            metadata: metadata(form, "metadata"),
            created: now,
        };
        let shown = refund.json();
        self.refunds.insert(refund.id.clone(), refund);
        ok(&shown)
    }

    pub(crate) fn refund_there(&mut self, id: &str, amount: i64) {
        let Some(intent) = self.intents.get_mut(id) else { return };
        intent.refunded += amount;
        let charge = intent.charge();
        self.happened("charge.refunded", &charge);
    }

    pub(crate) fn fail_refund(&mut self, id: &str) {
        let is_back = |refund: &&mut Refund| refund.intent == id && refund.status == "succeeded";
        let Some(refund) = self.refunds.values_mut().rev().find(is_back) else { return };
        refund.status = "failed";
        let (amount, shown) = (refund.amount, refund.json());
        if let Some(intent) = self.intents.get_mut(id) {
            intent.refunded -= amount;
        }
        self.happened("refund.failed", &shown);
    }

    pub(crate) fn dispute(&mut self, id: &str, now: i64) {
        let name = self.id("dp");
        let Some(intent) = self.intents.get_mut(id) else { return };
        intent.disputed = true;
        let dispute = json!({
            "id": name, "object": "dispute", "amount": intent.received, "currency": intent.currency,
            "payment_intent": id, "reason": "fraudulent", "status": "needs_response", "created": now,
        });
        self.disputes.push(dispute.clone());
        self.happened("charge.dispute.created", &dispute);
    }

    pub(crate) fn stray(&mut self, amount: i64, currency: &str, session: Option<&str>, now: i64) -> String {
        let mut form =
            Form::from([("amount".to_owned(), amount.to_string()), ("currency".to_owned(), currency.to_owned())]);
        form.extend(session.map(|session| ("metadata[session_id]".to_owned(), session.to_owned())));
        self.new_intent(&form, now);
        let id = format!("pi_double{:08}", self.made);
        self.pay(&id, Card::Good, now);
        id
    }

    pub(crate) fn forge(&mut self, id: &str, amount: Option<i64>, currency: Option<&str>) {
        let Some(intent) = self.intents.get_mut(id) else { return };
        if let Some(amount) = amount {
            (intent.amount, intent.received) = (amount, if intent.received > 0 { amount } else { 0 });
        }
        if let Some(currency) = currency {
            currency.clone_into(&mut intent.currency);
        }
    }

    pub(crate) fn forget(&mut self, id: &str) {
        self.intents.remove(id);
        self.checkouts.retain(|_, checkout| checkout.intent.as_deref() != Some(id));
    }

    pub(crate) fn pay(&mut self, reference: &str, card: Card, now: i64) -> bool {
        let intent = match self.checkouts.get(reference) {
            Some(checkout) if checkout.status != "open" => return false,
            Some(checkout) => match checkout.intent.clone() {
                Some(intent) => intent,
                None => self.intent_of_page(reference, now),
            },
            None => reference.to_owned(),
        };
        let has_paid = self.pay_intent(&intent, card);
        if has_paid && let Some(checkout) = self.checkouts.get_mut(reference) {
            checkout.status = "complete";
            let checkout = checkout.clone();
            let shown = checkout.json(self.intent_of(&checkout), false);
            self.happened("checkout.session.completed", &shown);
        }
        has_paid
    }

    /// A hosted page has no intent before its shopper pays.
    fn intent_of_page(&mut self, reference: &str, now: i64) -> String {
        let id = self.id("pi");
        if let Some(checkout) = self.checkouts.get_mut(reference) {
            checkout.intent = Some(id.clone());
            let intent = Intent {
                id: id.clone(),
                amount: checkout.amount,
                currency: checkout.currency.clone(),
                status: "requires_payment_method",
                manual: checkout.manual,
                received: 0,
                refunded: 0,
                disputed: false,
                captures: 0,
                error: None,
                metadata: checkout.metadata.clone(),
                created: now,
            };
            self.intents.insert(id.clone(), intent);
        }
        id
    }

    fn pay_intent(&mut self, id: &str, card: Card) -> bool {
        let Some(intent) = self.intents.get_mut(id) else { return false };
        let is_open = matches!(intent.status, "requires_payment_method" | "requires_action");
        if !is_open || (card == Card::Confirmed && intent.status != "requires_action") {
            return false;
        }
        let kind = match card {
            Card::Refused(code) => {
                (intent.status, intent.error) = ("requires_payment_method", Some(code));
                "payment_intent.payment_failed"
            }
            Card::Asks => {
                intent.status = "requires_action";
                "payment_intent.requires_action"
            }
            Card::Good | Card::Confirmed | Card::Other(_) => {
                intent.error = None;
                if let Card::Other(amount) = card {
                    intent.amount = amount;
                }
                if intent.manual {
                    intent.status = "requires_capture";
                    "payment_intent.amount_capturable_updated"
                } else {
                    (intent.status, intent.received) = ("succeeded", intent.amount);
                    intent.captures += 1;
                    "payment_intent.succeeded"
                }
            }
        };
        let (shown, charge) = (intent.json(), intent.charge());
        let has_paid = matches!(intent.status, "succeeded" | "requires_capture");
        self.happened(kind, &shown);
        if has_paid {
            self.happened("charge.succeeded", &charge);
        }
        has_paid
    }

    pub(crate) fn references_of(&self, session: &str) -> Vec<String> {
        let of = |metadata: &BTreeMap<String, String>| metadata.get("session_id").is_some_and(|id| id == session);
        let checkouts = self.checkouts.values().filter(|it| it.client_reference == session).map(|it| it.id.clone());
        let intents = self.intents.values().filter(|it| of(&it.metadata)).map(|it| it.id.clone());
        checkouts.chain(intents).collect()
    }

    pub(crate) fn return_path(&self, page: &str) -> Option<String> {
        self.checkouts.get(page).map(|checkout| checkout.success_url.clone())
    }

    pub(crate) fn ledger(&self) -> Vec<Line> {
        let line = |intent: &Intent| Line {
            intent: intent.id.clone(),
            session: intent.metadata.get("session_id").cloned().unwrap_or_default(),
            order: intent.metadata.get("order_id").cloned().unwrap_or_default(),
            captured: intent.received,
            refunded: intent.refunded,
            currency: intent.currency.clone(),
            status: intent.status.to_owned(),
            captures: intent.captures,
        };
        self.intents.values().map(line).collect()
    }

    pub(crate) fn take_events(&mut self) -> Vec<String> {
        std::mem::take(&mut self.events)
    }
}

fn ok(value: &Value) -> Reply {
    (200, value.to_string())
}

fn refusal(status: u16, code: &str) -> Reply {
    (status, json!({"error": {"type": "invalid_request_error", "code": code, "message": code}}).to_string())
}

fn missing() -> Reply {
    refusal(404, "resource_missing")
}

fn number(form: &Form, name: &str) -> Option<i64> {
    form.get(name)?.parse().ok()
}

/// `metadata[a]=b` as a map.
fn metadata(form: &Form, name: &str) -> BTreeMap<String, String> {
    let inner = |key: &String| Some(key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    form.iter().filter_map(|(key, value)| Some((inner(key)?, value.clone()))).collect()
}

/// A page of a list, the newest first.
fn listed<'a>(form: &Form, all: impl DoubleEndedIterator<Item = (&'a str, i64, Value)>) -> Reply {
    let from = number(form, "created[gte]").unwrap_or(i64::MIN);
    let to = number(form, "created[lte]").unwrap_or(i64::MAX);
    let limit = usize::try_from(number(form, "limit").unwrap_or(10)).unwrap_or(10);
    let after = form.get("starting_after");
    let mut found: Vec<Value> = Vec::new();
    let mut is_begun = after.is_none();
    let mut has_more = false;
    for (id, created, value) in all.rev() {
        if is_begun && (from..=to).contains(&created) {
            if found.len() == limit {
                has_more = true;
                break;
            }
            found.push(value);
        }
        is_begun |= after.is_some_and(|after| after == id);
    }
    ok(&json!({"object": "list", "data": found, "has_more": has_more}))
}
