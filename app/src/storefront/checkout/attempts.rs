//! How often somebody may try to pay: few card numbers are stolen one at a time.
//!
//! Attempts at a provider are counted in the edge's data, each once however often its form is sent: by address, by buyer,
//! and by session, where the one that succeeds ends the session. Orders that are paid later are counted in memory.

use std::time::Duration;

use kernel::{CallError, Email};
use orders_api::GIFT_CARD;

use crate::storefront::order::is_paid_later;
use crate::storefront::views::{Notice, Tone};
use crate::web::counters::{self, PAYMENTS_OF_ADDRESS, PAYMENTS_OF_CUSTOMER, PAYMENTS_OF_SESSION, TooMany, Try};
use crate::web::{Problem, Visit};

/// An attempt to pay. One with gift cards alone asks no provider.
pub(crate) struct Attempt<'a> {
    /// Names it.
    pub(crate) key: String,
    /// `PaymentMethod::code` of billing.
    pub(crate) method: &'a str,
    /// Who pays.
    pub(crate) email: &'a Email,
    /// Where they pay, when they have no cart: the order.
    pub(crate) order: String,
}

impl Attempt<'_> {
    /// Counts it; gives how long to wait when there were too many.
    ///
    /// # Errors
    /// The counters are not available.
    pub(crate) async fn count(&self, visit: &Visit) -> Result<Option<Duration>, Problem> {
        let shop = &visit.shop;
        if is_paid_later(self.method) || self.method == GIFT_CARD {
            return Ok(shop.limits().count_order(visit.address()).err());
        }
        let session = visit.cart_secret().map_or_else(|| self.order.clone(), |secret| secret.hash());
        let tries = vec![
            Try::of(shop, PAYMENTS_OF_ADDRESS, visit.address()),
            Try::of(shop, PAYMENTS_OF_CUSTOMER, self.email.canonical()),
            Try::of(shop, PAYMENTS_OF_SESSION, session),
        ];
        match counters::count(shop, Some(format!("pay/{}/{}", self.method, self.key)), tries).await {
            Ok(()) => Ok(None),
            Err(CallError::Domain(TooMany { wait, .. })) => Ok(Some(wait)),
            Err(error) => Err(counters::refused(error)),
        }
    }
}

/// What to say when there were too many.
pub(crate) fn too_many(wait: Duration, kept: &str) -> Notice {
    let wait = counters::in_words(wait);
    let text = format!(
        "You have not been charged, and {kept} is kept. Wait {wait} before you try this way again, or choose another way to pay now."
    );
    Notice::new(Tone::Warn, "Too many attempts to pay", text)
}
