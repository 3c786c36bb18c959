//! Bank transfers: the shopper pays by instructions, and staff see the money on the account. Nobody can be asked.

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{PaymentMethod, PaymentNext};
use kernel::{Country, Money};

use super::{Answer, Opened, PaymentProvider, ProviderError, RefundReport, Report, Standing};
use crate::settings::BankAccount;
use crate::store::sessions::Session;

/// The code of the method.
pub(crate) const BANK_TRANSFER: &str = "bank_transfer";

pub(super) struct BankTransfer {
    account: Option<BankAccount>,
}

impl BankTransfer {
    pub(super) fn new(account: Option<BankAccount>) -> Self {
        Self { account }
    }
}

#[async_trait]
impl PaymentProvider for BankTransfer {
    fn method(&self) -> PaymentMethod {
        PaymentMethod {
            code: BANK_TRANSFER.to_owned(),
            title: "Bank transfer".to_owned(),
            description: "You get our account details with the order. We ship when the money has arrived.".to_owned(),
            is_test: false,
        }
    }

    fn is_offered(&self, _: Money, _: Option<Country>) -> bool {
        self.account.is_some()
    }

    fn lifetime(&self) -> Option<Duration> {
        None
    }

    fn is_paid_by_hand(&self) -> bool {
        true
    }

    fn foreseen(&self, session: &Session) -> PaymentNext {
        match &self.account {
            Some(account) => PaymentNext::Instructions { lines: instructions(account, session) },
            None => PaymentNext::Nothing,
        }
    }

    async fn start(&self, _: &Session) -> Answer<Opened> {
        Ok(Opened::default())
    }

    async fn status(&self, _: &Session) -> Answer<Standing> {
        Ok(Report::Pending.into())
    }

    async fn capture(&self, _: &Session, _: Money) -> Answer<Standing> {
        Err(ProviderError::Refused("nobody holds money of a bank transfer for us".to_owned()))
    }

    async fn cancel(&self, _: &Session) -> Answer<Standing> {
        Ok(Report::Canceled.into())
    }

    async fn refund(&self, _: &Session, _: &str, _: Money) -> Answer<RefundReport> {
        Ok(RefundReport::ByHand)
    }
}

fn instructions(account: &BankAccount, session: &Session) -> Vec<(String, String)> {
    let iban = grouped(&account.iban);
    let lines = [
        ("Account holder", Some(account.holder.as_str())),
        ("IBAN", Some(&iban)),
        ("BIC", account.bic.as_deref()),
        ("Bank", account.bank.as_deref()),
        ("Payment reference", Some(&session.order_number)),
    ]
    .map(|(label, value)| value.map(|value| (label.to_owned(), value.to_owned())));
    lines.into_iter().flatten().collect()
}

/// Four characters at a time, as on paper.
fn grouped(iban: &str) -> String {
    let characters: Vec<char> = iban.chars().filter(|character| !character.is_whitespace()).collect();
    characters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn an_iban_is_read_in_groups_of_four() {
        assert_eq!(grouped("AT611904300234573201"), "AT61 1904 3002 3457 3201");
        assert_eq!(grouped("NO93 8601 1117 947"), "NO93 8601 1117 947");
    }
}
