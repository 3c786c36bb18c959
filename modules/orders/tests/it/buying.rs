//! Placing orders: what is bought, once, at the price that was seen.

use kernel::testing::on_every_database;
use kernel::{CallError, Money, NotExecuted};
use orders_api::{FindOrder, OrderProgress, OrderStatus, OrdersError, PaymentStatus, PlaceOrder, ShortLine};
use tokio::task::JoinSet;

use crate::neighbors::{country, eur};
use crate::shop::{Bench, CHALK, DELIVERY, SLATE, by_card, chalk, guest, is_temporary, key, line, refusal, secret};

#[tokio::test]
async fn an_order_by_bank_transfer_is_placed_at_once_and_costs_two_commits() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let commits = bench.db.commits();
        let placed = bench.place(&chalk("crt_ada", 2)).await.unwrap();
        assert_eq!(bench.db.commits() - commits, 2);
        assert_eq!(placed.progress, OrderProgress::Placed);
        assert_eq!(placed.number, "1001");

        let order = bench.order(placed.order_id).await;
        assert_eq!((order.status, order.payment_status), (OrderStatus::Placed, PaymentStatus::Unpaid));
        assert_eq!((order.subtotal, order.total), (eur(500), eur(500 + DELIVERY)));
        assert_eq!(order.payment_instructions, [("IBAN".to_owned(), "AT61".to_owned())]);
        assert_eq!((order.lines[0].line_total, order.lines[0].quantity.get()), (eur(500), 2));
        assert_eq!(bench.timeline(order.id).await, ["created", "placed"]);
        assert_eq!(bench.told(order.id).await, ["order.placed"]);
        assert_eq!((bench.warehouse.available(CHALK), bench.warehouse.allocated(CHALK)), (8, 2));
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test]
async fn every_step_has_a_row_in_the_journal_before_it_is_taken_and_ends_there() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.paying("crt_ada", 1).await;
        let started = "SELECT count(*) AS n FROM saga_steps WHERE status = 'started' AND step = 'allocate'";
        let done = "SELECT count(*) AS n FROM saga_steps WHERE status = 'done' AND step IN ('reserve', 'pay')";
        assert_eq!((bench.count(started).await, bench.count(done).await), (1, 2));
        bench.placed("crt_bob", 1).await;
        assert_eq!((bench.count(started).await, bench.count(done).await), (1, 4));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_posts_of_one_cart_make_one_order_and_get_the_same_answer() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let mut posts = JoinSet::new();
        for _ in 0..20 {
            let (orders, request) = (bench.orders.clone(), by_card(chalk("crt_ada", 1)));
            posts.spawn(async move { orders.place_order(&guest(&request), request).await.unwrap() });
        }
        let answers = posts.join_all().await;
        assert!(matches!(answers[0].progress, OrderProgress::Pay { .. }));
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 1);
        assert_eq!(bench.warehouse.available(CHALK), 9);
        assert_eq!(bench.bank.sessions(&answers[0].order_id.to_string()), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_unit_is_sold_once_and_the_other_buyer_is_told_which_line_is_short() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.placed("crt_before", 9).await;
        let (ada, bob) = (chalk("crt_ada", 1), chalk("crt_bob", 1));
        let (first, second) = tokio::join!(bench.place(&ada), bench.place(&bob));
        let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
        assert_eq!(won.unwrap().progress, OrderProgress::Placed);
        let short = ShortLine { variant_id: CHALK.to_owned(), title: "Chalk".to_owned(), available: 0 };
        assert_eq!(refusal(lost), OrdersError::OutOfStock { lines: vec![short] });
        assert_eq!((bench.warehouse.available(CHALK), bench.warehouse.allocated(CHALK)), (0, 10));
        assert_eq!(bench.open_journals().await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_cart_that_was_sold_out_can_be_ordered_with_the_same_key_once_stock_is_back() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = chalk("crt_ada", 11);
        assert!(matches!(refusal(bench.place(&request).await), OrdersError::OutOfStock { .. }));
        assert!(matches!(refusal(bench.place(&request).await), OrdersError::OutOfStock { .. }));
        let seen = bench.orders.order(&guest(&request), FindOrder::OfPrincipal).await.unwrap().unwrap();
        assert_eq!((seen.status, seen.payment_status), (OrderStatus::Canceled, PaymentStatus::Voided));

        bench.warehouse.deliver(CHALK, 1);
        let placed = bench.place(&request).await.unwrap();
        assert_eq!(placed.progress, OrderProgress::Placed);
        let seen = bench.orders.order(&guest(&request), FindOrder::OfPrincipal).await.unwrap().unwrap();
        assert_eq!(seen.id, placed.order_id);
        assert_eq!(bench.place(&request).await.unwrap(), placed);
        assert_eq!(bench.warehouse.allocated(CHALK), 11);
    })
    .await;
}

