//! Signing in with e-mail and password, and giving the password again before something sensitive.

use std::time::Duration;

use accounts_api::{AccountsError, ConfirmPassword, Session, SignIn};
use kernel::db::AnyConnection;
use kernel::secret::sha256_hex;
use kernel::{CallError, Secret};

use crate::Service;
use crate::credentials::{Claim, Proved, prove};
use crate::session::StoredSession;
use crate::store;

/// The former secret of a session is valid so much longer, for what was asked for at the same time.
const FORMER_SECRET: Duration = Duration::from_secs(30);

pub(crate) async fn sign_in(service: &Service, request: SignIn) -> Result<Session, CallError<AccountsError>> {
    let claim = Claim::new(&request.email, request.address.as_deref(), request.known_device.as_deref());
    let fingerprint = fingerprint(&claim.account_hash, &request.secret);
    let proved = prove(service, claim, &request.password).await?;
    tracing::info!(user = %proved.user.id, "signed in");
    let (secret_hash, session) = (request.secret.hash(), StoredSession::new(service.clock.now()));
    let work = move |conn: &mut AnyConnection| open(conn, proved, &secret_hash, session);
    service.db.write_once(request.key.to_string(), "sign_in", &fingerprint, work).await
}

/// Goes on with a session under a new secret, so that who may have got hold of the former one is out.
pub(crate) async fn confirm_password(
    service: &Service,
    request: ConfirmPassword,
) -> Result<Session, CallError<AccountsError>> {
    let (former, now) = (request.secret.hash(), service.clock.now());
    let asked = former.clone();
    let found = service.db.read(move |conn| Ok::<_, CallError<_>>(store::session_with_user(conn, &asked)?)).await?;
    let (session, user) = found.filter(|(session, _)| session.is_open(now)).ok_or(AccountsError::SessionEnded)?;
    let claim = Claim::new(user.email.as_str(), request.address.as_deref(), request.known_device.as_deref());
    let fingerprint = fingerprint(&claim.account_hash, &request.next_secret);
    let proved = prove(service, claim, &request.password).await?;
    tracing::info!(user = %proved.user.id, "the password was given again");
    let (secret_hash, session) = (request.next_secret.hash(), session.confirmed(now));
    let work = move |conn: &mut AnyConnection| {
        store::session_end_at(conn, &former, now.plus(FORMER_SECRET))?;
        open(conn, proved, &secret_hash, session)
    };
    service.db.write_once(request.key.to_string(), "confirm_password", &fingerprint, work).await
}

/// What is kept to know a repeat by is hashed fast, so the password must not be part of it.
fn fingerprint(account_hash: &str, secret: &Secret) -> (String, String) {
    (account_hash.to_owned(), sha256_hex(secret.hash().as_bytes()))
}

fn open(
    conn: &mut AnyConnection,
    proved: Proved,
    secret_hash: &str,
    session: StoredSession,
) -> Result<Session, CallError<AccountsError>> {
    proved.settle(conn)?;
    store::session_insert(conn, secret_hash, &proved.user, &session)?;
    Ok(Session { user: proved.user, expires_at: session.expires_at })
}
