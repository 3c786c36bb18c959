//! `cargo run --release -p faults -- --profile sqlite --kills 200 --seed 1`

use std::process::ExitCode;

use faults::options::Options;
use faults::{campaign, plants, scenes};

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let mut is_clean = true;
    for profile in options.profiles.clone() {
        let outcome = match options.scene.as_deref() {
            None => campaign::run(profile, &options).await.map(|report| (report.to_string(), report.is_clean())),
            Some("flash-sale") => scenes::flash_sale(profile, &options).await,
            Some("one-key") => scenes::one_key(profile, &options).await,
            Some("directed") => scenes::directed(profile, &options).await,
            Some("plants") => plants::run(&options).await,
            Some(other) => Err(format!("--scene: there is no {other:?}")),
        };
        match outcome {
            Ok((report, clean)) => {
                println!("{report}");
                is_clean &= clean;
            }
            Err(problem) => {
                eprintln!("{} profile, seed {}: NOT RUN: {problem}", profile.name(), options.seed);
                is_clean = false;
            }
        }
    }
    if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
