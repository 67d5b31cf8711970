//! The market: six assets whose returns follow signals and chance.
//!
//! Step k has six factors `z_j(k) = ρ_j z_j(k−1) + √(1−ρ_j²) n`. Each asset has `v(k) = 0.95 v(k−1) + 0.16 n`, the
//! volatility `σ = 0.8 e^v`, and the return `r(k) = σ Σ β_j z_j(k) + σ n` in thousandths, where every n is standard
//! normal and stands alone. Within a step the first part of the return is a drift, and the second a random walk.
//!
//! Only `+ − × ÷ √` and functions of `libm` are used, so that all machines have the same prices.

use crate::{DataPoint, UnixSeconds, random::Random};
use serde::Serialize;
use std::sync::{Mutex, PoisonError};

/// The names of the assets.
pub const ASSETS: [&str; COUNT] = ["a0", "a1", "a2", "a3", "a4", "a5"];

/// The number of assets, and that of factors.
const COUNT: usize = 6;

/// The part of a factor that lasts to the next step.
const LASTING: [f64; COUNT] = [0.0, 0.2, 0.4, 0.0, 0.2, 0.4];

/// The strength of each factor in a return.
const STRENGTHS: [f64; COUNT] = [0.12, 0.10, 0.08, 0.12, 0.10, 0.08];

/// The part of `v` that lasts to the next step, and the deviation of what is new.
const VOLATILITY: (f64, f64) = (0.95, 0.16);

/// The parts of the walk within a step.
const PARTS: u32 = 16;

/// The steps between two states that are kept.
const KEPT_EVERY: u64 = 256;

/// The last step. All steps before a step are computed, so that a question about a very late one would never end.
const LAST_STEP: u64 = 1 << 25;

/// The middle of the first prices, in millionths.
const FIRST_PRICE: f64 = 100_000_000.0;

/// Returns the index of an asset.
pub(super) fn asset(name: &str) -> Option<usize> {
    ASSETS.iter().position(|known| *known == name)
}

/// The prices of an asset within a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The time of the beginning of the step.
    pub at: UnixSeconds,
    /// The first price, in millionths.
    pub open: u64,
    /// The highest price.
    pub high: u64,
    /// The lowest price.
    pub low: u64,
    /// The last price, which is the first one of the next step.
    pub close: u64,
}

/// Values that are known at the beginning of a step, and that tell something of its return.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Signals {
    /// The time of the beginning of the step.
    pub at: UnixSeconds,
    /// The factors.
    pub factors: [f64; COUNT],
    /// The volatility `v` of the asset, with noise.
    pub volatility: f64,
}

/// The state at the beginning of a step.
#[derive(Clone, Copy, Debug)]
struct MarketState {
    factors: [f64; COUNT],
    volatilities: [f64; COUNT],
    /// The sum of all returns so far, in thousandths.
    sums: [f64; COUNT],
}

#[derive(Debug)]
pub(super) struct Market {
    seed: u64,
    start: UnixSeconds,
    step: u32,
    /// The loadings of the factors, by asset.
    loadings: [[f64; COUNT]; COUNT],
    first_prices: [f64; COUNT],
    /// Every [`KEPT_EVERY`]th state so far.
    kept: Mutex<Vec<MarketState>>,
}

impl Market {
    pub(super) fn new(seed: u64, start: UnixSeconds, step: u32, loud: f64) -> Self {
        let mut random = Random::new("myelin-world/assets/1", &[seed]);
        let loadings = ASSETS
            .map(|_| STRENGTHS.map(|strength| if random.below(2) == 0 { loud * strength } else { -(loud * strength) }));
        let first_prices = ASSETS.map(|_| FIRST_PRICE * libm::exp(random.normal() / 2.0));
        Self { seed, start, step, loadings, first_prices, kept: Mutex::default() }
    }

    /// Returns the seconds of a step.
    pub(super) const fn step(&self) -> u32 {
        self.step
    }

    /// Returns true if a time is after the last step.
    pub(super) fn is_over_at(&self, at: UnixSeconds) -> bool {
        self.step_at(at).is_some_and(|step| step > LAST_STEP)
    }

    /// Returns the step of a time, or `None` before the first one.
    pub(super) fn step_at(&self, at: UnixSeconds) -> Option<u64> {
        Some(at.checked_sub(self.start)? / u64::from(self.step))
    }

    /// Returns the time of the beginning of a step.
    pub(super) fn time_of(&self, step: u64) -> UnixSeconds {
        self.start.saturating_add(step.saturating_mul(self.step.into()))
    }

    /// Returns the price at the last beginning of a step, at or before a time. `None` outside of the steps.
    pub(super) fn point(&self, asset: usize, at: UnixSeconds) -> Option<DataPoint> {
        let step = self.step_at(at).filter(|step| *step <= LAST_STEP)?;
        let sum = self.state(step).sums.get(asset).copied()?;
        Some(DataPoint { at: self.time_of(step), micros: self.price(asset, sum) })
    }

