//! Releases side by side: an older peer and a newer one understand each other in both directions.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::contract::{Contract as _, Format, Loopback};
use kernel::{CallCtx, CallError, Currency, DomainError, IdempotencyKey, Money, NotExecuted, Quantity, contract};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stall::{ChalkStall, Stall, StallError, ada, buy, look};

/// The stall of the next release: more fields, one more refusal, one more method.
#[contract(module = "stall", version = 1)]
pub(crate) trait NextStall {
    /// What lies on a shelf, and in what form.
    #[read]
    async fn look(&self, ctx: &CallCtx, request: NextLook) -> Result<NextShelf, CallError<NextStallError>>;

    /// Sells chalk, once per key.
    #[write(idempotent_by = key)]
    async fn buy(&self, ctx: &CallCtx, request: NextBuy) -> Result<NextReceipt, CallError<NextStallError>>;

    /// Wraps chalk as a present.
    #[write(idempotent_by = key)]
    async fn wrap(&self, ctx: &CallCtx, request: NextBuy) -> Result<(), CallError<NextStallError>>;
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct NextLook {
    color: String,
    #[serde(default)]
    dustless_only: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct NextShelf {
    color: String,
    left: i64,
    price: Money,
    seen_by: String,
    #[serde(default)]
    forms: Vec<Vec<Option<String>>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct NextBuy {
    key: IdempotencyKey,
    color: String,
    quantity: Quantity,
    #[serde(default)]
    bag: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(crate) struct NextReceipt {
    number: u64,
    total: Money,
    #[serde(default)]
    vat: Option<Money>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum NextStallError {
    #[error("on holiday until {until}")]
    OnHoliday { until: String, reasons: Vec<String> },
    #[error("no such color")]
    NoSuchColor,
    #[error("other")]
    #[serde(other)]
    Other,
}

impl DomainError for NextStallError {}

struct NextChalkStall;

#[async_trait]
impl NextStall for NextChalkStall {
    async fn look(&self, ctx: &CallCtx, request: NextLook) -> Result<NextShelf, CallError<NextStallError>> {
        let forms = vec![vec![Some(format!("dustless only: {}", request.dustless_only)), None]];
        let seen_by = ctx.caller.to_string();
        Ok(NextShelf { color: request.color, left: 7, price: Money::new(150, Currency::eur()), seen_by, forms })
    }

    async fn buy(&self, _: &CallCtx, _: NextBuy) -> Result<NextReceipt, CallError<NextStallError>> {
        Err(NextStallError::OnHoliday { until: "Monday".to_owned(), reasons: vec!["sun".to_owned()] }.into())
    }

    async fn wrap(&self, _: &CallCtx, _: NextBuy) -> Result<(), CallError<NextStallError>> {
        Ok(())
    }
}

const FORMATS: [Format; 2] = [Format::Json, Format::MessagePack];

#[tokio::test]
async fn an_older_caller_understands_a_newer_stall() {
    for format in FORMATS {
        let newer: Arc<dyn NextStall> = Arc::new(NextChalkStall);
        let caller = <dyn Stall>::client(Arc::new(Loopback::new(newer, format)));
        let shelf = caller.look(&ada(), look("white")).await.expect("new fields of an answer are ignored");
        assert_eq!((shelf.left, shelf.price.amount), (7, 150));
        let mut request = buy("ada-1", "white", 1);
        request.note = Some("a field that the newer stall gave up".to_owned());
        let refusal = caller.buy(&ada(), request).await.unwrap_err();
        assert_eq!(refusal.domain(), Some(&StallError::Other), "{format:?}");
    }
}

#[tokio::test]
async fn a_newer_caller_understands_an_older_stall() {
    for format in FORMATS {
        let older: Arc<dyn Stall> = ChalkStall::open();
        let caller = <dyn NextStall>::client(Arc::new(Loopback::new(older, format)));
        let next_buy = |key: &str, color: &str| NextBuy {
            key: IdempotencyKey::parse(key).unwrap(),
            color: color.to_owned(),
            quantity: Quantity::ONE,
            bag: Some("paper".to_owned()),
        };
        let shelf = caller.look(&ada(), NextLook { color: "white".to_owned(), dustless_only: true }).await.unwrap();
        assert_eq!((shelf.color.as_str(), shelf.left, shelf.forms.len()), ("white", 10, 0));
        assert_eq!((shelf.price.amount, shelf.seen_by.as_str()), (120, "anonymous through app"));
        let receipt = caller.buy(&ada(), next_buy("ada-1", "white")).await.unwrap();
        assert_eq!((receipt.number, receipt.total.amount, receipt.vat), (1, 120, None));
        let refusal = caller.buy(&ada(), next_buy("ada-2", "plaid")).await.unwrap_err();
        assert_eq!(refusal.domain(), Some(&NextStallError::NoSuchColor));
        let unknown = caller.wrap(&ada(), next_buy("ada-3", "white")).await.unwrap_err();
        assert!(matches!(unknown, CallError::NotExecuted { reason: NotExecuted::UnknownMethod, .. }), "{unknown:?}");
    }
}
