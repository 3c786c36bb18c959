//! What a contact must be like to be kept: see `AC-078` and `AC-113` for why it is refused rather than repaired.

use cart_api::CartError;
use kernel::{Address, Email};

use crate::card_number::holds_card_number;
use crate::postcode;

/// Lengths in characters.
const LONG: usize = 200;
const PHONE: usize = 50;
const POSTCODE: usize = 20;
/// International numbers have at most 15 digits (E.164).
const PHONE_DIGITS: usize = 15;

/// `email`, unless it holds what it must not.
pub(crate) fn checked_email(email: &Email) -> Result<Email, CartError> {
    if holds_card_number(email.as_str()) { Err(card_number("email")) } else { Ok(email.clone()) }
}

/// `address` without spaces around its parts.
///
/// # Errors
/// The first part that breaks a rule.
pub(crate) fn checked(address: &Address) -> Result<Address, CartError> {
    Ok(Address {
        name: required("name", &address.name, LONG)?,
        line1: required("line1", &address.line1, LONG)?,
        line2: optional("line2", address.line2.as_deref(), LONG)?,
        postcode: checked_postcode(address)?,
        city: required("city", &address.city, LONG)?,
        country: address.country,
        phone: checked_phone(address.phone.as_deref())?,
    })
}

fn required(field: &str, value: &str, longest: usize) -> Result<String, CartError> {
    match text(field, value, longest)? {
        "" => Err(CartError::invalid(field, "fill this in")),
        value if holds_card_number(value) => Err(card_number(field)),
        value => Ok(value.to_owned()),
    }
}

fn optional(field: &str, value: Option<&str>, longest: usize) -> Result<Option<String>, CartError> {
    match value.map(str::trim) {
        None | Some("") => Ok(None),
        Some(value) => required(field, value, longest).map(Some),
    }
}

fn checked_postcode(address: &Address) -> Result<String, CartError> {
    let value = text("postcode", &address.postcode, POSTCODE)?;
    if holds_card_number(value) {
        return Err(card_number("postcode"));
    }
    match postcode::check(value, address.country) {
        Ok(()) => Ok(value.to_owned()),
        Err(example) => Err(CartError::invalid("postcode", format!("write it like {example}"))),
    }
}

/// Many phone numbers would pass for card numbers, but those begin with `+` or `0`, and no card does.
fn checked_phone(value: Option<&str>) -> Result<Option<String>, CartError> {
    let value = text("phone", value.unwrap_or_default(), PHONE)?;
    let plain = |c: char| c.is_ascii_digit() || " +-/().".contains(c);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if value.is_empty() {
        Ok(None)
    } else if !value.starts_with(['+', '0', '(']) && holds_card_number(value) {
        Err(card_number("phone"))
    } else if value.chars().all(plain) && (3..=PHONE_DIGITS).contains(&digits) {
        Ok(Some(value.to_owned()))
    } else {
        Err(CartError::invalid("phone", "write digits, such as +43 1 234567"))
    }
}

/// `value` without spaces around it, if it is one line that is not too long.
fn text<'a>(field: &str, value: &'a str, longest: usize) -> Result<&'a str, CartError> {
    let value = value.trim();
    if value.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(CartError::invalid(field, "write it in one line"));
    }
    if value.chars().count() > longest {
        return Err(CartError::invalid(field, format!("use at most {longest} characters")));
    }
    Ok(value)
}

fn card_number(field: &str) -> CartError {
    CartError::invalid(field, "this looks like a card number; never write it here, you are asked for it when you pay")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada() -> Address {
        Address {
            name: " Ada Lovelace ".to_owned(),
            line1: "Kirchengasse 1".to_owned(),
            line2: Some("  ".to_owned()),
            postcode: "1070 ".to_owned(),
            city: "Wien".to_owned(),
            country: "AT".parse().expect("a country"),
            phone: Some("+43 151 2345 678901".to_owned()),
        }
    }

    fn refused(change: impl FnOnce(&mut Address)) -> String {
        let mut address = ada();
        change(&mut address);
        match checked(&address) {
            Err(CartError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn spaces_around_are_taken_off_and_empty_parts_left_out() {
        let address = checked(&ada()).expect("an address");
        assert_eq!((address.name.as_str(), address.line2, address.postcode.as_str()), ("Ada Lovelace", None, "1070"));
    }

    #[test]
    fn every_part_has_its_limit() {
        let long = |letters: usize| "ä".repeat(letters);
        assert!(checked(&Address { name: long(200), ..ada() }).is_ok());
        assert_eq!(refused(|a| a.name = long(201)), "name");
        assert_eq!(refused(|a| a.line1 = long(201)), "line1");
        assert_eq!(refused(|a| a.line2 = Some(long(201))), "line2");
        assert_eq!(refused(|a| a.city = long(201)), "city");
        assert_eq!(refused(|a| a.postcode = "1".repeat(21)), "postcode");
        assert_eq!(refused(|a| a.phone = Some("+43 1234567890123456".to_owned())), "phone");
        assert_eq!(refused(|a| a.city = "  ".to_owned()), "city");
    }

    // AC-113
    #[test]
    fn control_characters_are_refused() {
        assert_eq!(refused(|a| a.name = "Ada\r\nBcc: eve@example.org".to_owned()), "name");
        assert_eq!(refused(|a| a.line2 = Some("a\0b".to_owned())), "line2");
        assert_eq!(refused(|a| a.city = "Wien\u{2028}x".to_owned()), "city");
    }

    // AC-078
    #[test]
    fn card_numbers_are_refused_in_every_part() {
        let card = || "4111 1111 1111 1111".to_owned();
        assert_eq!(refused(|a| a.name = card()), "name");
        assert_eq!(refused(|a| a.line1 = card()), "line1");
        assert_eq!(refused(|a| a.line2 = Some(card())), "line2");
        assert_eq!(refused(|a| a.city = card()), "city");
        assert_eq!(refused(|a| a.postcode = card()), "postcode");
        assert_eq!(refused(|a| a.phone = Some(card())), "phone");
        assert!(checked_email(&"4111111111111111@example.org".parse().expect("an address")).is_err());
    }
}
