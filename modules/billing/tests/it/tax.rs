//! The tax that prices contain.

use std::path::PathBuf;
use std::time::Duration;

use billing_api::{BillingError, ListTaxRules, SaveTaxRule, TaxRate, TaxRule};
use kernel::principal::Staff;
use kernel::testing::on_every_database;
use kernel::{CallCtx, CallError, IdempotencyKey, Principal, TaxClass, Timestamp};

use crate::{Shop, ctx};

async fn rate(shop: &Shop, country: &str) -> u32 {
    rate_at(shop, country, "").await
}

async fn rate_at(shop: &Shop, country: &str, postcode: &str) -> u32 {
    let request = ListTaxRules { country: country.parse().ok() };
    let rules = shop.billing.tax_rules(&ctx(), request).await.expect("asked");
    let rate = TaxRate::of(&rules, &TaxClass::default(), postcode, shop.clock.now());
    assert_eq!(rate.name, "VAT");
    rate.basis_points
}

#[tokio::test]
async fn the_rate_of_a_country_is_the_one_in_force() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!((rate(&shop, "AT").await, rate(&shop, "CH").await, rate(&shop, "FI").await), (2_000, 810, 2_550));
        assert_eq!(rate(&shop, "US").await, 0);
        shop.tamper("INSERT INTO tax_class_rules VALUES ('AT', '', 'standard', 1800000060000000, 'VAT', 2200)")
            .await
            .expect("announced");
        assert_eq!(rate(&shop, "AT").await, 2_000);
        shop.wait(1);
        assert_eq!(rate(&shop, "AT").await, 2_200);
    })
    .await;
}

fn rule(region: &str, basis_points: u32, valid_from: Timestamp) -> TaxRule {
    let country = "AT".parse().expect("a country");
    let (region, name) = (region.to_owned(), " VAT ".to_owned());
    TaxRule { country, region, class: TaxClass::default(), valid_from, name, basis_points }
}

fn class(name: &str) -> TaxClass {
    name.parse().expect("a tax class")
}

async fn save(shop: &Shop, ctx: &CallCtx, rule: TaxRule) -> Result<TaxRule, CallError<BillingError>> {
    shop.billing.save_tax_rule(ctx, SaveTaxRule { key: IdempotencyKey::new(), rule }).await
}

/// The rate of a class, and what papers call it.
async fn rate_of(shop: &Shop, name: &str, postcode: &str) -> (u32, String) {
    let rules = shop.billing.tax_rules(&ctx(), ListTaxRules { country: "AT".parse().ok() }).await.expect("asked");
    let rate = TaxRate::of(&rules, &class(name), postcode, shop.clock.now());
    (rate.basis_points, rate.class)
}

