//! Taxes: the rates by country, region and time, and the form that announces another.

use std::collections::BTreeSet;

use accounts_api::Permission;
use actix_web::http::StatusCode;
use billing_api::{BillingError, ListTaxRules, SaveTaxRule, TaxRule};
use kernel::{CallError, Country, Currency, Money, TaxClass, Timestamp};

use super::views::{Field, Notice, Problem as ProblemView, Status, TaxRow, TaxesPage, Tone};
use super::{key_of, key_of_change, new_key, shell};
use crate::storefront::views::{date_time, percent_of_ppm};
use crate::web::{Answer, Form, Problem, Visit};

const FIELDS: [&str; 7] = ["key", "country", "region", "class", "name", "percent", "valid_from"];

fn failed(error: CallError<BillingError>) -> Problem {
    match error {
        CallError::Domain(BillingError::NotPermitted) => Problem::NotPermitted,
        error => match Problem::from(error) {
            Problem::Unavailable(_) => Problem::Unavailable("Taxes"),
            other => other,
        },
    }
}

/// `GET /admin/taxes`
///
/// # Errors
/// They cannot be shown now.
pub async fn show(visit: Visit) -> Answer {
    let now = visit.shop.clock().now();
    let values = [
        ("key", new_key()),
        ("class", TaxClass::STANDARD.to_owned()),
        ("name", "VAT".to_owned()),
        ("valid_from", now.to_minute()),
    ];
    answer(&visit, &Form::filled(values), StatusCode::OK).await
}

async fn answer(visit: &Visit, form: &Form, status: StatusCode) -> Answer {
    let rules = visit.shop.billing().tax_rules(&visit.staff(), ListTaxRules::default()).await.map_err(failed)?;
    let now = visit.shop.clock().now();
    let page = TaxesPage {
        shell: shell(visit, "taxes", if form.is_valid() { "Taxes" } else { "Error: Taxes" }),
        rows: rules.iter().map(|rule| row(rule, &rules, now)).collect(),
        classes: names(&rules)
            .into_iter()
            .filter(|name| ![TaxClass::ZERO, TaxClass::EXEMPT].contains(&&**name))
            .collect(),
        class: Field::of(form, "class"),
        may_change: visit.may(Permission::ManageOrders),
        problems: ProblemView::all(form),
        key: form.raw("key").to_owned(),
        country: Field::of(form, "country"),
        region: Field::of(form, "region"),
        name: Field::of(form, "name"),
        percent: Field::of(form, "percent"),
        valid_from: Field::of(form, "valid_from"),
    };
    visit.shop.pages().answer(status, "admin/taxes.html", &page)
}

/// The names of tax classes to choose from: those of every shop, and those that have rates here.
pub(super) async fn classes(visit: &Visit) -> Vec<String> {
    let rules = visit.shop.billing().tax_rules(&visit.staff(), ListTaxRules::default()).await;
    // Without billing the usual ones are there, and any other can be typed.
    names(&rules.unwrap_or_default())
}

fn names(rules: &[TaxRule]) -> Vec<String> {
    let own: BTreeSet<&str> = rules.iter().map(|rule| rule.class.as_str()).collect();
    let own = own.into_iter().filter(|name| !TaxClass::USUAL.contains(name));
    TaxClass::USUAL.into_iter().chain(own).map(str::to_owned).collect()
}

fn row(rule: &TaxRule, rules: &[TaxRule], now: Timestamp) -> TaxRow {
    let is_over = |other: &TaxRule| {
        let of = |rule: &TaxRule| (rule.country, rule.region.clone(), rule.class.clone());
        of(other) == of(rule) && other.valid_from <= now && other.valid_from > rule.valid_from
    };
    TaxRow {
        place: match rule.region.as_str() {
            "" => rule.country.code().to_owned(),
            region => format!("{}, postcodes {region}…", rule.country.code()),
        },
        class: rule.class.to_string(),
        name: rule.name.clone(),
        percent: percent_of_ppm(rule.basis_points * 100),
        valid_from: if rule.valid_from.0 == 0 { "always".to_owned() } else { date_time(rule.valid_from) },
        status: if rule.valid_from > now {
            Status::new(Tone::Info, "Announced")
        } else if rules.iter().any(is_over) {
            Status::new(Tone::Plain, "Over")
        } else {
            Status::new(Tone::Ok, "In force")
        },
    }
}

/// `POST /admin/taxes`
///
/// # Errors
/// The form has other fields, or taxes cannot be changed now.
pub async fn save(visit: Visit) -> Answer {
    let mut form = visit.form(&FIELDS)?;
    let key = key_of(&form)?;
    let Some(rule) = read(&mut form).filter(|_| form.is_valid()) else {
        return answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let request = SaveTaxRule { key: key_of_change(key, &rule), rule };
    match visit.shop.billing().save_tax_rule(&visit.staff(), request).await {
        Ok(_) => {
            let notice = Notice::new(Tone::Ok, "Saved", "Carts have it within half a minute.");
            Ok(visit.see_other_saying("/admin/taxes", &notice))
        }
        Err(CallError::Domain(BillingError::Invalid { field, problem })) => {
            form.problem(if field == "basis_points" { "percent" } else { &field }, problem);
            answer(&visit, &form, StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(failed(error)),
    }
}

/// What the form says; what is wrong is noted in it.
fn read(form: &mut Form) -> Option<TaxRule> {
    let country = form.text("country").and_then(|code| code.to_ascii_uppercase().parse::<Country>().ok());
    if country.is_none() {
        form.problem("country", "Enter a country such as AT");
    }
    let class = form.parsed::<TaxClass>("class", "Enter a class such as standard or reduced");
    let name = form.required("name", "Enter a name such as VAT");
    // A percentage with two decimal digits is an amount of a currency with two.
    let parsed = form.text("percent").and_then(|text| Money::parse_major(&text, Currency::eur()).ok());
    let basis_points = parsed.and_then(|parsed| u32::try_from(parsed.amount).ok()).filter(|points| *points <= 10_000);
    if basis_points.is_none() {
        form.problem("percent", "Enter a percentage from 0 to 100, such as 8.1");
    }
    let valid_from = form.text("valid_from").and_then(|text| Timestamp::parse_minute(&text));
    if valid_from.is_none() {
        form.problem("valid_from", "Enter a date and time in UTC, such as 2026-11-21T10:30");
    }
    Some(TaxRule {
        country: country?,
        region: form.text("region").unwrap_or_default(),
        class: class?,
        valid_from: valid_from?,
        name: name?,
        basis_points: basis_points?,
    })
}