    /// Returns the signals of a step. `None` after the last one.
    pub(super) fn signals(&self, asset: usize, step: u64) -> Option<Signals> {
        if step > LAST_STEP {
            return None;
        }
        let state = self.state(step);
        let noise = self.chance("signal", asset, step).normal();
        let volatility = state.volatilities.get(asset)? + 0.15 * noise;
        Some(Signals { at: self.time_of(step), factors: state.factors, volatility })
    }

    /// Returns the prices of consecutive steps, up to the last one.
    pub(super) fn bars(&self, asset: usize, first: u64, count: usize) -> Vec<Bar> {
        if count == 0 || first > LAST_STEP {
            return Vec::new();
        }
        let mut state = self.state(first);
        (first..)
            .take(count)
            .filter_map(|step| {
                let bar = self.bar(asset, step, &state);
                state = self.next(step, &state);
                bar
            })
            .collect()
    }

    fn bar(&self, asset: usize, step: u64, state: &MarketState) -> Option<Bar> {
        let sum = state.sums.get(asset).copied()?;
        let (drift, walk) = self.returns(asset, step, state);
        // A random walk of many parts that ends at a given sum is any walk of such parts, turned to that end.
        let mut random = self.chance("walk", asset, step);
        let parts: Vec<f64> = (0..PARTS).map(|_| walk.1 * random.normal() / libm::sqrt(f64::from(PARTS))).collect();
        let rest = (walk.0 - parts.iter().sum::<f64>()) / f64::from(PARTS);
        let open = self.price(asset, sum);
        let close = self.price(asset, sum + (drift + walk.0));
        let (mut high, mut low, mut walked) = (open.max(close), open.min(close), 0.0);
        for (part, done) in parts.iter().zip(1_u32..PARTS) {
            walked += part + rest;
            let price = self.price(asset, sum + drift * (f64::from(done) / f64::from(PARTS)) + walked);
            (high, low) = (high.max(price), low.min(price));
        }
        Some(Bar { at: self.time_of(step), open, high, low, close })
    }

    /// Returns the drift of a step, and its walk with the deviation of the walk.
    fn returns(&self, asset: usize, step: u64, state: &MarketState) -> (f64, (f64, f64)) {
        let zeros = ([0.0; COUNT], 0.0);
        let loadings = self.loadings.get(asset).unwrap_or(&zeros.0);
        let sigma = 0.8 * libm::exp(state.volatilities.get(asset).copied().unwrap_or(zeros.1));
        let drift = loadings.iter().zip(state.factors).fold(0.0, |sum, (loading, factor)| sum + loading * factor);
        (sigma * drift, (sigma * self.chance("return", asset, step).normal(), sigma))
    }

