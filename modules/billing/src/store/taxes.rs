//! Tax rates.

use billing_api::TaxRate;
use diesel::prelude::*;
use kernel::db::AnyConnection;
use kernel::{Country, Timestamp};

use super::unreadable;
use crate::schema::tax_rates;

/// The rate of a country that is in force.
pub(crate) fn tax_rate(conn: &mut AnyConnection, country: Country, now: Timestamp) -> QueryResult<Option<TaxRate>> {
    let row: Option<(String, i64)> = tax_rates::table
        .filter(tax_rates::country.eq(country.code()))
        .filter(tax_rates::valid_from.le(now.0))
        .order(tax_rates::valid_from.desc())
        .select((tax_rates::name, tax_rates::basis_points))
        .first(conn)
        .optional()?;
    let rate = |(name, basis_points): (String, i64)| {
        Ok(TaxRate { name, basis_points: basis_points.try_into().map_err(unreadable)? })
    };
    row.map(rate).transpose()
}
