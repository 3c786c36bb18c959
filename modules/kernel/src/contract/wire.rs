//! Requests and answers as bytes: JSON or MessagePack, and a status as in HTTP.

use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{MAX_DEPTH, MethodKind};
use crate::call::{CallError, DomainError, NotExecuted};

/// How a body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    #[default]
    Json,
    /// `application/msgpack`, structures as maps with names, so that fields can be added.
    MessagePack,
}

impl Format {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::MessagePack => "application/msgpack",
        }
    }

    /// The format of a media type; parameters such as `charset` are ignored.
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json" | "application/problem+json" => Some(Self::Json),
            "application/msgpack" => Some(Self::MessagePack),
            _ => None,
        }
    }

    /// Writes `value`.
    ///
    /// # Errors
    /// The value has no form in this format, such as a map with keys that are not text.
    pub fn write(self, value: &impl Serialize) -> Result<Bytes, String> {
        match self {
            Self::Json => serde_json::to_vec(value).map(Bytes::from).map_err(|error| error.to_string()),
            Self::MessagePack => rmp_serde::to_vec_named(value).map(Bytes::from).map_err(|error| error.to_string()),
        }
    }

    /// Reads a value. Unknown fields are ignored: they are from a newer peer.
    ///
    /// # Errors
    /// The bytes are not such a value; the text names the field where that is known.
    pub fn read<T: DeserializeOwned>(self, body: &[u8]) -> Result<T, String> {
        match self {
            Self::Json => {
                if json_depth(body) > MAX_DEPTH {
                    return Err(format!("nested deeper than {MAX_DEPTH}"));
                }
                serde_json::from_slice(body).map_err(|_| {
                    // Only a refused body is read a second time, to find the path of the field.
                    let mut reader = serde_json::Deserializer::from_slice(body);
                    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
                        Err(error) => error.to_string(),
                        Ok(_) => "trailing characters".to_owned(),
                    }
                })
            }
            Self::MessagePack => {
                let mut reader = rmp_serde::Deserializer::from_read_ref(body);
                reader.set_max_depth(MAX_DEPTH);
                serde_path_to_error::deserialize(&mut reader).map_err(|error| error.to_string())
            }
        }
    }
}

/// How deep the brackets of a JSON text nest, without reading it otherwise.
fn json_depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A request on its way to a module.
#[derive(Clone, Debug)]
pub struct WireRequest {
    /// The method's name.
    pub method: &'static str,
    /// Whether it changes something.
    pub kind: MethodKind,
    /// The value of the field that makes a repeat harmless; for writes.
    pub idempotency_key: Option<String>,
    /// How the body is written, and how the answer is wanted.
    pub format: Format,
    /// The request.
    pub body: Bytes,
}

/// An answer on its way back.
#[derive(Clone, Debug)]
pub struct WireResponse {
    /// As in HTTP.
    pub status: u16,
    /// When to try again, if it is known.
    pub retry_after: Option<Duration>,
    /// How the body is written.
    pub format: Format,
    /// The answer, or a problem document (RFC 9457).
    pub body: Bytes,
}

/// A problem document, with what a caller needs to rebuild the error.
#[derive(Serialize, Deserialize)]
struct Problem<E> {
    title: String,
    status: u16,
    detail: String,
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    error: Option<E>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_executed: Option<NotExecuted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

// `#[serde(default)]` would ask for `E: Default`.
fn none<E>() -> Option<E> {
    None
}

impl WireResponse {
    /// The answer to a request that is refused before the module sees it.
    pub fn refused(reason: NotExecuted, format: Format) -> Self {
        Self::of::<(), NoRefusal>(Err(CallError::not_executed(reason)), format)
    }

    /// The answer to a caller that speaks another version of the contract.
    pub fn mismatch(detail: String, format: Format) -> Self {
        Self::of::<(), NoRefusal>(Err(CallError::ContractMismatch(detail)), format)
    }

