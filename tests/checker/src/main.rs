//! `checker FOLDER`: judges the evidence that lies in a folder.

use std::path::PathBuf;
use std::process::ExitCode;

use checker::{Evidence, judge};

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("Judges the evidence of a run: checker FOLDER, where run.json and facts.jsonl lie.");
        return ExitCode::from(2);
    };
    match Evidence::read(&folder) {
        Ok(evidence) => {
            let verdict = judge(&evidence);
            print!("{verdict}");
            if verdict.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(4)
        }
    }
}
