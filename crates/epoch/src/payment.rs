//! Payment: from a neuron's emission to stake, and the stake weight behind it. spec tokenomics §7, staking §9.
//!
//! [`pay_neuron`] works on any [`PoolAccess`]: the chain implements it over its storage, a replay over a map.

use alloc::vec::Vec;
use core::fmt;
use myelin_economics::{
    children::{ChildTake, Parent, Proportion, SharedDividend, share_dividend, stake_weight},
    division::Emission,
};
use myelin_primitives::{Amount, BlockNumber, PublicKey, Take, Tao};
use myelin_records::{
    parameters::{NetworkParameters, Parameters},
    stake::{Family, FamilyMember},
};

/// Access to the stake pools of hotkeys.
pub trait PoolAccess<Key> {
    /// The reason why a pool refuses a payment.
    type Error;

    /// Returns the coldkey that owns a hotkey.
    fn owner(&self, hotkey: &Key) -> Option<Key>;

    /// Returns all stake on a hotkey. Zero for a hotkey without an owner.
    fn value(&self, hotkey: &Key) -> Amount<Tao>;

    /// Returns the take of a delegate that is in force. `None` for a hotkey that is no delegate.
    fn take(&self, hotkey: &Key) -> Option<Take>;

    /// Pays an emission, which is never nothing, into the pool of one hotkey. spec tokenomics §7.1.
    ///
    /// # Errors
    /// [`Self::Error`] if the hotkey has no owner or its pool refuses the payment.
    fn pay(&mut self, hotkey: &Key, emission: Emission) -> Result<(), Self::Error>;
}

/// The rules for the takes of children on one subnet, in the block of an epoch. spec staking §9.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildTakeRules {
    /// Number of the block.
    pub block: BlockNumber,
    /// Least take of a child.
    pub least: Take,
    /// Greatest take of a child.
    pub most: Take,
    /// Greatest take of a delegate.
    pub most_of_delegates: Take,
}

impl ChildTakeRules {
    /// Returns the rules of a subnet in a block.
    pub const fn new(block: BlockNumber, subnet: &Parameters, network: &NetworkParameters) -> Self {
        Self {
            block,
            least: subnet.min_childkey_take,
            most: network.max_childkey_take,
            most_of_delegates: network.max_delegate_take,
        }
    }

    /// Returns the take of the child with this family.
    fn of<Key>(&self, family: &Family<Key>) -> ChildTake {
        let take = family.take_at(self.block, self.most).max(self.least);
        ChildTake { take, combined: self.most_of_delegates }
    }
}

/// The reason why a neuron is not paid. Some parts may be paid already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentError<Error> {
    /// The hotkey has no owner.
    Unowned,
    /// The pay of the owner exceeds any amount.
    Overflow,
    /// A pool refused its part.
    Pool(Error),
}

impl<Error: fmt::Display> fmt::Display for PaymentError<Error> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unowned => out.write_str("the hotkey has no owner"),
            Self::Overflow => out.write_str("the pay of the owner exceeds any amount"),
            Self::Pool(error) => error.fmt(out),
        }
    }
}

impl<Error: fmt::Debug + fmt::Display> core::error::Error for PaymentError<Error> {}

/// Stake weight that one hotkey lends to another on a subnet. spec staking §9.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan<Key = PublicKey> {
    /// The other hotkey.
    pub hotkey: Key,
    /// Part of the lender's stake.
    pub proportion: Proportion,
    /// Amount of this part.
    pub amount: Amount<Tao>,
}

/// The weight of a hotkey in the consensus of a subnet, with its loans. spec staking §9.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StakeWeight<Key = PublicKey> {
    /// All stake on the hotkey.
    pub own: Amount<Tao>,
    /// Loans to its children.
    pub lent: Vec<Loan<Key>>,
    /// Loans from its parents.
    pub borrowed: Vec<Loan<Key>>,
    /// The weight: the stake less the loans to children, with the loans from parents.
    pub total: Amount<Tao>,
}

// Written out because a derive would ask the key for a default.
impl<Key> Default for StakeWeight<Key> {
    fn default() -> Self {
        Self { own: Amount::ZERO, lent: Vec::new(), borrowed: Vec::new(), total: Amount::ZERO }
    }
}

