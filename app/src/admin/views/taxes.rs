//! Taxes.

use serde::Serialize;

use super::{AdminShell, Field, Problem, Status};

/// `/admin/taxes`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct TaxesPage {
    /// Around the page.
    pub shell: AdminShell,
    /// By country, region and time.
    pub rows: Vec<TaxRow>,
    /// Whether another rate may be announced.
    pub may_change: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// `AT`
    pub country: Field,
    /// How postcodes begin; empty for all.
    pub region: Field,
    /// `reduced`
    pub class: Field,
    /// Names to choose from, for `class`.
    pub classes: Vec<String>,
    /// `VAT`
    pub name: Field,
    /// `8.1`
    pub percent: Field,
    /// In UTC.
    pub valid_from: Field,
}

/// A rate in the list.
#[derive(Clone, Debug, Serialize)]
pub struct TaxRow {
    /// `AT`, `AT, postcodes 6691…`
    pub place: String,
    /// `standard`
    pub class: String,
    /// `VAT`
    pub name: String,
    /// `20 %`
    pub percent: String,
    /// From when on.
    pub valid_from: String,
    /// `In force`, `Announced` or `Over`.
    pub status: Status,
}
