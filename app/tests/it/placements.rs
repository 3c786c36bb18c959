//! Wherever the modules run, the shop is the same; and when one of them is gone, it says so and loses nothing.

use crate::shop::{MODULES, Plan, Shop, eventually, in_a_shop, in_the_scattered_shop, own_program};
use crate::shopper::{Goods, Page, Shopper};

const THANKS: &str = "Thank you, your order is placed";

/// Buys one at the test provider.
async fn buy(shop: &Shop, goods: &Goods) {
    let shopper = shop.shopper();
    let payment = shopper.choose(goods, 1).await;
    let provider = shopper.press_pay(&payment, "test").await.expect(200);
    shopper.decide(&provider, "succeed").await.expect(200).says(THANKS);
    shop.mails_to(&shopper.email, 1).await;
}

#[tokio::test]
async fn the_same_purchase_works_with_each_module_in_another_process() {
    in_a_shop(Plan::default(), |shop| async move {
        let goods = shop.shopper().goods("dinner-plate", "TAB-PLT-CHK").await;
        for (before, away) in (0..).zip(MODULES.chunks(1)) {
            shop.run(Plan { away, ..Plan::default() }).await;
            buy(&shop, &goods).await;
            assert_eq!(shop.stock(&goods.variant).await, [86, 0, before + 1, 85 - before], "{away:?} is away");
        }
    })
    .await;
}

#[tokio::test]
async fn the_same_purchase_works_with_every_module_run_by_its_own_small_program() {
    if MODULES.into_iter().any(|module| own_program(module).is_none()) {
        assert!(std::env::var_os("CI").is_none(), "the small programs were not built");
        return println!("NOT RUN: the small programs were not built; `.ci/run` builds them");
    }
    in_a_shop(Plan { away: &MODULES, own_programs: true, ..Plan::default() }, |shop| async move {
        let goods = shop.shopper().goods("dinner-plate", "TAB-PLT-SAG").await;
        buy(&shop, &goods).await;
        assert_eq!(shop.stock(&goods.variant).await, [64, 0, 1, 63]);
    })
    .await;
}

#[tokio::test]
async fn the_same_purchase_works_with_all_calls_through_the_codec() {
    in_a_shop(Plan { parity: true, ..Plan::default() }, |shop| async move {
        let goods = shop.shopper().goods("dinner-plate", "TAB-PLT-SAG").await;
        buy(&shop, &goods).await;
        assert_eq!(shop.stock(&goods.variant).await, [64, 0, 1, 63]);
    })
    .await;
}

#[tokio::test]
async fn a_shop_that_dies_while_a_payment_is_under_way_finishes_the_order_when_it_is_back() {
    in_a_shop(Plan::default(), |shop| async move {
        let (paid, goods, provider) = at_the_provider(&shop, "dinner-plate", "TAB-PLT-SLA").await;
        let (later, _, other_provider) = at_the_provider(&shop, "dinner-plate", "TAB-PLT-SLA").await;
        paid.submit(&provider.form("/pay/test/").with("decision", "succeed")).await.expect(303);
        shop.kill("app");
        shop.start("app").await;
        shop.mails_to(&paid.email, 1).await;
        later.decide(&other_provider, "succeed").await.expect(200).says(THANKS);
        shop.mails_to(&later.email, 1).await;
        assert_eq!(shop.stock(&goods.variant).await, [49, 0, 2, 47]);
    })
    .await;
}

#[tokio::test]
async fn the_same_purchase_works_with_all_modules_in_processes_of_their_own() {
    in_the_scattered_shop(|shop| async move {
        let goods = shop.shopper().goods("dinner-plate", "TAB-PLT-ROS").await;
        buy(&shop, &goods).await;
        assert_eq!(shop.stock(&goods.variant).await, [58, 0, 1, 57]);
    })
    .await;
}

