//! Broken rows are named by the invariant that they break.

use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::{Shop, product, sized, staff};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-E7", "slate: lists show 501, the lowest is 500", "UPDATE products SET price_from_minor = 501 WHERE slug = 'slate'", "UPDATE products SET price_from_minor = 500 WHERE slug = 'slate'"),
    Plant::new("I-E7", "chalk, var_", "UPDATE price_history SET price_minor = 299 WHERE price_minor = 300", "UPDATE price_history SET price_minor = 300 WHERE price_minor = 299"),
    Plant::new("I-E7", "active: 1 too many", "UPDATE listing_counts SET product_count = product_count + 1", "UPDATE listing_counts SET product_count = product_count - 1"),
    Plant::new("I-E7", "slate", "UPDATE variants SET product_id = (SELECT id FROM products WHERE slug = 'chalk'), position = position + 50 WHERE product_id = (SELECT id FROM products WHERE slug = 'slate')", "UPDATE variants SET product_id = (SELECT id FROM products WHERE slug = 'slate'), position = position - 50 WHERE position >= 50"),
    Plant::new("I-E7", "var_", "UPDATE variants SET own_price_minor = 499 WHERE price_minor = 500", "UPDATE variants SET own_price_minor = NULL WHERE price_minor = 500"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let shop = Shop::with(&home, &[product("chalk", "Chalk", 300), sized("slate", &["S", "L"], 500)]).await;
        let audit = async || shop.catalog.audit(&staff(), AuditRequest::default()).await.expect("an answer");
        audit_finds(&shop.db, PLANTS, audit).await;
    })
    .await;
}
