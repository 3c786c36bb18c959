//! The stall: a small contract, its implementation, and every placement of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use kernel::contract::{Contract as _, Faulty, Format, Loopback, Route, Router};
use kernel::{CallCtx, CallError, Currency, DomainError, IdempotencyKey, Money, Principal, Quantity, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stall that sells chalk.
#[contract(module = "stall", version = 1, events(ChalkSold))]
pub(crate) trait Stall {
    /// What lies on a shelf,
    /// and what a stick costs.
    ///
    /// Colors that the stall never had are refused.
    #[read]
    async fn look(&self, ctx: &CallCtx, request: Look) -> Result<Shelf, CallError<StallError>>;

    /// Sells chalk, once per key.
    #[write(idempotent_by = key)]
    async fn buy(&self, ctx: &CallCtx, request: Buy) -> Result<Receipt, CallError<StallError>>;
}

/// Asks what lies on a shelf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Look {
    /// Of the chalk.
    pub(crate) color: String,
}

/// What lies on a shelf.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Shelf {
    /// Of the chalk.
    pub(crate) color: String,
    /// Sticks.
    pub(crate) left: i64,
    /// Of one stick.
    pub(crate) price: Money,
    /// For whom it was looked up, and by whom.
    pub(crate) seen_by: String,
}

/// Asks to sell chalk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Buy {
    /// Names this purchase.
    pub(crate) key: IdempotencyKey,
    /// Of the chalk.
    pub(crate) color: String,
    /// Sticks.
    pub(crate) quantity: Quantity,
    /// To be written on the bag.
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// What was sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Receipt {
    /// Counts from 1.
    pub(crate) number: u64,
    /// Of all sticks.
    pub(crate) total: Money,
    /// As it was asked for.
    pub(crate) note: Option<String>,
}

/// Why the stall refuses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub(crate) enum StallError {
    /// Not enough is there.
    #[error("only {left} left of {color}")]
    SoldOut {
        /// Of the chalk.
        color: String,
        /// Sticks.
        left: i64,
    },
    /// Nobody makes such chalk.
    #[error("no such color")]
    NoSuchColor,
    /// A refusal of a newer release.
    #[error("refused for a reason that this release does not know")]
    #[serde(other)]
    Other,
}

impl DomainError for StallError {}

/// Chalk was sold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChalkSold {
    /// Of the chalk.
    pub(crate) color: String,
}

impl kernel::event::Event for ChalkSold {
    const KIND: &'static str = "chalk.sold";

    fn aggregate_id(&self) -> String {
        self.color.clone()
    }
}

/// What the seller does before a purchase or a look.
#[derive(Clone, Debug, Default)]
pub(crate) enum Mood {
    /// Serves at once.
    #[default]
    Calm,
    /// Takes time.
    Slow(Duration),
    /// Drops everything.
    Clumsy,
    /// Fails in this way.
    Failing(CallError<StallError>),
}

/// The stall itself.
pub(crate) struct ChalkStall {
    sticks: Mutex<BTreeMap<String, i64>>,
    receipts: Mutex<HashMap<String, Receipt>>,
    mood: Mutex<Mood>,
    served: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("it works")
}

impl ChalkStall {
    /// With 10 white sticks and 1 red one.
    pub(crate) fn open() -> Arc<Self> {
        let sticks = [("white".to_owned(), 10), ("red".to_owned(), 1)].into();
        Arc::new(Self {
            sticks: Mutex::new(sticks),
            receipts: Mutex::default(),
            mood: Mutex::default(),
            served: AtomicU64::new(0),
        })
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        *locked(&self.mood) = mood;
    }

    pub(crate) fn fill(&self, color: &str, sticks: i64) {
        locked(&self.sticks).insert(color.to_owned(), sticks);
    }

    /// How many purchases were made; repeats do not count.
    pub(crate) fn sales(&self) -> usize {
        locked(&self.receipts).len()
    }

    /// How many calls reached the seller.
    pub(crate) fn served(&self) -> u64 {
        self.served.load(Ordering::SeqCst)
    }

