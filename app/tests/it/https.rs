//! A shop that is reached over HTTPS, by way of a proxy: its cookies and its headers.

use std::collections::BTreeMap;

use crate::shop::{OWNER, Plan, in_a_shop, in_the_shop};

const HTTPS: Plan =
    Plan { away: &[], parity: false, own_programs: false, settings: &[("FREESTONE_BASE_URL", "https://shop.example")] };

#[tokio::test]
async fn over_https_every_cookie_is_bound_to_the_host_and_works() {
    in_a_shop(HTTPS, |shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("hand-wash", "BTH-HWS-300").await;
        let payment = shopper.choose(&goods, 1).await;
        let provider = shopper.press_pay(&payment, "test").await.expect(200);
        let order = shopper.decide(&provider, "decline").await.expect(200);
        order.says("Your bank declined the payment");
        let provider = shopper.send_form(&order, "/o/", &[("payment_method", "test")]).await.expect(200);
        shopper.decide(&provider, "succeed").await.expect(200).says("Thank you");

        shop.owner().await;
        let staff = shop.shopper();
        let page = staff.sign_in(OWNER.0, OWNER.1).await.expect(200);
        page.says("Orders");
        staff.send_form(&page, "/admin/sign-out", &[]).await.expect(200).says("You have signed out");
        staff.get("/admin/orders").await.expect(303);
        staff.sign_in(OWNER.0, OWNER.1).await.expect(200).says("Orders");

        let mut seen = BTreeMap::new();
        for cookie in shopper.set_cookies().into_iter().chain(staff.set_cookies()) {
            let name = cookie.split('=').next().unwrap_or_default().to_owned();
            let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
            for needed in ["Secure", "HttpOnly", "Path=/"] {
                assert!(attributes.contains(&needed), "{needed}: {cookie}");
            }
            assert!(!cookie.to_lowercase().contains("domain="), "{cookie}");
            let same_site = attributes.iter().find_map(|attribute| attribute.strip_prefix("SameSite="));
            seen.insert(name, same_site.unwrap_or_default().to_owned());
        }
        let (strict, lax) = (["fsa", "fsd"], ["fsc", "fsf", "fsh", "fsk", "fsn", "fso"]);
        let strict = strict.map(|name| (format!("__Host-{name}"), "Strict".to_owned()));
        let lax = lax.map(|name| (format!("__Host-{name}"), "Lax".to_owned()));
        assert_eq!(seen, strict.into_iter().chain(lax).collect());
    })
    .await;
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_there_and_cookies_of_plain_http_are_nothing() {
    in_a_shop(HTTPS, |shop| async move {
        let (shopper, owner) = (shop.shopper(), shop.owner().await);
        let file = shopper.get("/").await.body.split("href=\"/static/css/").nth(1).expect("a style sheet").to_owned();
        let style = format!("/static/css/{}", file.split('"').next().unwrap_or_default());
        for path in
            ["/", "/p/oak-board", "/cart", "/nothing", "/cart/lines", "/admin", "/readyz", "/api/openapi.json", &style]
        {
            let page = shopper.get(path).await;
            assert_eq!(page.header("strict-transport-security"), "max-age=31536000; includeSubDomains", "{path}");
        }
        let from_plain_http = shop.shopper();
        from_plain_http.keep("dev-fsa", &owner.cookie("__Host-fsa").expect("signed in"));
        from_plain_http.get("/admin/orders").await.expect(303);
        owner.get("/admin/orders").await.expect(200);
        let plain = crate::shopper::Shopper::at(&shop.url());
        assert_ne!(plain.get("/").await.expect(421).header("strict-transport-security"), "");
    })
    .await;
}

#[tokio::test]
async fn over_plain_http_nothing_pretends_to_be_secure() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let goods = shopper.goods("hand-wash", "BTH-HWS-300").await;
        shopper.add(&goods, 1).await.expect(200);
        assert_eq!(shopper.get("/").await.header("strict-transport-security"), "");
        for cookie in shopper.set_cookies() {
            assert!(cookie.starts_with("dev-") && !cookie.contains("Secure"), "{cookie}");
        }
    })
    .await;
}
