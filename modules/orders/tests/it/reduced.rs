//! Orders that are reduced and taxed: every minor unit is accounted for, or the order is refused.

use kernel::testing::on_every_database;
use kernel::{Adjustment, Money, TaxLine};
use orders_api::{FindOrder, OrderCoupon, OrdersError, PlaceOrder};

use crate::neighbors::eur;
use crate::shop::{Bench, chalk, guest, key, refusal, staff};

fn off(promotion: &str, code: Option<&str>, amount: i64) -> Adjustment {
    Adjustment {
        promotion_id: promotion.to_owned(),
        label: promotion.to_uppercase(),
        code: code.map(str::to_owned),
        amount: eur(amount),
    }
}

fn vat(base: i64, amount: i64) -> TaxLine {
    TaxLine {
        name: "VAT".to_owned(),
        rate_ppm: 200_000,
        class: "standard".to_owned(),
        contained: true,
        base: eur(base),
        amount: eur(amount),
    }
}

/// Two chalks for 5.00, 0.50 off the line, 10 % off the rest by a code, and no delivery to pay; VAT of 20 % is contained.
fn reduced(cart: &str) -> PlaceOrder {
    let mut request = chalk(cart, 2);
    request.lines[0].discounts = vec![off("sale", None, 50)];
    request.lines[0].shares = vec![off("spring", Some("SPRING5"), 45)];
    request.lines[0].taxes = vec![vat(337, 68)];
    request.adjustments = vec![off("spring", Some("SPRING5"), 45)];
    request.shipping_adjustments = vec![off("free", None, 490)];
    request.shipping_price = eur(0);
    request.tax_lines = vec![vat(337, 68)];
    request.tax_contained = eur(68);
    request.expected_total = eur(405);
    request
}

#[tokio::test]
async fn an_order_keeps_every_reduction_and_tax_and_tells_its_codes() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = reduced("crt_ada");
        let order = bench.order(bench.place(&request).await.unwrap().order_id).await;
        assert_eq!((order.subtotal, order.discount(), order.total), (eur(450), eur(45), eur(405)));
        assert_eq!((order.lines[0].line_total, order.lines[0].charged()), (eur(450), eur(405)));
        assert_eq!(order.lines[0].discounts, request.lines[0].discounts);
        assert_eq!(order.lines[0].shares, request.adjustments);
        assert_eq!((&order.tax_lines, &order.lines[0].taxes), (&request.tax_lines, &request.lines[0].taxes));
        assert_eq!((order.shipping.price, &order.shipping.adjustments), (eur(0), &request.shipping_adjustments));
        let coupon = OrderCoupon { promotion_id: "spring".to_owned(), code: "SPRING5".to_owned() };
        let (kind, told) = bench.outbox(order.id).await.remove(0);
        assert_eq!((kind.as_str(), &told["coupons"]), ("order.placed", &serde_json::json!([coupon])));
    })
    .await;
}

#[tokio::test]
async fn taxes_on_top_are_part_of_the_total() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let added = |base, amount| TaxLine { contained: false, ..vat(base, amount) };
        let mut request = chalk("crt_ada", 2);
        request.lines[0].taxes = vec![added(500, 100)];
        request.shipping_taxes = vec![added(490, 98)];
        request.tax_lines = vec![added(990, 198)];
        request.tax_contained = eur(0);
        request.expected_total = eur(990);
        let changed = OrdersError::TotalChanged { expected: eur(990), actual: eur(1_188) };
        assert_eq!(refusal(bench.place(&request).await), changed);
        request.expected_total = eur(1_188);
        let order = bench.order(bench.place(&request).await.unwrap().order_id).await;
        assert_eq!((order.tax_added(), order.total), (eur(198), eur(1_188)));
    })
    .await;
}

#[tokio::test]
async fn parts_that_do_not_add_up_are_refused() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        type Spoil = fn(&mut PlaceOrder);
        let wrong: [(&str, Spoil); 9] = [
            ("lines.discounts", |order| order.lines[0].discounts[0].amount = eur(501)),
            ("lines.discounts", |order| order.lines[0].discounts[0].amount = eur(-1)),
            ("lines.shares", |order| order.lines[0].shares[0].amount = eur(451)),
            ("adjustments", |order| order.adjustments[0].amount = eur(44)),
            ("adjustments", |order| order.adjustments.clear()),
            ("lines.taxes", |order| order.lines[0].taxes[0].amount = eur(67)),
            ("tax_lines", |order| order.tax_lines[0].amount = eur(67)),
            ("tax_contained", |order| order.tax_contained = eur(67)),
            ("shipping_adjustments", |order| {
                order.shipping_adjustments[0].amount = Money::new(490, "USD".parse().unwrap());
            }),
        ];
        for (number, (expected, spoil)) in wrong.into_iter().enumerate() {
            let mut request = reduced("crt_ada");
            request.key = key(&format!("wrong/{number}"));
            spoil(&mut request);
            match refusal(bench.place(&request).await) {
                OrdersError::Invalid { field, .. } => assert_eq!(field, expected, "{number}"),
                other => panic!("{number}: {other:?}"),
            }
        }
        let mut cheap = reduced("crt_ada");
        cheap.expected_total = eur(404);
        let changed = OrdersError::TotalChanged { expected: eur(404), actual: eur(405) };
        assert_eq!(refusal(bench.place(&cheap).await), changed);
        assert_eq!(bench.count("SELECT count(*) AS n FROM orders").await, 0);
    })
    .await;
}

#[tokio::test]
async fn only_the_shop_finds_the_order_of_a_cart() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let request = chalk("crt_ada", 1);
        let placed = bench.place(&request).await.unwrap();
        let find = |cart_version| FindOrder::OfCart { cart_id: "crt_ada".to_owned(), cart_version };
        let found = bench.orders.order(&staff(), find(1)).await.unwrap();
        assert_eq!(found.map(|order| order.id), Some(placed.order_id));
        assert_eq!(bench.orders.order(&staff(), find(2)).await.unwrap(), None);
        assert_eq!(bench.orders.order(&guest(&request), find(1)).await.unwrap(), None);
    })
    .await;
}
