//! What staff do with orders: mark as paid, pack, ship, cancel.

use kernel::testing::on_every_database;
use kernel::{CallError, NotExecuted};
use orders_api::{
    CancelOrder, FindOrder, FulfillmentLine, FulfillmentStatus, ListOrders, MarkPaid, Order, OrderStatus, OrdersError,
    Pack, PaymentStatus, RefundOrder, Ship,
};

use crate::neighbors::{Fault, eur};
use crate::shop::{Bench, CHALK, Outcome, SLATE, chalk, guest, key, line, refusal, staff, staff_who_may, units};

async fn ship(bench: &Bench, name: &str, order: &Order, parcel: usize) -> Outcome<Order> {
    let request = Ship {
        key: key(name),
        order_id: order.id,
        fulfillment_id: order.fulfillments[parcel].id,
        carrier: Some("Post".to_owned()),
        tracking_number: Some("RR1".to_owned()),
    };
    bench.orders.ship(&staff(), request).await
}

fn not_allowed(outcome: Outcome<Order>) -> (String, String) {
    match refusal(outcome) {
        OrdersError::NotAllowed { action, status } => (action, status),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_order_is_completed_when_all_of_it_is_paid_and_shipped() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 3).await;
        let packed = bench.pack("p1", &order, 2).await.unwrap();
        assert_eq!((packed.lines[0].packed, packed.lines[0].shipped), (2, 0));
        let shipped = ship(&bench, "s1", &packed, 0).await.unwrap();
        assert_eq!(shipped.fulfillment_status, FulfillmentStatus::PartiallyFulfilled);
        bench.mark_paid("m1", order.id).await.unwrap();
        let packed = bench.pack("p2", &order, 1).await.unwrap();
        assert_eq!(packed.status, OrderStatus::Placed);
        let done = ship(&bench, "s2", &packed, 1).await.unwrap();
        assert_eq!((done.status, done.fulfillment_status), (OrderStatus::Completed, FulfillmentStatus::Fulfilled));
        assert_eq!(done.fulfillments[1].tracking_number.as_deref(), Some("RR1"));
        let expected = ["created", "placed", "packed", "shipped", "paid", "packed", "shipped"];
        assert_eq!(bench.timeline(order.id).await, expected);
        let told = ["order.placed", "fulfillment.shipped", "order.paid", "fulfillment.shipped"];
        assert_eq!(bench.told(order.id).await, told);
    })
    .await;
}

#[tokio::test]
async fn more_than_was_ordered_cannot_be_packed() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 3).await;
        let stranger = bench.placed("crt_bob", 1).await;
        bench.pack("p1", &order, 2).await.unwrap();
        assert!(matches!(refusal(bench.pack("p2", &order, 2).await), OrdersError::Invalid { .. }));

        let line = |id, quantity| FulfillmentLine { order_line_id: id, quantity: units(quantity) };
        let own = order.lines[0].id;
        let wrong = [vec![], vec![line(own, 1), line(own, 1)], vec![line(own, 1), line(stranger.lines[0].id, 1)]];
        for lines in wrong {
            let request = Pack { key: key("p3"), order_id: order.id, lines };
            assert!(matches!(refusal(bench.orders.pack(&staff(), request).await), OrdersError::Invalid { .. }));
        }
        let order = bench.order(order.id).await;
        assert_eq!((order.lines[0].packed, order.fulfillments.len()), (2, 1));
        assert_eq!(bench.order(stranger.id).await.lines[0].packed, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_pack_the_last_unit_one_succeeds() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        let (first, second) = tokio::join!(bench.pack("p1", &order, 1), bench.pack("p2", &order, 1));
        assert_eq!([&first, &second].iter().filter(|packed| packed.is_ok()).count(), 1);
        assert_eq!(bench.order(order.id).await.fulfillments.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_repeat_packs_and_ships_nothing_more() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 3).await;
        let packed = bench.pack("p1", &order, 1).await.unwrap();
        assert_eq!(bench.pack("p1", &order, 1).await.unwrap(), packed);
        let reused = bench.pack("p1", &order, 2).await;
        assert!(matches!(reused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })), "{reused:?}");

        let shipped = ship(&bench, "s1", &packed, 0).await.unwrap();
        assert_eq!(ship(&bench, "s1", &packed, 0).await.unwrap(), shipped);
        assert_eq!(not_allowed(ship(&bench, "s2", &packed, 0).await).0, "shipped");
        assert_eq!(bench.told(order.id).await, ["order.placed", "fulfillment.shipped"]);
    })
    .await;
}

