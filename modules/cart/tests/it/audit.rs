//! Broken rows are named by the invariant that they break.

use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::codes;
use crate::shop::{Shop, guest};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-M5", "EUR and USD", "UPDATE cart_lines SET currency = 'USD' WHERE title = 'Slate'", "UPDATE cart_lines SET currency = 'EUR'"),
    Plant::new("I-O9", "crt_", "DROP INDEX carts_open; UPDATE carts SET email = secret_hash, secret_hash = '0123456789012345678901234567890123456789012345678901234567890123'", "UPDATE carts SET secret_hash = email, email = NULL"),
    Plant::new("I-A3", "crt_", "UPDATE carts SET secret_hash = 'x' || secret_hash", "UPDATE carts SET secret_hash = substr(secret_hash, 2)"),
    Plant::new("I-M12", "SPRING5 counts 3, has 2", "UPDATE coupon_codes SET uses = 3", "UPDATE coupon_codes SET uses = 2"),
    Plant::new("I-M12", "SPRING5: 2 of 1", "UPDATE coupon_codes SET use_limit = 1", "UPDATE coupon_codes SET use_limit = 2"),
    Plant::new("I-M12", "used 2 times by one", "UPDATE coupon_uses SET customer = 'ada@example.org'", "UPDATE coupon_uses SET customer = cart_id"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let (chalk, slate) = (shop.sell("Chalk", 300, 10), shop.sell("Slate", 500, 10));
        let (ada, bob) = (guest(), guest());
        shop.add(&ada, chalk, 1).await.expect("added");
        shop.add(&ada, slate, 1).await.expect("added");
        shop.add(&bob, chalk, 1).await.expect("added");
        codes::save(&shop, codes::limited(Some(2), Some(1))).await;
        shop.claim(&codes::shopper(&shop, chalk, "ada@example.org").await).await.expect("claimed");
        shop.claim(&codes::shopper(&shop, chalk, "bob@example.org").await).await.expect("claimed");
        let audit = async || shop.carts.audit(&ada, AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
    })
    .await;
}
