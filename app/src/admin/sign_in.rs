//! Signing in and out.

use std::time::Duration;

use accounts_api::{AccountsError, Password, SignIn, SignOut};
use actix_web::http::StatusCode;
use kernel::{CallError, IdempotencyKey, Secret};

use super::views::{Field, Notice, SignInPage, Tone};
use crate::web::cookies::{DEVICE, STAFF};
use crate::web::flash::is_local_path;
use crate::web::{Answer, Form, Problem, Visit, retry_after, see_other};
use crate::web::{counters, device};

/// `GET /admin/sign-in?next=`
///
/// # Errors
/// The page cannot be rendered.
pub async fn show(visit: Visit) -> Answer {
    let next = visit.query("next")?.unwrap_or_default();
    answer(&visit, &Form::filled([("next", next)]), visit.flash(), StatusCode::OK)
}

fn answer(visit: &Visit, form: &Form, notice: Option<Notice>, status: StatusCode) -> Answer {
    let page = SignInPage {
        shop_name: visit.shop.settings().shop_name.clone(),
        next: form.raw("next").to_owned(),
        email: Field::of(form, "email"),
        notice,
    };
    visit.shop.pages().answer(status, "admin/sign_in.html", &page)
}

/// `POST /admin/sign-in`
///
/// # Errors
/// The form has other fields, or nobody can sign in now.
pub async fn sign_in(visit: Visit) -> Answer {
    let form = visit.form(&["next", "email", "password"])?;
    let email = form.raw("email");
    // A new secret at each sign-in: a cookie that somebody else has set is worth nothing.
    let secret = Secret::generate();
    let request = SignIn {
        key: IdempotencyKey::new(),
        email: email.to_owned(),
        password: Password::new(form.raw("password")),
        secret: secret.clone(),
        address: Some(visit.address().to_string()),
        known_device: known_device(&visit, email),
    };
    match visit.shop.accounts().sign_in(&visit.edge(), request).await {
        Ok(_) => {
            let (names, now) = (visit.shop.cookie_names(), visit.shop.clock().now());
            let former = visit.cookies().text(DEVICE);
            let device = device::remember(visit.shop.device_keys(), former.as_deref(), email, now);
            let mut response = see_other(inside(form.raw("next")));
            visit.set_cookie(&mut response, names.make(STAFF, secret.reveal()));
            visit.set_cookie(&mut response, names.make(DEVICE, device));
            Ok(response)
        }
        Err(CallError::Domain(AccountsError::TooManyAttempts { retry_after_seconds })) => {
            let wait = Duration::from_secs(retry_after_seconds);
            let mut page = answer(&visit, &form, Some(too_many(wait)), StatusCode::TOO_MANY_REQUESTS)?;
            retry_after(&mut page, wait);
            Ok(page)
        }
        Err(CallError::Domain(_)) => {
            let notice =
                Notice::new(Tone::Bad, "E-mail and password do not belong together", "Check both and try again.");
            answer(&visit, &form, Some(notice), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => Err(unavailable(error)),
    }
}

/// The name of this device, when `email` signed in on it before.
pub(super) fn known_device(visit: &Visit, email: &str) -> Option<String> {
    let cookie = visit.cookies().text(DEVICE)?;
    device::known(visit.shop.device_keys(), &cookie, email, visit.shop.clock().now())
}

/// Where to go on: `next`, when it is a page for staff, else where staff begin.
pub(super) fn inside(next: &str) -> &str {
    if is_local_path(next) && next.starts_with("/admin") { next } else { "/admin" }
}

pub(super) fn too_many(wait: Duration) -> Notice {
    let wait = counters::in_words(wait);
    Notice::new(Tone::Warn, "Too many attempts", format!("Wait {wait}, then try again."))
}

/// What to say when nobody can sign in.
pub(super) fn unavailable<E: std::fmt::Display>(error: CallError<E>) -> Problem {
    match Problem::from(error) {
        Problem::Unavailable(_) => Problem::Unavailable("Signing in"),
        other => other,
    }
}

/// `POST /admin/sign-out`
///
/// # Errors
/// The session cannot be ended now.
pub async fn sign_out(visit: Visit) -> Answer {
    if let Some(secret) = visit.cookies().secret(STAFF) {
        visit.shop.accounts().sign_out(&visit.edge(), SignOut { key: IdempotencyKey::new(), secret }).await?;
    }
    let notice = Notice::new(Tone::Ok, "You have signed out", "");
    let mut response = visit.see_other_saying("/admin/sign-in", &notice);
    visit.set_cookie(&mut response, visit.shop.cookie_names().remove(STAFF));
    Ok(response)
}
