//! Discounts: the list, and the form.

use serde::Serialize;

use super::{AdminShell, Field, Problem, Row, SelectField, Status};

/// `/admin/discounts`
#[derive(Clone, Debug, Serialize)]
pub struct DiscountsPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The latest first.
    pub rows: Vec<DiscountRow>,
    /// Whether another one may be made.
    pub may_create: bool,
}

/// A discount in the list.
#[derive(Clone, Debug, Serialize)]
pub struct DiscountRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub label: String,
    /// Scheduled, active, ended, exhausted, or in another currency than the shop's.
    pub status: Status,
    /// `10 % off`
    pub what: String,
    /// `SPRING5`, `12 codes`, or that it needs none.
    pub codes: String,
    /// Of all its codes.
    pub uses: i64,
    /// `1 Nov 2026 to 30 Nov 2026`
    pub period: String,
}

/// `/admin/discounts/new`, `/admin/discounts/{id}`. Fields are named as in the form.
#[derive(Clone, Debug, Serialize)]
pub struct DiscountFormPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes: the page itself.
    pub action: String,
    /// Whether it is to be created.
    pub is_new: bool,
    /// Whether it may be changed; else the fields are only shown.
    pub can_save: bool,
    /// Its name as it is stored.
    pub heading: String,
    /// How it is.
    pub badge: Option<Status>,
    /// All of it in words, when the form cannot hold it; else nothing.
    pub fixed: Vec<Row>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// Sent with the form: names this change.
    pub key: String,
    /// Sent with the form: the version that the form was made from; empty for a new one.
    pub version: String,
    /// As shoppers read it.
    pub label: Field,
    /// What it does.
    pub kind: SelectField,
    /// Of kinds with a percentage.
    pub percent: Field,
    /// Of kinds with an amount.
    pub amount: Field,
    /// What qualifies.
    pub category: SelectField,
    /// What has to be bought, when it is not what qualifies.
    pub bought: SelectField,
    /// How many have to be bought.
    pub buy: Field,
    /// How many are free then, or cost less.
    pub get: Field,
    /// What comes off each of these; empty for all.
    pub get_percent: Field,
    /// At most so many in one order.
    pub most: Field,
    /// From which worth on, which percentage comes off, or which amount.
    pub steps: Vec<[Field; 3]>,
    /// Goods for at least so much.
    pub minimum: Field,
    /// Yes or no.
    pub only_regular: SelectField,
    /// Yes or no.
    pub exclusive: SelectField,
    /// Higher ones first.
    pub priority: Field,
    /// In UTC.
    pub starts_at: Field,
    /// In UTC; empty for no end.
    pub ends_at: Field,
    /// Whether it may have codes.
    pub by_code: bool,
    /// One in each line.
    pub codes: Field,
    /// Of each code.
    pub limit: Field,
    /// Of each code.
    pub limit_per_customer: Field,
    /// Yes or no.
    pub announced: SelectField,
    /// Yes or no.
    pub given_back: SelectField,
    /// Each code, and how often it is used.
    pub uses: Vec<(String, i64)>,
    /// Where the form goes that ends it; empty when it has ended or may not be.
    pub end_action: String,
    /// `EUR`
    pub currency: String,
}
