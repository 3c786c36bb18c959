//! Showing a cart, whoever of the neighbours is away.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cart_api::{Cart, LineState, TaxPolicy, TaxRounding};
use catalog_api::PriceTier;
use kernel::contract::{Contract, Transport, TransportError, WireRequest, WireResponse};
use kernel::testing::{TestHome, on_every_database};
use kernel::{CallCtx, Currency, Money};

use crate::shop::{Shop, country, eur, guest, tax_class};

fn states(cart: &Cart) -> Vec<LineState> {
    cart.lines.iter().map(|line| line.state.clone()).collect()
}

/// Ada has two chalks for 3 euros and a slate for 9.
async fn filled(home: &TestHome) -> (Shop, CallCtx) {
    let (shop, ada) = (Shop::open(home).await, guest());
    let (chalk, slate) = (shop.sell("Chalk", 300, 10), shop.sell("Slate", 900, 10));
    shop.add(&ada, chalk, 2).await.expect("added");
    shop.add(&ada, slate, 1).await.expect("added");
    shop.world().asked = [0; 4];
    (shop, ada)
}

#[tokio::test]
async fn a_cart_shows_what_it_costs() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.item_count, cart.subtotal, cart.total), (3, eur(1_500), eur(1_990)));
        assert_eq!((cart.tax_basis_points, cart.tax_contained), (2_000, eur(332)));
        assert_eq!(cart.country, country("AT"));
        let shipping = cart.shipping.as_ref().expect("it can be delivered");
        assert_eq!((shipping.method.as_str(), shipping.price, shipping.chosen), ("standard", eur(490), false));
        assert_eq!(cart.shipping_choices.len(), 2);
        let titles: Vec<_> = cart.lines.iter().map(|line| line.title.as_str()).collect();
        assert_eq!(titles, ["Chalk", "Slate"], "in the order added");
        assert!(cart.can_check_out);
    })
    .await;
}

/// What each rate is taken on and comes to: class, rate in percent, base, amount.
fn taxes(cart: &Cart) -> Vec<(&str, u32, i64, i64)> {
    let rows = cart.tax_lines.iter();
    rows.map(|tax| (tax.class.as_str(), tax.rate_ppm / 10_000, tax.base.amount, tax.amount.amount)).collect()
}

#[tokio::test]
async fn goods_are_taxed_by_their_class_and_delivery_at_the_highest_rate_among_them() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let lines = shop.cart(&ada).await.expect("a cart").lines;
        let [chalk, slate] = [0, 1].map(|place: usize| lines[place].variant_id.parse().expect("a variant"));
        shop.change_item(chalk, |item| item.tax_class = tax_class("reduced"));
        let cart = shop.cart(&ada).await.expect("a cart");
        // 9.00 and 4.90 for delivery contain 20 %, 6.00 contain 10 %.
        assert_eq!(taxes(&cart), [("standard", 20, 1_158, 232), ("reduced", 10, 545, 55)]);
        assert_eq!((cart.total, cart.tax_contained), (eur(1_990), eur(287)));
        shop.change_item(slate, |item| item.tax_class = tax_class("zero"));
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(taxes(&cart), [("reduced", 10, 991, 99), ("zero", 0, 900, 0)]);
        shop.change_item(chalk, |item| item.tax_class = tax_class("books"));
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(taxes(&cart)[0], ("standard", 20, 908, 182), "a class without a rate is taxed as most goods are");
        assert_eq!(shop.world().asked[3], 1, "one answer of billing serves every class");
    })
    .await;
}

#[tokio::test]
async fn a_line_costs_what_so_many_cost_and_of_fewer_what_fewer_cost() {
    on_every_database(|home| async move {
        let (shop, ada) = (Shop::open(&home).await, guest());
        let chalk = shop.sell("Chalk", 300, 60);
        let tier = |from: i64, price| PriceTier { from: from.try_into().expect("a quantity"), price: eur(price) };
        shop.change_item(chalk, |item| item.tiers = vec![tier(10, 250), tier(50, 200)]);
        shop.add(&ada, chalk, 9).await.expect("added");
        let line = async || shop.cart(&ada).await.expect("a cart").lines.remove(0);
        assert_eq!((line().await.unit_price, line().await.price_of_one), (eur(300), None));
        shop.add(&ada, chalk, 41).await.expect("added");
        let many = line().await;
        assert_eq!((many.unit_price, many.line_total, many.price_of_one), (eur(200), eur(10_000), Some(eur(300))));
        assert_eq!(many.added_price, eur(300), "one with one");
        shop.change_stock(chalk, |level| level.available = 12);
        let fewer = line().await;
        assert_eq!(
            (fewer.state, fewer.unit_price, fewer.line_total),
            (LineState::Fewer { available: 12 }, eur(250), eur(3_000))
        );
    })
    .await;
}

