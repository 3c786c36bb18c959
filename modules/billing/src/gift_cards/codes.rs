//! The codes of gift cards.
//!
//! A code is derived from the id of its card and a key of this module, so that a mail can carry it without anybody having
//! kept it; what is kept is a hash under that key. The key itself is random and stored wrapped by the shop's secret key:
//! when that is changed the key is wrapped anew, and every code goes on to work.

use std::sync::Arc;

use billing_api::{GiftCardCode, GiftCardId};
use hmac::{Hmac, Mac as _};
use kernel::db::AnyConnection;
use kernel::{CallError, Secret, Timestamp};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::store::gift_cards as store;
use crate::{Module, Outcome};

/// Digits and letters, without those that are taken for others: I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 120 bits, of which 100 are left to guess for who has seen the last four characters.
const LENGTH: usize = 24;
const GROUP: usize = 4;

/// The shop's secret key, and during a change the one before.
pub(crate) struct Wraps {
    current: Secret,
    former: Option<Secret>,
}

impl Wraps {
    pub(crate) fn new(current: Secret, former: Option<Secret>) -> Self {
        Self { current, former }
    }

    /// The key, which is made when there is none.
    ///
    /// # Errors
    /// Neither secret key opens it.
    pub(super) fn key(&self, conn: &mut AnyConnection, now: Timestamp) -> Outcome<CodeKey> {
        if let Some(wrapped) = store::code_key(conn)? {
            return self.open(&wrapped).ok_or_else(unreadable);
        }
        store::code_key_insert(conn, &wrap(&self.current, &Secret::generate()), now)?;
        // Another process may have been faster.
        let wrapped = store::code_key(conn)?.unwrap_or_default();
        self.open(&wrapped).ok_or_else(unreadable)
    }

    /// The key, if there is one: without, no code was ever given out.
    ///
    /// # Errors
    /// Neither secret key opens it.
    pub(super) fn known_key(&self, conn: &mut AnyConnection) -> Outcome<Option<CodeKey>> {
        let wrapped = store::code_key(conn)?;
        wrapped.map(|wrapped| self.open(&wrapped).ok_or_else(unreadable)).transpose()
    }

    fn open(&self, wrapped: &str) -> Option<CodeKey> {
        let keys = [Some(&self.current), self.former.as_ref()];
        keys.into_iter().flatten().find_map(|secret| unwrap(secret, wrapped)).map(CodeKey)
    }
}

fn unreadable() -> CallError<billing_api::BillingError> {
    let cause = "the key of the gift cards was wrapped by another secret key; start once with that as the former one";
    CallError::Internal(cause.to_owned())
}

/// While the secret key is being changed, the key is wrapped by the new one, so that the old one can go.
pub(crate) async fn keep_key_readable(module: Arc<Module>) {
    let Some(former) = module.wraps.former.clone() else { return };
    let (current, now) = (module.wraps.current.clone(), module.clock.now());
    let rewrapped = module.db.write(move |conn| {
        let Some(wrapped) = store::code_key(conn)? else { return Ok(false) };
        let Some(key) = unwrap(&former, &wrapped) else { return Ok(false) };
        Outcome::Ok(store::code_key_save(conn, &wrapped, &wrap(&current, &key), now)?)
    });
    match rewrapped.await {
        Ok(true) => tracing::info!("the key of the gift cards is wrapped by the new secret key"),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "the key of the gift cards needs the former secret key for now"),
    }
}

fn mac(key: &Secret, parts: [&str; 2]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()).expect("a key for this may have any length");
    mac.update(parts[0].as_bytes());
    mac.update(b"/");
    mac.update(parts[1].as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 32 bytes of 64 digits.
fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() == 32)
}

