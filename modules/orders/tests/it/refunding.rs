//! Money that goes back and goods that come back: never more than came or left, and all of it when an order is canceled.

use std::sync::Arc;
use std::time::Duration;

use billing_api::RefundStatus as Told;
use kernel::testing::on_every_database;
use kernel::{CallError, IdempotencyKey, PageRequest};
use orders_api::{
    FulfillmentLine, ListOrders, Order, OrderStatus, OrderView, OrdersError, PaymentStatus, RefundOrder, RefundStatus,
    RefundTo,
};

use crate::neighbors::{Fault, eur};
use crate::shop::{Bench, CHALK, LEASE_OVER, chalk, eventually, guest, is_temporary, key, refusal, staff, units};

const FAULTS: [Fault; 2] = [Fault::Unreachable, Fault::AnswerLost];
const HANGS: [Fault; 2] = [Fault::HangsBefore, Fault::HangsAfter];
const REFUNDED: (OrderStatus, PaymentStatus) = (OrderStatus::Canceled, PaymentStatus::Refunded);

fn invalid_field(refused: OrdersError) -> String {
    match refused {
        OrdersError::Invalid { field, .. } => field,
        other => panic!("refused for another reason: {other}"),
    }
}

fn of_first_line(order: &Order, quantity: i64) -> Vec<FulfillmentLine> {
    vec![FulfillmentLine { order_line_id: order.lines[0].id, quantity: units(quantity) }]
}

fn statuses(order: &Order) -> Vec<(i64, RefundStatus)> {
    order.refunds.iter().map(|refund| (refund.amount.amount, refund.status)).collect()
}

#[tokio::test]
async fn parts_of_what_was_paid_go_back_until_nothing_is_left() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.paid("crt_ada", 1).await;
        let part = bench.refund("r1", order.id, 500).await.unwrap();
        assert_eq!((part.status, part.payment_status), (OrderStatus::Placed, PaymentStatus::PartiallyRefunded));
        assert_eq!(invalid_field(refusal(bench.refund("r2", order.id, 241).await)), "amount");
        let all = bench.refund("r3", order.id, 240).await.unwrap();
        assert_eq!(all.payment_status, PaymentStatus::Refunded);
        assert_eq!(statuses(&all), [(500, RefundStatus::Succeeded), (240, RefundStatus::Succeeded)]);
        assert!(matches!(refusal(bench.refund("r4", order.id, 1).await), OrdersError::NotAllowed { .. }));
        assert!(matches!(refusal(bench.pack("p1", &order, 1).await), OrdersError::NotAllowed { .. }));
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [500, 240]);
        let told = ["order.placed", "order.paid", "order.refunded", "order.refunded"];
        assert_eq!((bench.told(order.id).await, bench.open_journals().await), (told.map(str::to_owned).to_vec(), 0));
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_full_refunds_pressed_at_once_one_is_made() {
    on_every_database(|home| async move {
        let bench = Arc::new(Bench::open(home).await);
        let order = bench.paid("crt_ada", 1).await;
        let press = |number: usize| {
            let (bench, id) = (Arc::clone(&bench), order.id);
            tokio::spawn(async move { bench.refund(&format!("r{number}"), id, 740).await })
        };
        let presses: Vec<_> = (0..20).map(press).collect();
        let mut made = 0;
        for press in presses {
            made += usize::from(press.await.unwrap().is_ok());
        }
        assert_eq!(made, 1);
        bench.settled().await;
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [740]);
        assert_eq!(bench.order(order.id).await.payment_status, PaymentStatus::Refunded);
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_is_sent_twice_is_made_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.paid("crt_ada", 1).await;
        for _ in 0..3 {
            assert_eq!(statuses(&bench.refund("r1", order.id, 100).await.unwrap()), [(100, RefundStatus::Succeeded)]);
        }
        assert!(matches!(bench.refund("r1", order.id, 101).await, Err(CallError::NotExecuted { .. })));
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [100]);
    })
    .await;
}

