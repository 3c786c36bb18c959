//! The one-time page on which a new shop gets its owner.

use accounts_api::{AccountsError, CreateOwner, NeedsOwner, Password};
use actix_web::http::StatusCode;
use kernel::{CallError, Email, IdempotencyKey, Secret};

use super::views::{Field, Notice, Problem as ProblemView, SetupPage, Tone};
use crate::web::{Answer, Form, Problem, Visit};

/// `GET /admin/setup/{secret}`
///
/// # Errors
/// The shop has an owner: there is no such page then.
pub async fn show(visit: Visit) -> Answer {
    let secret = secret_of(&visit)?;
    if !visit.shop.accounts().needs_owner(&visit.edge(), NeedsOwner {}).await? {
        return Err(Problem::NotFound);
    }
    answer(&visit, &secret, &Form::default(), false, StatusCode::OK)
}

fn secret_of(visit: &Visit) -> Result<Secret, Problem> {
    Secret::parse(visit.request.match_info().query("secret")).ok_or(Problem::NotFound)
}

fn answer(visit: &Visit, secret: &Secret, form: &Form, closed: bool, status: StatusCode) -> Answer {
    let page = SetupPage {
        shop_name: visit.shop.settings().shop_name.clone(),
        action: format!("/admin/setup/{}", secret.reveal()),
        problems: ProblemView::all(form),
        name: Field::of(form, "name"),
        email: Field::of(form, "email"),
        password: Field { value: String::new(), ..Field::of(form, "password") },
        closed,
    };
    visit.shop.pages().answer(status, "admin/setup.html", &page)
}

/// `POST /admin/setup/{secret}`
///
/// # Errors
/// The form has other fields, or the owner cannot be created now.
pub async fn create_owner(visit: Visit) -> Answer {
    let secret = secret_of(&visit)?;
    let mut form = visit.form(&["name", "email", "password"])?;
    let name = form.required("name", "Enter your name");
    let email = form.parsed::<Email>("email", "Enter an e-mail address like name@example.org");
    let password = Some(form.raw("password").to_owned()).filter(|password| !password.is_empty());
    if password.is_none() {
        form.problem("password", "Enter a password of at least 12 characters");
    }
    if let (Some(name), Some(email), Some(password)) = (name, email, password) {
        let request = CreateOwner {
            key: IdempotencyKey::new(),
            secret: secret.clone(),
            email,
            name,
            password: Password::new(password),
        };
        match visit.shop.accounts().create_owner(&visit.edge(), request).await {
            Ok(owner) => {
                tracing::info!(user = %owner.id, "the shop has its owner");
                let notice =
                    Notice::new(Tone::Ok, "The shop is yours", "Sign in with the e-mail and password you just chose.");
                return Ok(visit.see_other_saying("/admin/sign-in", &notice));
            }
            Err(CallError::Domain(AccountsError::SetupClosed)) => {
                return answer(&visit, &secret, &form, true, StatusCode::NOT_FOUND);
            }
            Err(CallError::Domain(AccountsError::Invalid { field, problem })) => form.problem(&field, problem),
            Err(CallError::Domain(other)) => form.problem("email", other.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
    answer(&visit, &secret, &form, false, StatusCode::UNPROCESSABLE_ENTITY)
}
