//! The root epoch: the division of the block emission among subnets. spec tokenomics §5.
//!
//! Root validators set weights for subnets. A subnet's rank is the stake-weighted sum of its weights. Its trust is the
//! part of the stake with a weight for it. A steep sigmoid of the trust turns rank into emission, so that a subnet
//! backed by less than half of the stake keeps little.
//!
//! All numbers are integers, rounded down, so that all nodes compute the same bits. Root has at most 64 validators, and
//! a row has at most one weight for each network. The work grows with the number of weights, times the logarithm of the
//! number of networks.

use crate::distribute::by_largest_remainder;
use alloc::{collections::BTreeMap, vec, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt;
use myelin_primitives::{Amount, NetUid, Tao};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A subnet's share of the block emission, as a count of 2^-64. spec tokenomics §5.3.
///
/// The share of a subnet that receives the whole emission is one count short of one, which no division notices.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Share(u64);

impl Share {
    /// The share zero.
    pub const ZERO: Self = Self(0);

    /// Returns the share of `bits / 2^64`.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Returns the share as a count of 2^-64.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// Returns this share of `whole`, rounded down.
    pub fn of(self, whole: Amount<Tao>) -> Amount<Tao> {
        // 64 bits times 64 bits, of which the upper half remains.
        let wide = u128::from(self.0).saturating_mul(u128::from(whole.rao())) >> 64;
        Amount::from_rao(u64::try_from(wide).unwrap_or(u64::MAX))
    }
}

/// A root validator and its weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootValidator {
    /// All stake on its hotkey, nominations included.
    pub stake: Amount<Tao>,
    /// Its weight for each network. Weights for root and for networks that do not exist do not count.
    pub weights: BTreeMap<NetUid, u16>,
}

/// The sigmoid that turns trust into consensus. spec tokenomics §5.1, step 5.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct Sigmoid {
    /// The steepness of the sigmoid.
    pub rho: u16,
    /// The trust at its middle, as a u16 fraction.
    pub kappa: u16,
}

/// The reason for which a root epoch sets no shares, so that the previous ones stay. spec tokenomics §5.3, step 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoShares {
    /// A root without a validator.
    NoValidators,
    /// A root without a subnet.
    NoSubnets,
    /// Root validators without any stake.
    NoStake,
    /// Root validators with stake, but without a weight for any subnet.
    NoRating,
    /// Stakes whose sum exceeds any amount, which the maximum supply rules out.
    StakeOverflow,
}

impl fmt::Display for NoShares {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoValidators => "there is no root validator",
            Self::NoSubnets => "there is no subnet",
            Self::NoStake => "no root validator has any stake",
            Self::NoRating => "no root validator with stake rates any subnet",
            Self::StakeOverflow => "the stakes of the root validators sum to more than any amount",
        })
    }
}

impl core::error::Error for NoShares {}

/// Returns the emission share of each subnet of `networks`, without root. spec tokenomics §5.1 and §5.3.
///
/// The shares sum to one less rounding, and [`divide_emission`] makes the sum whole. With a TAO or more of stake, the
/// error of a share is below 2^-32.
///
/// # Errors
/// [`NoShares`] with the reason to keep the previous shares.
pub fn shares(
    networks: impl IntoIterator<Item = NetUid>,
    validators: &[RootValidator],
    sigmoid: Sigmoid,
) -> Result<BTreeMap<NetUid, Share>, NoShares> {
    if validators.is_empty() {
        return Err(NoShares::NoValidators);
    }
    let subnets = networks.into_iter().filter(|netuid| !netuid.is_root());
    let mut columns: BTreeMap<NetUid, RatingColumn> = subnets.map(|netuid| (netuid, RatingColumn::default())).collect();
    if columns.is_empty() {
        return Err(NoShares::NoSubnets);
    }
    let stake = Amount::checked_sum(validators.iter().map(|validator| validator.stake));
    let stake = stake.map_err(|_| NoShares::StakeOverflow)?.rao();
    if stake == 0 {
        return Err(NoShares::NoStake);
    }
    for validator in validators {
        rate(&mut columns, validator);
    }
    let total_rank = columns.values().map(|column| column.rank).fold(0, u128::saturating_add);
    // Only proportions matter from here on. With ranks of 64 bits, the products below fit into 128 bits.
    let excess_bits = 64_u32.saturating_sub(total_rank.leading_zeros());
    let emissions: Vec<(NetUid, u128)> = columns
        .into_iter()
        .map(|(netuid, column)| {
            let rank = column.rank.checked_shr(excess_bits).unwrap_or(0);
            (netuid, sigmoid.of(column.backing, stake).saturating_mul(rank) >> 32)
        })
        .collect();
    let total = emissions.iter().map(|&(_, emission)| emission).fold(0, u128::saturating_add);
    if total == 0 {
        return Err(NoShares::NoRating);
    }
    let share = |emission| Share(u64::try_from(ratio(emission, total)).unwrap_or(u64::MAX));
    Ok(emissions.into_iter().map(|(netuid, emission)| (netuid, share(emission))).collect())
}

