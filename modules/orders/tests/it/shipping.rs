//! Ways of delivery: what they cost by worth and weight, and who changes them.

use kernel::testing::on_every_database;
use kernel::{CallCtx, Money, Principal};
use orders_api::{ListShippingMethods, OrdersError, SaveShippingMethod, ShippingMethod, ShippingRate};

use crate::neighbors::{country, eur};
use crate::shop::{Bench, Outcome, chalk, guest, key, refusal, staff, staff_who_may};

/// To Austria for 4.90; 7.90 from 2 kg on, 2.50 from 50.00 on, 5.00 when it is both; at most 30 kg.
fn parcel() -> ShippingMethod {
    let rate = |worth: i64, from_grams, price| ShippingRate {
        from_worth: (worth > 0).then(|| eur(worth)),
        from_grams,
        price: eur(price),
    };
    ShippingMethod {
        code: "parcel".to_owned(),
        name: " Parcel ".to_owned(),
        price: eur(490),
        free_from: Some(eur(10_000)),
        min_days: 1,
        max_days: 2,
        rates: vec![rate(5_000, 2_000, 500), rate(0, 2_000, 790), rate(5_000, 0, 250)],
        max_grams: Some(30_000),
        countries: vec![country("AT")],
        version: 0,
    }
}

fn saving(name: &str, method: ShippingMethod, expected_version: Option<i64>) -> SaveShippingMethod {
    SaveShippingMethod { key: key(name), method, expected_version, ended: false }
}

async fn save(bench: &Bench, name: &str, method: ShippingMethod, seen: Option<i64>) -> Outcome<ShippingMethod> {
    bench.orders.save_shipping_method(&staff(), saving(name, method, seen)).await
}

/// What the parcel costs, when it is offered.
async fn price(bench: &Bench, to: &str, worth: i64, weight_grams: i64) -> Option<Money> {
    let request = ListShippingMethods { country: country(to), subtotal: eur(worth), weight_grams, everywhere: false };
    let ctx = CallCtx::new("app", Principal::Anonymous);
    let offered = bench.orders.shipping_methods(&ctx, request).await.unwrap();
    offered.into_iter().find(|method| method.code == "parcel").map(|method| method.price)
}

#[tokio::test]
async fn delivery_costs_what_worth_and_weight_say() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let saved = save(&bench, "s1", parcel(), None).await.unwrap();
        assert_eq!((saved.name.as_str(), saved.version), ("Parcel", 1));
        let asked = [
            (4_999, 1_999, Some(490)),
            (4_999, 2_000, Some(790)),
            (5_000, 1_999, Some(250)),
            (5_000, 2_000, Some(500)),
            (10_000, 30_000, Some(0)),
            (10_000, 30_001, None),
        ];
        for (worth, grams, expected) in asked {
            assert_eq!(price(&bench, "AT", worth, grams).await, expected.map(eur), "{worth}, {grams} g");
        }
        assert_eq!(price(&bench, "DE", 4_999, 0).await, None);
    })
    .await;
}

#[tokio::test]
async fn an_order_costs_the_delivery_of_what_it_weighs() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        save(&bench, "s1", parcel(), None).await.unwrap();
        let mut request = chalk("crt_ada", 2);
        request.shipping_method = "parcel".to_owned();
        request.lines[0].weight_grams = Some(1_000);
        let changed = OrdersError::TotalChanged { expected: eur(990), actual: eur(1_290) };
        assert_eq!(refusal(bench.place(&request).await), changed);
        request.lines[0].weight_grams = Some(15_001);
        assert!(matches!(refusal(bench.place(&request).await), OrdersError::ShippingNotOffered { .. }));
        request.lines[0].weight_grams = Some(999);
        let order = bench.order(bench.place(&request).await.unwrap().order_id).await;
        assert_eq!(order.shipping.price, eur(490));
    })
    .await;
}

#[tokio::test]
async fn of_two_who_change_a_way_of_delivery_the_second_is_told() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let first = save(&bench, "s1", parcel(), None).await.unwrap();
        assert_eq!(save(&bench, "s1", parcel(), None).await.unwrap(), first, "a repeat makes no second one");
        let again = refusal(save(&bench, "s2", parcel(), None).await);
        assert!(matches!(again, OrdersError::Invalid { field, .. } if field == "code"));
        let dearer = ShippingMethod { price: eur(590), ..parcel() };
        assert_eq!(save(&bench, "s3", dearer, Some(1)).await.unwrap().version, 2);
        assert_eq!(price(&bench, "AT", 0, 0).await, Some(eur(590)));
        let stale = refusal(save(&bench, "s4", parcel(), Some(1)).await);
        assert_eq!(stale, OrdersError::Changed { current: 2 });

        let end = SaveShippingMethod { ended: true, ..saving("s5", parcel(), Some(2)) };
        bench.orders.save_shipping_method(&staff(), end).await.unwrap();
        assert_eq!(price(&bench, "AT", 0, 0).await, None);
        assert_eq!(refusal(save(&bench, "s6", parcel(), Some(3)).await), OrdersError::NotFound);
    })
    .await;
}

#[tokio::test]
async fn who_manages_orders_changes_delivery_and_nobody_else() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let ada = guest(&chalk("crt_ada", 1));
        let refused = bench.orders.save_shipping_method(&ada, saving("s1", parcel(), None)).await;
        assert_eq!(refusal(refused), OrdersError::NotFound);
        let reader = staff_who_may(&["read_orders"]);
        let refused = bench.orders.save_shipping_method(&reader, saving("s2", parcel(), None)).await;
        assert_eq!(refusal(refused), OrdersError::NotPermitted);
        let everything =
            ListShippingMethods { country: country("JP"), subtotal: eur(0), weight_grams: 0, everywhere: true };
        assert_eq!(bench.orders.shipping_methods(&reader, everything.clone()).await.unwrap().len(), 2);
        assert_eq!(bench.orders.shipping_methods(&ada, everything).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_way_of_delivery_is_refused() {
    on_every_database(|home| async move {
        let bench = Bench::open(home).await;
        let dollars = Money::new(1, "USD".parse().unwrap());
        type Spoil = fn(&mut ShippingMethod, Money);
        let wrong: [(&str, Spoil); 8] = [
            ("code", |method, _| method.code = "Parcel".to_owned()),
            ("name", |method, _| method.name = " ".to_owned()),
            ("price", |method, dollars| method.price = dollars),
            ("free_from", |method, _| method.free_from = Some(eur(-1))),
            ("rates", |method, _| method.rates[0].from_grams = -1),
            ("rates", |method, dollars| method.rates[0].from_worth = Some(dollars)),
            ("max_grams", |method, _| method.max_grams = Some(0)),
            ("max_days", |method, _| method.max_days = 0),
        ];
        for (number, (expected, spoil)) in wrong.into_iter().enumerate() {
            let mut method = parcel();
            spoil(&mut method, dollars);
            match refusal(save(&bench, &format!("s{number}"), method, None).await) {
                OrdersError::Invalid { field, .. } => assert_eq!(field, expected, "{number}"),
                other => panic!("{number}: {other:?}"),
            }
        }
    })
    .await;
}
