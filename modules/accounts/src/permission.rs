//! Who may manage members of staff.

use accounts_api::{AccountsError, Permission, Role};
use kernel::Principal;

/// Refuses those who may not see members of staff.
pub(crate) fn may_manage_users(principal: &Principal) -> Result<(), AccountsError> {
    if principal.may(Permission::ManageUsers.as_str()) {
        Ok(())
    } else {
        Err(refused(principal, "manage members of staff"))
    }
}

/// Refuses those who may not create somebody with `role`: nobody gives what they do not have.
pub(crate) fn may_give(principal: &Principal, role: Role) -> Result<(), AccountsError> {
    may_manage_users(principal)?;
    let has_all = role.permissions().into_iter().all(|permission| principal.may(permission.as_str()));
    if has_all { Ok(()) } else { Err(refused(principal, "give more than they may do themselves")) }
}

/// Refuses everybody but the program itself.
pub(crate) fn is_the_program(principal: &Principal) -> Result<(), AccountsError> {
    if matches!(principal, Principal::Module(_)) { Ok(()) } else { Err(refused(principal, "open the set-up page")) }
}

fn refused(principal: &Principal, what: &str) -> AccountsError {
    tracing::warn!(actor = principal.actor(), what, "not permitted");
    AccountsError::NotPermitted
}
