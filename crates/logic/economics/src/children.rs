//! Stake weight that one hotkey lends to another. spec staking §9.
//!
//! A parent lends parts of the weight of its stake on one subnet to children. The children validate with it and pass
//! the dividends back, less their take. The stake itself does not move.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use myelin_primitives::{Amount, Cut, Take, Tao};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The part of a parent's stake that counts for a child: a fraction of `u64::MAX`. spec staking §9.1.
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
pub struct Proportion(u64);

impl Proportion {
    /// Returns the proportion of `parts / u64::MAX`.
    pub const fn from_parts(parts: u64) -> Self {
        Self(parts)
    }

    /// Returns the proportion as parts of `u64::MAX`.
    pub const fn parts(self) -> u64 {
        self.0
    }

    /// Returns this part of a stake, rounded down.
    pub fn of(self, stake: Amount<Tao>) -> Amount<Tao> {
        Amount::from_rao(mul_div(stake.rao(), self.0, u64::MAX))
    }
}

/// A hotkey that lends stake weight to the validator whose dividend is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// All stake on the parent.
    pub stake: Amount<Tao>,
    /// The part of the stake that is lent.
    pub proportion: Proportion,
    /// True if one coldkey owns parent and child, in which case the child takes nothing.
    pub same_owner: bool,
    /// Take of the parent. `None` for a parent that is no delegate.
    pub take: Option<Take>,
}

impl Parent {
    /// Returns the stake weight that the parent lends.
    pub fn lends(&self) -> Amount<Tao> {
        self.proportion.of(self.stake)
    }
}

/// The take of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildTake {
    /// Part of its parents' earnings that the child keeps.
    pub take: Take,
    /// Greatest take of a delegate, which the takes of a parent and its child do not exceed together.
    pub combined: Take,
}

impl ChildTake {
    /// Returns the part that the child keeps of this parent's earnings. spec staking §9.4.
    ///
    /// The nominators of a parent give up the parent's take too, and no more than the greatest take in all. A parent
    /// that is no delegate has no nominators to protect.
    pub fn of(self, parent: &Parent) -> Take {
        if parent.same_owner {
            return Take::default();
        }
        let left = |take: Take| Take::new(self.combined.get().saturating_sub(take.get()));
        parent.take.map_or(self.take, |take| self.take.min(left(take)))
    }
}

/// Returns the stake weight of a hotkey on a subnet. spec staking §9.2.
///
/// The weight is the hotkey's own stake, less the part lent to `children`, plus the parts that `parents` lend to it.
/// to it.
pub fn stake_weight(
    own: Amount<Tao>,
    children: impl IntoIterator<Item = Proportion>,
    parents: impl IntoIterator<Item = Parent>,
) -> Amount<Tao> {
    let sum = |parts: Amount<Tao>, sum: u128| sum.saturating_add(u128::from(parts.rao()));
    let lent = children.into_iter().fold(0, |total, proportion| sum(proportion.of(own), total));
    let weight = parents.into_iter().fold(u128::from(own.rao()), |total, parent| sum(parent.lends(), total));
    u64::try_from(weight.saturating_sub(lent)).map_or(Amount::MAX, Amount::from_rao)
}

/// A validator's dividend, divided among itself and its parents. All parts sum to the dividend.
#[must_use = "dropping a part destroys money"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedDividend {
    /// The part of the validator, as validator emission that it shares with its nominators.
    pub own: Amount<Tao>,
    /// The take from the parents' parts, paid like miner emission to the owner of the validator alone.
    pub take: Amount<Tao>,
    /// The part of each parent in the order given, as validator emission of the parent.
    pub parents: Vec<Amount<Tao>>,
}

/// Divides a validator's dividend between itself and the parents whose stake weight earned it. spec staking §9.4.
///
/// `weight` is the [`stake_weight`] of the validator. If parents have lent more than that, the last parents find the
/// dividend exhausted. If the weight is zero, the validator keeps the dividend.
pub fn share_dividend(
    dividend: Amount<Tao>,
    weight: Amount<Tao>,
    parents: &[Parent],
    child_take: ChildTake,
) -> SharedDividend {
    let mut own = dividend.rao();
    let mut take = 0_u64;
    let parents = parents
        .iter()
        .map(|parent| {
            let earned = mul_div(dividend.rao(), parent.lends().rao(), weight.rao()).min(own);
            own = own.saturating_sub(earned);
            let Cut { taken, rest } = Amount::from_rao(earned).cut(child_take.of(parent).fraction());
            // A part of the dividend, as are all takes before, so the sum fits.
            take = take.saturating_add(taken.rao());
            rest
        })
        .collect();
    SharedDividend { own: Amount::from_rao(own), take: Amount::from_rao(take), parents }
}

