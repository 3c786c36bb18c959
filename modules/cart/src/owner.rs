//! Whose cart it is.

use cart_api::CartError;
use kernel::{CallCtx, IdempotencyKey, Principal};

/// The hash of a cart's secret: the one thing by which a cart is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner(String);

impl Owner {
    /// The guest for whom a call is made.
    ///
    /// # Errors
    /// It is made for somebody else; nobody else has a cart.
    pub(crate) fn of(ctx: &CallCtx) -> Result<Self, CartError> {
        match &ctx.principal {
            Principal::Guest(secret) => Ok(Self(secret.hash())),
            _ => Err(CartError::NotFound),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// `key` within the changes of this owner, so that nobody meets the results of somebody else.
    pub(crate) fn key(&self, key: &IdempotencyKey) -> String {
        format!("{}/{key}", self.0)
    }
}
