//! The emission of a tempo, divided among the owner, the miners and the validators of a subnet. spec tokenomics §6.2.

use crate::distribute::{NoWeight, remainder_to_heaviest};
use alloc::vec::Vec;
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
    /// The miners' pool by incentive, the validators' pool by dividend. A pool without a claim is recycled.
    Rated,
    /// Both pools by the blocks for which each seat was held, for mining. spec tokenomics §10.
    Launch,
    /// No division: no neuron has a claim, and both pools are recycled.
    Unclaimed,
}

/// The division of both pools among the neurons of a subnet.
#[must_use = "dropping an allocation destroys money"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Claims by which the pools were divided.
    pub basis: Basis,
    /// Emission of each neuron, in the order of their claims.
    pub emissions: Vec<Emission>,
    /// The part of both pools without a claim.
    pub recycled: Amount<Tao>,
}

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
    /// The miners' pool is paid by incentive and the validators' pool by dividend. A pool without a claim is recycled,
    /// so that silence pays no neuron. The emissions and the recycled part sum to [`Division::neurons`]. spec
    /// tokenomics §6.2, steps 5 and 6.
    pub fn among(&self, claims: &[Claim]) -> Allocation {
        let (miners, unmined) = by_weight(self.miners, claims.iter().map(|claim| claim.incentive));
        let (validators, unvalidated) = by_weight(self.validators, claims.iter().map(|claim| claim.dividend));
        let is_claimed = claims.iter().any(|claim| *claim != Claim::default());
        let pairs = miners.into_iter().zip(validators);
        Allocation {
            basis: if is_claimed { Basis::Rated } else { Basis::Unclaimed },
            emissions: pairs.map(|(miner, validator)| Emission { miner, validator }).collect(),
            recycled: sum(unmined, unvalidated),
        }
    }

    /// Divides both pools among all seats in proportion to the blocks for which each was `held`, for mining.
    ///
    /// This is the division of the launch phase, in which seats are taken by work alone. Below `least_seats` seats, and
    /// if no seat was held for a block, both pools are recycled, so that the first seats do not keep all. spec
    /// tokenomics §10.
    pub fn among_seats(&self, held: &[u64], least_seats: u16) -> Allocation {
        let are_enough = held.len() >= usize::from(least_seats);
        let weights = held.iter().map(|blocks| if are_enough { *blocks } else { 0 });
        let is_held = weights.clone().any(|blocks| blocks > 0);
        let (parts, recycled) = by_weight(self.neurons(), weights);
        Allocation {
            basis: if is_held { Basis::Launch } else { Basis::Unclaimed },
            emissions: parts.into_iter().map(|miner| Emission { miner, validator: Amount::ZERO }).collect(),
            recycled,
        }
    }
}

/// Returns the parts of a pool, one for each weight, and the part that no weight claims: nothing or all.
fn by_weight(pool: Amount<Tao>, weights: impl Iterator<Item = u64>) -> (Vec<Amount<Tao>>, Amount<Tao>) {
    let weights: Vec<u64> = weights.collect();
    match remainder_to_heaviest(pool, &weights) {
        Ok(parts) => (parts, Amount::ZERO),
        Err(NoWeight) => (weights.iter().map(|_| Amount::ZERO).collect(), pool),
    }
}

/// Returns the sum of two parts of the same whole, which therefore fits.
fn sum(one: Amount<Tao>, other: Amount<Tao>) -> Amount<Tao> {
    one.checked_add(other).unwrap_or(Amount::MAX)
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

    /// Returns the rao for mining and validating of each neuron, and the recycled rao.
    fn paid(division: &Division, claims: &[Claim]) -> (Vec<(u64, u64)>, u64) {
        let Allocation { emissions, recycled, .. } = division.among(claims);
        let paid = emissions.iter().map(|emission| (emission.miner.rao(), emission.validator.rao()));
        (paid.collect(), recycled.rao())
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

    #[test]
    fn a_pool_without_a_claim_is_recycled() {
        let claims = |incentive: u64, dividend: u64| {
            [1, 3, 0].map(|factor| Claim { incentive: factor * incentive, dividend: factor * dividend })
        };
        let division = with_owner(101);
        for (row, basis, expected, recycled) in [
            (claims(2, 5), Basis::Rated, [(10, 10), (31, 32), (0, 0)], 0),
            (claims(2, 0), Basis::Rated, [(10, 0), (31, 0), (0, 0)], 42),
            (claims(0, 5), Basis::Rated, [(0, 10), (0, 32), (0, 0)], 41),
            (claims(0, 0), Basis::Unclaimed, [(0, 0); 3], 83),
        ] {
            assert_eq!(division.among(&row).basis, basis, "{row:?}");
            assert_eq!(paid(&division, &row), (expected.to_vec(), recycled), "{row:?}");
        }
    }

    #[test]
    fn a_subnet_without_neurons_recycles_both_pools() {
        let nothing = Allocation { basis: Basis::Unclaimed, emissions: vec![], recycled: Amount::from_rao(82) };
        assert_eq!(with_owner(100).among(&[]), nothing);
    }

    #[test]
    fn in_the_launch_phase_seats_are_paid_by_the_blocks_that_they_were_held() {
        let division = divide(Amount::from_rao(1_001), None);
        let paid = |held: &[u64], least| {
            let Allocation { basis, emissions, recycled } = division.among_seats(held, least);
            assert!(emissions.iter().all(|emission| emission.validator.is_zero()));
            (basis, emissions.iter().map(|emission| emission.miner.rao()).collect::<Vec<_>>(), recycled.rao())
        };
        assert_eq!(paid(&[100, 100, 50], 3), (Basis::Launch, vec![401, 400, 200], 0));
        assert_eq!(paid(&[100, 100, 50], 4), (Basis::Unclaimed, vec![0, 0, 0], 1_001));
        assert_eq!(paid(&[0, 0, 7], 0), (Basis::Launch, vec![0, 0, 1_001], 0));
        assert_eq!(paid(&[0, 0], 2), (Basis::Unclaimed, vec![0, 0], 1_001));
        assert_eq!(paid(&[], 0), (Basis::Unclaimed, vec![], 1_001));
    }

    fn claim() -> impl Strategy<Value = Claim> {
        let value = || prop_oneof![Just(0_u64), any::<u64>()];
        (value(), value()).prop_map(|(incentive, dividend)| Claim { incentive, dividend })
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
        fn nothing_is_lost_among_the_neurons(earned: u64, claims in vec(claim(), 0..20)) {
            let division = with_owner(earned);
            let Allocation { basis, emissions, recycled } = division.among(&claims);
            let parts = emissions.iter().flat_map(|emission| [emission.miner, emission.validator]);
            prop_assert_eq!(Amount::checked_sum(parts.chain([recycled])), Ok(division.neurons()));
            prop_assert_eq!(emissions.len(), claims.len());
            prop_assert_eq!(basis == Basis::Unclaimed, claims.iter().all(|claim| *claim == Claim::default()));
        }
    }
}
