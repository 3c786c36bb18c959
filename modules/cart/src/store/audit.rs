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
    Invariant {
        id: "I-M12",
        message: "a code counts other uses than it has",
        sql: "SELECT code.code || ' counts ' || code.uses || ', has ' || COUNT(used.id) AS found FROM coupon_codes AS code \
              LEFT JOIN coupon_uses AS used ON used.code = code.code AND used.status <> 'released' \
              GROUP BY code.code, code.uses HAVING code.uses <> COUNT(used.id)",
    },
    Invariant {
        id: "I-M12",
        message: "a customer used a code more often than one may",
        sql: "SELECT used.code || ' was used ' || COUNT(*) || ' times by one customer of cart ' || MIN(used.cart_id) AS found \
              FROM coupon_uses AS used JOIN coupon_codes AS code ON code.code = used.code \
              WHERE used.status <> 'released' AND used.customer <> '' \
              GROUP BY used.code, used.customer, code.limit_per_customer HAVING COUNT(*) > code.limit_per_customer",
    },
    Invariant {
        id: "I-M12",
        message: "a code is used more often than it may be",
        sql: "SELECT code || ': ' || uses || ' of ' || use_limit AS found FROM coupon_codes WHERE uses > use_limit",
    },
];
