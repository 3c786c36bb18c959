//! One call from one module to another: what travels beside the request, and how it may fail.
//!
//! A call in the same process carries and returns exactly what a call to another machine does, so that moving a
//! module changes no caller.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::principal::Principal;
use crate::trace::TraceContext;

/// How long a call may take when the caller did not say.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// What travels beside every request.
#[derive(Clone, Debug)]
pub struct CallCtx {
    /// The moment after which the answer is of no use. Travels as remaining time, since clocks differ.
    pub deadline: Instant,
    /// For whom the call is made.
    pub principal: Principal,
    /// W3C trace context, the same through pages, modules, events and jobs.
    pub trace: TraceContext,
    /// The calling module, `app` for the edge.
    pub caller: Cow<'static, str>,
}

impl CallCtx {
    /// A call by `caller` for `principal` with the default time-out and a new trace.
    pub fn new(caller: &'static str, principal: Principal) -> Self {
        Self {
            deadline: Instant::now() + DEFAULT_TIMEOUT,
            principal,
            trace: TraceContext::new(),
            caller: Cow::Borrowed(caller),
        }
    }

    /// A call that a module makes on its own account: a job, a saga, a consumer.
    pub fn of_module(module: &'static str) -> Self {
        Self::new(module, Principal::Module(Cow::Borrowed(module)))
    }

    /// The same call passed on by `module`: same deadline, principal and trace.
    pub fn through(&self, module: &'static str) -> Self {
        Self { caller: Cow::Borrowed(module), ..self.clone() }
    }

    /// The same call with at most `timeout` left.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.deadline = self.deadline.min(Instant::now() + timeout);
        self
    }

    /// Time left, zero when the deadline has passed.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// An error that a module's own rules produce; the `E` of [`CallError`].
///
/// Implement it for a tagged, non-exhaustive enum with a catch-all variant for answers of a newer peer.
pub trait DomainError:
    std::error::Error + Serialize + DeserializeOwned + schemars::JsonSchema + Clone + Send + Sync + 'static
{
}

/// How a call between modules may fail, in every placement.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError<E> {
    /// The module understood and refused; nothing was changed.
    #[error("{0}")]
    Domain(E),
    /// Nothing was done; safe to repeat.
    #[error("not executed: {reason}")]
    NotExecuted {
        /// Why.
        reason: NotExecuted,
        /// When to try again, if it is known.
        retry_after: Option<Duration>,
    },
    /// It was sent and no answer came: it may or may not have been done. Repeat only under the same key.
    #[error("no answer: {0}")]
    Unknown(String),
    /// The deadline passed before the work was started; nothing was done.
    #[error("deadline exceeded")]
    DeadlineExceeded,
    /// The callee refuses work for now; nothing was done.
    #[error("overloaded")]
    Overloaded {
        /// When to try again, if it is known.
        retry_after: Option<Duration>,
    },
    /// The two sides do not speak the same contract.
    #[error("contract mismatch: {0}")]
    ContractMismatch(String),
    /// A fault of the callee. The unit of work was rolled back.
    #[error("internal: {0}")]
    Internal(String),
}

/// Why a call was not executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotExecuted {
    /// No connection to the module, or to its database.
    #[error("unreachable: {cause}")]
    Unreachable {
        /// For the log.
        cause: String,
    },
    /// The module is stopping.
    #[error("draining")]
    Draining,
    /// The same key is being worked on.
    #[error("a call with the same key is in flight")]
    InFlight,
    /// The key was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// The request could not be read.
    #[error("bad request: {cause}")]
    BadRequest {
        /// Names the field where it is known.
        cause: String,
    },
    /// The caller did not prove who it is.
    #[error("caller not authenticated")]
    Unauthenticated,
    /// The module does not offer this method.
    #[error("unknown method")]
    UnknownMethod,
    /// Two changes met; the loser may try again.
    #[error("conflict with a concurrent change")]
    Conflict,
}

impl<E> CallError<E> {
    /// Nothing was done because of `reason`.
    pub fn not_executed(reason: NotExecuted) -> Self {
        Self::NotExecuted { reason, retry_after: None }
    }

    /// Nothing was done because the other side could not be reached.
    pub fn unreachable(cause: impl ToString) -> Self {
        Self::not_executed(NotExecuted::Unreachable { cause: cause.to_string() })
    }

    /// The request is not one that can be carried out, and `cause` names the field.
    pub fn bad_request(cause: impl ToString) -> Self {
        Self::not_executed(NotExecuted::BadRequest { cause: cause.to_string() })
    }

    /// The refusal of the module, if it is one.
    pub fn domain(&self) -> Option<&E> {
        match self {
            Self::Domain(error) => Some(error),
            _ => None,
        }
    }

    /// Whether a repeat may help: the other side is away or busy, rather than of another opinion.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::NotExecuted { reason, .. } => matches!(
                reason,
                NotExecuted::Unreachable { .. } | NotExecuted::Draining | NotExecuted::InFlight | NotExecuted::Conflict
            ),
            Self::Unknown(_) | Self::DeadlineExceeded | Self::Overloaded { .. } => true,
            Self::Domain(_) | Self::ContractMismatch(_) | Self::Internal(_) => false,
        }
    }

    /// The same failure seen through another module: everything but the refusal itself, which `translate` turns.
    pub fn map_domain<F>(self, translate: impl FnOnce(E) -> CallError<F>) -> CallError<F> {
        match self {
            Self::Domain(error) => translate(error),
            Self::NotExecuted { reason, retry_after } => CallError::NotExecuted { reason, retry_after },
            Self::Unknown(cause) => CallError::Unknown(cause),
            Self::DeadlineExceeded => CallError::DeadlineExceeded,
            Self::Overloaded { retry_after } => CallError::Overloaded { retry_after },
            Self::ContractMismatch(cause) => CallError::ContractMismatch(cause),
            Self::Internal(cause) => CallError::Internal(cause),
        }
    }
}

impl<E: std::fmt::Display> CallError<E> {
    /// A refusal by a neighbour that this module did not expect and cannot translate.
    pub fn unexpected<F>(self) -> CallError<F> {
        self.map_domain(|error| CallError::Internal(format!("unexpected refusal: {error}")))
    }
}

impl<E: DomainError> From<E> for CallError<E> {
    fn from(error: E) -> Self {
        Self::Domain(error)
    }
}
