//! Listens and stops: the internal listener, signals, and a module as a process of its own.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, HttpServer};
use async_trait::async_trait;
use kernel::contract::{Description, Method, WireRequest, WireResponse};
use kernel::event::Feed;
use kernel::stop::{Stop, Stopper};
use kernel::{CallCtx, Clock};

use crate::host::{Host, StartError};
use crate::server::internal_routes;
use crate::settings::Settings;

/// A module that this process offers to others.
#[async_trait]
pub trait Served: Send + Sync {
    /// What it offers.
    fn description(&self) -> &Description;
    /// A method by its name.
    fn method(&self, name: &str) -> Option<&'static Method>;
    /// Carries out a request.
    async fn handle(&self, ctx: CallCtx, request: WireRequest) -> WireResponse;
    /// Its events.
    fn feed(&self) -> &Arc<dyn Feed>;
}

/// Begins to stop when the process is told to: SIGTERM or Ctrl-C. A second signal ends it at once.
pub fn stop_on_signal(stopper: Stopper) {
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: finishing what is under way");
        stopper.stop();
        signal().await;
        tracing::warn!("second signal: stopping at once");
        std::process::exit(130);
    });
}

async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

impl Host {
    /// Serves contracts, health and metrics on the internal listener until the process stops.
    ///
    /// # Errors
    /// The address is taken.
    pub fn listen_internally(self: &Arc<Self>) -> Result<Option<tokio::task::JoinHandle<()>>, StartError> {
        let Some(address) = self.settings().internal_listen.clone() else { return Ok(None) };
        let host = Arc::clone(self);
        let server = HttpServer::new(move || App::new().configure(internal_routes(Arc::clone(&host))))
            .workers(2)
            .shutdown_timeout(10)
            .disable_signals()
            .bind(&address)
            .map_err(|error| StartError::Listen {
                key: "FREESTONE_INTERNAL_LISTEN",
                address: address.clone(),
                cause: error.to_string(),
            })?
            .run();
        let (handle, stop) = (server.handle(), self.stop());
        tokio::spawn(async move {
            stop.wait().await;
            // Callers notice that readiness is gone before the door closes.
            tokio::time::sleep(Duration::from_millis(200)).await;
            handle.stop(true).await;
        });
        Ok(Some(tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the internal listener ended");
            }
        })))
    }
}

/// Runs one module as a process of its own: `join` places it and, as remote, its neighbours.
///
/// Settings come from the environment and `--config`, as for the shop.
pub fn run_alone<F, Fut>(module: &'static str, join: F) -> std::process::ExitCode
where
    F: FnOnce(Arc<Host>) -> Fut,
    Fut: Future<Output = Result<(), StartError>>,
{
    let result = (|| {
        let settings =
            Settings::load(&crate::settings::Flags { only: Some(vec![module.to_owned()]), ..Default::default() })?;
        crate::logging::init(&settings.log_level, settings.log_format);
        let runtime = tokio::runtime::Runtime::new().map_err(|error| StartError::Missing(error.to_string()))?;
        runtime.block_on(async {
            let (stopper, stop) = Stop::new();
            stop_on_signal(stopper);
            let host = Arc::new(Host::new(Arc::new(settings), Clock::system(), stop.clone()));
            join(Arc::clone(&host)).await?;
            let tasks = host.run();
            let listener = host.listen_internally()?;
            tracing::info!(module, listen = host.settings().internal_listen, "module runs alone");
            stop.wait().await;
            if let Some(listener) = listener {
                let _ = listener.await;
            }
            for task in tasks {
                let _ = task.await;
            }
            Ok::<(), StartError>(())
        })
    })();
    match result {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::from(error.exit_code())
        }
    }
}

impl StartError {
    /// As documented for the command line: 3 configuration, 4 a dependency, 5 refused by state.
    pub fn exit_code(&self) -> u8 {
        use kernel::db::OpenError;
        match self {
            Self::Settings(_) => 3,
            Self::Open { error: OpenError::Unreachable { .. }, .. } => 4,
            Self::Open { .. } | Self::Listen { .. } => 5,
            Self::Missing(_) => 1,
        }
    }
}
