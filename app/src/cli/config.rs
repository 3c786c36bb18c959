//! `config show`: every key, its value, and where that comes from.

use clap::Subcommand;
use host::settings::{KEYS, Settings};

use super::{Console, Failure};

#[derive(Subcommand)]
pub(crate) enum Config {
    /// Every key with its value and where it comes from; secrets are hidden
    Show,
    /// Every key with its default and what it is for
    Docs,
}

pub(crate) fn run(config: &Config, settings: &Settings, console: &Console) -> Result<u8, Failure> {
    match config {
        Config::Show => {
            let rows: Vec<String> = settings
                .shown()
                .iter()
                .map(|(name, value, source)| format!("{name:<20} {value:<40} {source}"))
                .collect();
            let json: Vec<_> = settings
                .shown()
                .iter()
                .map(|(name, value, source)| serde_json::json!({ "key": name, "value": value, "source": source.to_string() }))
                .collect();
            console.print(&serde_json::json!({ "items": json }), rows.join("\n"));
        }
        Config::Docs => {
            for key in KEYS {
                let default = if key.default.is_empty() { "empty" } else { key.default };
                println!("FREESTONE_{:<20} {} (default: {default})", key.name.to_uppercase(), key.help);
            }
            println!("FREESTONE_MODULE_<NAME>_URL  address of a module that runs in another process (default: empty)");
        }
    }
    Ok(0)
}
