//! The shop as processes that can be ended and started again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use checker::{Run, Source};
use kernel::db::Location;
use kernel::testing::{Backend, TestHome};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::goods::{CARDS, CODE};
use crate::profile::{MODULES, Profile};

const SECRET_KEY: &str = "only-for-faults-only-for-faults-only-for-faults";
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Who works in the shop, and how they sign in.
pub const STAFF: (&str, &str) = ("staff@example.com", "a granite block in spring");

/// A shop. Its processes end with it, and its data too unless it is kept.
pub struct Shop {
    profile: Profile,
    processes: Mutex<BTreeMap<&'static str, Child>>,
    ports: BTreeMap<&'static str, u16>,
    settings: Mutex<Vec<(String, String)>>,
    /// In place of the address of the database.
    through: Option<String>,
    folder: TempDir,
    home: TestHome,
}

impl Shop {
    /// Without a process. Of `through` the host and port take the place of the database's.
    ///
    /// # Errors
    /// PostgreSQL is needed and not known.
    pub fn new(profile: Profile, postgres: Option<&str>, through: Option<u16>) -> Result<Self, String> {
        let backend = match (profile, postgres) {
            (Profile::Sqlite, _) => Backend::Sqlite,
            (_, Some(url)) => Backend::Postgres(url.to_owned()),
            (_, None) => return Err("no PostgreSQL: use --postgres, or set FREESTONE_TEST_POSTGRES".to_owned()),
        };
        let through = match (&backend, through) {
            (Backend::Postgres(url), Some(port)) => Some(at_port(url, port)?),
            _ => None,
        };
        let names = profile.processes().into_iter().map(|(name, _)| name).chain(["pages"]);
        Ok(Self {
            profile,
            processes: Mutex::default(),
            ports: names.map(|name| (name, free_port())).collect(),
            settings: Mutex::default(),
            through,
            folder: tempfile::tempdir().map_err(|error| error.to_string())?,
            home: TestHome::new(backend),
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports["pages"])
    }

    /// Where its files, its logs and the diary of its clients are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The URL of its database, past any proxy, and what its schemas begin with.
    pub fn database(&self) -> Option<(String, String)> {
        match self.home.location() {
            Location::Postgres { url, namespace, .. } => Some((url, namespace)),
            Location::Sqlite { .. } => None,
        }
    }

    /// Environment that its processes get from now on.
    pub fn set(&self, name: &str, value: &str) {
        let mut settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        settings.retain(|(known, _)| known != name);
        settings.push((name.to_owned(), value.to_owned()));
    }

    /// What the checker has to know of it.
    pub fn run(&self, seed: u64, goods: Vec<checker::Goods>) -> Run {
        let source = |module: &str| match self.home.location() {
            Location::Postgres { url, namespace, .. } => {
                Source::Postgres { url, schema: format!("{namespace}{module}") }
            }
            Location::Sqlite { .. } => Source::Sqlite(self.data().join(format!("{module}.sqlite"))),
        };
        let sources = MODULES.into_iter().map(|module| (module.to_owned(), source(module))).collect();
        let codes = BTreeMap::from([(CODE.0.to_owned(), CODE.2)]);
        Run { profile: self.profile.name().to_owned(), seed, goods, codes, gift_cards: CARDS, sources }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<&'static str, Child>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program with the settings of this shop.
    ///
    /// # Errors
    /// It is not there, and could not be built.
    pub fn command(&self, process: &str) -> Result<Command, String> {
        let mut command = Command::new(binary()?);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
        for (name, modules) in self.profile.processes().into_iter().filter(|(name, _)| *name != process) {
            let url = format!("http://127.0.0.1:{}", self.ports[name]);
            for module in modules.into_iter().filter(|module| *module != "app") {
                command.env(format!("FREESTONE_MODULE_{}_URL", module.to_uppercase()), &url);
            }
        }
        command
            .env("FREESTONE_DATA_DIR", self.data())
            .env("FREESTONE_SECRET_KEY", SECRET_KEY)
            .env("FREESTONE_LISTEN", format!("127.0.0.1:{}", self.ports["pages"]))
            .env("FREESTONE_INTERNAL_LISTEN", format!("127.0.0.1:{}", self.ports[process]))
            .env("FREESTONE_RATE_LIMITS", "false")
            .env("FREESTONE_LOG_FORMAT", "json");
        if let Location::Postgres { url, namespace, .. } = self.home.location() {
            let url = self.through.clone().unwrap_or(url);
            command.env("FREESTONE_DATABASE_URL", url).env("FREESTONE_DATABASE_NAMESPACE", namespace);
            command.env("FREESTONE_DATABASE_POOL_SIZE", "4");
        }
        command.envs(self.settings.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned());
        Ok(command)
    }

    /// Runs a command of the shop with every module in its own process; what it said, and its exit code.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn tell(&self, arguments: &[&str], input: &str) -> Result<(i32, String), String> {
        let mut command = self.command("shop")?;
        for module in MODULES.into_iter().filter(|module| *module != "app") {
            command.env_remove(format!("FREESTONE_MODULE_{}_URL", module.to_uppercase()));
        }
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        if let Some(mut stdin) = child.stdin.take() {
            // It may end before it reads.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Ok((output.status.code().unwrap_or(-1), said))
    }

    /// The same, when it ends well.
    ///
    /// # Errors
    /// It does not.
    pub fn tell_well(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        match self.tell(arguments, input)? {
            (0, said) => Ok(said),
            (code, said) => Err(format!("freestone {} ended with {code}: {said}", arguments.join(" "))),
        }
    }

    /// Starts all its processes and waits until they are ready.
    ///
    /// # Errors
    /// One is not.
    pub async fn open(&self) -> Result<(), String> {
        for (name, _) in self.profile.processes() {
            self.start(name)?;
        }
        for (name, _) in self.profile.processes() {
            self.ready(name).await?;
        }
        Ok(())
    }

    /// Starts a process.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(&self, name: &'static str) -> Result<(), String> {
        let log = File::options().create(true).append(true).open(self.log_path(name));
        let log = log.map_err(|error| error.to_string())?;
        let mut command = self.command(name)?;
        command.arg("serve").stdout(Stdio::null()).stderr(log);
        if let Some((_, modules)) = self.profile.processes().into_iter().find(|(process, _)| *process == name)
            && modules.len() < MODULES.len()
        {
            command.args(["--only", &modules.join(",")]);
        }
        let child = command.spawn().map_err(|error| error.to_string())?;
        self.running().insert(name, child);
        Ok(())
    }

    /// Waits until a process is ready; how long that took.
    ///
    /// # Errors
    /// It ended by itself, or took too long.
    pub async fn ready(&self, name: &'static str) -> Result<Duration, String> {
        let started = Instant::now();
        let client = crate::browser::Browser::client();
        let url = format!("http://127.0.0.1:{}/readyz", self.ports[if name == "shop" { "pages" } else { name }]);
        loop {
            if client.get(&url).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(started.elapsed());
            }
            if self.has_ended(name) || started.elapsed() > READY_WITHIN {
                return Err(format!("{name} is not ready: {}", tail(&self.log(name))));
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends a process at once, as a power cut does.
    pub fn kill(&self, name: &str) {
        if let Some(mut child) = self.running().remove(name) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Whether a process has ended by itself.
    pub fn has_ended(&self, name: &str) -> bool {
        self.running().get_mut(name).is_none_or(|child| !matches!(child.try_wait(), Ok(None)))
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    /// What a process said.
    pub fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_path(name)).unwrap_or_default()
    }

    /// What its processes said as errors, with how often; numbers and ids are left out.
    pub fn errors(&self) -> BTreeMap<String, usize> {
        let mut errors = BTreeMap::new();
        for (name, _) in self.profile.processes() {
            for line in self.log(name).lines() {
                let is_panic = line.contains("panicked at");
                if is_panic || line.contains("\"level\":\"ERROR\"") {
                    let message = line.split("\"message\":\"").nth(1).and_then(|rest| rest.split('"').next());
                    *errors.entry(format!("{name}: {}", message.unwrap_or(line))).or_default() += 1;
                }
            }
        }
        errors
    }

    /// Ends all processes at once.
    pub fn kill_all(&self) {
        for (name, _) in self.profile.processes() {
            self.kill(name);
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.kill_all();
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

/// The same database at another port of this machine.
fn at_port(url: &str, port: u16) -> Result<String, String> {
    let (before, rest) = url.split_once("://").ok_or("the URL of PostgreSQL has no scheme")?;
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let user = place.rsplit_once('@').map_or_else(String::new, |(user, _)| format!("{user}@"));
    Ok(format!("{before}://{user}127.0.0.1:{port}/{path}"))
}

fn binary() -> Result<PathBuf, String> {
    if let Ok(named) = std::env::var("FREESTONE_BIN") {
        return Ok(named.into());
    }
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    // A test lies in a folder of its own below the programs.
    let places = [own.with_file_name("freestone"), own.parent().unwrap_or(&own).with_file_name("freestone")];
    if let Some(place) = places.iter().find(|place| place.exists()) {
        return Ok(place.clone());
    }
    let mut build = Command::new("cargo");
    build.args(["build", "--package", "freestone"]).args((!cfg!(debug_assertions)).then_some("--release"));
    let made = build.status().map_err(|error| format!("cargo: {error}"))?.success();
    let place = places.into_iter().find(|place| made && place.exists());
    place.ok_or_else(|| "the program `freestone` is not there; build it, or set FREESTONE_BIN".to_owned())
}

/// Below the ports that the system gives to outgoing connections, so that none of these takes it while its process is down.
fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 11_000 + u16::try_from(std::process::id() % 80).unwrap_or(0) * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 900;
        let used = TcpStream::connect(("127.0.0.1", port)).is_ok() || TcpListener::bind(("127.0.0.1", port)).is_err();
        if !used {
            return port;
        }
    }
}