#[tokio::test]
async fn a_parcel_of_another_order_cannot_be_shipped_with_this_one() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let ada = bench.placed("crt_ada", 1).await;
        let bob = bench.pack("p1", &bench.placed("crt_bob", 1).await, 1).await.unwrap();
        let mixed = Order { id: ada.id, ..bob };
        assert_eq!(refusal(ship(&bench, "s1", &mixed, 0).await), OrdersError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_parcel_tells_the_warehouse_what_was_in_it() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let mut request = chalk("crt_ada", 1);
        request.lines = vec![line(CHALK, "Chalk", 2), line(SLATE, "Slate", 1), line(CHALK, "Chalk", 1)];
        request.expected_total = crate::neighbors::eur(4 * 250 + 490);
        let order = bench.order(bench.place(&request).await.unwrap().order_id).await;
        let all = order.lines.iter().map(|line| FulfillmentLine { order_line_id: line.id, quantity: line.quantity });
        let pack = Pack { key: key("p1"), order_id: order.id, lines: all.collect() };
        let packed = bench.orders.pack(&staff(), pack).await.unwrap();
        ship(&bench, "s1", &packed, 0).await.unwrap();
        let (_, shipped) = bench.outbox(order.id).await.pop().unwrap();
        assert_eq!(shipped["items"], serde_json::json!([[CHALK, 3], [SLATE, 1]]));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_placed_is_neither_packed_nor_marked_as_paid() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        let order = bench.order(id).await;
        assert_eq!(not_allowed(bench.pack("p1", &order, 1).await), ("packed".to_owned(), "pending".to_owned()));
        assert_eq!(not_allowed(bench.mark_paid("m1", id).await), ("paid".to_owned(), "pending".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn money_is_recorded_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.mark_paid("m1", order.id).await.unwrap();
        bench.mark_paid("m1", order.id).await.unwrap();
        assert_eq!(not_allowed(bench.mark_paid("m2", order.id).await).0, "paid");
        assert_eq!(bench.bank.captures(&order.id.to_string()), 1);
        assert_eq!(bench.told(order.id).await, ["order.placed", "order.paid"]);
        let last = bench.order(order.id).await.timeline.pop().unwrap();
        assert_eq!((last.kind.as_str(), last.actor.as_str()), ("paid", "staff:Grace"));
    })
    .await;
}

#[tokio::test]
async fn money_that_billing_cannot_be_told_of_now_is_recorded_later() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.bank.line.fail("record_payment", Fault::Unreachable);
        assert!(matches!(bench.mark_paid("m1", order.id).await, Err(CallError::Unknown(_))));
        bench.clock.advance(std::time::Duration::from_secs(6));
        bench.settled().await;
        assert_eq!(bench.order(order.id).await.payment_status, PaymentStatus::Paid);
    })
    .await;
}

#[tokio::test]
async fn a_canceled_order_gives_its_stock_back_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 2).await;
        let canceled = bench.cancel("c1", order.id).await.unwrap();
        assert_eq!((canceled.status, canceled.payment_status), (OrderStatus::Canceled, PaymentStatus::Voided));
        assert_eq!(bench.cancel("c1", order.id).await.unwrap().status, OrderStatus::Canceled);
        assert_eq!(not_allowed(bench.cancel("c2", order.id).await).0, "canceled");
        assert_eq!((bench.warehouse.available(CHALK), bench.open_journals().await), (10, 0));
        assert!(!bench.bank.is_payable(&order.id.to_string()));
        assert_eq!(bench.told(order.id).await, ["order.placed", "order.canceled"]);
        assert_eq!(bench.outbox(order.id).await.pop().unwrap().1["was_placed"], true);
    })
    .await;
}

