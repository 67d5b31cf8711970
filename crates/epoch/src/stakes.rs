//! The stake on hotkeys in memory, which the epochs of a block pay into. spec tokenomics §7.

use crate::{
    error::{ArithmeticStep, EpochError, EpochFailure},
    payment::{ChildTakeRules, PaymentError, PoolAccess, pay_neuron},
};
use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode};
use myelin_economics::{
    division::Emission,
    payout::{Payout, pay},
    pool::{Holding, Pool, PoolError},
};
use myelin_primitives::{Amount, PublicKey, Take, Tao, Uid};
use myelin_records::stake::Family;

/// The stake on one hotkey.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HotkeyStake<Key = PublicKey> {
    /// Coldkey that owns the hotkey.
    pub owner: Key,
    /// Part of its validator emission that it keeps in this block. `None` for a hotkey that is no delegate.
    pub take: Option<Take>,
    /// Stake pool. Empty for a hotkey without one.
    pub pool: Pool,
    /// Shares of the owner.
    pub holding: Holding,
}

/// A part of a neuron's emission, paid into the pool of one hotkey. spec tokenomics §7.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment<Key = PublicKey> {
    /// Seat of the neuron that earned it.
    pub uid: Uid,
    /// Hotkey whose pool is paid: the neuron's, or a parent of it.
    pub hotkey: Key,
    /// Coldkey that owns this hotkey.
    pub coldkey: Key,
    /// Emission that is paid, for mining and for validating.
    pub emission: Emission,
    /// Take of the hotkey, if it is a delegate.
    pub take: Option<Take>,
    /// Part for the owner alone, after the take, and part for all stake on the hotkey.
    pub payout: Payout,
    /// Growth of the stake behind it, if terms were requested.
    pub growth: Option<PaymentGrowth>,
}

/// The growth of stake by one payment, rounded as the pool rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentGrowth {
    /// Growth of the owner's stake: the part for the owner alone, and the owner's share of the rest.
    pub owner: Amount<Tao>,
    /// Growth of the stake of all nominators.
    pub nominators: Amount<Tao>,
}

/// The reason why an epoch cannot pay: a failure of the epoch, or an input that lacks a hotkey.
#[derive(Debug)]
pub(crate) enum PayError<Key> {
    Failure(EpochFailure),
    Input(EpochError<Key>),
}

impl<Key> From<EpochFailure> for PayError<Key> {
    fn from(failure: EpochFailure) -> Self {
        Self::Failure(failure)
    }
}

impl<Key> From<ArithmeticStep> for PayError<Key> {
    fn from(step: ArithmeticStep) -> Self {
        Self::Failure(step.into())
    }
}

/// The stakes while one epoch pays, with the means to undo all payments.
pub(crate) struct PayingStakes<'a, Key> {
    stakes: &'a mut BTreeMap<Key, HotkeyStake<Key>>,
    /// The stake before each payment, so that a failed epoch leaves no trace.
    before: Vec<(Key, HotkeyStake<Key>)>,
    payments: Vec<Payment<Key>>,
    /// Growth of all pools together.
    grown: Amount<Tao>,
    uid: Uid,
    with_growth: bool,
}

impl<'a, Key: Clone + Ord> PayingStakes<'a, Key> {
    pub(crate) fn new(stakes: &'a mut BTreeMap<Key, HotkeyStake<Key>>, with_growth: bool) -> Self {
        let (before, payments) = (Vec::new(), Vec::new());
        Self { stakes, before, payments, grown: Amount::ZERO, uid: Uid::new(0), with_growth }
    }

    /// Pays the neuron on this seat.
    pub(crate) fn pay_seat(
        &mut self,
        uid: Uid,
        hotkey: &Key,
        family: Option<&Family<Key>>,
        rules: ChildTakeRules,
        emission: Emission,
    ) -> Result<(), PayError<Key>> {
        self.uid = uid;
        pay_neuron(self, hotkey, family, |_| rules, emission).map_err(|error| match error {
            PaymentError::Unowned => PayError::Input(EpochError::MissingStake(hotkey.clone())),
            PaymentError::Overflow => ArithmeticStep::NeuronPay.into(),
            PaymentError::Pool(error) => error,
        })
    }

