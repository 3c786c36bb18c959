//! Every command. Results go to standard output, messages and progress to standard error.
//!
//! Exit codes: 0 done, 1 unexpected failure, 2 wrong usage, 3 configuration wrong, 4 a dependency unavailable, 5 refused
//! by state, 6 finished with rejects, 7 not found, 8 not permitted, 130 interrupted.

mod audit;
mod config;
mod healthcheck;
mod migrate;
mod module;
mod product;
mod serve;
mod user;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use host::settings::{Flags, Settings};
use host::{Host, StartError};
use kernel::Clock;
use kernel::stop::Stop;

use crate::assemble::{self, Modules};

/// A complete online shop in one binary.
#[derive(Parser)]
#[command(
    name = "freestone",
    version,
    arg_required_else_help = true,
    after_help = "Examples:
  freestone demo                               run a shop with goods in it
  freestone serve                              run the shop
  freestone product import goods.csv --dry-run see what an import would do
  freestone user create --email ada@example.org --name Ada --role owner
  freestone module list                        see where each module is"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
struct Global {
    /// Configuration file (TOML)
    #[arg(short, long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Folder of the shop's files
    #[arg(long, global = true, value_name = "PATH")]
    data_dir: Option<PathBuf>,
    /// Results as JSON
    #[arg(long, global = true)]
    json: bool,
    /// No messages but errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// More in the log
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Never ask; fail when something is missing
    #[arg(long, global = true)]
    no_input: bool,
    /// How log lines are written
    #[arg(long, global = true, value_enum)]
    log_format: Option<LogFormat>,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    Auto,
    Pretty,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Run the shop
    Serve(serve::Serve),
    /// Run a shop with our own goods in it
    Demo(serve::Serve),
    /// Bring the data up to date with this program
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Goods
    #[command(subcommand)]
    Product(product::Product),
    /// Members of staff
    #[command(subcommand)]
    User(user::User),
    /// Compare the shop's data with its invariants; exit code 1 when one is broken
    Audit(audit::Audit),
    /// The modules, and where each of them is
    #[command(subcommand)]
    Module(module::Module),
    /// Print the OpenAPI description of the HTTP API
    Openapi,
    /// Ask the running shop whether it is ready; for container checks
    Healthcheck,
    /// The configuration
    #[command(subcommand)]
    Config(config::Config),
    /// Print version and build
    Version,
}

/// How a command ends when it does not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn new(code: u8, message: impl ToString) -> Self {
        Self { code, message: message.to_string() }
    }

    /// 7
    fn not_found(message: impl ToString) -> Self {
        Self::new(7, message)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::new(error.exit_code(), error)
    }
}

impl From<host::SettingsError> for Failure {
    fn from(error: host::SettingsError) -> Self {
        Self::new(3, error)
    }
}

impl<E: std::fmt::Display> From<kernel::CallError<E>> for Failure {
    fn from(error: kernel::CallError<E>) -> Self {
        let code = match &error {
            kernel::CallError::Domain(_) => 5,
            other if other.is_temporary() => 4,
            _ => 1,
        };
        Self::new(code, error)
    }
}

/// Where a command prints.
pub(crate) struct Console {
    json: bool,
    quiet: bool,
    no_input: bool,
}

impl Console {
    /// A message for the person; not a result.
    fn say(&self, message: impl std::fmt::Display) {
        if !self.quiet {
            eprintln!("{message}");
        }
    }

    /// The result: as JSON when asked for, else as text.
    fn print(&self, json: &serde_json::Value, text: impl std::fmt::Display) {
        if self.json {
            println!("{json:#}");
        } else {
            println!("{text}");
        }
    }
}

/// Reads the command and does it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(cli: Cli) -> Result<u8, Failure> {
    let Global { config, data_dir, json, quiet, verbose, no_input, log_format } = cli.global;
    let mut values = BTreeMap::new();
    if let Some(folder) = data_dir {
        values.insert("data_dir", folder.display().to_string());
    }
    if let Some(format) = log_format {
        let name = format.to_possible_value().map(|value| value.get_name().to_owned());
        values.insert("log_format", name.unwrap_or_default());
    }
    let console = Console { json, quiet, no_input };
    let mut flags = Flags { config, values, only: None };
    match cli.command {
        Command::Serve(serve) => serve::serve(serve, flags, &console, false),
        Command::Demo(serve) => serve::serve(serve, flags, &console, true),
        Command::Openapi => {
            println!("{:#}", crate::api::openapi::document());
            Ok(0)
        }
        Command::Version => {
            let json = serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "modules": host::settings::MODULES });
            console.print(&json, format_args!("freestone {}", env!("CARGO_PKG_VERSION")));
            Ok(0)
        }
        command => {
            // Commands write their results; the log is for what goes wrong.
            flags.values.entry("log_level").or_insert(if verbose { "info" } else { "warn" }.to_owned());
            let settings = Settings::load(&flags)?;
            host::logging::init(&settings.log_level, settings.log_format);
            match command {
                Command::Audit(audit) => on_runtime(audit::run(audit, settings, &console)),
                Command::Config(config) => config::run(&config, &settings, &console),
                Command::Healthcheck => on_runtime(healthcheck::run(&settings, &console)),
                Command::Migrate(migrate) => on_runtime(migrate::run(migrate, settings, &console)),
                Command::Product(product) => on_runtime(product::run(product, settings, &console)),
                Command::User(user) => on_runtime(user::run(user, settings, &console)),
                Command::Module(module) => on_runtime(module::run(module, settings, &console)),
                Command::Serve(_) | Command::Demo(_) | Command::Openapi | Command::Version => Ok(0),
            }
        }
    }
}

fn on_runtime<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::new(1, error))?;
    runtime.block_on(work)
}

/// Does something with the modules, without serving pages or doing their background work.
async fn with_modules<T, F>(settings: Settings, work: impl FnOnce(Modules) -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let (_stopper, stop) = Stop::new();
    let host = Arc::new(Host::new(Arc::new(settings), Clock::system(), stop));
    let modules = assemble::modules(&host).await?;
    work(modules).await
}
