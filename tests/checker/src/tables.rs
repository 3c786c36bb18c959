//! The rows that are looked at, as this program reads them.

use serde::{Deserialize, Deserializer};

use crate::store::Row;

macro_rules! table {
    ($name:ident = $table:literal { $($column:ident: $type:ty),* $(,)? }) => {
        #[derive(Clone, Debug, Deserialize)]
        pub(crate) struct $name {
            $(pub(crate) $column: $type,)*
        }

        impl Row for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),*];
        }
    };
}

/// `true` on one database, 1 on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_bool().unwrap_or_else(|| value.as_i64() == Some(1))))
    }
}

table!(Order = "orders" {
    id: String,
    number: String,
    key: Option<String>,
    secret_hash: Option<String>,
    superseded_by: Option<String>,
    cart_id: String,
    cart_version: i64,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    email: String,
    currency: String,
    subtotal: i64,
    discount: i64,
    shipping_price: i64,
    tax_added: i64,
    total: i64,
    by_gift_cards: i64,
    gift_cards: String,
    unpaid: i64,
    version: i64,
    placed_at: Option<i64>,
    coupons: String,
});

impl Order {
    /// Money came for it, whatever became of that.
    pub(crate) fn is_paid(&self) -> bool {
        !matches!(self.payment_status.as_str(), "unpaid" | "voided")
    }

    /// Promised to the buyer, now.
    pub(crate) fn is_sold(&self) -> bool {
        matches!(self.status.as_str(), "placed" | "completed" | "archived")
    }

    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "canceled" | "expired")
    }

    /// What was paid for it, once money came.
    pub(crate) fn paid(&self) -> i64 {
        self.total - self.unpaid
    }

    /// The gift cards that pay for it, and how much.
    pub(crate) fn cards(&self) -> Vec<(String, i64)> {
        let cards: Vec<serde_json::Value> = serde_json::from_str(&self.gift_cards).unwrap_or_default();
        let card = |card: &serde_json::Value| {
            Some((card["gift_card_id"].as_str()?.to_owned(), card["amount"]["amount"].as_i64()?))
        };
        cards.iter().filter_map(card).collect()
    }

    /// The codes that made it cheaper.
    pub(crate) fn codes(&self) -> Vec<String> {
        let coupons: Vec<serde_json::Value> = serde_json::from_str(&self.coupons).unwrap_or_default();
        coupons.iter().filter_map(|coupon| coupon["code"].as_str().map(str::to_owned)).collect()
    }

    pub(crate) fn name(&self) -> String {
        format!("order {} ({}, {}/{})", self.number, self.id, self.status, self.payment_status)
    }
}

table!(OrderLine = "order_lines" {
    id: String,
    order_id: String,
    variant_id: String,
    unit_price: i64,
    quantity: i64,
    discount: i64,
    line_total: i64,
    packed: i64,
    shipped: i64,
    returned: i64,
});

table!(OrderRefund = "order_refunds" {
    order_id: String,
    number: i64,
    amount: i64,
    reason: String,
    status: String,
    destination: String,
    refund_id: Option<String>,
    gift_card_id: Option<String>,
    restock: String,
});

table!(OrderEvent = "order_events" {
    order_id: String,
    seq: i64,
    kind: String,
    status: String,
});

table!(Parcel = "fulfillments" { id: String, order_id: String, status: String });

table!(ParcelLine = "fulfillment_lines" { fulfillment_id: String, order_line_id: String, quantity: i64 });

table!(Saga = "sagas" {
    order_id: String,
    status: String,
    next_attempt_at: Option<i64>,
    lease_expires_at: i64,
});

impl Saga {
    pub(crate) fn is_over(&self) -> bool {
        self.next_attempt_at.is_none()
    }
}

table!(Step = "saga_steps" {
    key: String,
    order_id: String,
    step: String,
    undoes: Option<String>,
    status: String,
});