/// Divides the block emission among the eligible subnets in proportion to their shares. spec tokenomics §5.4.
///
/// The remainder is divided by largest remainder. If all shares are zero, the parts are equal. The result has one
/// amount for each share, and the amounts sum to `emission`. Without a subnet the result is empty, and no TAO is
/// issued.
///
/// ```
/// use myelin_economics::root::{Share, divide_emission};
/// use myelin_primitives::Amount;
///
/// assert_eq!(divide_emission(Amount::ONE_TAO, &[Share::ZERO; 2]), [Amount::from_rao(500_000_000); 2]);
/// ```
pub fn divide_emission(emission: Amount<Tao>, shares: &[Share]) -> Vec<Amount<Tao>> {
    let weights: Vec<u64> = shares.iter().map(|share| share.to_bits()).collect();
    by_largest_remainder(emission, &weights)
        .or_else(|_| by_largest_remainder(emission, &vec![1; shares.len()]))
        .unwrap_or_default()
}

/// The weights of all root validators for one subnet.
#[derive(Default)]
struct RatingColumn {
    /// The sum of its weights, each as the part of its row times the stake behind it, in 2^-40 rao.
    rank: u128,
    /// The stake of the validators with a weight for it, in rao.
    backing: u64,
}

/// Adds one validator's weights to the columns. spec tokenomics §5.1, steps 2 to 4.
fn rate(columns: &mut BTreeMap<NetUid, RatingColumn>, validator: &RootValidator) {
    let stake = validator.stake.rao();
    let counted = validator.weights.iter().filter(|(netuid, _)| columns.contains_key(netuid));
    let row_sum = counted.map(|(_, &weight)| u128::from(weight)).fold(0, u128::saturating_add);
    for (netuid, &weight) in validator.weights.iter().filter(|&(_, &weight)| weight > 0) {
        if let Some(column) = columns.get_mut(netuid) {
            let rank = (u128::from(stake).saturating_mul(u128::from(weight)) << 40).checked_div(row_sum).unwrap_or(0);
            column.rank = column.rank.saturating_add(rank);
            column.backing = column.backing.saturating_add(stake);
        }
    }
}

/// One, with 64 fractional bits.
const ONE: u128 = 1 << 64;

/// The natural logarithm of 2, with 96 fractional bits.
const LN_2: u128 = 0xB172_17F7_D1CF_79AB_C9E3_B398;

/// The limit of the exponent: a larger one counts as this one. spec tokenomics §5.1, step 5.
const EXPONENT_LIMIT: u128 = 20;

impl Sigmoid {
    /// Returns `1 / (1 + exp(-rho * (backing / stake - kappa)))` with 64 fractional bits.
    ///
    /// `stake` is positive, and `backing` is a part of it. The relative error is below 2^-34.
    fn of(self, backing: u64, stake: u64) -> u128 {
        // The exponent is distance / unit: 96 bits by 80 bits.
        let one = u128::from(u16::MAX);
        let unit = u128::from(stake).saturating_mul(one);
        let trust = u128::from(backing).saturating_mul(one);
        let middle = u128::from(stake).saturating_mul(u128::from(self.kappa));
        let distance = trust.abs_diff(middle).saturating_mul(u128::from(self.rho));
        let exponent = if distance < unit.saturating_mul(EXPONENT_LIMIT) {
            let whole = distance.checked_div(unit).unwrap_or(0);
            (whole << 64).saturating_add(ratio(distance.checked_rem(unit).unwrap_or(0), unit))
        } else {
            EXPONENT_LIMIT << 64
        };
        // Only the exponential of a negative number is computed, which is at most one: 1 / (1 + e^x) is e^-x / (1 +
        // e^-x).
        let decay = exp_of_negative(exponent);
        ratio(if trust < middle { decay } else { ONE }, ONE.saturating_add(decay))
    }
}

