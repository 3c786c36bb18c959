//! What goes wrong while people buy.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::sleep;

use crate::options::Options;
use crate::profile::Profile;
use crate::proxy::Proxy;
use crate::shop::Shop;
use crate::store::Ender;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A process ends at once, and is started again.
    Kill,
    /// Connections of PostgreSQL are ended by the server.
    Terminate,
    /// A connection is cut between COMMIT and its answer.
    LostCommits,
}

impl FromStr for Trouble {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "kill" => Ok(Self::Kill),
            "terminate" => Ok(Self::Terminate),
            "lost-commits" => Ok(Self::LostCommits),
            _ => Err(format!("--trouble: use kill, terminate or lost-commits, not {text:?}")),
        }
    }
}

/// What was done.
#[derive(Debug, Default)]
pub struct Done {
    /// How many times.
    pub faults: u32,
    /// From each start of a process until it was ready.
    pub ready: Vec<Duration>,
    /// When the last process was ready again, or the last connection was cut.
    pub over: Option<Instant>,
}

/// Makes the trouble that was asked for.
///
/// # Errors
/// The shop does not come back.
pub async fn make(
    options: &Options,
    profile: Profile,
    shop: &Arc<Shop>,
    proxy: Option<&Proxy>,
) -> Result<Done, String> {
    match options.trouble {
        Trouble::Kill => kill(options, profile, shop).await,
        Trouble::Terminate => terminate(options, shop).await,
        Trouble::LostCommits => lose_commits(options, proxy.ok_or("there is no PostgreSQL in this profile")?).await,
    }
}

/// Ends a random process at exponential times, and starts it again at once, whether or not the others are ready.
async fn kill(options: &Options, profile: Profile, shop: &Arc<Shop>) -> Result<Done, String> {
    let mut dice = StdRng::seed_from_u64(options.seed);
    let names: Vec<&'static str> = profile.processes().into_iter().map(|(name, _)| name).collect();
    let mut waiting = Vec::new();
    for _ in 0..options.kills {
        let pause = -options.mean.as_secs_f64() * (1.0 - dice.random::<f64>()).ln();
        // A process that is ended before it did anything proves little.
        sleep(Duration::from_secs_f64(pause.clamp(0.05, 20.0))).await;
        // One of five comes while the processes still start; the others find people at work.
        if dice.random_range(0..5) > 0 {
            for name in &names {
                shop.ready(name).await?;
            }
            sleep(Duration::from_millis(dice.random_range(50..1_500))).await;
        }
        let name = names.choose(&mut dice).copied().unwrap_or("shop");
        if shop.has_ended(name) {
            return Err(format!("{name} ended by itself:\n{}", shop.log(name).lines().last().unwrap_or_default()));
        }
        shop.kill(name);
        shop.start(name)?;
        let shop = Arc::clone(shop);
        // The next end may come before it is ready, which is no measurement and no failure.
        waiting.push(tokio::spawn(async move { shop.ready(name).await }));
    }
    for (name, _) in profile.processes() {
        shop.ready(name).await?;
    }
    let mut ready = Vec::new();
    for task in waiting {
        if let Ok(Ok(took)) = task.await {
            ready.push(took);
        }
    }
    ready.sort_unstable();
    Ok(Done { faults: options.kills, ready, over: Some(Instant::now()) })
}

/// Ends a random connection of the shop to its database every 200 ms.
async fn terminate(options: &Options, shop: &Shop) -> Result<Done, String> {
    let (url, namespace) = shop.database().ok_or("there is no PostgreSQL in this profile")?;
    let mut ender = Ender::new(&url, &namespace)?;
    for _ in 0..options.kills {
        ender.end_one()?;
        sleep(Duration::from_millis(200)).await;
    }
    Ok(Done { faults: options.kills, over: Some(Instant::now()), ..Done::default() })
}

/// Lets the proxy cut a connection after each so many commits.
async fn lose_commits(options: &Options, proxy: &Proxy) -> Result<Done, String> {
    proxy.lose(options.seed);
    let until = Instant::now() + Duration::from_secs(600);
    while proxy.lost() < options.kills {
        if Instant::now() > until {
            return Err(format!("only {} answers were lost", proxy.lost()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    proxy.stop_losing();
    Ok(Done { faults: options.kills, over: Some(Instant::now()), ..Done::default() })
}
