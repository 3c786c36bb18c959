//! Signing in with e-mail and password.

use accounts_api::{AccountsError, Session, SignIn, StaffUser};
use kernel::db::AnyConnection;
use kernel::secret::sha256_hex;
use kernel::{CallError, Email, NotExecuted, Timestamp};

use crate::Service;
use crate::attempts::Attempts;
use crate::password;
use crate::session::StoredSession;
use crate::store;

pub(crate) async fn sign_in(service: &Service, request: SignIn) -> Result<Session, CallError<AccountsError>> {
    if !password::may_be_hashed(&request.password) {
        return Err(AccountsError::WrongCredentials.into());
    }
    let place = service.hashing.queue()?;
    let now = service.clock.now();
    let account = Account::typed(&request.email);
    let tried = account.clone();
    let (user, stored) = service.db.write(move |conn| begin(conn, &tried, now)).await?.unzip();
    let right = place.verify(request.password.clone(), stored).await?;
    let Some(user) = user.filter(|_| right) else {
        tracing::warn!(account = account.hash, "sign-in refused");
        return Err(AccountsError::WrongCredentials.into());
    };
    tracing::info!(user = %user.id, "signed in");
    let secret_hash = request.secret.hash();
    // What is kept to know a repeat by is hashed fast, so the password must not be part of it.
    let fingerprint = (account.hash.clone(), sha256_hex(secret_hash.as_bytes()));
    let work = move |conn: &mut AnyConnection| open(conn, user, (&account, &secret_hash), now);
    service.db.write_once(request.key.to_string(), "sign_in", &fingerprint, work).await
}

/// Whom somebody says they are.
#[derive(Clone)]
struct Account {
    /// As members of staff are found; `None` when nobody can have it.
    canonical: Option<String>,
    /// What attempts are counted by. Not the text itself: people type passwords into the wrong field.
    hash: String,
}

impl Account {
    fn typed(text: &str) -> Self {
        let canonical = text.parse::<Email>().ok().map(|email| email.canonical());
        let hash = sha256_hex(canonical.as_deref().unwrap_or(text).as_bytes());
        Self { canonical, hash }
    }
}

/// Counts the attempt and finds the member of staff with the hash of their password. Known and unknown addresses take
/// the same steps.
fn begin(
    conn: &mut AnyConnection,
    account: &Account,
    now: Timestamp,
) -> Result<Option<(StaffUser, String)>, CallError<AccountsError>> {
    count(conn, account, now)?;
    Ok(store::user_by_email(conn, account.canonical.as_deref().unwrap_or_default())?)
}

fn count(conn: &mut AnyConnection, account: &Account, now: Timestamp) -> Result<(), CallError<AccountsError>> {
    if store::attempts_insert_if_none(conn, &account.hash, Attempts::first(now), now)? {
        return Ok(());
    }
    // They are gone again only when somebody signed in within this moment.
    let attempts = store::attempts_touch(conn, &account.hash, now)?;
    let attempts = attempts.ok_or_else(|| CallError::not_executed(NotExecuted::Conflict))?;
    let next = attempts.next(now).map_err(|pause| {
        tracing::warn!(account = account.hash, ?pause, "too many attempts to sign in");
        AccountsError::TooManyAttempts { retry_after_seconds: pause.as_secs() + 1 }
    })?;
    Ok(store::attempts_set(conn, &account.hash, next)?)
}

fn open(
    conn: &mut AnyConnection,
    user: StaffUser,
    (account, secret_hash): (&Account, &str),
    now: Timestamp,
) -> Result<Session, CallError<AccountsError>> {
    let session = StoredSession::new(now);
    store::session_insert(conn, secret_hash, &user, &session)?;
    store::attempts_delete(conn, &account.hash)?;
    Ok(Session { user, expires_at: session.expires_at })
}
