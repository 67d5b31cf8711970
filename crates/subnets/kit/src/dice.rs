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

/// Draws this many of the items in a random order, each with the same chance and none twice.
///
/// The same seed and items give the same sample.
pub fn sample<I>(seed: u64, mut items: Vec<I>, count: usize) -> Vec<I> {
    let count = count.min(items.len());
    for place in 0..count {
        let left = number(items.len().saturating_sub(place));
        // With fewer than 2^16 items, no chance differs by more than 2^-48 of itself.
        let step = dice([seed, number(place), 0, 1]).checked_rem(left).unwrap_or(0);
        items.swap(place, place.saturating_add(usize::try_from(step).unwrap_or(0)));
    }
    items.truncate(count);
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn everybody_has_the_same_chance_and_nobody_comes_twice() {
        let mut drawn = BTreeMap::<u32, u32>::new();
        for seed in 0..2_000 {
            let mut some = sample(seed, (0..10).collect(), 3);
            assert_eq!(some, sample(seed, (0..10).collect(), 3));
            for item in &some {
                *drawn.entry(*item).or_default() += 1;
            }
            some.sort_unstable();
            some.dedup();
            assert_eq!(some.len(), 3);
        }
        // Each item is expected 600 times; 5 standard deviations are 102.
        assert!(drawn.len() == 10 && drawn.values().all(|times| (498..702).contains(times)), "{drawn:?}");
    }

    #[test]
    fn more_than_there_are_is_all_of_them() {
        let mut all = sample(1, vec![1, 2, 3], 9);
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
        assert!(sample(1, Vec::<u8>::new(), 9).is_empty());
    }
}
