//! What holds for orders at any instant; what spans modules is compared elsewhere.

use kernel::db::Invariant;

/// All that this module can tell from its own data.
pub(crate) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I-M4",
        message: "the lines of an order do not add up to its subtotal",
        sql: "SELECT orders.number || ': subtotal ' || orders.subtotal || ', lines ' || COALESCE(SUM(line.line_total), 0) \
              AS found FROM orders LEFT JOIN order_lines AS line ON line.order_id = orders.id \
              GROUP BY orders.id, orders.number, orders.subtotal \
              HAVING orders.subtotal <> COALESCE(SUM(line.line_total), 0)",
    },
    Invariant {
        id: "I-O1",
        message: "the timeline of an order has a gap",
        sql: "SELECT orders.number || ': version ' || orders.version || ', ' || COUNT(event.seq) || ' events up to ' \
              || COALESCE(MAX(event.seq), 0) AS found \
              FROM orders LEFT JOIN order_events AS event ON event.order_id = orders.id \
              GROUP BY orders.id, orders.number, orders.version \
              HAVING orders.version <> COUNT(event.seq) OR orders.version <> COALESCE(MAX(event.seq), 0)",
    },
    Invariant {
        id: "I-O1",
        message: "an order is in another status than its last event says",
        sql: "SELECT orders.number || ' is ' || orders.status || ', event ' || event.seq || ' (' || event.kind || ') says ' \
              || event.status AS found \
              FROM orders JOIN order_events AS event ON event.order_id = orders.id AND event.seq = orders.version \
              WHERE event.status <> orders.status",
    },
    Invariant {
        id: "I-O1",
        message: "an order changed in a way that it cannot",
        sql: "SELECT b.order_id || ': ' || a.status || ' to ' || b.status || ' with event ' || b.seq AS found \
              FROM order_events a JOIN order_events b ON b.order_id = a.order_id AND b.seq = a.seq + 1 \
              WHERE a.status <> b.status AND (a.status || ' ' || b.status) NOT IN \
              ('pending placed', 'pending canceled', 'pending expired', 'placed completed', \
              'placed canceled', 'draft pending', 'draft canceled', 'draft placed')",
    },
    Invariant {
        id: "I-O2",
        message: "one version of a cart was ordered twice",
        sql: "SELECT cart_id || ' version ' || cart_version || ': ' || COUNT(*) || ' orders' AS found \
              FROM orders WHERE key IS NOT NULL GROUP BY cart_id, cart_version HAVING COUNT(*) > 1",
    },
    Invariant {
        id: "I-O2",
        message: "two orders have one key or number",
        sql: "SELECT 'key ' || key || ': ' || COUNT(*) AS found FROM orders WHERE key IS NOT NULL \
              GROUP BY key HAVING COUNT(*) > 1 \
              UNION ALL SELECT 'number ' || number || ': ' || COUNT(*) FROM orders GROUP BY number HAVING COUNT(*) > 1",
    },
    Invariant {
        id: "I-O3",
        message: "an order and its lines differ in what has left the house",
        sql: "SELECT orders.number || ' is ' || orders.fulfillment_status || ', ' || SUM(line.shipped) || ' of ' \
              || SUM(line.quantity) || ' units have left' AS found \
              FROM orders JOIN order_lines AS line ON line.order_id = orders.id \
              GROUP BY orders.id, orders.number, orders.fulfillment_status \
              HAVING (orders.fulfillment_status = 'fulfilled' AND SUM(line.shipped) < SUM(line.quantity)) \
              OR (orders.fulfillment_status = 'unfulfilled' AND SUM(line.shipped) > 0)",
    },
    Invariant {
        id: "I-O3",
        message: "a line and the parcels differ in what was packed or has left",
        sql: "SELECT sums.line || ': line less parcels are packed ' || SUM(sums.packed) || ', shipped ' || SUM(sums.shipped) \
              AS found FROM (SELECT id AS line, packed, shipped FROM order_lines \
              UNION ALL SELECT part.order_line_id, -part.quantity, \
              -CASE WHEN parcel.status = 'shipped' THEN part.quantity ELSE 0 END \
              FROM fulfillment_lines AS part JOIN fulfillments AS parcel ON parcel.id = part.fulfillment_id) AS sums \
              GROUP BY sums.line HAVING SUM(sums.packed) <> 0 OR SUM(sums.shipped) <> 0",
    },
    Invariant {
        id: "I-O3",
        message: "an order says that money went back, and no refund does, or the other way round",
        sql: "SELECT o.number || ' is ' || o.payment_status || ', refunds together ' || COALESCE(SUM(r.amount), 0) \
              AS found FROM orders o LEFT JOIN order_refunds r ON r.order_id = o.id AND r.status = 'succeeded' \
              GROUP BY o.id, o.number, o.payment_status, o.total, o.unpaid \
              HAVING (COALESCE(SUM(r.amount), 0) > 0) <> (o.payment_status IN ('partially_refunded', 'refunded')) \
              OR (o.payment_status = 'refunded' AND COALESCE(SUM(r.amount), 0) < o.total - o.unpaid)",
    },
    Invariant {
        id: "I-O3",
        message: "more is to go back than was to be paid",
        sql: "SELECT o.number || ': ' || SUM(r.amount) || ' of ' || (o.total - o.unpaid) AS found \
              FROM orders o JOIN order_refunds r ON r.order_id = o.id AND r.status <> 'failed' \
              GROUP BY o.id, o.number, o.total, o.unpaid HAVING SUM(r.amount) > o.total - o.unpaid",
    },
    Invariant {
        id: "I-O3",
        message: "what is to come back is not what the returns say",
        sql: "SELECT l.id || ': to come back ' || l.coming_back AS found FROM order_lines l \
              WHERE l.coming_back <> (SELECT COALESCE(SUM(r.quantity), 0) FROM return_lines r \
              JOIN returns h ON h.id = r.return_id \
              WHERE r.order_line_id = l.id AND h.status IN ('requested', 'approved'))",
    },
    Invariant {
        id: "I-O5",
        message: "the work on an order is at an end, and one of its steps is not",
        sql: "SELECT step.key || ' is ' || step.status || ', the work is ' || sagas.status AS found \
              FROM saga_steps AS step JOIN sagas ON sagas.order_id = step.order_id \
              WHERE step.status = 'started' AND sagas.next_attempt_at IS NULL",
    },
    Invariant {
        id: "I-O5",
        message: "a step was taken back and is done all the same",
        sql: "SELECT s.key || ' takes back ' || u.key || ', which is ' || u.status AS found \
              FROM saga_steps s JOIN saga_steps u ON u.key = s.undoes JOIN sagas g ON g.order_id = s.order_id \
              JOIN orders o ON o.id = s.order_id \
              WHERE s.status = 'done' AND g.status = 'finished' AND o.status IN ('pending', 'placed', 'completed')",
    },
    Invariant {
        id: "I-O5",
        message: "an order has no journal",
        sql: "SELECT orders.number || ' (' || orders.id || ')' AS found FROM orders \
              WHERE NOT EXISTS (SELECT 1 FROM sagas WHERE sagas.order_id = orders.id)",
    },
    Invariant {
        id: "I-O6",
        message: "the work on an order is due, and nobody takes it up",
        sql: "SELECT order_id || ': ' || status || ' since ' || next_attempt_at || ', after ' || attempts || ' attempts' \
              AS found FROM sagas WHERE next_attempt_at < :late AND lease_expires_at < :late",
    },
    Invariant {
        id: "I-E1",
        message: "an order was placed, and no event tells of it",
        sql: "SELECT number || ' (' || id || ')' AS found FROM orders WHERE placed_at > :kept AND NOT EXISTS \
              (SELECT 1 FROM outbox WHERE outbox.aggregate_id = orders.id AND outbox.kind = 'order.placed')",
    },
    Invariant {
        id: "I-E1",
        message: "an order ended, and no event tells of it",
        sql: "SELECT number || ' (' || id || ')' AS found FROM orders \
              WHERE status IN ('canceled', 'expired') AND created_at > :kept AND NOT EXISTS \
              (SELECT 1 FROM outbox WHERE outbox.aggregate_id = orders.id AND outbox.kind = 'order.canceled')",
    },
];