impl<Key: Clone + PartialEq> StakeWeight<Key> {
    /// Returns the weight of a hotkey on the subnet of this family.
    pub fn of(pools: &impl PoolAccess<Key>, hotkey: &Key, family: Option<&Family<Key>>) -> Self {
        let own = pools.value(hotkey);
        let Some(family) = family else { return Self { own, total: own, lent: Vec::new(), borrowed: Vec::new() } };
        let parents = parents(pools, None, family);
        let loan = |member: &FamilyMember<Key>, amount| Loan {
            hotkey: member.hotkey.clone(),
            proportion: member.proportion,
            amount,
        };
        let lent = family.children.iter().map(|child| loan(child, child.proportion.of(own)));
        let borrowed = family.parents.iter().zip(&parents).map(|(parent, terms)| loan(parent, terms.lends()));
        Self { own, lent: lent.collect(), borrowed: borrowed.collect(), total: weight(own, family, &parents) }
    }
}

/// Returns the weight of a hotkey in the consensus of a subnet, without its loans. spec staking §9.2.
pub fn total_weight<Key: PartialEq>(
    pools: &impl PoolAccess<Key>,
    hotkey: &Key,
    family: Option<&Family<Key>>,
) -> Amount<Tao> {
    let own = pools.value(hotkey);
    family.map_or(own, |family| weight(own, family, &parents(pools, None, family)))
}

/// Pays a neuron's emission into stake pools: to its parents, its owner and its nominators.
///
/// spec tokenomics §7.2, staking §9.4. `family` is that of the hotkey on the subnet, `rules` are those of takes there,
/// which are read only if the hotkey shares with parents. A pool that receives nothing is not called.
///
/// # Errors
/// [`PaymentError::Unowned`] for a hotkey with parents and without an owner; [`PaymentError::Overflow`] if the owner's
/// pay is too large; [`PaymentError::Pool`] with the reason of a pool. Some parts may then be paid already.
pub fn pay_neuron<Key: PartialEq, Pools: PoolAccess<Key>>(
    pools: &mut Pools,
    hotkey: &Key,
    family: Option<&Family<Key>>,
    rules: impl FnOnce(&Pools) -> ChildTakeRules,
    emission: Emission,
) -> Result<(), PaymentError<Pools::Error>> {
    let Some(family) = family.filter(|family| !family.parents.is_empty() && !emission.validator.is_zero()) else {
        return pay_pool(pools, hotkey, emission);
    };
    let owner = pools.owner(hotkey).ok_or(PaymentError::Unowned)?;
    let lenders = parents(pools, Some(&owner), family);
    let weight = weight(pools.value(hotkey), family, &lenders);
    let SharedDividend { own, take, parents } =
        share_dividend(emission.validator, weight, &lenders, rules(pools).of(family));
    for (parent, part) in family.parents.iter().zip(parents) {
        pay_pool(pools, &parent.hotkey, Emission { miner: Amount::ZERO, validator: part })?;
    }
    // The child's take is its owner's alone, as its pay for mining is.
    let miner = emission.miner.checked_add(take).map_err(|_| PaymentError::Overflow)?;
    pay_pool(pools, hotkey, Emission { miner, validator: own })
}

/// Pays one pool, if there is anything to pay.
fn pay_pool<Key, Pools: PoolAccess<Key>>(
    pools: &mut Pools,
    hotkey: &Key,
    emission: Emission,
) -> Result<(), PaymentError<Pools::Error>> {
    if emission == Emission::default() {
        return Ok(());
    }
    pools.pay(hotkey, emission).map_err(PaymentError::Pool)
}

/// Returns the parents of a hotkey with their loans, in the order of its family.
///
/// `owner` owns the child. Without it neither owners nor takes are looked up, which the weight does not depend on.
fn parents<Key: PartialEq>(pools: &impl PoolAccess<Key>, owner: Option<&Key>, family: &Family<Key>) -> Vec<Parent> {
    let parents = family.parents.iter().map(|parent| Parent {
        stake: pools.value(&parent.hotkey),
        proportion: parent.proportion,
        same_owner: owner.is_some_and(|owner| pools.owner(&parent.hotkey).as_ref() == Some(owner)),
        take: owner.and_then(|_| pools.take(&parent.hotkey)),
    });
    parents.collect()
}

