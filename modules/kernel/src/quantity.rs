//! How many of something: 1 to 9,999.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A number of units in a cart, an order or a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "i64", try_from = "i64")]
pub struct Quantity(#[schemars(range(min = 1, max = 9_999))] i64);

/// Not a whole number from 1 to 9,999.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a quantity is a whole number from 1 to {max}", max = Quantity::MAX)]
pub struct NotAQuantity;

impl Quantity {
    /// The most units of one thing.
    pub const MAX: i64 = 9_999;

    /// One.
    pub const ONE: Self = Self(1);

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = NotAQuantity;

    fn try_from(number: i64) -> Result<Self, NotAQuantity> {
        if (1..=Self::MAX).contains(&number) { Ok(Self(number)) } else { Err(NotAQuantity) }
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

/// Plain ASCII digits only: no sign, no exponent, no decimal point.
impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, NotAQuantity> {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAQuantity);
        }
        text.parse::<i64>().map_err(|_| NotAQuantity)?.try_into()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
