//! Cash on delivery: the shopper pays whoever brings the parcel, and staff say when that money has come in.

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{PaymentMethod, PaymentNext};
use kernel::{Country, Money};

use super::{Answer, Opened, PaymentProvider, ProviderError, RefundReport, Report, Standing};
use crate::store::sessions::Session;

/// The code of the method.
pub(crate) const CASH_ON_DELIVERY: &str = "cash_on_delivery";

pub(super) struct CashOnDelivery {
    offered: bool,
}

impl CashOnDelivery {
    pub(super) fn new(offered: bool) -> Self {
        Self { offered }
    }
}

#[async_trait]
impl PaymentProvider for CashOnDelivery {
    fn method(&self) -> PaymentMethod {
        PaymentMethod {
            code: CASH_ON_DELIVERY.to_owned(),
            title: "Cash on delivery".to_owned(),
            description: "You pay the courier in cash when your parcel arrives.".to_owned(),
            is_test: false,
        }
    }

    fn is_offered(&self, _: Money, _: Option<Country>) -> bool {
        self.offered
    }

    fn lifetime(&self) -> Option<Duration> {
        None
    }

    fn is_paid_by_hand(&self) -> bool {
        true
    }

    fn foreseen(&self, _: &Session) -> PaymentNext {
        let line = |label: &str, value: String| (label.to_owned(), value);
        PaymentNext::Instructions {
            lines: vec![
                line("How to pay", "In cash, to the courier".to_owned()),
                line("When", "When your parcel arrives".to_owned()),
            ],
        }
    }

    async fn start(&self, _: &Session) -> Answer<Opened> {
        Ok(Opened::default())
    }

    async fn status(&self, _: &Session) -> Answer<Standing> {
        Ok(Report::Pending.into())
    }

    async fn capture(&self, _: &Session, _: Money) -> Answer<Standing> {
        Err(ProviderError::Refused("a courier holds no money for us".to_owned()))
    }

    async fn cancel(&self, _: &Session) -> Answer<Standing> {
        Ok(Report::Canceled.into())
    }

    async fn refund(&self, _: &Session, _: &str, _: Money) -> Answer<RefundReport> {
        Ok(RefundReport::ByHand)
    }
}
