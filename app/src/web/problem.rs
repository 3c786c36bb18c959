//! Why a page cannot be shown, and the page that says so.

use std::time::Duration;

use actix_web::http::StatusCode;
use kernel::{CallError, NotExecuted};

use super::counters;

/// Why a request ends without what was asked for.
#[derive(Debug)]
pub enum Problem {
    /// There is no such page, or not for this visitor.
    NotFound,
    /// There is no order that this link opens.
    NoSuchOrder,
    /// A parameter or a form field cannot be read; the text names it.
    BadRequest(String),
    /// What was sent can be read, and breaks a rule; the text names it.
    Refused(String),
    /// The page was open too long or the form came from elsewhere.
    StaleForm,
    /// The request came from another site.
    Forbidden,
    /// Staff have to sign in first, and come back to this path.
    SignIn,
    /// This member of staff may not do that.
    NotPermitted,
    /// The address is not the shop's.
    WrongHost,
    /// Too many of these.
    TooMany(Duration),
    /// The body is too long.
    TooLarge(String),
    /// A module does not answer; nothing was lost. The text says which part of the shop it is.
    Unavailable(&'static str),
    /// A fault of ours. The log says what.
    Internal(String),
}

impl Problem {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotFound | Self::NoSuchOrder => StatusCode::NOT_FOUND,
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::StaleForm | Self::Forbidden | Self::NotPermitted => StatusCode::FORBIDDEN,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// When to try again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::TooMany(after) => Some(*after),
            Self::Unavailable(_) => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// Title and text for people.
    pub fn words(&self) -> (&'static str, String) {
        match self {
            Self::NotFound => ("Page not found", "The address may be mistyped, or the page has moved.".to_owned()),
            Self::NoSuchOrder => (
                "This link opens no order",
                "An order opens with the whole link from our mail about it; its number alone opens nothing. Open the link in the mail, or copy all of it.".to_owned(),
            ),
            Self::BadRequest(what) => ("We could not read that", format!("{what}.")),
            Self::Refused(what) => ("That is not possible", format!("{what}. Nothing was changed.")),
            Self::StaleForm => (
                "This form is out of date",
                "It was open for a long time or came from another page. Nothing was changed. Go back, reload and send it again.".to_owned(),
            ),
            Self::Forbidden => (
                "This request came from another site",
                "Nothing was changed. Open the page in this shop and send the form again.".to_owned(),
            ),
            Self::SignIn => ("Sign in first", "This page is for staff.".to_owned()),
            Self::NotPermitted => ("Not part of your role", "Ask an owner of the shop if you need this.".to_owned()),
            Self::WrongHost => ("Wrong address", "This server does not answer for that host name.".to_owned()),
            Self::TooMany(after) => (
                "Too many requests",
                format!("Wait {}, then try again. Your cart is kept.", counters::in_words(*after)),
            ),
            Self::TooLarge(what) => ("Too large", what.clone()),
            Self::Unavailable(part) => (
                "Part of the shop is not available",
                format!("{part} cannot be reached at the moment. Nothing was lost, your cart is kept, and nothing was charged by this step. Try again in a few seconds."),
            ),
            Self::Internal(_) => (
                "Something went wrong on our side",
                "Your cart is saved. The fault was recorded; try again in a minute.".to_owned(),
            ),
        }
    }
}

/// A failure of a module for which its caller has no better answer.
impl<E: std::fmt::Display> From<CallError<E>> for Problem {
    fn from(error: CallError<E>) -> Self {
        if error.is_temporary() {
            tracing::warn!(%error, "a module is not available");
            return Self::Unavailable("This part");
        }
        match error {
            CallError::NotExecuted { reason: NotExecuted::BadRequest { cause }, .. } => Self::BadRequest(cause),
            other => Self::Internal(other.to_string()),
        }
    }
}
