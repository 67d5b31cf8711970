//! Measurement of seals per second on one core, beside the plain loop of the hash libraries.
//!
//! Run it with `cargo run -p myelin-economics --example seals`.

#![allow(clippy::print_stdout, reason = "it shows what it measures")]

use myelin_economics::work::WorkChallenge;
use sha2::Sha256;
use sha3::{Digest, Keccak256};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The time of one run.
const TIME: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

/// Nonces between two readings of the clock.
const PORTION: u64 = 4_096;

fn main() {
    let (block_hash, public_key) = ([0x11; 32], [0x22; 32]);
    let challenge = WorkChallenge::new(&block_hash, &public_key);
    let same: [u8; 32] = Keccak256::new().chain_update(block_hash).chain_update(public_key).finalize().into();
    let plain = |nonce: u64| -> [u8; 32] {
        let inner = Sha256::new().chain_update(nonce.to_le_bytes()).chain_update(same).finalize();
        Keccak256::digest(inner).into()
    };
    assert!((0..PORTION).all(|nonce| plain(nonce) == *challenge.seal(nonce).as_bytes()), "these are the same seals");
    for round in 1..=ROUNDS {
        let hashed = rate(|first| {
            for nonce in first..first + PORTION {
                black_box(plain(nonce));
            }
        });
        let searched = rate(|first| {
            black_box(challenge.search(first..first + PORTION, u64::MAX));
        });
        println!("round {round}: plain loop {hashed}/s, search {searched}/s");
    }
}

/// Returns the nonces tried per second.
fn rate(portion: impl Fn(u64)) -> u128 {
    let (began, mut tried) = (Instant::now(), 0);
    while began.elapsed() < TIME {
        portion(tried);
        tried += PORTION;
    }
    u128::from(tried) * 1_000_000 / began.elapsed().as_micros()
}