#[tokio::test]
async fn nothing_goes_back_of_an_order_that_is_not_paid_or_to_whom_it_does_not_belong() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let unpaid = bench.placed("crt_ada", 1).await;
        assert!(matches!(refusal(bench.refund("r1", unpaid.id, 1).await), OrdersError::NotAllowed { .. }));
        let paid = bench.paid("crt_bob", 1).await;
        for amount in [0, -1, 741, i64::MAX, i64::MIN] {
            assert_eq!(invalid_field(refusal(bench.refund("r1", paid.id, amount).await)), "amount");
        }
        let request = |reason: &str| RefundOrder {
            key: key("r1"),
            order_id: paid.id,
            amount: eur(1),
            to: RefundTo::Payment,
            reason: reason.to_owned(),
            restock: Vec::new(),
            location_id: None,
        };
        assert_eq!(invalid_field(refusal(bench.orders.refund_order(&staff(), request(" ")).await)), "reason");
        let owner = guest(&chalk("crt_bob", 1));
        assert_eq!(refusal(bench.orders.refund_order(&owner, request("Mine")).await), OrdersError::NotFound);
        assert!(bench.bank.given_back(&paid.id.to_string()).is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_came_back_goes_on_the_shelf_once_and_never_more_than_was_sent() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let unsent = bench.paid("crt_bob", 1).await;
        let early = bench.refund_and_restock("r0", unsent.id, 1, of_first_line(&unsent, 1)).await;
        assert_eq!(invalid_field(refusal(early)), "restock");
        let order = bench.sent("crt_ada", 3).await;
        let left = bench.warehouse.available(CHALK);
        for _ in 0..2 {
            bench.refund_and_restock("r1", order.id, 500, of_first_line(&order, 2)).await.unwrap();
        }
        assert_eq!(bench.warehouse.available(CHALK), left + 2);
        let more = bench.refund_and_restock("r2", order.id, 1, of_first_line(&order, 2)).await;
        assert_eq!(invalid_field(refusal(more)), "restock");
        let strange = bench.refund_and_restock("r3", order.id, 1, of_first_line(&unsent, 1)).await;
        assert_eq!(invalid_field(refusal(strange)), "restock");
        let after = bench.order(order.id).await;
        assert_eq!((after.lines[0].returned, after.status), (2, OrderStatus::Completed));
        assert_eq!(
            (bench.warehouse.available(CHALK), bench.bank.given_back(&order.id.to_string())),
            (left + 2, vec![500])
        );
    })
    .await;
}

#[tokio::test]
async fn with_billing_away_nothing_is_refunded_and_with_the_shelf_away_it_is_filled_later() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 1).await;
        let left = bench.warehouse.available(CHALK);
        bench.bank.line.cut();
        assert!(is_temporary(&bench.refund("r1", order.id, 740).await));
        bench.bank.line.mend();
        assert!(bench.order(order.id).await.refunds.is_empty());

        bench.warehouse.line.cut();
        let refunded = bench.refund_and_restock("r2", order.id, 740, of_first_line(&order, 1)).await.unwrap();
        assert_eq!(refunded.payment_status, PaymentStatus::Refunded);
        assert_eq!((bench.warehouse.available(CHALK), bench.open_journals().await), (left, 1));
        bench.warehouse.line.mend();
        bench.clock.advance(Duration::from_secs(6));
        bench.settled().await;
        assert_eq!(bench.warehouse.available(CHALK), left + 1);
    })
    .await;
}

#[tokio::test]
async fn a_transfer_goes_back_when_staff_say_so() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.mark_paid("m1", order.id).await.unwrap();
        let pending = bench.refund("r1", order.id, 300).await.unwrap();
        assert_eq!(statuses(&pending), [(300, RefundStatus::Pending)]);
        // The work is done as far as it goes, and others can go on.
        assert_eq!((pending.payment_status, bench.open_journals().await), (PaymentStatus::Paid, 0));
        bench.refund("r2", order.id, 40).await.unwrap();
        assert_eq!(invalid_field(refusal(bench.refund("r3", order.id, 401).await)), "amount");

        bench.bank.end_refunds(&order.id.to_string(), Told::Succeeded);
        for _ in 0..2 {
            bench.tell_refunded(order.id).await;
            bench.settled().await;
        }
        let after = bench.order(order.id).await;
        assert_eq!(after.payment_status, PaymentStatus::PartiallyRefunded);
        assert_eq!(statuses(&after), [(300, RefundStatus::Succeeded), (40, RefundStatus::Succeeded)]);
        assert_eq!(bench.told(order.id).await.iter().filter(|kind| *kind == "order.refunded").count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_refund_that_fails_is_shown_and_can_be_made_again() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.mark_paid("m1", order.id).await.unwrap();
        bench.refund("r1", order.id, 740).await.unwrap();
        bench.bank.end_refunds(&order.id.to_string(), Told::Failed);
        bench.tell_refunded(order.id).await;
        bench.settled().await;
        let failed = bench.order(order.id).await;
        assert_eq!(
            (failed.payment_status, statuses(&failed)),
            (PaymentStatus::Paid, vec![(740, RefundStatus::Failed)])
        );
        assert_eq!(failed.refunds[0].failure.as_deref(), Some("the account is closed"));
        assert_eq!(failed.timeline.last().unwrap().kind, "refund_failed");
        bench.refund("r2", order.id, 740).await.unwrap();
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [740]);
    })
    .await;
}

