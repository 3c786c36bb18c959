//! Events of a module in another process, pulled over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use kernel::event::{Feed, FeedBatch, FeedCursor, FeedError};
use serde::de::DeserializeOwned;

use crate::client::http_client;

/// The outbox of a module in another process.
pub struct HttpFeed {
    producer: String,
    base: String,
    credential: String,
}

impl HttpFeed {
    /// Of `producer`, served at `url`.
    pub fn new(url: &str, producer: &str, credential: &str) -> Self {
        let base = format!("{}/contract/{producer}/events", url.trim_end_matches('/'));
        Self { producer: producer.to_owned(), base, credential: credential.to_owned() }
    }

    async fn get<T: DeserializeOwned>(&self, url: String, timeout: Duration) -> Result<T, FeedError> {
        let failed = |cause: String| FeedError { producer: self.producer.clone(), cause };
        let answer = http_client()
            .get(url)
            .bearer_auth(&self.credential)
            .timeout(timeout)
            .send()
            .await
            .map_err(|error| failed(error.to_string()))?;
        if !answer.status().is_success() {
            return Err(failed(format!("answered {}", answer.status())));
        }
        let body = answer.bytes().await.map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
    }
}

#[async_trait]
impl Feed for HttpFeed {
    async fn read(&self, after: FeedCursor, limit: u32, wait: Duration) -> Result<FeedBatch, FeedError> {
        let (FeedCursor { txid, seq }, wait_ms) = (after, wait.as_millis());
        let url = format!("{}?txid={txid}&seq={seq}&limit={limit}&wait_ms={wait_ms}", self.base);
        self.get(url, wait + Duration::from_secs(5)).await
    }

    async fn newest(&self) -> Result<FeedCursor, FeedError> {
        self.get(format!("{}/newest", self.base), Duration::from_secs(5)).await
    }
}