fn weight<Key>(own: Amount<Tao>, family: &Family<Key>, parents: &[Parent]) -> Amount<Tao> {
    stake_weight(own, family.children.iter().map(|child| child.proportion), parents.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use myelin_records::stake::{Parents, TakeRaise};

    /// Owners and values of pools, and what was paid into them.
    #[derive(Default)]
    struct Pools {
        stakes: BTreeMap<char, (u8, Amount<Tao>)>,
        takes: BTreeMap<char, Take>,
        paid: Vec<(char, u64, u64)>,
    }

    impl Pools {
        /// Returns pools of hotkeys with their owners and values.
        fn new(pools: &[(char, u8, u64)]) -> Self {
            let stake = |(hotkey, owner, value): &(char, u8, u64)| (*hotkey, (*owner, Amount::from_rao(*value)));
            Self { stakes: pools.iter().map(stake).collect(), ..Self::default() }
        }
    }

    // Owners and hotkeys are keys of one type; owners are digits here.
    impl PoolAccess<char> for Pools {
        type Error = &'static str;

        fn owner(&self, hotkey: &char) -> Option<char> {
            self.stakes.get(hotkey).map(|(owner, _)| char::from(b'0' + owner))
        }

        fn value(&self, hotkey: &char) -> Amount<Tao> {
            self.stakes.get(hotkey).map_or(Amount::ZERO, |(_, value)| *value)
        }

        fn take(&self, hotkey: &char) -> Option<Take> {
            self.takes.get(hotkey).copied()
        }

        fn pay(&mut self, hotkey: &char, emission: Emission) -> Result<(), &'static str> {
            self.stakes.get(hotkey).ok_or("there is no such pool")?;
            self.paid.push((*hotkey, emission.miner.rao(), emission.validator.rao()));
            Ok(())
        }
    }

    const HALF: u64 = u64::MAX / 2 + 1;
    const ALL: u64 = u64::MAX;

    fn members(members: &[(char, u64)]) -> Vec<FamilyMember<char>> {
        let member = |(hotkey, parts): &(char, u64)| FamilyMember {
            hotkey: *hotkey,
            proportion: Proportion::from_parts(*parts),
        };
        members.iter().map(member).collect()
    }

    fn family(children: &[(char, u64)], parents: &[(char, u64)], take: u16) -> Family<char> {
        Family {
            children: members(children).try_into().unwrap(),
            parents: members(parents).try_into().unwrap(),
            take: Take::new(take),
            ..Family::default()
        }
    }

    fn emission(miner: u64, validator: u64) -> Emission {
        Emission { miner: Amount::from_rao(miner), validator: Amount::from_rao(validator) }
    }

    fn rules(least: Take) -> ChildTakeRules {
        let [most, most_of_delegates] = [Take::new(11_796); 2];
        ChildTakeRules { block: 100, least, most, most_of_delegates }
    }

    fn paid(pools: Pools, family: Option<&Family<char>>, least: u16, emission: Emission) -> Vec<(char, u64, u64)> {
        let mut pools = pools;
        pay_neuron(&mut pools, &'n', family, |_| rules(Take::new(least)), emission).unwrap();
        pools.paid
    }

    #[test]
    fn a_neuron_without_parents_is_paid_alone() {
        let pools = || Pools::new(&[('n', 1, 1_000), ('c', 2, 5)]);
        assert_eq!(paid(pools(), None, 0, emission(3, 4)), [('n', 3, 4)]);
        let lender = family(&[('c', HALF)], &[], 0);
        assert_eq!(paid(pools(), Some(&lender), 0, emission(3, 4)), [('n', 3, 4)]);
        assert_eq!(paid(pools(), None, 0, emission(0, 0)), []);
    }

    #[test]
    fn parents_earn_what_they_lend_less_the_take() {
        // The neuron weighs 1 000: 700 of its own and half of 600. The parent therefore earns 300 of 1 000 rao.
        let pools = || Pools::new(&[('n', 1, 700), ('p', 2, 600)]);
        let child = |take| family(&[], &[('p', HALF)], take);
        assert_eq!(paid(pools(), Some(&child(0)), 0, emission(9, 1_000)), [('p', 0, 300), ('n', 9, 700)]);
        // 300 · 11 796 / 65 535 = 53.9, and the take is paid as mining is.
        let taken = [('p', 0, 247), ('n', 62, 700)];
        assert_eq!(paid(pools(), Some(&child(11_796)), 0, emission(9, 1_000)), taken);
        // The least take of the subnet counts if it is higher.
        assert_eq!(paid(pools(), Some(&child(5)), 11_796, emission(9, 1_000)), taken);
    }

    #[test]
    fn the_take_of_a_parent_counts_toward_that_of_its_child() {
        let child = family(&[], &[('p', HALF)], 11_796);
        for (take, left, taken) in [(0, 247, 53), (5_898, 274, 26), (11_796, 300, 0)] {
            let mut pools = Pools::new(&[('n', 1, 700), ('p', 2, 600)]);
            pools.takes.insert('p', Take::new(take));
            assert_eq!(paid(pools, Some(&child), 0, emission(0, 1_000)), [('p', 0, left), ('n', taken, 700)]);
        }
    }

    #[test]
    fn an_announced_take_of_a_child_counts_from_its_block_on() {
        for (from, left, taken) in [(100, 247, 53), (101, 300, 0)] {
            let raise = Some(TakeRaise { take: Take::new(11_796), from });
            let child = Family { take_raise: raise, ..family(&[], &[('p', HALF)], 0) };
            let pools = Pools::new(&[('n', 1, 700), ('p', 2, 600)]);
            assert_eq!(paid(pools, Some(&child), 0, emission(0, 1_000)), [('p', 0, left), ('n', taken, 700)]);
        }
    }

    #[test]
    fn a_parent_of_the_same_owner_is_charged_no_take() {
        let pools = Pools::new(&[('n', 1, 700), ('p', 1, 600)]);
        let child = family(&[], &[('p', HALF)], u16::MAX);
        assert_eq!(paid(pools, Some(&child), 0, emission(0, 1_000)), [('p', 0, 300), ('n', 0, 700)]);
    }

    #[test]
    fn pay_for_mining_is_not_shared_with_parents() {
        let pools = Pools::new(&[('n', 1, 700), ('p', 2, 600)]);
        assert_eq!(paid(pools, Some(&family(&[], &[('p', ALL)], 0)), 0, emission(50, 0)), [('n', 50, 0)]);
    }

    #[test]
    fn loans_move_weight_from_parent_to_child() {
        let pools = Pools::new(&[('n', 1, 1_000), ('p', 2, 600)]);
        let both = family(&[('c', HALF)], &[('p', HALF), ('x', ALL)], 0);
        let weight = StakeWeight::of(&pools, &'n', Some(&both));
        let loan = |hotkey, parts, amount| Loan {
            hotkey,
            proportion: Proportion::from_parts(parts),
            amount: Amount::from_rao(amount),
        };
        // A parent without a pool lends nothing.
        let expected = StakeWeight {
            own: Amount::from_rao(1_000),
            lent: vec![loan('c', HALF, 500)],
            borrowed: vec![loan('p', HALF, 300), loan('x', ALL, 0)],
            total: Amount::from_rao(800),
        };
        assert_eq!(weight, expected);
        assert_eq!(total_weight(&pools, &'n', Some(&both)), expected.total);
        assert_eq!(total_weight(&pools, &'p', None).rao(), 600);
        let alone = StakeWeight { own: Amount::from_rao(600), total: Amount::from_rao(600), ..StakeWeight::default() };
        assert_eq!(StakeWeight::of(&pools, &'p', None), alone);
        assert_eq!(total_weight(&pools, &'x', None), Amount::ZERO);
    }

    #[test]
    fn refusals_are_passed_on() {
        let child = family(&[], &[('p', ALL)], u16::MAX);
        let rules = |_: &_| ChildTakeRules { most: Take::new(u16::MAX), ..ChildTakeRules::default() };
        let pay = |pools: &[_], emission| pay_neuron(&mut Pools::new(pools), &'n', Some(&child), rules, emission);
        assert_eq!(pay(&[('p', 2, 600)], emission(0, 10)), Err(PaymentError::Unowned));
        assert_eq!(pay(&[('p', 2, 600)], emission(10, 0)), Err(PaymentError::Pool("there is no such pool")));
        let too_much = emission(u64::MAX, 10);
        assert_eq!(pay(&[('n', 1, 0), ('p', 2, 600)], too_much), Err(PaymentError::Overflow));
    }

    #[test]
    fn parents_are_as_many_as_a_family_holds() {
        assert!(Parents::<char>::try_from(members(&[('p', 1); 33])).is_err());
    }
}
