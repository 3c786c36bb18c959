//! Links of orders: what they open, to whom, and for how long.

use crate::shop::{Plan, SECRET_KEY, Shop, in_a_shop, in_the_shop};
use crate::shopper::{Page, Shopper};

const THANKS: &str = "Thank you, your order is placed";
/// A link is enough for no time at all.
pub(crate) const LATER: Plan =
    Plan { away: &[], parity: false, own_programs: false, settings: &[("FREESTONE_ORDER_LINK_MINUTES", "0")] };
/// What only the owner of an order may read.
const PERSONAL: [&str; 6] = ["Ada", "Lovelace", "Ringstraße", "1010", "Store Cupboard Jar", "AT00 0000"];

/// Ada's order, in the browser that she bought with.
async fn order(shop: &Shop) -> (Shopper, Page) {
    let shopper = shop.shopper();
    let goods = shopper.goods("storage-jar", "KIT-JAR-10").await;
    let payment = shopper.choose(&goods, 1).await;
    let order = shopper.press_pay(&payment, "bank_transfer").await.expect(200);
    (shopper, order)
}

#[track_caller]
fn shows_nothing_personal(page: &Page, email: &str) {
    for words in PERSONAL.into_iter().chain([email]) {
        page.says_not(words);
    }
}

// AC-005
#[tokio::test]
async fn in_another_browser_a_link_shows_the_status_only_until_its_owner_proves_it() {
    in_a_shop(LATER, |shop| async move {
        let (ada, order) = order(&shop).await;
        order.says(THANKS).says("Lovelace").says("Ringstraße 1");
        ada.other_window().get(&order.path).await.expect(200).says("Lovelace");

        let phone = ada.other_browser();
        let masked = phone.get(&order.path).await.expect(200);
        masked.says(THANKS).says("Is this your order?").says("A… L…").says("s…@e….com").says("Austria");
        shows_nothing_personal(&masked, &ada.email);
        assert_eq!((masked.header("cache-control"), masked.header("referrer-policy")), ("no-store", "no-referrer"));

        let wrong = "are not those of the order";
        for (email, postcode) in [(ada.email.as_str(), "1020"), ("eve@example.com", "1010"), ("eve", "1020")] {
            let answer = [("email", email), ("postcode", postcode)];
            let refused = phone.send_form(&masked, &masked.form("/o/").action, &answer).await.expect(422);
            refused.says("There is a problem").says(wrong).says_not("Ringstraße").says_not("Store Cupboard Jar");
        }
        let answer = [("email", ada.email.to_uppercase()), ("postcode", " 10-10 ".to_owned())];
        let answer = answer.each_ref().map(|(name, value)| (*name, value.as_str()));
        let whole = phone.send_form(&masked, &masked.form("/o/").action, &answer).await.expect(200);
        whole.says("Lovelace").says("Store Cupboard Jar").says("AT00 0000");
        phone.get(&order.path).await.expect(200).says("Lovelace");
        ada.other_browser().get(&order.path).await.expect(200).says("Is this your order?");
    })
    .await;
}

#[tokio::test]
async fn a_browser_is_known_for_the_orders_it_proved_and_for_no_others() {
    in_a_shop(LATER, |shop| async move {
        let (ada, hers) = order(&shop).await;
        let (grace, theirs) = order(&shop).await;
        ada.get(&theirs.path).await.expect(200).says("Is this your order?").says_not("Store Cupboard Jar");
        let forged = ada.other_browser();
        for cookie in [grace.cookie("dev-fsk").expect("a cookie"), "0".repeat(64), ".".repeat(40)] {
            forged.keep("dev-fsk", &cookie);
            forged.get(&hers.path).await.expect(200).says("Is this your order?").says_not("Store Cupboard Jar");
        }
        let goods = ada.goods("storage-jar", "KIT-JAR-10").await;
        let payment = ada.choose(&goods, 1).await;
        let second = ada.press_pay(&payment, "bank_transfer").await.expect(200);
        for path in [&second.path, &hers.path] {
            ada.get(path).await.expect(200).says("Lovelace");
        }
    })
    .await;
}