    /// Returns the growth of all pools by the payments so far.
    pub(crate) const fn grown(&self) -> Amount<Tao> {
        self.grown
    }

    /// Returns the payments, which are then final.
    pub(crate) fn finish(self) -> Vec<Payment<Key>> {
        self.payments
    }

    /// Undoes all payments.
    pub(crate) fn undo(self) {
        for (hotkey, stake) in self.before.into_iter().rev() {
            self.stakes.insert(hotkey, stake);
        }
    }
}

impl<Key: Clone + Ord> PoolAccess<Key> for PayingStakes<'_, Key> {
    type Error = PayError<Key>;

    fn owner(&self, hotkey: &Key) -> Option<Key> {
        self.stakes.get(hotkey).map(|stake| stake.owner.clone())
    }

    fn value(&self, hotkey: &Key) -> Amount<Tao> {
        self.stakes.get(hotkey).map_or(Amount::ZERO, |stake| stake.pool.value())
    }

    fn take(&self, hotkey: &Key) -> Option<Take> {
        self.stakes.get(hotkey)?.take
    }

    fn pay(&mut self, hotkey: &Key, emission: Emission) -> Result<(), PayError<Key>> {
        let missing = || PayError::Input(EpochError::MissingStake(hotkey.clone()));
        let stake = self.stakes.get_mut(hotkey).ok_or_else(missing)?;
        let before = stake.clone();
        let refused = |error: PoolError| EpochFailure::Pool(error);
        let payout = pay(&mut stake.pool, &mut stake.holding, emission, stake.take).map_err(refused)?;
        // The chain stores no empty holding, even if the pool returns one.
        if stake.holding.is_empty() {
            stake.holding = Holding::default();
        }
        // Noted before a step may fail, so that `undo` restores this pool too.
        self.before.push((hotkey.clone(), before.clone()));
        let grown = stake.pool.value().checked_sub(before.pool.value());
        let grown = grown.and_then(|grown| self.grown.checked_add(grown));
        self.grown = grown.map_err(|_| ArithmeticStep::TotalStake)?;
        let growth = if self.with_growth { Some(growth(&before, stake).map_err(refused)?) } else { None };
        self.payments.push(Payment {
            uid: self.uid,
            hotkey: hotkey.clone(),
            coldkey: stake.owner.clone(),
            emission,
            take: stake.take,
            payout,
            growth,
        });
        Ok(())
    }
}

fn growth<Key>(before: &HotkeyStake<Key>, after: &HotkeyStake<Key>) -> Result<PaymentGrowth, PoolError> {
    let worth = |stake: &HotkeyStake<Key>| stake.pool.worth(&stake.holding);
    // A payment only adds, so no difference is below zero.
    let grown = |after: Amount<Tao>, before: Amount<Tao>| after.checked_sub(before).unwrap_or_default();
    let owner = grown(worth(after)?, worth(before)?);
    let all = grown(after.pool.value(), before.pool.value());
    Ok(PaymentGrowth { owner, nominators: grown(all, owner) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_that_fails_half_way_is_undone() {
        let stake = HotkeyStake { owner: 'o', take: None, pool: Pool::default(), holding: Holding::default() };
        let mut stakes = BTreeMap::from([('h', stake.clone())]);
        let mut paying = PayingStakes::new(&mut stakes, false);
        // The pool takes the payment, and the sum of all growth does not.
        paying.grown = Amount::MAX;
        let emission = Emission { miner: Amount::ONE_TAO, validator: Amount::ZERO };
        assert!(paying.pay_seat(Uid::new(0), &'h', None, ChildTakeRules::default(), emission).is_err());
        paying.undo();
        assert_eq!(stakes, BTreeMap::from([('h', stake)]));
    }
}
