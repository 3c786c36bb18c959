//! Short texts that the shop signs, so that it knows them again without keeping them: form tokens, known devices.

use hmac::{Hmac, Mac as _};
use host::settings::Settings;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// What signs for one purpose. While the secret key is being changed, signatures of the one before are good as well.
pub struct Keys {
    current: Vec<u8>,
    former: Option<Vec<u8>>,
}

impl Keys {
    /// Derived from the secret key.
    pub fn of(settings: &Settings, purpose: &str) -> Self {
        Self { current: settings.derived_key(purpose), former: settings.former_key(purpose) }
    }

    #[cfg(test)]
    pub(crate) fn new(current: &[u8], former: Option<&[u8]>) -> Self {
        Self { current: current.to_vec(), former: former.map(<[u8]>::to_vec) }
    }

    /// 64 hexadecimal digits.
    pub fn sign(&self, subject: &str, text: &str) -> String {
        tag(&self.current, subject, text)
    }

    /// Whether `shown` is what [`Keys::sign`] gave for the same.
    pub fn signed(&self, subject: &str, text: &str, shown: &str) -> bool {
        let keys = [Some(&self.current), self.former.as_ref()];
        let fits = |key: &Vec<u8>| bool::from(tag(key, subject, text).as_bytes().ct_eq(shown.as_bytes()));
        keys.into_iter().flatten().any(fits)
    }
}

fn tag(key: &[u8], subject: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in [subject, "\n", text] {
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_its_subject_text_and_keys() {
        let (before, during) = (Keys::new(b"old", None), Keys::new(b"new", Some(b"old")));
        let signature = before.sign("ada", "text");
        assert!(before.signed("ada", "text", &signature) && during.signed("ada", "text", &signature));
        assert!(!Keys::new(b"new", None).signed("ada", "text", &signature));
        assert!(!before.signed("bob", "text", &signature) && !before.signed("ada", "texts", &signature));
        assert!(!before.signed("ada", "text", "") && !before.signed("ada", "text", &signature[1..]));
        assert_ne!(during.sign("ada", "text"), signature);
    }
}
