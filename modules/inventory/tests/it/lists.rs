//! Levels and the ledger, page by page.

use inventory_api::{FindStock, ListMovements, ListStock, StockItem};
use kernel::PageRequest;
use kernel::testing::on_every_database;

use crate::{CHALK, Shop, ctx, invalid_field, item};

async fn skus(shop: &Shop, low_only: bool, limit: u32) -> Vec<String> {
    let (mut found, mut page) = (Vec::new(), PageRequest::first(limit));
    loop {
        let part = shop
            .inventory
            .list_stock(&ctx(), ListStock { low_only, page, ..ListStock::default() })
            .await
            .expect("listed");
        found.extend(part.items.into_iter().map(|level| level.sku.unwrap_or_default()));
        let Some(cursor) = part.next_cursor else { return found };
        page = PageRequest { limit, cursor: Some(cursor) };
    }
}

#[tokio::test]
async fn levels_are_listed_by_sku_without_gaps_or_repeats() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let with =
            |variant_id: &str, sku: &str, on_hand| StockItem { sku: Some(sku.to_owned()), ..item(variant_id, on_hand) };
        let items = [("var_1", "b 2", 9), ("var_2", "a", 5), ("var_3", "B", 9), ("var_4", "b 2", 6), ("var_5", "", 2)];
        shop.set(items.iter().map(|&(variant_id, sku, on_hand)| with(variant_id, sku, on_hand)).collect())
            .await
            .expect("set");
        for limit in [1, 2, 5, 100] {
            assert_eq!(skus(&shop, false, limit).await, ["", "B", "a", "b 2", "b 2"], "limit {limit}");
        }
        assert_eq!(skus(&shop, true, 1).await, ["", "a"]);
    })
    .await;
}

#[tokio::test]
async fn the_ledger_is_listed_newest_first_without_gaps_or_repeats() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        for on_hand in 2..=7 {
            shop.set(vec![item(CHALK, on_hand)]).await.expect("set");
        }
        let (mut found, mut page) = (Vec::new(), PageRequest::first(2));
        loop {
            let request = ListMovements { variant_id: CHALK.to_owned(), page, ..ListMovements::default() };
            let part = shop.inventory.movements(&ctx(), request).await.expect("listed");
            found.extend(part.items.into_iter().map(|line| line.on_hand_after));
            let Some(cursor) = part.next_cursor else { break };
            page = PageRequest { limit: 2, cursor: Some(cursor) };
        }
        assert_eq!(found, [7, 6, 5, 4, 3, 2, 1]);
    })
    .await;
}

#[tokio::test]
async fn cursors_of_others_are_refused() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 1, 0).await;
        for cursor in ["", "nonsense", " x", "mov_'; DROP TABLE", "mov_01h455vb4pex5vsknk084sn02"] {
            let page = PageRequest { limit: 2, cursor: Some(cursor.to_owned()) };
            let movements =
                ListMovements { variant_id: CHALK.to_owned(), page: page.clone(), ..ListMovements::default() };
            assert_eq!(invalid_field(shop.inventory.movements(&ctx(), movements).await), "cursor", "{cursor:?}");
            if !cursor.contains(' ') || cursor.starts_with(' ') {
                let stock = ListStock { page, ..ListStock::default() };
                assert_eq!(invalid_field(shop.inventory.list_stock(&ctx(), stock).await), "cursor", "{cursor:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn variants_that_were_never_stocked_are_left_out() {
    on_every_database(|home| async move {
        let shop = Shop::stocked(&home, 4, 0).await;
        let some = ["var_unknown", CHALK, CHALK].map(str::to_owned).to_vec();
        let found = shop.inventory.stock_levels(&ctx(), FindStock::of(some)).await.expect("found");
        assert_eq!(
            found.iter().map(|level| (level.variant_id.as_str(), level.available)).collect::<Vec<_>>(),
            [(CHALK, 4)]
        );
        let none = shop.inventory.stock_levels(&ctx(), FindStock::of(vec![])).await;
        assert_eq!(none.expect("found"), []);
        let too_many = FindStock::of(vec![CHALK.to_owned(); 2_501]);
        assert_eq!(invalid_field(shop.inventory.stock_levels(&ctx(), too_many).await), "variant_ids");
    })
    .await;
}
