//! Tax rates.

use billing_api::TaxRule;
use diesel::prelude::*;
use kernel::db::{AnyConnection, MultiBackend};
use kernel::{Country, Timestamp};

use super::{on_either, unreadable};
use crate::schema::tax_class_rules;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tax_class_rules)]
struct RuleRow {
    country: String,
    region: String,
    class: String,
    valid_from: i64,
    name: String,
    basis_points: i64,
}

impl RuleRow {
    fn of(rule: &TaxRule) -> Self {
        Self {
            country: rule.country.code().to_owned(),
            region: rule.region.clone(),
            class: rule.class.to_string(),
            valid_from: rule.valid_from.0,
            name: rule.name.clone(),
            basis_points: i64::from(rule.basis_points),
        }
    }

    fn into_rule(self) -> QueryResult<TaxRule> {
        Ok(TaxRule {
            country: self.country.parse().map_err(unreadable)?,
            region: self.region,
            class: self.class.parse().map_err(unreadable)?,
            valid_from: Timestamp(self.valid_from),
            name: self.name,
            basis_points: self.basis_points.try_into().map_err(unreadable)?,
        })
    }
}

/// The rates of a country or of all, in order of country, region, class and time.
pub(crate) fn tax_rules(conn: &mut AnyConnection, country: Option<Country>) -> QueryResult<Vec<TaxRule>> {
    let mut query = tax_class_rules::table.select(RuleRow::as_select()).into_boxed::<MultiBackend>();
    if let Some(country) = country {
        query = query.filter(tax_class_rules::country.eq(country.code().to_owned()));
    }
    let order =
        (tax_class_rules::country, tax_class_rules::region, tax_class_rules::class, tax_class_rules::valid_from);
    let rows: Vec<RuleRow> = query.order(order).load(conn)?;
    rows.into_iter().map(RuleRow::into_rule).collect()
}

/// Takes back what was announced for the same country, region, class and moment, if that is still to come.
pub(crate) fn announced_delete(conn: &mut AnyConnection, rule: &TaxRule, now: Timestamp) -> QueryResult<()> {
    let RuleRow { country, region, class, valid_from, .. } = RuleRow::of(rule);
    let announced =
        tax_class_rules::table.find((country, region, class, valid_from)).filter(tax_class_rules::valid_from.gt(now.0));
    diesel::delete(announced).execute(conn).map(drop)
}

/// Adds a rate. False when there is one of the same country, region, class and moment.
pub(crate) fn tax_rule_insert(conn: &mut AnyConnection, rule: &TaxRule) -> QueryResult<bool> {
    let insert = diesel::insert_into(tax_class_rules::table).values(RuleRow::of(rule)).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}
