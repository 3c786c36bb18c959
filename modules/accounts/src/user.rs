//! Members of staff: creating and listing them.

use accounts_api::{AccountsError, CreateUser, Password, Role, StaffUser, UserId};
use kernel::db::AnyConnection;
use kernel::{CallCtx, CallError, Email, Timestamp};

use crate::Service;
use crate::permission::{may_give, may_manage_users};
use crate::{password, store};

/// In characters.
const LONGEST_NAME: usize = 200;

pub(crate) async fn create_user(
    service: &Service,
    ctx: &CallCtx,
    request: CreateUser,
) -> Result<StaffUser, CallError<AccountsError>> {
    may_give(&ctx.principal, request.role)?;
    let now = service.clock.now();
    let new = NewUser::new(service, (&request.email, &request.name, request.role), &request.password, now).await?;
    // What is kept to know a repeat by is hashed fast, so the password must not be part of it.
    let fingerprint = (&request.email, &request.name, request.role);
    let actor = ctx.principal.actor();
    let user = service
        .db
        .write_once(request.key.to_string(), "create_user", &fingerprint, move |conn| insert(conn, new))
        .await?;
    tracing::info!(actor, user = %user.id, role = user.role.as_str(), "member of staff created");
    Ok(user)
}

pub(crate) async fn list_users(service: &Service, ctx: &CallCtx) -> Result<Vec<StaffUser>, CallError<AccountsError>> {
    may_manage_users(&ctx.principal)?;
    service.db.read(|conn| Ok(store::users_all(conn)?)).await
}

/// Someone who may be created, the password hashed.
pub(crate) struct NewUser {
    user: StaffUser,
    password_hash: String,
}

impl NewUser {
    pub(crate) async fn new(
        service: &Service,
        (email, name, role): (&Email, &str, Role),
        password: &Password,
        now: Timestamp,
    ) -> Result<Self, CallError<AccountsError>> {
        let email = email.clone();
        let name = checked_name(name)?;
        password::check(password, &email, &service.shop_name)?;
        let password_hash = service.hashing.queue()?.hash(password.clone()).await?;
        Ok(Self { user: StaffUser { id: UserId::new(), email, name, role, created_at: now }, password_hash })
    }
}

/// Creates `new`. An owner ends the set-up link, which is for shops without one.
pub(crate) fn insert(conn: &mut AnyConnection, new: NewUser) -> Result<StaffUser, CallError<AccountsError>> {
    if new.user.role == Role::Owner {
        store::setup_link_delete(conn)?;
    }
    if !store::user_insert(conn, &new.user, &new.password_hash)? {
        return Err(AccountsError::EmailTaken.into());
    }
    Ok(new.user)
}

fn checked_name(name: &str) -> Result<String, AccountsError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(AccountsError::invalid("name", format!("use 1 to {LONGEST_NAME} characters")));
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(AccountsError::invalid("name", "write it in one line"));
    }
    Ok(name.to_owned())
}
