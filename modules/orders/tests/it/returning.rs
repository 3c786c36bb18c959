//! Goods that come back: never more than left, counted once, and paid back once.

use std::time::Duration;

use kernel::CallCtx;
use kernel::audit::AuditRequest;
use kernel::testing::on_every_database;
use orders_api::{
    FulfillmentLine, HandleReturn, Order, OrdersError, PaymentStatus, ReceivedLine, RefundTo, RequestReturn,
    ReturnAction, ReturnId, ReturnStatus,
};

use crate::neighbors::{Fault, eur};
use crate::shop::{
    Bench, CHALK, LEASE_OVER, Outcome, by_card, chalk, eventually, guest, key, refusal, staff, staff_who_may, units,
};

const HANGS: [Fault; 2] = [Fault::HangsBefore, Fault::HangsAfter];

/// The one who bought with this cart by card.
fn buyer(cart: &str, quantity: i64) -> CallCtx {
    guest(&by_card(chalk(cart, quantity)))
}

impl Bench {
    async fn ask(&self, name: &str, ctx: &CallCtx, order: &Order, quantity: i64) -> Outcome<Order> {
        let lines = vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(quantity) }];
        let reason = "Too dusty".to_owned();
        let request = RequestReturn { key: key(name), order_id: order.id, lines, reason };
        self.orders.request_return(ctx, request).await
    }

    async fn act(
        &self,
        name: &str,
        ctx: &CallCtx,
        (order, id): (&Order, ReturnId),
        action: ReturnAction,
    ) -> Outcome<Order> {
        let request = HandleReturn { key: key(name), order_id: order.id, return_id: id, action };
        self.orders.handle_return(ctx, request).await
    }

    async fn receive(
        &self,
        name: &str,
        (order, id): (&Order, ReturnId),
        restock: i64,
        write_off: i64,
    ) -> Outcome<Order> {
        let lines = vec![ReceivedLine { order_line_id: order.lines[0].id, restock, write_off }];
        let action = ReturnAction::Receive { lines, location_id: Some("outlet".to_owned()) };
        self.act(name, &staff(), (order, id), action).await
    }

    async fn pay_back(&self, name: &str, (order, id): (&Order, ReturnId), amount: i64) -> Outcome<Order> {
        self.act(name, &staff(), (order, id), ReturnAction::Refund { amount: eur(amount), to: RefundTo::Payment }).await
    }

    pub(crate) async fn violations(&self) -> Vec<String> {
        let found = self.orders.audit(&staff(), AuditRequest { rows: 10 }).await.unwrap();
        found.into_iter().map(|violation| violation.invariant).collect()
    }
}

fn approve() -> ReturnAction {
    ReturnAction::Approve { instructions: "Send it to the warehouse".to_owned() }
}

fn invalid_field(refused: OrdersError) -> String {
    match refused {
        OrdersError::Invalid { field, .. } => field,
        other => panic!("refused for another reason: {other}"),
    }
}

fn is_not_allowed(outcome: Outcome<Order>) -> bool {
    matches!(refusal(outcome), OrdersError::NotAllowed { .. })
}

/// Units of the first line that came back, and that are to.
fn counts(order: &Order) -> (i64, i64) {
    (order.lines[0].returned, order.lines[0].coming_back)
}

#[tokio::test]
async fn a_return_goes_from_the_shoppers_wish_to_the_shelf_and_the_money() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 3).await;
        let left = bench.warehouse.available(CHALK);
        let asked = bench.ask("a1", &buyer("crt_ada", 3), &order, 3).await.unwrap();
        let id = asked.returns[0].id;
        assert_eq!((asked.returns[0].status, counts(&asked)), (ReturnStatus::Requested, (0, 3)));
        assert!(is_not_allowed(bench.receive("x", (&order, id), 1, 0).await));
        let approved = bench.act("a2", &staff(), (&order, id), approve()).await.unwrap();
        assert_eq!(approved.returns[0].answer.as_deref(), Some("Send it to the warehouse"));
        for _ in 0..2 {
            let received = bench.receive("a3", (&order, id), 1, 1).await.unwrap();
            assert_eq!((received.returns[0].status, counts(&received)), (ReturnStatus::Received, (2, 0)));
        }
        assert_eq!(bench.warehouse.available(CHALK), left + 1);
        let told = bench.warehouse.restocked();
        let goods: Vec<_> = told[0].lines.iter().map(|line| (line.quantity.get(), line.write_off)).collect();
        assert_eq!(
            (told.len(), told[0].location_id.as_deref(), goods),
            (1, Some("outlet"), vec![(1, false), (1, true)])
        );
        for _ in 0..2 {
            let paid = bench.pay_back("a4", (&order, id), 500).await.unwrap();
            assert_eq!(
                (paid.returns[0].status, paid.payment_status),
                (ReturnStatus::Refunded, PaymentStatus::PartiallyRefunded)
            );
        }
        assert!(is_not_allowed(bench.pay_back("a5", (&order, id), 100).await));
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [500]);
        let told = bench.told(order.id).await;
        let of_return: Vec<_> = told.iter().map(String::as_str).skip(3).collect();
        assert_eq!(of_return, ["return.changed", "return.changed", "return.changed", "order.refunded"]);
        assert_eq!((bench.open_journals().await, bench.violations().await), (0, vec![]));
    })
    .await;
}

