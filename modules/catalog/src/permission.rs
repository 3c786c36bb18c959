//! Who may change products.

use accounts_api::Permission;
use catalog_api::CatalogError;
use kernel::Principal;

/// Refuses those who may not.
pub(crate) fn may_manage_products(principal: &Principal) -> Result<(), CatalogError> {
    if principal.may(Permission::ManageProducts.as_str()) {
        return Ok(());
    }
    tracing::warn!(actor = principal.actor(), what = "change products", "not permitted");
    Err(CatalogError::NotPermitted)
}
