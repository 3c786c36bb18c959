//! Broken rows are named by the invariant that they break.

use kernel::audit::AuditRequest;
use kernel::testing::{Plant, audit_finds, on_every_database};

use crate::shop::{Bench, staff};

#[rustfmt::skip] // A table reads best as one.
const PLANTS: &[Plant] = &[
    Plant::new("I-M4", "1001: subtotal", "UPDATE order_lines SET unit_price = unit_price + 1, line_total = line_total + quantity", "UPDATE order_lines SET unit_price = unit_price - 1, line_total = line_total - quantity"),
    Plant::new("I-O1", "1001: version 2, 2 events up to 9", "UPDATE order_events SET seq = 9 WHERE kind = 'created'", "UPDATE order_events SET seq = 1 WHERE kind = 'created'"),
    Plant::new("I-O1", "1001 is placed, event 2 (placed) says pending", "UPDATE order_events SET status = 'pending' WHERE kind = 'placed'", "UPDATE order_events SET status = 'placed' WHERE kind = 'placed'"),
    Plant::new("I-O2", "crt_one version 1: 2 orders", "DROP INDEX orders_cart; UPDATE orders SET search_text = cart_id, cart_id = 'crt_one'", "UPDATE orders SET cart_id = search_text"),
    Plant::new("I-O3", "1001 is fulfilled, 0 of 2 units", "UPDATE orders SET fulfillment_status = 'fulfilled' WHERE status = 'placed'", "UPDATE orders SET fulfillment_status = 'unfulfilled' WHERE status = 'placed'"),
    Plant::new("I-O3", "line less parcels are packed 1", "UPDATE order_lines SET packed = 1", "UPDATE order_lines SET packed = 0"),
    Plant::new("I-O5", "reserve", "UPDATE saga_steps SET status = 'started', ended_at = NULL WHERE step = 'reserve'", "UPDATE saga_steps SET status = 'done', ended_at = 1 WHERE step = 'reserve'"),
    Plant::new("I-O6", "buying since 1", "UPDATE sagas SET status = 'buying', next_attempt_at = 1", "UPDATE sagas SET status = 'finished', next_attempt_at = NULL"),
    Plant::new("I-E1", "1001", "UPDATE outbox SET kind = 'order.forgotten' WHERE kind = 'order.placed'", "UPDATE outbox SET kind = 'order.placed' WHERE kind = 'order.forgotten'"),
    Plant::new("I-E1", "1002", "UPDATE outbox SET kind = 'order.forgotten' WHERE kind = 'order.canceled'", "UPDATE outbox SET kind = 'order.canceled' WHERE kind = 'order.forgotten'"),
    Plant::new("I-E3", "has 2 events, from version 1 to 9", "UPDATE outbox SET aggregate_version = 9 WHERE kind = 'order.canceled'", "UPDATE outbox SET aggregate_version = 2 WHERE kind = 'order.canceled'"),
    Plant::new("I-E4", "orders.payments: evt_1 after 10 tries: no reason", "INSERT INTO inbox_parked VALUES ('orders.payments', 'evt_1', 'ord_1', 1, '{}', 10, 'no reason', 0, 'parked')", "DELETE FROM inbox_parked"),
    Plant::new("I-E5", "ship with key k1", "INSERT INTO idempotency VALUES ('ship', 'k1', '', '', 0)", "DELETE FROM idempotency WHERE key = 'k1'"),
];

#[tokio::test]
async fn a_broken_row_is_named_and_a_healthy_shop_has_none() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.placed("crt_ada", 2).await;
        let canceled = bench.placed("crt_bob", 1).await;
        bench.cancel("c1", canceled.id).await.unwrap();
        let audit = async || bench.orders.audit(&staff(), AuditRequest::default()).await.unwrap();
        audit_finds(&bench.db, PLANTS, audit).await;
    })
    .await;
}