#[tokio::test]
async fn what_did_not_leave_or_is_on_its_way_back_cannot_be_sent_back_again() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let unsent = bench.paid("crt_bob", 1).await;
        assert_eq!(invalid_field(refusal(bench.ask("a0", &staff(), &unsent, 1).await)), "lines");
        let order = bench.sent("crt_ada", 3).await;
        let ada = buyer("crt_ada", 3);
        let asked = bench.ask("a1", &ada, &order, 2).await.unwrap();
        assert_eq!(invalid_field(refusal(bench.ask("a2", &ada, &order, 2).await)), "lines");
        let back = vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(2) }];
        let restocked = bench.refund_and_restock("r1", order.id, 1, back).await;
        assert_eq!(invalid_field(refusal(restocked)), "restock");

        // Who keeps it may change their mind again.
        let id = asked.returns[0].id;
        let kept = bench.act("a3", &ada, (&order, id), ReturnAction::Cancel).await.unwrap();
        assert_eq!((kept.returns[0].status, counts(&kept)), (ReturnStatus::Canceled, (0, 0)));
        assert!(is_not_allowed(bench.act("a4", &ada, (&order, id), ReturnAction::Cancel).await));
        let again = bench.ask("a5", &ada, &order, 3).await.unwrap();
        let reject = ReturnAction::Reject { reason: "It was used".to_owned() };
        let rejected = bench.act("a6", &staff(), (&order, again.returns[1].id), reject).await.unwrap();
        assert_eq!((rejected.returns[1].status, counts(&rejected)), (ReturnStatus::Rejected, (0, 0)));
        assert!(is_not_allowed(bench.act("a7", &staff(), (&order, again.returns[1].id), approve()).await));
        assert_eq!(bench.violations().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_return_is_for_its_buyer_and_decided_by_staff() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 1).await;
        let (ada, eve) = (buyer("crt_ada", 1), buyer("crt_eve", 1));
        assert_eq!(refusal(bench.ask("a1", &eve, &order, 1).await), OrdersError::NotFound);
        let asked = bench.ask("a1", &ada, &order, 1).await.unwrap();
        let id = asked.returns[0].id;
        assert_eq!(refusal(bench.act("a2", &ada, (&order, id), approve()).await), OrdersError::NotFound);
        assert_eq!(refusal(bench.act("a3", &eve, (&order, id), ReturnAction::Cancel).await), OrdersError::NotFound);
        let stranger = bench.sent("crt_bob", 1).await;
        assert_eq!(refusal(bench.act("a4", &staff(), (&stranger, id), approve()).await), OrdersError::NotFound);
        let packer = staff_who_may(&["read_orders", "fulfill_orders"]);
        assert_eq!(refusal(bench.act("a6", &packer, (&order, id), approve()).await), OrdersError::NotPermitted);
        assert_eq!(refusal(bench.ask("a7", &packer, &order, 1).await), OrdersError::NotPermitted);
        // What staff write down is approved with it.
        let by_staff = bench.ask("a5", &staff(), &stranger, 1).await.unwrap();
        assert_eq!(by_staff.returns[0].status, ReturnStatus::Approved);
    })
    .await;
}

