//! A shop of its own on real processes, with the demo goods in it: on SQLite, and on PostgreSQL when
//! `FREESTONE_TEST_POSTGRES` is set.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use diesel::RunQueryDsl as _;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use hmac::{Hmac, Mac as _};
use kernel::db::{Db, Failure, Location, Schema};
use kernel::secret::sha256_hex;
use kernel::testing::{Backend, TestHome, backends};
use sha2::Sha256;
use tempfile::TempDir;
use tokio::time::sleep;

use crate::mail::{self, Mail};
use crate::shopper::Shopper;

pub(crate) static MODULES: [&str; 6] = ["catalog", "inventory", "billing", "orders", "cart", "accounts"];
pub(crate) const SECRET_KEY: &str = "b7d1c04e5a9f36e28d70f1c3a4b95e6d only for tests";
pub(crate) const OWNER: (&str, &str) = ("owner@example.com", "a granite block in spring");
/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where the words of a process begin in its log.
const STARTED: &str = "---- started ----";

/// Where modules run.
#[derive(Clone, Copy, Default)]
pub(crate) struct Plan {
    /// Each in a process of its own.
    pub(crate) away: &'static [&'static str],
    /// Calls in a process go through the codec.
    pub(crate) parity: bool,
    /// Those that are away are run by their own small programs.
    pub(crate) own_programs: bool,
    /// Other settings than the usual ones.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

/// A shop. Its processes and its data end with it.
pub(crate) struct Shop {
    processes: Mutex<BTreeMap<&'static str, Child>>,
    plan: Mutex<Plan>,
    settings: Mutex<Vec<(&'static str, String)>>,
    ports: BTreeMap<&'static str, u16>,
    owner: tokio::sync::Mutex<Option<(String, Instant)>>,
    alone: tokio::sync::Mutex<()>,
    data: TempDir,
    home: TestHome,
}

impl Shop {
    /// Without a process.
    pub(crate) fn new(backend: Backend) -> Arc<Self> {
        let names = MODULES.into_iter().chain(["app", "shop"]);
        Arc::new(Self {
            processes: Mutex::default(),
            plan: Mutex::default(),
            settings: Mutex::default(),
            ports: names.map(|name| (name, free_port())).collect(),
            owner: tokio::sync::Mutex::default(),
            alone: tokio::sync::Mutex::default(),
            data: tempfile::tempdir().expect("a folder"),
            home: TestHome::new(backend),
        })
    }

    /// A setting of its own, for processes that are started from now on.
    pub(crate) fn set(&self, name: &'static str, value: &str) {
        self.settings.lock().expect("settings").push((name, value.to_owned()));
    }

    /// Starts its processes, or starts them anew according to another plan.
    pub(crate) async fn run(&self, plan: Plan) {
        self.kill_all();
        *self.plan.lock().expect("plan") = plan;
        join_all(plan.away.iter().map(|module| self.start(module))).await;
        self.start("app").await;
    }

    /// Starts the process of a module that is away, or `app`, which runs all others; waits until it is ready.
    pub(crate) async fn start(&self, name: &'static str) {
        let mut log = File::options().create(true).append(true).open(self.log_path(name)).expect("a log");
        writeln!(log, "{STARTED}").expect("it can be written");
        let plan = *self.plan.lock().expect("plan");
        let mut command = self.command(name);
        let away = |module: &&str| !plan.away.contains(module);
        let here: Vec<&str> = MODULES.into_iter().filter(away).chain(["app"]).collect();
        let only = if name == "app" { here.join(",") } else { name.to_owned() };
        let alone = plan.own_programs && name != "app";
        if !alone {
            command.args([if name == "app" { "demo" } else { "serve" }, "--only", &only]);
        }
        command.stderr(log).stdout(Stdio::null());
        let child = command.spawn().expect("the program starts");
        self.processes.lock().expect("processes").insert(name, child);
        self.wait_until_ready(name).await;
    }

    async fn wait_until_ready(&self, name: &'static str) {
        let port = self.ports[if name == "app" { "shop" } else { name }];
        let address = format!("http://127.0.0.1:{port}");
        let site = if name == "app" { self.site() } else { address.clone() };
        let (asker, until) = (Shopper::behind_proxy(&address, &site), Instant::now() + PATIENCE);
        loop {
            if asker.try_get("/readyz").await.is_some_and(|page| page.status == 200) {
                return;
            }
            let ended =
                self.processes.lock().expect("processes").get_mut(name).expect("it").try_wait().expect("a state");
            assert!(ended.is_none() && Instant::now() < until, "{name} is not ready ({ended:?}):\n{}", self.log(name));
            sleep(Duration::from_millis(25)).await;
        }
    }

