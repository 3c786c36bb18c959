//! Shoppers buy, and everything that can come between.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::shop::{Shop, eventually, in_the_shop};
use crate::shopper::{Page, Shopper};

const THANKS: &str = "Thank you, your order is placed";
const NOT_CHARGED: &str = "You have not been charged";

/// The page of the test provider for one of something.
async fn at_the_provider(shopper: &Shopper, slug: &str, sku: &str) -> Page {
    let goods = shopper.goods(slug, sku).await;
    let payment = shopper.choose(&goods, 1).await;
    let provider = shopper.press_pay(&payment, "test").await.expect(200);
    provider.says("TEST – no bank, no card, no money");
    provider
}

#[tokio::test]
async fn a_guest_buys_two_things_by_bank_transfer() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let board = shopper.goods("oak-board", "KIT-BRD-OAK-S").await;
        let pin = shopper.goods("rolling-pin", "KIT-PIN-BEE").await;
        shopper.add(&board, 2).await.says("Chopping Board is in your cart");
        let payment = shopper.choose(&pin, 1).await;
        let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        order.says(THANKS).says("Waiting for your transfer").says("AT00 0000").says("2 ×").says("€88.00");
        assert_eq!((order.header("cache-control"), order.header("referrer-policy")), ("no-store", "no-referrer"));
        shopper.get("/cart").await.expect(200).says("Your cart is empty");
        assert_eq!(shop.stock(&board.variant).await, [34, 0, 2, 32]);
        let [mail] = shop.mails_to(&shopper.email, 1).await.try_into().expect("one mail");
        assert!(mail.subject.ends_with("how to pay"), "{}", mail.subject);
        let link = format!("{}{}", shop.url(), order.path);
        assert!(
            mail.text.contains(&link) && mail.text.contains("AT00 0000") && mail.text.contains("2 × Chopping Board"),
            "{mail:?}"
        );
        assert!(
            mail.html.contains(order.path.trim_start_matches("/o/")) && mail.html.contains("Chopping Board"),
            "{mail:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_succeeds_places_the_order_and_one_mail_follows() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-OAK-M").await;
        let order = shopper.decide(&provider, "succeed").await.expect(200);
        order.says(THANKS).says("Paid").says_not("Pay for this order");
        let mails = shop.mails_to(&shopper.email, 1).await;
        assert!(mails[0].subject.ends_with("is confirmed") && mails[0].text.contains("TEST ORDER"), "{mails:?}");
        shopper.get(&order.path).await.expect(200).says(THANKS);
        sleep(Duration::from_millis(1_800)).await;
        assert_eq!(shop.mails_now(&shopper.email).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_declined_payment_can_be_tried_again() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("oak-board", "KIT-BRD-WAL-M").await;
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-WAL-M").await;
        let order = shopper.decide(&provider, "decline").await.expect(200);
        order.says("Your bank declined the payment").says(NOT_CHARGED).says("Not paid yet").says_not(THANKS);
        assert_eq!(shop.stock(&goods.variant).await, [16, 0, 0, 16], "others may buy it meanwhile");
        let again = shopper.send_form(&order, "/o/", &[("payment_method", "test")]).await.expect(200);
        assert_ne!(again.path, provider.path, "another payment has another page");
        shopper.decide(&again, "succeed").await.expect(200).says(THANKS);
        assert_eq!(shop.stock(&goods.variant).await, [16, 0, 1, 15]);
        assert_eq!(shop.mails_to(&shopper.email, 1).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_bank_that_asks_for_confirmation_gets_it() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-OAK-L").await;
        let question = shopper.decide(&provider, "authenticate").await.expect(200);
        question.says("Your test bank wants to know that it is you");
        shopper.decide(&question, "succeed").await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_that_fails_is_said_and_charges_nothing() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-OAK-L").await;
        let question = shopper.decide(&provider, "authenticate").await;
        let order = shopper.decide(&question, "fail_authentication").await.expect(200);
        order.says("Your bank could not confirm it was you").says(NOT_CHARGED).says("Pay for this order");
    })
    .await;
}