#[tokio::test]
async fn wrong_answers_are_throttled_by_order_and_by_address() {
    in_a_shop(LATER, |shop| async move {
        let (ada, hers) = order(&shop).await;
        let (_, theirs) = order(&shop).await;
        let eve = ada.other_browser();
        let guess = async |by: &Shopper, order: &Page| {
            by.post(&format!("{}/unlock", order.path), &[("email", "eve@example.com"), ("postcode", "1010")]).await
        };
        for _ in 0..10 {
            guess(&eve, &hers).await.expect(422);
        }
        let refused = guess(&eve, &hers).await.expect(429);
        refused.says("Too many wrong answers").says("Wait").says_not("Lovelace");
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert!((3_000..=3_600).contains(&wait), "{wait}");
        guess(&eve, &theirs).await.expect(429);
        guess(&ada.other_browser(), &hers).await.expect(429);
        guess(&ada.other_browser(), &theirs).await.expect(422);
        let right = [("email", ada.email.as_str()), ("postcode", "1010")];
        eve.post(&format!("{}/unlock", hers.path), &right).await.expect(429);
        ada.get(&hers.path).await.expect(200).says("Lovelace");
        shop.run(LATER).await;
        guess(&eve, &theirs).await.expect(429);
    })
    .await;
}

#[tokio::test]
async fn right_answers_are_not_counted() {
    in_a_shop(LATER, |shop| async move {
        let (ada, hers) = order(&shop).await;
        let phone = ada.other_browser();
        let right = [("email", ada.email.as_str()), ("postcode", "1010")];
        for _ in 0..12 {
            phone.neighbor().post(&format!("{}/unlock", hers.path), &right).await.expect(303);
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_an_order_may_not_pay_it_either() {
    in_a_shop(LATER, |shop| async move {
        let ada = shop.shopper();
        let goods = ada.goods("storage-jar", "KIT-JAR-10").await;
        let payment = ada.choose(&goods, 1).await;
        let provider = ada.press_pay(&payment, "test").await.expect(200);
        let order = ada.decide(&provider, "decline").await.expect(200);
        let phone = ada.other_browser();
        phone.get(&order.path).await.expect(200).says("Is this your order?").says_not("Pay for this order");
        let form = [("payment_method", "test"), ("key", "k")];
        let sent = phone.post(&format!("{}/pay", order.path), &form).await.expect(303);
        assert_eq!(sent.header("location"), order.path);
        ada.get(&order.path).await.expect(200).says("Pay for this order");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_see_an_order_may_not_cancel_it_or_send_it_back_either() {
    in_a_shop(LATER, |shop| async move {
        let (ada, order) = order(&shop).await;
        let phone = ada.other_browser();
        for action in ["cancel", "returns", "returns/ret_00000000000000000000000000/cancel"] {
            let fields: &[(&str, &str)] =
                if action.ends_with("/cancel") { &[] } else { &[("key", "k"), ("why", "Eve")] };
            let sent = phone.post(&format!("{}/{action}", order.path), fields).await.expect(303);
            assert_eq!(sent.header("location"), order.path);
        }
        ada.get(&order.path).await.expect(200).says(THANKS).says("You can cancel free of charge");
    })
    .await;
}

#[tokio::test]
async fn soon_after_the_purchase_the_link_is_enough() {
    in_the_shop(|shop| async move {
        let (ada, order) = order(&shop).await;
        ada.other_browser().get(&order.path).await.expect(200).says("Lovelace").says_not("Is this your order?");
    })
    .await;
}

// AC-001
#[tokio::test]
async fn the_id_of_an_order_opens_it_to_nobody_and_looks_like_any_other() {
    in_the_shop(|shop| async move {
        let (ada, order) = order(&shop).await;
        let (grace, _) = self::order(&shop).await;
        let owner = shop.owner().await;
        let found = owner.get(&format!("/admin/orders?q={}", ada.email)).await.expect(200);
        let id = found.link("/admin/orders/ord_").replace("/admin/orders/", "");
        let unknown = "ord_00000000000000000000000000";
        for path in ["/o/{id}", "/checkout/return/{id}", "/checkout/waiting/{id}", "/orders/{id}"] {
            let hers = grace.get(&path.replace("{id}", &id)).await.expect(404);
            let nobodys = grace.get(&path.replace("{id}", unknown)).await.expect(404);
            assert_eq!(hers.text(), nobodys.text(), "{path}");
            let headers = |page: &Page| {
                let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
                names.sort();
                names
            };
            assert_eq!(headers(&hers), headers(&nobodys), "{path}");
            hers.says_not("Ada").says_not(&ada.email);
        }
        order.says(THANKS);
    })
    .await;
}

// AC-002
#[tokio::test]
async fn an_order_number_alone_opens_nothing_and_asks_for_the_link() {
    in_the_shop(|shop| async move {
        let (ada, order) = order(&shop).await;
        let text = order.text();
        let number = text.split("Order ").nth(1).and_then(|rest| rest.split([',', ' ']).next()).expect("a number");
        let stranger = shop.shopper();
        let right = stranger.get(&format!("/o/{number}")).await.expect(404);
        let wrong = stranger.get("/o/99999999").await.expect(404);
        assert_eq!(right.text(), wrong.text());
        right.says("This link opens no order").says("the whole link from our mail").says_not(&ada.email);
        shows_nothing_personal(&right, &ada.email);
    })
    .await;
}

// AC-004
#[tokio::test]
async fn the_secret_of_an_order_is_in_no_log_no_metric_and_no_link_that_leads_away() {
    in_a_shop(Plan::default(), |shop| async move {
        let (ada, order) = order(&shop).await;
        let secret = order.path.trim_start_matches("/o/").to_owned();
        let other = ada.other_browser();
        for path in [&order.path, &format!("/checkout/waiting/{secret}")] {
            let page = other.visit(path).await.expect(200);
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            let elsewhere = page.body.split(['"', '\'']).find(|part| part.contains("://"));
            assert_eq!(elsewhere, None, "{path} names another address");
        }
        other
            .post(&format!("{}/unlock", order.path), &[("email", "x@example.com"), ("postcode", "1")])
            .await
            .expect(422);
        other.post(&format!("{}/pay", order.path), &[("payment_method", "test"), ("key", "k")]).await;
        shop.mails_to(&ada.email, 1).await;
        let metrics = Shopper::at(&shop.internal_url("app")).get("/metrics").await.expect(200);
        for text in [shop.log("app"), metrics.body] {
            assert!(text.contains("/o/{secret}") && !text.contains(&secret), "the secret is told");
        }
    })
    .await;
}

#[tokio::test]
async fn mails_lead_to_an_order_that_is_older_than_the_secret_key() {
    in_a_shop(Plan::default(), |shop| async move {
        let buyer = shop.shopper();
        let payment = buyer.choose(&buyer.goods("oak-board", "KIT-BRD-OAK-S").await, 1).await;
        let order = buyer.press_pay(&payment, "bank_transfer").await.expect(200);
        shop.mails_to(&buyer.email, 1).await;
        shop.set("FREESTONE_SECRET_KEY_PREVIOUS", SECRET_KEY);
        shop.set("FREESTONE_SECRET_KEY", "1f6e0d4b7c2a95838e61d0c3b4a7f259 another one");
        shop.run(Plan::default()).await;
        let owner = shop.owner().await;
        let found = owner.get(&format!("/admin/orders?view=all&q={}", buyer.email)).await.expect(200);
        let detail = owner.get(&found.link("/admin/orders/ord_")).await.expect(200);
        owner.send_form(&detail, &format!("{}/paid", detail.path), &[]).await.expect(200);
        let mails = shop.mails_to(&buyer.email, 2).await;
        assert!(mails.iter().all(|mail| mail.text.contains(&order.path)), "{mails:?}");
        buyer.get(&order.path).await.expect(200);
    })
    .await;
}
