//! Measures the shop and prints its figures beside their targets, on SQLite and on PostgreSQL.
//!
//! Each figure that is a ratio has both of its sides measured in the same run, in turns. The shop runs as its own process,
//! as in production. CPU time is what the kernel accounts to the shop's processes and to the database's.

#![allow(unexpected_cfgs, reason = "`#[contract]` asks for the feature `mock`, which only `-api` crates have")]

mod bare;
mod calls;
mod checkout;
mod client;
mod goods;
mod measure;
mod pages;
mod report;
mod shop;
mod store;

use std::process::ExitCode;

use report::Report;
use shop::Database;

const USAGE: &str = "\
Measures the shop and prints its figures beside their targets.

  cargo run --release -p load -- [--quick] [--only PARTS] [--postgres URL]

  --quick          a tenth of the time and of the goods: to try the tool, not to quote
  --only PARTS     of calls, import, start, cached, pages, checkout, placement; comma-separated
  --postgres URL   a superuser on a server of this machine; else FREESTONE_TEST_POSTGRES; without it SQLite alone

It starts `freestone` from its own folder, or what FREESTONE_BIN names.";

/// What was asked for.
pub(crate) struct Options {
    quick: bool,
    only: Option<Vec<String>>,
    postgres: Option<String>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { quick: false, only: None, postgres: std::env::var("FREESTONE_TEST_POSTGRES").ok() };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--postgres" => options.postgres = Some(value()?),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }

    /// Whether `part` is to be measured.
    fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|name| name == part))
    }

    /// `seconds`, or less of them when it shall be quick.
    fn time(&self, seconds: f64) -> std::time::Duration {
        std::time::Duration::from_secs_f64(if self.quick { seconds / 10.0 } else { seconds })
    }

    fn products(&self) -> usize {
        if self.quick { 1_000 } else { 10_000 }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match std::env::args().nth(1).as_deref() {
        // The other side of a ratio, as a process of its own.
        Some("bare") => bare::serve(arguments.nth(1)).await,
        Some("callee") => calls::serve().await,
        _ => match Options::read(arguments) {
            Ok(options) => measure_all(&options).await,
            Err(usage) => Err(usage),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

async fn measure_all(options: &Options) -> Result<(), String> {
    let started = std::time::Instant::now();
    let mut report = Report::new(options);
    if options.wants("calls") {
        calls::measure(options, &mut report).await?;
    }
    let mut databases = vec![Database::sqlite()];
    match &options.postgres {
        Some(url) => databases.push(Database::postgres(url)),
        None => eprintln!("NOT RUN on PostgreSQL: neither --postgres nor FREESTONE_TEST_POSTGRES gives a server"),
    }
    let parts = ["import", "start", "cached", "pages", "checkout", "placement"];
    if parts.iter().any(|part| options.wants(part)) {
        for database in databases {
            measure_on(options, &database, &mut report)
                .await
                .map_err(|problem| format!("on {}: {problem}", database.name()))?;
        }
    }
    report.fact("took", format!("{:.0} s", started.elapsed().as_secs_f64()));
    println!("{report}");
    Ok(())
}

async fn measure_on(options: &Options, database: &Database, report: &mut Report) -> Result<(), String> {
    report.on(database.name());
    shop::import(options, database, report).await?;
    if options.wants("start") {
        shop::measure_start(options, database, report).await?;
    }
    if options.wants("cached") {
        pages::measure_cached(options, database, report).await?;
    }
    if options.wants("pages") {
        pages::measure_rendered(options, database, report).await?;
    }
    if options.wants("checkout") || options.wants("placement") {
        checkout::measure(options, database, report).await?;
    }
    Ok(())
}
