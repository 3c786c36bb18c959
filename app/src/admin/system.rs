//! How the process runs: where each module is and how it is, what waits, and the settings.

use actix_web::http::StatusCode;
use host::{ModuleState, ModuleStatus};

use super::shell;
use super::views::{Figure, ModuleView, Row, SettingRow, Status, SystemPage, Tone, number};
use crate::store;
use crate::web::{Answer, Visit};

/// `GET /admin/system`
///
/// # Errors
/// The page cannot be rendered.
pub async fn show(visit: Visit) -> Answer {
    let settings = visit.shop.settings();
    let (elsewhere, here): (Vec<_>, Vec<_>) =
        visit.shop.host().modules().into_iter().partition(|module| module.url.is_some());
    let waiting = visit.shop.db().read::<_, orders_api::OrdersError, _>(|conn| Ok(store::emails_unsent(conn)?)).await;
    let (waiting, failed) = waiting.unwrap_or_default();
    let figure = |name: &str, value: i64, tone| Figure { name: name.to_owned(), value: number(value), tone };
    let page = SystemPage {
        shell: shell(&visit, "system", "System"),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        database: if settings.is_postgres() { "PostgreSQL".to_owned() } else { "SQLite".to_owned() },
        here: here.iter().map(module).collect(),
        elsewhere: elsewhere.iter().map(module).collect(),
        queues: vec![
            figure("mails waiting", waiting, Tone::Plain),
            figure("mails given up", failed, if failed > 0 { Tone::Bad } else { Tone::Plain }),
            figure(
                "durable commits since start",
                i64::try_from(visit.shop.host().commits()).unwrap_or(i64::MAX),
                Tone::Plain,
            ),
        ],
        settings: settings
            .shown()
            .iter()
            .map(|(name, value, source)| SettingRow {
                name: name.clone(),
                value: value.clone(),
                source: source.to_string(),
            })
            .collect(),
    };
    visit.shop.pages().answer(StatusCode::OK, "admin/system.html", &page)
}

fn module(module: &ModuleStatus) -> ModuleView {
    let tone = match module.state {
        ModuleState::Up => Tone::Ok,
        ModuleState::OtherBuild => Tone::Warn,
        ModuleState::Unknown => Tone::Info,
        ModuleState::Mismatch | ModuleState::Down => Tone::Bad,
    };
    let mut facts = vec![
        Row::new("Placement", module.placement.name()),
        Row::new("Contract", format!("version {}, {}", module.version, &module.hash[..8.min(module.hash.len())])),
    ];
    if !module.detail.is_empty() {
        facts.push(Row::new("Detail", &module.detail));
    }
    ModuleView {
        name: module.module.to_owned(),
        status: Status::new(tone, module.state.name()),
        place: module.url.clone().unwrap_or_default(),
        facts,
    }
}
