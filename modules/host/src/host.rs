//! The host of the modules: places each one, joins them, and knows how they are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kernel::contract::{
    Contract, Description, Format, MethodReport, Placement, Route, Router, Server, Transport, TransportError,
    WireRequest, WireResponse, describe,
};
use kernel::db::{Db, OpenError, Schema};
use kernel::event::Feed;
use kernel::inbox::{self, Subscription};
use kernel::module::{Started, Worker};
use kernel::stop::Stop;
use kernel::{CallCtx, Clock};
use subtle::ConstantTimeEq as _;

use crate::client::HttpTransport;
use crate::feed::HttpFeed;
use crate::health::{Health, ModuleState, ModuleStatus};
use crate::metrics;
use crate::serve::Served;
use crate::settings::{ModulePlacement, Settings};

/// Why the shop could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A module's data could not be opened.
    #[error("module {module}: {error}")]
    Open {
        /// Which.
        module: &'static str,
        /// Why; says the fix.
        error: OpenError,
    },
    /// An address could not be listened on.
    #[error("{key}: cannot listen on {address}: {cause}")]
    Listen {
        /// The configuration key.
        key: &'static str,
        /// The address.
        address: String,
        /// What the system says.
        cause: String,
    },
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] crate::settings::SettingsError),
    /// Something else that has to be there is not.
    #[error("{0}")]
    Missing(String),
}

type Reporter = Box<dyn Fn() -> Vec<MethodReport> + Send + Sync>;
type MetricsWriter = Box<dyn Fn(&mut String) + Send + Sync>;

/// What begins when everything is placed.
struct Pending {
    /// Where the subscriptions keep their place.
    db: Option<Db>,
    subscriptions: Vec<Subscription>,
    workers: Vec<Worker>,
}

