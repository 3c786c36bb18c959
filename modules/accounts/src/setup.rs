//! The first owner: a one-time link from the console leads to the page that creates them.

use std::time::Duration;

use accounts_api::{AccountsError, CreateOwner, OpenSetup, Role, StaffUser};
use kernel::db::AnyConnection;
use kernel::secret::sha256_hex;
use kernel::{CallCtx, CallError, Timestamp};

use crate::Service;
use crate::permission::is_the_program;
use crate::store;
use crate::user::{NewUser, insert};

const LINK_IS_VALID: Duration = Duration::from_secs(30 * 60);

pub(crate) async fn needs_owner(service: &Service) -> Result<bool, CallError<AccountsError>> {
    service.db.read(|conn| Ok(!store::owner_exists(conn)?)).await
}

pub(crate) async fn open_setup(
    service: &Service,
    ctx: &CallCtx,
    request: OpenSetup,
) -> Result<(), CallError<AccountsError>> {
    is_the_program(&ctx.principal)?;
    let (secret_hash, expires_at) = (request.secret.hash(), service.clock.now().plus(LINK_IS_VALID));
    let work = move |conn: &mut AnyConnection| {
        if store::owner_exists(conn)? {
            return Err(AccountsError::SetupClosed.into());
        }
        Ok(store::setup_link_put(conn, &secret_hash, expires_at)?)
    };
    service.db.write_once(request.key.to_string(), "open_setup", &request, work).await
}

pub(crate) async fn create_owner(
    service: &Service,
    request: CreateOwner,
) -> Result<StaffUser, CallError<AccountsError>> {
    let (secret_hash, now) = (request.secret.hash(), service.clock.now());
    let link = secret_hash.clone();
    let is_valid = service.db.read(move |conn| Ok::<_, CallError<_>>(store::setup_link_is_valid(conn, &link, now)?));
    // Hashing is only for those who have a link. Others get what a repeat of their key may have left, or a refusal.
    let new = if is_valid.await? { Some(hashed(service, &request, now).await?) } else { None };
    let work = move |conn: &mut AnyConnection| take_over(conn, &secret_hash, new, now);
    let fingerprint = (&request.email, &request.name, sha256_hex(request.secret.reveal().as_bytes()));
    service.db.write_once(request.key.to_string(), "create_owner", &fingerprint, work).await
}

async fn hashed(service: &Service, request: &CreateOwner, now: Timestamp) -> Result<NewUser, CallError<AccountsError>> {
    NewUser::new(service, (&request.email, &request.name, Role::Owner), &request.password, now).await
}

/// The link is used up and the owner created, or neither. Of two at the same time one gets the link.
fn take_over(
    conn: &mut AnyConnection,
    secret_hash: &str,
    new: Option<NewUser>,
    now: Timestamp,
) -> Result<StaffUser, CallError<AccountsError>> {
    let new = new.ok_or(AccountsError::SetupClosed)?;
    if !store::setup_link_take(conn, secret_hash, now)? || store::owner_exists(conn)? {
        return Err(AccountsError::SetupClosed.into());
    }
    insert(conn, new)
}
