//! Price lists: what they do to offers, when they begin and end, and who may change them.

use std::time::Duration;

use catalog_api::{
    CatalogError, FindListPrices, FindPriceHistory, FindProduct, FindVariants, ListPriceInput, ListPriceLists,
    PriceList, PriceListKind, Product, ProductInput, ProductSort, RefusedPrice, SavePriceList, SetListPrices,
    VariantInput,
};
use kernel::audit::AuditRequest;
use kernel::stop::Stop;
use kernel::testing::on_every_database;
use kernel::{CallCtx, CallError, Currency, IdempotencyKey, Money, PageRequest, Quantity};

use crate::{Shop, eur, first_page, member, product, refused_field, shopper, slugs, staff, variant};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn goods(slug: &str, price: i64) -> ProductInput {
    let sku = Some(format!("{}-1", slug.to_uppercase()));
    ProductInput { variants: vec![VariantInput { sku, ..variant(price) }], ..product(slug, slug, price) }
}

/// Chalk for 3.00 and slate for 9.00.
async fn filled(home: &kernel::testing::TestHome) -> Shop {
    Shop::with(home, &[goods("chalk", 300), goods("slate", 900)]).await
}

impl Shop {
    fn new_list(&self, kind: PriceListKind) -> SavePriceList {
        SavePriceList {
            key: IdempotencyKey::new(),
            id: None,
            expected_version: None,
            name: "Winter".to_owned(),
            currency: Currency::eur(),
            kind,
            priority: 0,
            starts_at: self.clock.now(),
            ends_at: None,
        }
    }

    async fn save_list(&self, request: SavePriceList) -> PriceList {
        self.catalog.save_price_list(&staff(), request).await.expect("the list is saved")
    }

    async fn set(&self, list: &PriceList, prices: &[(&str, i64, Option<i64>)]) -> Vec<RefusedPrice> {
        self.catalog.set_list_prices(&staff(), set_of(list, prices)).await.expect("the prices are set")
    }

    /// One look of the worker for lists that begin and end.
    async fn look(&self) {
        let (stopper, stop) = Stop::new();
        let worker = catalog::start(self.db.clone(), self.clock.clone(), Currency::eur()).workers.pop();
        let working = tokio::spawn((worker.expect("a worker looks at lists").run)(stop));
        // It looks at once; told to stop, it finishes that first.
        tokio::task::yield_now().await;
        stopper.stop();
        working.await.expect("the worker ends");
    }

    async fn page(&self, slug: &str) -> Product {
        let found = self.catalog.product(&shopper(), FindProduct::Slug(slug.to_owned())).await;
        found.expect("asked").expect("it is shown")
    }

    /// What the page, lists and carts say: price, former price, lowest price before.
    async fn offer(&self, slug: &str) -> (i64, Option<i64>, Option<i64>) {
        let of_page = self.page(slug).await.variants.remove(0);
        let request = FindVariants { variant_ids: vec![of_page.id] };
        let of_cart = self.catalog.variants(&shopper(), request).await.expect("asked").remove(0);
        let cards = self.list_all().await;
        let card = cards.iter().find(|card| card.slug == slug).expect("it is listed");
        assert_eq!((of_page.price, of_page.compare_at_price), (card.price_from, card.compare_at_price));
        assert_eq!((of_page.price, of_page.compare_at_price), (of_cart.price, of_cart.compare_at_price));
        assert_eq!((of_page.lowest_before, &of_page.tiers), (card.lowest_before, &of_cart.tiers));
        let amount = |money: Option<Money>| money.map(|money| money.amount);
        (of_page.price.amount, amount(of_page.compare_at_price), amount(of_page.lowest_before))
    }

    async fn list_all(&self) -> Vec<catalog_api::ProductCard> {
        let request = catalog_api::ProductQuery { sort: ProductSort::PriceAscending, ..first_page() };
        self.catalog.products(&shopper(), request).await.expect("a list").items
    }

    async fn tiers(&self, slug: &str) -> Vec<(i64, i64)> {
        let tiers = self.page(slug).await.variants.remove(0).tiers;
        tiers.iter().map(|tier| (tier.from.get(), tier.price.amount)).collect()
    }

    async fn is_sound(&self) {
        let found = self.catalog.audit(&staff(), AuditRequest::default()).await.expect("an answer");
        assert_eq!(found, []);
    }
}

fn set_of(list: &PriceList, prices: &[(&str, i64, Option<i64>)]) -> SetListPrices {
    let input = |&(variant, from, price): &(&str, i64, Option<i64>)| ListPriceInput {
        variant: variant.to_owned(),
        min_quantity: from.try_into().expect("a quantity"),
        price: price.map(eur),
    };
    let prices = prices.iter().map(input).collect();
    SetListPrices { key: IdempotencyKey::new(), price_list_id: list.id, dry_run: false, prices }
}

