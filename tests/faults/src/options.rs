//! What was asked for on the command line.

use std::str::FromStr;
use std::time::Duration;

use crate::profile::Profile;
use crate::trouble::Trouble;

/// How to use it.
pub const USAGE: &str = "\
Breaks a real shop while people buy in it, and lets the checker judge what is left.

  cargo run --release -p faults -- --profile sqlite --kills 200 --seed 1

  --profile NAME   sqlite, postgres, split (processes of their own), or all; default sqlite
  --kills N        how many times (default 25)
  --seed S         the same seed repeats the same people and the same plan of faults; default: from the clock
  --trouble NAME   kill: end a process at once, and start it again (default)
                   terminate: end connections of PostgreSQL all the time
                   lost-commits: cut connections between COMMIT and its answer
  --quick          three times as often, for CI
  --shoppers N     how many people at once; default 16 on SQLite, 32 on PostgreSQL
  --scene NAME     instead of a campaign: flash-sale, one-key, directed, plants
  --keep           keep the data, the logs and what clients wrote down
  --postgres URL   a superuser's; else FREESTONE_TEST_POSTGRES

It starts `freestone` from its own folder, or what FREESTONE_BIN names. Exit code 1: something is violated.";

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Options {
    /// On what.
    pub profiles: Vec<Profile>,
    /// How many faults.
    pub kills: u32,
    /// Repeats people and faults.
    pub seed: u64,
    /// Of which kind.
    pub trouble: Trouble,
    /// Between two faults, on average.
    pub mean: Duration,
    /// How many people at once; the profile says when this does not.
    pub shoppers: Option<usize>,
    /// Something else than a campaign.
    pub scene: Option<String>,
    /// Of data, logs and diaries.
    pub keep: bool,
    /// A fraction of the usual size.
    pub quick: bool,
    /// The server.
    pub postgres: Option<String>,
}

impl Options {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong, and how to use it.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            profiles: vec![Profile::Sqlite],
            kills: 25,
            seed: u64::try_from(crate::diary::now()).unwrap_or(1) % 1_000_000,
            trouble: Trouble::Kill,
            mean: Duration::from_secs(3),
            shoppers: None,
            scene: None,
            keep: false,
            quick: false,
            postgres: std::env::var("FREESTONE_TEST_POSTGRES").ok(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{USAGE}"));
            match argument.as_str() {
                "--profile" => {
                    let name = value()?;
                    options.profiles = if name == "all" { Profile::ALL.to_vec() } else { vec![name.parse()?] };
                }
                "--kills" => options.kills = number(&argument, &value()?)?,
                "--seed" => options.seed = number(&argument, &value()?)?,
                "--shoppers" => options.shoppers = Some(number(&argument, &value()?)?),
                "--trouble" => options.trouble = value()?.parse()?,
                "--scene" => options.scene = Some(value()?),
                "--postgres" => options.postgres = Some(value()?),
                "--keep" => options.keep = true,
                "--quick" => (options.quick, options.mean) = (true, Duration::from_secs(1)),
                _ => return Err(USAGE.to_owned()),
            }
        }
        Ok(options)
    }
}

fn number<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{name}: {text:?} is not a number"))
}