fn mixed(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// `nonce.text.tag`: the key, mixed with what nobody can tell without `secret`, and a proof that it was.
fn wrap(secret: &Secret, key: &Secret) -> String {
    let nonce = Secret::generate().hash();
    let bytes = bytes_of(key.reveal()).unwrap_or_default();
    let body = format!("{nonce}.{}", hex(&mixed(&bytes, &mac(secret, ["gift card key", &nonce]))));
    let tag = hex(&mac(secret, ["gift card key tag", &body]));
    format!("{body}.{tag}")
}

fn unwrap(secret: &Secret, wrapped: &str) -> Option<Secret> {
    let (body, tag) = wrapped.rsplit_once('.')?;
    let should = hex(&mac(secret, ["gift card key tag", body]));
    if !bool::from(should.as_bytes().ct_eq(tag.as_bytes())) {
        return None;
    }
    let (nonce, text) = body.split_once('.')?;
    Secret::parse(&hex(&mixed(&bytes_of(text)?, &mac(secret, ["gift card key", nonce]))))
}

/// From which codes are made, and by which they are known.
pub(super) struct CodeKey(Secret);

impl CodeKey {
    /// The code of a card, in groups of four.
    pub(super) fn code(&self, id: GiftCardId) -> GiftCardCode {
        let bytes = mac(&self.0, ["code", &id.to_string()]);
        let bits: u128 = bytes.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte));
        let letter = |place: usize| {
            let at = usize::try_from((bits >> (5 * place)) & 31).unwrap_or_default();
            char::from(ALPHABET[at])
        };
        let letters: Vec<char> = (0..LENGTH).map(letter).collect();
        let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        GiftCardCode::new(groups.join("-"))
    }

    /// What is stored of a code, however it is spelled; `None` for what has not the form of one.
    pub(super) fn hash(&self, code: &GiftCardCode) -> Option<String> {
        Some(hex(&mac(&self.0, ["hash", &canonical(code.reveal())?])))
    }
}

/// The last characters of a code.
pub(super) fn last_four(code: &GiftCardCode) -> String {
    let letters: Vec<char> = code.reveal().chars().filter(char::is_ascii_alphanumeric).collect();
    letters[letters.len().saturating_sub(GROUP)..].iter().collect()
}

/// The one form in which codes are compared: capital letters and digits, and what looks like another is that other.
fn canonical(text: &str) -> Option<String> {
    let letters = text.chars().filter(|letter| !letter.is_whitespace() && !"-‐‑–—_.".contains(*letter));
    let code: String = letters.take(LENGTH + 1).map(as_meant).collect();
    (code.len() == LENGTH && code.bytes().all(|letter| ALPHABET.contains(&letter))).then_some(code)
}

/// The end of a code as staff type it.
pub(super) fn canonical_ending(text: &str) -> String {
    text.trim().chars().map(as_meant).collect()
}

fn as_meant(letter: char) -> char {
    match letter.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        'U' => 'V',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn secret(digit: &str) -> Secret {
        Secret::parse(&digit.repeat(64)).expect("64 digits")
    }

    #[test]
    fn codes_of_cards_made_one_after_the_other_have_nothing_in_common() {
        let key = CodeKey(secret("a"));
        let codes: BTreeSet<String> = (0..200).map(|_| key.code(GiftCardId::new()).reveal().to_owned()).collect();
        assert_eq!(codes.len(), 200);
        for place in (0..LENGTH + LENGTH / GROUP - 1).filter(|place| place % (GROUP + 1) != GROUP) {
            let letters: BTreeSet<char> = codes.iter().filter_map(|code| code.chars().nth(place)).collect();
            assert!(letters.len() > 20, "at {place} there are only {letters:?}");
        }
        let id = GiftCardId::new();
        assert_eq!(key.code(id), key.code(id));
        assert_ne!(key.code(id), CodeKey(secret("b")).code(id));
    }

    #[test]
    fn a_code_is_known_however_it_is_spelled_and_no_other_is() {
        let key = CodeKey(secret("a"));
        let hash = |text: &str| key.hash(&GiftCardCode::new(text));
        let known = hash("01AB-CDEF-GHJK-MNPQ-RSTV-WXYZ").expect("a code");
        for spelled in ["oiab cdef ghjk mnpq rstu wxyz", " 0LabCDEFghjkMNPQ-rstv–wxyz "] {
            assert_eq!(hash(spelled), Some(known.clone()), "{spelled}");
        }
        assert_ne!(hash("01AB-CDEF-GHJK-MNPQ-RSTV-WXY0"), Some(known), "one character differs");
        for no_code in ["", "01AB", "01AB-CDEF-GHJK-MNPQ-RSTV-WXYZ0", "01AB-CDEF-GHJK-MNPQ-RSTV-WXY!", "ÄÖÜ"] {
            assert_eq!(hash(no_code), None, "{no_code}");
        }
    }

    #[test]
    fn a_wrapped_key_is_opened_by_what_wrapped_it_and_nothing_else() {
        let (key, wrapped) = (secret("c"), wrap(&secret("a"), &secret("c")));
        assert_eq!(unwrap(&secret("a"), &wrapped), Some(key));
        assert_eq!(unwrap(&secret("b"), &wrapped), None);
        assert_eq!(unwrap(&secret("a"), &wrapped.replacen('.', "0.", 1)), None);
        assert!(!wrapped.contains(&"c".repeat(64)));
        assert_ne!(wrapped, wrap(&secret("a"), &secret("c")), "each time otherwise");
    }
}
