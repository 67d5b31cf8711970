//! How fast work is searched for, on one core and on all: `cargo run -p myelin-client --example work`.

#![allow(clippy::print_stdout, reason = "it shows what it measures")]

use myelin_client::work::{Search, Task};
use myelin_economics::work::Challenge;
use std::{
    error::Error,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

/// For how long each of them runs, and how often.
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let cores = thread::available_parallelism()?;
    for round in 1..=ROUNDS {
        for threads in [NonZeroUsize::MIN, cores] {
            println!("round {round}: {threads} threads {}/s", rate(threads)?);
        }
    }
    Ok(())
}

/// Seals in a second, for a task that is never done.
fn rate(threads: NonZeroUsize) -> Result<u128, Box<dyn Error>> {
    let mut search = Search::on(threads)?;
    search.take_up(Task { challenge: Challenge::new(&[0x11; 32], &[0x22; 32]), difficulty: u64::MAX, from: 0 });
    // The threads have begun.
    while search.tried() == 0 {
        thread::yield_now();
    }
    let (began, before) = (Instant::now(), search.tried());
    thread::sleep(TIME);
    let tried = search.tried() - before;
    Ok(u128::from(tried) * 1_000_000 / began.elapsed().as_micros())
}
