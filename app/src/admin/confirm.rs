//! Giving the password again before something sensitive. What was asked for goes on afterwards, and nothing that was typed
//! is lost: a form is carried by the page that asks, and is sent with the password to where it was going.

use std::time::Duration;

use accounts_api::{AccountsError, ConfirmPassword, Password};
use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use kernel::{CallError, IdempotencyKey, Secret};

use super::sign_in::{inside, known_device, too_many, unavailable};
use super::views::{ConfirmPage, Field, Notice, Row};
use crate::routes::page_of;
use crate::web::cookies::{STAFF, renew_session};
use crate::web::{Answer, Problem, Visit, retry_after, see_other, urlencoded};

/// The field of the password. No other form has one of this name.
const PASSWORD: &str = "confirm_password";

/// Why the password was not taken.
#[derive(Clone, Copy)]
enum Refused {
    Wrong,
    TooOften { wait: Duration },
}

/// Lets a visit go on whose visitor gave their password a short time ago, or gives it now. For all others the answer is
/// the page that asks for it.
///
/// # Errors
/// The form cannot be read, the session has ended, or nobody can give their password now.
pub async fn before_sensitive(visit: &mut Visit) -> Result<Option<HttpResponse>, Problem> {
    let Some(staff) = &visit.staff else { return Err(Problem::SignIn) };
    if staff.recent {
        return Ok(None);
    }
    tracing::info!(user = %staff.user.id, "the password is asked for again");
    if matches!(*visit.request.method(), Method::GET | Method::HEAD) {
        return Ok(Some(ask_first(visit.request.uri().path_and_query().map_or("/admin", |path| path.as_str()))));
    }
    let action = visit.request.path().to_owned();
    if !is_form(visit) {
        // A file is not carried; its page can be come back to.
        return Ok(Some(ask_first(page_of(&action))));
    }
    let (password, fields) = parted(&visit.body)?;
    let Some(password) = password else {
        return answer(visit, &action, &fields, StatusCode::FORBIDDEN, None).map(Some);
    };
    if let Some(refused) = confirm(visit, password).await? {
        return refusal(visit, &action, &fields, refused).map(Some);
    }
    visit.body = serde_urlencoded::to_string(&fields).map_err(|error| Problem::Internal(error.to_string()))?.into();
    Ok(None)
}

fn ask_first(wanted: &str) -> HttpResponse {
    see_other(format!("/admin/confirm?next={}", urlencoded(wanted)))
}

fn is_form(visit: &Visit) -> bool {
    let content_type = visit.request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_none_or(|value| value.starts_with("application/x-www-form-urlencoded"))
}

/// Names and values, as they were sent.
type Fields = Vec<(String, String)>;

/// The password, and the fields of the form that it was added to. The form's token is checked already, and the page that
/// carries the form has one of its own.
fn parted(body: &Bytes) -> Result<(Option<String>, Fields), Problem> {
    let fields: Fields = serde_urlencoded::from_bytes(body)
        .map_err(|_| Problem::BadRequest("The form cannot be read: it has to be UTF-8".to_owned()))?;
    let (password, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| name == PASSWORD);
    let fields = fields.into_iter().filter(|(name, _)| name != "csrf").collect();
    Ok((password.into_iter().next().map(|(_, password)| password), fields))
}

/// `GET /admin/confirm?next=`
///
/// # Errors
/// The page cannot be rendered.
pub async fn show(visit: Visit) -> Answer {
    let next = visit.query("next")?.unwrap_or_default();
    if visit.staff.as_ref().is_some_and(|staff| staff.recent) {
        return Ok(see_other(inside(&next)));
    }
    answer(&visit, "/admin/confirm", &[("next".to_owned(), next)], StatusCode::OK, None)
}

/// `POST /admin/confirm`: goes on to the page that was asked for.
///
/// # Errors
/// The form has other fields, the session has ended, or nobody can give their password now.
pub async fn go_on(mut visit: Visit) -> Answer {
    let form = visit.form(&["next", PASSWORD])?;
    let next = form.raw("next");
    if let Some(refused) = confirm(&mut visit, form.raw(PASSWORD).to_owned()).await? {
        return refusal(&visit, "/admin/confirm", &[("next".to_owned(), next.to_owned())], refused);
    }
    let next = inside(next);
    // A file leaves the browser where it is, and nobody should be left on this page.
    let is_file = next.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.contains('?'));
    Ok(see_other(if is_file { page_of(next.rsplit_once('/').map_or("/admin", |(above, _)| above)) } else { next }))
}

async fn confirm(visit: &mut Visit, password: String) -> Result<Option<Refused>, Problem> {
    let email = visit.staff.as_ref().ok_or(Problem::SignIn)?.user.email.to_string();
    let (secret, next_secret) = (visit.cookies().secret(STAFF).ok_or(Problem::SignIn)?, Secret::generate());
    let request = ConfirmPassword {
        key: IdempotencyKey::new(),
        secret,
        next_secret: next_secret.clone(),
        password: Password::new(password),
        address: Some(visit.address().to_string()),
        known_device: known_device(visit, &email),
    };
    match visit.shop.accounts().confirm_password(&visit.edge(), request).await {
        Ok(_) => {
            renew_session(&visit.request, next_secret);
            if let Some(staff) = &mut visit.staff {
                staff.recent = true;
            }
            Ok(None)
        }
        Err(CallError::Domain(AccountsError::TooManyAttempts { retry_after_seconds })) => {
            Ok(Some(Refused::TooOften { wait: Duration::from_secs(retry_after_seconds) }))
        }
        Err(CallError::Domain(AccountsError::SessionEnded)) => Err(Problem::SignIn),
        Err(CallError::Domain(_)) => Ok(Some(Refused::Wrong)),
        Err(error) => Err(unavailable(error)),
    }
}

fn refusal(visit: &Visit, action: &str, fields: &[(String, String)], refused: Refused) -> Answer {
    match refused {
        Refused::Wrong => answer(visit, action, fields, StatusCode::UNPROCESSABLE_ENTITY, None),
        Refused::TooOften { wait } => {
            let mut page = answer(visit, action, fields, StatusCode::TOO_MANY_REQUESTS, Some(too_many(wait)))?;
            retry_after(&mut page, wait);
            Ok(page)
        }
    }
}

/// The page that asks, carrying the form that goes to `action`.
fn answer(
    visit: &Visit,
    action: &str,
    fields: &[(String, String)],
    status: StatusCode,
    notice: Option<Notice>,
) -> Answer {
    let wrong = if status == StatusCode::UNPROCESSABLE_ENTITY { "This is not your password. Try again." } else { "" };
    let staff = visit.staff.as_ref();
    let wanted = fields.iter().find(|(name, _)| action == "/admin/confirm" && name == "next");
    let page = ConfirmPage {
        shop_name: visit.shop.settings().shop_name.clone(),
        email: staff.map(|staff| staff.user.email.to_string()).unwrap_or_default(),
        action: action.to_owned(),
        fields: fields.iter().map(|(name, value)| Row::new(name, value)).collect(),
        csrf: visit.csrf_token(),
        password: Field { value: String::new(), error: wrong.to_owned() },
        notice,
        back: if wanted.is_some() { "/admin".to_owned() } else { page_of(action).to_owned() },
    };
    visit.shop.pages().answer(status, "admin/confirm.html", &page)
}
