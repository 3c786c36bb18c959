//! What nobody honest sends, and what must not be there for everybody.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::shop::{Shop, in_the_shop};
use crate::shopper::{Goods, Page, Shopper};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A shopper with one of something in the cart.
async fn with_a_cart(shop: &Shop) -> (Shopper, Goods) {
    let shopper = shop.shopper();
    let goods = shopper.goods("hand-wash", "BTH-HWS-300").await;
    shopper.add(&goods, 1).await.says("Your cart 1 item");
    (shopper, goods)
}

/// A request as it is, byte for byte; gives the whole answer.
async fn raw(shop: &Shop, request: &str) -> String {
    let url = shop.url();
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.replace("HOST", address).as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn quantities_that_are_none_are_refused_and_change_nothing() {
    in_the_shop(|shop| async move {
        let (shopper, goods) = with_a_cart(&shop).await;
        let cart = shopper.get("/cart").await;
        let line = cart.line_form();
        let odd = ["-1", "0", "-2147483648", "2147483648", "9223372036854775807", "18446744073709551616"];
        for quantity in odd.into_iter().chain(["1e309", "NaN", "1.5", "１２", "", "10000", "+1", "0x1", "1 000"]) {
            let added = shopper.post("/cart/lines", &[("variant", &goods.variant), ("quantity", quantity)]).await;
            assert!(matches!(added.status, 400 | 422), "adding {quantity:?}: {}", added.status);
            let changed = shopper.submit(&line.clone().with("quantity", quantity)).await;
            assert!(matches!(changed.status, 400 | 422), "changing to {quantity:?}: {}", changed.status);
        }
        shopper.get("/cart").await.says("Your cart 1 item").says("€16.00");
    })
    .await;
}

#[tokio::test]
async fn prices_and_totals_of_the_visitor_are_refused() {
    in_the_shop(|shop| async move {
        let (shopper, goods) = with_a_cart(&shop).await;
        for field in ["price", "total", "unit_price", "tax", "discount", "state", "paid", "id"] {
            let form = [("variant", goods.variant.as_str()), ("quantity", "1"), (field, "1")];
            shopper.post("/cart/lines", &form).await.expect(400).says(field);
        }
        let twice = [("variant", goods.variant.as_str()), ("quantity", "1"), ("quantity", "2")];
        shopper.post("/cart/lines", &twice).await.expect(400).says("sent twice");
        let payment = shopper.go_to_payment().await;
        let form = payment.form("/checkout/payment").with("payment_method", "bank_transfer");
        for field in ["total", "shipping", "state", "email"] {
            shopper.submit(&form.clone().with(field, "0")).await.expect(400).says(field);
        }
        shopper.get("/cart").await.says("Your cart 1 item");
    })
    .await;
}

#[tokio::test]
async fn forms_that_cannot_be_read_are_refused() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let base = shop.url();
        let bodies: [&[u8]; 4] = [b"variant=%ff%fe&quantity=1", b"", b"{\"variant\":1}", b"quantity=1&quantity=1"];
        for body in bodies {
            let answer = shopper
                .try_send(Method::POST, "/cart/lines", &[("origin", &base), FORM], body)
                .await
                .expect("an answer");
            assert!(matches!(answer.status, 400 | 422), "{body:?}: {}", answer.status);
        }
        let huge = "quantity=1&variant=".to_owned() + &"x".repeat(300 * 1024);
        let answer =
            shopper.try_send(Method::POST, "/cart/lines", &[("origin", &base), FORM], huge).await.expect("an answer");
        answer.expect(413).says("Nothing was changed");
        let many: String = (0..2_000).map(|number| format!("a{number}=1&")).collect();
        let answer = shopper.try_send(Method::POST, "/cart/lines", &[("origin", &base), FORM], many).await;
        assert_eq!(answer.expect("an answer").status, 400);
    })
    .await;
}

