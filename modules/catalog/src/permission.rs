//! Who may see what shoppers do not, and change it.

use accounts_api::Permission;
use catalog_api::CatalogError;
use kernel::Principal;

/// Refuses those who may not change products and their prices.
pub(crate) fn may_manage_products(principal: &Principal) -> Result<(), CatalogError> {
    may(principal, Permission::ManageProducts)
}

/// Refuses those who may not see price lists and the history of prices.
pub(crate) fn may_read_products(principal: &Principal) -> Result<(), CatalogError> {
    may(principal, Permission::ReadProducts)
}

fn may(principal: &Principal, permission: Permission) -> Result<(), CatalogError> {
    if principal.may(permission.as_str()) {
        return Ok(());
    }
    tracing::warn!(actor = principal.actor(), permission = permission.as_str(), "not permitted");
    Err(CatalogError::NotPermitted)
}