    fn price(&self, asset: usize, sum: f64) -> u64 {
        let price = self.first_prices.get(asset).copied().unwrap_or_default() * libm::exp(sum / 1_000.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number is in the range")]
        let micros = libm::round(price.clamp(1.0, 1e17)) as u64;
        micros
    }

    /// Returns the state at the beginning of a step.
    fn state(&self, step: u64) -> MarketState {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_empty() {
            kept.push(self.first());
        }
        let wanted = usize::try_from(step / KEPT_EVERY).unwrap_or(usize::MAX);
        while kept.len() <= wanted {
            let from = u64::try_from(kept.len() - 1).unwrap_or(u64::MAX).saturating_mul(KEPT_EVERY);
            let Some(last) = kept.last().copied() else { break };
            kept.push((from..from + KEPT_EVERY).fold(last, |state, step| self.next(step, &state)));
        }
        let base = kept.get(wanted).copied().unwrap_or_else(|| self.first());
        drop(kept);
        (step - step % KEPT_EVERY..step).fold(base, |state, step| self.next(step, &state))
    }

    fn first(&self) -> MarketState {
        let mut random = Random::new("myelin-world/first/1", &[self.seed]);
        let (lasting, new) = VOLATILITY;
        // The deviation that lasting and new parts lead to.
        let deviation = new / libm::sqrt(1.0 - lasting * lasting);
        let factors = LASTING.map(|_| random.normal());
        let volatilities = ASSETS.map(|_| deviation * random.normal());
        MarketState { factors, volatilities, sums: [0.0; COUNT] }
    }

    /// Returns the state after a step.
    fn next(&self, step: u64, state: &MarketState) -> MarketState {
        let mut after = *state;
        for (asset, sum) in after.sums.iter_mut().enumerate() {
            let (drift, walk) = self.returns(asset, step, state);
            *sum += drift + walk.0;
        }
        let mut random = Random::new("myelin-world/step/1", &[self.seed, step]);
        for (factor, lasting) in after.factors.iter_mut().zip(LASTING) {
            *factor = lasting * *factor + libm::sqrt(1.0 - lasting * lasting) * random.normal();
        }
        for volatility in &mut after.volatilities {
            *volatility = VOLATILITY.0 * *volatility + VOLATILITY.1 * random.normal();
        }
        after
    }

    /// Returns the chance of one asset in one step.
    fn chance(&self, what: &str, asset: usize, step: u64) -> Random {
        let asset = u64::try_from(asset).unwrap_or(u64::MAX);
        Random::new(&format!("myelin-world/{what}/1"), &[self.seed, asset, step])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    const START: UnixSeconds = 1_000;

    fn market(seed: u64, loud: f64) -> Market {
        Market::new(seed, START, 12, loud)
    }

    /// Returns a hash of bars and signals, to the last bit.
    fn hash(market: &Market) -> String {
        let mut hash = Sha256::new();
        for asset in 0..COUNT {
            for bar in market.bars(asset, 200, 100) {
                for part in [bar.at, bar.open, bar.high, bar.low, bar.close] {
                    hash.update(part.to_le_bytes());
                }
            }
            let signals = market.signals(asset, 300).unwrap();
            for signal in signals.factors.iter().chain([&signals.volatility]) {
                hash.update(signal.to_bits().to_le_bytes());
            }
        }
        hex::encode(&hash.finalize()[..16])
    }

    #[test]
    fn fw_63_machines_agree() {
        let hashes = [(1, 1.0), (2, 1.0), (1, 2.0), (u64::MAX, 0.0)].map(|(seed, loud)| hash(&market(seed, loud)));
        assert_eq!(hashes, HASHES);
    }

    const HASHES: [&str; 4] = [
        "b65a395fa3585d66ccbcb992bbefe18a",
        "d22315fecf4251910c0533d4cbd716ee",
        "f89a0539d2904688c92b811399bf1db2",
        "7578849452269af67632b80ecf8248a1",
    ];

    #[test]
    fn the_order_of_questions_changes_nothing() {
        let (forwards, backwards) = (market(3, 1.0), market(3, 1.0));
        let steps = [0, 1, 255, 256, 257, 1_000, 2_049];
        let point = |market: &Market, step: u64| market.point(4, START + 12 * step + 11).unwrap();
        let first: Vec<_> = steps.iter().map(|step| point(&forwards, *step)).collect();
        let mut second: Vec<_> = steps.iter().rev().map(|step| point(&backwards, *step)).collect();
        second.reverse();
        assert_eq!(first, second);
        assert_eq!(forwards.point(4, START - 1), None);
    }

    #[test]
    fn a_question_about_a_very_late_step_ends() {
        let market = market(3, 1.0);
        for step in [LAST_STEP + 1, u64::MAX / 100] {
            assert_eq!(market.point(0, market.time_of(step)), None);
            assert_eq!(market.signals(0, step), None);
            assert_eq!(market.bars(0, step, 5), []);
            assert!(market.is_over_at(market.time_of(step)));
        }
        assert_eq!(market.bars(0, u64::MAX, 0), []);
        assert!(!market.is_over_at(market.time_of(LAST_STEP)) && !market.is_over_at(0));
        assert!(market.kept.lock().unwrap().is_empty(), "no step was computed");
    }

    #[test]
    fn a_bar_ends_where_the_next_begins() {
        let market = market(5, 2.0);
        for asset in 0..COUNT {
            let bars = market.bars(asset, 250, 40);
            assert_eq!(bars.len(), 40);
            for (bar, next) in bars.iter().zip(&bars[1..]) {
                assert_eq!((bar.close, bar.at + 12), (next.open, next.at));
                assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close), "{bar:?}");
            }
            assert!(bars.iter().any(|bar| bar.high > bar.open.max(bar.close)), "a walk leaves its ends");
            assert_eq!(market.point(asset, bars[7].at).unwrap().micros, bars[7].open);
        }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "a test of statistics")]
    fn signals_tell_as_much_of_a_return_as_they_should() {
        let market = market(7, 1.0);
        let bars = market.bars(0, 0, 20_000);
        let (mut explained, mut square, mut state) = (0.0, 0.0, market.state(0));
        for (bar, step) in bars.iter().zip(0_u64..) {
            let told = market.returns(0, step, &state).0;
            let sigma = 0.8 * libm::exp(state.volatilities[0]);
            let found = 1_000.0 * libm::log(bar.close as f64 / bar.open as f64);
            explained += told * found / (sigma * sigma);
            square += found * found / (sigma * sigma);
            state = market.next(step, &state);
        }
        // The factors have the variance Σ β² = 0.0616 beside the 1 of chance. Five deviations are 0.013 and 0.053.
        let (explained, square) = (explained / 20_000.0, square / 20_000.0);
        assert!((explained - 0.0616).abs() < 0.013, "{explained}");
        assert!((square - 1.0616).abs() < 0.053, "{square}");
    }
}
