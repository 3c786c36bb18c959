//! The pages of staff, one file for each thing that they do.

pub mod confirm;
pub mod delivery;
pub mod discounts;
pub mod documents;
pub mod draft;
pub mod export;
pub mod gift_cards;
pub mod home;
pub mod import;
pub mod list_prices;
pub mod orders;
pub mod payments;
pub mod price_lists;
pub mod products;
pub mod returns;
pub mod setup;
pub mod sign_in;
pub mod stock;
pub mod stock_changes;
pub mod stock_locations;
pub mod system;
pub mod taxes;
pub mod views;

use kernel::IdempotencyKey;
use kernel::secret::sha256_hex;
use serde::Serialize;

use crate::web::{Form, Problem, Visit};
use views::{AdminShell, Rights};

/// What every page of staff has around its own part.
fn shell(visit: &Visit, section: &str, title: impl Into<String>) -> AdminShell {
    let staff = visit.staff.as_ref();
    AdminShell {
        shop_name: visit.shop.settings().shop_name.clone(),
        title: title.into(),
        section: section.to_owned(),
        staff_name: staff.map(|staff| staff.user.name.clone()).unwrap_or_default(),
        staff_role: staff.map(|staff| staff.user.role.as_str().to_owned()).unwrap_or_default(),
        may: staff.map(Rights::of).unwrap_or_default(),
        csrf: visit.csrf_token(),
        notice: visit.flash(),
        test_mode: visit.shop.settings().test_payments,
    }
}

/// The key that a form carries, so that sending it twice does a thing once.
fn key_of(form: &Form) -> Result<IdempotencyKey, Problem> {
    IdempotencyKey::parse(form.raw("key")).ok_or(Problem::StaleForm)
}

/// The key of a change that a form with this key asks for: what differs is another change, even when it comes from the
/// same page.
fn key_of_change(key: IdempotencyKey, change: &impl Serialize) -> IdempotencyKey {
    let digest = sha256_hex(&serde_json::to_vec(change).unwrap_or_default());
    IdempotencyKey::of(key, &digest[..16])
}

/// An address with parameters that are not empty.
fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let given: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(given) {
        Ok(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// A fresh key for a form.
fn new_key() -> String {
    IdempotencyKey::new().to_string()
}
