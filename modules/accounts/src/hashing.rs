//! Hashing passwords: Argon2id over an HMAC with the shop's pepper, and never more at once than the machine can bear.

use std::sync::Arc;
use std::time::Duration;

use accounts_api::{AccountsError, Password};
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{Error, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use hmac::{Hmac, Mac as _};
use kernel::CallError;
use sha2::Sha256;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// One takes some 25 ms and 19 MiB.
const AT_ONCE: usize = 2;
const WAITING: usize = 32;
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// A hash that no password has, with the cost of a real one, for accounts that do not exist.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords, two at a time.
pub(crate) struct Hashing {
    pepper: Arc<[u8]>,
    /// Those who are being served and those who wait.
    places: Arc<Semaphore>,
    /// Those who are being served.
    turns: Arc<Semaphore>,
}

impl Hashing {
    pub(crate) fn new(pepper: Vec<u8>) -> Self {
        Self {
            pepper: pepper.into(),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// A place in the queue, to be taken before any other work is done.
    ///
    /// # Errors
    /// The queue is full.
    pub(crate) fn queue(&self) -> Result<Place, CallError<AccountsError>> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| CallError::Overloaded { retry_after: Some(RETRY_AFTER) })?;
        Ok(Place { place, turns: Arc::clone(&self.turns), pepper: Arc::clone(&self.pepper) })
    }
}

/// The right to hash one password.
pub(crate) struct Place {
    place: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
    pepper: Arc<[u8]>,
}

impl Place {
    /// The hash of `password` under a new salt, as a PHC string.
    pub(crate) async fn hash(self, password: Password) -> Result<String, CallError<AccountsError>> {
        self.run(move |pepper| {
            let salt = SaltString::generate(&mut OsRng);
            Ok(argon2()?.hash_password(&peppered(pepper, &password), &salt)?.to_string())
        })
        .await
    }

    /// Whether `password` has the hash `stored`. Without one the same work is done for nothing.
    pub(crate) async fn verify(
        self,
        password: Password,
        stored: Option<String>,
    ) -> Result<bool, CallError<AccountsError>> {
        self.run(move |pepper| {
            let expected = PasswordHash::new(stored.as_deref().unwrap_or(DUMMY))?;
            match argon2()?.verify_password(&peppered(pepper, &password), &expected) {
                Ok(()) => Ok(stored.is_some()),
                Err(Error::Password) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Runs `work` when it is its turn. The turn ends with the work, also when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&[u8]) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CallError<AccountsError>> {
        let Self { place, turns, pepper } = self;
        let turn = turns.acquire_owned().await.map_err(|error| CallError::Internal(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&pepper);
            drop((turn, place));
            result
        });
        match done.await {
            Ok(result) => result.map_err(|error| CallError::Internal(format!("hashing a password: {error}"))),
            Err(error) => Err(CallError::Internal(error.to_string())),
        }
    }
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19_456, 2, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Without the pepper, which is not in the database, a copy of the database is of no use for guessing.
fn peppered(pepper: &[u8], password: &Password) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes keys of any length");
    mac.update(password.reveal().as_bytes());
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashing() -> Hashing {
        Hashing::new(b"pepper".to_vec())
    }

    async fn hash(hashing: &Hashing, password: &str) -> String {
        hashing.queue().expect("a place").hash(Password::new(password)).await.expect("a hash")
    }

    async fn verify(hashing: &Hashing, password: &str, stored: Option<&str>) -> bool {
        let place = hashing.queue().expect("a place");
        place.verify(Password::new(password), stored.map(str::to_owned)).await.expect("an answer")
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_and_pepper_only() {
        let hashing = hashing();
        let stored = hash(&hashing, "correct horse").await;
        assert!(verify(&hashing, "correct horse", Some(&stored)).await);
        assert!(!verify(&hashing, "correct horse ", Some(&stored)).await);
        assert!(!verify(&Hashing::new(b"other".to_vec()), "correct horse", Some(&stored)).await);
        assert_ne!(stored, hash(&hashing, "correct horse").await, "salts differ");
    }

    #[tokio::test]
    async fn an_unknown_account_costs_as_much_as_a_known_one() {
        let hashing = hashing();
        let stored = hash(&hashing, "correct horse").await;
        let cost = |phc: &str| phc.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(DUMMY), cost(&stored));
        assert!(!verify(&hashing, "correct horse", None).await);
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hashing = hashing();
        let places: Vec<_> = (0..AT_ONCE + WAITING).map(|_| hashing.queue().expect("a place")).collect();
        assert!(matches!(hashing.queue(), Err(CallError::Overloaded { retry_after: Some(_) })));
        drop(places);
        assert!(hashing.queue().is_ok());
    }
}
