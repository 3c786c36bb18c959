//! Prices that other shops publish, through the trait: what any correct shop must answer under the stated policy, and
//! what we claim beside it (a minimum price, tiers, buy some and get others, reductions of what is not reduced yet, and
//! prices that keep their net abroad).

use std::fs;

use cart_api::{
    Action, AddCode, Conditions, CouponCode, Items, PromotionRule, Quote, QuoteCharge, QuoteLine, QuotePromotion,
    QuoteRequest, QuoteTax, RemoveCode, SavePromotion, Step, TaxPolicy, TaxRounding,
};
use kernel::money::rounded;
use kernel::testing::on_every_database;
use kernel::{Adjustment, CallCtx, Currency, IdempotencyKey, Money, Quantity, charge};
use serde_json::Value;

use crate::shop::{Shop, contact, eur, guest};

/// The cases of these kinds; none when the data is not there.
fn cases(kinds: &[&str]) -> Vec<Value> {
    let folder = std::env::var("FREESTONE_TEST_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data").to_owned());
    let Ok(text) = fs::read_to_string(format!("{folder}/pricing-cases.json")) else {
        eprintln!("NOT RUN: there is no pricing-cases.json in FREESTONE_TEST_DATA or ../shared/data");
        return Vec::new();
    };
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let claimed = |case: &Value| {
        let level = case["level"].as_str().expect("a level");
        let features = ["minimum_price", "exclude_discounted", "tiered_discount", "buy_x_get_y"];
        level == "must"
            || (level == "if_policy" && case["kind"] == "export_price")
            || level.strip_prefix("if_feature:").is_some_and(|feature| features.contains(&feature))
    };
    let of_kind = |case: &&Value| kinds.iter().any(|kind| case["kind"] == *kind) && claimed(case);
    all["cases"].as_array().expect("cases").iter().filter(of_kind).cloned().collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A decimal number in parts of `10^digits`, a half rounded away from zero.
fn decimal(text: &str, digits: u32) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numerator: i128 = format!("{whole}{fraction}").parse().expect("a decimal number");
    let places = u32::try_from(fraction.len()).expect("few");
    let value = rounded(numerator * 10_i128.pow(digits), 10_i128.pow(places));
    i64::try_from(value).expect("small")
}

fn money(value: &Value, currency: Currency) -> Money {
    Money::new(decimal(&text(value), currency.exponent()), currency)
}

/// Percent as parts per million.
fn ppm(value: &Value) -> u32 {
    decimal(&text(value), 4).try_into().expect("not negative")
}

fn currency(case: &Value) -> Currency {
    case["currency"].as_str().unwrap_or("USD").parse().expect("a currency")
}

fn line(number: usize, unit_price: Money) -> QuoteLine {
    QuoteLine {
        id: format!("{number:04}"),
        variant_id: String::new(),
        product_id: String::new(),
        category: None,
        unit_price,
        quantity: Quantity::ONE,
        regular_price: None,
        minimum_price: None,
        includes_tax: None,
        taxes: Vec::new(),
        listed_with: None,
    }
}

fn taxes(value: &Value) -> Vec<QuoteTax> {
    let tax = |tax: &Value| QuoteTax {
        name: "Tax".to_owned(),
        rate_ppm: ppm(&tax["rate"]),
        class: "standard".to_owned(),
        compound: tax["compound"] == true,
    };
    list(value).iter().map(tax).collect()
}

fn promotion(number: usize, action: Action) -> QuotePromotion {
    QuotePromotion {
        promotion_id: format!("prm_{number}"),
        label: format!("Promotion {number}"),
        code: None,
        rule: PromotionRule { conditions: Conditions::default(), action, priority: 0, exclusive: false },
    }
}

fn request(currency: Currency, lines: Vec<QuoteLine>, promotions: Vec<QuotePromotion>) -> QuoteRequest {
    QuoteRequest {
        currency,
        taxes: TaxPolicy::default(),
        lines,
        promotions,
        shipping: None,
        surcharges: Vec::new(),
        customer_groups: Vec::new(),
    }
}

fn order_action(discount: &Value, currency: Currency) -> Action {
    match discount["kind"].as_str().expect("a kind") {
        "fixed" => Action::Amount { items: Items::All, amount: money(&discount["amount"], currency) },
        "percent" => Action::Percent { items: Items::All, ppm: ppm(&discount["percent"]) },
        other => panic!("{other}"),
    }
}

