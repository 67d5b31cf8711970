//! The emission of a tempo, divided among the owner, the miners and the validators of a subnet. spec tokenomics §6.2.

use crate::distribute::{NoWeight, remainder_to_heaviest};
use alloc::vec::Vec;
use core::fmt;
use myelin_primitives::{Amount, Cut, Fraction, Tao};

/// The owner cut, in parts per million of a subnet's emission: 18 %. spec tokenomics §1.
pub const OWNER_CUT_PPM: u32 = 180_000;

/// The three pools of one epoch, which sum to the divided amount. spec tokenomics §6.2.
#[must_use = "dropping a pool destroys money"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    owner: Amount<Tao>,
    miners: Amount<Tao>,
    validators: Amount<Tao>,
}

/// Divides the emission of a subnet. spec tokenomics §6.2, steps 1 and 2.
///
/// The owner cut comes first. The rest is halved, and an odd rao goes to the validators. A subnet without an owner pays
/// no cut.
///
/// ```
/// use myelin_economics::division::{OWNER_CUT_PPM, divide};
/// use myelin_primitives::{Amount, Fraction};
///
/// let division = divide(Amount::from_rao(100), Fraction::from_ppm(OWNER_CUT_PPM).ok());
/// assert_eq!(division.owner().rao(), 18);
/// assert_eq!(division.miners().rao(), 41);
/// assert_eq!(division.validators().rao(), 41);
/// ```
pub fn divide(earned: Amount<Tao>, owner_cut: Option<Fraction>) -> Division {
    let (owner, rest) = match owner_cut {
        Some(share) => {
            let Cut { taken, rest } = earned.cut(share);
            (taken, rest)
        }
        None => (Amount::ZERO, earned),
    };
    let Cut { taken: miners, rest: validators } = rest.cut(Fraction::HALF);
    Division { owner, miners, validators }
}

/// The claim of one neuron to the pools. Each value has a unit of its own, common to all neurons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Its incentive as a miner.
    pub incentive: u64,
    /// Its dividend as a validator.
    pub dividend: u64,
    /// Its stake if the neuron is active and has a validator permit, otherwise zero.
    pub active_stake: u64,
    /// Its stake in any case.
    pub stake: u64,
}

/// The emission of one neuron in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emission {
    /// The part for mining, which belongs to the owner of the hotkey alone.
    pub miner: Amount<Tao>,
    /// The part for validating, which parents and nominators share.
    pub validator: Amount<Tao>,
}

/// The claims by which the two pools of an epoch are divided: the rows of the table of spec tokenomics §6.2, step 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The miners' pool by incentive, the validators' pool by dividend.
    Rated,
    /// Both pools by incentive, for mining, because no validator has a dividend.
    MinersOnly,
    /// Both pools by dividend, for validating, because no miner has an incentive.
    ValidatorsOnly,
    /// Both pools by the stake of active neurons that may validate, for validating.
    ActiveStake,
    /// Both pools by stake, for validating.
    AnyStake,
    /// Both pools in equal parts, for mining, because no neuron has stake. spec tokenomics §10.
    Equal,
    /// No division: the subnet has no neuron, and both pools are recycled.
    NoNeurons,
}

impl Basis {
    /// Returns the basis on which these claims are paid.
    pub fn of(claims: &[Claim]) -> Self {
        let any = |weight: fn(&Claim) -> u64| claims.iter().any(|claim| weight(claim) > 0);
        match (any(|claim| claim.incentive), any(|claim| claim.dividend)) {
            (true, true) => Self::Rated,
            (true, false) => Self::MinersOnly,
            (false, true) => Self::ValidatorsOnly,
            (false, false) if any(|claim| claim.active_stake) => Self::ActiveStake,
            (false, false) if any(|claim| claim.stake) => Self::AnyStake,
            (false, false) if claims.is_empty() => Self::NoNeurons,
            (false, false) => Self::Equal,
        }
    }
}

/// An error for a subnet without a neuron, whose pools are recycled. spec tokenomics §6.2, step 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNeurons;

impl fmt::Display for NoNeurons {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the subnet has no neuron to pay")
    }
}

