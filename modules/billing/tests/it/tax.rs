//! The tax that prices contain.

use std::path::PathBuf;

use billing_api::FindTaxRate;
use kernel::testing::on_every_database;

use crate::{Shop, ctx};

async fn rate(shop: &Shop, country: &str) -> u32 {
    let request = FindTaxRate { country: country.parse().expect("a country") };
    let rate = shop.billing.tax_rate(&ctx(), request).await.expect("asked");
    assert_eq!(rate.name, "VAT");
    rate.basis_points
}

#[tokio::test]
async fn the_rate_of_a_country_is_the_one_in_force() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        assert_eq!((rate(&shop, "AT").await, rate(&shop, "CH").await, rate(&shop, "FI").await), (2_000, 810, 2_550));
        assert_eq!(rate(&shop, "US").await, 0);
        shop.tamper("INSERT INTO tax_rates VALUES ('AT', 1800000060000000, 'VAT', 2200)").await.expect("announced");
        assert_eq!(rate(&shop, "AT").await, 2_000);
        shop.wait(1);
        assert_eq!(rate(&shop, "AT").await, 2_200);
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
            let seeded = shop.rows("SELECT country AS row FROM tax_rates").await;
            assert_eq!(seeded.len(), 30);
            for country in seeded {
                let expected = published.iter().find(|(territory, _)| *territory == country).expect("published").1;
                assert_eq!(rate(&shop, &country).await, expected, "{country}");
            }
        }
    })
    .await;
}
