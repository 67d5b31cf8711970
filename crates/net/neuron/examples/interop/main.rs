//! Exchanges of our axon and our dendrite with the Python libraries, in both directions.
//!
//! `make interop` installs the libraries and runs this:
//!
//! ```sh
//! cargo run --example interop -- PYTHON_10 PYTHON_11 LOGS
//! ```
//!
//! The first two arguments are the interpreters of environments with `bittensor` 10.2.0 and 11.3.0. The last one is a
//! folder for the output of the libraries. All connections are on the loopback interface, and no chain is needed. The
//! exit status is 1 if a case fails.
//!
//! | Module | Direction |
//! |---|---|
//! | `served`, with `v10_asks.py` | the dendrite of 10.2.0 asks our axon |
//! | `served`, with `v11_asks.py` | requests signed by 11.3.0 ask our axon |
//! | `asks_v10`, with `v10_serves.py` | our dendrite asks the axon of 10.2.0 |
//! | `asks_v11`, with `v11_serves.py` | our dendrite asks a server that verifies with 11.3.0 |

#![allow(clippy::print_stdout, reason = "it reports")]

mod asks_v10;
mod asks_v11;
mod messages;
mod python;
mod raw;
mod report;
mod served;

use report::Report;
use std::{env, path::PathBuf, process::ExitCode};

/// The interpreters of the libraries, and the folder for their output.
struct Environment {
    v10: PathBuf,
    v11: PathBuf,
    logs: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let Ok([v10, v11, logs]) = <[PathBuf; 3]>::try_from(arguments) else {
        eprintln!("pass PYTHON_10 PYTHON_11 LOGS, or run `make interop`");
        return ExitCode::from(2);
    };
    let environment = Environment { v10, v11, logs };
    match run(&environment).await {
        Ok(report) if report.failed() == 0 => {
            println!("\n{} cases, all as expected", report.cases());
            ExitCode::SUCCESS
        }
        Ok(report) => {
            println!("\n{} cases, {} FAILED", report.cases(), report.failed());
            println!("the output of the libraries is in {}", environment.logs.display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            eprintln!("the output of the libraries is in {}", environment.logs.display());
            ExitCode::FAILURE
        }
    }
}

async fn run(environment: &Environment) -> Result<Report, String> {
    std::fs::create_dir_all(&environment.logs)
        .map_err(|error| format!("cannot make the folder {}: {error}", environment.logs.display()))?;
    let mut report = Report::default();
    served::run(environment, &mut report).await?;
    asks_v10::run(environment, &mut report).await?;
    asks_v11::run(environment, &mut report).await?;
    Ok(report)
}