#[tokio::test]
async fn a_provider_that_never_answers_leads_to_a_page_that_waits() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-WAL-L").await;
        let waiting = shopper.decide(&provider, "time_out").await.expect(202);
        waiting.says("We are confirming your payment").says("Keep this page open");
        assert!(waiting.body.contains("http-equiv=\"refresh\""), "it looks again by itself");
        assert_eq!((waiting.header("cache-control"), waiting.header("referrer-policy")), ("no-store", "no-referrer"));
        let order = shopper.get(&waiting.link("/o/")).await.expect(200);
        order.says("Waiting for your payment").says_not(THANKS);
    })
    .await;
}

#[tokio::test]
async fn a_canceled_payment_leaves_the_order_to_be_paid() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "oak-board", "KIT-BRD-WAL-L").await;
        let order = shopper.decide(&provider, "cancel").await.expect(200);
        order.says("You canceled the payment").says(NOT_CHARGED);
        let order = shopper.send_form(&order, "/o/", &[("payment_method", "bank_transfer")]).await.expect(200);
        order.says(THANKS).says("AT00 0000");
    })
    .await;
}

#[tokio::test]
async fn what_was_chosen_first_at_the_provider_counts() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "storage-jar", "KIT-JAR-07").await;
        shopper.decide(&provider, "decline").await.says("declined");
        let late = shopper.decide(&provider, "succeed").await;
        late.says_not(THANKS);
        shopper.get(&provider.path).await.expect(200).says("This payment is decided");
    })
    .await;
}

#[tokio::test]
async fn the_button_pressed_twice_buys_once() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("rolling-pin", "KIT-PIN-WAL").await;
        let payment = shopper.choose(&goods, 2).await;
        let (window, bank) = (shopper.other_window(), [("payment_method", "bank_transfer")]);
        let press = |by| Shopper::send_form(by, &payment, "/checkout/payment", &bank);
        let (first, second) = futures_util::future::join(press(&shopper), press(&window)).await;
        let third = shopper.other_window().send_form(&payment, "/checkout/payment", &bank).await;
        assert_eq!((&first.path, &first.path), (&second.path, &third.path), "all of them lead to the one order");
        first.expect(200).says(THANKS);
        assert_eq!(shop.stock(&goods.variant).await, [27, 0, 2, 25]);
        assert_eq!(shop.mails_to(&shopper.email, 1).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_press_whose_answer_was_lost_leads_to_its_order_when_it_is_repeated() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("garden-twine", "GAR-TWN-NAT").await;
        let payment = shopper.choose(&goods, 1).await;
        let (without_answer, stranger) = (shopper.other_window(), shop.shopper());
        let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        shop.mails_to(&shopper.email, 1).await;
        eventually("the cart is closed", async || {
            without_answer.get("/cart").await.text().contains("Your cart is empty").then_some(())
        })
        .await;
        let again = without_answer.press_pay(&payment, "bank_transfer").await.expect(200);
        assert_eq!(again.says(THANKS).path, order.path);
        // The button of somebody else opens nothing.
        let theirs = stranger.goods("garden-twine", "GAR-TWN-NAT").await;
        let own = stranger.choose(&theirs, 1).await.form("/checkout/payment");
        let form = payment.form("/checkout/payment").with("csrf", own.value("csrf"));
        let line = stranger.get("/cart").await.form("/cart/lines/");
        stranger
            .post(&format!("{}/remove", line.action.trim_end_matches("/remove")), &[("csrf", line.value("csrf"))])
            .await;
        let refused = stranger.follow(stranger.submit(&form.with("payment_method", "bank_transfer")).await).await;
        assert!(refused.path == "/cart" && !refused.body.contains(&order.path), "{}", refused.path);
    })
    .await;
}

#[tokio::test]
async fn a_shopper_whose_order_never_arrived_is_led_back_to_the_button() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("garden-twine", "GAR-TWN-NAT").await;
        shopper.choose(&goods, 1).await;
        let secret = "0".repeat(64);
        shopper.keep("dev-fso", &secret);
        let page = shopper.visit(&format!("/checkout/waiting/{secret}")).await.expect(200);
        page.says("Your order was not placed yet").says(NOT_CHARGED);
        shopper.press_pay(&page, "bank_transfer").await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn a_shopper_who_never_saw_the_page_of_the_provider_is_led_there() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "storage-jar", "KIT-JAR-10").await;
        let secret = shopper.cookie("dev-fso").expect("the order's");
        let led = shopper.visit(&format!("/checkout/waiting/{secret}?to_pay=1")).await.expect(200);
        assert_eq!(led.path, provider.path);
        // Who comes back from there without a word of the provider waits.
        shopper.decide(&led, "time_out").await.expect(202).says("We are confirming your payment");
    })
    .await;
}

