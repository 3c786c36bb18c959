//! Bank transfers: the shopper pays by instructions, and staff see the money on the account. Nobody can be asked.

use std::time::Duration;

use async_trait::async_trait;
use billing_api::{PaymentMethod, PaymentNext, SessionId};
use kernel::{Country, Money};

use super::{Attempt, Opened, PaymentProvider, ProviderError, Report};
use crate::settings::BankAccount;

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

    fn foreseen(&self, attempt: &Attempt) -> PaymentNext {
        match &self.account {
            Some(account) => PaymentNext::Instructions { lines: instructions(account, attempt) },
            None => PaymentNext::Nothing,
        }
    }

    async fn start(&self, _: &Attempt) -> Result<Opened, ProviderError> {
        Ok(Opened::default())
    }

    async fn status(&self, _: SessionId) -> Result<Report, ProviderError> {
        Ok(Report::Pending)
    }

    async fn cancel(&self, _: SessionId) -> Result<Report, ProviderError> {
        Ok(Report::Canceled)
    }
}

fn instructions(account: &BankAccount, attempt: &Attempt) -> Vec<(String, String)> {
    let iban = grouped(&account.iban);
    let lines = [
        ("Account holder", Some(account.holder.as_str())),
        ("IBAN", Some(&iban)),
        ("BIC", account.bic.as_deref()),
        ("Bank", account.bank.as_deref()),
        ("Amount", Some(&attempt.amount.to_string())),
        ("Payment reference", Some(&attempt.order_number)),
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
