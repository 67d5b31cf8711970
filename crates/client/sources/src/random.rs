//! Random numbers that follow from a seed, the same on every machine.

use sha2::{Digest, Sha256};

/// The generator `SplitMix64`. It is not secret, and random enough for all uses here.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

    /// Returns a stream of its own for each purpose and each list of numbers.
    ///
    /// The key is the first 8 bytes, little endian, of SHA-256 over the purpose and the numbers. Each number has 64
    /// bits, little endian.
    pub fn new(purpose: &str, numbers: &[u64]) -> Self {
        let hash = numbers.iter().fold(Sha256::new_with_prefix(purpose), |hash, n| hash.chain_update(n.to_le_bytes()));
        Self(hash.finalize().iter().take(8).rev().fold(0, |key, byte| key << 8 | u64::from(*byte)))
    }

    /// Returns the number at an index of the stream, the first at 0.
    pub const fn at(self, place: u64) -> u64 {
        let mut bits = self.0.wrapping_add(place.wrapping_add(1).wrapping_mul(Self::STEP));
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    /// Returns the next number.
    pub const fn next(&mut self) -> u64 {
        let number = self.at(0);
        self.0 = self.0.wrapping_add(Self::STEP);
        number
    }

    /// Returns a number below `end`, and 0 if there is none.
    #[allow(clippy::cast_possible_truncation, reason = "it is below a usize")]
    pub const fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    /// Returns one of several texts, and an empty one only if there are none.
    pub fn choose<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }

    /// Returns a number of the normal distribution with deviation 1.
    pub fn normal(&mut self) -> f64 {
        let (radius, angle) = (unit(self.next()), unit(self.next()));
        libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(std::f64::consts::TAU * angle)
    }
}

/// Returns a number above 0 and below 1: 53 bits and a half.
#[allow(clippy::cast_precision_loss, reason = "53 bits are exact")]
pub fn unit(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_splitmix64() {
        // The published sequence of seed 1234567.
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn places_are_the_stream() {
        let start = Random::new("a test", &[1, 2]);
        let mut stream = start;
        assert!((0..10).all(|place| start.at(place) == stream.next()));
    }

    #[test]
    fn purposes_and_numbers_have_streams_of_their_own() {
        let first = |purpose, numbers: &[u64]| Random::new(purpose, numbers).next();
        assert_ne!(first("a", &[1]), first("b", &[1]));
        assert_ne!(first("a", &[1]), first("a", &[2]));
        assert_ne!(first("a", &[1]), first("a", &[1, 0]));
    }
}