#[tokio::test]
async fn a_paid_order_that_is_canceled_gives_back_its_goods_and_all_of_its_money() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.paid("crt_ada", 2).await;
        bench.refund("r1", order.id, 90).await.unwrap();
        for _ in 0..2 {
            let canceled = bench.cancel("c1", order.id).await.unwrap();
            assert_eq!((canceled.status, canceled.payment_status), REFUNDED);
        }
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [90, 900]);
        assert_eq!((bench.warehouse.available(CHALK), bench.open_journals().await), (10, 0));
        let told = ["order.placed", "order.paid", "order.refunded", "order.canceled", "order.refunded"];
        assert_eq!(bench.told(order.id).await, told);
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
        assert!(matches!(refusal(bench.refund("r2", order.id, 1).await), OrdersError::NotAllowed { .. }));
    })
    .await;
}

#[tokio::test]
async fn goods_that_are_written_off_do_not_go_back_on_the_shelf() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.paid("crt_ada", 2).await;
        let canceled = bench.write_off("c1", order.id).await.unwrap();
        assert_eq!((canceled.status, canceled.payment_status), REFUNDED);
        assert_eq!((bench.warehouse.available(CHALK), bench.warehouse.allocated(CHALK)), (8, 0));
        assert_eq!(bench.bank.given_back(&order.id.to_string()), [990]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refunding_canceling_and_packing_at_once_never_give_back_more_than_came() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for number in 0..5 {
            let order = bench.paid(&format!("crt_{number}"), 1).await;
            let (name, other) = (format!("all{number}"), format!("more{number}"));
            let (full, part, canceled, packed) = tokio::join!(
                bench.refund(&name, order.id, 740),
                bench.refund(&other, order.id, 40),
                bench.cancel(&name, order.id),
                bench.pack(&name, &order, 1),
            );
            bench.settled().await;
            let after = bench.order(order.id).await;
            let back: i64 = bench.bank.given_back(&order.id.to_string()).iter().sum();
            assert!(back <= 740, "{back}: {full:?} {part:?} {canceled:?} {packed:?}");
            assert_eq!(canceled.is_ok(), after.status == OrderStatus::Canceled, "{canceled:?}");
            assert!(canceled.is_err() || (back, packed.is_ok()) == (740, false), "{after:?} {packed:?}");
            let says = match back {
                0 => PaymentStatus::Paid,
                740 => PaymentStatus::Refunded,
                _ => PaymentStatus::PartiallyRefunded,
            };
            assert_eq!(after.payment_status, says);
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_in_any_step_of_a_refund_leaves_one_that_is_made_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps = ["refund", "restock"].into_iter().flat_map(|step| HANGS.map(|fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            let order = bench.sent(&format!("crt_{number}"), 1).await;
            let left = bench.warehouse.available(CHALK);
            let line = if step == "refund" { &bench.bank.line } else { &bench.warehouse.line };
            line.fail(step, fault);
            let before = line.calls(step);
            {
                let name = format!("r{number}");
                let refunding = bench.refund_and_restock(&name, order.id, 740, of_first_line(&order, 1));
                let hangs = eventually(async || (line.calls(step) > before).then_some(()));
                tokio::select! {
                    result = refunding => panic!("{result:?}"),
                    () = hangs => {}
                }
            }
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            let after = bench.order(order.id).await;
            assert_eq!(statuses(&after), [(740, RefundStatus::Succeeded)], "{step} {fault:?}");
            assert_eq!(bench.bank.given_back(&order.id.to_string()), [740], "{step} {fault:?}");
            assert_eq!(bench.warehouse.available(CHALK), left + 1, "{step} {fault:?}");
            let told = bench.told(order.id).await;
            assert_eq!(told.iter().filter(|kind| *kind == "order.refunded").count(), 1, "{step} {fault:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_while_a_paid_order_is_canceled_leaves_neither_stock_nor_money_behind() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps = ["release", "payment", "refund"].into_iter();
        let steps = steps.flat_map(|step| HANGS.into_iter().chain(FAULTS).map(move |fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            bench.warehouse.deliver(CHALK, 1);
            let order = bench.paid(&format!("crt_{number}"), 1).await;
            let line = if ["payment", "refund"].contains(&step) { &bench.bank.line } else { &bench.warehouse.line };
            line.fail(step, fault);
            let before = line.calls(step);
            {
                let name = format!("c{number}");
                let canceling = bench.write_off(&name, order.id);
                let hangs = eventually(async || (line.calls(step) > before).then_some(()));
                tokio::select! {
                    _ = canceling => {}
                    () = hangs => {}
                }
            }
            bench.clock.advance(Duration::from_secs(61));
            bench.settled().await;
            let after = bench.order(order.id).await;
            assert_eq!((after.status, after.payment_status), REFUNDED, "{step} {fault:?}");
            assert_eq!(bench.bank.given_back(&order.id.to_string()), [740], "{step} {fault:?}");
            assert_eq!(
                (bench.warehouse.available(CHALK), bench.warehouse.allocated(CHALK)),
                (10, 0),
                "{step} {fault:?}"
            );
            let expected = ["order.placed", "order.paid", "order.canceled", "order.refunded"];
            assert_eq!(bench.told(order.id).await, expected, "{step} {fault:?}");
        }
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn money_that_was_left_to_people_goes_back_after_an_upgrade() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.clock.advance(Duration::from_secs(31 * 60));
        bench.advance(id).await;
        bench.bank.pay_although_canceled(&id.to_string());
        // As the release before left it, and as the migration finds it.
        bench.execute("UPDATE orders SET payment_status = 'paid'").await;
        bench.execute("UPDATE sagas SET status = 'refund_due', definition = 1, next_attempt_at = 0").await;
        bench.settled().await;
        assert_eq!(bench.order(id).await.payment_status, PaymentStatus::Refunded);
        assert_eq!(bench.bank.given_back(&id.to_string()), [740]);
    })
    .await;
}

#[tokio::test]
async fn the_keys_of_a_refund_come_from_the_order_and_its_number() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.sent("crt_ada", 1).await;
        bench.refund_and_restock("r1", order.id, 1, of_first_line(&order, 1)).await.unwrap();
        bench.refund("r2", order.id, 2).await.unwrap();
        let of = |step: &str| IdempotencyKey::of(order.id, step).to_string();
        let keys =
            bench.keys("SELECT key AS row FROM saga_steps WHERE step IN ('refund', 'restock') ORDER BY key").await;
        assert_eq!(keys, [of("refund/1"), of("refund/2"), of("restock/1")]);
    })
    .await;
}

