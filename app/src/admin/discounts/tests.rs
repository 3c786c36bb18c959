//! What staff do not touch stays as it is.

use cart_api::{Conditions, PromotionRule};
use catalog_api::{ProductId, VariantId};

use super::*;

fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::eur())
}

/// A promotion that ends in the middle of a minute.
fn promotion(action: Action) -> Promotion {
    Promotion {
        id: PromotionId::new(),
        label: "Spring sale".to_owned(),
        rule: PromotionRule {
            conditions: Conditions { minimum_goods: Some(eur(2_000)), ..Conditions::default() },
            action,
            priority: -3,
            exclusive: true,
        },
        starts_at: Timestamp(1_763_467_200_000_000),
        ends_at: Some(Timestamp(1_763_467_231_000_001)),
        announced: true,
        given_back: false,
        codes: ["SPRING5", "SPRING6"]
            .map(|code| CouponCode { code: code.to_owned(), limit: Some(9), limit_per_customer: None, uses: 4 })
            .into(),
        version: 7,
    }
}

fn categories(slugs: &[&str]) -> Items {
    Items::Categories(slugs.iter().map(|slug| (*slug).to_owned()).collect())
}

#[test]
fn the_form_holds_what_a_discount_does_and_gives_it_back() {
    let of_ids = [
        Items::Products(vec![ProductId::new().to_string(), ProductId::new().to_string()]),
        Items::Variants(vec![VariantId::new().to_string()]),
    ];
    let steps = [(5_000, None, 50_000), (10_000, Some(eur(1_500)), 0), (20_000, None, 123_456), (30_000, None, 0)];
    let steps = steps.map(|(from, amount, ppm)| Step { from: eur(from), amount, ppm }).into();
    let buy_get = |buy: Items, get: Items, ppm: u32, most: Option<u32>| Action::BuyGet {
        buy,
        buy_quantity: 2,
        get,
        get_quantity: 1,
        ppm,
        most,
    };
    let [products, variants] = of_ids;
    let actions = [
        Action::Percent { items: categories(&["boards", "twine"]), ppm: 125_000 },
        Action::PercentPerLine { items: products.clone(), ppm: 1_000_000 },
        Action::Amount { items: variants.clone(), amount: eur(500) },
        Action::AmountPerUnit { items: Items::All, amount: eur(1) },
        Action::AmountPerLine { items: categories(&["boards"]), amount: eur(250) },
        Action::UnitPrice { items: products.clone(), price: eur(0) },
        Action::Tiered { items: variants, steps },
        buy_get(Items::All, Items::All, 1_000_000, None),
        buy_get(categories(&["boards"]), products, 500_000, Some(3)),
        buy_get(Items::All, categories(&["boards", "twine"]), 1_000_000, None),
        Action::Delivery { ppm: 1_000_000 },
        Action::Delivery { ppm: 250_000 },
    ];
    for action in actions {
        let before = promotion(action);
        assert!(holds(&before, Currency::eur()), "{before:?}");
        let read = read(&mut filled(&before), Some(&before), Currency::eur()).expect("reads");
        assert_eq!((read.starts_at, read.ends_at), (before.starts_at, before.ends_at));
        assert_eq!((read.announced, read.given_back), (before.announced, before.given_back));
    }
}

#[test]
fn what_the_form_cannot_hold_is_shown_in_words() {
    let usual = promotion(Action::Amount { items: Items::All, amount: eur(500) });
    let mut for_groups = usual.clone();
    for_groups.rule.conditions.customer_groups = vec!["schools".to_owned()];
    let mut with_own_limits = usual.clone();
    with_own_limits.codes[1].limit = None;
    let of_lines = promotion(Action::Percent { items: Items::Lines(vec!["0001".to_owned()]), ppm: 1 });
    for (promotion, currency, words) in [
        (for_groups, "EUR", "schools"),
        (with_own_limits, "EUR", "used 4 of 9 times"),
        (of_lines, "EUR", "0.0001 % off"),
        (usual, "CHF", "€5.00 off"),
    ] {
        assert!(!holds(&promotion, currency.parse().expect("a currency")), "{promotion:?}");
        let rows = rows(&promotion);
        assert!(rows.iter().any(|row| row.value.contains(words)), "{words}: {rows:?}");
    }
}
