//! Reproducible pseudorandom numbers.

use myelin_wire::PublicKey;
use sha2::{Digest, Sha256};

/// Returns a pseudorandom number below 2^64 that depends on the parts only.
pub(super) fn dice(parts: [u64; 4]) -> u64 {
    let digest = Sha256::digest(parts.map(u64::to_be_bytes).concat());
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Converts a count or an index to a part of [`dice`].
pub(super) fn number(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}

/// Returns a seed that is unique to this miner, for judges with a different challenge for each miner.
///
/// It cannot be computed without `seed`.
pub fn seed_for(seed: u64, miner: PublicKey) -> u64 {
    let digest = Sha256::digest([seed.to_be_bytes().as_slice(), miner.as_bytes()].concat());
    digest.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
