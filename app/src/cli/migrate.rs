//! `migrate up`: brings the data up to date with this program, and says when there is nothing to do.

use clap::Subcommand;
use host::settings::Settings;
use kernel::db::{Db, OpenError};

use super::{Console, Failure};
use crate::assemble;

#[derive(Subcommand)]
pub(crate) enum Migrate {
    /// Bring every schema up to date
    Up,
    /// Say whether every schema is up to date; exit code 5 when not
    Status,
}

pub(crate) async fn run(migrate: Migrate, settings: Settings, console: &Console) -> Result<u8, Failure> {
    let location = settings.location();
    let schemas = || {
        let modules = [
            catalog::schema(),
            inventory::schema(),
            billing::schema(),
            orders::schema(),
            cart::schema(),
            accounts::schema(),
        ];
        modules.into_iter().chain([assemble::schema()]).filter(|schema| settings.runs(schema.module))
    };
    let mut behind = Vec::new();
    let mut current = Vec::new();
    for schema in schemas() {
        let module = schema.module;
        let opened = match migrate {
            Migrate::Up => Db::open(schema, &location).await,
            Migrate::Status => Db::open_existing(schema, &location).await,
        };
        match opened {
            Ok(_) => current.push(module),
            Err(OpenError::PendingMigrations { .. }) => behind.push(module),
            Err(error) => return Err(host::StartError::Open { module, error }.into()),
        }
    }
    let json = serde_json::json!({ "current": current, "behind": behind });
    if behind.is_empty() {
        console.print(&json, format_args!("up to date: {}", current.join(", ")));
        Ok(0)
    } else {
        console.print(&json, format_args!("behind: {}; run `freestone migrate up`", behind.join(", ")));
        Ok(5)
    }
}
