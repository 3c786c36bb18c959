//! Lies between the shop and PostgreSQL, and cuts a connection when the server has carried out a COMMIT and its answer is on
//! the way: the moment in which nobody can know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// One of so many commits loses its answer, on average.
const ONE_OF: u64 = 40;

/// A proxy at a port of its own.
#[derive(Clone)]
pub struct Proxy {
    /// Of this machine.
    pub port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_losing: AtomicBool,
    dice: AtomicU64,
    lost: AtomicU32,
}

impl State {
    /// Whether the next COMMIT loses its answer.
    fn draw(&self) -> bool {
        // The same sequence for the same seed, whichever connections draw from it.
        let mixed = |seed: u64| seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let drawn = self.dice.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |seed| Some(mixed(seed)));
        self.is_losing.load(Ordering::Relaxed) && (drawn.unwrap_or(1) >> 33).is_multiple_of(ONE_OF)
    }
}

impl Proxy {
    /// Starts it before the server at `host:port`.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(server: String) -> Result<Self, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
        let port = listener.local_addr().map_err(|error| error.to_string())?.port();
        let proxy = Self { port, state: Arc::default() };
        let state = Arc::clone(&proxy.state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (server, state) = (server.clone(), Arc::clone(&state));
                tokio::spawn(async move {
                    // Either side may go away at any time.
                    let _ = carry(client, &server, &state).await;
                });
            }
        });
        Ok(proxy)
    }

    /// Loses answers from now on.
    pub fn lose(&self, seed: u64) {
        self.state.dice.store(seed, Ordering::Relaxed);
        self.state.is_losing.store(true, Ordering::Relaxed);
    }

    /// Loses none any more.
    pub fn stop_losing(&self) {
        self.state.is_losing.store(false, Ordering::Relaxed);
    }

    /// How many answers were lost.
    pub fn lost(&self) -> u32 {
        self.state.lost.load(Ordering::Relaxed)
    }
}

/// Carries bytes both ways until one side ends or an answer is to be lost.
async fn carry(mut client: TcpStream, server: &str, state: &State) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut asked, mut answered) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut is_doomed = false;
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                // A simple query, which is how the shop commits.
                let bytes = &asked[..length];
                is_doomed = bytes.first() == Some(&b'Q') && holds(bytes, b"COMMIT") && state.draw();
                server.write_all(bytes).await?;
            }
            read = server.read(&mut answered) => {
                let length = read?;
                if length == 0 {
                    return Ok(());
                }
                if is_doomed && holds(&answered[..length], b"COMMIT") {
                    // It is done, and nobody will hear of it.
                    state.lost.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                client.write_all(&answered[..length]).await?;
            }
        }
    }
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}
