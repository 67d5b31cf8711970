//! How fast work is searched for, on one core and on all, against a loop that does nothing but make seals:
//! `cargo run -p myelin-client --example work`.

#![allow(clippy::print_stdout, reason = "it shows what it measures")]
#![allow(clippy::disallowed_methods, reason = "it measures for a time")]

use myelin_client::work::{Search, Task};
use myelin_economics::work::Challenge;
use std::{
    hint::black_box,
    io,
    num::NonZeroUsize,
    thread,
    time::{Duration, Instant},
};

/// For how long each of them runs, and how often.
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

/// Nonces between two looks at the clock.
const PORTION: u64 = 4_096;

fn main() -> io::Result<()> {
    let challenge = Challenge::new(&[0x11; 32], &[0x22; 32]);
    let cores = thread::available_parallelism()?;
    for round in 1..=ROUNDS {
        let (plain, one, all) =
            (plain(challenge), searched(challenge, NonZeroUsize::MIN)?, searched(challenge, cores)?);
        println!("round {round}: plain loop {plain}/s, search on 1 thread {one}/s, on {cores} threads {all}/s");
    }
    Ok(())
}

/// Seals in a second, on this thread.
fn plain(challenge: Challenge) -> u128 {
    let (began, mut tried) = (Instant::now(), 0);
    while began.elapsed() < TIME {
        for nonce in tried..tried + PORTION {
            black_box(challenge.seal(nonce));
        }
        tried += PORTION;
    }
    in_a_second(tried, began)
}

/// Seals in a second, for a task that is never done.
fn searched(challenge: Challenge, threads: NonZeroUsize) -> io::Result<u128> {
    let mut search = Search::on(threads)?;
    search.take_up(Task { challenge, difficulty: u64::MAX, from: 0 });
    // The threads have begun.
    while search.tried() == 0 {
        thread::yield_now();
    }
    let (began, before) = (Instant::now(), search.tried());
    thread::sleep(TIME);
    Ok(in_a_second(search.tried() - before, began))
}

fn in_a_second(tried: u64, began: Instant) -> u128 {
    u128::from(tried) * 1_000_000 / began.elapsed().as_micros()
}
