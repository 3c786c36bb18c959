//! What holds for products at any instant: what lists show is what the products say.

use kernel::db::Invariant;

/// All that this module can tell from its own data.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-E7",
        message: "the price that lists show is not the lowest of the product",
        sql: "SELECT products.slug || ': lists show ' || products.price_from_minor || ', the lowest is ' \
              || MIN(variants.price_minor) AS found \
              FROM products JOIN variants ON variants.product_id = products.id \
              GROUP BY products.id, products.slug, products.price_from_minor \
              HAVING products.price_from_minor <> MIN(variants.price_minor)",
    },
    Invariant {
        id: "I-E7",
        message: "a list counts other products than there are",
        sql: "SELECT sums.place || ', ' || sums.status || ': ' || SUM(sums.product_count) || ' too many' AS found \
              FROM (SELECT category_slug AS place, status, product_count FROM listing_counts \
              UNION ALL SELECT COALESCE(category_slug, ''), status, -COUNT(*) FROM products \
              GROUP BY COALESCE(category_slug, ''), status) AS sums \
              GROUP BY sums.place, sums.status HAVING SUM(sums.product_count) <> 0",
    },
    Invariant {
        id: "I-E7",
        message: "the history of prices ends with another price than that of the variant",
        sql: "SELECT products.slug || ', ' || variants.id || ' costs ' || variants.price_minor AS found \
              FROM variants JOIN products ON products.id = variants.product_id \
              WHERE products.status = 'active' AND variants.price_minor <> COALESCE((SELECT price_minor FROM price_history \
              WHERE variant_id = variants.id ORDER BY from_at DESC LIMIT 1), -1)",
    },
    Invariant {
        id: "I-E7",
        message: "a variant is offered for the price of a list that does not name it",
        sql: "SELECT id AS found FROM variants WHERE (own_price_minor IS NOT NULL OR tiers IS NOT NULL) AND NOT EXISTS \
              (SELECT 1 FROM list_prices WHERE list_prices.variant_id = variants.id)",
    },
    Invariant {
        id: "I-E7",
        message: "a product has nothing that can be bought",
        sql: "SELECT slug AS found FROM products WHERE NOT EXISTS \
              (SELECT 1 FROM variants WHERE variants.product_id = products.id)",
    },
];
