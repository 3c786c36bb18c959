//! `healthcheck`: asks the running shop whether it is ready, so that an image needs no other program for it.

use std::time::Duration;

use host::settings::Settings;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Console, Failure};

pub(crate) async fn run(settings: &Settings, console: &Console) -> Result<u8, Failure> {
    // A process without pages answers on its internal listener.
    let listen = if settings.runs("app") { Some(settings.listen.clone()) } else { settings.internal_listen.clone() };
    let address = listen.ok_or_else(|| Failure::new(3, "internal_listen is off, so there is nobody to ask"))?;
    let address = address.replace("0.0.0.0", "127.0.0.1");
    let host = settings.base_url.split_once("://").map_or(address.as_str(), |(_, host)| host).to_owned();
    let answer = tokio::time::timeout(Duration::from_secs(3), ask(&address, &host)).await;
    match answer {
        Ok(Ok(answer)) if answer.starts_with("HTTP/1.1 200") => {
            console.print(&serde_json::json!({ "ready": true }), "ready");
            Ok(0)
        }
        Ok(Ok(answer)) => {
            let cause = answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned();
            Err(Failure::new(4, format!("not ready: {cause}")))
        }
        Ok(Err(error)) => Err(Failure::new(4, format!("{address}: {error}"))),
        Err(_) => Err(Failure::new(4, format!("{address} does not answer within 3 seconds"))),
    }
}

async fn ask(address: &str, host: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
