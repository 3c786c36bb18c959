//! What holds for carts at any instant.

use kernel::db::Invariant;

/// All that this module can tell from its own data.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-M5",
        message: "a cart counts in two currencies",
        sql: "SELECT cart_id || ': ' || MIN(currency) || ' and ' || MAX(currency) AS found FROM cart_lines \
              GROUP BY cart_id HAVING MIN(currency) <> MAX(currency)",
    },
    Invariant {
        id: "I-O9",
        message: "one secret opens two carts",
        sql: "SELECT MIN(id) || ' and ' || MAX(id) AS found FROM carts WHERE completed_at IS NULL \
              GROUP BY secret_hash HAVING COUNT(*) > 1",
    },
    Invariant {
        id: "I-A3",
        message: "the secret of a cart is kept in clear",
        sql: "SELECT id AS found FROM carts WHERE LENGTH(secret_hash) <> 64",
    },
];
