//! The account with Stripe.

use super::{SettingsError, Values, wrong};

/// An account with Stripe.
#[derive(Clone)]
pub struct StripeAccount {
    /// `sk_…`
    pub secret_key: String,
    /// `pk_…`
    pub publishable_key: Option<String>,
    /// `whsec_…`: one, and during a rotation two.
    pub webhook_secrets: Vec<String>,
    /// In fields on a page of the shop, rather than on a page of Stripe.
    pub embedded: bool,
    /// Where its API is.
    pub api_url: String,
    /// Where its own pages are.
    pub pages: Vec<String>,
}

impl std::fmt::Debug for StripeAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StripeAccount({})", self.api_url)
    }
}

/// The account; `None` without a key.
pub(super) fn stripe(values: &Values) -> Result<Option<StripeAccount>, SettingsError> {
    let Some(secret_key) = values.optional("stripe_secret_key") else { return Ok(None) };
    let embedded = values.one_of("stripe_page", &["hosted", "embedded"])? == "embedded";
    let publishable_key = values.optional("stripe_publishable_key");
    if embedded && publishable_key.is_none() {
        let problem = "set it to the pk_… of the account: the fields on the shop's page need it";
        return Err(wrong("FREESTONE_STRIPE_PUBLISHABLE_KEY", problem));
    }
    let (secrets, spelled) = values.get("stripe_webhook_secret");
    let webhook_secrets: Vec<String> =
        secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(str::to_owned).collect();
    if webhook_secrets.len() > 2 {
        return Err(wrong(spelled, "give one secret, or during a rotation two"));
    }
    let (api_url, spelled) = values.get("stripe_api_url");
    let is_safe = url::Url::parse(&api_url).is_ok_and(|url| {
        url.scheme() == "https" || (url.scheme() == "http" && url.host_str().is_some_and(is_this_machine))
    });
    if !is_safe {
        return Err(wrong(spelled, format!("{api_url:?}: write an address such as https://api.stripe.com")));
    }
    let pages = vec!["https://checkout.stripe.com".to_owned()];
    Ok(Some(StripeAccount { secret_key, publishable_key, webhook_secrets, embedded, api_url, pages }))
}

/// A test double may be spoken to without TLS, but not over a network.
fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}
