//! What holds for stock at any instant. What ends holds in time looks each second, and may be 5 seconds late.

use kernel::db::Invariant;

/// All that this module can tell from its own data; what spans modules is compared elsewhere.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-S1",
        message: "a counter is below zero, or more is held than is there",
        sql: "SELECT variant_id || ' at ' || location_id || ': on hand ' || on_hand || ', reserved ' || reserved \
              || ', allocated ' || allocated AS found \
              FROM stock_levels \
              WHERE on_hand < 0 OR reserved < 0 OR allocated < 0 OR (track_inventory AND NOT backorderable \
              AND reserved > 0 AND reserved + allocated > on_hand AND updated_at < :now - 5000000)",
    },
    Invariant {
        id: "I-S2",
        message: "the ledger does not add up to the counters",
        sql: "SELECT sums.variant_id || ' at ' || sums.location_id || ': counters less ledger are on hand ' \
              || SUM(sums.on_hand) || ', reserved ' || SUM(sums.reserved) || ', allocated ' || SUM(sums.allocated) \
              AS found \
              FROM (SELECT variant_id, location_id, on_hand, reserved, allocated FROM stock_levels \
              UNION ALL SELECT variant_id, location_id, -SUM(on_hand_delta), -SUM(reserved_delta), \
              -SUM(allocated_delta) FROM stock_movements GROUP BY variant_id, location_id) AS sums \
              GROUP BY sums.variant_id, sums.location_id \
              HAVING SUM(sums.on_hand) <> 0 OR SUM(sums.reserved) <> 0 OR SUM(sums.allocated) <> 0",
    },
    Invariant {
        id: "I-S3",
        message: "the reservations do not add up to the counters",
        sql: "SELECT sums.variant_id || ' at ' || sums.location_id || ': counters less reservations are reserved ' \
              || SUM(sums.reserved) || ', allocated ' || SUM(sums.allocated) AS found \
              FROM (SELECT variant_id, location_id, reserved, allocated FROM stock_levels \
              UNION ALL SELECT line.variant_id, line.location_id, \
              -CASE WHEN head.status = 'held' THEN line.quantity ELSE 0 END, \
              -CASE WHEN head.status = 'allocated' THEN line.quantity - line.shipped ELSE 0 END \
              FROM reservation_lines AS line JOIN reservations AS head ON head.order_id = line.order_id \
              WHERE head.status IN ('held', 'allocated')) AS sums \
              GROUP BY sums.variant_id, sums.location_id \
              HAVING SUM(sums.reserved) <> 0 OR SUM(sums.allocated) <> 0",
    },
    // The ledger names a cart where the cart held; what became of that is written under the order that took it over.
    Invariant {
        id: "I-S4",
        message: "a reservation ended more than once, or its end is not in the ledger",
        sql: "SELECT sums.whose || ', ' || sums.variant_id || ': ledger less reservations are reserved ' \
              || SUM(sums.reserved) || ', allocated ' || SUM(sums.allocated) AS found \
              FROM (SELECT COALESCE(head.cart_id, line.reference) AS whose, line.variant_id, \
              line.reserved_delta AS reserved, line.allocated_delta AS allocated \
              FROM stock_movements AS line LEFT JOIN reservations AS head ON head.order_id = line.reference \
              WHERE line.reference IS NOT NULL AND (line.reserved_delta <> 0 OR line.allocated_delta <> 0) \
              UNION ALL SELECT COALESCE(head.cart_id, head.order_id), line.variant_id, \
              -CASE WHEN head.status = 'held' THEN line.quantity ELSE 0 END, \
              -CASE WHEN head.status = 'allocated' THEN line.quantity - line.shipped ELSE 0 END \
              FROM reservation_lines AS line JOIN reservations AS head ON head.order_id = line.order_id \
              WHERE head.status IN ('held', 'allocated')) AS sums \
              GROUP BY sums.whose, sums.variant_id \
              HAVING SUM(sums.reserved) <> 0 OR SUM(sums.allocated) <> 0",
    },
    Invariant {
        id: "I-S5",
        message: "a live reservation holds nothing",
        sql: "SELECT head.order_id || ' is ' || head.status AS found FROM reservations AS head \
              WHERE head.status = 'held' AND NOT EXISTS \
              (SELECT 1 FROM reservation_lines AS line WHERE line.order_id = head.order_id)",
    },
    Invariant {
        id: "I-S6",
        message: "a hold outlived its time by more than 5 seconds",
        sql: "SELECT order_id || ' since ' || expires_at AS found FROM reservations \
              WHERE status = 'held' AND expires_at < :now - 5000000",
    },
    Invariant {
        id: "I-S7",
        message: "the kinds of the ledger do not add up to what is on hand",
        sql: "SELECT sums.variant_id || ': ' || SUM(sums.on_hand) || ' units too many, ' || SUM(sums.on_the_way) \
              || ' made by transfers, ' || SUM(sums.odd) || ' lines of a kind that cannot be' AS found \
              FROM (SELECT variant_id, on_hand, 0 AS on_the_way, 0 AS odd FROM stock_levels \
              UNION ALL SELECT variant_id, \
              -CASE WHEN kind IN ('received', 'returned', 'adjusted', 'shipped') THEN on_hand_delta ELSE 0 END, \
              CASE WHEN kind = 'transferred' THEN on_hand_delta ELSE 0 END, \
              CASE WHEN (kind IN ('reserved', 'allocated', 'released') AND on_hand_delta <> 0) \
              OR (kind IN ('received', 'returned') AND on_hand_delta <= 0) \
              OR (kind = 'shipped' AND on_hand_delta > 0) THEN 1 ELSE 0 END \
              FROM stock_movements) AS sums \
              GROUP BY sums.variant_id \
              HAVING SUM(sums.on_hand) <> 0 OR SUM(sums.on_the_way) <> 0 OR SUM(sums.odd) <> 0",
    },
];
