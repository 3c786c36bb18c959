//! `double 127.0.0.1:12111 [http://127.0.0.1:8080/webhooks/stripe]`

use std::sync::Arc;

use double::{Double, serve};
use kernel::Clock;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:12111".to_owned());
    let listener = TcpListener::bind(&address).await?;
    serve(Arc::new(Double::new(Clock::system())), listener, arguments.next()).await;
    Ok(())
}
