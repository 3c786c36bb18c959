//! Neighbours that are away and processes that end, at every step: each order is finished or undone, once.

use std::sync::Arc;
use std::time::Duration;

use kernel::CallError;
use kernel::testing::on_every_database;
use orders_api::{OrderProgress, OrderStatus, PaymentStatus, PlaceOrder};

use crate::neighbors::{Fault, Line};
use crate::shop::{Bench, CHALK, LEASE_OVER, by_card, chalk, eventually, guest, is_temporary};

const FAULTS: [Fault; 2] = [Fault::Unreachable, Fault::AnswerLost];
const HANGS: [Fault; 2] = [Fault::HangsBefore, Fault::HangsAfter];

fn line<'a>(bench: &'a Bench, step: &str) -> &'a Line {
    match step {
        "reserve" | "allocate" | "release" => &bench.warehouse.line,
        _ => &bench.bank.line,
    }
}

/// Places an order until its process hangs in `step`, and ends the process.
async fn crash(bench: &Bench, request: &PlaceOrder, step: &'static str, fault: Fault) {
    line(bench, step).fail(step, fault);
    let before = line(bench, step).calls(step);
    let (orders, ctx, request) = (Arc::clone(&bench.orders), guest(request), request.clone());
    let process = tokio::spawn(async move { orders.place_order(&ctx, request).await });
    eventually(async || (line(bench, step).calls(step) > before).then_some(())).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    process.abort();
    assert!(process.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn whoever_waits_is_told_when_a_neighbor_is_away_and_nothing_of_the_purchase_remains() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps =
            ["reserve", "start_payment", "allocate"].into_iter().flat_map(|step| FAULTS.map(|fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            let request = chalk(&format!("crt_{number}"), 1);
            line(&bench, step).fail(step, fault);
            let refused = bench.place(&request).await;
            let nothing_was_done = matches!(refused, Err(CallError::NotExecuted { .. }));
            assert!(nothing_was_done, "{step} {fault:?}: {refused:?}");
            bench.settled().await;
            assert_eq!(bench.warehouse.available(CHALK), 10, "{step} {fault:?}");

            // The next try is a new order of the same cart.
            let placed = bench.place(&request).await.unwrap();
            assert_eq!(placed.progress, OrderProgress::Placed, "{step} {fault:?}");
            bench.cancel(&format!("c{number}"), placed.order_id).await.unwrap();
        }
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders WHERE status = 'canceled'").await, 12);
        assert_eq!(bench.count("SELECT count(*) AS n FROM saga_steps WHERE status = 'started'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn with_billing_away_for_long_the_order_is_refused_and_its_stock_is_free_at_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.bank.line.cut();
        let _recovery = bench.recovery();
        assert!(is_temporary(&bench.place(&by_card(chalk("crt_ada", 1))).await));
        eventually(async || (bench.warehouse.available(CHALK) == 10).then_some(())).await;
        assert_eq!(bench.open_journals().await, 1);
        bench.bank.line.mend();
        bench.clock.advance(Duration::from_secs(61));
        bench.settled().await;
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_in_any_step_of_buying_leaves_an_order_that_recovery_places_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps =
            ["reserve", "start_payment", "allocate"].into_iter().flat_map(|step| HANGS.map(|fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            let request = chalk(&format!("crt_{number}"), 1);
            crash(&bench, &request, step, fault).await;
            assert_eq!(bench.open_journals().await, 1, "{step} {fault:?}");
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            let placed = bench.place(&request).await.unwrap();
            assert_eq!(placed.progress, OrderProgress::Placed, "{step} {fault:?}");
            assert_eq!(bench.told(placed.order_id).await, ["order.placed"], "{step} {fault:?}");
            assert_eq!(bench.bank.sessions(&placed.order_id.to_string()), 1, "{step} {fault:?}");
            assert_eq!(bench.warehouse.allocated(CHALK), i64::try_from(number).unwrap() + 1, "{step} {fault:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repeat_takes_up_what_a_process_left_behind() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = by_card(chalk("crt_ada", 1));
        crash(&bench, &request, "start_payment", Fault::HangsAfter).await;
        // The lease has not run out, so nobody knows that the process has ended.
        assert_eq!(bench.place(&request).await.unwrap().progress, OrderProgress::Waiting);
        bench.clock.advance(LEASE_OVER);
        let placed = bench.place(&request).await.unwrap();
        assert!(matches!(placed.progress, OrderProgress::Pay { .. }));
        assert_eq!(bench.bank.sessions(&placed.order_id.to_string()), 1);
        assert_eq!(bench.warehouse.available(CHALK), 9);
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_after_the_payment_leaves_a_paid_order_that_is_placed_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps = ["settle", "allocate"].into_iter().flat_map(|step| HANGS.map(|fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            let id = bench.paying(&format!("crt_{number}"), 1).await;
            bench.bank.pay(&id.to_string());
            line(&bench, step).fail(step, fault);
            let before = line(&bench, step).calls(step);
            let orders = Arc::clone(&bench.orders);
            let process = tokio::spawn(async move {
                orders.advance_order(&crate::shop::staff(), orders_api::AdvanceOrder { order_id: id }).await
            });
            eventually(async || (line(&bench, step).calls(step) > before).then_some(())).await;
            process.abort();
            bench.clock.advance(LEASE_OVER);
            let order = bench.until(id, OrderStatus::Placed).await;
            assert_eq!(order.payment_status, PaymentStatus::Paid, "{step} {fault:?}");
            assert_eq!(bench.told(id).await, ["order.placed", "order.paid"], "{step} {fault:?}");
            assert_eq!(bench.warehouse.allocated(CHALK), i64::try_from(number).unwrap() + 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_while_an_order_is_canceled_leaves_no_stock_behind() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let steps = ["cancel_payment", "release"].into_iter().flat_map(|step| HANGS.map(|fault| (step, fault)));
        for (number, (step, fault)) in steps.enumerate() {
            let order = bench.placed(&format!("crt_{number}"), 1).await;
            line(&bench, step).fail(step, fault);
            let before = line(&bench, step).calls(step);
            {
                let name = format!("c{number}");
                let canceling = bench.cancel(&name, order.id);
                let hangs = eventually(async || (line(&bench, step).calls(step) > before).then_some(()));
                tokio::select! {
                    result = canceling => panic!("{result:?}"),
                    () = hangs => {}
                }
            }
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            assert_eq!(bench.order(order.id).await.status, OrderStatus::Canceled, "{step} {fault:?}");
            assert_eq!(bench.told(order.id).await, ["order.placed", "order.canceled"], "{step} {fault:?}");
            assert_eq!(bench.warehouse.available(CHALK), 10, "{step} {fault:?}");
            assert!(!bench.bank.is_payable(&order.id.to_string()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_while_money_is_recorded_leaves_an_order_that_is_paid_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for (number, fault) in HANGS.into_iter().enumerate() {
            let order = bench.placed(&format!("crt_{number}"), 1).await;
            bench.bank.line.fail("record_payment", fault);
            {
                let name = format!("m{number}");
                let marking = bench.mark_paid(&name, order.id);
                let hangs = eventually(async || (bench.bank.line.calls("record_payment") > 2 * number).then_some(()));
                tokio::select! {
                    result = marking => panic!("{result:?}"),
                    () = hangs => {}
                }
            }
            bench.clock.advance(LEASE_OVER);
            bench.settled().await;
            assert_eq!(bench.order(order.id).await.payment_status, PaymentStatus::Paid, "{fault:?}");
            assert_eq!(bench.told(order.id).await, ["order.placed", "order.paid"], "{fault:?}");
            assert_eq!(bench.bank.captures(&order.id.to_string()), 1, "{fault:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_recovery_jobs_one_takes_each_step() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for number in 0..5 {
            let id = bench.paying(&format!("crt_{number}"), 1).await;
            bench.bank.pay(&id.to_string());
        }
        bench.clock.advance(Duration::from_secs(6));
        let (first, second) = (bench.recovery(), bench.recovery());
        eventually(async || (bench.open_journals().await == 0).then_some(())).await;
        tokio::join!(first.stop(), second.stop());
        assert_eq!((bench.bank.line.calls("settle"), bench.warehouse.line.calls("allocate")), (5, 5));
        assert_eq!(bench.count("SELECT count(*) AS n FROM outbox WHERE kind = 'order.placed'").await, 5);
    })
    .await;
}

#[tokio::test]
async fn who_was_too_slow_changes_nothing_and_answers_what_the_other_one_did() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = chalk("crt_ada", 1);
        let gate = bench.warehouse.line.hold_back("allocate");
        let (orders, ctx, own) = (Arc::clone(&bench.orders), guest(&request), request.clone());
        let slow = tokio::spawn(async move { orders.place_order(&ctx, own).await });
        eventually(async || (bench.warehouse.line.calls("allocate") == 1).then_some(())).await;
        bench.clock.advance(LEASE_OVER);
        bench.settled().await;
        gate.send(()).unwrap();
        let placed = slow.await.unwrap().unwrap();
        assert_eq!(placed.progress, OrderProgress::Placed);
        assert_eq!(bench.timeline(placed.order_id).await, ["created", "placed"]);
        assert_eq!(bench.told(placed.order_id).await, ["order.placed"]);
        assert_eq!(bench.warehouse.allocated(CHALK), 1);
    })
    .await;
}

#[tokio::test]
async fn who_cannot_write_down_how_it_ended_does_not_claim_that_nothing_happened() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = chalk("crt_ada", 1);
        let gate = bench.warehouse.line.hold_back("allocate");
        let (orders, ctx, own) = (Arc::clone(&bench.orders), guest(&request), request.clone());
        let placing = tokio::spawn(async move { orders.place_order(&ctx, own).await });
        eventually(async || (bench.warehouse.line.calls("allocate") == 1).then_some(())).await;
        bench.execute("ALTER TABLE order_events RENAME TO order_events_away").await;
        gate.send(()).unwrap();
        assert!(matches!(placing.await.unwrap(), Err(CallError::Unknown(_))));

        bench.execute("ALTER TABLE order_events_away RENAME TO order_events").await;
        bench.clock.advance(LEASE_OVER);
        bench.settled().await;
        assert_eq!(bench.place(&request).await.unwrap().progress, OrderProgress::Placed);
        assert_eq!(bench.warehouse.allocated(CHALK), 1);
    })
    .await;
}

#[tokio::test]
async fn who_was_too_slow_does_not_open_again_what_the_other_one_finished() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let id = bench.paying("crt_ada", 1).await;
        let gate = bench.bank.line.hold_answer_back("settle");
        let orders = Arc::clone(&bench.orders);
        let slow = tokio::spawn(async move {
            orders.advance_order(&crate::shop::staff(), orders_api::AdvanceOrder { order_id: id }).await
        });
        eventually(async || (bench.bank.line.calls("settle") == 1).then_some(())).await;
        bench.bank.pay(&id.to_string());
        bench.clock.advance(LEASE_OVER);
        bench.settled().await;
        gate.send(()).unwrap();
        assert_eq!(slow.await.unwrap().unwrap(), OrderProgress::Placed);
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}