    /// The program with the settings of this shop; results of commands are its standard output.
    pub(crate) fn command(&self, name: &str) -> Command {
        let plan = *self.plan.lock().expect("plan");
        let own = own_program(name).filter(|_| plan.own_programs && name != "app");
        let mut command = own.map_or_else(program, |own| clean(Command::new(own)));
        for module in MODULES {
            let runs_in = if plan.away.contains(&module) { module } else { "app" };
            let url = format!("http://127.0.0.1:{}", self.ports[runs_in]);
            command.env(format!("FREESTONE_MODULE_{}_URL", module.to_uppercase()), url);
        }
        command
            .env("FREESTONE_DATA_DIR", self.data.path())
            .env("FREESTONE_SECRET_KEY", SECRET_KEY)
            .env("FREESTONE_LISTEN", format!("127.0.0.1:{}", self.ports["shop"]))
            .env("FREESTONE_INTERNAL_LISTEN", format!("127.0.0.1:{}", self.ports[name]))
            .env("FREESTONE_PLACEMENT", if plan.parity { "parity" } else { "in-process" })
            // Each shopper says where they are, so that limits count each of them apart.
            .env("FREESTONE_TRUSTED_PROXIES", "1")
            .envs(plan.settings.iter().copied())
            .envs(self.settings.lock().expect("settings").iter().map(|(name, value)| (*name, value)));
        if let Location::Postgres { url, namespace, .. } = self.home.location() {
            command.env("FREESTONE_DATABASE_URL", url).env("FREESTONE_DATABASE_NAMESPACE", namespace);
            command.env("FREESTONE_DATABASE_POOL_SIZE", "3");
        }
        command
    }

    /// Where its processes keep their data.
    fn location(&self) -> Location {
        match self.home.location() {
            Location::Sqlite { .. } => Location::Sqlite { folder: self.data.path().to_owned() },
            postgres => postgres,
        }
    }

    /// Changes the data of a module by hand, as nobody should.
    pub(crate) async fn tamper(&self, schema: Schema, sql: &'static str) {
        use diesel::connection::SimpleConnection as _;
        let db = Db::open_existing(schema, &self.location()).await.expect("its data");
        let done = db.write::<_, std::convert::Infallible, _>(move |conn| Ok(conn.batch_execute(sql)?));
        done.await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Ends a process at once, as a power cut does.
    pub(crate) fn kill(&self, name: &str) {
        let child = self.processes.lock().expect("processes").remove(name);
        if let Some(mut child) = child {
            child.kill().expect("it was running");
            child.wait().expect("it ended");
        }
    }

    fn kill_all(&self) {
        for name in MODULES.into_iter().chain(["app"]) {
            self.kill(name);
        }
    }

    /// Asks a process to end, as an operator does, and gives its exit code.
    pub(crate) async fn stop(&self, name: &str) -> Option<i32> {
        let mut child = self.processes.lock().expect("processes").remove(name).expect("it runs");
        Command::new("kill").args(["-TERM", &child.id().to_string()]).status().expect("a signal");
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = child.try_wait().expect("a state") {
                return status.code();
            }
            sleep(Duration::from_millis(20)).await;
        }
        child.kill().expect("it was running");
        child.wait().expect("it ended");
        panic!("{name} did not end")
    }

    fn log_path(&self, name: &str) -> PathBuf {
        self.data.path().join(format!("{name}.log"))
    }

