//! Sessions: 30 minutes idle, 12 hours in all; sensitive for 15 minutes after the password was given.

use std::time::Duration;

use accounts_api::{AccountsError, FindSession, SignOut, SignedIn};
use kernel::db::AnyConnection;
use kernel::{CallError, Timestamp};

use crate::Service;
use crate::store;

/// Ends a session that nobody uses.
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// How long what is sensitive may be done without giving the password again.
const RECENT: Duration = Duration::from_secs(15 * 60);
/// That a session is in use is written down at most so often.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// When a session began and was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredSession {
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// When the password was last given.
    pub(crate) authenticated_at: Timestamp,
}

impl StoredSession {
    /// One that begins now.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { created_at: now, last_seen_at: now, expires_at: now.plus(ABSOLUTE), authenticated_at: now }
    }

    /// The same one after its password was given again. It does not last longer for that.
    pub(crate) fn confirmed(self, now: Timestamp) -> Self {
        let expires_at = self.created_at.plus(ABSOLUTE);
        Self { last_seen_at: now, expires_at, authenticated_at: now, ..self }
    }

    /// Whether it is open. One from the future is not: the clock was turned back, and nobody knows how old it is.
    pub(crate) fn is_open(self, now: Timestamp) -> bool {
        let future = now.plus(SEEN_EVERY);
        let known = self.created_at <= future && self.last_seen_at <= future;
        known && now < self.expires_at && now < self.last_seen_at.plus(IDLE)
    }

    /// Whether the password was given a short time ago.
    fn is_recent(self, now: Timestamp) -> bool {
        self.authenticated_at <= now.plus(SEEN_EVERY) && now < self.authenticated_at.plus(RECENT)
    }
}

pub(crate) async fn session(
    service: &Service,
    request: FindSession,
) -> Result<Option<SignedIn>, CallError<AccountsError>> {
    let (secret_hash, now) = (request.secret.hash(), service.clock.now());
    let asked = secret_hash.clone();
    let found = service.db.read(move |conn| Ok::<_, CallError<_>>(store::session_with_user(conn, &asked)?)).await?;
    let Some((session, user)) = found.filter(|(session, _)| session.is_open(now)) else { return Ok(None) };
    if now.since(session.last_seen_at) >= SEEN_EVERY {
        let seen = service
            .db
            .write(move |conn| Ok::<_, CallError<AccountsError>>(store::session_seen(conn, &secret_hash, now)?));
        // The session is valid all the same; it only ends earlier.
        let _ =
            seen.await.inspect_err(|error| tracing::warn!(%error, "the use of a session could not be written down"));
    }
    let permissions = user.role.permissions();
    Ok(Some(SignedIn { user, permissions, recent: session.is_recent(now) }))
}

pub(crate) async fn sign_out(service: &Service, request: SignOut) -> Result<(), CallError<AccountsError>> {
    let secret_hash = request.secret.hash();
    let work = move |conn: &mut AnyConnection| Ok(store::session_delete(conn, &secret_hash)?);
    service.db.write_once(request.key.to_string(), "sign_out", &request, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_763_726_400_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_session_is_open_until_its_limits() {
        let session = StoredSession::new(NOON);
        assert!(session.is_open(NOON.plus(30 * MINUTE).minus(Duration::from_micros(1))));
        assert!(!session.is_open(NOON.plus(30 * MINUTE)));
        let busy = StoredSession { last_seen_at: NOON.plus(719 * MINUTE), ..session };
        assert!(busy.is_open(NOON.plus(720 * MINUTE).minus(Duration::from_micros(1))));
        assert!(!busy.is_open(NOON.plus(720 * MINUTE)));
    }

    #[test]
    fn a_password_is_recent_for_15_minutes() {
        let session = StoredSession::new(NOON);
        assert!(session.is_recent(NOON.plus(15 * MINUTE).minus(Duration::from_micros(1))));
        assert!(!session.is_recent(NOON.plus(15 * MINUTE)));
        assert!(!session.is_recent(NOON.minus(2 * MINUTE)), "nobody knows how long ago that is");
        assert!(session.confirmed(NOON.plus(16 * MINUTE)).is_recent(NOON.plus(30 * MINUTE)));
        assert_eq!(session.confirmed(NOON.plus(16 * MINUTE)).expires_at, session.expires_at);
    }

    #[test]
    fn a_session_from_the_future_is_not_open() {
        let session = StoredSession::new(NOON);
        assert!(session.is_open(NOON.minus(MINUTE)));
        assert!(!session.is_open(NOON.minus(2 * MINUTE)));
    }
}