#[tokio::test]
async fn forms_of_other_sites_change_nothing() {
    in_the_shop(|shop| async move {
        let (shopper, goods) = with_a_cart(&shop).await;
        shopper.add(&goods, 1).await.says("Your cart 2 items");
        let cart = shopper.get("/cart").await;
        let (line, token) = (cart.line_form().action, cart.line_form().value("csrf").to_owned());
        let owner = shop.owner().await;
        let form = [("variant", goods.variant.as_str()), ("quantity", "1"), ("csrf", &token)];
        for path in ["/cart/lines", &line, "/checkout/contact", "/checkout/payment", "/admin/sign-in"] {
            for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example"] {
                shopper.post_from(origin, path, &form).await.expect(403).says("from another site");
            }
        }
        owner.post_from("https://evil.example", "/admin/sign-out", &[]).await.expect(403);
        owner.get("/admin/orders").await.expect(200);
        shopper.get("/cart").await.says("Your cart 2 items");
    })
    .await;
}

#[tokio::test]
async fn what_the_browser_says_of_the_site_counts_more_than_the_origin() {
    in_the_shop(|shop| async move {
        let (shopper, goods) = with_a_cart(&shop).await;
        let (body, base) = (format!("variant={}&quantity=1", goods.variant), shop.url());
        for site in ["cross-site", "same-site", "none"] {
            let headers = [("sec-fetch-site", site), ("origin", base.as_str()), FORM];
            shopper.try_send(Method::POST, "/cart/lines", &headers, body.clone()).await.expect("an answer").expect(403);
        }
        // Nobody says where this comes from, and there is no token.
        shopper.try_send(Method::POST, "/cart/lines", &[FORM], body.clone()).await.expect("an answer").expect(403);
        let text = [("origin", "https://evil.example"), ("content-type", "text/plain")];
        shopper.try_send(Method::POST, "/cart/lines", &text, body).await.expect("an answer").expect(403);
        shopper.get("/cart").await.says("Your cart 1 item");
    })
    .await;
}

#[tokio::test]
async fn forms_without_the_token_of_their_session_are_out_of_date() {
    in_the_shop(|shop| async move {
        let ((ada, _), (grace, _)) = (with_a_cart(&shop).await, with_a_cart(&shop).await);
        let hers = ada.get("/cart").await.line_form();
        let theirs = grace.get("/cart").await.line_form();
        for token in ["", "x", theirs.value("csrf")] {
            ada.submit(&hers.clone().with("csrf", token).with("quantity", "5")).await.expect(403).says("out of date");
        }
        ada.get("/cart").await.says("Your cart 1 item");
    })
    .await;
}

#[tokio::test]
async fn nobody_changes_the_cart_of_another() {
    in_the_shop(|shop| async move {
        let ((ada, _), (grace, _)) = (with_a_cart(&shop).await, with_a_cart(&shop).await);
        let hers = ada.get("/cart").await.line_form();
        let token = grace.get("/cart").await.line_form().value("csrf").to_owned();
        let mut answers = Vec::new();
        // Another's, nobody's, and what is no name of a line at all.
        for line in [hers.action.as_str(), "/cart/lines/cln_00000000000000000000000000", "/cart/lines/1"] {
            answers.push(grace.post(&format!("{line}/remove"), &[("csrf", &token)]).await.expect(404));
            answers.push(grace.post(line, &[("csrf", &token), ("quantity", "7")]).await.expect(404));
        }
        for answer in &answers {
            answer.says("Page not found");
            assert_eq!(answer.text(), answers[0].text(), "{} looks like what is not there", answer.path);
        }
        for shopper in [&ada, &grace] {
            shopper.get("/cart").await.says("Your cart 1 item");
        }
    })
    .await;
}

#[tokio::test]
async fn changes_are_not_made_by_get() {
    in_the_shop(|shop| async move {
        let (shopper, _) = with_a_cart(&shop).await;
        let line = shopper.get("/cart").await.line_form().action;
        for path in ["/cart/lines", &line, "/admin/sign-out"] {
            for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
                let answer = shopper.try_send(method, path, &[], "").await.expect("an answer").expect(405);
                assert_eq!(answer.header("allow"), "POST");
            }
        }
        shopper.try_send(Method::POST, "/cart", &[], "").await.expect("an answer").expect(405);
        shopper.get("/cart").await.says("Your cart 1 item");
    })
    .await;
}