    /// What a process said.
    pub(crate) fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.log_path(name)).unwrap_or_default()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports["shop"])
    }

    /// The address that shoppers use: another one where a proxy stands in front.
    pub(crate) fn site(&self) -> String {
        let settings = self.plan.lock().expect("plan").settings;
        let base_url = settings.iter().find(|(name, _)| *name == "FREESTONE_BASE_URL");
        base_url.map_or_else(|| self.url(), |(_, url)| (*url).to_owned())
    }

    /// The cookie of a member of staff.
    pub(crate) fn staff_cookie(&self) -> &'static str {
        if self.site().starts_with("https://") { "__Host-fsa" } else { "dev-fsa" }
    }

    /// Where a process answers other processes.
    pub(crate) fn internal_url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}", self.ports[name])
    }

    pub(crate) fn folder(&self) -> &Path {
        self.data.path()
    }

    /// What the processes of this shop show each other.
    pub(crate) fn credential(&self) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).expect("a key");
        mac.update(b"modules");
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Somebody new.
    pub(crate) fn shopper(&self) -> Shopper {
        Shopper::behind_proxy(&self.url(), &self.site())
    }

    /// The link by which the shop gets its owner, as printed by the process that runs. It is printed once that is ready.
    pub(crate) async fn set_up_link(&self) -> String {
        let url = self.site();
        eventually("the link is printed", async || {
            let log = self.log("app");
            let latest = log.rsplit(STARTED).next().unwrap_or_default();
            let links = latest.split_whitespace().filter_map(|word| word.strip_prefix(&url));
            links.filter(|path| path.starts_with("/admin/setup/")).reduce(|_, latest| latest).map(str::to_owned)
        })
        .await
    }

    /// The owner, signed in. The first one to ask sets the shop up.
    pub(crate) async fn owner(&self) -> Shopper {
        let mut cookie = self.owner.lock().await;
        let owner = self.shopper();
        if let Some((cookie, since)) = &*cookie {
            // Well before the shop asks for the password again.
            if since.elapsed() < Duration::from_secs(600) {
                owner.keep(self.staff_cookie(), cookie);
                return owner;
            }
        } else {
            let link = self.set_up_link().await;
            let setup = owner.get(&link).await.expect(200);
            let form = [("name", "Ada"), ("email", OWNER.0), ("password", OWNER.1)];
            let page = owner.send_form(&setup, &link, &form).await.expect(200);
            page.says("The shop is yours");
        }
        owner.sign_in(OWNER.0, OWNER.1).await.expect(200).says("Orders");
        *cookie = owner.cookie(self.staff_cookie()).map(|cookie| (cookie, Instant::now()));
        owner
    }

    /// Lets the password of somebody's session have been given so long ago.
    pub(crate) async fn age_password(&self, staff: &Shopper, minutes: i64) {
        let db = Db::open(accounts::schema(), &self.location()).await.expect("the data of accounts");
        let secret_hash = sha256_hex(staff.cookie(self.staff_cookie()).expect("signed in").as_bytes());
        let change = format!(
            "UPDATE sessions SET authenticated_at = authenticated_at - {} WHERE secret_hash = '{secret_hash}'",
            minutes * 60_000_000
        );
        let changed = db.write(move |conn| -> Result<usize, Failure> { Ok(diesel::sql_query(change).execute(conn)?) });
        assert_eq!(changed.await.expect("changed"), 1);
    }

    /// A member of staff, made by the command line, signed in.
    pub(crate) async fn member(&self, role: &str) -> Shopper {
        let member = self.shopper();
        let arguments = ["user", "create", "--email", &member.email, "--name", "Grace", "--role", role];
        let output = run_with_input(self.command("app").args(arguments), "a password that is long");
        assert!(output.status.success(), "{output:?}");
        member.sign_in(&member.email, "a password that is long").await.expect(200);
        member
    }

    /// The mails to an address, once there are `count` of them.
    pub(crate) async fn mails_to(&self, address: &str, count: usize) -> Vec<Mail> {
        eventually(&format!("{count} mails to {address}"), async || {
            let mails = self.mails_now(address);
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// Those with an invoice stand apart: they come whenever it is issued.
    pub(crate) fn mails_now(&self, address: &str) -> Vec<Mail> {
        let mails = mail::all_in(&self.data.path().join("mail")).into_iter();
        mails.filter(|mail| mail.to.contains(address) && !mail.has_invoice()).collect()
    }

    /// The mails with an invoice to an address, once there are `count` of them.
    pub(crate) async fn documents_to(&self, address: &str, count: usize) -> Vec<Mail> {
        eventually(&format!("{count} documents to {address}"), async || {
            let mails = mail::all_in(&self.data.path().join("mail")).into_iter();
            let mails: Vec<Mail> = mails.filter(|mail| mail.to.contains(address) && mail.has_invoice()).collect();
            (mails.len() >= count).then_some(mails)
        })
        .await
    }

    /// On hand, reserved, allocated and available, as the ledger shows them.
    pub(crate) async fn stock(&self, variant: &str) -> [i64; 4] {
        let page = self.owner().await.get(&format!("/admin/stock/{variant}")).await.expect(200);
        let text = page.text();
        let figure = |name: &str| {
            let rest = text.split(&format!("{name} ")).find_map(|rest| rest.split(' ').next()?.parse().ok());
            rest.unwrap_or_else(|| panic!("no {name} in {text}"))
        };
        ["On hand", "Reserved", "Allocated", "Available"].map(figure)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.kill_all();
    }
}

/// The program, knowing nothing of the settings of whoever runs the tests.
pub(crate) fn program() -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_freestone")))
}

fn clean(mut command: Command) -> Command {
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    command
}

/// The small program of one module, beside the shop's when it was built (`--features <module>/service`).
pub(crate) fn own_program(module: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_freestone")).with_file_name(module);
    path.exists().then_some(path)
}

/// Runs a command to its end with something to read.
pub(crate) fn run_with_input(command: &mut Command, input: &str) -> Output {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // It may end before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

/// Below the ports that the system gives to outgoing connections, so that none of these takes it meanwhile.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 100).unwrap_or(0) * 100;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 9_000;
        let used = TcpStream::connect(("127.0.0.1", port)).is_ok() || TcpListener::bind(("127.0.0.1", port)).is_err();
        if !used {
            return port;
        }
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if let Some(answer) = ask().await {
            return answer;
        }
        sleep(Duration::from_millis(60)).await;
    }
    panic!("{what}: not within {PATIENCE:?}")
}

