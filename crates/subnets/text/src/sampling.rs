//! The drawing of a token from logits and a seed, which is the same on every machine.

use myelin_sources::random::{Random, unit};
use std::cmp::Ordering;

/// The sampling of tokens, in integers, so that it is equal for all parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// The temperature in thousandths. 0 takes the likeliest token and needs no seed.
    pub temperature_milli: u32,
    /// The number of likeliest tokens to draw from. 0 means all.
    pub top_k: u32,
}

impl Sampling {
    /// The sampling that always takes the likeliest token.
    pub const GREEDY: Self = Self { temperature_milli: 0, top_k: 0 };
    /// The highest temperature that has an effect, 10.
    pub const MAX_TEMPERATURE_MILLI: u32 = 10_000;

    fn temperature(self) -> f64 {
        f64::from(self.temperature_milli.min(Self::MAX_TEMPERATURE_MILLI)) / 1_000.0
    }
}

impl Default for Sampling {
    /// Returns temperature 0.8 and all tokens.
    fn default() -> Self {
        Self { temperature_milli: 800, top_k: 0 }
    }
}

/// The noise of one position of an answer.
///
/// The drawn token has the largest `logit + temperature × noise`, with noise from the Gumbel distribution. This draws
/// each token with its probability, and does not depend on an order of summation. Noise is a function of seed, position
/// and token alone: `-ln(-ln(u))`, with the logarithm of `libm`, the same on every machine. `u` is the number at the
/// token's index in the stream of [`Random`] for `myelin-noise/1`, seed and position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Noise(Random);

impl Noise {
    pub(crate) fn new(seed: u64, position: usize) -> Self {
        Self(Random::new("myelin-noise/1", &[seed, position as u64]))
    }

    fn of(self, token: usize) -> f64 {
        -libm::log(-libm::log(unit(self.0.at(token as u64))))
    }
}

/// The logits of one position with their noise.
pub(crate) struct TokenDraw<'a> {
    logits: &'a [f32],
    temperature: f64,
    noise: Noise,
    /// The smallest logit of the `top_k` likeliest tokens.
    border: f32,
}