/// Everything that runs in this process, and the way to everything that does not.
pub struct Host {
    settings: Arc<Settings>,
    clock: Clock,
    credential: String,
    former_credential: Option<String>,
    served: Mutex<BTreeMap<&'static str, Arc<dyn Served>>>,
    contracts: Mutex<Vec<(Description, Placement)>>,
    feeds: Mutex<BTreeMap<&'static str, Arc<dyn Feed>>>,
    databases: Mutex<Vec<Db>>,
    pending: Mutex<Vec<Pending>>,
    reporters: Mutex<Vec<Reporter>>,
    extra_metrics: Mutex<Vec<MetricsWriter>>,
    health: Health,
    stop: Stop,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Host {
    /// A host without modules.
    pub fn new(settings: Arc<Settings>, clock: Clock, stop: Stop) -> Self {
        Self {
            credential: settings.module_credential(),
            former_credential: settings.former_module_credential(),
            settings,
            clock,
            served: Mutex::default(),
            contracts: Mutex::default(),
            feeds: Mutex::default(),
            databases: Mutex::default(),
            pending: Mutex::default(),
            reporters: Mutex::default(),
            extra_metrics: Mutex::default(),
            health: Health::default(),
            stop,
        }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock that the modules are given.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Tells when to stop.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Places a module where the settings say: starts it in this process, or finds the way to the one that runs it.
    /// Callers get its trait and cannot tell the difference.
    ///
    /// # Errors
    /// The module runs here and its data could not be opened.
    pub async fn place<T: Contract + ?Sized>(
        &self,
        schema: Schema,
        start: impl FnOnce(Db) -> Started<T>,
    ) -> Result<Arc<T>, StartError> {
        let description = describe::<T>();
        let route = match self.settings.placement(T::MODULE) {
            ModulePlacement::Remote(url) => self.remote::<T>(&url, &description),
            ModulePlacement::Absent => Route::remote(Arc::new(Absent { module: T::MODULE })),
            ModulePlacement::Here { parity } => {
                let started = self.start_here(schema, start).await?;
                if parity { Route::parity(started, Format::Json) } else { Route::in_process(started) }
            }
        };
        Ok(self.join(route, description))
    }

    /// The way to a neighbour that other processes run; for a module that runs alone.
    pub fn reach<T: Contract + ?Sized>(&self) -> Arc<T> {
        let description = describe::<T>();
        let route = match self.settings.module_url(T::MODULE) {
            Some(url) => self.remote::<T>(&url, &description),
            None => Route::remote(Arc::new(Absent { module: T::MODULE })),
        };
        self.join(route, description)
    }

    /// Gives callers the trait through a router, and keeps what is known of it.
    fn join<T: Contract + ?Sized>(&self, route: Route<T>, description: Description) -> Arc<T> {
        self.health.add(ModuleStatus::new(&description, route.placement, self.settings.module_url(T::MODULE)));
        locked(&self.contracts).push((description, route.placement));
        let router = Router::new(route);
        let reporting = Arc::clone(&router);
        locked(&self.reporters).push(Box::new(move || reporting.report()));
        T::routed(router)
    }

    fn remote<T: Contract + ?Sized>(&self, url: &str, description: &Description) -> Route<T> {
        let contract = format!("{}/{} {}", description.module, description.version, description.hash);
        let transport = HttpTransport::new(url, T::MODULE, &self.credential, &contract, Format::Json);
        let feed = HttpFeed::new(url, T::MODULE, &self.credential);
        locked(&self.feeds).insert(T::MODULE, Arc::new(feed));
        Route::remote(Arc::new(transport))
    }

    async fn start_here<T: Contract + ?Sized>(
        &self,
        schema: Schema,
        start: impl FnOnce(Db) -> Started<T>,
    ) -> Result<Arc<T>, StartError> {
        let db = self.open(schema).await?;
        let started = start(db.clone());
        let served = ServedModule {
            description: describe::<T>(),
            server: Server::new(Arc::clone(&started.service)),
            feed: db.feed(),
        };
        locked(&self.feeds).insert(T::MODULE, db.feed());
        locked(&self.served).insert(T::MODULE, Arc::new(served));
        let (subscriptions, workers) = (started.subscriptions, started.workers);
        locked(&self.pending).push(Pending { db: Some(db), subscriptions, workers });
        Ok(started.service)
    }

    /// Opens data that belongs to no contract: the edge's own. Migrates like any other, unless told not to.
    ///
    /// # Errors
    /// It could not be opened.
    pub async fn open(&self, schema: Schema) -> Result<Db, StartError> {
        let module = schema.module;
        let location = self.settings.location();
        let opened = if self.settings.auto_migrate {
            Db::open(schema, &location).await
        } else {
            Db::open_existing(schema, &location).await
        };
        let db = opened.map_err(|error| StartError::Open { module, error })?;
        locked(&self.databases).push(db.clone());
        Ok(db)
    }

    /// Work and subscriptions of the edge, which is no module.
    pub fn add(&self, db: Option<Db>, subscriptions: Vec<Subscription>, workers: Vec<Worker>) {
        locked(&self.pending).push(Pending { db, subscriptions, workers });
    }

    /// Adds lines to `/metrics`.
    pub fn add_metrics(&self, write: impl Fn(&mut String) + Send + Sync + 'static) {
        locked(&self.extra_metrics).push(Box::new(write));
    }

    /// Starts delivery of events and the work of the modules. Call it once, after everything is placed.
    pub fn run(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let mut tasks = Vec::new();
        for Pending { db, subscriptions, workers } in std::mem::take(&mut *locked(&self.pending)) {
            for subscription in subscriptions {
                let feed = self.feed(subscription.producer);
                match (db.clone(), feed) {
                    (Some(db), Some(feed)) => {
                        tasks.push(tokio::spawn(inbox::consume(db, subscription, feed, self.stop.clone())));
                    }
                    _ => tracing::warn!(
                        consumer = subscription.consumer,
                        producer = subscription.producer,
                        "events are not received: the producer has no address; set FREESTONE_MODULE_{}_URL",
                        subscription.producer.to_uppercase()
                    ),
                }
            }
            for worker in workers {
                tasks.push(tokio::spawn(supervise(worker, self.stop.clone())));
            }
        }
        for db in locked(&self.databases).iter().cloned() {
            tasks.push(tokio::spawn(maintain(db, self.clock.clone(), self.stop.clone())));
        }
        tasks.push(tokio::spawn(self.health.watch(self.credential.clone(), self.stop.clone())));
        tasks
    }

    /// Where a module's events come from, when it has an address.
    pub fn feed(&self, producer: &str) -> Option<Arc<dyn Feed>> {
        locked(&self.feeds).get(producer).cloned()
    }

    /// Asks the modules in other processes how they are, once.
    pub async fn ask_modules(&self) {
        self.health.ask_all(&self.credential).await;
    }

    /// How each module is.
    pub fn modules(&self) -> Vec<ModuleStatus> {
        self.health.modules()
    }

    /// What each module offers.
    pub fn descriptions(&self) -> Vec<Description> {
        locked(&self.contracts).iter().map(|(description, _)| description.clone()).collect()
    }

    /// Durable commits made by this process so far.
    pub fn commits(&self) -> u64 {
        locked(&self.databases).iter().map(Db::commits).sum()
    }

    /// The first check that fails, when this process cannot serve. Other processes are no part of it.
    pub async fn not_ready(&self) -> Option<String> {
        if self.stop.is_stopping() {
            return Some("stopping".to_owned());
        }
        let databases = locked(&self.databases).clone();
        for db in databases {
            if let Err(cause) = db.ping().await {
                tracing::warn!(module = db.module(), cause, "database not ready");
                return Some(format!("database of {}", db.module()));
            }
        }
        None
    }

    /// `/metrics`
    pub fn metrics(&self) -> String {
        let reports: Vec<MethodReport> = locked(&self.reporters).iter().flat_map(|report| report()).collect();
        let commits: Vec<(&str, u64)> = locked(&self.databases).iter().map(|db| (db.module(), db.commits())).collect();
        let mut text = metrics::render(&reports, &self.modules(), &commits);
        for write in locked(&self.extra_metrics).iter() {
            write(&mut text);
        }
        text
    }

    /// Whether somebody who shows this belongs to the shop.
    pub(crate) fn admits(&self, shown: &str) -> bool {
        let ours = [Some(&self.credential), self.former_credential.as_ref()];
        ours.into_iter().flatten().any(|ours| bool::from(shown.as_bytes().ct_eq(ours.as_bytes())))
    }

    pub(crate) fn served(&self, module: &str) -> Option<Arc<dyn Served>> {
        locked(&self.served).get(module).cloned()
    }
}

/// A worker that panics is started no second time, since its state is gone; the log and its metrics say so.
async fn supervise(worker: Worker, stop: Stop) {
    let name = worker.name;
    if tokio::spawn((worker.run)(stop)).await.is_err() {
        tracing::error!(worker = name, "a worker ended by a panic");
    }
}

/// Forgets, once an hour, what is old enough.
async fn maintain(db: Db, clock: Clock, stop: Stop) {
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(std::time::Duration::from_secs(3_600)) => {}
        }
        if let Err(error) = db.tidy(clock.now()).await {
            tracing::warn!(module = db.module(), %error, "old events and keys could not be removed");
        }
    }
}

