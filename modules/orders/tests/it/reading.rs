//! Who sees which orders, and how staff find them.

use kernel::testing::on_every_database;
use kernel::{CallCtx, CallError, Money, NotExecuted, PageRequest, Principal};
use orders_api::{
    FindOrder, ListOrders, ListShippingMethods, OrderSummary, OrderView, OrdersError, PlaceOrder, ShippingMethod,
};

use crate::neighbors::{country, eur};
use crate::shop::{Bench, Outcome, chalk, guest, refusal, secret, staff};

async fn list(bench: &Bench, view: OrderView, search: Option<&str>) -> Vec<OrderSummary> {
    let request = ListOrders { view, search: search.map(str::to_owned), page: PageRequest::first(100) };
    bench.orders.list_orders(&staff(), request).await.unwrap().items
}

async fn numbers(bench: &Bench, view: OrderView) -> Vec<String> {
    list(bench, view, None).await.into_iter().map(|order| order.number).collect()
}

#[tokio::test]
async fn a_secret_opens_its_own_order_and_nothing_else_does() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let order = bench.placed("crt_ada", 1).await;
        bench.placed("crt_bob", 1).await;
        let ada = guest(&chalk("crt_ada", 1));
        let see = async |ctx: CallCtx, wanted| bench.orders.order(&ctx, wanted).await.unwrap();
        assert_eq!(see(ada.clone(), FindOrder::OfPrincipal).await, Some(order.clone()));
        assert_eq!(see(ada, FindOrder::Id(order.id)).await, None);
        let stranger = CallCtx::new("app", Principal::Guest(secret("crt_eve")));
        assert_eq!(see(stranger, FindOrder::OfPrincipal).await, None);
        assert_eq!(see(CallCtx::new("app", Principal::Anonymous), FindOrder::Id(order.id)).await, None);
        assert_eq!(see(staff(), FindOrder::OfPrincipal).await, None);
        assert_eq!(see(staff(), FindOrder::Id(orders_api::OrderId::new())).await, None);
    })
    .await;
}

#[tokio::test]
async fn lists_are_for_the_shop() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.placed("crt_ada", 1).await;
        let ctx = guest(&chalk("crt_ada", 1));
        assert_eq!(refusal(bench.orders.list_orders(&ctx, ListOrders::default()).await), OrdersError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn each_view_shows_the_orders_that_are_in_that_state() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let unpaid = bench.placed("crt_unpaid", 1).await;
        let paid = bench.placed("crt_paid", 1).await;
        bench.mark_paid("m1", paid.id).await.unwrap();
        let canceled = bench.placed("crt_canceled", 1).await;
        bench.cancel("c1", canceled.id).await.unwrap();
        let pending = bench.order(bench.paying("crt_paying", 1).await).await;
        let numbers = async |view| numbers(&bench, view).await;
        let late = bench.order(bench.paying("crt_late", 1).await).await;
        bench.cancel("c2", late.id).await.unwrap();
        bench.bank.pay_although_canceled(&late.id.to_string());
        bench.tell_captured(late.id).await;
        let all = [&*late.number, &*pending.number, &*canceled.number, &*paid.number, &*unpaid.number];
        assert_eq!(numbers(OrderView::All).await, all);
        assert_eq!(numbers(OrderView::ToPack).await, [&*paid.number, &*unpaid.number]);
        assert_eq!(numbers(OrderView::AwaitingPayment).await, [&*pending.number, &*unpaid.number]);
        assert_eq!(numbers(OrderView::Pending).await, [&*pending.number]);
        assert_eq!(numbers(OrderView::RefundDue).await, [&*late.number]);
    })
    .await;
}

