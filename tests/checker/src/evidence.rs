//! The witnesses: the databases, and what customers and staff wrote down.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::{self, Problem, Source};
use crate::tables::{
    Call, CardMovement, Cart, Charge, Code, CodeUse, Cursor, Entry, GiftCard, GivenBack, Heard, Level, Mail, Movement,
    Order, OrderEvent, OrderLine, OrderRefund, Parcel, ParcelLine, Parked, Payment, Refund, Reservation,
    ReservationLine, Saga, Session, Step, Told, Transaction,
};

/// A run: who it was about, and where its data is. `run.json` in the folder of the evidence.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// For instance `sqlite`.
    pub profile: String,
    /// Repeats the run.
    pub seed: u64,
    /// What there was to sell.
    pub goods: Vec<Goods>,
    /// The codes that there were, and how often each may be used.
    #[serde(default)]
    pub codes: BTreeMap<String, i64>,
    /// How many gift cards staff gave away, and how much each was worth.
    #[serde(default)]
    pub gift_cards: (usize, i64),
    /// The tables of each module.
    pub sources: BTreeMap<String, Source>,
}

impl Run {
    /// Where the tables of `module` are.
    ///
    /// # Errors
    /// The run does not say.
    pub fn source(&self, module: &str) -> Result<&Source, Problem> {
        self.sources.get(module).ok_or_else(|| Problem(format!("run.json does not say where {module} is")))
    }
}

/// Something that was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Goods {
    /// Stock keeping unit.
    pub sku: String,
    /// Units that there were at the start; nothing arrived later.
    pub units: i64,
}

/// What a client found out by an answer. One line of `facts.jsonl` each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fact {
    /// When the answer came, in milliseconds since 1970.
    pub at: i64,
    /// The buyer's address, one for each purchase.
    pub buyer: String,
    /// What was found out.
    #[serde(flatten)]
    pub stage: Stage,
}

/// What became of a purchase, as its buyer or the staff saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// The button was pressed for these units of each SKU.
    Pressed {
        /// Units.
        units: BTreeMap<String, i64>,
    },
    /// The order's page was shown, under this secret.
    Shown {
        /// Opens the order.
        secret: String,
        /// As the page said: `placed`, `unpaid`, `ended` or `other`.
        said: String,
    },
    /// The provider took this decision for the payment.
    Decided {
        /// `succeed`, `decline`, …
        decision: String,
    },
    /// The shop refused to sell it, in these words.
    Refused {
        /// The notice.
        words: String,
    },
    /// Staff wanted to cancel the order; whether the shop confirmed it.
    Canceled {
        /// It did.
        confirmed: bool,
    },
    /// Staff marked the order as paid; whether the shop confirmed it.
    MarkedPaid {
        /// It did.
        confirmed: bool,
    },
    /// Staff shipped all of the order; whether the shop confirmed it.
    Shipped {
        /// It did.
        confirmed: bool,
    },
    /// Staff wanted to give money back, for a reason that no other refund has; whether the shop confirmed it.
    Refunded {
        /// As staff typed it.
        reason: String,
        /// In minor units.
        amount: i64,
        /// It did.
        confirmed: bool,
    },
    /// Staff gave back by hand what nobody else could; whether the shop confirmed that it knows.
    PaidOut {
        /// As the page names it.
        refund: String,
        /// It did.
        confirmed: bool,
    },
    /// The shop took a gift card, before the button was pressed.
    CardTaken,
    /// The client gave up without an answer.
    Unanswered {
        /// To what.
        request: String,
    },
}

/// The events of all modules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Messages {
    pub(crate) told: BTreeMap<String, Vec<Told>>,
    pub(crate) cursors: BTreeMap<String, Vec<Cursor>>,
    pub(crate) heard: BTreeMap<String, Vec<Heard>>,
    pub(crate) parked: BTreeMap<String, Vec<Parked>>,
}

/// The kinds that a consumer asks for, by its name. A consumer that is not here asks for all kinds.
const KINDS: &[(&str, &[&str])] = &[
    (
        "orders.payments",
        &["payment.authorized", "payment.captured", "payment.failed", "payment.refunded", "refund.failed"],
    ),
    ("inventory.shipments", &["fulfillment.shipped"]),
    ("cart.orders", &["order.placed", "order.canceled"]),
    ("app.gift_cards", &["gift_card.issued"]),
    ("app.payments", &["payment.captured", "payment.failed"]),
    (
        "app.mail",
        &[
            "order.placed",
            "order.paid",
            "fulfillment.shipped",
            "order.refunded",
            "order.payment_requested",
            "return.changed",
            "order.canceled",
        ],
    ),
];

impl Messages {
    /// Consumers that have not heard what a producer has told: `consumer: aggregate`.
    pub(crate) fn lagging(&self) -> Vec<String> {
        let mut lagging = Vec::new();
        for (module, cursors) in &self.cursors {
            for cursor in cursors {
                let behind = |told: &&Told| (told.txid, told.seq) > (cursor.txid, cursor.seq);
                let wanted = KINDS.iter().find(|(name, _)| *name == cursor.consumer).map(|(_, kinds)| *kinds);
                let heard: BTreeMap<&str, i64> = self.heard[module]
                    .iter()
                    .filter(|heard| heard.consumer == cursor.consumer && heard.generation == cursor.generation)
                    .map(|heard| (heard.aggregate_id.as_str(), heard.aggregate_version))
                    .collect();
                // Passing over events of other kinds is written down rarely, so a cursor alone says little.
                let known: BTreeSet<&str> = self
                    .told
                    .get(&cursor.producer)
                    .into_iter()
                    .flatten()
                    .filter(|told| heard.contains_key(told.aggregate_id.as_str()))
                    .map(|told| told.kind.as_str())
                    .collect();
                let unheard = self.told.get(&cursor.producer).into_iter().flatten().filter(behind).filter(|told| {
                    let asks = wanted.map_or_else(
                        || known.contains(told.kind.as_str()),
                        |kinds| kinds.contains(&told.kind.as_str()),
                    );
                    asks && heard
                        .get(told.aggregate_id.as_str())
                        .is_none_or(|version| *version < told.aggregate_version)
                });
                lagging
                    .extend(unheard.map(|told| format!("{}: {} of {}", cursor.consumer, told.kind, told.aggregate_id)));
            }
        }
        lagging
    }
}

