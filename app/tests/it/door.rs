//! Who gets in to the back office, and how far.

use std::collections::BTreeSet;

use accounts_api::Role;
use freestone::routes::{Access, table};

use crate::shop::{OWNER, in_the_shop};

/// A path of a route with something in each of its parts.
pub(crate) fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "x1" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

// AC-017
#[tokio::test]
async fn what_is_not_part_of_a_role_is_refused_and_noted() {
    in_the_shop(|shop| async move {
        for role in [Role::Packer, Role::Manager] {
            let (member, mut refused) = (shop.member(role.as_str()).await, 0);
            for route in table() {
                let needed = match route.access {
                    Access::May(permission) | Access::Recently(permission) => permission,
                    Access::Public | Access::Staff => continue,
                };
                if role.permissions().contains(&needed) {
                    continue;
                }
                refused += 1;
                let path = filled(route.path);
                let answer = if route.method == "GET" {
                    member.get(&path).await
                } else {
                    member.post(&path, &[("csrf", "x")]).await
                };
                answer.expect(403).says("Not part of your role");
                let log = shop.log("app");
                let noted = log.lines().any(|line| line.contains("not permitted") && line.contains(route.path));
                assert!(noted, "{} {}", route.method, route.path);
            }
            // A manager may not do what only owners may, of which there is no page yet.
            assert!(role != Role::Packer || refused > 8, "{refused} routes are not for {role:?}");
        }
    })
    .await;
}

// AC-080
#[tokio::test]
async fn known_and_unknown_addresses_get_the_same_answer() {
    in_the_shop(|shop| async move {
        let member = shop.member("packer").await;
        let stranger = shop.shopper();
        let answer = async |email: &str, password: &str| {
            let answer = stranger.neighbor().sign_in(email, password).await;
            let headers = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
            let headers: BTreeSet<_> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
            (answer.status, headers, answer.body.replace(email, "E-MAIL"))
        };
        let unknown = member.email.replace("shopper", "stopper");
        for _ in 0..3 {
            let known = answer(&member.email, "not the password").await;
            assert_eq!(known.0, 422);
            assert_eq!(answer(&unknown, "not the password").await, known);
        }
    })
    .await;
}

// AC-081
#[tokio::test]
async fn a_session_that_somebody_else_planted_is_worth_nothing() {
    in_the_shop(|shop| async move {
        let (member, victim) = (shop.member("packer").await, shop.shopper());
        let planted = "a".repeat(64);
        victim.keep("dev-fsa", &planted);
        let goods = victim.goods("hand-wash", "BTH-HWS-300").await;
        victim.add(&goods, 1).await.says("Your cart 1 item");
        victim.sign_in(&member.email, "a password that is long").await.expect(200).says("Orders");
        assert_ne!(victim.cookie("dev-fsa").as_deref(), Some(planted.as_str()));
        let attacker = shop.shopper();
        attacker.keep("dev-fsa", &planted);
        attacker.get("/admin/orders").await.expect(303);
        victim.get("/cart").await.says("Your cart 1 item");

        let own = member.cookie("dev-fsa");
        member.sign_in(&member.email, "a password that is long").await.expect(200);
        assert_ne!(member.cookie("dev-fsa"), own, "each sign-in makes a new one");
    })
    .await;
}

// AC-086
#[tokio::test]
async fn an_owner_gets_in_on_their_own_device_while_others_guess() {
    in_the_shop(|shop| async move {
        let member = shop.member("packer").await;
        for _ in 0..5 {
            shop.shopper().sign_in(&member.email, "not the password").await.expect(422);
        }
        let limited = shop.shopper().sign_in(&member.email, "a password that is long").await.expect(429);
        limited.says("Too many attempts");
        assert!(limited.seconds_to_wait() > 500);

        let (device, made_up) = (member.cookie("dev-fsd").expect("a device"), shop.shopper());
        made_up.keep("dev-fsd", &format!("f{}", &device[1..]));
        made_up.sign_in(&member.email, "a password that is long").await.expect(429);
        let other = shop.member("packer").await;
        made_up.keep("dev-fsd", &other.cookie("dev-fsd").expect("a device"));
        made_up.sign_in(&member.email, "a password that is long").await.expect(429);

        let at_home = shop.shopper();
        at_home.keep("dev-fsd", &device);
        at_home.sign_in(&member.email, "a password that is long").await.expect(200).says("Orders");
    })
    .await;
}

// AC-086, AC-097
#[tokio::test]
async fn guessing_at_many_accounts_is_slowed_down_by_address_whatever_the_browser_claims() {
    in_the_shop(|shop| async move {
        shop.owner().await;
        let attacker = shop.shopper();
        let guess = async |number: u32| {
            let form = format!("email=a{number}%40example.com&password=wrong+wrong+wrong&next=");
            let (site, claimed) = (shop.site(), format!("203.0.113.{number}"));
            let forwarded = format!("for={claimed}");
            let headers = [
                ("origin", site.as_str()),
                ("content-type", "application/x-www-form-urlencoded"),
                ("x-real-ip", &claimed),
                ("forwarded", &forwarded),
                ("true-client-ip", &claimed),
            ];
            let sent = attacker.claiming(&claimed);
            sent.try_send(reqwest::Method::POST, "/admin/sign-in", &headers, form).await.expect("an answer").status
        };
        let mut answers = Vec::new();
        for number in 0..12 {
            answers.push(guess(number).await);
        }
        assert_eq!(answers, [[422; 10].as_slice(), &[429; 2]].concat());
        let elsewhere = shop.shopper();
        elsewhere.sign_in(OWNER.0, OWNER.1).await.expect(200).says("Orders");
    })
    .await;
}

// AC-090
#[tokio::test]
async fn a_token_in_an_address_is_refused_and_not_logged() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        for name in ["access_token", "token", "api_key", "session"] {
            shopper.get(&format!("/api/v1/store/products?{name}=geheim-4711")).await.expect(400);
            shopper.get(&format!("/?{name}=geheim-4711")).await.expect(200);
        }
        shopper.get("/o/geheim-4711").await.expect(404);
        shopper.get("/admin/orders?token=geheim-4711").await.expect(303);
        assert!(!shop.log("app").contains("geheim-4711"));
    })
    .await;
}
