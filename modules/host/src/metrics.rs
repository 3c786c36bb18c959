//! `/metrics` in the Prometheus text format.

use std::fmt::Write as _;

use kernel::contract::{DURATION_BOUNDS, MethodReport};

use crate::health::ModuleStatus;

pub(crate) fn render(reports: &[MethodReport], modules: &[ModuleStatus], commits: &[(&str, u64)]) -> String {
    let mut text = String::new();
    family(&mut text, "freestone_build_info", "gauge", "Version of this build.");
    line(&mut text, "freestone_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);

    family(&mut text, "freestone_module_up", "gauge", "Whether calls to a module can work.");
    for module in modules {
        let labels = [("module", module.module), ("mode", module.placement.name())];
        line(&mut text, "freestone_module_up", &labels, u8::from(module.state.is_up()));
    }

    family(&mut text, "freestone_module_calls_total", "counter", "Calls of contract methods.");
    for report in reports {
        let done = report.calls.saturating_sub(report.refused + report.failed);
        for (outcome, count) in [("ok", done), ("refused", report.refused), ("failed", report.failed)] {
            let labels = [("module", report.module), ("operation", report.method), ("outcome", outcome)];
            line(&mut text, "freestone_module_calls_total", &labels, count);
        }
    }

    let name = "freestone_module_call_duration_seconds";
    family(&mut text, name, "histogram", "Duration of every eighth call of a contract method.");
    for report in reports {
        histogram(&mut text, name, &[("module", report.module), ("operation", report.method)], report);
    }

    family(&mut text, "freestone_db_commits_total", "counter", "Durable commits.");
    for (module, count) in commits {
        line(&mut text, "freestone_db_commits_total", &[("module", module)], *count);
    }
    text
}

fn histogram(text: &mut String, name: &str, labels: &[(&str, &str)], report: &MethodReport) {
    let mut counted = 0;
    for (place, count) in report.buckets.iter().enumerate() {
        counted += count;
        let bound = DURATION_BOUNDS.get(place).map_or("+Inf".to_owned(), f64::to_string);
        let with_bound: Vec<(&str, &str)> = labels.iter().copied().chain([("le", bound.as_str())]).collect();
        line(text, &format!("{name}_bucket"), &with_bound, counted);
    }
    line(text, &format!("{name}_sum"), labels, report.total.as_secs_f64());
    line(text, &format!("{name}_count"), labels, counted);
}

/// Begins a metric.
pub fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One sample. Writing to a `String` cannot fail.
pub fn line(text: &mut String, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
    let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
}
