//! `audit`: compares the data of all modules with their invariants, wherever they run.

mod across;

use clap::Args;
use host::settings::Settings;
use kernel::CallCtx;
use kernel::audit::{AuditRequest, Violation};
use serde_json::json;

use super::{Console, Failure, with_modules};
use crate::assemble::Modules;

#[derive(Args)]
pub(crate) struct Audit {
    /// Show at most so many broken rows of each invariant
    #[arg(long, default_value_t = 1)]
    rows: u32,
}

/// What a module, or the comparison of several, has found.
struct Finding {
    /// The module; `across` for what spans several.
    place: &'static str,
    violation: Violation,
}

pub(crate) async fn run(audit: Audit, settings: Settings, console: &Console) -> Result<u8, Failure> {
    let request = AuditRequest { rows: audit.rows };
    let findings = with_modules(settings, |modules| async move { findings(&modules, &request).await }).await?;
    let items: Vec<_> = findings
        .iter()
        .map(|Finding { place, violation }| {
            json!({
                "module": place, "invariant": violation.invariant, "message": violation.message,
                "row": violation.row, "remedy": remedy(&violation.invariant),
            })
        })
        .collect();
    let lines: Vec<String> = findings.iter().map(Finding::in_words).collect();
    let text = if lines.is_empty() { "every invariant holds".to_owned() } else { lines.join("\n") };
    console.print(&json!({ "items": items }), text);
    Ok(u8::from(!findings.is_empty()))
}

/// What each module says of its own data, then what only shows when several are compared.
async fn findings(modules: &Modules, request: &AuditRequest) -> Result<Vec<Finding>, Failure> {
    let ctx = || CallCtx { deadline: std::time::Instant::now() + PATIENCE, ..CallCtx::of_module("app") };
    let mut findings = Vec::new();
    let mut add = |place, violations: Vec<Violation>| {
        findings.extend(violations.into_iter().map(|violation| Finding { place, violation }));
    };
    add("catalog", modules.catalog.audit(&ctx(), request.clone()).await?);
    add("cart", modules.cart.audit(&ctx(), request.clone()).await?);
    add("orders", modules.orders.audit(&ctx(), request.clone()).await?);
    add("inventory", modules.inventory.audit(&ctx(), request.clone()).await?);
    add("billing", modules.billing.audit(&ctx(), request.clone()).await?);
    add("accounts", modules.accounts.audit(&ctx(), request.clone()).await?);
    add("across", across::violations(modules, request).await?);
    Ok(findings)
}

/// A whole table is read, which takes its time.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

impl Finding {
    fn in_words(&self) -> String {
        let Violation { invariant, message, row } = &self.violation;
        format!("{invariant}  {}: {message}\n       {row}\n       {}", self.place, remedy(invariant))
    }
}

/// What a person does about it.
fn remedy(invariant: &str) -> &'static str {
    match invariant {
        "I-O6" | "I-S6" => {
            "See that the shop runs and that its modules are up (`freestone module list`); it goes on by itself."
        }
        "I-E4" => "Read the cause, mend it, and let the event be handled again.",
        "I-M8" => "Compare the order with the provider's records, and give back or collect the difference.",
        "I-A4" => "Make an owner: `freestone user create --role owner`.",
        _ => "Take a backup, keep the log, and report it: no use of the shop leads there.",
    }
}
