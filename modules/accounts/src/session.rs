//! Sessions: 30 minutes idle, 12 hours in all.

use std::time::Duration;

use accounts_api::{AccountsError, FindSession, SignOut, SignedIn};
use kernel::db::AnyConnection;
use kernel::{CallError, Timestamp};

use crate::Service;
use crate::store;

/// Ends a session that nobody uses.
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);
const ABSOLUTE: Duration = Duration::from_secs(12 * 60 * 60);
/// That a session is in use is written down at most so often.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// When a session began and was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StoredSession {
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

impl StoredSession {
    /// One that begins now.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { created_at: now, last_seen_at: now, expires_at: now.plus(ABSOLUTE) }
    }

    /// Whether it is open. One from the future is not: the clock was turned back, and nobody knows how old it is.
    fn is_open(self, now: Timestamp) -> bool {
        let future = now.plus(SEEN_EVERY);
        let known = self.created_at <= future && self.last_seen_at <= future;
        known && now < self.expires_at && now < self.last_seen_at.plus(IDLE)
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
    Ok(Some(SignedIn { user, permissions }))
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
    fn a_session_from_the_future_is_not_open() {
        let session = StoredSession::new(NOON);
        assert!(session.is_open(NOON.minus(MINUTE)));
        assert!(!session.is_open(NOON.minus(2 * MINUTE)));
    }
}
