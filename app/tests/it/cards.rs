//! Shoppers pay by card, at a provider of our own that keeps its own books.

use std::sync::Arc;

use double::{Card, Double, WEBHOOK_SECRET};
use kernel::Clock;
use kernel::testing::backends;
use tokio::net::TcpListener;

use crate::shop::{Plan, Shop, eventually};
use crate::shopper::{Page, Shopper};

const THANKS: &str = "Thank you, your order is placed";

/// Runs a test in a shop that takes cards, once per database. Notices arrive when `tells`.
async fn in_a_shop_with_cards<F: Future<Output = ()>>(
    page: &str,
    tells: bool,
    test: impl Fn(Arc<Shop>, Arc<Double>) -> F,
) {
    for backend in backends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("an address");
        let address = listener.local_addr().expect("an address");
        let (shop, double) = (Shop::new(backend), Arc::new(Double::new(Clock::system())));
        shop.set("FREESTONE_STRIPE_SECRET_KEY", "sk_test_double");
        shop.set("FREESTONE_STRIPE_PUBLISHABLE_KEY", "pk_test_double");
        shop.set("FREESTONE_STRIPE_WEBHOOK_SECRET", WEBHOOK_SECRET);
        shop.set("FREESTONE_STRIPE_API_URL", &format!("http://{address}"));
        shop.set("FREESTONE_STRIPE_PAGE", page);
        shop.run(Plan::default()).await;
        let notices = tells.then(|| format!("{}/webhooks/stripe", shop.url()));
        let provider = tokio::spawn(double::serve(Arc::clone(&double), listener, notices));
        test(Arc::clone(&shop), double).await;
        provider.abort();
    }
}

/// Presses the button that buys, and stays where that leads.
async fn press_pay(shopper: &Shopper) -> Page {
    let goods = shopper.goods("oak-board", "KIT-BRD-OAK-S").await;
    let payment = shopper.choose(&goods, 1).await;
    let form = payment.form("/checkout/payment").with("payment_method", "stripe");
    shopper.submit(&form).await.expect(303)
}

/// The hosted page of the only payment that is open.
fn hosted_page(answer: &Page) -> String {
    answer.header("location").strip_prefix("https://checkout.example/").expect("the provider's page").to_owned()
}

#[tokio::test]
async fn a_guest_pays_on_the_page_of_the_provider_and_comes_back() {
    in_a_shop_with_cards("hosted", false, |shop, double| async move {
        let shopper = shop.shopper();
        let answer = press_pay(&shopper).await;
        let page = hosted_page(&answer);
        let back = double.return_path(&page).expect("known");
        let back = back.strip_prefix(&shop.url()).expect("a page of ours").to_owned();
        // Whatever the address says, the provider is asked, and it has no money.
        let lied = shopper.get(&format!("{back}?status=paid&redirect_status=succeeded")).await.expect(303);
        assert!(lied.header("location").starts_with("/checkout/waiting/"), "{}", lied.header("location"));
        // It opens nothing for anyone else.
        shop.shopper().get(&back).await.expect(404);

        assert!(double.pay(&page, Card::Good));
        shopper.visit(&back).await.expect(200).says(THANKS).says("Paid").says("Card");
        shopper.visit(&back).await.expect(200).says(THANKS);
        assert_eq!(double.ledger().iter().map(|line| line.captures).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn an_order_is_placed_by_the_notice_alone_and_unsigned_ones_are_refused() {
    in_a_shop_with_cards("hosted", true, |shop, double| async move {
        let shopper = shop.shopper();
        let page = hosted_page(&press_pay(&shopper).await);
        let stranger = shop.shopper();
        let body = r#"{"id": "evt_1", "type": "payment_intent.succeeded", "data": {"object": {}}}"#;
        for headers in [vec![], vec![("stripe-signature", "")], vec![("stripe-signature", "t=1,v1=00")]] {
            let sent = stranger.try_send(reqwest::Method::POST, "/webhooks/stripe", &headers, body).await;
            sent.expect("an answer").expect(401);
        }
        let signed = double.signed(WEBHOOK_SECRET, body.to_owned());
        let headers = [("stripe-signature", signed.signature.as_str())];
        for (path, status) in [("/webhooks/stripe", 200), ("/webhooks/stripe", 200), ("/webhooks/nobody", 404)] {
            stranger.try_send(reqwest::Method::POST, path, &headers, body).await.expect("an answer").expect(status);
        }

        assert!(double.pay(&page, Card::Good));
        let mails = shop.mails_to(&shopper.email, 1).await;
        assert!(mails[0].subject.ends_with("is confirmed"), "{mails:?}");
    })
    .await;
}

#[tokio::test]
async fn the_fields_for_a_card_are_on_our_page_and_the_other_way_is_there_too() {
    in_a_shop_with_cards("embedded", false, |shop, double| async move {
        let shopper = shop.shopper();
        let answer = press_pay(&shopper).await;
        let path = answer.header("location").to_owned();
        assert!(path.starts_with("/pay/card/"), "{path}");
        let page = shopper.get(&path).await.expect(200);
        page.says("Go back without paying").says("on the provider’s page");
        let policy = page.header("content-security-policy").to_owned();
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
        assert!(page.body.contains(&format!("nonce=\"{nonce}\"")) && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-src https://js.stripe.com"), "{policy}");
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
        assert_ne!(shopper.get(&path).await.header("content-security-policy"), policy, "a nonce is for one answer");
        shopper.get(&format!("{path}0")).await.expect(404);

        // Without a script: on to the provider's own page, by a form whose answer may lead there.
        let form = page.form("/pay/card/").with("choice", "hosted");
        let hosted = hosted_page(&shopper.submit(&form).await.expect(303));
        assert!(double.pay(&hosted, Card::Good));
        let back = double.return_path(&hosted).expect("known");
        shopper.visit(back.strip_prefix(&shop.url()).expect("ours")).await.expect(200).says(THANKS);
        // Once it is paid, the page leads to the order.
        shopper.visit(&path).await.expect(200).says(THANKS);
    })
    .await;
}

#[tokio::test]
async fn staff_see_money_that_nobody_here_knows_and_give_it_back() {
    in_a_shop_with_cards("hosted", true, |shop, double| async move {
        let staff = shop.owner().await;
        staff.get("/admin/payments").await.expect(200).says("Nothing to check");
        let intent = double.stray(4_200, "eur", None);
        let found = eventually("the difference", async || {
            let page = staff.get("/admin/payments").await.expect(200);
            page.body.contains("that we know nothing of").then_some(page)
        })
        .await;
        found.says("€42.00").says("Give back €42.00");
        let closed = staff.send_form(&found, "/admin/payments/", &[("action", "give_back")]).await.expect(200);
        closed.says("Settled").says("Nothing to check");
        assert_eq!(double.ledger()[0].refunded, 4_200);
        staff.get("/admin/payments?all=1").await.expect(200).says("was given back as re_double");
        double.fail_refund(&intent);
        let failed = eventually("the failure", async || {
            let page = staff.get("/admin/payments").await.expect(200);
            page.body.contains("A refund failed at the provider after all").then_some(page)
        })
        .await;
        failed.says("€42.00").says("Pay it out in another way").says_not("Give back €42.00");
        shop.shopper().get("/admin/payments").await.expect(303);
    })
    .await;
}