#[tokio::test]
async fn an_order_that_is_packed_is_not_canceled() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let packed = bench.placed("crt_ada", 2).await;
        bench.pack("p1", &packed, 1).await.unwrap();
        assert_eq!(not_allowed(bench.cancel("c1", packed.id).await).1, "packed");
        bench.mark_paid("m1", packed.id).await.unwrap();
        assert_eq!(not_allowed(bench.cancel("c2", packed.id).await).1, "packed");
        assert_eq!(bench.warehouse.allocated(CHALK), 2);
    })
    .await;
}

#[tokio::test]
async fn canceling_what_was_paid_at_the_same_moment_places_it_instead() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.pay(&id.to_string());
        assert_eq!(not_allowed(bench.cancel("c1", id).await).1, "placed and paid");
        let order = bench.order(id).await;
        assert_eq!((order.status, order.payment_status), (OrderStatus::Placed, PaymentStatus::Paid));
        assert_eq!((bench.warehouse.allocated(CHALK), bench.open_journals().await), (1, 0));
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn who_ends_an_attempt_to_buy_leaves_a_placed_order_alone() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let (placed, waiting) = (bench.placed("crt_ada", 1).await, bench.paying("crt_bob", 1).await);
        let end = |order_id: orders_api::OrderId| CancelOrder {
            key: key(&order_id.to_string()),
            order_id,
            reason: "Ordered anew".to_owned(),
            write_off: false,
            unless_placed: true,
        };
        let refused = bench.orders.cancel_order(&staff(), end(placed.id)).await;
        assert_eq!(not_allowed(refused).0, "canceled");
        assert_eq!(bench.order(placed.id).await.status, OrderStatus::Placed);
        bench.orders.cancel_order(&staff(), end(waiting)).await.unwrap();
        assert_eq!(bench.order(waiting).await.status, OrderStatus::Canceled);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_canceling_packing_and_paying_at_once_no_two_win_that_exclude_each_other() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for number in 0..5 {
            let order = bench.placed(&format!("crt_{number}"), 1).await;
            let name = format!("all{number}");
            let (canceled, packed, paid) = tokio::join!(
                bench.cancel(&name, order.id),
                bench.pack(&name, &order, 1),
                bench.mark_paid(&name, order.id),
            );
            let after = bench.order(order.id).await;
            let is_canceled = after.status == OrderStatus::Canceled;
            assert_eq!(canceled.is_ok(), is_canceled, "{canceled:?} {after:?}");
            assert_eq!(packed.is_ok(), !is_canceled, "{packed:?} {after:?}");
            // Who paid before it was canceled gets all of it back.
            let id = order.id.to_string();
            let back: i64 = bench.bank.given_back(&id).iter().sum();
            assert_eq!((bench.bank.captures(&id), back > 0), (i64::from(paid.is_ok()), is_canceled && paid.is_ok()));
            assert!(back == 0 || back == order.total.amount);
        }
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test]
async fn guests_cancel_their_own_order_and_do_nothing_else() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        let (owner, stranger) = (guest(&chalk("crt_ada", 1)), guest(&chalk("crt_eve", 1)));
        let cancel = |name| CancelOrder {
            key: key(name),
            order_id: order.id,
            reason: "No".to_owned(),
            write_off: true,
            unless_placed: false,
        };
        let lines = vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(1) }];
        let pack = Pack { key: key("p1"), order_id: order.id, lines };
        let mark = MarkPaid { key: key("m1"), order_id: order.id, reference: None };
        assert_eq!(refusal(bench.orders.cancel_order(&stranger, cancel("c1")).await), OrdersError::NotFound);
        assert_eq!(refusal(bench.orders.pack(&owner, pack).await), OrdersError::NotFound);
        assert_eq!(refusal(bench.orders.mark_paid(&owner, mark).await), OrdersError::NotFound);
        let canceled = bench.orders.cancel_order(&owner, cancel("c2")).await.unwrap();
        assert_eq!(canceled.status, OrderStatus::Canceled);
        // Whether its goods are lost is not for them to say.
        assert_eq!(bench.warehouse.available(CHALK), 10);
    })
    .await;
}

