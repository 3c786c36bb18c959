//! The ways in which goods get to someone.

use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Country, Money};
use orders_api::ShippingMethod;

use super::{from_json, unreadable};
use crate::schema::shipping_methods;

#[derive(Queryable)]
struct Row {
    code: String,
    name: String,
    countries: String,
    price: i64,
    free_from: Option<i64>,
    min_days: i64,
    max_days: i64,
}

impl Row {
    fn delivers_to(&self, country: Country) -> QueryResult<bool> {
        if self.countries == "*" {
            return Ok(true);
        }
        let countries: Vec<Country> = from_json(&self.countries)?;
        Ok(countries.contains(&country))
    }

    fn into_method(self, subtotal: Money) -> QueryResult<ShippingMethod> {
        let is_free = self.free_from.is_some_and(|free_from| subtotal.amount >= free_from);
        let money = |amount| Money::new(amount, subtotal.currency);
        Ok(ShippingMethod {
            code: self.code,
            name: self.name,
            price: money(if is_free { 0 } else { self.price }),
            free_from: self.free_from.map(money),
            min_days: u32::try_from(self.min_days).map_err(unreadable)?,
            max_days: u32::try_from(self.max_days).map_err(unreadable)?,
        })
    }
}

/// How goods worth `subtotal` get to `country`, and what that costs, in no particular order.
pub(crate) fn methods_to(
    conn: &mut AnyConnection,
    country: Country,
    subtotal: Money,
) -> QueryResult<Vec<ShippingMethod>> {
    let mut methods = Vec::new();
    for row in shipping_methods::table.load::<Row>(conn)? {
        if row.delivers_to(country)? {
            methods.push(row.into_method(subtotal)?);
        }
    }
    Ok(methods)
}