#[tokio::test]
async fn a_total_that_changed_is_shown_and_nothing_is_ordered() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("mixing-bowls", "KIT-BWL-1L-ROS").await;
        let payment = shopper.choose(&goods, 1).await;
        let line = shopper.get("/cart").await.line_form();
        shopper.submit(&line.with("quantity", "3")).await.expect(303);
        let refused = shopper.press_pay(&payment, "bank_transfer").await.expect(409);
        refused.says("Your total is").says("€84.00").says(NOT_CHARGED);
        assert_eq!(shop.stock(&goods.variant).await, [26, 0, 0, 26]);
        shopper.press_pay(&refused, "bank_transfer").await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn a_total_that_is_off_by_one_is_refused() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("mixing-bowls", "KIT-BWL-2L-SAG").await;
        let payment = shopper.choose(&goods, 1).await;
        let form = payment.form("/checkout/payment");
        let total: i64 = form.value("expected_total").parse().expect("a number");
        let form = form.with("payment_method", "bank_transfer").with("expected_total", &(total - 1).to_string());
        shopper.submit(&form).await.expect(409).says("Your total is");
        assert_eq!(shop.stock(&goods.variant).await, [24, 1, 0, 23], "held for the shopper, and not ordered");
    })
    .await;
}

/// AC-052.
#[tokio::test]
async fn the_last_one_is_held_for_who_pays_first_and_the_other_shopper_is_told() {
    in_the_shop(|shop| async move {
        let (ada, grace) = (shop.shopper(), shop.shopper());
        let goods = ada.goods("stone-bookends", "STU-BKE-LIM").await;
        leave_one(&shop, &goods.variant).await;
        grace.add(&goods, 1).await.expect(200);
        let hers = ada.choose(&goods, 1).await;
        hers.says("Everything in your cart is held for you until");
        assert_eq!(shop.stock(&goods.variant).await, [1, 1, 0, 0]);
        ada.get("/cart").await.expect(200).says_not("sold out");
        grace.get("/cart").await.expect(200).says("has sold out");
        ada.press_pay(&hers, "bank_transfer").await.expect(200).says(THANKS);
        assert_eq!(shop.stock(&goods.variant).await, [1, 0, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn who_goes_back_to_change_the_cart_lets_go_of_what_was_held() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("bath-brush", "BTH-BRS-BEE").await;
        let [there, ..] = shop.stock(&goods.variant).await;
        shopper.choose(&goods, 2).await.says("held for you until");
        let [_, held, _, available] = shop.stock(&goods.variant).await;
        assert!(held >= 2 && available <= there - 2, "{held} {available}");
        shopper.add(&goods, 1).await.expect(200);
        assert_eq!(shop.stock(&goods.variant).await[1], held - 2);
        shopper.go_to_payment().await.says("held for you until");
        assert_eq!(shop.stock(&goods.variant).await[1], held + 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_sold_out_is_not_added() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("linen-sheet", "BED-SHT-SLA-180").await;
        let page = shopper.get(&format!("/p/linen-sheet?variant={}", goods.variant)).await.expect(200);
        page.says("Sold out, Slate, 180 × 200 cm").says_not("Add to cart");
        let answer = shopper.post("/cart/lines", &[("variant", &goods.variant), ("quantity", "1")]).await;
        shopper.follow(answer).await.expect(200).says("is sold out").says("Your cart is empty");
    })
    .await;
}

#[tokio::test]
async fn a_price_that_changed_since_the_page_is_said_and_nothing_is_added() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("garden-twine", "GAR-TWN-NAT").await;
        let form = [("variant", goods.variant.as_str()), ("quantity", "1"), ("expected_price", "650")];
        let answer = shopper.post("/cart/lines", &form).await;
        let cart = shopper.follow(answer).await.expect(200);
        cart.says("The price of").says("has changed").says("€7.50").says("Your cart is empty");
    })
    .await;
}

