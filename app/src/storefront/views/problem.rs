//! What is shown in place of a page that cannot be.

use serde::Serialize;

use super::{Link, Shell};

/// What is shown in place of a page that cannot be.
#[derive(Clone, Debug, Serialize)]
pub struct ProblemPage {
    /// Around the page.
    pub shell: Shell,
    /// What happened.
    pub heading: String,
    /// What to do.
    pub text: String,
    /// What to search for instead, taken from the address; empty for no search field.
    pub search: String,
    /// Where to go on.
    pub actions: Vec<Link>,
    /// By which the log knows the request; empty where nobody needs it.
    pub reference: String,
}