/// The way to a module that is neither run here nor has an address.
struct Absent {
    module: &'static str,
}

#[async_trait::async_trait]
impl Transport for Absent {
    async fn call(&self, _: &CallCtx, _: WireRequest) -> Result<WireResponse, TransportError> {
        let key = self.module.to_uppercase();
        Err(TransportError::NotSent(format!("{} is not run here; set FREESTONE_MODULE_{key}_URL", self.module)))
    }
}

struct ServedModule<T: ?Sized> {
    description: Description,
    server: Server<T>,
    feed: Arc<dyn Feed>,
}

#[async_trait::async_trait]
impl<T: Contract + ?Sized> Served for ServedModule<T> {
    fn description(&self) -> &Description {
        &self.description
    }

    fn method(&self, name: &str) -> Option<&'static kernel::contract::Method> {
        Server::<T>::method(name).map(|(_, method)| method)
    }

    async fn handle(&self, ctx: CallCtx, request: WireRequest) -> WireResponse {
        self.server.handle(ctx, request).await
    }

    fn feed(&self) -> &Arc<dyn Feed> {
        &self.feed
    }
}

impl ModuleStatus {
    fn new(description: &Description, placement: Placement, url: Option<String>) -> Self {
        let state = if placement == Placement::Remote { ModuleState::Unknown } else { ModuleState::Up };
        Self {
            module: description.module,
            placement,
            url,
            version: description.version,
            hash: description.hash.clone(),
            state,
            detail: String::new(),
        }
    }
}