#[tokio::test]
async fn more_than_there_is_adds_what_there_is_and_says_so() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("oak-stool", "BTH-STL-OAK").await;
        let answer = shopper.post("/cart/lines", &[("variant", &goods.variant), ("quantity", "9999")]).await;
        shopper.follow(answer).await.expect(200).says("Only 14 of").says("We added 14");
    })
    .await;
}

#[tokio::test]
async fn guessed_order_links_are_throttled_and_the_real_one_keeps_working() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("storage-jar", "KIT-JAR-10").await;
        let payment = shopper.choose(&goods, 1).await;
        let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        let mut answers = Vec::new();
        for guess in 0..20 {
            answers.push(shopper.get(&format!("/o/{guess:064x}")).await.status);
        }
        assert_eq!(answers, [[404; 10], [429; 10]].concat());
        shopper.get(&order.path).await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn an_order_opens_to_nobody_else() {
    in_the_shop(|shop| async move {
        let (ada, grace) = (shop.shopper(), shop.shopper());
        let provider = at_the_provider(&ada, "storage-jar", "KIT-JAR-18").await;
        let order = ada.decide(&provider, "time_out").await.expect(202);
        let returning = ada.get(&provider.path).await.link("/checkout/return/ord_");
        grace.get(&returning).await.expect(404).says_not(&ada.email);
        let mut other = order.link("/o/").into_bytes();
        let last = other.last_mut().expect("a letter");
        *last = if *last == b'0' { b'1' } else { b'0' };
        grace.get(&String::from_utf8(other).expect("text")).await.expect(404).says_not("Ada");
    })
    .await;
}

#[tokio::test]
async fn another_way_to_pay_for_the_same_cart_leads_to_its_order() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("rolling-pin", "KIT-PIN-BEE").await;
        let payment = shopper.choose(&goods, 1).await;
        shopper.press_pay(&payment, "test").await.expect(200).says("TEST – no bank, no card, no money");
        let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        assert!(order.path.starts_with("/o/"), "{}", order.path);
        order.says("Waiting for your payment").says("Bank transfer");
    })
    .await;
}

#[tokio::test]
async fn a_payment_is_noticed_at_once_although_the_shopper_never_comes_back() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let provider = at_the_provider(&shopper, "storage-jar", "KIT-JAR-18").await;
        // By then orders has asked once by itself, and asks again only after a while.
        sleep(Duration::from_millis(6_500)).await;
        let began = Instant::now();
        shopper.submit(&provider.form("/pay/test/").with("decision", "succeed")).await.expect(303);
        let mails = shop.mails_to(&shopper.email, 1).await;
        assert!(mails[0].subject.ends_with("is confirmed"), "{mails:?}");
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test]
async fn who_pays_by_transfer_reads_everywhere_how_much_it_is_and_by_when_it_has_to_arrive() {
    in_the_shop(|shop| async move {
        let (shopper, owner) = (shop.shopper(), shop.owner().await);
        let goods = shopper.goods("oak-board", "KIT-BRD-OAK-S").await;
        let payment = shopper.choose(&goods, 3).await;
        let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
        let text = order.text();
        let by = text.split("Pay by ").nth(1).map(|rest| rest.split(' ').take(3).collect::<Vec<_>>().join(" "));
        let by = by.expect("a date");
        order.says(&format!("Transfer €100.90 by {by}")).says("Amount €100.90").says_not("EUR");
        let mail = shop.mails_to(&shopper.email, 1).await.remove(0);
        for text in [&mail.text, &mail.html] {
            assert!(text.contains(&format!("Transfer €100.90 by {by}")) && !text.contains("EUR"), "{text}");
        }
        assert!(mail.text.contains("Amount: €100.90") && mail.text.contains(&format!("Pay by: {by}")), "{}", mail.text);
        let found = owner.get(&format!("/admin/orders?q={}", shopper.email)).await.expect(200);
        let page = owner.get(&found.link("/admin/orders/ord_")).await.expect(200);
        page.says("Amount €100.90").says(&format!("Pay by {by}")).says("Awaiting payment").says_not("EUR");
    })
    .await;
}

async fn leave_one(shop: &Shop, variant: &str) {
    let owner = shop.owner().await;
    let ledger = owner.get(&format!("/admin/stock/{variant}")).await.expect(200);
    owner
        .send_form(&ledger, "/admin/stock/", &[("delta", "-2"), ("reason", "count")])
        .await
        .expect(200)
        .says("1 on hand");
}
