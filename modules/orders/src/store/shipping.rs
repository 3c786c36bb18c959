//! The ways in which goods get to someone.

use diesel::dsl::Eq;
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Country, Currency, Money, Timestamp};
use orders_api::{ShippingMethod, ShippingRate};
use serde::{Deserialize, Serialize};

use super::{from_json, on_either, to_json, unreadable};
use crate::schema::shipping_methods;

/// Stands for every country.
const EVERYWHERE: &str = "*";

#[derive(Queryable)]
struct Row {
    code: String,
    name: String,
    countries: String,
    price: i64,
    free_from: Option<i64>,
    min_days: i64,
    max_days: i64,
    rates: String,
    max_grams: Option<i64>,
    _ended_at: Option<i64>,
    version: i64,
}

/// A rate without the currency, which is that of the shop.
#[derive(Serialize, Deserialize)]
struct RateRow {
    from_worth: Option<i64>,
    from_grams: i64,
    price: i64,
}

impl Row {
    fn into_method(self, currency: Currency) -> QueryResult<ShippingMethod> {
        let money = |amount| Money::new(amount, currency);
        let rate = |row: RateRow| ShippingRate {
            from_worth: row.from_worth.map(money),
            from_grams: row.from_grams,
            price: money(row.price),
        };
        let countries: Vec<Country> =
            if self.countries == EVERYWHERE { Vec::new() } else { from_json(&self.countries)? };
        Ok(ShippingMethod {
            code: self.code,
            name: self.name,
            price: money(self.price),
            free_from: self.free_from.map(money),
            min_days: u32::try_from(self.min_days).map_err(unreadable)?,
            max_days: u32::try_from(self.max_days).map_err(unreadable)?,
            rates: from_json::<Vec<RateRow>>(&self.rates)?.into_iter().map(rate).collect(),
            max_grams: self.max_grams,
            countries,
            version: self.version,
        })
    }
}

/// Every way that is offered, at its first price, in no particular order.
pub(crate) fn methods(conn: &mut AnyConnection, currency: Currency) -> QueryResult<Vec<ShippingMethod>> {
    let rows: Vec<Row> = shipping_methods::table.filter(shipping_methods::ended_at.is_null()).load(conn)?;
    rows.into_iter().map(|row| row.into_method(currency)).collect()
}

/// The version of a way that is offered.
pub(crate) fn method_version(conn: &mut AnyConnection, code: &str) -> QueryResult<Option<i64>> {
    let offered = shipping_methods::table.find(code).filter(shipping_methods::ended_at.is_null());
    offered.select(shipping_methods::version).first(conn).optional()
}

/// Writes a new way of delivery. False when its code is taken, also by one that is no longer offered.
pub(crate) fn method_insert(conn: &mut AnyConnection, method: &ShippingMethod) -> QueryResult<bool> {
    let row = (shipping_methods::code.eq(&method.code), shipping_methods::version.eq(1), changes(method, None)?);
    let insert = diesel::insert_into(shipping_methods::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// Changes a way that is still offered and at `version`, which rises. False when there is none.
pub(crate) fn method_update(
    conn: &mut AnyConnection,
    method: &ShippingMethod,
    version: i64,
    ended_at: Option<Timestamp>,
) -> QueryResult<bool> {
    let as_seen = shipping_methods::table
        .find(&method.code)
        .filter(shipping_methods::ended_at.is_null())
        .filter(shipping_methods::version.eq(version));
    let row = (shipping_methods::version.eq(version + 1), changes(method, ended_at)?);
    Ok(diesel::update(as_seen).set(row).execute(conn)? == 1)
}

type Changes = (
    Eq<shipping_methods::name, String>,
    Eq<shipping_methods::countries, String>,
    Eq<shipping_methods::price, i64>,
    Eq<shipping_methods::free_from, Option<i64>>,
    Eq<shipping_methods::min_days, i64>,
    Eq<shipping_methods::max_days, i64>,
    Eq<shipping_methods::rates, String>,
    Eq<shipping_methods::max_grams, Option<i64>>,
    Eq<shipping_methods::ended_at, Option<i64>>,
);

fn changes(method: &ShippingMethod, ended_at: Option<Timestamp>) -> QueryResult<Changes> {
    let rate = |rate: &ShippingRate| RateRow {
        from_worth: rate.from_worth.map(|worth| worth.amount),
        from_grams: rate.from_grams,
        price: rate.price.amount,
    };
    let countries = if method.countries.is_empty() { EVERYWHERE.to_owned() } else { to_json(&method.countries)? };
    Ok((
        shipping_methods::name.eq(method.name.clone()),
        shipping_methods::countries.eq(countries),
        shipping_methods::price.eq(method.price.amount),
        shipping_methods::free_from.eq(method.free_from.map(|from| from.amount)),
        shipping_methods::min_days.eq(i64::from(method.min_days)),
        shipping_methods::max_days.eq(i64::from(method.max_days)),
        shipping_methods::rates.eq(to_json(&method.rates.iter().map(rate).collect::<Vec<_>>())?),
        shipping_methods::max_grams.eq(method.max_grams),
        shipping_methods::ended_at.eq(ended_at.map(|at| at.0)),
    ))
}