#[tokio::test]
async fn the_command_line_shows_where_modules_are_and_which_one_is_down() {
    in_the_scattered_shop(|shop| async move {
        let list = || shop.command("app").args(["module", "list"]).output().expect("it runs");
        let all_up = list();
        let text = String::from_utf8_lossy(&all_up.stdout);
        assert!(
            all_up.status.success()
                && text.lines().filter(|row| row.contains("remote") && row.contains("up")).count() == 6,
            "{text}"
        );
        shop.kill("billing");
        let one_down = list();
        let text = String::from_utf8_lossy(&one_down.stdout);
        shop.start("billing").await;
        assert_eq!(one_down.status.code(), Some(4), "{text}");
        let down: Vec<&str> = text.lines().filter(|row| row.contains("down")).collect();
        assert!(down.len() == 1 && down[0].starts_with("billing"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn the_system_page_shows_where_modules_are() {
    in_the_scattered_shop(|shop| async move {
        let page = shop.owner().await.get("/admin/system").await.expect(200);
        for module in MODULES {
            page.says(&shop.internal_url(module));
        }
    })
    .await;
}

/// Nothing can be ordered while a module is gone; afterwards the same button works, and there is one order.
/// `held` is what stays held for the cart: all of it, unless the order had taken the hold over and let go of it again.
async fn ordering_waits_for(shop: &Shop, module: &'static str, sku: &str, (on_hand, held): (i64, i64)) {
    let shopper = shop.shopper();
    let goods = shopper.goods("linen-napkins", sku).await;
    let payment = shopper.choose(&goods, 1).await;
    shop.kill(module);
    let refused = shopper.press_pay(&payment, "bank_transfer").await;
    shop.start(module).await;
    refused.expect(503).says("You have not been charged").says("cart is kept");
    eventually("nothing is promised", async || {
        (shop.stock(&goods.variant).await == [on_hand, held, 0, on_hand - held]).then_some(())
    })
    .await;
    let order = eventually("the button works again", async || {
        let payment = shopper.visit("/checkout/payment").await;
        let order = shopper.press_pay(&payment, "bank_transfer").await;
        (order.status == 200).then_some(order)
    })
    .await;
    order.says(THANKS);
    assert_eq!(shop.stock(&goods.variant).await, [on_hand, 0, 1, on_hand - 1]);
    assert_eq!(shop.mails_to(&shopper.email, 1).await.len(), 1);
}

#[tokio::test]
async fn without_orders_nothing_is_ordered_and_nothing_is_charged() {
    in_the_scattered_shop(|shop| async move { ordering_waits_for(&shop, "orders", "TAB-NAP-CHK", (44, 1)).await })
        .await;
}

#[tokio::test]
async fn without_inventory_nothing_is_ordered_and_nothing_is_charged() {
    in_the_scattered_shop(|shop| async move { ordering_waits_for(&shop, "inventory", "TAB-NAP-SND", (39, 1)).await })
        .await;
}

#[tokio::test]
async fn without_billing_nothing_is_ordered_and_nothing_is_held() {
    in_the_scattered_shop(|shop| async move { ordering_waits_for(&shop, "billing", "TAB-NAP-MOS", (28, 0)).await })
        .await;
}

/// A shopper whose order is at the test provider.
async fn at_the_provider(shop: &Shop, slug: &str, sku: &str) -> (Shopper, Goods, Page) {
    let shopper = shop.shopper();
    let goods = shopper.goods(slug, sku).await;
    let payment = shopper.choose(&goods, 1).await;
    let provider = shopper.press_pay(&payment, "test").await.expect(200);
    (shopper, goods, provider)
}

/// A module is gone when the shopper pays: they are told to wait, and the order finishes when it is back.
async fn paying_survives(shop: &Shop, module: &'static str, sku: &str, on_hand: i64) {
    let (shopper, goods, provider) = at_the_provider(shop, "stoneware-mug", sku).await;
    shop.kill(module);
    let waiting = shopper.decide(&provider, "succeed").await;
    shop.start(module).await;
    waiting.clone().expect(202).says("We are confirming your payment");
    eventually("the order is placed", async || {
        let page = shopper.visit(&waiting.path).await;
        assert!(page.status < 500 || page.status == 503, "{}: {}", page.status, page.text());
        page.text().contains(THANKS).then_some(())
    })
    .await;
    assert_eq!(shop.stock(&goods.variant).await, [on_hand, 0, 1, on_hand - 1]);
    assert_eq!(shop.mails_to(&shopper.email, 1).await.len(), 1);
}

#[tokio::test]
async fn a_payment_made_while_orders_is_gone_is_not_lost() {
    in_the_scattered_shop(|shop| async move { paying_survives(&shop, "orders", "TAB-MUG-CHK", 92).await }).await;
}

#[tokio::test]
async fn a_payment_made_while_inventory_is_gone_is_not_lost() {
    in_the_scattered_shop(|shop| async move { paying_survives(&shop, "inventory", "TAB-MUG-SAG", 71).await }).await;
}

#[tokio::test]
async fn a_payment_page_that_cannot_be_reached_says_so_and_works_later() {
    in_the_scattered_shop(|shop| async move {
        let (shopper, goods, provider) = at_the_provider(&shop, "stoneware-mug", "TAB-MUG-ROS").await;
        shop.kill("billing");
        let gone = shopper.decide(&provider, "succeed").await;
        shop.start("billing").await;
        gone.expect(503).says("Nothing was lost");
        let order = eventually("the provider is back", async || {
            let page = shopper.decide(&provider, "succeed").await;
            (page.status != 503).then_some(page)
        })
        .await;
        let order = eventually("the order is placed", async || {
            let page = shopper.visit(&order.path).await;
            page.text().contains(THANKS).then_some(page)
        })
        .await;
        order.says("Paid");
        assert_eq!(shop.stock(&goods.variant).await, [66, 0, 1, 65]);
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_noticed_without_the_shopper_coming_back() {
    in_the_scattered_shop(|shop| async move {
        let (shopper, goods, provider) = at_the_provider(&shop, "stoneware-mug", "TAB-MUG-SLA").await;
        shopper.submit(&provider.form("/pay/test/").with("decision", "succeed")).await.expect(303);
        let mails = shop.mails_to(&shopper.email, 1).await;
        assert!(mails[0].subject.ends_with("is confirmed"), "{mails:?}");
        assert_eq!(shop.stock(&goods.variant).await, [54, 0, 1, 53]);
    })
    .await;
}

#[tokio::test]
async fn without_cart_its_page_says_so_and_the_cart_is_kept() {
    in_the_scattered_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("glass-carafe", "TAB-CRF-1").await;
        shopper.add(&goods, 2).await.says("Table Carafe");
        shop.kill("cart");
        let gone = shopper.get("/cart").await;
        let browsing = shopper.get("/p/glass-carafe").await;
        shop.start("cart").await;
        gone.expect(503).says("The cart cannot be reached").says("Nothing was lost");
        browsing.expect(200).says("Table Carafe");
        eventually("the cart is back", async || (shopper.get("/cart").await.status == 200).then_some(())).await;
        shopper.get("/cart").await.says("Table Carafe").says("€88.00");
    })
    .await;
}

#[tokio::test]
async fn without_catalog_known_pages_and_the_cart_are_shown_and_unknown_ones_say_why_not() {
    in_the_scattered_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("glass-carafe", "TAB-CRF-SET").await;
        shopper.add(&goods, 1).await.expect(200);
        shopper.get("/p/glass-carafe").await.expect(200);
        shop.kill("catalog");
        let (known, unknown, cart) = (
            shopper.get("/p/glass-carafe").await,
            shopper.get("/p/oak-board?variant=var_x").await,
            shopper.get("/cart").await,
        );
        shop.start("catalog").await;
        known.expect(200).says("Table Carafe");
        unknown.expect(503).says("The range of goods cannot be reached").says("Nothing was lost");
        cart.expect(200).says("Table Carafe").says("Not ready to check out");
    })
    .await;
}

#[tokio::test]
async fn without_orders_and_billing_the_cart_is_shown_and_changed() {
    in_the_scattered_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("brass-candlestick", "TAB-CND-15").await;
        shop.kill("orders");
        shop.kill("billing");
        let (added, home, link) =
            (shopper.add(&goods, 2).await, shopper.get("/").await, shopper.get(&format!("/o/{:064}", 1)).await);
        shop.start("billing").await;
        shop.start("orders").await;
        added.expect(200).says("Brass Candlestick is in your cart").says("€96.00");
        home.expect(200);
        assert_ne!(link.clone().expect(503).header("retry-after"), "");
        link.says("Your order's page cannot be reached").says("Nothing was lost");
    })
    .await;
}

#[tokio::test]
async fn without_inventory_the_shop_can_be_looked_at() {
    in_the_scattered_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("linen-napkins", "TAB-NAP-SLA").await;
        shopper.add(&goods, 1).await.expect(200);
        shop.kill("inventory");
        let (page, cart) = (shopper.get("/p/linen-napkins?variant=").await, shopper.get("/cart").await);
        shop.start("inventory").await;
        page.expect(200).says("Linen Napkins");
        cart.expect(200).says("Availability is confirmed at checkout");
    })
    .await;
}