table!(Level = "stock_levels" {
    variant_id: String,
    location_id: String,
    sku: String,
    on_hand: i64,
    reserved: i64,
    allocated: i64,
    track_inventory: Flag,
    backorderable: Flag,
});

table!(Reservation = "reservations" { order_id: String, status: String });

table!(ReservationLine = "reservation_lines" {
    order_id: String,
    variant_id: String,
    location_id: String,
    quantity: i64,
    shipped: i64,
});

table!(Movement = "stock_movements" {
    id: String,
    variant_id: String,
    location_id: String,
    on_hand_delta: i64,
    reserved_delta: i64,
    allocated_delta: i64,
});

table!(Payment = "payments" {
    order_id: String,
    amount: Option<i64>,
    currency: Option<String>,
    gift_cards: i64,
    captured: i64,
    refunded: i64,
});

table!(Session = "payment_sessions" {
    id: String,
    order_id: String,
    method: String,
    key: String,
    status: String,
});

table!(Entry = "money_entries" {
    txn_id: String,
    line: i64,
    order_id: Option<String>,
    session_id: Option<String>,
    account: String,
    debit: i64,
    credit: i64,
    currency: String,
});

impl Entry {
    /// The order that it is about; nothing for what staff give away.
    pub(crate) fn order(&self) -> &str {
        self.order_id.as_deref().unwrap_or_default()
    }
}

table!(GiftCard = "gift_cards" {
    id: String,
    currency: String,
    issued: i64,
    balance: i64,
    status: String,
    reason: String,
});

table!(CardMovement = "gift_card_movements" {
    id: String,
    gift_card_id: String,
    kind: String,
    amount: i64,
    order_id: Option<String>,
    refund_id: Option<String>,
    txn_id: String,
});

impl CardMovement {
    /// Above zero for what went onto the card.
    pub(crate) fn onto(&self) -> i64 {
        if matches!(self.kind.as_str(), "issue" | "restore") { self.amount } else { -self.amount }
    }
}

table!(Transaction = "money_transactions" { id: String, kind: String, refund_id: Option<String> });

table!(Refund = "refunds" {
    id: String,
    order_id: String,
    session_id: String,
    method: String,
    amount: i64,
    gift_cards: i64,
    gift_card_id: Option<String>,
    reason: String,
    status: String,
    next_attempt_at: Option<i64>,
});

impl Refund {
    pub(crate) fn counts(&self) -> bool {
        self.status != "failed"
    }

    pub(crate) fn name(&self) -> String {
        format!("{} ({} of {}, {}, {})", self.id, self.amount, self.order_id, self.method, self.status)
    }
}

// What the test provider knows: another company's ledger.
table!(GivenBack = "test_provider_refunds" { key: String, session_id: String, amount: i64 });

table!(Charge = "test_provider_sessions" {
    session_id: String,
    amount: i64,
    decision: Option<String>,
});

impl Charge {
    pub(crate) fn succeeded(&self) -> bool {
        self.decision.as_deref() == Some("succeed")
    }
}

table!(Cart = "carts" { id: String, version: i64, completed_at: Option<i64> });

table!(Code = "coupon_codes" { code: String, use_limit: Option<i64>, uses: i64 });

table!(CodeUse = "coupon_uses" { id: String, code: String, order_id: Option<String>, status: String });

table!(Mail = "outgoing_emails" { order_id: String, kind: String, about: String, status: String });

table!(Told = "outbox" {
    seq: i64,
    id: String,
    kind: String,
    aggregate_id: String,
    aggregate_version: i64,
    txid: i64,
});

table!(Cursor = "inbox_cursor" { consumer: String, producer: String, generation: i64, txid: i64, seq: i64 });

table!(Heard = "inbox" { consumer: String, generation: i64, aggregate_id: String, aggregate_version: i64 });

table!(Parked = "inbox_parked" { consumer: String, event_id: String, last_error: String });

table!(Call = "idempotency" { method: String, key: String, result: String });
