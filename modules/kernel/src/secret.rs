//! Secrets that open something: a cart, an order link, a session. Shown to their owner once, stored only as a hash.

use std::fmt;

use rand::TryRngCore as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// 256 random bits as 64 hexadecimal digits. Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A fresh secret from the operating system's generator.
    ///
    /// # Panics
    /// When the operating system has no randomness to give; no secret can be made then.
    pub fn generate() -> Self {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).expect("the operating system provides randomness");
        Self(hex(&bytes))
    }

    /// Reads a secret that someone shows; `None` when it has not the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The text that its owner is given.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up. A plain hash is enough for 256 random bits.
    pub fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// SHA-256 of `bytes` in hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
