//! Broken rows are named by the invariant that they break.

use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::staff::{GOOD, Shop, anyone, program, sign_in};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-A3", "usr_", "UPDATE sessions SET secret_hash = 'x' || secret_hash", "UPDATE sessions SET secret_hash = substr(secret_hash, 2)"),
    Plant::new("I-A3", "usr_", "UPDATE users SET password_hash = 'x' || password_hash", "UPDATE users SET password_hash = substr(password_hash, 2)"),
    Plant::new("I-A4", "1 members", "UPDATE users SET role = 'packer'", "UPDATE users SET role = 'owner'"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let ada = shop.ada().await;
        shop.accounts.sign_in(&anyone(), sign_in(ada.email.as_str(), GOOD)).await.expect("signed in");
        let audit = async || shop.accounts.audit(&program(), AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
    })
    .await;
}