fn line_action(discount: &Value, line: &str, currency: Currency) -> Action {
    let items = Items::Lines(vec![line.to_owned()]);
    match discount["kind"].as_str().expect("a kind") {
        "fixed_per_unit" => Action::AmountPerUnit { items, amount: money(&discount["amount"], currency) },
        "fixed_line" => Action::AmountPerLine { items, amount: money(&discount["amount"], currency) },
        "percent" => Action::PercentPerLine { items, ppm: ppm(&discount["percent"]) },
        other => panic!("{other}"),
    }
}

fn charge_of(value: &Value, price: &str, currency: Currency) -> QuoteCharge {
    QuoteCharge {
        name: "Charge".to_owned(),
        price: money(&value[price], currency),
        includes_tax: value["includes_tax"].as_bool(),
        taxes: taxes(&value["taxes"]),
        listed_with: None,
    }
}

fn cart_request(case: &Value) -> QuoteRequest {
    let currency = currency(case);
    let mut promotions = Vec::new();
    let mut lines = Vec::new();
    for (number, asked) in list(&case["lines"]).iter().enumerate() {
        let one = QuoteLine {
            quantity: asked["qty"].as_i64().expect("whole").try_into().expect("a quantity"),
            includes_tax: asked["price_includes_tax"].as_bool(),
            taxes: taxes(&asked["taxes"]),
            ..line(number, money(&asked["unit_price"], currency))
        };
        for discount in list(&asked["discounts"]) {
            promotions.push(promotion(promotions.len(), line_action(discount, &one.id, currency)));
        }
        lines.push(one);
    }
    // Where there are promotions to choose among, the discounts are what the choice shall come to.
    for chosen in list(&case["promotions"]) {
        let mut one = promotion(promotions.len(), order_action(chosen, currency));
        one.rule.priority = chosen["priority"].as_i64().expect("a number");
        one.rule.exclusive = chosen["exclusive"] == true;
        promotions.push(one);
    }
    if case["promotions"].is_null() {
        for discount in list(&case["order_discounts"]) {
            promotions.push(promotion(promotions.len(), order_action(discount, currency)));
        }
    }
    for discount in list(&case["shipping"]["discounts"]) {
        promotions.push(promotion(promotions.len(), Action::Delivery { ppm: ppm(&discount["percent"]) }));
    }
    if let Some(from) = case["threshold"].get("free_shipping_over_items_total") {
        let mut free = promotion(promotions.len(), Action::Delivery { ppm: 1_000_000 });
        free.rule.conditions.minimum_goods = Some(money(from, currency));
        promotions.push(free);
    }
    let policy = &case["policy"];
    let shipping = case.get("shipping").map(|shipping| charge_of(shipping, "price", currency));
    QuoteRequest {
        taxes: TaxPolicy {
            prices_include_tax: policy["prices_include_tax"] == true,
            rounding: match policy["tax_rounding"].as_str().expect("a rounding") {
                "unit" => TaxRounding::Unit,
                "line" => TaxRounding::Line,
                _ => TaxRounding::Order,
            },
        },
        shipping,
        surcharges: list(&case["surcharges"]).iter().map(|one| charge_of(one, "amount", currency)).collect(),
        ..request(currency, lines, promotions)
    }
}

fn off(adjustments: &[Adjustment]) -> i64 {
    charge::total_of(adjustments)
}

/// What is charged less than the goods cost.
fn discount(quote: &Quote) -> i64 {
    quote.lines.iter().map(|line| off(&line.discounts)).sum::<i64>() + off(&quote.adjustments)
}

fn check_cart(case: &Value, quote: &Quote) {
    let (id, currency) = (&case["id"], currency(case));
    let total = quote.total.amount;
    let figures = [
        ("tax_added", quote.tax_added.amount),
        ("tax_included", quote.tax_contained.amount),
        ("grand_total", total),
        ("grand_total_net", total - quote.tax_added.amount - quote.tax_contained.amount),
        ("discount_total", discount(quote)),
        ("shipping_total", quote.shipping.as_ref().map_or(0, |shipping| shipping.price.amount)),
        ("items_total", quote.subtotal.amount - off(&quote.adjustments)),
    ];
    let expected = case["expected"].as_object().expect("expected");
    for (name, actual) in figures {
        if let Some(expected) = expected.get(name) {
            assert_eq!(Money::new(actual, currency), money(expected, currency), "{id}: {name}");
        }
    }
    for (expected, line) in list(&case["expected"]["lines"]).iter().zip(&quote.lines) {
        let tax: i64 = line.taxes.iter().map(|tax| tax.amount.amount).sum();
        for (name, actual) in [("discount", off(&line.discounts) + off(&line.shares)), ("tax", tax)] {
            if let Some(expected) = expected.get(name) {
                assert_eq!(Money::new(actual, currency), money(expected, currency), "{id}: {name} of {}", line.id);
            }
        }
    }
    let known: Vec<&str> = figures.iter().map(|(name, _)| *name).collect();
    let unknown =
        expected.keys().find(|key| !known.contains(&key.as_str()) && *key != "lines" && !key.starts_with("peer_"));
    assert_eq!(unknown, None, "{id}");
}

