//! Tax rates.

use billing_api::TaxRule;
use diesel::prelude::*;
use kernel::db::{AnyConnection, MultiBackend};
use kernel::{Country, Timestamp};

use super::{on_either, unreadable};
use crate::schema::tax_rules;

/// The rates of a country or of all, in order of country, region and time.
pub(crate) fn tax_rules(conn: &mut AnyConnection, country: Option<Country>) -> QueryResult<Vec<TaxRule>> {
    let mut query = tax_rules::table.into_boxed::<MultiBackend>();
    if let Some(country) = country {
        query = query.filter(tax_rules::country.eq(country.code().to_owned()));
    }
    let order = (tax_rules::country, tax_rules::region, tax_rules::valid_from);
    let rows: Vec<(String, String, i64, String, i64)> = query.order(order).load(conn)?;
    let rule = |(country, region, valid_from, name, basis_points): (String, String, i64, String, i64)| {
        Ok(TaxRule {
            country: country.parse().map_err(unreadable)?,
            region,
            valid_from: Timestamp(valid_from),
            name,
            basis_points: basis_points.try_into().map_err(unreadable)?,
        })
    };
    rows.into_iter().map(rule).collect()
}

/// Takes back what was announced for the same country, region and moment, if that is still to come.
pub(crate) fn announced_delete(conn: &mut AnyConnection, rule: &TaxRule, now: Timestamp) -> QueryResult<()> {
    let announced = tax_rules::table
        .find((rule.country.code().to_owned(), rule.region.clone(), rule.valid_from.0))
        .filter(tax_rules::valid_from.gt(now.0));
    diesel::delete(announced).execute(conn).map(drop)
}

/// Adds a rate. False when there is one of the same country, region and moment.
pub(crate) fn tax_rule_insert(conn: &mut AnyConnection, rule: &TaxRule) -> QueryResult<bool> {
    let row = (
        tax_rules::country.eq(rule.country.code().to_owned()),
        tax_rules::region.eq(rule.region.clone()),
        tax_rules::valid_from.eq(rule.valid_from.0),
        tax_rules::name.eq(rule.name.clone()),
        tax_rules::basis_points.eq(i64::from(rule.basis_points)),
    );
    let insert = diesel::insert_into(tax_rules::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}
