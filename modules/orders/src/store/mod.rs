//! Every query of orders. One function runs one query; rows stay in here.

pub(crate) mod audit;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod orders;
pub(crate) mod parcels;
pub(crate) mod refunds;
pub(crate) mod returns;
pub(crate) mod sagas;
pub(crate) mod shipping;

use std::str::FromStr;

use diesel::prelude::*;
use kernel::db::{insert_rows, on_either};
use kernel::{Currency, Timestamp};
use orders_api::{FulfillmentStatus, OrderStatus, PaymentStatus};

use crate::status::Status;

/// What is stored is not what this program writes.
fn unreadable(what: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(what.to_string().into())
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(text: &str) -> QueryResult<T> {
    text.parse().map_err(unreadable)
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> QueryResult<T> {
    serde_json::from_str(text).map_err(unreadable)
}

fn to_json(value: &impl serde::Serialize) -> QueryResult<String> {
    serde_json::to_string(value).map_err(|error| diesel::result::Error::SerializationError(error.into()))
}

fn moment(stored: Option<i64>) -> Option<Timestamp> {
    stored.map(Timestamp)
}

/// The one of `all` that is stored as `text`.
fn one_of<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> QueryResult<T> {
    let found = all.iter().copied().find(|value| name(*value) == text);
    found.ok_or_else(|| unreadable(format!("unknown status {text:?}")))
}

fn order_status(text: &str) -> QueryResult<OrderStatus> {
    use OrderStatus::{Canceled, Completed, Expired, Pending, Placed};
    one_of(&[Pending, Placed, Completed, Canceled, Expired], OrderStatus::as_str, text)
}

fn payment_status(text: &str) -> QueryResult<PaymentStatus> {
    use PaymentStatus::{Paid, PartiallyRefunded, Refunded, Unpaid, Voided};
    one_of(&[Unpaid, Paid, PartiallyRefunded, Refunded, Voided], PaymentStatus::as_str, text)
}

fn fulfillment_status(text: &str) -> QueryResult<FulfillmentStatus> {
    use FulfillmentStatus::{Canceled, Fulfilled, PartiallyFulfilled, Unfulfilled};
    one_of(&[Unfulfilled, PartiallyFulfilled, Fulfilled, Canceled], FulfillmentStatus::as_str, text)
}

fn status(order: &str, payment: &str, fulfillment: &str) -> QueryResult<Status> {
    Ok(Status {
        order: order_status(order)?,
        payment: payment_status(payment)?,
        fulfillment: fulfillment_status(fulfillment)?,
    })
}

fn currency(code: &str) -> QueryResult<Currency> {
    parsed(code)
}
