//! How the shop runs.

use serde::Serialize;

use super::{AdminShell, Figure, Row, Status};

/// `/admin/system`
#[derive(Clone, Debug, Serialize)]
pub struct SystemPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Of the shop.
    pub version: String,
    /// `SQLite`, `PostgreSQL`
    pub database: String,
    /// Modules in this process.
    pub here: Vec<ModuleView>,
    /// Modules elsewhere.
    pub elsewhere: Vec<ModuleView>,
    /// What waits to be done.
    pub queues: Vec<Figure>,
    /// How the process runs; secrets are not shown.
    pub settings: Vec<SettingRow>,
}

/// A module.
#[derive(Clone, Debug, Serialize)]
pub struct ModuleView {
    /// `catalog`
    pub name: String,
    /// How it is.
    pub status: Status,
    /// Where it is; empty for this process.
    pub place: String,
    /// What else is known: contract version, time to answer.
    pub facts: Vec<Row>,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct SettingRow {
    /// `base_url`
    pub name: String,
    /// As it is.
    pub value: String,
    /// Where it comes from.
    pub source: String,
}
