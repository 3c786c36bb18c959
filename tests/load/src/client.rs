//! A browser that costs little: HTTP/1.1 over one kept connection, the cookies of one shop, forms read from pages.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One visitor with one connection.
pub(crate) struct Client {
    address: String,
    stream: Option<TcpStream>,
    cookies: Vec<(String, String)>,
    buffer: Vec<u8>,
}

/// An answer. Its body is the one of the client that got it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// This answer when it has the status that was expected; else what it says.
    pub(crate) fn expect(self, status: u16, asked: &str) -> Result<Self, String> {
        if self.status == status {
            return Ok(self);
        }
        let text = without_tags(&self.text());
        Err(format!(
            "{asked} answered {} instead of {status}: {}",
            self.status,
            text.chars().take(400).collect::<String>()
        ))
    }
}

impl Client {
    /// Of the shop at `address`, `127.0.0.1:8080`.
    pub(crate) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, cookies: Vec::new(), buffer: Vec::with_capacity(64 * 1024) }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Another visitor comes, with a connection of their own.
    pub(crate) fn forget(&mut self) {
        self.stream = None;
        self.cookies.clear();
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Answer, String> {
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        self.add_cookies(&mut request);
        request.push_str("\r\n");
        self.send(&request).await.map_err(|error| format!("GET {path}: {error}"))
    }

    /// Asks for a page and leaves its body unread, for what would cost as much as the server.
    pub(crate) async fn get_unseen(&mut self, request: &str) -> Result<u16, String> {
        let (status, _, _) = self.exchange(request).await.map_err(|error| format!("{request}: {error}"))?;
        Ok(status)
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer, String> {
        let mut body = String::new();
        for (name, value) in fields {
            let _ = write!(body, "{}{name}={}", if body.is_empty() { "" } else { "&" }, percent_encoded(value));
        }
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nSec-Fetch-Site: same-origin\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {1}\r\n",
            self.address,
            body.len()
        );
        self.add_cookies(&mut request);
        request.push_str("\r\n");
        request.push_str(&body);
        self.send(&request).await.map_err(|error| format!("POST {path}: {error}"))
    }

    fn add_cookies(&self, request: &mut String) {
        for (place, (name, value)) in self.cookies.iter().enumerate() {
            let _ = write!(request, "{}{name}={value}", if place == 0 { "Cookie: " } else { "; " });
        }
        if !self.cookies.is_empty() {
            request.push_str("\r\n");
        }
    }

    async fn send(&mut self, request: &str) -> Result<Answer, String> {
        let (status, location, body) = self.exchange(request).await?;
        let body = match body {
            Body::At(start, end) => self.buffer[start..end].to_vec(),
            Body::Chunked(start) => unchunked(&self.buffer[start..]),
        };
        Ok(Answer { status, location, body })
    }

    /// Status, place to go to, and where in the buffer the body lies.
    async fn exchange(&mut self, request: &str) -> Result<(u16, Option<String>, Body), String> {
        let words = |error: std::io::Error| error.to_string();
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.address).await.map_err(words)?;
            stream.set_nodelay(true).map_err(words)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().ok_or("no connection")?;
        stream.write_all(request.as_bytes()).await.map_err(words)?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut self.buffer).await.map_err(words)? == 0 {
                self.stream = None;
                return Err("the connection was closed".to_owned());
            }
        };
        let head = read_head(&self.buffer[..head_end], &mut self.cookies)?;
        let complete = |buffer: &[u8]| match head.length {
            Some(length) => buffer.len() >= head_end + length,
            None => buffer[head_end..].ends_with(b"0\r\n\r\n"),
        };
        while !complete(&self.buffer) {
            if stream.read_buf(&mut self.buffer).await.map_err(words)? == 0 {
                self.stream = None;
                return Err("the connection was closed within an answer".to_owned());
            }
        }
        if head.closes {
            self.stream = None;
        }
        let body = match head.length {
            Some(length) => Body::At(head_end, head_end + length),
            None => Body::Chunked(head_end),
        };
        Ok((head.status, head.location, body))
    }
}

enum Body {
    At(usize, usize),
    Chunked(usize),
}

struct Head {
    status: u16,
    location: Option<String>,
    /// None when it comes in chunks.
    length: Option<usize>,
    closes: bool,
}

fn read_head(head: &[u8], cookies: &mut Vec<(String, String)>) -> Result<Head, String> {
    let text = std::str::from_utf8(head).map_err(|_| "a header is not text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("no status")?;
    let mut read = Head { status, location: None, length: Some(0), closes: false };
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        match name.len() {
            14 if name.eq_ignore_ascii_case("content-length") => read.length = value.parse().ok(),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => read.length = None,
            8 if name.eq_ignore_ascii_case("location") => read.location = Some(value.to_owned()),
            10 if name.eq_ignore_ascii_case("connection") => read.closes = value.eq_ignore_ascii_case("close"),
            10 if name.eq_ignore_ascii_case("set-cookie") => keep(cookies, value),
            _ => {}
        }
    }
    Ok(read)
}

fn keep(cookies: &mut Vec<(String, String)>, header: &str) {
    let mut parts = header.split("; ");
    let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
    cookies.retain(|(known, _)| known != name);
    if !parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
        cookies.push((name.to_owned(), value.to_owned()));
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

fn unchunked(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(chunks.len());
    while let Some(end) = find(chunks, b"\r\n") {
        let length =
            std::str::from_utf8(&chunks[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok()).unwrap_or(0);
        if length == 0 || chunks.len() < end + 4 + length {
            break;
        }
        body.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 4 + length..];
    }
    body
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The value of the first control with this name; of several choices the one that is chosen, else the first.
pub(crate) fn value_of(html: &str, name: &str) -> Result<String, String> {
    let marked = format!("name=\"{name}\"");
    let tags = html.match_indices(&marked).map(|(at, _)| {
        let start = html[..at].rfind('<').unwrap_or(0);
        let end = html[at..].find('>').map_or(html.len(), |end| at + end);
        &html[start..end]
    });
    let mut first = None;
    for tag in tags {
        let value = tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
        if let Some(value) = value {
            if tag.contains(" checked") {
                return Ok(unescaped(value));
            }
            first = first.or(Some(value));
        }
    }
    let missing = || format!("no field {name} in: {}", without_tags(html).chars().take(400).collect::<String>());
    first.map(unescaped).ok_or_else(missing)
}

fn unescaped(text: &str) -> String {
    let signs = [
        ("&quot;", "\""),
        ("&#x2F;", "/"),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    signs.iter().fold(text.to_owned(), |text, (escaped, sign)| text.replace(escaped, sign))
}

/// What a person would read, for error messages.
fn without_tags(html: &str) -> String {
    let body = html.split("<main").nth(1).unwrap_or(html);
    let text: String = body.split('<').filter_map(|part| Some(part.split_once('>')?.1)).collect::<Vec<_>>().join(" ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