    /// The form of a result.
    pub fn of<T: Serialize, E: DomainError>(result: Result<T, CallError<E>>, format: Format) -> Self {
        let error = match result {
            Ok(value) => match format.write(&value) {
                Ok(body) => return Self { status: 200, retry_after: None, format, body },
                Err(cause) => CallError::Internal(format!("the answer could not be written: {cause}")),
            },
            Err(error) => error,
        };
        let detail = match &error {
            CallError::Unknown(cause) | CallError::ContractMismatch(cause) | CallError::Internal(cause) => {
                cause.clone()
            }
            error => error.to_string(),
        };
        let (status, title, error, not_executed, retry_after) = match error {
            CallError::Domain(error) => (422, "Refused", Some(error), None, None),
            CallError::NotExecuted { reason, retry_after } => {
                (status_of(&reason), "Not executed", None, Some(reason), retry_after)
            }
            CallError::Overloaded { retry_after } => (429, "Overloaded", None, None, retry_after),
            CallError::DeadlineExceeded => (504, "Deadline exceeded", None, None, None),
            CallError::Unknown(_) => (502, "No answer", None, None, None),
            CallError::ContractMismatch(_) => (426, "Contract mismatch", None, None, None),
            CallError::Internal(_) => (500, "Internal", None, None, None),
        };
        let retry_after_ms = retry_after.and_then(|duration| u64::try_from(duration.as_millis()).ok());
        let problem = Problem { title: title.to_owned(), status, detail, error, not_executed, retry_after_ms };
        let body = format.write(&problem).unwrap_or_default();
        Self { status, retry_after, format, body }
    }

    /// The result that this answer carries.
    ///
    /// # Errors
    /// The call failed, or the answer cannot be understood.
    pub fn into_result<T: DeserializeOwned, E: DomainError>(self) -> Result<T, CallError<E>> {
        if self.status == 200 {
            // It was done, but we cannot say with what result.
            return self
                .format
                .read(&self.body)
                .map_err(|cause| CallError::Unknown(format!("unreadable answer: {cause}")));
        }
        let problem: Problem<E> = match self.format.read(&self.body) {
            Ok(problem) => problem,
            Err(cause) => return Err(CallError::Unknown(format!("unreadable answer {}: {cause}", self.status))),
        };
        let retry_after = problem.retry_after_ms.map(Duration::from_millis);
        Err(match (self.status, problem.error, problem.not_executed) {
            (422, Some(error), _) => CallError::Domain(error),
            (_, _, Some(reason)) => CallError::NotExecuted { reason, retry_after },
            (429, ..) => CallError::Overloaded { retry_after },
            (504, ..) => CallError::DeadlineExceeded,
            (426, ..) => CallError::ContractMismatch(problem.detail),
            (500, ..) => CallError::Internal(problem.detail),
            _ => CallError::Unknown(problem.detail),
        })
    }
}

fn status_of(reason: &NotExecuted) -> u16 {
    match reason {
        NotExecuted::BadRequest { .. } => 400,
        NotExecuted::Unauthenticated => 401,
        NotExecuted::UnknownMethod => 404,
        NotExecuted::InFlight | NotExecuted::Conflict | NotExecuted::KeyReused => 409,
        NotExecuted::Unreachable { .. } | NotExecuted::Draining => 503,
    }
}

/// A contract error that cannot occur; for answers that no module gave.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize, schemars::JsonSchema)]
#[error("no refusal")]
enum NoRefusal {}

impl DomainError for NoRefusal {}

/// Reads the request of a method; used by the code that `#[contract]` makes.
///
/// # Errors
/// The answer to send when it cannot be read.
pub fn read_request<T: DeserializeOwned>(request: &WireRequest) -> Result<T, WireResponse> {
    request
        .format
        .read(&request.body)
        .map_err(|cause| WireResponse::refused(NotExecuted::BadRequest { cause }, request.format))
}

/// Writes the result of a method; used by the code that `#[contract]` makes.
pub fn answer<T: Serialize, E: DomainError>(result: Result<T, CallError<E>>, format: Format) -> WireResponse {
    WireResponse::of(result, format)
}
