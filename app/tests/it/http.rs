//! What browsers and proxies may send, and what comes back whatever they send.

use std::collections::BTreeSet;
use std::time::Duration;

use freestone::routes::{Csrf, table};
use reqwest::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::door::filled;
use crate::shop::{Shop, in_the_shop};

// AC-092, AC-094
#[tokio::test]
async fn no_form_of_another_site_does_anything_on_any_page() {
    in_the_shop(|shop| async move {
        let changes = table().iter().filter(|route| !matches!(route.csrf, Csrf::Safe | Csrf::Returning));
        let mut tried = 0;
        for route in changes {
            // Each at an address of its own, so that what is refused is not refused for being too often.
            let owner = shop.owner().await;
            for (origin, content_type) in [
                ("https://evil.example", "application/x-www-form-urlencoded"),
                ("https://evil.example", "text/plain"),
                ("null", "application/json"),
            ] {
                let headers = [("origin", origin), ("content-type", content_type)];
                let path = filled(route.path);
                let answer = owner.try_send(Method::POST, &path, &headers, "csrf=x&quantity=1").await;
                answer.expect("an answer").expect(403).says("from another site");
                let site = [("sec-fetch-site", "cross-site"), ("content-type", content_type)];
                owner.try_send(Method::POST, &path, &site, "csrf=x").await.expect("an answer").expect(403);
                tried += 1;
            }
        }
        assert!(tried > 50, "{tried}");
        shop.owner().await.get("/admin/orders").await.expect(200);
    })
    .await;
}

// AC-093
#[tokio::test]
async fn nothing_is_changed_by_looking_at_it() {
    in_the_shop(|shop| async move {
        let pages: BTreeSet<&str> =
            table().iter().filter(|route| route.method == Method::GET.as_str()).map(|route| route.path).collect();
        let owner = shop.owner().await;
        let only_forms = table().iter().map(|route| route.path).filter(|path| !pages.contains(path));
        let only_forms: BTreeSet<&str> = only_forms.collect();
        assert!(only_forms.len() > 10, "{only_forms:?}");
        for path in only_forms {
            for method in [Method::GET, Method::HEAD] {
                let answer = owner.try_send(method, &filled(path), &[], "").await.expect("an answer").expect(405);
                assert_eq!(answer.header("allow"), "POST", "{path}");
            }
        }
        for path in pages.into_iter().filter(|path| !path.contains("{secret}") && !path.contains("{token}")) {
            for method in ["PUT", "PATCH", "DELETE", "X-ANY"] {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                owner.try_send(method, &filled(path), &[], "").await.expect("an answer").expect(405);
            }
        }
    })
    .await;
}

// AC-101
#[tokio::test]
async fn other_origins_are_permitted_nothing() {
    in_the_shop(|shop| async move {
        let owner = shop.owner().await;
        for path in ["/", "/p/oak-board", "/cart", "/admin/orders", "/api/v1/store/products", "/api/openapi.json"] {
            for origin in ["null", "https://evil.example", "http://127.0.0.1"] {
                let asks = [
                    (Method::GET, vec![("origin", origin)]),
                    (
                        Method::OPTIONS,
                        vec![
                            ("origin", origin),
                            ("access-control-request-method", "POST"),
                            ("access-control-request-headers", "authorization"),
                        ],
                    ),
                ];
                for (method, headers) in asks {
                    let answer = owner.try_send(method, path, &headers, "").await.expect("an answer");
                    let permits = answer.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
                    assert!(!permits, "{path} from {origin}: {:?}", answer.headers);
                    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
                }
            }
        }
    })
    .await;
}

/// The whole answer to a request that is sent as it is, when the connection is closed after it.
async fn closed_after(shop: &Shop, request: &str) -> Option<String> {
    let url = shop.url();
    let address = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.replace("HOST", address).as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    // A reset after the answer is an end as well.
    closed.ok().map(|_| String::from_utf8_lossy(&answer).into_owned())
}

