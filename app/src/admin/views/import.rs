//! Files of products that go out and come in.

use serde::Serialize;

use super::{AdminShell, Figure, Status};

/// `/admin/export`
#[derive(Clone, Debug, Serialize)]
pub struct ExportPage {
    /// Around the page.
    pub shell: AdminShell,
    /// The file.
    pub href: String,
}

/// `/admin/import`
#[derive(Clone, Debug, Serialize)]
pub struct ImportPage {
    /// Around the page.
    pub shell: AdminShell,
    /// Where the form goes, with its token: an upload cannot carry it as a field. The field of the file is `file`.
    pub action: String,
    /// What is wrong with the file; empty for nothing.
    pub error: String,
    /// Earlier imports, newest first.
    pub jobs: Vec<ImportJobRow>,
}

/// An earlier import.
#[derive(Clone, Debug, Serialize)]
pub struct ImportJobRow {
    /// Its page.
    pub href: String,
    /// Of the file.
    pub file_name: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub started: String,
    /// Who.
    pub actor: String,
    /// How far it is.
    pub status: Status,
}

/// `/admin/import/{job}`
#[derive(Clone, Debug, Serialize)]
pub struct ImportJobPage {
    /// Around the page.
    pub shell: AdminShell,
    /// `/admin/import/imp_…`; the form to go on posts to `apply`, refused rows are at `rejects` below it.
    pub href: String,
    /// Of the file.
    pub file_name: String,
    /// `Started 21 Nov 2026, 10:42 UTC by Mara`
    pub started: String,
    /// `checking`, `checked`, `applying`, `done`, `failed`.
    pub status: String,
    /// Rows so far.
    pub done: i64,
    /// Rows in all.
    pub total: i64,
    /// After how many seconds the page asks again, while the job runs.
    pub refresh_seconds: Option<u32>,
    /// How many products are new, different, the same, refused.
    pub figures: Vec<Figure>,
    /// What was refused, the first of it.
    pub rejects: Vec<RejectRow>,
    /// How many were refused in all.
    pub rejects_total: i64,
    /// Whether there is something to apply.
    pub can_apply: bool,
    /// What went wrong; empty for nothing.
    pub error: String,
}

/// A row that was refused.
#[derive(Clone, Debug, Serialize)]
pub struct RejectRow {
    /// Number of the row in the file; empty when it is about the whole product.
    pub row: String,
    /// Its product.
    pub product: String,
    /// `variants[2].price`
    pub field: String,
    /// What to do about it.
    pub problem: String,
}