#[tokio::test]
async fn an_empty_cart_asks_nobody() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        for line in shop.cart(&ada).await.expect("a cart").lines {
            let request = cart_api::RemoveLine { key: kernel::IdempotencyKey::new(), line_id: line.id };
            shop.carts.remove_line(&ada, request).await.expect("removed");
        }
        shop.world().asked = [0; 4];
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.lines.len(), cart.total, cart.shipping, cart.can_check_out), (0, eur(0), None, false));
        assert_eq!(shop.cart(&guest()).await, None);
        assert_eq!(shop.world().asked, [0; 4]);
    })
    .await;
}

#[tokio::test]
async fn a_new_price_is_shown_beside_the_old_one() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let slate = shop.world().items[1].variant_id;
        shop.change_item(slate, |item| item.price = eur(1_000));
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.lines[1].unit_price, cart.lines[1].added_price), (eur(1_000), eur(900)));
        assert_eq!(cart.subtotal, eur(1_600));
    })
    .await;
}

// AC-060
#[tokio::test]
async fn what_cannot_be_bought_any_more_is_marked_and_not_counted() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let chalk = shop.world().items[0].variant_id;
        let slate = shop.world().items[1].variant_id;
        shop.change_stock(chalk, |level| level.available = 1);
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(states(&cart), [LineState::Fewer { available: 1 }, LineState::Available]);
        assert_eq!((cart.item_count, cart.subtotal, cart.can_check_out), (2, eur(1_200), false));

        shop.change_stock(chalk, |level| level.available = 0);
        shop.change_item(slate, |item| item.for_sale = false);
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(states(&cart), [LineState::SoldOut, LineState::Withdrawn]);
        assert_eq!((cart.item_count, cart.total, cart.can_check_out), (0, eur(0), false));
    })
    .await;
}

// AC-032, AC-060
#[tokio::test]
async fn what_is_deleted_or_sold_in_another_currency_is_withdrawn() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let slate = shop.world().items[1].variant_id;
        let dollars: Currency = "USD".parse().expect("a currency");
        shop.change_item(slate, |item| item.price = Money::new(900, dollars));
        shop.world().items.remove(0);
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(states(&cart), [LineState::Withdrawn, LineState::Withdrawn]);
        assert_eq!((cart.lines[0].title.as_str(), cart.total), ("Chalk", eur(0)));
    })
    .await;
}

#[tokio::test]
async fn without_inventory_lines_are_unchecked_and_can_be_bought() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.world().inventory_is_away = true;
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!(states(&cart), [LineState::Unchecked, LineState::Unchecked]);
        assert_eq!((cart.total, cart.can_check_out), (eur(1_990), true));
    })
    .await;
}

#[tokio::test]
async fn without_the_catalog_a_cart_is_shown_as_it_was_added() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.world().catalog_is_away = true;
        let cart = shop.cart(&ada).await.expect("a cart");
        let line = &cart.lines[0];
        assert_eq!((line.title.as_str(), line.slug.as_str(), line.options.as_str()), ("Chalk", "chalk", "White"));
        assert_eq!((line.unit_price, cart.subtotal, cart.can_check_out), (eur(300), eur(1_500), false));
    })
    .await;
}

#[tokio::test]
async fn without_orders_there_is_no_delivery_and_no_checkout() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        shop.world().orders_is_away = true;
        let cart = shop.cart(&ada).await.expect("a cart");
        assert_eq!((cart.shipping, cart.shipping_choices.len(), cart.can_check_out), (None, 0, false));
        assert_eq!(cart.total, eur(1_500));
    })
    .await;
}

