//! Who may see and change promotions.

use accounts_api::Permission;
use cart_api::CartError;
use kernel::Principal;

/// Refuses those who may not see promotions.
pub(crate) fn may_read_promotions(principal: &Principal) -> Result<(), CartError> {
    may(principal, Permission::ReadProducts)
}

/// Refuses those who may not change promotions.
pub(crate) fn may_manage_promotions(principal: &Principal) -> Result<(), CartError> {
    may(principal, Permission::ManageProducts)
}

/// To shoppers it looks as if there were none.
fn may(principal: &Principal, permission: Permission) -> Result<(), CartError> {
    match principal {
        _ if principal.may(permission.as_str()) => Ok(()),
        Principal::Staff(_) => {
            tracing::warn!(actor = principal.actor(), permission = permission.as_str(), "not permitted");
            Err(CartError::NotPermitted)
        }
        _ => Err(CartError::NotFound),
    }
}