impl core::error::Error for NoNeurons {}

impl Division {
    /// Returns the cut of the subnet's owner, as free balance.
    pub const fn owner(&self) -> Amount<Tao> {
        self.owner
    }

    /// Returns the pool of the miners, paid as stake.
    pub const fn miners(&self) -> Amount<Tao> {
        self.miners
    }

    /// Returns the pool of the validators, paid as stake.
    pub const fn validators(&self) -> Amount<Tao> {
        self.validators
    }

    /// Returns the sum of both pools of neurons.
    pub fn neurons(&self) -> Amount<Tao> {
        sum(self.miners, self.validators)
    }

    /// Returns the same division with the owner cut added to the validators' pool. spec tokenomics §6.2, step 3.
    ///
    /// It applies if the cut is too small to bring the owner's account into being.
    pub fn owner_to_validators(self) -> Self {
        Self { owner: Amount::ZERO, miners: self.miners, validators: sum(self.validators, self.owner) }
    }

    /// Divides the two pools among the neurons, with `claims` in the order of their uids.
    ///
    /// A pool without a claim joins the other, as [`Basis`] says. The result has one [`Emission`] for each claim, and
    /// their sum is [`Division::neurons`]. spec tokenomics §6.2, steps 5 and 6, and §10.
    ///
    /// # Errors
    /// [`NoNeurons`] without claims.
    pub fn among(&self, claims: &[Claim]) -> Result<Vec<Emission>, NoNeurons> {
        let by = |pool: Amount<Tao>, weight: fn(&Claim) -> u64| {
            let weights: Vec<u64> = claims.iter().map(weight).collect();
            remainder_to_heaviest(pool, &weights)
        };
        let both = self.neurons();
        let emissions = match Basis::of(claims) {
            Basis::Rated => by(self.miners, |claim| claim.incentive).and_then(|miners| {
                let validators = by(self.validators, |claim| claim.dividend)?;
                let pairs = miners.into_iter().zip(validators);
                Ok(pairs.map(|(miner, validator)| Emission { miner, validator }).collect())
            }),
            Basis::MinersOnly => by(both, |claim| claim.incentive).map(for_mining),
            Basis::ValidatorsOnly => by(both, |claim| claim.dividend).map(for_validating),
            Basis::ActiveStake => by(both, |claim| claim.active_stake).map(for_validating),
            Basis::AnyStake => by(both, |claim| claim.stake).map(for_validating),
            Basis::Equal => by(both, |_| 1).map(for_mining),
            Basis::NoNeurons => Err(NoWeight),
        };
        emissions.map_err(|NoWeight| NoNeurons)
    }
}

