//! The secret key: given or made at first start, checked, and all that is derived from it.

use std::path::Path;

use hmac::{Hmac, Mac as _};
use kernel::Secret;
use kernel::id::new_id;
use sha2::Sha256;

use super::{Settings, SettingsError, Source, Values, wrong};

/// Words of keys that stand in examples and manuals. In a key that was made by chance there is none.
const EXAMPLES: [&str; 13] = [
    "change",
    "replace",
    "example",
    "insecure",
    "secret",
    "password",
    "default",
    "sample",
    "your-key",
    "your_key",
    "0123456789",
    "qwertyuiop",
    "deadbeef",
];
/// In bytes.
const SHORTEST_KEY: usize = 32;

impl Settings {
    /// What processes of this shop show each other.
    pub fn module_credential(&self) -> String {
        self.derived_secret("modules").reveal().to_owned()
    }

    /// What processes show that have not been given the new secret key yet.
    pub fn former_module_credential(&self) -> Option<String> {
        self.former_secret("modules").map(|secret| secret.reveal().to_owned())
    }

    /// A secret for one purpose, derived from the secret key: the same in every process of the shop.
    pub fn derived_secret(&self, purpose: &str) -> Secret {
        secret_of(&self.derived_key(purpose))
    }

    /// The same, derived from the secret key before, while it is being changed.
    pub fn former_secret(&self, purpose: &str) -> Option<Secret> {
        self.former_key(purpose).map(|key| secret_of(&key))
    }

    /// A key for one purpose, derived from the secret key.
    pub fn derived_key(&self, purpose: &str) -> Vec<u8> {
        derive(&self.secret_key, purpose)
    }

    /// The same, derived from the secret key before, while it is being changed.
    pub fn former_key(&self, purpose: &str) -> Option<Vec<u8>> {
        self.former_secret_key.as_ref().map(|secret_key| derive(secret_key, purpose))
    }
}

/// The secret key; made and kept in the data folder when none is given.
pub(super) fn secret_key(values: &Values, data_dir: &Path) -> Result<(String, Source), SettingsError> {
    let (value, spelled) = values.get("secret_key");
    if !value.is_empty() {
        checked_secret_key(&spelled, &value)?;
        return Ok((value, values.source("secret_key")));
    }
    let path = data_dir.join("secret_key");
    let unusable = |error: std::io::Error| wrong("data_dir", format!("{}: {error}", path.display()));
    let kept = match std::fs::read_to_string(&path) {
        Ok(kept) => kept.trim().to_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_secret_key(&path).map_err(unusable)?,
        Err(error) => return Err(unusable(error)),
    };
    checked_secret_key(&path.display().to_string(), &kept)?;
    Ok((kept, Source::File(path)))
}

/// The secret key before, while it is being changed to `secret_key`.
pub(super) fn former(values: &Values, secret_key: &str) -> Result<Option<String>, SettingsError> {
    let Some(former) = values.optional("secret_key_previous") else { return Ok(None) };
    let (_, spelled) = values.get("secret_key_previous");
    checked_secret_key(&spelled, &former)?;
    if former == secret_key {
        return Err(wrong(spelled, "it is the secret key itself; leave it empty when none is being changed"));
    }
    Ok(Some(former))
}

/// Refuses a secret key that others may know or guess.
fn checked_secret_key(spelled: &str, value: &str) -> Result<(), SettingsError> {
    let make = "make one with `openssl rand -hex 32`";
    if value.len() < SHORTEST_KEY {
        return Err(wrong(spelled, format!("use at least {SHORTEST_KEY} characters: {make}")));
    }
    let lower = value.to_lowercase();
    if EXAMPLES.iter().any(|word| lower.contains(word)) || is_repetition(value.as_bytes()) {
        return Err(wrong(spelled, format!("this is an example, which others know: {make}")));
    }
    Ok(())
}

/// `aaaa…`, `test-test-test-…`: a few characters, over and over.
fn is_repetition(value: &[u8]) -> bool {
    (1..=8).any(|unit| value.iter().zip(value.iter().skip(unit)).all(|(one, next)| one == next))
}

/// Makes the key of a new shop. It is there as a whole or not at all: other processes may be starting at the same time.
fn make_secret_key(path: &Path) -> std::io::Result<String> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let (made, draft) = (Secret::generate().reveal().to_owned(), path.with_extension(new_id("draft")));
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(made.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(made),
        // Another process of the shop was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Ok(std::fs::read_to_string(path)?.trim().to_owned())
        }
        Err(error) => Err(error),
    }
}

/// 32 bytes in hexadecimal digits are what a secret looks like.
fn secret_of(key: &[u8]) -> Secret {
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    Secret::parse(&digits).unwrap_or_else(Secret::generate)
}

fn derive(secret_key: &str, purpose: &str) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()) {
        Ok(mut mac) => {
            mac.update(purpose.as_bytes());
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}