#[tokio::test]
async fn a_placed_order_is_joined_for_ever_even_after_it_was_canceled() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.cancel("c1", order.id).await.unwrap();
        let again = bench.place(&chalk("crt_ada", 1)).await.unwrap();
        assert_eq!(
            (again.order_id, again.progress),
            (order.id, OrderProgress::Ended { status: OrderStatus::Canceled })
        );
        assert_eq!(bench.warehouse.allocated(CHALK), 0);
    })
    .await;
}

#[tokio::test]
async fn a_key_or_a_cart_version_is_not_ordered_a_second_time_with_other_contents() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        let other_lines = PlaceOrder { key: key("crt_ada/1"), ..chalk("crt_bob", 2) };
        let other_key = PlaceOrder { key: key("another"), ..chalk("crt_ada", 1) };
        for request in [other_lines, other_key] {
            let refused = bench.place(&request).await;
            assert!(
                matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::KeyReused, .. })),
                "{refused:?}"
            );
        }
        assert_eq!(bench.warehouse.allocated(CHALK), 1);
        assert_eq!(bench.timeline(order.id).await, ["created", "placed"]);
    })
    .await;
}

#[tokio::test]
async fn a_total_that_differs_by_one_minor_unit_is_refused_and_nothing_is_reserved() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for wrong in [-1, 1] {
            let (expected, actual) = (eur(740 + wrong), eur(740));
            let request = PlaceOrder { expected_total: expected, ..chalk("crt_ada", 1) };
            assert_eq!(refusal(bench.place(&request).await), OrdersError::TotalChanged { expected, actual });
        }
        // The sum is right, but delivery costs more by now.
        let cheap = PlaceOrder { shipping_price: eur(1), expected_total: eur(251), ..chalk("crt_ada", 1) };
        let changed = OrdersError::TotalChanged { expected: eur(251), actual: eur(740) };
        assert_eq!(refusal(bench.place(&cheap).await), changed);
        assert_eq!(bench.warehouse.line.calls("reserve"), 0);
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_sent_counted_or_read_is_refused_before_anything_is_done() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = || chalk("crt_ada", 1);
        let dollars = Money::new(740, "USD".parse().unwrap());
        let address = |change: fn(&mut kernel::Address)| {
            let mut request = chalk("crt_ada", 1);
            change(&mut request.address);
            request
        };
        let priced = |amount| {
            let mut request = chalk("crt_ada", 9_999);
            request.lines = vec![line(CHALK, "Chalk", 9_999); 200];
            request.lines.iter_mut().for_each(|line| line.unit_price = eur(amount));
            request
        };
        let invalid = [
            ("lines", PlaceOrder { lines: Vec::new(), ..request() }),
            ("lines", PlaceOrder { lines: vec![line(CHALK, "Chalk", 1); 201], ..request() }),
            ("lines", priced(10_000_000_000)),
            ("lines.unit_price", priced(10_000_000_001)),
            ("lines.unit_price", priced(-1)),
            ("expected_total", PlaceOrder { expected_total: dollars, ..request() }),
            ("tax_contained", PlaceOrder { tax_contained: eur(741), ..request() }),
            ("shipping_price", PlaceOrder { shipping_price: eur(-1), ..request() }),
            ("shipping_method", PlaceOrder { shipping_method: String::new(), ..request() }),
            ("payment_method", PlaceOrder { payment_method: " ".to_owned(), ..request() }),
            ("address.name", address(|address| address.name.clear())),
            ("address.city", address(|address| address.city = "Wien\r\nBcc: x".to_owned())),
            ("address.line1", address(|address| address.line1 = "x".repeat(201))),
        ];
        for (expected, request) in invalid {
            match refusal(bench.place(&request).await) {
                OrdersError::Invalid { field, .. } => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        let japan = address(|address| address.country = country("JP"));
        let not_offered = OrdersError::ShippingNotOffered { method: "standard".to_owned(), country: country("JP") };
        assert_eq!(refusal(bench.place(&japan).await), not_offered);
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 0);
        assert_eq!(bench.warehouse.line.calls("reserve"), 0);
    })
    .await;
}

