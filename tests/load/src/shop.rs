//! The shop as a process: its data, its start, what it uses.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use kernel::db::{Db, Location};
use kernel::testing::{Backend, TestHome};
use tempfile::TempDir;

use crate::Options;
use crate::bare::{Process, free_address};
use crate::client::Client;
use crate::goods;
use crate::measure::{cpu_ms, median, resident_mib};
use crate::report::{Report, Target};
use crate::store;

/// A database with the goods in it, removed at the end.
pub(crate) struct Database {
    home: TestHome,
    folder: TempDir,
    own: OnceCell<Db>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::new(Backend::Sqlite)
    }

    pub(crate) fn postgres(url: &str) -> Self {
        Self::new(Backend::Postgres(url.to_owned()))
    }

    fn new(backend: Backend) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the shop's files can be made");
        Self { home: TestHome::new(backend), folder, own: OnceCell::new() }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.home.backend() {
            Backend::Sqlite => "SQLite",
            Backend::Postgres(_) => "PostgreSQL",
        }
    }

    /// What the schemas of this run begin with; empty on SQLite.
    fn namespace(&self) -> String {
        match self.home.location() {
            Location::Postgres { namespace, .. } => namespace,
            Location::Sqlite { .. } => String::new(),
        }
    }

    /// A schema of this tool's own in the same database.
    pub(crate) async fn own(&self) -> &Db {
        if self.own.get().is_none() {
            let location = match self.home.location() {
                Location::Postgres { url, namespace, .. } => Location::Postgres { url, namespace, pool_size: 16 },
                sqlite => sqlite,
            };
            let opened =
                Db::open(store::schema(), &location).await.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
            let _ = self.own.set(opened);
        }
        self.own.get().expect("it was just opened")
    }

    /// `freestone` with settings for this database.
    fn freestone(&self) -> Result<Command, String> {
        let mut command = Command::new(binary()?);
        for (name, _) in std::env::vars() {
            if name.starts_with("FREESTONE_") || name == "DATABASE_URL" {
                command.env_remove(name);
            }
        }
        command.env("FREESTONE_DATA_DIR", self.folder.path());
        command.env("FREESTONE_RATE_LIMITS", "false");
        command.env("FREESTONE_LOG_FORMAT", "json");
        if let Location::Postgres { url, namespace, .. } = self.home.location() {
            command.env("FREESTONE_DATABASE_URL", url).env("FREESTONE_DATABASE_NAMESPACE", namespace);
        }
        // As a service does: what is logged is written, and nobody looks at it.
        let log = std::fs::File::create(self.folder.path().join("log")).map_err(|error| error.to_string())?;
        let same = log.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(log).stderr(same);
        Ok(command)
    }

    /// What the shop has said.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn binary() -> Result<PathBuf, String> {
    if let Ok(named) = std::env::var("FREESTONE_BIN") {
        return Ok(named.into());
    }
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let sibling = own.with_file_name("freestone");
    if sibling.exists() {
        return Ok(sibling);
    }
    // `cargo run -p load` makes only this tool; the shop is made here in the same way.
    let mut build = Command::new("cargo");
    build.args(["build", "--package", "freestone"]).args((!cfg!(debug_assertions)).then_some("--release"));
    let made = build.status().map_err(|error| format!("cargo: {error}"))?.success() && sibling.exists();
    if made { Ok(sibling) } else { Err(format!("{} is not there; build it, or set FREESTONE_BIN", sibling.display())) }
}

/// The shop, open.
pub(crate) struct Shop<'d> {
    database: &'d Database,
    pub(crate) address: String,
    internal: String,
    process: Process,
    modules: Vec<Module>,
}

/// A module in a process of its own.
struct Module {
    process: Process,
    internal: String,
}

impl<'d> Shop<'d> {
    /// Opens it and waits for its first page. `settings` are names and values from the environment.
    pub(crate) async fn open(database: &'d Database, settings: &[(&str, &str)]) -> Result<Self, String> {
        Self::open_with(database, settings, Vec::new()).await
    }