#[tokio::test]
async fn other_host_names_are_not_answered() {
    in_the_shop(|shop| async move {
        for path in ["/", "/cart", "/admin/sign-in", "/readyz"] {
            let answer =
                raw(&shop, &format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 421") && !answer.contains("evil.example"), "{path}: {answer}");
        }
        let twice = raw(&shop, "GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\nConnection: close\r\n\r\n").await;
        assert!(twice.starts_with("HTTP/1.1 421") || twice.starts_with("HTTP/1.1 400"), "{twice}");
        let absolute = raw(&shop, "GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n").await;
        assert!(absolute.starts_with("HTTP/1.1 421") || absolute.starts_with("HTTP/1.1 400"), "{absolute}");
        let headers = [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
        let page = shop.shopper().try_send(Method::GET, "/", &headers, "").await.expect("an answer").expect(200);
        assert!(!page.body.contains("evil.example"));
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_answer_carries_the_fixed_headers() {
    in_the_shop(|shop| async move {
        let (shopper, _) = with_a_cart(&shop).await;
        let owner = shop.owner().await;
        let file = shopper.get("/").await.body.split("href=\"/static/css/").nth(1).expect("a style sheet").to_owned();
        let style = format!("/static/css/{}", file.split('"').next().unwrap_or_default());
        let shop_pages =
            ["/", "/c/kitchen", "/search?q=oak", "/cart", "/nothing", "/search?page=x", "/robots.txt", "/readyz"];
        let more = ["/cart/lines", "/admin", "/admin/sign-in", "/api/v1/store/products", "/api/openapi.json", "/o/x"];
        for path in shop_pages.into_iter().chain(more).chain([style.as_str()]) {
            fixed_headers(&shopper.get(path).await);
        }
        fixed_headers(&owner.get("/admin/orders").await);
        fixed_headers(&shopper.post_from("https://evil.example", "/cart/lines", &[]).await);
        fixed_headers(&shopper.post("/cart/lines", &[]).await);
    })
    .await;
}

#[track_caller]
fn fixed_headers(page: &Page) {
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{}: {policy:?}", page.path);
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in fixed {
        assert_eq!(page.header(name), value, "{} ({}): {name}", page.path, page.status);
    }
    for name in ["referrer-policy", "permissions-policy", "cache-control", "content-type"] {
        assert_ne!(page.header(name), "", "{} ({}): {name}", page.path, page.status);
    }
    assert_eq!((page.header("server"), page.header("x-powered-by")), ("", ""), "{}", page.path);
}

#[tokio::test]
async fn pages_of_somebody_are_kept_by_nobody_and_public_ones_carry_no_cookie() {
    in_the_shop(|shop| async move {
        let (shopper, _) = with_a_cart(&shop).await;
        let owner = shop.owner().await;
        for path in ["/cart", "/checkout/contact", "/admin/sign-in"] {
            assert_eq!(shopper.get(path).await.header("cache-control"), "no-store", "{path}");
        }
        for path in ["/admin/orders", "/admin/products", "/admin/stock", "/admin/import", "/admin/system", "/admin"] {
            assert_eq!(owner.get(path).await.header("cache-control"), "no-store", "{path}");
        }
        for path in ["/", "/c/kitchen", "/p/oak-board", "/search?q=oak"] {
            let page = shopper.get(path).await.expect(200);
            assert_eq!((page.header("set-cookie"), page.header("cache-control")), ("", "no-cache"), "{path}");
            assert!(!page.body.contains("name=\"csrf\""), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_one_visitor_sends_is_not_on_the_page_of_the_next() {
    in_the_shop(|shop| async move {
        let (first, next) = (shop.shopper(), shop.shopper());
        let headers = [
            ("x-forwarded-host", "evil.example"),
            ("x-original-url", "/cart"),
            ("accept-language", "xx"),
            ("x-forwarded-proto", "gopher"),
        ];
        first.keep("dev-fsn", "7");
        let poisoned = first
            .try_send(Method::GET, "/p/bath-brush?tracking=<script>&variant=", &headers, "")
            .await
            .expect("an answer");
        let clean = next.get("/p/bath-brush").await.expect(200);
        assert_eq!(poisoned.status, 200);
        assert!(!clean.body.contains("evil.example") && !clean.body.contains("tracking"), "{}", clean.body);
        assert_eq!(clean.body, shop.shopper().get("/p/bath-brush").await.body);
        assert_eq!(poisoned.body.replace(">7</b>", "></b>"), clean.body, "only the count of the cart differs");
    })
    .await;
}

#[tokio::test]
async fn staff_paths_in_disguise_are_no_way_in() {
    in_the_shop(|shop| async move {
        let paths = [
            "//admin",
            "/Admin",
            "/%61dmin",
            "/admin/.",
            "/admin;x=1",
            "/x/../admin",
            "/admin/../admin/orders",
            "/admin//orders",
        ];
        for path in paths.into_iter().chain(["/%61dmin/orders", "/admin/orders/", "/ADMIN/orders", "/admin%2forders"]) {
            let answer = raw(&shop, &format!("GET {path} HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\n\r\n")).await;
            let sent_to_the_door = answer.starts_with("HTTP/1.1 303") && answer.contains("location: /admin/sign-in");
            assert!(sent_to_the_door || answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_page_of_staff_wants_a_session() {
    in_the_shop(|shop| async move {
        shop.owner().await;
        let stranger = shop.shopper();
        stranger.keep("dev-fsa", &"a".repeat(64));
        let staff = freestone::routes::table().iter().filter(|route| route.access != freestone::routes::Access::Public);
        let paths: Vec<_> = staff.map(|route| (route.method.to_string(), route.path)).collect();
        assert!(paths.len() > 20, "{paths:?}");
        for (method, path) in paths {
            let path = path
                .replace("{order}", "ord_x")
                .replace("{product}", "prd_x")
                .replace("{variant}", "var_x")
                .replace("{job}", "imp_x");
            let answer =
                if method == "GET" { stranger.get(&path).await } else { stranger.post(&path, &[("csrf", "x")]).await };
            assert_eq!(answer.status, 303, "{method} {path}: {}", answer.text());
            assert!(answer.header("location").starts_with("/admin/sign-in") && answer.body.is_empty(), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn signing_in_leads_nowhere_else() {
    in_the_shop(|shop| async move {
        shop.owner().await;
        let outside =
            ["https://evil.example", "//evil.example", "/\\evil.example", "/%2f%2fevil.example", "javascript:alert(1)"];
        for next in
            outside.into_iter().chain(["data:text/html,x", "@evil.example", "/admin\r\nx: y", "/cart", "\u{1}/admin"])
        {
            let form = [("email", "owner@example.com"), ("password", "a granite block in spring"), ("next", next)];
            let answer = shop.shopper().post("/admin/sign-in", &form).await.expect(303);
            assert_eq!(answer.header("location"), "/admin", "{next:?}");
        }
        let sent = shop
            .shopper()
            .post(
                "/admin/sign-in",
                &[
                    ("email", "owner@example.com"),
                    ("password", "a granite block in spring"),
                    ("next", "/admin/stock?low=1"),
                ],
            )
            .await;
        assert_eq!(sent.header("location"), "/admin/stock?low=1");
    })
    .await;
}

#[tokio::test]
async fn guessing_passwords_is_slowed_down() {
    in_the_shop(|shop| async move {
        shop.owner().await;
        let stranger = shop.shopper();
        let mut answers = Vec::new();
        for _ in 0..12 {
            let form = [("email", "grace@example.com"), ("password", "wrong wrong wrong")];
            answers.push(stranger.post("/admin/sign-in", &form).await.status);
        }
        assert!(answers.contains(&422) && answers[10..] == [429, 429], "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_for_the_operator_is_not_on_the_public_listener() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        for path in [
            "/metrics",
            "/contract/catalog",
            "/contract/orders/events",
            "/contract/orders/order",
            "/debug",
            "/.git/config",
            "/.env",
        ] {
            shopper.get(path).await.expect(404).says("Page not found");
        }
        let headers = [("authorization", format!("Bearer {}", shop.credential()))];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        shopper
            .try_send(Method::POST, "/contract/catalog/products", &headers, "{}")
            .await
            .expect("an answer")
            .expect(404);
        assert_eq!(shopper.get("/livez").await.expect(200).body, "ok");
    })
    .await;
}

/// A call of a contract, as another process of the shop makes it.
async fn call(shop: &Shop, method: &str, headers: &[(&str, &str)], body: impl Into<reqwest::Body>) -> Page {
    let bearer = format!("Bearer {}", shop.credential());
    let mut all = vec![("content-type", "application/json"), ("authorization", bearer.as_str())];
    all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
    all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
    let caller = Shopper::at(&shop.internal_url("app"));
    caller.try_send(Method::POST, &format!("/contract/{method}"), &all, body).await.expect("an answer")
}

#[tokio::test]
async fn contracts_are_for_processes_of_the_shop_only() {
    in_the_shop(|shop| async move {
        for credential in ["", "Bearer ", "Bearer x", "Basic eDp4", "bearer"] {
            call(&shop, "catalog/categories", &[("authorization", credential)], "{}").await.expect(401);
        }
        call(&shop, "catalog/categories", &[], "{}").await.expect(200);
        let stranger = Shopper::at(&shop.internal_url("app"));
        for path in ["/contract/catalog", "/contract/orders/events", "/contract/orders/events/newest"] {
            stranger.get(path).await.expect(401);
        }
    })
    .await;
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused_and_the_field_is_named() {
    in_the_shop(|shop| async move {
        let wrong = r#"{"variant_ids":[1]}"#;
        let answer = call(&shop, "inventory/stock_levels", &[], wrong).await.expect(400);
        assert!(answer.body.contains("variant_ids[0]"), "{}", answer.body);
        for body in ["", "{", "[]", "null", "{}", "\u{0}", "{\"variant_ids\":}"] {
            call(&shop, "inventory/stock_levels", &[], body).await.expect(400);
        }
        let deep = format!("{{\"variant_ids\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        assert!(call(&shop, "inventory/stock_levels", &[], deep).await.expect(400).body.contains("nested deeper"));
        let huge = format!("{{\"variant_ids\":[\"{}\"]}}", "x".repeat(9 * 1024 * 1024));
        call(&shop, "inventory/stock_levels", &[], huge).await.expect(413);
        call(&shop, "inventory/stock_levels", &[("content-type", "text/xml")], "<x/>").await.expect(400);
    })
    .await;
}

#[tokio::test]
async fn contracts_speak_message_pack() {
    in_the_shop(|shop| async move {
        let goods = shop.shopper().goods("hand-wash", "BTH-HWS-1000").await;
        // {"variant_ids": [<the id>]}
        let mut body = b"\x81\xabvariant_ids\x91\xd9".to_vec();
        body.push(u8::try_from(goods.variant.len()).expect("short"));
        body.extend(goods.variant.bytes());
        let answer =
            call(&shop, "inventory/stock_levels", &[("content-type", "application/msgpack")], body).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/msgpack");
        assert!(answer.body.contains("on_hand") && answer.body.contains(&goods.variant), "{:?}", answer.body);
        call(&shop, "inventory/stock_levels", &[("content-type", "application/msgpack")], vec![0xc1]).await.expect(400);
    })
    .await;
}

#[tokio::test]
async fn other_methods_and_versions_of_contracts_are_refused() {
    in_the_shop(|shop| async move {
        call(&shop, "inventory/steal", &[], "{}").await.expect(404);
        call(&shop, "warehouse/stock_levels", &[], "{}").await.expect(404);
        let answer =
            call(&shop, "inventory/stock_levels", &[("freestone-contract", "inventory/99 x")], "{}").await.expect(426);
        assert!(answer.body.contains("inventory/99"), "{}", answer.body);
        let newer = [("freestone-contract", "inventory/1 0000000000000000")];
        call(&shop, "inventory/stock_levels", &newer, r#"{"variant_ids":[]}"#).await.expect(200);
        for deadline in ["soon", "-1", "1e9"] {
            call(&shop, "inventory/stock_levels", &[("freestone-deadline-ms", deadline)], r#"{"variant_ids":[]}"#)
                .await
                .expect(400);
        }
        call(&shop, "inventory/stock_levels", &[("freestone-principal", "{")], r#"{"variant_ids":[]}"#)
            .await
            .expect(400);
    })
    .await;
}

#[tokio::test]
async fn a_guest_may_not_do_what_staff_do_by_contract_either() {
    in_the_shop(|shop| async move {
        let goods = shop.shopper().goods("hand-wash", "BTH-HWS-1000").await;
        let key = "k".repeat(32);
        let request = json!({ "key": key, "variant_id": goods.variant, "delta": 5, "reason": "count" }).to_string();
        let before = shop.stock(&goods.variant).await;
        let answer = call(&shop, "inventory/adjust", &[("freestone-principal", "\"anonymous\"")], request).await;
        assert!(matches!(answer.status, 400 | 401 | 403 | 422), "{}: {}", answer.status, answer.body);
        assert_eq!(shop.stock(&goods.variant).await, before);
    })
    .await;
}

#[tokio::test]
async fn odd_searches_find_little_and_break_nothing() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        let long = "oak ".repeat(2_500);
        for query in [
            "%",
            "_",
            "%%%",
            "' OR 1=1 --",
            "\"",
            "\\",
            "🪵🪨",
            "<script>alert(1)</script>",
            "*",
            "NEAR(",
            "a AND",
            "-",
            long.as_str(),
        ] {
            let encoded = serde_urlencoded::to_string([("q", query)]).expect("a query");
            let page = shopper.visit(&format!("/search?{encoded}")).await.expect(200);
            assert!(!page.body.contains("<script>alert"), "{query}");
        }
        for none in ["%25", "_", "%25%25"] {
            let page = shopper.get(&format!("/search?q={none}")).await.expect(200);
            page.says_not("Chopping Board is").says_not("61 products");
        }
    })
    .await;
}

#[tokio::test]
async fn odd_parameters_are_named_or_lead_nowhere() {
    in_the_shop(|shop| async move {
        let shopper = shop.shopper();
        shopper.get("/c/kitchen?sort=evil").await.expect(400).says("sort: \"evil\"");
        for page in ["0", "999999", "-1", "100001"] {
            let answer = shopper.get(&format!("/c/kitchen?page={page}")).await;
            assert!(matches!(answer.status, 404 | 400), "{page}: {}", answer.status);
        }
        for page in ["0", "999999"] {
            shopper.get(&format!("/c/kitchen?page={page}")).await.expect(404);
            shopper.get(&format!("/search?q=oak&page={page}")).await.expect(404);
        }
        shopper.get("/c/kitchen?page=x").await.expect(400).says("page");
        shopper.get("/p/oak-board?variant=evil").await.expect(404);
        shopper.get("/p/%00").await.expect(404);
        shopper.get("/search?q=%ff").await.expect(200).says("No products match");
        let answer = shopper.get("/api/v1/store/products?evil=1").await.expect(400);
        let problem: Value = serde_json::from_str(&answer.body).expect("a problem document");
        assert_eq!((answer.header("content-type"), &problem["status"]), ("application/problem+json", &json!(400)));
    })
    .await;
}

#[tokio::test]
async fn what_no_database_can_hold_is_refused_by_its_name() {
    in_the_shop(|shop| async move {
        let (shopper, _) = with_a_cart(&shop).await;
        let cart = shopper.get("/cart").await.expect(200);
        shopper.send_form(&cart, "/cart/codes", &[("code", "a\0b")]).await.expect(400).says("code: it holds");
        shopper.get("/search?q=a%00b").await.expect(400).says("q: it holds");
    })
    .await;
}

#[tokio::test]
async fn names_that_are_none_are_refused_in_the_first_step() {
    in_the_shop(|shop| async move {
        let (shopper, _) = with_a_cart(&shop).await;
        let contact = shopper.get("/checkout/contact").await.expect(200);
        let typed = shopper.contact();
        let with = |name: &'static str, value: &'static str| {
            typed.map(|(field, old)| if field == name { (field, value) } else { (field, old) })
        };
        for (field, value) in [
            ("name", "4111 1111 1111 1111"),
            ("line1", "Card 5555-5555-5555-4444"),
            ("name", "Ada\r\nBcc: all@example.com"),
            ("city", "Wien\nX: y"),
            ("email", "a@example.com\r\nBcc: b@example.com"),
            ("email", "a@example.com,b@example.com"),
            ("email", "nobody"),
            ("country", "XX"),
            ("postcode", ""),
            ("name", " "),
        ] {
            let answer = shopper.send_form(&contact, "/checkout/contact", &with(field, value)).await;
            assert_eq!(answer.status, 422, "{field} {value:?}: {}", answer.text());
            answer.says("There is a problem");
        }
        shopper.get("/checkout/payment").await.expect(303);
    })
    .await;
}