#[tokio::test]
async fn a_way_to_pay_that_is_not_offered_leaves_no_hold_behind() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = PlaceOrder { payment_method: "gold".to_owned(), ..chalk("crt_ada", 1) };
        let refused = OrdersError::PaymentNotOffered { method: "gold".to_owned() };
        assert_eq!(refusal(bench.place(&request).await), refused);
        assert_eq!((bench.warehouse.available(CHALK), bench.open_journals().await), (10, 0));
    })
    .await;
}

#[tokio::test]
async fn all_lines_are_held_or_none() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let mut request = chalk("crt_ada", 3);
        request.lines = vec![line(CHALK, "Chalk", 3), line(SLATE, "Slate", 11)];
        (request.expected_total, request.tax_contained) = (eur(14 * 250 + DELIVERY), eur(0));
        match refusal(bench.place(&request).await) {
            OrdersError::OutOfStock { lines } => {
                assert_eq!(
                    lines,
                    [ShortLine { variant_id: SLATE.to_owned(), title: "Slate".to_owned(), available: 10 }]
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((bench.warehouse.available(CHALK), bench.warehouse.available(SLATE)), (10, 10));
    })
    .await;
}

#[tokio::test]
async fn an_order_of_nothing_to_pay_is_paid_without_a_payment() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let mut request = chalk("crt_ada", 1);
        // Delivery is free from 120.00; a gift of that worth costs nothing either way.
        request.lines[0].unit_price = eur(0);
        request.lines.push(line(SLATE, "Slate", 1));
        request.lines[1].unit_price = eur(12_000);
        (request.shipping_price, request.expected_total) = (eur(0), eur(12_000));
        assert_eq!(bench.place(&request).await.unwrap().progress, OrderProgress::Placed);
        assert_eq!(bench.bank.line.calls("start_payment"), 1);

        // With delivery for nothing, a sample is free.
        bench.execute("UPDATE shipping_methods SET free_from = 0").await;
        let mut sample = chalk("crt_bob", 1);
        sample.lines[0].unit_price = eur(0);
        (sample.shipping_price, sample.expected_total, sample.tax_contained) = (eur(0), eur(0), eur(0));
        let placed = bench.place(&sample).await.unwrap();
        assert_eq!(bench.order(placed.order_id).await.payment_status, PaymentStatus::Paid);
        assert_eq!(bench.told(placed.order_id).await, ["order.placed", "order.paid"]);
        assert_eq!(bench.bank.line.calls("start_payment"), 1);
    })
    .await;
}

#[tokio::test]
async fn numbers_go_up_and_secrets_belong_to_one_order() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let first = bench.place(&chalk("crt_ada", 1)).await.unwrap();
        let second = bench.place(&chalk("crt_bob", 1)).await.unwrap();
        assert_eq!((first.number.as_str(), second.number.as_str()), ("1001", "1002"));
        let stolen = PlaceOrder { secret: secret("crt_ada"), ..chalk("crt_eve", 1) };
        assert!(is_temporary(&bench.place(&stolen).await));
        assert_eq!(bench.warehouse.allocated(CHALK), 2);
    })
    .await;
}