/// One shop per database, for all tests that run at this time.
struct Shared {
    plan: Plan,
    shops: tokio::sync::Mutex<Weak<Vec<Arc<Shop>>>>,
}

impl Shared {
    const fn new(plan: Plan) -> Self {
        Self { plan, shops: tokio::sync::Mutex::const_new(Weak::new()) }
    }

    async fn shops(&self) -> Arc<Vec<Arc<Shop>>> {
        let mut shared = self.shops.lock().await;
        if let Some(shops) = shared.upgrade() {
            return shops;
        }
        let shops: Arc<Vec<_>> = Arc::new(backends().into_iter().map(Shop::new).collect());
        join_all(shops.iter().map(|shop| shop.run(self.plan))).await;
        *shared = Arc::downgrade(&shops);
        shops
    }
}

/// Runs a test in a shop that other tests use as well, once per database.
pub(crate) async fn in_the_shop<F: Future<Output = ()>>(test: impl Fn(Arc<Shop>) -> F) {
    static SHARED: Shared = Shared::new(Plan { away: &[], parity: false, own_programs: false, settings: &[] });
    on_each(&SHARED.shops().await, test).await;
}

/// Runs a test in a shop whose modules all run in processes of their own, once per database. It may break the shop,
/// since other tests wait for it, and has to mend it.
pub(crate) async fn in_the_scattered_shop<F: Future<Output = ()>>(test: impl Fn(Arc<Shop>) -> F) {
    static SHARED: Shared = Shared::new(Plan { away: &MODULES, parity: false, own_programs: false, settings: &[] });
    let test = &test;
    on_each(&SHARED.shops().await, |shop| async move {
        let _alone = shop.alone.lock().await;
        test(Arc::clone(&shop)).await;
    })
    .await;
}

/// Runs a test in a shop that it may start, stop and break as it likes, once per database.
pub(crate) async fn in_a_shop<F: Future<Output = ()>>(plan: Plan, test: impl Fn(Arc<Shop>) -> F) {
    let shops: Vec<_> = backends().into_iter().map(Shop::new).collect();
    let test = &test;
    on_each(&shops, |shop| async move {
        shop.run(plan).await;
        test(shop).await;
    })
    .await;
}

async fn on_each<F: Future<Output = ()>>(shops: &[Arc<Shop>], test: impl Fn(Arc<Shop>) -> F) {
    let run = |shop: &Arc<Shop>| AssertUnwindSafe(test(Arc::clone(shop))).catch_unwind();
    let outcomes = join_all(shops.iter().map(run)).await;
    for (shop, outcome) in shops.iter().zip(outcomes) {
        if let Err(panic) = outcome {
            eprintln!(
                "the failure is on {}; the end of its log:\n{}",
                shop.home.backend(),
                last_lines(&shop.log("app"))
            );
            resume_unwind(panic);
        }
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(12).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}