impl<'a> TokenDraw<'a> {
    pub(crate) fn new(logits: &'a [f32], sampling: Sampling, noise: Noise) -> Self {
        let border = match sampling.top_k as usize {
            0 => f32::NEG_INFINITY,
            count if count >= logits.len() => f32::NEG_INFINITY,
            count => {
                let mut sorted = logits.to_vec();
                *sorted.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a)).1
            }
        };
        Self { logits, temperature: sampling.temperature(), noise, border }
    }

    fn score(&self, token: usize, logit: f32) -> f64 {
        let logit = f64::from(logit);
        if self.temperature > 0.0 { logit + self.temperature * self.noise.of(token) } else { logit }
    }

    /// Returns the token with the largest score of those whose logit exceeds the border by `margin` or more.
    ///
    /// Among equals the first wins.
    fn best(&self, margin: f64) -> Option<(usize, f64)> {
        let border = f64::from(self.border) + margin;
        let eligible = self.logits.iter().enumerate().filter(|(_, logit)| f64::from(**logit) >= border);
        eligible
            .map(|(token, logit)| (token, self.score(token, *logit)))
            .reduce(|best, next| if next.1.total_cmp(&best.1) == Ordering::Greater { next } else { best })
    }

    /// Returns the token that these logits and this noise give.
    pub(crate) fn token(&self) -> Option<u32> {
        self.best(0.0).and_then(|(token, _)| u32::try_from(token).ok())
    }

    /// Returns the gap of a token: the least difference of logits with which it would be drawn.
    ///
    /// The drawn token has gap 0, and a token that does not exist has `None`. A machine with slightly different logits
    /// may leave out tokens at the border of the `top_k` likeliest, or take in tokens just below it. Only tokens above
    /// the border by `margin` therefore count against this one.
    pub(crate) fn gap(&self, token: u32, margin: f64) -> Option<f64> {
        let logit = self.logits.get(token as usize).copied().filter(|logit| logit.is_finite())?;
        let score = self.score(token as usize, logit);
        let below_best = self.best(margin).map_or(0.0, |(_, best)| best - score);
        let below_border = f64::from(self.border) - f64::from(logit);
        Some(below_best.max(below_border).max(0.0))
    }

    /// Returns the natural logarithm of a token's probability at temperature 1, for any sampling.
    pub(crate) fn logprob(&self, token: u32) -> Option<f32> {
        let logit = f64::from(*self.logits.get(token as usize)?);
        let most = f64::from(self.logits.iter().copied().reduce(f32::max)?);
        let sum: f64 = self.logits.iter().map(|other| libm::exp(f64::from(*other) - most)).sum();
        #[allow(clippy::cast_possible_truncation, reason = "a logarithm of a probability is small")]
        Some((logit - most - libm::log(sum)) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGITS: [f32; 5] = [1.0, 3.0, -2.0, 2.5, 0.0];

    fn draw(sampling: Sampling, position: usize) -> TokenDraw<'static> {
        TokenDraw::new(&LOGITS, sampling, Noise::new(7, position))
    }

    /// Checks values with which implementations in other languages can be compared.
    #[test]
    fn noise_is_the_same_everywhere() {
        let bits = |seed, position, token| Noise::new(seed, position).of(token).to_bits();
        assert_eq!(bits(0, 0, 0), 0x3FCD_7C73_A5BD_F590);
        assert_eq!(bits(42, 0, 1), 0xBFD1_FF29_CE29_EDF3);
        assert_eq!(bits(42, 1, 1), 0x3FFC_726B_88EB_F41D);
        assert_eq!(bits(u64::MAX, 1_000, 31_999), 0xBFD9_2190_DEE2_9E15);
    }

    #[test]
    fn greedy_takes_the_likeliest() {
        for position in 0..100 {
            assert_eq!(draw(Sampling::GREEDY, position).token(), Some(1));
        }
    }

    #[test]
    fn tokens_are_drawn_with_their_probability() {
        const DRAWS: u16 = 20_000;
        let sampling = Sampling { temperature_milli: 1_000, top_k: 0 };
        let mut counts = [0_u32; LOGITS.len()];
        for position in 0..usize::from(DRAWS) {
            counts[draw(sampling, position).token().unwrap() as usize] += 1;
        }
        for (token, count) in (0_u32..).zip(counts) {
            let expected = f64::from(draw(sampling, 0).logprob(token).unwrap()).exp();
            let deviation = (expected * (1.0 - expected) / f64::from(DRAWS)).sqrt();
            let found = f64::from(count) / f64::from(DRAWS);
            assert!((found - expected).abs() < 4.0 * deviation, "token {token}: {found} and not {expected}");
        }
    }

    #[test]
    fn top_k_leaves_out_the_others() {
        let sampling = Sampling { temperature_milli: 10_000, top_k: 2 };
        let drawn: Vec<_> = (0..200).filter_map(|position| draw(sampling, position).token()).collect();
        assert!(drawn.contains(&1) && drawn.contains(&3));
        assert!(drawn.iter().all(|token| matches!(token, 1 | 3)), "{drawn:?}");
    }

    #[test]
    fn a_gap_is_what_the_logits_lack() {
        let sampling = Sampling { temperature_milli: 0, top_k: 2 };
        let draw = draw(sampling, 0);
        assert_eq!(draw.gap(1, 0.1), Some(0.0));
        assert_eq!(draw.gap(3, 0.1), Some(0.5));
        // The likeliest is above it by 2, the border only by 1.5.
        assert_eq!(draw.gap(0, 0.1), Some(2.0));
        // Only tokens above the border by 1 would count, and there are none.
        assert_eq!(draw.gap(0, 1.0), Some(1.5));
        assert_eq!(draw.gap(5, 0.1), None);
    }

    #[test]
    fn numbers_that_are_none_are_not_drawn() {
        let logits = [f32::NAN; 3];
        let draw = TokenDraw::new(&logits, Sampling::default(), Noise::new(1, 1));
        assert_eq!((draw.token(), draw.gap(0, 0.1)), (None, None));
    }
}
