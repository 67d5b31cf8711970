//! Rates of the search for proof of work, with `cargo run -p myelin-client --example work`.
//!
//! It compares one thread and all cores with a loop that only makes seals. Rates are per second of processor time, so
//! that other work on the machine counts less.

#![allow(clippy::print_stdout, reason = "it shows what it measures")]
#![allow(clippy::disallowed_methods, reason = "it measures for a time")]

use myelin_client::work::{SealSearch, SearchTask};
use myelin_economics::work::WorkChallenge;
use std::{
    error::Error,
    fs,
    hint::black_box,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

/// The time of each measurement, and the number of rounds.
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

/// Nonces between two reads of the clock.
const PORTION: u64 = 4_096;

/// The units per second in which the system counts processor time.
const TICKS_IN_A_SECOND: u64 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let challenge = WorkChallenge::new(&[0x11; 32], &[0x22; 32]);
    let cores = thread::available_parallelism()?;
    println!("seals in a second of processor time");
    for round in 1..=ROUNDS {
        let (plain, one) = (plain(challenge)?, searched(challenge, NonZeroUsize::MIN)?);
        let all = searched(challenge, cores)?;
        println!("round {round}: plain loop {plain}, search on 1 thread {one}, on {cores} threads {all}");
    }
    Ok(())
}

/// Counts the seals of a plain loop on this thread.
fn plain(challenge: WorkChallenge) -> Result<u64, Box<dyn Error>> {
    let (clock, began, mut tried) = (ticks()?, Instant::now(), 0);
    while began.elapsed() < TIME {
        for nonce in tried..tried + PORTION {
            black_box(challenge.seal(nonce));
        }
        tried += PORTION;
    }
    rate(tried, clock)
}

/// Counts the seals of a search for a task that has no solution.
fn searched(challenge: WorkChallenge, threads: NonZeroUsize) -> Result<u64, Box<dyn Error>> {
    let mut search = SealSearch::on(threads)?;
    let clock = ticks()?;
    search.take_up(SearchTask { challenge, difficulty: u64::MAX, from: 0 });
    thread::sleep(TIME);
    search.drop_task();
    rate(search.tried(), clock)
}

fn rate(tried: u64, since: u64) -> Result<u64, Box<dyn Error>> {
    let ticks = ticks()?.saturating_sub(since).max(1);
    Ok(tried * TICKS_IN_A_SECOND / ticks)
}

/// Returns the processor time of all threads of this process.
fn ticks() -> Result<u64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name before may have spaces. After it, the twelfth and thirteenth fields are the user time and the system
    // time.
    let (_, fields) = stat.rsplit_once(')').ok_or("the system tells nothing of this process")?;
    let times: Result<Vec<u64>, _> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(times?.iter().sum())
}
