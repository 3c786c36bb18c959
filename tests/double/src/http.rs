//! The same over the network: HTTP/1.1, one request per connection, which makes it easy to cut one.
//!
//! `POST /_double/pay` (`reference`, `card`), `/_double/faults` (`calls`, `seed`), `/_double/dispute`, `/_double/fail_refund`
//! and `/_double/refund` (`intent`, `amount`) do what shoppers, banks and merchants do there; `GET /_double/ledger` shows
//! the books, and `GET /_double/references?session=…` what was made for a session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Card, Double, Faults, Notice, Played};

const LONGEST_REQUEST: usize = 256 * 1024;

/// Answers on `listener` until the task ends, and sends notices to `webhook` when there is one.
pub async fn serve(double: Arc<Double>, listener: TcpListener, webhook: Option<String>) {
    if let Some(url) = webhook {
        tokio::spawn(notify(Arc::clone(&double), url));
    }
    while let Ok((stream, _)) = listener.accept().await {
        let double = Arc::clone(&double);
        tokio::spawn(async move {
            // A client that goes away has its reasons.
            let _ = converse(&double, stream).await;
        });
    }
}

/// Sends what happened, and again later what was not taken.
async fn notify(double: Arc<Double>, url: String) {
    let mut untaken = Vec::new();
    loop {
        let mut again = Vec::new();
        for notice in double.notices().into_iter().chain(std::mem::take(&mut untaken)) {
            let sent = tokio::time::timeout(Duration::from_secs(5), post(&url, &notice)).await;
            if !matches!(sent, Ok(Ok(200))) {
                again.push(double.signed(crate::WEBHOOK_SECRET, notice.body));
            }
        }
        untaken = again;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The status of the answer to a notice. The shop is on this machine, so no TLS is needed.
async fn post(url: &str, notice: &Notice) -> std::io::Result<u16> {
    let rest = url.trim_start_matches("http://");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).await?;
    let Notice { signature, body } = notice;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nstripe-signature: {signature}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = [0; 1024];
    let count = stream.read(&mut bytes).await?;
    let answer = String::from_utf8_lossy(&bytes[..count]);
    Ok(answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0))
}

struct Request {
    method: String,
    url: String,
    key: Option<String>,
    body: String,
}

async fn converse(double: &Double, mut stream: TcpStream) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let played = if request.url.starts_with("/_double/") {
        let (status, body) = control(double, &request);
        Played::Answer(status, body)
    } else {
        double.play(&request.method, &request.url, request.key.as_deref(), &request.body)
    };
    match played {
        Played::Answer(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.shutdown().await
        }
        // The connection ends with the stream.
        Played::Reset => Ok(()),
        Played::Hang => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            Ok(())
        }
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8 * 1024];
    loop {
        let count = stream.read(&mut chunk).await?;
        if count == 0 || bytes.len() > LONGEST_REQUEST {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let header = |wanted: &str| {
            let pairs = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            pairs.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim().to_owned()).next()
        };
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
        if bytes.len() < end + 4 + length {
            continue;
        }
        let mut words = head.lines().next().unwrap_or_default().split(' ');
        let (method, url) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let body = String::from_utf8_lossy(&bytes[end + 4..end + 4 + length]).into_owned();
        return Ok(Some(Request { method, url, key: header("idempotency-key"), body }));
    }
}

fn control(double: &Double, request: &Request) -> (u16, String) {
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    let fields: BTreeMap<String, String> =
        serde_urlencoded::from_str(if request.method == "GET" { query } else { &request.body }).unwrap_or_default();
    let text = |name: &str| fields.get(name).map_or("", String::as_str);
    let number = |name: &str| text(name).parse::<u64>().unwrap_or(0);
    match path {
        "/_double/ledger" => (200, json!(double.ledger()).to_string()),
        "/_double/references" => (200, json!(double.references_of(text("session"))).to_string()),
        "/_double/faults" => {
            double.lie(if number("calls") == 0 {
                Faults::default()
            } else {
                Faults::every(number("calls"), number("seed"))
            });
            (200, "{}".to_owned())
        }
        "/_double/pay" => {
            let card = match text("card") {
                "declined" => Card::Refused("generic_decline"),
                "insufficient_funds" => Card::Refused("insufficient_funds"),
                "asks" => Card::Asks,
                "confirmed" => Card::Confirmed,
                _ => Card::Good,
            };
            (200, json!({"paid": double.pay(text("reference"), card)}).to_string())
        }
        "/_double/dispute" => {
            double.dispute(text("intent"));
            (200, "{}".to_owned())
        }
        "/_double/fail_refund" => {
            double.fail_refund(text("intent"));
            (200, "{}".to_owned())
        }
        "/_double/refund" => {
            double.refund_there(text("intent"), i64::try_from(number("amount")).unwrap_or(0));
            (200, "{}".to_owned())
        }
        _ => (404, "{}".to_owned()),
    }
}
