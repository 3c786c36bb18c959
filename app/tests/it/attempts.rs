//! AC-077: how often somebody may try to pay.

use crate::shop::{Plan, Shop, in_a_shop, in_the_shop};
use crate::shopper::{Page, Shopper};

const THANKS: &str = "Thank you, your order is placed";
const TOO_MANY: &str = "Too many attempts to pay";
const NOT_CHARGED: &str = "You have not been charged";

/// An order of one napkin at the page of the test provider.
async fn at_the_provider(shopper: &Shopper) -> Page {
    let goods = shopper.goods("linen-napkins", "TAB-NAP-CHK").await;
    let payment = shopper.choose(&goods, 1).await;
    shopper.press_pay(&payment, "test").await
}

/// An order whose first payment was declined.
async fn declined(shopper: &Shopper) -> Page {
    let provider = at_the_provider(shopper).await.expect(200);
    shopper.decide(&provider, "decline").await.expect(200)
}

async fn pay_again(shopper: &Shopper, order: &Page, method: &str) -> Page {
    shopper.send_form(order, "/o/", &[("payment_method", method)]).await
}

#[track_caller]
fn wait_of(page: &Page) -> u64 {
    page.header("retry-after").parse().expect("seconds")
}

#[tokio::test]
async fn after_five_failures_a_session_waits_and_may_pay_otherwise() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let mut order = declined(&shopper).await;
        for _ in 1..5 {
            let provider = pay_again(&shopper, &order, "test").await.expect(200);
            order = shopper.decide(&provider, "decline").await.expect(200);
        }
        let refused = pay_again(&shopper, &order, "test").await.expect(429);
        refused.says(TOO_MANY).says(NOT_CHARGED).says("Pay for this order");
        assert!((200..=600).contains(&wait_of(&refused)));
        let paid = pay_again(&shopper, &refused, "bank_transfer").await.expect(200);
        paid.says(THANKS).says("AT00 0000");
    })
    .await;
}

#[tokio::test]
async fn an_address_starts_ten_payments_in_ten_minutes_and_others_are_not_affected() {
    in_the_shop(|shop| async move {
        let first = shop.shopper();
        at_the_provider(&first).await.expect(200);
        for _ in 0..9 {
            at_the_provider(&first.neighbor()).await.expect(200);
        }
        let last = first.neighbor();
        let refused = at_the_provider(&last).await.expect(429);
        refused.says(TOO_MANY).says(NOT_CHARGED).says("your cart is kept");
        assert!((100..=600).contains(&wait_of(&refused)));
        last.get("/cart").await.expect(200).says("Your cart 1 item");
        at_the_provider(&shop.shopper()).await.expect(200);
        last.press_pay(&refused, "bank_transfer").await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn a_customer_starts_ten_payments_a_day_wherever_they_are() {
    in_the_shop(|shop| async move {
        let first = shop.shopper();
        at_the_provider(&first).await.expect(200);
        for number in 0..9 {
            let mut again = first.other_browser();
            if number % 2 == 0 {
                again.email = again.email.to_uppercase();
            }
            at_the_provider(&again).await.expect(200);
        }
        let last = first.other_browser();
        let refused = at_the_provider(&last).await.expect(429);
        refused.says(TOO_MANY).says("hours");
        assert!(wait_of(&refused) > 23 * 3_600);
        last.press_pay(&refused, "bank_transfer").await.expect(200).says(THANKS);
    })
    .await;
}

// AC-054
#[tokio::test]
async fn one_attempt_counts_once_however_often_its_form_is_sent() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("linen-napkins", "TAB-NAP-SND").await;
        let payment = shopper.choose(&goods, 1).await;
        let form = payment.form("/checkout/payment").with("payment_method", "test");
        let windows: Vec<Shopper> = (0..20).map(|_| shopper.other_window()).collect();
        let answers = futures_util::future::join_all(windows.iter().map(|window| window.submit(&form))).await;
        for answer in &answers {
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        let again = shopper.follow(shopper.submit(&form).await).await.expect(200);
        again.says("TEST – no bank, no card, no money");
        assert_eq!(shop.stock(&goods.variant).await[1], 1, "one order holds one");
    })
    .await;
}

/// Somebody whose sessions and addresses are always new, but not the shop's memory.
async fn ten_of_one_customer(shop: &Shop) -> Shopper {
    let customer = shop.shopper();
    for _ in 0..10 {
        at_the_provider(&customer.other_browser()).await.expect(200);
    }
    customer
}

#[tokio::test]
async fn what_was_counted_is_known_to_every_process_and_after_a_restart() {
    in_a_shop(Plan::default(), |shop| async move {
        let customer = ten_of_one_customer(&shop).await;
        shop.run(Plan::default()).await;
        at_the_provider(&customer.other_browser()).await.expect(429).says(TOO_MANY);
    })
    .await;
}

#[tokio::test]
async fn how_payments_end_is_on_the_operators_page() {
    in_a_shop(Plan::default(), |shop| async move {
        declined(&shop.shopper()).await;
        crate::shop::eventually("it is counted", async || {
            let metrics = Shopper::at(&shop.internal_url("app")).get("/metrics").await.expect(200).body;
            let counted = metrics.contains("freestone_payments_last_hour{outcome=\"declined\"} 1");
            (counted && metrics.contains("freestone_payment_decline_alarm{share=\"40\"} 0")).then_some(())
        })
        .await;
    })
    .await;
}
