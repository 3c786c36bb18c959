//! How the modules are: those in this process are up, those elsewhere are asked every few seconds.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::contract::Placement;
use kernel::stop::Stop;
use serde::Deserialize;

use crate::client::http_client;

const EVERY: Duration = Duration::from_secs(3);

/// How a module is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModuleState {
    /// It answers and speaks the same contract.
    Up,
    /// It answers, and its contract has additions or lacks some; calls work.
    OtherBuild,
    /// It speaks another version of the contract; calls are refused.
    Mismatch,
    /// It does not answer.
    Down,
    /// It was not asked yet.
    Unknown,
}

impl ModuleState {
    /// As shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::OtherBuild => "up, other build",
            Self::Mismatch => "contract mismatch",
            Self::Down => "down",
            Self::Unknown => "not asked yet",
        }
    }

    /// Whether calls can work.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Up | Self::OtherBuild)
    }
}

/// One module as the system page and `module list` show it.
#[derive(Clone, Debug)]
pub struct ModuleStatus {
    /// Its name.
    pub module: &'static str,
    /// Where it is.
    pub placement: Placement,
    /// Its address, when it is elsewhere.
    pub url: Option<String>,
    /// Of the contract that this process speaks.
    pub version: u32,
    /// Of the contract that this process speaks.
    pub hash: String,
    /// How it is.
    pub state: ModuleState,
    /// Why it is not up.
    pub detail: String,
}

/// Knows how the modules are.
#[derive(Clone, Default)]
pub struct Health(Arc<Mutex<Vec<ModuleStatus>>>);

#[derive(Deserialize)]
struct Theirs {
    version: u32,
    hash: String,
}

impl Health {
    pub(crate) fn add(&self, status: ModuleStatus) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(status);
    }

    /// All modules.
    pub fn modules(&self) -> Vec<ModuleStatus> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the modules in other processes, again and again until `stop`.
    pub(crate) fn watch(&self, credential: String, stop: Stop) -> impl Future<Output = ()> + Send + 'static {
        let health = self.clone();
        async move {
            loop {
                health.ask_all(&credential).await;
                tokio::select! {
                    () = stop.wait() => return,
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
        }
    }

    /// Asks every module that is elsewhere, once.
    pub async fn ask_all(&self, credential: &str) {
        for module in self.modules() {
            let Some(url) = module.url.clone() else { continue };
            let (state, detail) = ask(&module, &url, credential).await;
            let mut modules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = modules.iter_mut().find(|known| known.module == module.module) {
                if known.state != state {
                    tracing::info!(module = known.module, state = state.name(), detail, "module state changed");
                }
                known.state = state;
                known.detail = detail;
            }
        }
    }
}

async fn ask(module: &ModuleStatus, url: &str, credential: &str) -> (ModuleState, String) {
    let address = format!("{}/contract/{}", url.trim_end_matches('/'), module.module);
    let request = http_client().get(address).bearer_auth(credential).timeout(Duration::from_secs(2));
    let answer = match request.send().await {
        Ok(answer) if answer.status().is_success() => answer.bytes().await.ok(),
        Ok(answer) => return (ModuleState::Down, format!("answers {}", answer.status())),
        Err(error) => return (ModuleState::Down, error.to_string()),
    };
    let Some(theirs) = answer.and_then(|body| serde_json::from_slice::<Theirs>(&body).ok()) else {
        return (ModuleState::Down, "answers something else than a contract".to_owned());
    };
    if theirs.version != module.version {
        let detail = format!("it speaks version {}, we speak {}", theirs.version, module.version);
        return (ModuleState::Mismatch, detail);
    }
    if theirs.hash == module.hash {
        (ModuleState::Up, String::new())
    } else {
        (ModuleState::OtherBuild, "additions on one side".to_owned())
    }
}