    /// With inventory in a process of its own.
    pub(crate) async fn open_split(database: &'d Database) -> Result<Self, String> {
        let (listen, internal) = (free_address()?, free_address()?);
        let mut command = database.freestone()?;
        // The shop makes the secret key that both need, so it has been open before.
        command.args(["serve", "--only", "inventory", "--listen", &listen]).env("FREESTONE_INTERNAL_LISTEN", &internal);
        let inventory = Process::start(&mut command)?;
        let url = format!("http://{internal}");
        let mut client = Client::new(&internal);
        for _ in 0..500 {
            if client.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                let modules = vec![Module { process: inventory, internal }];
                return Self::open_with(database, &[("FREESTONE_MODULE_INVENTORY_URL", &url)], modules).await;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Err(format!("inventory did not start: {}", database.log()))
    }

    async fn open_with(
        database: &'d Database,
        settings: &[(&str, &str)],
        modules: Vec<Module>,
    ) -> Result<Self, String> {
        let (address, internal) = (free_address()?, free_address()?);
        let mut command = database.freestone()?;
        command.arg("serve").env("FREESTONE_LISTEN", &address).env("FREESTONE_INTERNAL_LISTEN", &internal);
        command.envs(settings.iter().copied());
        let process = Process::start(&mut command)?;
        let mut shop = Self { database, address, internal, process, modules };
        let mut client = Client::new(&shop.address);
        let deadline = Instant::now() + Duration::from_secs(30);
        while !client.get("/").await.is_ok_and(|answer| answer.status == 200) {
            if shop.process.has_ended() || Instant::now() > deadline {
                return Err(format!("the shop did not open: {}", shop.database.log()));
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(shop)
    }

    pub(crate) fn stop(self) {
        self.process.stop();
        self.modules.into_iter().for_each(|module| module.process.stop());
    }

    pub(crate) fn resident_mib(&self) -> f64 {
        resident_mib(self.process.id())
    }

    fn processes(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.process.id()).chain(self.modules.iter().map(|module| module.process.id()))
    }

    /// CPU time used so far by the shop alone.
    pub(crate) fn own_cpu_ms(&self) -> f64 {
        self.processes().map(cpu_ms).sum()
    }

    /// CPU time used so far by the shop and, for it, by its database.
    pub(crate) async fn cpu(&self) -> Cpu {
        let database = store::processes(self.database.own().await, &self.database.namespace()).await;
        Cpu(self.processes().chain(database).map(|pid| (pid, cpu_ms(pid))).collect())
    }

    /// Durable commits so far.
    pub(crate) async fn commits(&self) -> Result<f64, String> {
        let mut commits = 0.0;
        for internal in std::iter::once(&self.internal).chain(self.modules.iter().map(|module| &module.internal)) {
            let metrics = Client::new(internal).get("/metrics").await?.expect(200, "/metrics")?.text();
            let counted = metrics.lines().filter(|line| line.starts_with("freestone_db_commits_total"));
            commits += counted.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>();
        }
        Ok(commits)
    }
}

/// CPU time by process.
pub(crate) struct Cpu(Vec<(u32, f64)>);

impl Cpu {
    /// Used since `earlier`, in milliseconds. A process that was not there then has used all of its time since.
    pub(crate) fn since(&self, earlier: &Self) -> f64 {
        let before = |pid: u32| earlier.0.iter().find(|(known, _)| *known == pid).map_or(0.0, |(_, used)| *used);
        self.0.iter().map(|(pid, used)| used - before(*pid)).sum()
    }
}

/// Fills the shop with goods.
pub(crate) async fn import(options: &Options, database: &Database, report: &mut Report) -> Result<(), String> {
    let own = database.own().await;
    report.fact(database.name(), store::settings(own).await);
    let file = database.folder.path().join("goods.csv");
    std::fs::write(&file, goods::file(options.products())).map_err(|error| error.to_string())?;
    let mut command = database.freestone()?;
    command.args(["product", "import"]).arg(&file);
    let started = Instant::now();
    let status = command.status().map_err(|error| error.to_string())?;
    let seconds = started.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("the goods were not imported: {}", database.log()));
    }
    if options.wants("import") {
        let target = if database.name() == "SQLite" { 800.0 } else { 1_700.0 };
        let name = if database.name() == "SQLite" { "import on SQLite" } else { "import on PostgreSQL" };
        report.figure(name, "products/s", Target::AtLeast(target), options.products() as f64 / seconds);
    }
    Ok(())
}

/// From the start of the process to its first page, and what it holds when nobody comes.
pub(crate) async fn measure_start(options: &Options, database: &Database, report: &mut Report) -> Result<(), String> {
    let mut times = Vec::new();
    for round in 0..if options.quick { 2 } else { 6 } {
        let started = Instant::now();
        let shop = Shop::open(database, &[]).await?;
        // The first start makes what later ones find.
        if round > 0 {
            times.push(started.elapsed().as_secs_f64() * 1_000.0);
        }
        shop.stop();
    }
    report.figure("start to first page", "ms", Target::AtMost(300.0), median(times));

    let shop = Shop::open(database, &[]).await?;
    let mut client = Client::new(&shop.address);
    for path in ["/", "/c/category-1", &format!("/p/{}", goods::slug(1)), "/search?q=oak", "/cart"] {
        client.get(path).await?.expect(200, path)?;
    }
    tokio::time::sleep(options.time(10.0)).await;
    report.figure("idle memory", "MiB", Target::AtMost(64.0), shop.resident_mib());
    shop.stop();
    Ok(())
}