    async fn serve(&self) -> Result<(), CallError<StallError>> {
        self.served.fetch_add(1, Ordering::SeqCst);
        let mood = locked(&self.mood).clone();
        match mood {
            Mood::Calm => Ok(()),
            Mood::Slow(duration) => {
                tokio::time::sleep(duration).await;
                Ok(())
            }
            Mood::Clumsy => panic!("all chalk on the floor"),
            Mood::Failing(error) => Err(error),
        }
    }
}

#[async_trait]
impl Stall for ChalkStall {
    async fn look(&self, ctx: &CallCtx, request: Look) -> Result<Shelf, CallError<StallError>> {
        self.serve().await?;
        let left = *locked(&self.sticks).get(&request.color).ok_or(StallError::NoSuchColor)?;
        let seen_by = format!("{} through {}", ctx.principal.actor(), ctx.caller);
        Ok(Shelf { color: request.color, left, price: Money::new(120, Currency::eur()), seen_by })
    }

    async fn buy(&self, _: &CallCtx, request: Buy) -> Result<Receipt, CallError<StallError>> {
        self.serve().await?;
        let mut receipts = locked(&self.receipts);
        if let Some(receipt) = receipts.get(&request.key.to_string()) {
            return Ok(receipt.clone());
        }
        let mut sticks = locked(&self.sticks);
        let left = sticks.get_mut(&request.color).ok_or(StallError::NoSuchColor)?;
        let wanted = request.quantity.get();
        if *left < wanted {
            return Err(StallError::SoldOut { color: request.color, left: *left }.into());
        }
        *left -= wanted;
        let total = Money::new(wanted * 120, Currency::eur());
        let receipt = Receipt { number: receipts.len() as u64 + 1, total, note: request.note };
        receipts.insert(request.key.to_string(), receipt.clone());
        Ok(receipt)
    }
}

/// The stall, placed in every way; all of them share `stall`.
pub(crate) fn everywhere(stall: &Arc<ChalkStall>) -> Vec<(&'static str, Arc<dyn Stall>)> {
    let routed = |route| <dyn Stall>::routed(Router::new(route));
    let here = || Arc::clone(stall) as Arc<dyn Stall>;
    let there = |format| Route::remote(Arc::new(Loopback::new(here(), format)));
    vec![
        ("in-process", routed(Route::in_process(here()))),
        ("parity, JSON", routed(Route::parity(here(), Format::Json))),
        ("parity, MessagePack", routed(Route::parity(here(), Format::MessagePack))),
        ("remote, JSON", routed(there(Format::Json))),
        ("remote, MessagePack", routed(there(Format::MessagePack))),
        ("client, JSON", <dyn Stall>::client(Arc::new(Loopback::new(here(), Format::Json)))),
        ("client, MessagePack", <dyn Stall>::client(Arc::new(Loopback::new(here(), Format::MessagePack)))),
    ]
}

/// The stall placed in another process to which the way can be made faulty.
pub(crate) fn far_away(stall: &Arc<ChalkStall>, format: Format) -> (Arc<Faulty>, Arc<dyn Stall>) {
    let faulty = Faulty::new(Arc::new(Loopback::new(Arc::clone(stall) as Arc<dyn Stall>, format)));
    let router = Router::new(Route::remote(Arc::clone(&faulty) as _));
    (faulty, <dyn Stall>::routed(router))
}

/// Runs `test` on a new stall in each placement, and names the placement when it fails.
pub(crate) async fn in_every_placement<F: Future<Output = ()>>(test: impl Fn(Arc<ChalkStall>, Arc<dyn Stall>) -> F) {
    for place in 0..everywhere(&ChalkStall::open()).len() {
        let stall = ChalkStall::open();
        let (name, caller) = everywhere(&stall).swap_remove(place);
        println!("placement: {name}");
        test(stall, caller).await;
    }
}

/// Ada at the stall.
pub(crate) fn ada() -> CallCtx {
    CallCtx::new("app", Principal::Anonymous)
}

/// A look at one shelf.
pub(crate) fn look(color: &str) -> Look {
    Look { color: color.to_owned() }
}

/// A purchase under `key`.
pub(crate) fn buy(key: &str, color: &str, quantity: i64) -> Buy {
    Buy {
        key: IdempotencyKey::parse(key).expect("it works"),
        color: color.to_owned(),
        quantity: Quantity::try_from(quantity).expect("it works"),
        note: None,
    }
}
