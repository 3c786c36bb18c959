//! `module list` and `module graph`.

use std::sync::Arc;

use clap::Subcommand;
use host::settings::Settings;
use host::{Host, ModuleStatus};
use kernel::Clock;
use kernel::stop::Stop;

use super::{Console, Failure};
use crate::assemble;

#[derive(Subcommand)]
pub(crate) enum Module {
    /// Where each module is, and how it is
    List,
    /// Who talks to whom, as a Mermaid diagram
    Graph,
}

/// Who asks whom, as [`crate::assemble`] joins them; a test compares it with the crates.
pub(crate) const ASKS: &[(&str, &[&str])] = &[
    ("app", &["catalog", "inventory", "billing", "orders", "cart", "accounts"]),
    ("catalog", &[]),
    ("inventory", &[]),
    ("billing", &[]),
    ("orders", &["inventory", "billing"]),
    ("cart", &["catalog", "inventory", "orders", "billing"]),
    ("accounts", &[]),
];

/// Who listens to whose events.
pub(crate) const LISTENS: &[(&str, &[&str])] = &[
    ("app", &["orders", "catalog", "inventory"]),
    ("inventory", &["orders"]),
    ("orders", &["billing"]),
    ("cart", &["orders"]),
];

pub(crate) async fn run(module: Module, settings: Settings, console: &Console) -> Result<u8, Failure> {
    match module {
        Module::Graph => {
            println!("{}", graph());
            Ok(0)
        }
        Module::List => {
            let (_stopper, stop) = Stop::new();
            let host = Arc::new(Host::new(Arc::new(settings), Clock::system(), stop));
            assemble::modules(&host).await?;
            host.ask_modules().await;
            let modules = host.modules();
            print(&modules, console);
            Ok(if modules.iter().all(|module| module.state.is_up()) { 0 } else { 4 })
        }
    }
}

fn print(modules: &[ModuleStatus], console: &Console) {
    let row = |module: &ModuleStatus| {
        let place = module.url.as_deref().unwrap_or("this process");
        let (name, mode, state) = (module.module, module.placement.name(), module.state.name());
        format!("{name:<10} {mode:<11} {state:<18} contract {}  {place}  {}", module.version, module.detail)
    };
    let rows: Vec<String> = modules.iter().map(|module| row(module).trim_end().to_owned()).collect();
    let json: Vec<_> = modules
        .iter()
        .map(|module| {
            serde_json::json!({
                "module": module.module, "placement": module.placement.name(), "url": module.url,
                "state": module.state.name(), "detail": module.detail,
                "contract": { "version": module.version, "hash": module.hash },
            })
        })
        .collect();
    console.print(&serde_json::json!({ "items": json }), rows.join("\n"));
}

/// Solid arrows are questions, dotted ones are facts.
fn graph() -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for (caller, asked) in ASKS {
        lines.extend(asked.iter().map(|callee| format!("  {caller} --> {callee}")));
    }
    for (consumer, producers) in LISTENS {
        lines.extend(producers.iter().map(|producer| format!("  {producer} -. events .-> {consumer}")));
    }
    lines.join("\n")
}