/// All that is judged.
#[derive(Clone, Debug)]
pub struct Evidence {
    pub(crate) run: Run,
    pub(crate) facts: Vec<Fact>,
    pub(crate) orders: Vec<Order>,
    pub(crate) lines: Vec<OrderLine>,
    pub(crate) events: Vec<OrderEvent>,
    pub(crate) order_refunds: Vec<OrderRefund>,
    pub(crate) parcels: Vec<Parcel>,
    pub(crate) parcel_lines: Vec<ParcelLine>,
    pub(crate) sagas: Vec<Saga>,
    pub(crate) steps: Vec<Step>,
    pub(crate) levels: Vec<Level>,
    pub(crate) reservations: Vec<Reservation>,
    pub(crate) reservation_lines: Vec<ReservationLine>,
    pub(crate) movements: Vec<Movement>,
    pub(crate) payments: Vec<Payment>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) given_back: Vec<GivenBack>,
    pub(crate) gift_cards: Vec<GiftCard>,
    pub(crate) card_movements: Vec<CardMovement>,
    pub(crate) carts: Vec<Cart>,
    pub(crate) codes: Vec<Code>,
    pub(crate) code_uses: Vec<CodeUse>,
    pub(crate) mails: Vec<Mail>,
    pub(crate) messages: Messages,
    pub(crate) calls: BTreeMap<String, Vec<Call>>,
}

impl Evidence {
    /// Reads the evidence that lies in `folder`: `run.json`, `facts.jsonl`, and the databases that the run names.
    ///
    /// # Errors
    /// Something is not there, or not as it should be.
    pub fn read(folder: &Path) -> Result<Self, Problem> {
        let text =
            |name: &str| fs::read_to_string(folder.join(name)).map_err(|error| Problem(format!("{name}: {error}")));
        let run: Run =
            serde_json::from_str(&text("run.json")?).map_err(|error| Problem(format!("run.json: {error}")))?;
        let facts = text("facts.jsonl")?;
        let fact = |line: &str| serde_json::from_str(line).map_err(|error| Problem(format!("facts.jsonl: {error}")));
        let facts = facts.lines().map(fact).collect::<Result<_, _>>()?;
        Self::of(run, facts)
    }

    /// The evidence of `run`, with what its clients found out.
    ///
    /// # Errors
    /// A database cannot be read.
    pub fn of(run: Run, facts: Vec<Fact>) -> Result<Self, Problem> {
        let mut orders = store::open(run.source("orders")?)?;
        let mut inventory = store::open(run.source("inventory")?)?;
        let mut billing = store::open(run.source("billing")?)?;
        let mut cart = store::open(run.source("cart")?)?;
        let mut app = store::open(run.source("app")?)?;
        let mut calls = BTreeMap::new();
        for (module, source) in &run.sources {
            calls.insert(module.clone(), store::open(source)?.rows()?);
        }
        Ok(Self {
            facts,
            orders: orders.rows()?,
            lines: orders.rows()?,
            events: orders.rows()?,
            order_refunds: orders.rows()?,
            parcels: orders.rows()?,
            parcel_lines: orders.rows()?,
            sagas: orders.rows()?,
            steps: orders.rows()?,
            levels: inventory.rows()?,
            reservations: inventory.rows()?,
            reservation_lines: inventory.rows()?,
            movements: inventory.rows()?,
            payments: billing.rows()?,
            sessions: billing.rows()?,
            entries: billing.rows()?,
            transactions: billing.rows()?,
            refunds: billing.rows()?,
            charges: billing.rows()?,
            given_back: billing.rows()?,
            gift_cards: billing.rows()?,
            card_movements: billing.rows()?,
            carts: cart.rows()?,
            codes: cart.rows()?,
            code_uses: cart.rows()?,
            mails: app.rows()?,
            messages: Self::read_messages(&run)?,
            calls,
            run,
        })
    }

    pub(crate) fn read_messages(run: &Run) -> Result<Messages, Problem> {
        let mut messages = Messages::default();
        for (module, source) in &run.sources {
            let mut database = store::open(source)?;
            messages.told.insert(module.clone(), database.rows()?);
            messages.cursors.insert(module.clone(), database.rows()?);
            messages.heard.insert(module.clone(), database.rows()?);
            messages.parked.insert(module.clone(), database.rows()?);
        }
        Ok(messages)
    }

    /// The order that a secret opens.
    pub(crate) fn order_of_secret(&self, secret: &str) -> Option<&Order> {
        use sha2::{Digest as _, Sha256};
        let hash: String = Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        self.orders.iter().find(|order| order.secret_hash.as_deref() == Some(hash.as_str()))
    }
}
