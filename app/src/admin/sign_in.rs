//! Signing in and out.

use accounts_api::{AccountsError, Password, SignIn, SignOut};
use actix_web::http::StatusCode;
use kernel::{CallError, IdempotencyKey, Secret};

use super::views::{Field, Notice, SignInPage, Tone};
use crate::web::cookies::STAFF;
use crate::web::flash::is_local_path;
use crate::web::{Answer, Form, Problem, Visit, see_other};

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
    // A new secret at each sign-in: a cookie that somebody else has set is worth nothing.
    let secret = Secret::generate();
    let request = SignIn {
        key: IdempotencyKey::new(),
        email: form.raw("email").to_owned(),
        password: Password::new(form.raw("password")),
        secret: secret.clone(),
    };
    match visit.shop.accounts().sign_in(&visit.edge(), request).await {
        Ok(session) => {
            tracing::info!(user = %session.user.id, "signed in");
            let next = Some(form.raw("next")).filter(|path| is_local_path(path) && path.starts_with("/admin"));
            let mut response = see_other(next.unwrap_or("/admin"));
            visit.set_cookie(&mut response, visit.shop.cookie_names().make(STAFF, secret.reveal()));
            Ok(response)
        }
        Err(CallError::Domain(AccountsError::TooManyAttempts { retry_after_seconds })) => {
            tracing::warn!("too many attempts to sign in");
            let text = format!("Wait {retry_after_seconds} seconds, then try again.");
            answer(
                &visit,
                &form,
                Some(Notice::new(Tone::Warn, "Too many attempts", text)),
                StatusCode::TOO_MANY_REQUESTS,
            )
        }
        Err(CallError::Domain(_)) => {
            tracing::warn!("an attempt to sign in failed");
            let notice =
                Notice::new(Tone::Bad, "E-mail and password do not belong together", "Check both and try again.");
            answer(&visit, &form, Some(notice), StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(error) => match Problem::from(error) {
            Problem::Unavailable(_) => Err(Problem::Unavailable("Signing in")),
            other => Err(other),
        },
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
