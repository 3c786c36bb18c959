//! The one way out of the shop: HTTPS to others' services, with bounds on time and size, no redirects and no proxies.

use async_trait::async_trait;
use kernel::outgoing::{LONGEST_ANSWER, Outgoing, OutgoingAnswer, OutgoingError, OutgoingRequest};

use crate::client::http_client;

/// Sends over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Network;

#[async_trait]
impl Outgoing for Network {
    async fn send(&self, request: OutgoingRequest) -> Result<OutgoingAnswer, OutgoingError> {
        let OutgoingRequest { method, url, headers, body, timeout } = request;
        let builder = if method == "GET" { http_client().get(url) } else { http_client().post(url).body(body) };
        let builder = headers.into_iter().fold(builder, |builder, (name, value)| builder.header(name, value));
        let mut response = builder.timeout(timeout).send().await.map_err(failure)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(OutgoingError::NoAnswer("the answer is too long".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(OutgoingAnswer { status, body })
    }
}

/// The address is left out: it may name what is not for logs.
fn failure(error: reqwest::Error) -> OutgoingError {
    let is_unsent = error.is_connect() || error.is_builder();
    let cause = error.without_url().to_string();
    if is_unsent { OutgoingError::NotSent(cause) } else { OutgoingError::NoAnswer(cause) }
}