#[tokio::test]
async fn goods_are_taxed_by_their_class_and_as_most_where_it_has_no_rate() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let now = shop.clock.now();
        assert_eq!(rate_of(&shop, "reduced", "1070").await, (2_000, "standard".to_owned()), "nothing is announced");
        save(&shop, &ctx(), TaxRule { class: class("reduced"), ..rule("", 1_000, now) }).await.expect("announced");
        save(&shop, &ctx(), TaxRule { class: class("wine"), ..rule("", 1_300, now) }).await.expect("announced");
        save(&shop, &ctx(), TaxRule { class: class("news"), ..rule("", 0, now) }).await.expect("announced");
        let expected = [
            ("standard", 2_000, "standard"),
            ("reduced", 1_000, "reduced"),
            ("wine", 1_300, "reduced"),
            ("news", 0, "zero"),
            ("zero", 0, "zero"),
            ("exempt", 0, "exempt"),
            ("books", 2_000, "standard"),
        ];
        for (name, basis_points, called) in expected {
            assert_eq!(rate_of(&shop, name, "1070").await, (basis_points, called.to_owned()), "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_region_without_tax_is_without_tax_for_every_class() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let now = shop.clock.now();
        save(&shop, &ctx(), TaxRule { class: class("reduced"), ..rule("", 1_000, now) }).await.expect("announced");
        save(&shop, &ctx(), rule("66", 0, now)).await.expect("announced");
        save(&shop, &ctx(), TaxRule { class: class("reduced"), ..rule("669", 500, now) }).await.expect("announced");
        for name in ["standard", "reduced", "zero", "exempt", "books"] {
            assert_eq!(rate_of(&shop, name, "6600").await, (0, "export".to_owned()), "{name}");
        }
        assert_eq!(rate_of(&shop, "reduced", "6691").await, (500, "reduced".to_owned()));
        assert_eq!(rate_of(&shop, "standard", "6691").await, (0, "export".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_longest_beginning_of_a_postcode_counts_from_its_moment_on() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let (now, later) = (shop.clock.now(), shop.clock.now().plus(Duration::from_secs(60)));
        save(&shop, &ctx(), rule("66", 1_000, now)).await.expect("announced");
        save(&shop, &ctx(), rule(" 66-91", 1_900, later)).await.expect("announced");
        save(&shop, &ctx(), rule("6691", 1_800, later)).await.expect("changed, since it is not in force");
        assert_eq!((rate_at(&shop, "AT", "66 91").await, rate_at(&shop, "AT", "1070").await), (1_000, 2_000));
        shop.wait(1);
        assert_eq!((rate_at(&shop, "AT", "6691").await, rate_at(&shop, "AT", "6600").await), (1_800, 1_000));
        let rules = shop.billing.tax_rules(&ctx(), ListTaxRules { country: "AT".parse().ok() }).await.expect("asked");
        let shown: Vec<_> = rules.iter().map(|rule| (rule.region.as_str(), rule.basis_points)).collect();
        assert_eq!(shown, [("", 2_000), ("66", 1_000), ("6691", 1_800)]);
    })
    .await;
}

#[tokio::test]
async fn what_is_in_force_stays_and_only_who_manages_orders_announces() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let now = shop.clock.now();
        save(&shop, &ctx(), rule("66", 1_000, now)).await.expect("announced");
        let refused = [
            ("valid_from", rule("66", 900, now)),
            ("valid_from", rule("", 900, now.minus(Duration::from_secs(3_601)))),
            ("region", rule("66910066910", 900, now)),
            ("region", rule("§", 900, now)),
            ("name", TaxRule { name: " ".to_owned(), ..rule("67", 900, now) }),
            ("basis_points", rule("67", 10_001, now)),
            ("class", TaxRule { class: class("zero"), ..rule("67", 0, now) }),
            ("class", TaxRule { class: class("exempt"), ..rule("67", 500, now) }),
        ];
        for (expected, rule) in refused {
            match save(&shop, &ctx(), rule).await {
                Err(CallError::Domain(BillingError::Invalid { field, .. })) => assert_eq!(field, expected),
                other => panic!("{expected}: {other:?}"),
            }
        }
        assert_eq!(rate_at(&shop, "AT", "6600").await, 1_000);
        let permissions = vec!["read_orders".to_owned()];
        let staff = Staff { id: "usr_1".to_owned(), name: "Grace".to_owned(), permissions };
        let staff = CallCtx::new("app", Principal::Staff(staff));
        let not_permitted = save(&shop, &staff, rule("67", 900, now)).await.expect_err("she only reads");
        assert_eq!(not_permitted.domain(), Some(&BillingError::NotPermitted));
        let anybody = CallCtx::new("app", Principal::Anonymous);
        assert!(save(&shop, &anybody, rule("67", 900, now)).await.is_err());
    })
    .await;
}

/// Rows of the published history without an end: territories, rate in basis points.
fn published_rates() -> Option<Vec<(String, u32)>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("FREESTONE_TEST_DATA").map_or(beside, PathBuf::from);
    let mut reader = csv::Reader::from_path(folder.join("reference/vat_rates.csv")).ok()?;
    let rows = reader.records().map(|row| row.expect("a row"));
    let in_force = rows.filter(|row| row[1].is_empty() && &row[5] == "standard");
    let rates = in_force.flat_map(|row| {
        let rate: f64 = row[4].parse().expect("a rate");
        let territories: Vec<_> = row[2].lines().map(str::to_owned).collect();
        territories
            .into_iter()
            .map(move |territory| (territory, format!("{:.0}", rate * 10_000.0).parse().expect("a rate")))
    });
    Some(rates.collect())
}

#[tokio::test]
async fn rates_are_those_that_are_published() {
    let Some(published) = published_rates() else {
        eprintln!("NOT RUN: no reference/vat_rates.csv in the test data; set FREESTONE_TEST_DATA");
        return;
    };
    on_every_database(|home| {
        let published = published.clone();
        async move {
            let shop = Shop::open(&home).await;
            let seeded = shop.rows("SELECT country AS row FROM tax_class_rules").await;
            assert_eq!(seeded.len(), 30);
            for country in seeded {
                let expected = published.iter().find(|(territory, _)| *territory == country).expect("published").1;
                assert_eq!(rate(&shop, &country).await, expected, "{country}");
            }
        }
    })
    .await;
}
