//! What people write about orders.

use orders_api::OrdersError;

const LONGEST_TEXT: usize = 500;

/// Whether `text` has `least` to 500 characters, all of which both databases can hold.
pub(crate) fn check_words(field: &str, text: &str, least: usize) -> Result<(), OrdersError> {
    if text.contains('\0') {
        return Err(OrdersError::invalid(field, "it holds a character that cannot be stored"));
    }
    if (least..=LONGEST_TEXT).contains(&text.trim().chars().count()) {
        return Ok(());
    }
    Err(OrdersError::invalid(field, format!("use {least} to {LONGEST_TEXT} characters")))
}
