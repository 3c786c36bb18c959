//! Hashing passwords: Argon2id over an HMAC with the shop's pepper, and never more at once than the machine can bear.
//!
//! A stored hash names its pepper (`keyid`) and its cost, so that both can change: a password that proves right is hashed
//! anew where they are not those of today.

use std::sync::Arc;
use std::time::Duration;

use accounts_api::{AccountsError, Password};
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{
    Error, ParamsString, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString,
};
use argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version};
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

/// What is mixed into every password. Without it a copy of the database is of no use for guessing.
pub(crate) struct Peppers {
    current: Pepper,
    former: Option<Pepper>,
}

struct Pepper {
    key: Vec<u8>,
    /// Tells this pepper from others and nothing about it.
    id: [u8; 6],
}

impl Peppers {
    /// `former` is still good for hashes that were made with it.
    pub(crate) fn new(current: Vec<u8>, former: Option<Vec<u8>>) -> Self {
        Self { current: Pepper::new(current), former: former.map(Pepper::new) }
    }

    /// The one that `hash` was made with; `None` when it is neither of the two.
    fn of(&self, hash: &PasswordHash<'_>) -> Result<Option<&Pepper>, Error> {
        let params = Params::try_from(hash)?;
        let former = self.former.as_ref();
        if params.keyid().is_empty() {
            // From the time before hashes named their pepper, so it is the oldest.
            return Ok(Some(former.unwrap_or(&self.current)));
        }
        Ok([Some(&self.current), former].into_iter().flatten().find(|pepper| pepper.id == params.keyid()))
    }
}

impl Pepper {
    fn new(key: Vec<u8>) -> Self {
        let digest = mac(&key, b"pepper id");
        let mut id = [0; 6];
        id.copy_from_slice(&digest[..6]);
        Self { key, id }
    }

    /// How passwords are hashed today.
    fn argon2(&self) -> Result<Argon2<'static>, Error> {
        let keyid = KeyId::new(&self.id)?;
        let params = ParamsBuilder::new().m_cost(19_456).t_cost(2).p_cost(1).keyid(keyid).build()?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }

    fn hash(&self, password: &Password) -> Result<String, Error> {
        let salt = SaltString::generate(&mut OsRng);
        Ok(self.argon2()?.hash_password(&self.season(password), &salt)?.to_string())
    }

    fn season(&self, password: &Password) -> [u8; 32] {
        mac(&self.key, password.reveal().as_bytes())
    }

    /// Whether `hash` was made as it would be made today.
    fn made(&self, hash: &PasswordHash<'_>) -> Result<bool, Error> {
        let params = ParamsString::try_from(self.argon2()?.params())?;
        Ok(hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && hash.params == params)
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// What became of a password that was checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// It is another one, or there is none.
    Wrong,
    /// It is the one.
    Right {
        /// Its hash of today, when the stored one is not.
        renewed: Option<String>,
    },
}

/// Hashes passwords, two at a time.
pub(crate) struct Hashing {
    peppers: Arc<Peppers>,
    /// Those who are being served and those who wait.
    places: Arc<Semaphore>,
    /// Those who are being served.
    turns: Arc<Semaphore>,
}

impl Hashing {
    pub(crate) fn new(peppers: Peppers) -> Self {
        Self {
            peppers: Arc::new(peppers),
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
        Ok(Place { place, turns: Arc::clone(&self.turns), peppers: Arc::clone(&self.peppers) })
    }
}

/// The right to hash one password.
pub(crate) struct Place {
    place: OwnedSemaphorePermit,
    turns: Arc<Semaphore>,
    peppers: Arc<Peppers>,
}

impl Place {
    /// The hash of `password` under a new salt, as a PHC string.
    pub(crate) async fn hash(self, password: Password) -> Result<String, CallError<AccountsError>> {
        self.run(move |peppers| peppers.current.hash(&password)).await
    }

    /// Whether `password` has the hash `stored`. Without one the same work is done for nothing.
    pub(crate) async fn verify(
        self,
        password: Password,
        stored: Option<String>,
    ) -> Result<Verified, CallError<AccountsError>> {
        self.run(move |peppers| verify(peppers, &password, stored.as_deref())).await
    }

    /// Runs `work` when it is its turn. The turn ends with the work, also when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Peppers) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, CallError<AccountsError>> {
        let Self { place, turns, peppers } = self;
        let turn = turns.acquire_owned().await.map_err(|error| CallError::Internal(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work(&peppers);
            drop((turn, place));
            result
        });
        match done.await {
            Ok(result) => result.map_err(|error| CallError::Internal(format!("hashing a password: {error}"))),
            Err(error) => Err(CallError::Internal(error.to_string())),
        }
    }
}