// AC-102
#[tokio::test]
async fn requests_that_can_be_read_in_two_ways_end_the_connection() {
    in_the_shop(|shop| async move {
        let smuggled = "GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n";
        let post = "POST /cart/lines HTTP/1.1\r\nHost: HOST\r\nOrigin: http://HOST\r\n";
        for (what, request) in [
            ("two lengths", format!("{post}Content-Length: 4\r\nContent-Length: 5\r\n\r\na=1&{smuggled}")),
            (
                "length and chunks",
                format!("{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
            ),
            ("a negative length", format!("{post}Content-Length: -1\r\n\r\n{smuggled}")),
            ("a length with a sign", format!("{post}Content-Length: +4\r\n\r\na=1&{smuggled}")),
            ("a list of lengths", format!("{post}Content-Length: 4, 4\r\n\r\na=1&{smuggled}")),
            ("a length beyond numbers", format!("{post}Content-Length: 99999999999999999999999\r\n\r\n{smuggled}")),
            ("an odd encoding", format!("{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{smuggled}")),
            (
                "two encodings",
                format!("{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{smuggled}"),
            ),
            (
                "a chunk of no size",
                format!("{post}Transfer-Encoding: chunked\r\n\r\nzz\r\na=1&\r\n0\r\n\r\n{smuggled}"),
            ),
            (
                "a chunk beyond numbers",
                format!("{post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n{smuggled}"),
            ),
            ("a folded header", format!("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: b\r\n c: d\r\n\r\n{smuggled}")),
            ("a space before the colon", format!("{post}Content-Length : 4\r\n\r\na=1&{smuggled}")),
            ("a zero byte", format!("GET / HTTP/1.1\r\nHost: HOST\r\nX-A: b\0c\r\n\r\n{smuggled}")),
        ] {
            let answer = closed_after(&shop, &request).await;
            let answer = answer.unwrap_or_else(|| panic!("{what}: the connection stays open"));
            assert!(answer.starts_with("HTTP/1.1 400"), "{what}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{what}: {answer}");
        }
    })
    .await;
}

// AC-103
#[tokio::test]
async fn line_ends_in_names_files_and_targets_make_no_header() {
    in_the_shop(|shop| async move {
        let owner = shop.owner().await;
        for path in [
            "/p/a%0d%0aset-cookie:%20evil=1",
            "/c/a%0d%0aset-cookie:%20evil=1",
            "/search?q=%0d%0aset-cookie:%20evil=1",
            "/admin/orders/%0d%0aset-cookie:%20evil=1",
            "/admin/sign-in?next=/admin%0d%0aset-cookie:%20evil=1",
            "/admin/confirm?next=/admin%0d%0aset-cookie:%20evil=1",
            "/o/%0d%0aset-cookie:%20evil=1",
        ] {
            for visitor in [&owner, &shop.shopper()] {
                let answer = visitor.get(path).await;
                assert!(answer.status < 500, "{path}: {}", answer.status);
                assert!(!answer.header("set-cookie").contains("evil"), "{path}: {:?}", answer.headers);
                assert!(!answer.header("location").contains(['\r', '\n']), "{path}");
            }
        }
        let action = owner.get("/admin/import").await.expect(200).form("/admin/import").action;
        let name = "goods%0d%0aset-cookie: evil=1\u{7}\u{202e}.csv";
        let body = format!(
            "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\nHandle,Title\r\n\r\n--part--\r\n"
        );
        let sent = owner.send_upload(&action, "multipart/form-data; boundary=part", body.into_bytes()).await;
        assert!(sent.status < 500 && !sent.header("set-cookie").contains("evil"), "{:?}", sent.headers);
        let folded = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\r\nset-cookie: evil=1.csv\"\r\n\r\nx\r\n--part--\r\n";
        let sent = owner.send_upload(&action, "multipart/form-data; boundary=part", folded.into()).await;
        assert!(sent.status < 500 && !sent.header("set-cookie").contains("evil"), "{:?}", sent.headers);
    })
    .await;
}