/// What the module answers.
async fn quoted(shop: &Shop, request: QuoteRequest) -> Quote {
    shop.carts.quote(&CallCtx::of_module("test"), request).await.expect("a quote")
}

#[tokio::test]
async fn carts_cost_what_other_shops_publish() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let cases = cases(&["cart"]);
        for case in &cases {
            check_cart(case, &quoted(&shop, cart_request(case)).await);
        }
        assert!(cases.is_empty() || cases.len() == 78, "{}", cases.len());
    })
    .await;
}

#[tokio::test]
async fn floors_and_scopes_of_reductions_are_kept() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for case in cases(&["price_floor_allocation", "promotion_scope"]) {
            let currency = currency(&case);
            let amount = &case["order_discount"];
            let amount = money(amount.get("amount").unwrap_or(amount), currency);
            let mut off_order = promotion(0, Action::Amount { items: Items::All, amount });
            off_order.rule.conditions.only_at_regular_price = case["kind"] == "promotion_scope";
            let unit = |(number, unit): (usize, &Value)| {
                let optional =
                    |name: &str| unit.get(name).filter(|value| !value.is_null()).map(|value| money(value, currency));
                let price = money(&unit["price"], currency);
                QuoteLine {
                    minimum_price: optional("minimum_price"),
                    regular_price: Some(price),
                    ..line(number, optional("catalogue_reduced_to").unwrap_or(price))
                }
            };
            let cut = |(number, (price, cut)): (usize, (&Value, &Value))| {
                let price = money(price, currency);
                let cut = price.amount * decimal(&text(cut), 0) / 100;
                QuoteLine { regular_price: Some(price), ..line(number, Money::new(price.amount - cut, currency)) }
            };
            let mut lines: Vec<QuoteLine> = list(&case["units"]).iter().enumerate().map(unit).collect();
            let cuts = list(&case["list_prices"]).iter().zip(list(&case["catalogue_cut_percent"]));
            lines.extend(cuts.enumerate().map(cut));
            let regular: Vec<i64> =
                lines.iter().map(|line| line.regular_price.map_or(0, |price| price.amount)).collect();

            let quote = quoted(&shop, request(currency, lines, vec![off_order])).await;
            let paid = quote.lines.iter().map(|line| line.line_total.amount - off(&line.shares));
            let (key, actual): (&str, Vec<i64>) = match &case["expected"] {
                expected if expected.get("line_totals").is_some() => ("line_totals", paid.collect()),
                expected if expected.get("unit_discounts").is_some() => {
                    ("unit_discounts", quote.lines.iter().map(|line| off(&line.shares)).collect())
                }
                _ => {
                    let all = paid.zip(regular).map(|(paid, regular)| regular - paid);
                    ("unit_discounts_total_including_catalogue", all.collect())
                }
            };
            let expected: Vec<i64> =
                list(&case["expected"][key]).iter().map(|value| money(value, currency).amount).collect();
            assert_eq!(actual, expected, "{}", case["id"]);
        }
    })
    .await;
}

#[tokio::test]
async fn tiers_and_gifts_take_off_what_other_shops_publish() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for case in cases(&["tier"]) {
            let currency = currency(&case);
            let is_percent = case.get("base_percent").is_some();
            let step = |from: &str, off: &Value| Step {
                from: money(&Value::from(from), currency),
                amount: (!is_percent).then(|| money(off, currency)),
                ppm: if is_percent { ppm(off) } else { 0 },
            };
            let base = if is_percent { &case["base_percent"] } else { &case["base_amount"] };
            let mut steps = vec![step("0", base)];
            steps.extend(case["tiers"].as_object().expect("tiers").iter().map(|(from, off)| step(from, off)));
            let lines = vec![line(0, money(&case["amount"], currency))];
            let tiered = promotion(0, Action::Tiered { items: Items::All, steps });
            let quote = quoted(&shop, request(currency, lines, vec![tiered])).await;
            assert_eq!(discount(&quote), money(&case["expected"]["discount"], currency).amount, "{}", case["id"]);
        }
        for case in cases(&["buy_x_get_y"]) {
            check_gift(&shop, &case).await;
        }
    })
    .await;
}