fn verify(peppers: &Peppers, password: &Password, stored: Option<&str>) -> Result<Verified, Error> {
    let known = stored.map(PasswordHash::new).transpose()?;
    let pepper = known.as_ref().map(|hash| peppers.of(hash)).transpose()?.flatten();
    if known.is_some() && pepper.is_none() {
        tracing::error!("a password was hashed with a secret key that is neither the current nor the previous one");
    }
    let (pepper, hash) = match (pepper, known) {
        (Some(pepper), Some(hash)) => (Some(pepper), hash),
        _ => (None, PasswordHash::new(DUMMY)?),
    };
    let seasoned = pepper.unwrap_or(&peppers.current).season(password);
    match (peppers.current.argon2()?.verify_password(&seasoned, &hash), pepper) {
        (Ok(()), Some(_)) if peppers.current.made(&hash)? => Ok(Verified::Right { renewed: None }),
        (Ok(()), Some(_)) => Ok(Verified::Right { renewed: Some(peppers.current.hash(password)?) }),
        (Ok(()), None) | (Err(Error::Password), _) => Ok(Verified::Wrong),
        (Err(error), _) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[u8] = b"the pepper of last year";
    const NEW: &[u8] = b"the pepper of this year";

    fn hashing(current: &[u8], former: Option<&[u8]>) -> Hashing {
        Hashing::new(Peppers::new(current.to_vec(), former.map(<[u8]>::to_vec)))
    }

    async fn hash(hashing: &Hashing, password: &str) -> String {
        hashing.queue().expect("a place").hash(Password::new(password)).await.expect("a hash")
    }

    async fn verify(hashing: &Hashing, password: &str, stored: Option<&str>) -> Verified {
        let place = hashing.queue().expect("a place");
        place.verify(Password::new(password), stored.map(str::to_owned)).await.expect("an answer")
    }

    /// The hash that takes the place of `stored`.
    async fn renewed(hashing: &Hashing, password: &str, stored: &str) -> String {
        match verify(hashing, password, Some(stored)).await {
            Verified::Right { renewed: Some(hash) } => hash,
            other => panic!("{stored} is not renewed: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_and_pepper_only() {
        let (old, new) = (hashing(OLD, None), hashing(NEW, None));
        let stored = hash(&old, "correct horse").await;
        assert_eq!(verify(&old, "correct horse", Some(&stored)).await, Verified::Right { renewed: None });
        assert_eq!(verify(&old, "correct horse ", Some(&stored)).await, Verified::Wrong);
        assert_eq!(verify(&new, "correct horse", Some(&stored)).await, Verified::Wrong);
        assert_ne!(stored, hash(&old, "correct horse").await, "salts differ");
    }

    #[tokio::test]
    async fn while_peppers_change_both_are_good_and_the_old_one_is_left_behind() {
        let (before, during, after) = (hashing(OLD, None), hashing(NEW, Some(OLD)), hashing(NEW, None));
        let stored = hash(&before, "correct horse").await;
        assert_eq!(verify(&during, "wrong horse", Some(&stored)).await, Verified::Wrong);
        let stored = renewed(&during, "correct horse", &stored).await;
        assert_eq!(verify(&during, "correct horse", Some(&stored)).await, Verified::Right { renewed: None });
        assert_eq!(verify(&after, "correct horse", Some(&stored)).await, Verified::Right { renewed: None });
        assert_eq!(verify(&before, "correct horse", Some(&stored)).await, Verified::Wrong);
    }

    #[tokio::test]
    async fn hashes_without_a_pepper_id_and_cheaper_ones_are_made_anew() {
        let (now, seasoned) = (hashing(NEW, None), mac(NEW, b"correct horse"));
        let salt = SaltString::generate(&mut OsRng);
        for (memory, passes) in [(19_456, 2), (8_192, 1)] {
            let params = Params::new(memory, passes, 1, None).expect("parameters");
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let stored = argon2.hash_password(&seasoned, &salt).expect("a hash").to_string();
            let hash = renewed(&now, "correct horse", &stored).await;
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="), "{hash}");
        }
    }

    #[tokio::test]
    async fn an_unknown_account_costs_as_much_as_a_known_one() {
        let hashing = hashing(NEW, None);
        let stored = hash(&hashing, "correct horse").await;
        let cost = |phc: &str| {
            let params = phc.split('$').take(4).collect::<Vec<_>>().join("$");
            params.split(",keyid").next().map(str::to_owned)
        };
        assert_eq!(cost(DUMMY), cost(&stored));
        assert_eq!(verify(&hashing, "correct horse", None).await, Verified::Wrong);
    }

    #[tokio::test]
    async fn the_queue_has_an_end() {
        let hashing = hashing(NEW, None);
        let places: Vec<_> = (0..AT_ONCE + WAITING).map(|_| hashing.queue().expect("a place")).collect();
        assert!(matches!(hashing.queue(), Err(CallError::Overloaded { retry_after: Some(_) })));
        drop(places);
        assert!(hashing.queue().is_ok());
    }
}
