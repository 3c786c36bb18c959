//! The module `billing` as a process of its own, for when it has moved out of the shop's.

use billing::{BankAccount, BillingSettings, StripePage, StripeSettings};
use host::Settings;

fn main() -> std::process::ExitCode {
    host::run_alone("billing", |host| async move {
        let settings = settings(host.settings());
        host.place(billing::schema(), |db| billing::start(db, host.clock(), settings)).await?;
        Ok(())
    })
}

fn settings(of: &Settings) -> BillingSettings {
    let stripe = |account: host::settings::StripeAccount| StripeSettings {
        secret_key: account.secret_key,
        publishable_key: account.publishable_key,
        webhook_secrets: account.webhook_secrets,
        api_url: account.api_url,
        page: if account.embedded { StripePage::Embedded } else { StripePage::Hosted },
        base_url: of.base_url.clone(),
        shop_name: of.shop_name.clone(),
        http: std::sync::Arc::new(host::Network),
    };
    let account = |(holder, iban, bic): (String, String, String)| {
        let bic = Some(bic).filter(|bic| !bic.is_empty());
        BankAccount { holder, iban, bic, bank: None }
    };
    BillingSettings {
        bank_account: of.bank.clone().map(account),
        test_provider: of.test_payments,
        cash_on_delivery: of.cash_on_delivery,
        captures_later: of.captures_later,
        stripe: of.stripe.clone().map(stripe),
        secret_key: of.derived_secret("payments"),
        former_secret_key: of.former_secret("payments"),
    }
}