async fn check_gift(shop: &Shop, case: &Value) {
    let currency = currency(case);
    let item = |(number, item): (usize, &Value)| {
        let quantity = item["qty"].as_i64().expect("whole");
        QuoteLine {
            quantity: quantity.try_into().expect("a quantity"),
            product_id: item["product"].as_str().unwrap_or_default().to_owned(),
            category: item["category"].as_str().map(str::to_owned),
            ..line(number, Money::new(money(&item["subtotal"], currency).amount / quantity, currency))
        }
    };
    let items = |promotion: &Value, role: &str| match promotion[format!("{role}_product")].as_str() {
        Some(product) => Items::Products(vec![product.to_owned()]),
        None => Items::Categories(vec![text(&promotion[format!("{role}_category")])]),
    };
    let count = |value: &Value| u32::try_from(value.as_u64().expect("whole")).expect("small");
    let gift = |(number, given): (usize, &Value)| QuotePromotion {
        label: given["code"].as_str().unwrap_or("gift").to_owned(),
        ..promotion(
            number,
            Action::BuyGet {
                buy: items(given, "buy"),
                buy_quantity: count(&given["buy_qty"]),
                get: items(given, "get"),
                get_quantity: count(&given["get_qty"]),
                ppm: 1_000_000,
                most: Some(count(&given["max_free_units"])),
            },
        )
    };
    let lines = list(&case["items"]).iter().enumerate().map(item).collect();
    let gifts = list(&case["promotions"]).iter().enumerate().map(gift).collect();
    let quote = quoted(shop, request(currency, lines, gifts)).await;
    let expected = &case["expected"]["discount_by_item"];
    for (item, line) in list(&case["items"]).iter().zip(&quote.lines) {
        let expected = &expected[item["id"].as_str().expect("an id")];
        let actual =
            |label: &str| line.discounts.iter().filter(|one| one.label == label).map(|one| one.amount.amount).sum();
        let by_code = |(code, amount): (&String, &Value)| (code.clone(), money(amount, currency).amount);
        let expected: Vec<(String, i64)> = match expected {
            Value::Object(codes) => codes.iter().map(by_code).collect(),
            Value::Null => vec![("gift".to_owned(), 0)],
            amount => vec![("gift".to_owned(), money(amount, currency).amount)],
        };
        for (label, amount) in expected {
            let actual: i64 = actual(&label);
            assert_eq!(actual, amount, "{}: {label} of {}", case["id"], line.id);
        }
    }
}

#[tokio::test]
async fn prices_keep_their_net_abroad() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        for case in cases(&["export_price"]) {
            let currency = currency(&case);
            let rate = |value: &Value| {
                vec![QuoteTax {
                    name: "Tax".to_owned(),
                    rate_ppm: ppm(value),
                    class: "standard".to_owned(),
                    compound: false,
                }]
            };
            let book = QuoteLine {
                taxes: rate(&case["destination_rate"]),
                listed_with: Some(rate(&case["home_rate"])),
                ..line(0, money(&case["listed_price_with_tax"], currency))
            };
            let coupon = case
                .get("coupon_percent")
                .map(|percent| promotion(0, Action::Percent { items: Items::All, ppm: ppm(percent) }));
            let quote = quoted(&shop, request(currency, vec![book], coupon.into_iter().collect())).await;
            assert_eq!(quote.total, money(&case["expected"]["grand_total"], currency), "{}", case["id"]);
            let tax = Money::new(quote.tax_contained.amount + quote.tax_added.amount, currency);
            assert_eq!(tax, money(&case["expected"]["tax_total"], currency), "{}", case["id"]);
        }
    })
    .await;
}