#[tokio::test]
async fn no_more_is_received_than_was_to_come() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 3).await;
        let id = bench.ask("a1", &staff(), &order, 2).await.unwrap().returns[0].id;
        for (restock, write_off) in [(3, 0), (2, 1), (0, 0), (-1, 2), (i64::MAX, i64::MAX)] {
            let refused = bench.receive("a2", (&order, id), restock, write_off).await;
            assert_eq!(invalid_field(refusal(refused)), "lines", "{restock} {write_off}");
        }
        let other = bench.sent("crt_bob", 1).await;
        let lines = vec![ReceivedLine { order_line_id: other.lines[0].id, restock: 1, write_off: 0 }];
        let receive = ReturnAction::Receive { lines, location_id: None };
        let strange = bench.act("a3", &staff(), (&order, id), receive).await;
        assert_eq!(invalid_field(refusal(strange)), "lines");
        assert_eq!(counts(&bench.order(order.id).await), (0, 2));
        bench.receive("a4", (&order, id), 0, 2).await.unwrap();
        assert!(is_not_allowed(bench.receive("a5", (&order, id), 1, 0).await));
        assert_eq!(invalid_field(refusal(bench.pay_back("a6", (&order, id), 10_000).await)), "amount");
        assert_eq!(bench.violations().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receiving_and_paying_back_twice_at_once_happens_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for number in 0..3 {
            let order = bench.sent(&format!("crt_{number}"), 1).await;
            let left = bench.warehouse.available(CHALK);
            let name = |step: &str| format!("{step}{number}");
            let id = bench.ask(&name("a"), &staff(), &order, 1).await.unwrap().returns[0].id;
            let (first, second) = (name("r1"), name("r2"));
            let (one, two) =
                tokio::join!(bench.receive(&first, (&order, id), 1, 0), bench.receive(&second, (&order, id), 1, 0),);
            assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
            bench.settled().await;
            let (first, second, third) = (name("p1"), name("p2"), name("p3"));
            let (one, two, plain) = tokio::join!(
                bench.pay_back(&first, (&order, id), 400),
                bench.pay_back(&second, (&order, id), 400),
                bench.refund(&third, order.id, 740),
            );
            bench.settled().await;
            let back: i64 = bench.bank.given_back(&order.id.to_string()).iter().sum();
            assert!(back == 400 || back == 740, "{back}: {one:?} {two:?} {plain:?}");
            assert_eq!(bench.warehouse.available(CHALK), left + 1);
        }
        assert_eq!(bench.violations().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_while_goods_go_on_the_shelf_leaves_them_there_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for (number, fault) in HANGS.into_iter().enumerate() {
            let order = bench.sent(&format!("crt_{number}"), 1).await;
            let left = bench.warehouse.available(CHALK);
            let id = bench.ask(&format!("a{number}"), &staff(), &order, 1).await.unwrap().returns[0].id;
            bench.warehouse.line.fail("restock", fault);
            let before = bench.warehouse.line.calls("restock");
            {
                let name = format!("r{number}");
                let receiving = bench.receive(&name, (&order, id), 1, 0);
                let hangs = eventually(async || (bench.warehouse.line.calls("restock") > before).then_some(()));
                tokio::select! {
                    result = receiving => panic!("{result:?}"),
                    () = hangs => {}
                }
            }
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            assert_eq!(bench.warehouse.available(CHALK), left + 1, "{fault:?}");
            assert_eq!(bench.order(order.id).await.returns[0].status, ReturnStatus::Received, "{fault:?}");
        }
        bench.clock.advance(Duration::from_secs(120));
        assert_eq!(bench.violations().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn money_that_arrives_while_goods_go_on_the_shelf_is_not_missed() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let unpaid = bench.placed("crt_ada", 1).await;
        let order = bench.send("crt_ada", &unpaid, 1).await;
        let id = bench.ask("a1", &staff(), &order, 1).await.unwrap().returns[0].id;
        let shelf = bench.warehouse.line.hold_back("restock");
        let paying = async {
            eventually(async || (bench.warehouse.line.calls("restock") > 0).then_some(())).await;
            bench.bank.pay(&order.id.to_string());
            bench.tell_captured(order.id).await;
            shelf.send(()).unwrap();
        };
        let (received, ()) = tokio::join!(bench.receive("r1", (&order, id), 1, 0), paying);
        received.unwrap();
        assert_eq!(bench.order(order.id).await.payment_status, PaymentStatus::Paid);
        assert_eq!((bench.open_journals().await, bench.violations().await), (0, vec![]));
    })
    .await;
}

#[tokio::test]
async fn the_audit_names_what_is_wrong_with_an_order() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 2).await;
        bench.ask("a1", &staff(), &order, 1).await.unwrap();
        bench.refund("r1", order.id, 100).await.unwrap();
        let canceled = bench.placed("crt_bob", 1).await;
        bench.cancel("c1", canceled.id).await.unwrap();
        assert_eq!(bench.violations().await, Vec::<String>::new());
        let broken = [
            ("UPDATE orders SET version = version + 1 WHERE status = 'completed'", vec!["I-O1"]),
            ("UPDATE orders SET version = version - 1 WHERE status = 'completed'", vec![]),
            ("UPDATE order_events SET status = 'placed' WHERE status = 'canceled'", vec!["I-O1"]),
            ("UPDATE order_events SET status = 'canceled' WHERE kind = 'canceled'", vec![]),
            ("UPDATE order_events SET status = 'expired' WHERE kind = 'placed'", vec!["I-O1"; 2]),
            ("UPDATE order_events SET status = 'placed' WHERE kind = 'placed'", vec![]),
            ("UPDATE order_refunds SET status = 'failed'", vec!["I-O3"]),
            ("UPDATE order_refunds SET status = 'succeeded'", vec![]),
            ("UPDATE order_lines SET coming_back = 0", vec!["I-O3"]),
            ("UPDATE order_lines SET coming_back = 1 WHERE shipped > 0", vec![]),
            ("UPDATE saga_steps SET status = 'started', ended_at = NULL WHERE step = 'refund'", vec!["I-O5"]),
        ];
        for (statement, expected) in broken {
            bench.execute(statement).await;
            assert_eq!(bench.violations().await, expected, "{statement}");
        }
    })
    .await;
}