/// Returns `a * b / divisor`, rounded down and at most `u64::MAX`, and zero for a zero divisor.
fn mul_div(a: u64, b: u64, divisor: u64) -> u64 {
    let product = u128::from(a).saturating_mul(u128::from(b));
    u64::try_from(product.checked_div(u128::from(divisor)).unwrap_or(0)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    const HALF: Proportion = Proportion::from_parts(u64::MAX / 2 + 1);
    const ALL: Proportion = Proportion::from_parts(u64::MAX);
    const MOST: Take = Take::new(11_796);

    fn parent(stake: u64, proportion: Proportion) -> Parent {
        Parent { stake: Amount::from_rao(stake), proportion, same_owner: false, take: None }
    }

    fn weight(own: u64, children: &[Proportion], parents: &[Parent]) -> u64 {
        stake_weight(Amount::from_rao(own), children.iter().copied(), parents.iter().copied()).rao()
    }

    fn shared(dividend: u64, weight: u64, parents: &[Parent], take: u16) -> (u64, u64, Vec<u64>) {
        let (dividend, weight) = (Amount::from_rao(dividend), Amount::from_rao(weight));
        let child_take = ChildTake { take: Take::new(take), combined: MOST };
        let SharedDividend { own, take, parents } = share_dividend(dividend, weight, parents, child_take);
        (own.rao(), take.rao(), parents.into_iter().map(Amount::rao).collect())
    }

    #[test]
    fn lent_weight_moves_from_parent_to_child() {
        assert_eq!(weight(1_000, &[], &[]), 1_000);
        assert_eq!(weight(1_000, &[HALF], &[]), 500);
        assert_eq!(weight(1_000, &[HALF, HALF], &[]), 0);
        assert_eq!(weight(1_000, &[ALL], &[parent(600, HALF)]), 300);
        assert_eq!(weight(0, &[], &[parent(600, ALL), parent(401, HALF)]), 800);
    }

    #[test]
    fn weight_stays_within_its_range() {
        assert_eq!(weight(1_000, &[ALL, ALL], &[]), 0);
        assert_eq!(weight(u64::MAX, &[], &[parent(u64::MAX, ALL)]), u64::MAX);
    }

    #[test]
    fn parents_earn_what_they_lend_less_the_take() {
        let lender = parent(600, HALF);
        assert_eq!(shared(1_000, 1_000, &[lender], 0), (700, 0, vec![300]));
        assert_eq!(shared(1_000, 1_000, &[lender], 11_796), (700, 53, vec![247]));
        let own_key = Parent { same_owner: true, ..lender };
        assert_eq!(shared(1_000, 1_000, &[own_key, lender], 11_796), (400, 53, vec![300, 247]));
    }

    #[test]
    fn parent_and_child_take_no_more_than_a_delegate_may() {
        let delegate = |take| Parent { take: Some(Take::new(take)), ..parent(600, HALF) };
        // Of 300 rao the child may take 18 % less the take of the parent.
        assert_eq!(shared(1_000, 1_000, &[delegate(0)], 11_796), (700, 53, vec![247]));
        assert_eq!(shared(1_000, 1_000, &[delegate(5_898)], 11_796), (700, 26, vec![274]));
        assert_eq!(shared(1_000, 1_000, &[delegate(5_898)], 2_000), (700, 9, vec![291]));
        assert_eq!(shared(1_000, 1_000, &[delegate(11_796)], 11_796), (700, 0, vec![300]));
        assert_eq!(shared(1_000, 1_000, &[delegate(u16::MAX)], 11_796), (700, 0, vec![300]));
        // A parent that is no delegate has no such limit.
        assert_eq!(shared(1_000, 1_000, &[parent(600, HALF)], u16::MAX), (700, 300, vec![0]));
    }

    #[test]
    fn without_weight_or_parents_the_validator_keeps_everything() {
        assert_eq!(shared(1_000, 0, &[parent(600, ALL)], 11_796), (1_000, 0, vec![0]));
        assert_eq!(shared(1_000, 500, &[], 11_796), (1_000, 0, vec![]));
    }

    #[test]
    fn no_more_than_the_dividend_is_paid() {
        assert_eq!(shared(1_000, 500, &[parent(300, ALL); 3], 0), (0, 0, vec![600, 400, 0]));
    }

    fn parents() -> impl Strategy<Value = Vec<Parent>> {
        let terms = (any::<bool>(), any::<Option<u16>>());
        let parent = (any::<u64>(), any::<u64>(), terms).prop_map(|(stake, proportion, (same_owner, take))| Parent {
            same_owner,
            take: take.map(Take::new),
            ..parent(stake, Proportion::from_parts(proportion))
        });
        vec(parent, 0..6)
    }

    proptest! {
        #[test]
        fn nothing_is_lost_among_parents(dividend: u64, weight: u64, parents in parents(), take: u16) {
            let (own, taken, shares) = shared(dividend, weight, &parents, take);
            let sum = shares.iter().chain([&own, &taken]).map(|&part| u128::from(part)).sum::<u128>();
            prop_assert_eq!(sum, u128::from(dividend));
            prop_assert_eq!(shares.len(), parents.len());
        }

        #[test]
        fn nominators_of_a_parent_give_up_the_greatest_take_at_most(earned: u64, child: u16, take in 0..=11_796_u16) {
            let parent = Parent { take: Some(Take::new(take)), ..parent(1, ALL) };
            let child = ChildTake { take: Take::new(child), combined: MOST }.of(&parent);
            let Cut { rest, .. } = Amount::from_rao(earned).cut(child.fraction());
            let left = rest.cut(Take::new(take).fraction()).rest;
            prop_assert!(left >= Amount::from_rao(earned).cut(MOST.fraction()).rest);
        }

        #[test]
        fn lending_never_creates_weight(own: u64, proportion: u64) {
            let proportion = Proportion::from_parts(proportion);
            let child = weight(0, &[], &[parent(own, proportion)]);
            prop_assert_eq!(u128::from(weight(own, &[proportion], &[])) + u128::from(child), u128::from(own));
        }
    }
}
