//! What arrives is input: it is read with limits, and a refusal names the field.

use std::sync::Arc;

use bytes::Bytes;
use kernel::contract::{Format, MAX_DEPTH, MethodKind, Server, WireRequest, WireResponse};
use serde_json::{Value, json};

use crate::stall::{ChalkStall, Stall, ada};

const BUY: MethodKind = MethodKind::Write { idempotent_by: "key" };

fn purchase() -> Value {
    json!({ "key": "ada-1", "color": "white", "quantity": 1 })
}

async fn send(stall: &Arc<ChalkStall>, format: Format, body: impl Into<Bytes>) -> WireResponse {
    let server = Server::new(Arc::clone(stall) as Arc<dyn Stall>);
    let request = WireRequest { method: "buy", kind: BUY, idempotency_key: None, format, body: body.into() };
    server.handle(ada(), request).await
}

async fn send_value(stall: &Arc<ChalkStall>, format: Format, value: &Value) -> WireResponse {
    send(stall, format, format.write(value).expect("it works")).await
}

/// Status and detail of the refusal; nothing was sold.
async fn refusal_of(format: Format, body: impl Into<Bytes>) -> (u16, String) {
    let stall = ChalkStall::open();
    let response = send(&stall, format, body).await;
    assert_eq!(stall.served(), 0);
    assert_eq!(response.format, format);
    let problem: Value = format.read(&response.body).expect("a refusal is readable");
    assert_eq!(problem["status"], response.status);
    (response.status, problem["detail"].as_str().expect("a refusal has a detail").to_owned())
}

/// `[[[…]]]`, `depth` deep.
fn nested(depth: usize) -> Value {
    (1..depth).fold(json!([]), |inner, _| json!([inner]))
}

const FORMATS: [Format; 2] = [Format::Json, Format::MessagePack];

#[tokio::test]
async fn a_missing_field_is_named() {
    for format in FORMATS {
        let mut request = purchase();
        request.as_object_mut().expect("it works").remove("quantity");
        let (status, detail) = refusal_of(format, format.write(&request).expect("it works")).await;
        assert_eq!(status, 400);
        assert!(detail.contains("quantity"), "{detail}");
    }
}

#[tokio::test]
async fn a_field_with_a_wrong_value_is_named() {
    for format in FORMATS {
        let wrong =
            [("quantity", json!("three")), ("quantity", json!(0)), ("quantity", json!(1.5)), ("color", json!(7))];
        for (field, value) in wrong {
            let mut request = purchase();
            request[field] = value;
            let (status, detail) = refusal_of(format, format.write(&request).expect("it works")).await;
            assert_eq!(status, 400);
            assert!(detail.contains(field), "{detail}");
        }
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    let whole = serde_json::to_vec(&purchase()).expect("it works");
    let half = whole[..whole.len() / 2].to_vec();
    let followed = [whole.as_slice(), b" {}"].concat();
    for body in [Vec::new(), b"chalk".to_vec(), half, followed, b"[1,2]".to_vec(), b"null".to_vec(), vec![0xff; 9]] {
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert_eq!(refusal_of(Format::Json, body).await.0, 400, "{shown}");
    }
    let packed = Format::MessagePack.write(&purchase()).expect("it works");
    let half = packed.slice(..packed.len() / 2);
    for body in [Bytes::new(), Bytes::from_static(b"\xc1"), half, Bytes::from_static(b"\xdf\xff\xff\xff\xff")] {
        assert_eq!(refusal_of(Format::MessagePack, body).await.0, 400);
    }
}

#[tokio::test]
async fn unknown_fields_are_ignored() {
    for format in FORMATS {
        let stall = ChalkStall::open();
        let mut request = purchase();
        request["gift_wrap"] = json!({ "paper": "blue", "bow": [true, null] });
        assert_eq!(send_value(&stall, format, &request).await.status, 200);
        assert_eq!(stall.sales(), 1);
    }
}

#[tokio::test]
async fn a_body_that_nests_too_deep_is_refused() {
    for format in FORMATS {
        for depth in [MAX_DEPTH + 1, 10_000] {
            let deep = match format {
                Format::Json => format!(r#"{{"gift_wrap":{}{}}}"#, "[".repeat(depth), "]".repeat(depth)).into_bytes(),
                Format::MessagePack => {
                    let mut body = b"\x81\xa9gift_wrap".to_vec();
                    body.extend(std::iter::repeat_n(b'\x91', depth));
                    body.push(b'\xc0');
                    body
                }
            };
            assert_eq!(refusal_of(format, deep).await.0, 400, "{format:?} {depth}");
        }
        let stall = ChalkStall::open();
        let mut request = purchase();
        request["gift_wrap"] = nested(MAX_DEPTH - 4);
        assert_eq!(send_value(&stall, format, &request).await.status, 200, "{format:?}");
    }
}

#[tokio::test]
async fn brackets_in_text_do_not_nest() {
    let stall = ChalkStall::open();
    let mut request = purchase();
    request["note"] = json!(format!("\\\"{}", "[{".repeat(500)));
    assert_eq!(send_value(&stall, Format::Json, &request).await.status, 200);
}

#[tokio::test]
async fn a_refusal_is_a_problem_document() {
    let stall = ChalkStall::open();
    let mut request = purchase();
    request["quantity"] = json!(99);
    let response = send_value(&stall, Format::Json, &request).await;
    assert_eq!(response.status, 422);
    let problem: Value = serde_json::from_slice(&response.body).expect("it works");
    assert_eq!(problem["detail"], "only 10 left of white");
    assert_eq!(problem["error"], json!({ "kind": "sold_out", "color": "white", "left": 10 }));
}
