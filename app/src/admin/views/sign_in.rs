//! Signing in, giving the password again, and the first account.

use serde::Serialize;

use super::{Field, Notice, Problem, Row};

/// `/admin/sign-in`
#[derive(Clone, Debug, Default, Serialize)]
pub struct SignInPage {
    /// Name of the shop.
    pub shop_name: String,
    /// The path to go to afterwards, sent with the form as `next`.
    pub next: String,
    /// `email`; the other field is `password`.
    pub email: Field,
    /// Why signing in was refused, or that one has signed out.
    pub notice: Option<Notice>,
}

/// The page that asks for the password again, in place of what is sensitive, and `/admin/confirm`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConfirmPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Whose password it is.
    pub email: String,
    /// Where the form goes: where the one that it carries was going.
    pub action: String,
    /// What is carried; sent with the form as it is.
    pub fields: Vec<Row>,
    /// Token for the form.
    pub csrf: String,
    /// `confirm_password`; its value is never shown again.
    pub password: Field,
    /// Why one has to wait.
    pub notice: Option<Notice>,
    /// The page to go back to without doing it.
    pub back: String,
}

/// `/admin/setup/{secret}`
#[derive(Clone, Debug, Default, Serialize)]
pub struct SetupPage {
    /// Name of the shop.
    pub shop_name: String,
    /// Where the form goes: the page itself.
    pub action: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// `name`
    pub name: Field,
    /// `email`
    pub email: Field,
    /// `password`; its value is never shown again.
    pub password: Field,
    /// Whether the link is used up or too old: there is no form then.
    pub closed: bool,
}
