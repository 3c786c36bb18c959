//! Every query of billing.

use diesel::QueryResult;
use diesel::result::Error;
use kernel::db::{insert_rows, on_either};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) mod audit;
pub(crate) mod captures;
pub(crate) mod checks;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod gift_cards;
pub(crate) mod money;
pub(crate) mod notices;
pub(crate) mod payments;
pub(crate) mod refunds;
pub(crate) mod series;
pub(crate) mod sessions;
pub(crate) mod taxes;
pub(crate) mod test_provider;

/// A status or a decision is stored under the name by which it travels.
fn to_name(value: impl Serialize) -> QueryResult<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => Ok(name),
        Ok(other) => Err(Error::SerializationError(format!("{other} is not a name").into())),
        Err(error) => Err(Error::SerializationError(error.into())),
    }
}

fn of_name<T: DeserializeOwned>(name: String) -> QueryResult<T> {
    serde_json::from_value(Value::String(name)).map_err(unreadable)
}

/// What is stored is not what this program writes.
fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::DeserializationError(error.into())
}