#[tokio::test]
async fn search_takes_every_character_literally_and_ignores_case() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        bench.placed("crt_ada", 1).await;
        let mut odd = chalk("crt_odd", 1);
        odd.address.name = "100% ÖLIVER_\\".to_owned();
        odd.email = "o@x.org".parse().unwrap();
        bench.place(&odd).await.unwrap();
        let found = async |text| list(&bench, OrderView::All, Some(text)).await.len();
        for (text, count) in [
            ("ada@EXAMPLE.org", 1),
            ("lovelace", 1),
            ("1001", 1),
            ("100%", 1),
            ("öliver_\\", 1),
            ("%", 1),
            ("_", 1),
            ("\\", 1),
            ("a_a", 0),
            ("' OR 1=1 --", 0),
            ("  ", 2),
        ] {
            assert_eq!(found(text).await, count, "{text}");
        }
        let long = ListOrders { search: Some("x".repeat(201)), ..ListOrders::default() };
        assert!(matches!(refusal(bench.orders.list_orders(&staff(), long).await), OrdersError::Invalid { .. }));
    })
    .await;
}

// AC-079
#[tokio::test]
async fn an_address_finds_its_orders_however_it_is_spelled() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let mut order = chalk("crt_rene", 1);
        order.email = "René@München.example".parse().unwrap();
        bench.place(&order).await.unwrap();
        for text in
            ["rené@münchen.example", "RENE\u{301}@xn--mnchen-3ya.example", "ｒené@münchen.example.", "@münch", "rené@"]
        {
            let found = list(&bench, OrderView::All, Some(text)).await;
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(found[0].email.as_str(), "René@München.example", "mail goes where it was told to");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_show_every_order_once() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        for number in 0..5 {
            bench.placed(&format!("crt_{number}"), 1).await;
        }
        let mut page = PageRequest::first(2);
        let mut seen = Vec::new();
        loop {
            let request = ListOrders { page: page.clone(), ..ListOrders::default() };
            let found = bench.orders.list_orders(&staff(), request).await.unwrap();
            seen.extend(found.items.into_iter().map(|order| order.number));
            let Some(cursor) = found.next_cursor else { break };
            page.cursor = Some(cursor);
        }
        assert_eq!(seen, ["1005", "1004", "1003", "1002", "1001"]);
        let forged =
            ListOrders { page: PageRequest { limit: 2, cursor: Some("1' OR".to_owned()) }, ..ListOrders::default() };
        let refused = bench.orders.list_orders(&staff(), forged).await;
        assert!(matches!(refused, Err(CallError::NotExecuted { reason: NotExecuted::BadRequest { .. }, .. })));
    })
    .await;
}

#[tokio::test]
async fn delivery_is_offered_by_country_and_free_from_an_amount() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let offers = async |code: &str, subtotal: i64| -> Vec<(String, Money)> {
            let request = ListShippingMethods {
                country: country(code),
                subtotal: eur(subtotal),
                weight_grams: 0,
                everywhere: false,
            };
            let ctx = CallCtx::new("app", Principal::Anonymous);
            let methods: Outcome<Vec<ShippingMethod>> = bench.orders.shipping_methods(&ctx, request).await;
            methods.unwrap().into_iter().map(|method| (method.code, method.price)).collect()
        };
        let standard = |price| ("standard".to_owned(), eur(price));
        let express = ("express".to_owned(), eur(1_290));
        assert_eq!(offers("AT", 11_999).await, [standard(490), express.clone()]);
        assert_eq!(offers("DE", 12_000).await, [standard(0), express]);
        assert_eq!(offers("GB", 1).await, [standard(490)]);
        assert_eq!(offers("JP", 1).await, []);
    })
    .await;
}

#[tokio::test]
async fn an_order_keeps_what_was_bought_as_it_was() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request: PlaceOrder = chalk("crt_ada", 2);
        let order = bench.placed("crt_ada", 2).await;
        assert_eq!((order.email.as_str(), &order.address), ("Ada@Example.org", &request.address));
        assert_eq!((order.cart_id.as_str(), order.cart_version), ("crt_ada", 1));
        assert_eq!((order.shipping.name.as_str(), order.shipping.price), ("Standard delivery", request.shipping_price));
        assert_eq!((order.lines[0].sku.as_deref(), order.lines[0].options.as_str()), (Some("CHK-1"), "White"));
        let summary = list(&bench, OrderView::All, None).await.pop().unwrap();
        assert_eq!((summary.item_count, summary.total, summary.name.as_str()), (2, order.total, "Ada Lovelace"));
    })
    .await;
}