/// Returns the sum of two parts of the same whole, which therefore fits.
fn sum(one: Amount<Tao>, other: Amount<Tao>) -> Amount<Tao> {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

fn for_mining(parts: Vec<Amount<Tao>>) -> Vec<Emission> {
    parts.into_iter().map(|miner| Emission { miner, validator: Amount::ZERO }).collect()
}

fn for_validating(parts: Vec<Amount<Tao>>) -> Vec<Emission> {
    parts.into_iter().map(|validator| Emission { miner: Amount::ZERO, validator }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn with_owner(earned: u64) -> Division {
        divide(Amount::from_rao(earned), Fraction::from_ppm(OWNER_CUT_PPM).ok())
    }

    fn pools(division: &Division) -> [u64; 3] {
        [division.owner(), division.miners(), division.validators()].map(Amount::rao)
    }

    fn paid(division: &Division, claims: &[Claim]) -> Vec<(u64, u64)> {
        let emissions = division.among(claims).unwrap();
        emissions.iter().map(|emission| (emission.miner.rao(), emission.validator.rao())).collect()
    }

    #[test]
    fn eighteen_forty_one_forty_one() {
        assert_eq!(pools(&with_owner(100)), [18, 41, 41]);
        assert_eq!(pools(&with_owner(1)), [0, 0, 1]);
        assert_eq!(pools(&with_owner(0)), [0, 0, 0]);
        assert_eq!(pools(&with_owner(361_000_000_000)), [64_980_000_000, 148_010_000_000, 148_010_000_000]);
    }

    #[test]
    fn without_an_owner_the_halves_are_of_the_whole() {
        assert_eq!(pools(&divide(Amount::from_rao(101), None)), [0, 50, 51]);
    }

    #[test]
    fn a_cut_the_owner_cannot_receive_goes_to_the_validators() {
        assert_eq!(pools(&with_owner(100).owner_to_validators()), [0, 41, 59]);
    }

    /// Returns three claims: that of a table row, three times as much, and nothing.
    fn claims(row: Claim) -> [Claim; 3] {
        let times = |factor| Claim {
            incentive: factor * row.incentive,
            dividend: factor * row.dividend,
            active_stake: factor * row.active_stake,
            stake: factor * row.stake,
        };
        [times(1), times(3), times(0)]
    }

    #[test]
    fn pools_nobody_claims_go_where_there_is_a_claim() {
        let nothing = Claim::default();
        let staked = Claim { active_stake: 7, stake: 9, ..nothing };
        let division = with_owner(100);
        for (row, basis, expected) in [
            (Claim { incentive: 2, dividend: 5, ..staked }, Basis::Rated, [(10, 10), (31, 31), (0, 0)]),
            (Claim { incentive: 2, ..staked }, Basis::MinersOnly, [(20, 0), (62, 0), (0, 0)]),
            (Claim { dividend: 5, ..staked }, Basis::ValidatorsOnly, [(0, 20), (0, 62), (0, 0)]),
            (staked, Basis::ActiveStake, [(0, 20), (0, 62), (0, 0)]),
            (Claim { stake: 9, ..nothing }, Basis::AnyStake, [(0, 20), (0, 62), (0, 0)]),
            (nothing, Basis::Equal, [(28, 0), (27, 0), (27, 0)]),
        ] {
            assert_eq!(Basis::of(&claims(row)), basis, "{row:?}");
            assert_eq!(paid(&division, &claims(row)), expected, "{row:?}");
        }
    }

    #[test]
    fn active_stake_comes_before_stake() {
        let active = Claim { active_stake: 1, stake: 1, ..Claim::default() };
        let idle = Claim { stake: 1_000, ..Claim::default() };
        assert_eq!(paid(&with_owner(100), &[idle, active]), [(0, 0), (0, 82)]);
    }

    #[test]
    fn a_subnet_without_neurons_pays_nobody() {
        assert_eq!(Basis::of(&[]), Basis::NoNeurons);
        assert_eq!(with_owner(100).among(&[]), Err(NoNeurons));
    }

    fn claim() -> impl Strategy<Value = Claim> {
        let value = || prop_oneof![Just(0_u64), any::<u64>()];
        (value(), value(), value(), value()).prop_map(|(incentive, dividend, active_stake, stake)| Claim {
            incentive,
            dividend,
            active_stake,
            stake,
        })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_the_division(earned: u64, ppm in proptest::option::of(0..=1_000_000_u32)) {
            let division = divide(Amount::from_rao(earned), ppm.map(|ppm| Fraction::from_ppm(ppm).unwrap()));
            let [owner, miners, validators] = pools(&division);
            prop_assert_eq!(Amount::checked_sum([division.owner(), division.neurons()]), Ok(Amount::from_rao(earned)));
            prop_assert_eq!(u128::from(owner), u128::from(earned) * u128::from(ppm.unwrap_or(0)) / 1_000_000);
            prop_assert!(validators - miners <= 1);
            prop_assert_eq!(division.owner_to_validators().neurons(), Amount::from_rao(earned));
        }

        #[test]
        fn nothing_is_lost_among_the_neurons(earned: u64, claims in vec(claim(), 1..20)) {
            let division = with_owner(earned);
            let emissions = division.among(&claims).unwrap();
            let paid = emissions.iter().flat_map(|emission| [emission.miner, emission.validator]);
            prop_assert_eq!(Amount::checked_sum(paid), Ok(division.neurons()));
            prop_assert_eq!(emissions.len(), claims.len());
        }
    }
}