#[tokio::test]
async fn money_that_is_only_held_is_let_go_when_the_order_is_canceled() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.authorize(&id.to_string());
        assert_eq!(bench.advance(id).await, orders_api::OrderProgress::Placed);
        let canceled = bench.cancel("c1", id).await.unwrap();
        assert_eq!((canceled.status, canceled.payment_status), (OrderStatus::Canceled, PaymentStatus::Voided));
        assert!(bench.bank.given_back(&id.to_string()).is_empty() && !bench.bank.is_payable(&id.to_string()));
        assert_eq!((bench.warehouse.available(CHALK), bench.open_journals().await), (10, 0));
    })
    .await;
}

#[tokio::test]
async fn of_an_order_of_which_only_a_part_was_taken_all_of_that_goes_back_and_nothing_is_due() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        bench.bank.authorize(&id.to_string());
        assert_eq!(bench.advance(id).await, orders_api::OrderProgress::Placed);
        bench.bank.take_part(&id.to_string(), 400);
        let canceled = bench.cancel("c1", id).await.unwrap();
        assert_eq!((canceled.status, canceled.payment_status), REFUNDED);
        assert_eq!(bench.bank.given_back(&id.to_string()), [400]);
        let due = ListOrders { view: OrderView::RefundDue, search: None, page: PageRequest::first(10) };
        assert!(bench.orders.list_orders(&staff(), due).await.unwrap().items.is_empty());
        assert_eq!((bench.open_journals().await, bench.violations().await), (0, vec![]));
    })
    .await;
}

#[tokio::test]
async fn news_of_money_that_an_order_has_keeps_nobody_from_refunding_it() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.mark_paid("m1", order.id).await.unwrap();
        // What the consumer writes when it reads the order just before, and writes just after, it is paid.
        bench.execute("UPDATE sagas SET status = 'awaiting_payment', next_attempt_at = 0").await;
        assert_eq!(statuses(&bench.refund("r1", order.id, 300).await.unwrap()), [(300, RefundStatus::Pending)]);
        bench.settled().await;
    })
    .await;
}