#[tokio::test]
async fn staff_do_what_their_role_allows() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 2).await;
        let lines = || vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(1) }];
        let pack = |name: &str| Pack { key: key(name), order_id: order.id, lines: lines() };
        let mark = |name: &str| MarkPaid { key: key(name), order_id: order.id, reference: None };
        let cancel = |name: &str| {
            let reason = "No".to_owned();
            CancelOrder { key: key(name), order_id: order.id, reason, write_off: false, unless_placed: false }
        };
        let refund = |name: &str| {
            let (key, reason) = (key(name), "No".to_owned());
            RefundOrder {
                key,
                order_id: order.id,
                amount: eur(1),
                to: orders_api::RefundTo::Payment,
                reason,
                restock: Vec::new(),
                location_id: None,
            }
        };
        let (reader, packer) = (staff_who_may(&["read_orders"]), staff_who_may(&["fulfill_orders"]));
        let shop_assistant = staff_who_may(&["manage_products"]);
        assert_eq!(refusal(bench.orders.pack(&reader, pack("p1")).await), OrdersError::NotPermitted);
        assert_eq!(refusal(bench.orders.mark_paid(&packer, mark("m1")).await), OrdersError::NotPermitted);
        assert_eq!(refusal(bench.orders.cancel_order(&packer, cancel("c1")).await), OrdersError::NotPermitted);
        assert_eq!(refusal(bench.orders.refund_order(&packer, refund("f1")).await), OrdersError::NotPermitted);
        let list = bench.orders.list_orders(&shop_assistant, ListOrders::default()).await;
        assert_eq!(refusal(list), OrdersError::NotPermitted);
        assert_eq!(bench.orders.order(&shop_assistant, FindOrder::Id(order.id)).await.unwrap(), None);
        let packed = bench.orders.pack(&packer, pack("p2")).await.unwrap();
        assert_eq!(packed.lines[0].packed, 1);
        assert_eq!(refusal(ship_as(&bench, &reader, &packed).await), OrdersError::NotPermitted);
    })
    .await;
}

async fn ship_as(bench: &Bench, ctx: &kernel::CallCtx, order: &Order) -> Outcome<Order> {
    let fulfillment_id = order.fulfillments[0].id;
    let request = Ship { key: key("s"), order_id: order.id, fulfillment_id, carrier: None, tracking_number: None };
    bench.orders.ship(ctx, request).await
}

#[tokio::test]
async fn the_timeline_says_what_was_done_in_words() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 3).await;
        bench.bank.pay(&id.to_string());
        bench.advance(id).await;
        let order = bench.order(id).await;
        bench.pack("p1", &order, 1).await.unwrap();
        let packed = bench.pack("p2", &order, 2).await.unwrap();
        let shipped = ship(&bench, "s1", &packed, 0).await.unwrap();
        let told: Vec<&str> = shipped.timeline.iter().map(|event| event.message.as_str()).collect();
        let expected = [
            "Order created",
            "Sent to the payment page (card)",
            "Order placed",
            "Payment received",
            "Packed 1 unit",
            "Packed 2 units",
            "Handed to Post, tracking number RR1",
        ];
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn a_placed_order_says_by_when_its_money_has_to_arrive() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        let two_weeks = std::time::Duration::from_secs(14 * 24 * 3600);
        assert_eq!(order.pay_by, Some(bench.clock.now().plus(two_weeks)));
        assert_eq!(bench.mark_paid("m1", order.id).await.unwrap().pay_by, None);
        let paying = bench.paying("crt_bob", 1).await;
        assert_eq!(bench.order(paying).await.pay_by, None);
    })
    .await;
}