#[test]
fn amounts_are_divided_and_rounded_as_other_shops_publish() {
    for case in cases(&["apportion"]) {
        let weights: Vec<i64> = list(&case["weights"]).iter().filter_map(Value::as_i64).collect();
        let whole = eur(case["total_minor_units"].as_i64().expect("whole"));
        let parts: Vec<i64> = whole.allocate(&weights).expect("divides").into_iter().map(|part| part.amount).collect();
        let expected: Vec<i64> =
            list(&case["expected"]["parts_minor_units"]).iter().filter_map(Value::as_i64).collect();
        assert_eq!(parts, expected, "{}", case["id"]);
    }
    for case in cases(&["minor_units"]) {
        let minor = decimal(&text(&case["amount"]), currency(&case).exponent());
        assert_eq!(Some(minor), case["expected"]["minor_units"].as_i64(), "{}", case["id"]);
    }
}

const DAY: i64 = 24 * 3_600_000_000;

#[tokio::test]
async fn coupons_are_accepted_as_other_shops_publish() {
    on_every_database(|home| async move {
        for case in cases(&["coupon"]) {
            // Each in a shop of its own, since codes are never given twice.
            let shop = Shop::open(&home).await;
            check_coupon(&shop, &case).await;
        }
    })
    .await;
}

async fn check_coupon(shop: &Shop, case: &Value) {
    let (id, coupon) = (text(&case["id"]), &case["coupon"]);
    shop.deliver_free();
    let chalk = shop.sell("Chalk", money(&case["cart_items_total"], Currency::eur()).amount, 100);
    let code = format!("C-{id}").to_uppercase();
    let now = shop.clock.now();
    let is_all = text(&coupon["discount"]).starts_with("100%");
    let action = if is_all {
        Action::Percent { items: Items::All, ppm: 1_000_000 }
    } else {
        Action::Amount { items: Items::All, amount: eur(1_000) }
    };
    let promotion = SavePromotion {
        key: IdempotencyKey::new(),
        id: None,
        expected_version: None,
        label: id.clone(),
        rule: PromotionRule { conditions: Conditions::default(), action, priority: 0, exclusive: false },
        starts_at: if coupon["starts"] == "tomorrow" {
            kernel::Timestamp(now.0 + DAY)
        } else {
            kernel::Timestamp(now.0 - 9 * DAY)
        },
        ends_at: (coupon["expires"] == "yesterday").then_some(kernel::Timestamp(now.0 - DAY)),
        announced: true,
        given_back: coupon["reusable_after_cancel"] != false,
        codes: vec![CouponCode {
            code: code.clone(),
            limit: None,
            limit_per_customer: coupon["per_customer_limit"].as_i64(),
            uses: 0,
        }],
    };
    shop.carts.save_promotion(&CallCtx::of_module("test"), promotion).await.expect("saved");
    let used = coupon["used_by_customer"].as_i64().or(coupon["used_in_cancelled_orders"].as_i64()).unwrap_or(0);
    for _ in 0..used {
        let is_canceled = coupon["used_in_cancelled_orders"].is_i64();
        order_with(shop, chalk, &code, is_canceled).await;
    }

    let ada = guest();
    shop.add(&ada, chalk, 1).await.expect("added");
    shop.carts.save_contact(&ada, contact()).await.expect("saved");
    let added = shop.carts.add_code(&ada, AddCode { key: IdempotencyKey::new(), code: code.clone() }).await;
    if let Some(accepted) = case["expected"]["accepted"].as_bool() {
        assert_eq!(added.is_ok(), accepted, "{id}: {added:?}");
    }
    if text(&coupon["action"]) == "apply then remove" {
        let remove = RemoveCode { key: IdempotencyKey::new(), code: code.clone() };
        shop.carts.remove_code(&ada, remove).await.expect("removed");
    }
    let cart = shop.cart(&ada).await.expect("a cart");
    assert_eq!(cart.total, money(&case["expected"]["grand_total"], Currency::eur()), "{id}");
    if let Some(expected) = case["expected"].get("discount_total") {
        assert_eq!(off(&cart.adjustments), money(expected, Currency::eur()).amount, "{id}");
    }
}

/// Ada orders with a code.
async fn order_with(shop: &Shop, chalk: catalog_api::VariantId, code: &str, is_canceled: bool) {
    let ada = guest();
    shop.add(&ada, chalk, 1).await.expect("added");
    shop.carts.save_contact(&ada, contact()).await.expect("saved");
    shop.carts.add_code(&ada, AddCode { key: IdempotencyKey::new(), code: code.to_owned() }).await.expect("accepted");
    let order = shop.order(&ada).await.expect("ordered");
    if is_canceled {
        shop.cancel(&order).await;
    }
}
