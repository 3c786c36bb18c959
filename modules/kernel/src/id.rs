//! Ids: a prefix that says of what, and a UUIDv7 in 26 characters, sortable by time (the TypeID form, v0.3).

use std::fmt;

use serde::{Deserialize, Serialize};

#[doc(hidden)]
pub use schemars::{JsonSchema, Schema, SchemaGenerator};
#[doc(hidden)]
pub use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The value of each digit by its byte; 255 for what is none.
const VALUES: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// A new id with `prefix`, for things that need no type of their own.
pub fn new_id(prefix: &str) -> String {
    render(prefix, Uuid::now_v7())
}

/// `prefix_` and the 26 characters.
#[doc(hidden)]
pub fn render(prefix: &str, uuid: Uuid) -> String {
    let number = uuid.as_u128();
    let mut text = String::with_capacity(prefix.len() + 27);
    text.push_str(prefix);
    text.push('_');
    for place in (0..26).rev() {
        let digit = usize::try_from((number >> (place * 5)) & 31).unwrap_or(0);
        text.push(char::from(ALPHABET[digit]));
    }
    text
}

/// The UUID of an id with `prefix`; `None` when `text` is not one.
#[doc(hidden)]
pub fn read(prefix: &str, text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix(prefix)?.strip_prefix('_')?;
    // 26 digits of 5 bits are 130 bits; the first must leave the top two empty.
    if digits.len() != 26 || digits.as_bytes()[0] > b'7' {
        return None;
    }
    let mut number = 0_u128;
    for byte in digits.bytes() {
        let value = VALUES[usize::from(byte)];
        if value == u8::MAX {
            return None;
        }
        number = number << 5 | u128::from(value);
    }
    Some(Uuid::from_u128(number))
}

/// The text is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form {prefix}_…")]
pub struct NotAnId {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// Declares id types: `ids! { /// An order. OrderId = "ord"; }`.
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name($crate::id::Uuid);

        impl $name {
            /// What such ids begin with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; later ones sort after earlier ones.
            #[allow(clippy::new_without_default)]
            pub fn new() -> Self {
                Self($crate::id::Uuid::now_v7())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&$crate::id::render($prefix, self.0))
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::read($prefix, text).map(Self).ok_or($crate::id::NotAnId { prefix: $prefix })
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::id::NotAnId;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl $crate::id::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut $crate::id::SchemaGenerator) -> $crate::id::Schema {
                $crate::id::schema($prefix)
            }
        }
    )+};
}

#[doc(hidden)]
pub fn schema(prefix: &str) -> Schema {
    schemars::json_schema!({ "type": "string", "pattern": format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$") })
}

/// Names one intended effect: repeats under the same key have it once.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key for an effect that is intended now and has no natural name.
    pub fn new() -> Self {
        Self(new_id("key"))
    }

    /// The key that a caller sent. `None` unless it is 1 to 200 visible ASCII characters.
    pub fn parse(text: &str) -> Option<Self> {
        let usable = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        usable.then(|| Self(text.to_owned()))
    }

    /// The key of a step of something larger: from what it belongs to, never from the attempt.
    pub fn of(whole: impl fmt::Display, step: &str) -> Self {
        Self(format!("{whole}/{step}"))
    }
}

impl Default for IdempotencyKey {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    ids! {
        /// An order.
        OrderId = "ord";
    }

    #[test]
    fn an_id_reads_back_what_it_wrote() {
        let id = OrderId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 30);
    }

    #[test]
    fn ids_sort_by_time() {
        let earlier = OrderId::new();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(earlier.to_string() < OrderId::new().to_string());
    }

    #[test]
    fn foreign_prefixes_and_stray_characters_are_refused() {
        for text in [
            "",
            "ord_",
            "prd_01h455vb4pex5vsknk084sn02q",
            "ord_01h455vb4pex5vsknk084sn02",
            "ord_81h455vb4pex5vsknk084sn02q",
            "ord_01h455vb4pex5vsknk084sn02i",
        ] {
            assert!(text.parse::<OrderId>().is_err(), "{text}");
        }
    }
}
