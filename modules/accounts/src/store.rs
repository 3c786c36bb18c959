//! Every query of the module. Secrets and passwords are here as hashes only.

mod audit;

use std::error::Error as StdError;

use accounts_api::{Role, StaffUser, UserId};
use diesel::prelude::*;
use diesel::result::Error;
use kernel::Timestamp;
use kernel::db::{AnyConnection, on_either};

pub(crate) use audit::INVARIANTS;

use crate::attempts::Attempts;
use crate::schema::{sessions, setup_link, sign_in_attempts, users};
use crate::session::StoredSession;

/// The one row of `setup_link`.
const THE_LINK: i32 = 1;

#[derive(Queryable)]
struct UserRow {
    id: String,
    email: String,
    name: String,
    role: String,
    created_at: i64,
}

type UserColumns = (users::id, users::email, users::name, users::role, users::created_at);
const USER: UserColumns = (users::id, users::email, users::name, users::role, users::created_at);

/// Whether there is an owner.
pub(crate) fn owner_exists(conn: &mut AnyConnection) -> QueryResult<bool> {
    let owners = users::table.filter(users::role.eq(Role::Owner.as_str())).select(users::id).limit(1);
    Ok(!owners.load::<String>(conn)?.is_empty())
}

/// Adds a member of staff; `false` when somebody has the address.
pub(crate) fn user_insert(conn: &mut AnyConnection, user: &StaffUser, password_hash: &str) -> QueryResult<bool> {
    let row = (
        users::id.eq(user.id.to_string()),
        users::email.eq(user.email.as_str()),
        users::email_canonical.eq(user.email.canonical()),
        users::name.eq(&user.name),
        users::role.eq(user.role.as_str()),
        users::password_hash.eq(password_hash),
        users::created_at.eq(user.created_at.0),
    );
    let insert = diesel::insert_into(users::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// The member of staff with this address, and the hash of their password.
pub(crate) fn user_by_email(conn: &mut AnyConnection, canonical: &str) -> QueryResult<Option<(StaffUser, String)>> {
    let found: Option<(UserRow, String)> = users::table
        .filter(users::email_canonical.eq(canonical))
        .select((USER, users::password_hash))
        .first(conn)
        .optional()?;
    found.map(|(user, password_hash)| Ok((user.read()?, password_hash))).transpose()
}

/// Stores the same password hashed anew, unless it was changed meanwhile.
pub(crate) fn user_set_hash(conn: &mut AnyConnection, id: UserId, former: &str, hash: &str) -> QueryResult<()> {
    diesel::update(users::table.find(id.to_string()))
        .filter(users::password_hash.eq(former))
        .set(users::password_hash.eq(hash))
        .execute(conn)
        .map(drop)
}

/// All members of staff, the first ones first.
pub(crate) fn users_all(conn: &mut AnyConnection) -> QueryResult<Vec<StaffUser>> {
    let rows = users::table.order((users::created_at, users::id)).select(USER).load::<UserRow>(conn)?;
    rows.into_iter().map(UserRow::read).collect()
}

/// Makes this set-up link the valid one.
pub(crate) fn setup_link_put(conn: &mut AnyConnection, secret_hash: &str, expires_at: Timestamp) -> QueryResult<()> {
    let values = (setup_link::secret_hash.eq(secret_hash), setup_link::expires_at.eq(expires_at.0));
    let insert = diesel::insert_into(setup_link::table)
        .values((setup_link::id.eq(THE_LINK), values))
        .on_conflict(setup_link::id)
        .do_update()
        .set(values);
    on_either!(conn => insert.execute(conn))?;
    Ok(())
}

/// Whether this set-up link is valid.
pub(crate) fn setup_link_is_valid(conn: &mut AnyConnection, secret_hash: &str, now: Timestamp) -> QueryResult<bool> {
    let link = setup_link::table
        .filter(setup_link::secret_hash.eq(secret_hash))
        .filter(setup_link::expires_at.gt(now.0))
        .select(setup_link::id);
    Ok(!link.load::<i32>(conn)?.is_empty())
}

/// Uses up this set-up link; `false` when it is not valid. Of two at the same time one gets it.
pub(crate) fn setup_link_take(conn: &mut AnyConnection, secret_hash: &str, now: Timestamp) -> QueryResult<bool> {
    let link =
        setup_link::table.filter(setup_link::secret_hash.eq(secret_hash)).filter(setup_link::expires_at.gt(now.0));
    Ok(diesel::delete(link).execute(conn)? == 1)
}

/// Ends the set-up link, whichever it is.
pub(crate) fn setup_link_delete(conn: &mut AnyConnection) -> QueryResult<()> {
    diesel::delete(setup_link::table).execute(conn).map(drop)
}

/// Opens a session.
pub(crate) fn session_insert(
    conn: &mut AnyConnection,
    secret_hash: &str,
    user: &StaffUser,
    session: &StoredSession,
) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::secret_hash.eq(secret_hash),
            sessions::user_id.eq(user.id.to_string()),
            sessions::created_at.eq(session.created_at.0),
            sessions::last_seen_at.eq(session.last_seen_at.0),
            sessions::expires_at.eq(session.expires_at.0),
            sessions::authenticated_at.eq(session.authenticated_at.0),
        ))
        .execute(conn)
        .map(drop)
}