/// Returns `exp(-x)` for `x` from 0 to 20, both with 64 fractional bits.
///
/// The result is never above the true value. It is below it by less than 2^-59 of it plus 2^-64.
fn exp_of_negative(x: u128) -> u128 {
    // exp(-x) = 2^-halvings * exp(rest), with rest below ln 2.
    let halvings = (x << 32).div_ceil(LN_2);
    let rest = (halvings.saturating_mul(LN_2) >> 32).saturating_sub(x);
    // The Taylor series: from the 21st term on they sum to less than 2^-70.
    let (exp_of_rest, _) = (1..=20).fold((ONE, ONE), |(sum, term): (u128, u128), n| {
        let term = (term.saturating_mul(rest) >> 64).checked_div(n).unwrap_or(0);
        (sum.saturating_add(term), term)
    });
    u32::try_from(halvings).ok().and_then(|halvings| exp_of_rest.checked_shr(halvings)).unwrap_or(0)
}

/// Returns `numerator / denominator` with 64 fractional bits, rounded down, and zero for a zero denominator.
///
/// It holds that `numerator <= denominator < 2^96`.
fn ratio(numerator: u128, denominator: u128) -> u128 {
    // Long division with digits of 32 bits, because the numerator with its 64 fractional bits exceeds 128.
    let digit = |rest: u128| {
        let wide = rest << 32;
        (wide.checked_div(denominator).unwrap_or(0), wide.checked_rem(denominator).unwrap_or(0))
    };
    let (high, rest) = digit(numerator);
    let (low, _) = digit(rest);
    (high << 32).saturating_add(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{
        collection::{btree_map, vec},
        prelude::*,
    };

    const KAPPA: u16 = 32_767;

    fn netuids(range: core::ops::RangeInclusive<u16>) -> impl Iterator<Item = NetUid> {
        range.map(NetUid::new)
    }

    /// Returns ten validators of equal stake. Validator `i` has equal weights for the `i` networks from `first` on.
    fn staircase(first: u16) -> Vec<RootValidator> {
        let row = |i| (first..first + i).map(|netuid| (NetUid::new(netuid), 1)).collect();
        (0..10).map(|i| RootValidator { stake: Amount::ONE_TAO, weights: row(i) }).collect()
    }

    fn assert_within_two_rao(amounts: impl IntoIterator<Item = Amount<Tao>>, expected: &[u64]) {
        let amounts: Vec<u64> = amounts.into_iter().map(Amount::rao).collect();
        assert_eq!(amounts.len(), expected.len());
        assert!(amounts.iter().zip(expected).all(|(one, other)| one.abs_diff(*other) <= 2), "{amounts:?}");
    }

    #[test]
    fn a_staircase_of_ratings_without_a_step_on_root() {
        for (rho, expected) in [
            (30, [385_861_815, 249_435_914, 180_819_837, 129_362_980, 50_857_187, 3_530_356, 127_839, 3_974, 93, 0, 0]),
            (
                10,
                [
                    397_055_644,
                    249_007_047,
                    167_301_386,
                    104_031_851,
                    53_286_589,
                    20_974_383,
                    6_456_899,
                    1_600_547,
                    285_650,
                    0,
                    0,
                ],
            ),
        ] {
            let shares = shares(netuids(0..=11), &staircase(1), Sigmoid { rho, kappa: KAPPA }).unwrap();
            assert_within_two_rao(shares.values().map(|share| share.of(Amount::ONE_TAO)), &expected);
        }
    }

    #[test]
    fn ratings_of_root_count_for_nothing() {
        for (rho, expected) in [
            (10, [456_439_292, 266_761_349, 156_968_852, 77_974_418, 30_087_485, 9_132_416, 2_239_784, 396_404, 0, 0]),
            (30, [448_083_652, 282_551_859, 191_287_194, 72_931_523, 4_962_997, 177_197, 5_451, 127, 0, 0]),
        ] {
            let shares = shares(netuids(0..=10), &staircase(0), Sigmoid { rho, kappa: KAPPA }).unwrap();
            let shares: Vec<Share> = shares.into_values().collect();
            let divided = divide_emission(Amount::ONE_TAO, &shares);
            assert_eq!(Amount::checked_sum(divided.iter().copied()), Ok(Amount::ONE_TAO));
            assert_within_two_rao(divided, &expected);
        }
    }

    fn validator(stake: u64, weights: &[(u16, u16)]) -> RootValidator {
        let weights = weights.iter().map(|&(netuid, weight)| (NetUid::new(netuid), weight)).collect();
        RootValidator { stake: Amount::from_rao(stake), weights }
    }

    const SIGMOID: Sigmoid = Sigmoid { rho: 10, kappa: KAPPA };

    #[test]
    fn without_a_basis_the_previous_shares_stay() {
        let stopped = |networks, validators: &[RootValidator]| shares(netuids(networks), validators, SIGMOID);
        assert_eq!(stopped(0..=1, &[]), Err(NoShares::NoValidators));
        assert_eq!(stopped(0..=0, &[validator(1, &[(1, 1)])]), Err(NoShares::NoSubnets));
        assert_eq!(stopped(0..=1, &[validator(0, &[(1, 1)])]), Err(NoShares::NoStake));
        assert_eq!(stopped(0..=1, &[validator(1, &[(0, 1), (1, 0), (2, 1)])]), Err(NoShares::NoRating));
        assert_eq!(stopped(0..=1, &[validator(0, &[(1, 1)]), validator(1, &[])]), Err(NoShares::NoRating));
        assert_eq!(stopped(0..=1, &[validator(1, &[]), validator(u64::MAX, &[])]), Err(NoShares::StakeOverflow));
    }

    #[test]
    fn a_single_subnet_receives_everything() {
        for stake in [1, u64::MAX] {
            let shares = shares(netuids(0..=1), &[validator(stake, &[(1, u16::MAX)])], SIGMOID).unwrap();
            assert_eq!(shares[&NetUid::new(1)], Share::from_bits(u64::MAX));
        }
    }

    #[test]
    fn a_validator_with_little_stake_is_still_heard_precisely() {
        let crowd = validator(20_000_000_000_000_000, &[]);
        let shares = shares(netuids(1..=2), &[crowd, validator(1_000_000_000, &[(1, 1), (2, 2)])], SIGMOID).unwrap();
        let divided = divide_emission(Amount::ONE_TAO, &shares.into_values().collect::<Vec<_>>());
        assert_eq!(divided, [333_333_333, 666_666_667].map(Amount::from_rao));
    }

    #[test]
    fn without_shares_the_emission_is_divided_equally() {
        assert_eq!(divide_emission(Amount::from_rao(5), &[Share::ZERO; 3]), [2, 2, 1].map(Amount::from_rao));
        assert_eq!(divide_emission(Amount::from_rao(5), &[]), []);
    }

    #[test]
    fn exponentials_have_the_digits_of_the_true_ones() {
        for (x, floor) in [
            (0, ONE),
            (1 << 63, 11_188_515_852_577_165_299),
            (1 << 64, 6_786_177_901_268_885_274),
            (5 << 64, 124_293_183_874_348_897),
            (10 << 64, 837_480_885_292_947),
            (0x13_FD70_A3D7_0A3D_70A3, 38_403_696_534),
            (20 << 64, 38_021_573_369),
        ] {
            let computed = exp_of_negative(x);
            assert!(computed <= floor, "exp(-{x}) is {computed}");
            assert!(floor - computed <= (floor >> 59) + 1, "exp(-{x}) is {computed}");
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "53 bits are what the comparisons ask for")]
    fn float(value: impl Into<u128>) -> f64 {
        value.into() as f64
    }

    /// Returns the shares by the same formulas in floating point.
    fn shares_in_floats(subnets: u16, validators: &[RootValidator], sigmoid: Sigmoid) -> Vec<f64> {
        let stake: f64 = validators.iter().map(|validator| float(validator.stake.rao())).sum();
        let emissions: Vec<f64> = netuids(1..=subnets)
            .map(|netuid| {
                let (mut rank, mut backing) = (0.0, 0.0);
                for validator in validators {
                    let counted = validator.weights.iter().filter(|(netuid, _)| (1..=subnets).contains(&netuid.get()));
                    let row_sum: f64 = counted.map(|(_, &weight)| f64::from(weight)).sum();
                    let weight = f64::from(validator.weights.get(&netuid).copied().unwrap_or(0));
                    if weight > 0.0 {
                        rank += weight / row_sum * float(validator.stake.rao());
                        backing += float(validator.stake.rao());
                    }
                }
                let exponent = f64::from(sigmoid.rho) * (backing / stake - f64::from(sigmoid.kappa) / 65_535.0);
                rank / (1.0 + (-exponent.clamp(-20.0, 20.0)).exp())
            })
            .collect();
        let total: f64 = emissions.iter().sum();
        emissions.into_iter().map(|emission| emission / total).collect()
    }

    fn root_validator() -> impl Strategy<Value = RootValidator> {
        let stake = prop_oneof![Just(0_u64), 1_000_000_000..21_000_000_000_000_000_u64 / 64];
        let weights = btree_map((0..12_u16).prop_map(NetUid::new), any::<u16>(), 0..12);
        (stake, weights).prop_map(|(stake, weights)| RootValidator { stake: Amount::from_rao(stake), weights })
    }

    proptest! {
        #[test]
        fn shares_are_those_of_the_formula(
            subnets in 1..10_u16,
            validators in vec(root_validator(), 1..64),
            rho: u16,
            kappa: u16,
        ) {
            let sigmoid = Sigmoid { rho: rho % 100, kappa };
            if let Ok(shares) = shares(netuids(0..=subnets), &validators, sigmoid) {
                prop_assert_eq!(shares.len(), usize::from(subnets));
                let sum: u128 = shares.values().map(|share| u128::from(share.to_bits())).sum();
                prop_assert!(sum <= ONE);
                for (share, expected) in shares.values().zip(shares_in_floats(subnets, &validators, sigmoid)) {
                    let share = float(share.to_bits()) / float(ONE);
                    prop_assert!((share - expected).abs() < 2.0_f64.powi(-32), "{} is not {}", share, expected);
                }
            }
        }

        #[test]
        fn the_whole_emission_is_divided(emission: u64, bits in vec(any::<u64>(), 1..65)) {
            let shares: Vec<Share> = bits.into_iter().map(Share::from_bits).collect();
            let divided = divide_emission(Amount::from_rao(emission), &shares);
            prop_assert_eq!(Amount::checked_sum(divided), Ok(Amount::from_rao(emission)));
        }

        #[test]
        fn more_backing_is_never_less_consensus(rho: u16, kappa: u16, stake in 1..=u64::MAX, one: u64, other: u64) {
            let sigmoid = Sigmoid { rho, kappa };
            let (less, more) = (one.min(other) % stake, one.max(other) % stake);
            let consensus = [sigmoid.of(less.min(more), stake), sigmoid.of(less.max(more), stake)];
            prop_assert!(consensus[0] <= consensus[1]);
        }

        #[test]
        fn the_exponential_is_within_its_bound(x in 0..=EXPONENT_LIMIT << 64) {
            let exact = (-(float(x) / float(ONE))).exp();
            let computed = float(exp_of_negative(x)) / float(ONE);
            // Floats are less precise than the bound: 53 bits, of an argument that is off by as much of 20.
            prop_assert!((exact - computed).abs() <= exact * 2.0_f64.powi(-47) + 2.0_f64.powi(-64), "exp(-{})", x);
        }

        #[test]
        fn no_ratings_panic(
            validators in vec((any::<u64>(), btree_map(any::<u16>().prop_map(NetUid::new), any::<u16>(), 0..5)), 0..4),
            rho: u16,
            kappa: u16,
        ) {
            let validators: Vec<RootValidator> = validators
                .into_iter()
                .map(|(stake, weights)| RootValidator { stake: Amount::from_rao(stake / 4), weights })
                .collect();
            let networks = validators.iter().flat_map(|validator| validator.weights.keys().copied());
            let _ = shares(networks, &validators, Sigmoid { rho, kappa });
        }
    }
}