#[tokio::test]
async fn without_accounts_shoppers_buy_and_staff_are_told() {
    in_the_scattered_shop(|shop| async move {
        let (owner, shopper) = (shop.owner().await, shop.shopper());
        let goods = shopper.goods("linen-napkins", "TAB-NAP-ROS").await;
        shop.kill("accounts");
        let (orders, payment) = (owner.get("/admin/orders").await, shopper.choose(&goods, 1).await);
        let order = shopper.press_pay(&payment, "bank_transfer").await;
        shop.start("accounts").await;
        orders.expect(503).says("Nothing was lost");
        order.expect(200).says(THANKS);
        eventually("staff are in again", async || (owner.get("/admin/orders").await.status == 200).then_some(())).await;
    })
    .await;
}

#[tokio::test]
async fn a_process_that_is_told_to_stop_ends_well_and_its_data_is_there_again() {
    in_the_scattered_shop(|shop| async move {
        let goods = shop.shopper().goods("brass-candlestick", "TAB-CND-07").await;
        buy(&shop, &goods).await;
        for name in ["orders", "app"] {
            assert_eq!(shop.stop(name).await, Some(0), "{}", shop.log(name));
            shop.start(name).await;
        }
        buy(&shop, &goods).await;
        assert_eq!(shop.stock(&goods.variant).await, [37, 0, 2, 35]);
    })
    .await;
}