/// The session with this secret, however old, and whose it is.
pub(crate) fn session_with_user(
    conn: &mut AnyConnection,
    secret_hash: &str,
) -> QueryResult<Option<(StoredSession, StaffUser)>> {
    let times = (sessions::created_at, sessions::last_seen_at, sessions::expires_at, sessions::authenticated_at);
    let found: Option<((i64, i64, i64, i64), UserRow)> = sessions::table
        .inner_join(users::table)
        .filter(sessions::secret_hash.eq(secret_hash))
        .select((times, USER))
        .first(conn)
        .optional()?;
    let Some(((created_at, last_seen_at, expires_at, authenticated_at), user)) = found else { return Ok(None) };
    let session = StoredSession {
        created_at: Timestamp(created_at),
        last_seen_at: Timestamp(last_seen_at),
        expires_at: Timestamp(expires_at),
        authenticated_at: Timestamp(authenticated_at),
    };
    Ok(Some((session, user.read()?)))
}

/// Writes down that a session is in use.
pub(crate) fn session_seen(conn: &mut AnyConnection, secret_hash: &str, now: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(secret_hash))
        .filter(sessions::last_seen_at.lt(now.0))
        .set(sessions::last_seen_at.eq(now.0))
        .execute(conn)
        .map(drop)
}

/// Ends a session at `at`, unless it ends before.
pub(crate) fn session_end_at(conn: &mut AnyConnection, secret_hash: &str, at: Timestamp) -> QueryResult<()> {
    diesel::update(sessions::table.find(secret_hash))
        .filter(sessions::expires_at.gt(at.0))
        .set(sessions::expires_at.eq(at.0))
        .execute(conn)
        .map(drop)
}

/// Ends a session.
pub(crate) fn session_delete(conn: &mut AnyConnection, secret_hash: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(secret_hash)).execute(conn).map(drop)
}

/// Deletes the sessions that were last seen before `before`. How many there were.
pub(crate) fn sessions_delete_unused(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    diesel::delete(sessions::table.filter(sessions::last_seen_at.lt(before.0))).execute(conn)
}

/// What is remembered under a name, which from here to the end of the unit of work nobody else changes.
pub(crate) fn attempts_touch(
    conn: &mut AnyConnection,
    counted_by: &str,
    now: Timestamp,
) -> QueryResult<Option<Attempts>> {
    let found: Option<(i64, i64, i64)> = diesel::update(sign_in_attempts::table.find(counted_by))
        .set(sign_in_attempts::last_at.eq(now.0))
        .returning((sign_in_attempts::failures, sign_in_attempts::counted_from, sign_in_attempts::blocked_until))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(failures, counted_from, blocked_until)| Attempts {
        failures,
        counted_from: Timestamp(counted_from),
        blocked_until: Timestamp(blocked_until),
    }))
}

/// Remembers the first attempt under a name; `false` when there was another.
pub(crate) fn attempts_insert_if_none(
    conn: &mut AnyConnection,
    counted_by: &str,
    attempts: Attempts,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = (
        sign_in_attempts::counted_by.eq(counted_by),
        sign_in_attempts::failures.eq(attempts.failures),
        sign_in_attempts::counted_from.eq(attempts.counted_from.0),
        sign_in_attempts::blocked_until.eq(attempts.blocked_until.0),
        sign_in_attempts::last_at.eq(now.0),
    );
    let insert = diesel::insert_into(sign_in_attempts::table).values(row).on_conflict_do_nothing();
    Ok(on_either!(conn => insert.execute(conn))? == 1)
}

/// Remembers another number of attempts.
pub(crate) fn attempts_set(conn: &mut AnyConnection, counted_by: &str, attempts: Attempts) -> QueryResult<()> {
    diesel::update(sign_in_attempts::table.find(counted_by))
        .set((
            sign_in_attempts::failures.eq(attempts.failures),
            sign_in_attempts::counted_from.eq(attempts.counted_from.0),
            sign_in_attempts::blocked_until.eq(attempts.blocked_until.0),
        ))
        .execute(conn)
        .map(drop)
}

/// Forgets the failures under a name: somebody knew the password.
pub(crate) fn attempts_delete(conn: &mut AnyConnection, counted_by: &str) -> QueryResult<()> {
    diesel::delete(sign_in_attempts::table.find(counted_by)).execute(conn).map(drop)
}

/// Forgets the failures under names that nobody tried since `before`.
pub(crate) fn attempts_delete_old(conn: &mut AnyConnection, before: Timestamp) -> QueryResult<usize> {
    diesel::delete(sign_in_attempts::table.filter(sign_in_attempts::last_at.lt(before.0))).execute(conn)
}

impl UserRow {
    fn read(self) -> QueryResult<StaffUser> {
        Ok(StaffUser {
            id: self.id.parse().map_err(damaged)?,
            email: self.email.parse().map_err(damaged)?,
            name: self.name,
            role: self.role.parse().map_err(damaged)?,
            created_at: Timestamp(self.created_at),
        })
    }
}

/// A stored text is not what was stored.
fn damaged(error: impl StdError + Send + Sync + 'static) -> Error {
    Error::DeserializationError(Box::new(error))
}