#[tokio::test]
async fn a_sale_begins_and_ends_in_time_and_names_the_lowest_price_before() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let (begin, end) = (shop.clock.now().plus(DAY), shop.clock.now().plus(3 * DAY));
        let wanted = SavePriceList { starts_at: begin, ends_at: Some(end), ..shop.new_list(PriceListKind::Sale) };
        let list = shop.save_list(wanted).await;
        shop.set(&list, &[("SLATE-1", 1, Some(200))]).await;
        shop.look().await;
        assert_eq!(shop.offer("slate").await, (900, None, None), "it has not begun");
        shop.clock.advance(DAY);
        shop.look().await;
        assert_eq!(shop.offer("slate").await, (200, Some(900), Some(900)));
        assert_eq!(slugs(&shop.list_all().await), ["slate", "chalk"], "sorted by what counts");
        assert_eq!(shop.page("slate").await.variants[0].own().price, eur(900));
        shop.is_sound().await;
        shop.clock.advance(2 * DAY);
        shop.look().await;
        assert_eq!(shop.offer("slate").await, (900, None, Some(200)), "of the 30 days before the price went up again");
        assert_eq!(slugs(&shop.list_all().await), ["chalk", "slate"]);
        let request = FindPriceHistory { product_id: shop.page("slate").await.id };
        let history = shop.catalog.price_history(&member("read_products"), request).await.expect("the history");
        let prices: Vec<_> = history.iter().map(|moment| moment.price.map(|price| price.amount)).collect();
        assert_eq!(prices, [Some(900), Some(200), Some(900)]);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn an_override_is_simply_the_price_until_it_is_taken_out() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let list = shop.save_list(shop.new_list(PriceListKind::Override)).await;
        assert_eq!(shop.set(&list, &[("CHALK-1", 1, Some(350))]).await, []);
        assert_eq!(shop.offer("chalk").await.0, 350, "a price that is set counts at once");
        assert_eq!(shop.offer("chalk").await.1, None);
        shop.set(&list, &[("CHALK-1", 1, None)]).await;
        assert_eq!(shop.offer("chalk").await.0, 300);
        assert_eq!(shop.page("chalk").await.variants[0].own_price, None);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn more_of_it_costs_less_for_each() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let list = shop.save_list(shop.new_list(PriceListKind::Override)).await;
        shop.set(&list, &[("CHALK-1", 10, Some(250)), ("CHALK-1", 50, Some(200)), ("CHALK-1", 90, Some(400))]).await;
        assert_eq!(shop.offer("chalk").await.0, 300);
        assert_eq!(shop.tiers("chalk").await, [(10, 250), (50, 200)], "nobody pays more for more");
        let request = FindVariants { variant_ids: vec![shop.page("chalk").await.variants[0].id] };
        let item = shop.catalog.variants(&shopper(), request).await.expect("asked").remove(0);
        let price = |quantity: i64| item.price_for(Quantity::try_from(quantity).expect("a quantity")).amount;
        assert_eq!([1, 9, 10, 49, 50, 9_999].map(price), [300, 300, 250, 250, 200, 200]);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn saving_and_importing_a_product_changes_its_own_price_and_keeps_that_of_the_list() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        shop.clock.advance(DAY);
        let list = shop.save_list(shop.new_list(PriceListKind::Sale)).await;
        shop.set(&list, &[("CHALK-1", 1, Some(250))]).await;
        let before = shop.page("chalk").await;
        shop.import(&[goods("chalk", 300)]).await;
        assert_eq!(shop.page("chalk").await, before, "as given already");
        shop.clock.advance(DAY);
        shop.import(&[goods("chalk", 400)]).await;
        assert_eq!(shop.offer("chalk").await, (250, Some(400), Some(300)), "the offer is the same, and since then");
        shop.import(&[goods("chalk", 200)]).await;
        assert_eq!(shop.offer("chalk").await.0, 200, "a sale makes nothing dearer");
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_ended_or_changed_is_followed() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let list = shop.save_list(shop.new_list(PriceListKind::Override)).await;
        shop.set(&list, &[("CHALK-1", 1, Some(250))]).await;
        let other = shop.save_list(SavePriceList { priority: 5, ..shop.new_list(PriceListKind::Override) }).await;
        shop.set(&other, &[("CHALK-1", 1, Some(270))]).await;
        assert_eq!(shop.offer("chalk").await.0, 270, "the higher priority");
        let end = SavePriceList {
            id: Some(other.id),
            ends_at: Some(shop.clock.now()),
            ..shop.new_list(PriceListKind::Override)
        };
        shop.save_list(end).await;
        shop.look().await;
        assert_eq!(shop.offer("chalk").await.0, 250);
        let late = SavePriceList { id: Some(list.id), expected_version: Some(1), ..shop.new_list(PriceListKind::Sale) };
        let refusal = shop.catalog.save_price_list(&staff(), late).await.expect_err("its prices were set since");
        assert_eq!(refusal.domain(), Some(&CatalogError::Changed { current: 2 }));
    })
    .await;
}

