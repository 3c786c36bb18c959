//! How to reach someone: e-mail and postal address.

use std::fmt;
use std::str::FromStr;

use icu_normalizer::ComposingNormalizerBorrowed;
use idna::AsciiDenyList;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An e-mail address as it was given, trimmed: one `@`, a domain with a dot, no control characters or spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address like name@example.org")]
pub struct NotAnEmail;

impl Email {
    /// As it was given; mail goes here.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which two spellings of one address are equal: NFKC, lower case, the domain as it is on the wire
    /// (`xn--…`), no trailing dot. Compared byte by byte, so that both databases decide alike.
    pub fn canonical(&self) -> String {
        // An address without a canonical form was never read as one.
        canonical(&self.0).unwrap_or_else(|| self.0.clone())
    }
}

fn canonical(text: &str) -> Option<String> {
    // Composing once more, since lower case may come apart: İ has no small letter of its own.
    let text = composed(&composed(text.trim()).to_lowercase());
    let (local, domain) = text.rsplit_once('@')?;
    let domain = idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::STD3).ok()?;
    Some(format!("{local}@{}", domain.trim_end_matches('.')))
}

/// NFKC: full-width and other look-alikes of a letter become the letter, and accents join theirs.
fn composed(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// Whether the parts of an address are there, and nothing that could break out of a header or a list.
fn is_well_formed(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !is_invisible(c) && !",;:<>()[]\\\"".contains(c);
    let mut labels = domain.trim_end_matches('.').split('.');
    let dotted = domain.contains('.') && labels.all(|label| !label.is_empty() && !label.starts_with('-'));
    text.len() <= 254
        && text.chars().all(plain)
        && dotted
        && !local.is_empty()
        && local.len() <= 64
        && !local.contains('@')
}

/// Marks of direction and width, which would make two addresses look like one.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim();
        // What is typed may be longer than what it stands for, but not without end.
        let canonical = Some(text).filter(|text| text.len() <= 1_000).and_then(canonical).ok_or(NotAnEmail)?;
        // Typed with a wide `＠` or ideographic dots it is one as well; mail then goes to what that stands for.
        let given = if is_well_formed(text) { text } else { &canonical };
        if is_well_formed(&canonical) && is_well_formed(given) { Ok(Self(given.to_owned())) } else { Err(NotAnEmail) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl TryFrom<String> for Email {
    type Error = NotAnEmail;

    fn try_from(text: String) -> Result<Self, NotAnEmail> {
        text.parse()
    }
}

/// A country: two capital letters of ISO 3166-1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country([u8; 2]);

/// The text is not a country code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a country code of two capital letters, such as AT")]
pub struct NotACountry;

impl Country {
    /// The two letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match text.as_bytes() {
            &[first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => Ok(Self([first, second])),
            _ => Err(NotACountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl JsonSchema for Country {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Country".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{2}$" })
    }
}

/// Where a parcel goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// Of the person who receives.
    pub name: String,
    /// Street and number.
    pub line1: String,
    /// Flat, company or care of.
    #[serde(default)]
    pub line2: Option<String>,
    /// As the country writes it.
    pub postcode: String,
    /// Town or city.
    pub city: String,
    /// Country.
    pub country: Country,
    /// For the carrier.
    #[serde(default)]
    pub phone: Option<String>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical_of(text: &str) -> Option<String> {
        text.parse::<Email>().ok().map(|email| email.canonical())
    }

    // AC-079
    #[test]
    fn spellings_of_one_address_have_one_form() {
        for spelling in [
            "rené@münchen.example",
            "RENÉ@MÜNCHEN.Example",
            " rene\u{301}@mu\u{308}nchen.example. ",
            "ｒｅｎé@ｍünchen.example",
            "rené@xn--mnchen-3ya.example",
            "rené＠münchen。example",
        ] {
            assert_eq!(canonical_of(spelling).as_deref(), Some("rené@xn--mnchen-3ya.example"), "{spelling}");
        }
        assert_ne!(canonical_of("rene@münchen.example"), canonical_of("rené@münchen.example"));
        assert_ne!(canonical_of("a.da@example.org"), canonical_of("ada@example.org"), "dots are the provider's matter");
    }

    #[test]
    fn mail_goes_to_the_address_as_it_was_given() {
        for (typed, given) in [
            (" Ada@Example.ORG ", "Ada@Example.ORG"),
            ("ada@münchen.example", "ada@münchen.example"),
            ("ada＠example.org", "ada@example.org"),
        ] {
            assert_eq!(typed.parse::<Email>().map(String::from).as_deref(), Ok(given));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for text in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "ada@.org",
            "ada@-example.org",
            "ada@exa_mple.org",
            "ada@example..org",
            "ada@eve@example.org",
            "ada﹫eve@example.org",
            "ada@example.org, eve@example.org",
            "ada@example.org\r\nBcc: eve@example.org",
            "ada\u{200b}@example.org",
            "㈱@example.org",
            "ada@xn--a.example",
            &long,
            &"ﷺ".repeat(300),
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_an_address_with_itself_as_canonical_form(text in "[A-Za-zäÉßıİſﬁａ＠@.\u{300}-\u{308}-]{1,12}@[A-Za-zäÉßａ。.-]{1,9}\\.org") {
            if let Some(form) = canonical_of(&text) {
                prop_assert_eq!(canonical_of(&form), Some(form));
            }
        }
    }
}
