//! Changing the pepper, while everybody keeps their password.

use kernel::testing::on_every_database;

use crate::staff::{GOOD, Shop, anyone, is_wrong, sign_in};

const OLD: &[u8] = b"the pepper of last year";
const NEW: &[u8] = b"the pepper of this year";

#[tokio::test]
async fn who_signs_in_while_peppers_change_can_sign_in_without_the_old_one() {
    on_every_database(|home| async move {
        Shop::open_with(&home, (OLD, None)).await.ada().await;
        let refused = async |shop: &Shop| {
            let error = shop.accounts.sign_in(&anyone(), sign_in("ada@example.org", GOOD)).await.expect_err("refused");
            assert!(is_wrong(&error), "{error}");
        };
        let (during, after) =
            (Shop::open_with(&home, (NEW, Some(OLD))).await, Shop::open_with(&home, (NEW, None)).await);
        refused(&after).await;
        during.signed_in().await;
        after.signed_in().await;
        refused(&Shop::open_with(&home, (OLD, None)).await).await;
    })
    .await;
}
