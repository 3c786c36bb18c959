//! Proving who one is by password: how attempts are counted, and that all of them look alike from outside.

use accounts_api::{AccountsError, Password, StaffUser};
use kernel::db::AnyConnection;
use kernel::secret::sha256_hex;
use kernel::{CallError, Email, NotExecuted, Timestamp};

use crate::Service;
use crate::attempts::{Attempts, Limit, OF_ACCOUNT, OF_ADDRESS};
use crate::hashing::Verified;
use crate::{password, store};

/// Who somebody says they are, and from where.
#[derive(Clone)]
pub(crate) struct Claim {
    /// As members of staff are found; `None` when nobody can have it.
    canonical: Option<String>,
    /// The address by its hash. Not the text itself: people type passwords into the wrong field.
    pub(crate) account_hash: String,
    /// What their attempts are counted by.
    counted: Counted,
}

#[derive(Clone)]
enum Counted {
    /// By themselves: whoever guesses from elsewhere keeps nobody out who comes from a device that is known.
    ByDevice(String),
    /// With all others at the account, and all others from the address.
    ByAccount { account: String, address: Option<String> },
}

impl Claim {
    /// Of the text that was typed as an e-mail address.
    pub(crate) fn new(typed: &str, address: Option<&str>, known_device: Option<&str>) -> Self {
        let canonical = typed.parse::<Email>().ok().map(|email| email.canonical());
        let account_hash = sha256_hex(canonical.as_deref().unwrap_or(typed).as_bytes());
        let counted = match known_device {
            Some(device) => Counted::ByDevice(sha256_hex(format!("device {device} {account_hash}").as_bytes())),
            None => Counted::ByAccount {
                account: account_hash.clone(),
                address: address.map(|address| sha256_hex(format!("address {address}").as_bytes())),
            },
        };
        Self { canonical, account_hash, counted }
    }
}

/// Somebody who knew the password.
pub(crate) struct Proved {
    pub(crate) user: StaffUser,
    claim: Claim,
    /// The stored hash, and the one to store instead.
    renewed: Option<(String, String)>,
    at: Timestamp,
}

/// Checks the password. Known and unknown addresses take the same steps.
pub(crate) async fn prove(
    service: &Service,
    claim: Claim,
    password: &Password,
) -> Result<Proved, CallError<AccountsError>> {
    if !password::may_be_hashed(password) {
        return Err(AccountsError::WrongCredentials.into());
    }
    let place = service.hashing.queue()?;
    let at = service.clock.now();
    let tried = claim.clone();
    let found = service.db.write(move |conn| begin(conn, &tried, at)).await?;
    let (user, stored) = found.unzip();
    match (user, place.verify(password.clone(), stored.clone()).await?) {
        (Some(user), Verified::Right { renewed }) => Ok(Proved { user, claim, renewed: stored.zip(renewed), at }),
        _ => {
            tracing::warn!(account = claim.account_hash, "a wrong password was given");
            Err(AccountsError::WrongCredentials.into())
        }
    }
}

/// Counts the attempt and finds the member of staff with the hash of their password.
fn begin(
    conn: &mut AnyConnection,
    claim: &Claim,
    now: Timestamp,
) -> Result<Option<(StaffUser, String)>, CallError<AccountsError>> {
    match &claim.counted {
        Counted::ByDevice(device) => count(conn, device, OF_ACCOUNT, now)?,
        // The address first, everywhere: whoever has to wait for another's attempt holds nothing that this one wants.
        Counted::ByAccount { account, address } => {
            if let Some(address) = address {
                count(conn, address, OF_ADDRESS, now)?;
            }
            count(conn, account, OF_ACCOUNT, now)?;
        }
    }
    Ok(store::user_by_email(conn, claim.canonical.as_deref().unwrap_or_default())?)
}

fn count(
    conn: &mut AnyConnection,
    counted_by: &str,
    limit: Limit,
    now: Timestamp,
) -> Result<(), CallError<AccountsError>> {
    if store::attempts_insert_if_none(conn, counted_by, Attempts::first(now), now)? {
        return Ok(());
    }
    // They are gone again only when somebody signed in within this moment.
    let attempts = store::attempts_touch(conn, counted_by, now)?;
    let attempts = attempts.ok_or_else(|| CallError::not_executed(NotExecuted::Conflict))?;
    let next = attempts.next(limit, now).map_err(|pause| {
        tracing::warn!(counted_by, ?pause, "too many attempts to sign in");
        AccountsError::TooManyAttempts { retry_after_seconds: pause.as_secs() + 1 }
    })?;
    Ok(store::attempts_set(conn, counted_by, next)?)
}

impl Proved {
    /// Takes back that the attempt was counted, and stores the password's hash anew where that is due; part of the unit
    /// of work that lets them in.
    pub(crate) fn settle(&self, conn: &mut AnyConnection) -> Result<(), CallError<AccountsError>> {
        match &self.claim.counted {
            Counted::ByDevice(device) => store::attempts_delete(conn, device)?,
            Counted::ByAccount { account, address } => {
                // Others may be guessing from the same address: theirs still count.
                if let Some(address) = address
                    && let Some(attempts) = store::attempts_touch(conn, address, self.at)?
                {
                    match attempts.less_one(self.at) {
                        Some(left) => store::attempts_set(conn, address, left)?,
                        None => store::attempts_delete(conn, address)?,
                    }
                }
                store::attempts_delete(conn, account)?;
            }
        }
        if let Some((former, hash)) = &self.renewed {
            store::user_set_hash(conn, self.user.id, former, hash)?;
        }
        Ok(())
    }
}