#[tokio::test]
async fn delivery_and_tax_are_asked_for_every_half_minute_and_outlast_an_outage() {
    on_every_database(|home| async move {
        let (shop, ada) = filled(&home).await;
        let first = shop.cart(&ada).await;
        shop.clock.advance(Duration::from_secs(29));
        assert_eq!(shop.cart(&ada).await, first);
        assert_eq!(shop.world().asked, [2, 2, 1, 1]);
        shop.clock.advance(Duration::from_secs(2));
        shop.world().orders_is_away = true;
        shop.world().billing_is_away = true;
        assert_eq!(shop.cart(&ada).await, first, "what was known last still holds");
        assert_eq!(shop.world().asked, [3, 3, 2, 2]);
    })
    .await;
}

/// Never answers.
struct Silence;

#[async_trait::async_trait]
impl Transport for Silence {
    async fn call(&self, _: &CallCtx, _: WireRequest) -> Result<WireResponse, TransportError> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_neighbour_that_never_answers_does_not_hold_up_the_cart() {
    on_every_database(|home| async move {
        let silent = |neighbours: &mut crate::shop::Neighbours| {
            neighbours.inventory = <dyn inventory_api::Inventory as Contract>::client(Arc::new(Silence));
            neighbours.billing = <dyn billing_api::Billing as Contract>::client(Arc::new(Silence));
        };
        let (shop, ada) = (Shop::open_with(&home, silent).await, guest());
        let chalk = shop.sell("Chalk", 300, 10);
        shop.add(&ada, chalk, 2).await.expect("added");
        let started = Instant::now();
        let cart = shop.cart(&ada).await.expect("a cart");
        assert!(started.elapsed() < Duration::from_millis(1_600), "{:?}", started.elapsed());
        assert_eq!((states(&cart), cart.can_check_out), (vec![LineState::Unchecked], false));
    })
    .await;
}

#[tokio::test]
async fn delivery_costs_what_the_weight_of_the_cart_says() {
    on_every_database(|home| async move {
        let shop = Shop::open(&home).await;
        let chalk = shop.sell("Chalk", 300, 100);
        shop.change_item(chalk, |item| item.weight_grams = Some(400));
        shop.weigh_deliveries(1_000, 790, 2_000);
        let ada = guest();
        let delivery = async |more: i64| {
            shop.add(&ada, chalk, more).await.expect("added");
            let cart = shop.cart(&ada).await.expect("a cart");
            (cart.lines[0].weight_grams, cart.shipping.map(|shipping| shipping.price.amount))
        };
        assert_eq!(delivery(2).await, (Some(400), Some(490)));
        assert_eq!(delivery(1).await, (Some(400), Some(790)));
        assert_eq!(delivery(3).await, (Some(400), None), "more than it carries");
    })
    .await;
}

async fn tax_on_top(home: &TestHome, rounding: TaxRounding) -> Cart {
    let shop = Shop::open_taxing(home, TaxPolicy { prices_include_tax: false, rounding }).await;
    let (chalk, slate) = (shop.sell("Chalk", 333, 10), shop.sell("Slate", 333, 10));
    let ada = guest();
    shop.add(&ada, chalk, 3).await.expect("added");
    shop.add(&ada, slate, 1).await.expect("added");
    shop.cart(&ada).await.expect("a cart")
}

#[tokio::test]
async fn tax_on_top_is_rounded_as_the_shop_says() {
    // 20 % of 3 × 3.33, 3.33 and 4.90 for delivery: 1.998, 0.666 and 0.98; of a single piece 0.666.
    for (rounding, tax) in [(TaxRounding::Order, 364), (TaxRounding::Line, 365), (TaxRounding::Unit, 366)] {
        on_every_database(|home| async move {
            let cart = tax_on_top(&home, rounding).await;
            let [line] = &cart.tax_lines[..] else { panic!("{:?}", cart.tax_lines) };
            assert_eq!((line.contained, line.base, line.amount), (false, eur(1_822), eur(tax)), "{rounding:?}");
            assert_eq!((cart.tax_contained, cart.total), (eur(0), eur(1_822 + tax)), "{rounding:?}");
        })
        .await;
    }
}