#[tokio::test]
async fn prices_are_taken_all_or_not_at_all() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let list = shop.save_list(shop.new_list(PriceListKind::Override)).await;
        let prices =
            [("CHALK-1", 1, Some(250)), ("NONE", 1, Some(1)), ("SLATE-1", 1, Some(-1)), ("CHALK-1", 1, Some(240))];
        let refused = shop.set(&list, &prices).await;
        let places: Vec<_> = refused.iter().map(|refused| (refused.place, refused.field.as_str())).collect();
        assert_eq!(places, [(1, "variant"), (2, "price"), (3, "variant")]);
        assert_eq!(shop.offer("chalk").await.0, 300);
        let usd = Money::new(1, "USD".parse().expect("a currency"));
        let mut foreign = set_of(&list, &[("CHALK-1", 1, Some(1))]);
        foreign.prices[0].price = Some(usd);
        let refused = shop.catalog.set_list_prices(&staff(), foreign).await.expect("asked");
        assert_eq!(refused[0].field, "price", "AC-033: of another currency");
        let dry_run = SetListPrices { dry_run: true, ..set_of(&list, &[("CHALK-1", 1, Some(250))]) };
        assert_eq!(shop.catalog.set_list_prices(&staff(), dry_run).await.expect("asked"), []);
        assert_eq!(shop.offer("chalk").await.0, 300, "only looked at");
        let request = set_of(&list, &[("CHALK-1", 1, Some(250)), ("CHALK-1", 10, Some(200))]);
        for _ in 0..2 {
            assert_eq!(shop.catalog.set_list_prices(&staff(), request.clone()).await.expect("set"), []);
        }
        let page = PageRequest::first(1);
        let find = FindListPrices { price_list_id: list.id, page };
        let first = shop.catalog.list_prices(&staff(), find).await.expect("the first price");
        assert_eq!((first.items[0].own_price, first.items[0].price), (eur(300), eur(250)));
        let find = FindListPrices { price_list_id: list.id, page: PageRequest { limit: 9, cursor: first.next_cursor } };
        let second = shop.catalog.list_prices(&staff(), find).await.expect("the second price");
        assert_eq!((second.items.len(), second.items[0].min_quantity.get(), second.next_cursor), (1, 10, None));
        let lists = shop.catalog.price_lists(&staff(), ListPriceLists::default()).await.expect("lists");
        assert_eq!(lists[0].price_count, 2);
    })
    .await;
}

#[tokio::test]
async fn a_variant_that_goes_leaves_the_lists() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let list = shop.save_list(shop.new_list(PriceListKind::Override)).await;
        shop.set(&list, &[("CHALK-1", 1, Some(250))]).await;
        let sized = VariantInput { option_values: vec!["L".to_owned()], ..variant(500) };
        let input = ProductInput { options: vec!["Size".to_owned()], variants: vec![sized], ..goods("chalk", 0) };
        shop.import(&[input]).await;
        assert_eq!(shop.offer("chalk").await.0, 500);
        let lists = shop.catalog.price_lists(&staff(), ListPriceLists { id: Some(list.id) }).await.expect("the list");
        assert_eq!(lists[0].price_count, 0);
        shop.is_sound().await;
    })
    .await;
}

#[tokio::test]
async fn wrong_lists_are_refused_and_only_staff_see_and_change_them() {
    on_every_database(|home| async move {
        let shop = filled(&home).await;
        let sale = || shop.new_list(PriceListKind::Sale);
        let wrong = [
            ("name", SavePriceList { name: " ".to_owned(), ..sale() }),
            ("currency", SavePriceList { currency: "USD".parse().expect("a currency"), ..sale() }),
            ("priority", SavePriceList { priority: 1_001, ..sale() }),
            ("ends_at", SavePriceList { ends_at: Some(shop.clock.now().minus(DAY)), ..sale() }),
        ];
        for (field, request) in wrong {
            assert_eq!(refused_field(shop.catalog.save_price_list(&staff(), request).await), field);
        }
        let list = shop.save_list(sale()).await;
        let gone = SavePriceList { id: Some(catalog_api::PriceListId::new()), ..sale() };
        let refusal = shop.catalog.save_price_list(&staff(), gone).await.expect_err("there is none");
        assert_eq!(refusal.domain(), Some(&CatalogError::NotFound));
        let refused = async |ctx: CallCtx| {
            let set = shop.catalog.set_list_prices(&ctx, set_of(&list, &[("CHALK-1", 1, Some(1))])).await;
            let saved = shop.catalog.save_price_list(&ctx, sale()).await;
            let not_permitted = |error: &CallError<CatalogError>| error.domain() == Some(&CatalogError::NotPermitted);
            set.as_ref().is_err_and(not_permitted) && saved.as_ref().is_err_and(not_permitted)
        };
        assert!(refused(shopper()).await && refused(member("read_products")).await);
        let seen = shop.catalog.price_lists(&shopper(), ListPriceLists::default()).await;
        assert_eq!(seen.expect_err("for staff").domain(), Some(&CatalogError::NotPermitted));
        assert_eq!(shop.offer("chalk").await.0, 300);
    })
    .await;
}
