//! The stake on hotkeys, and what epochs add to it. spec staking §9, tokenomics §7

use crate::{
    ExplainError,
    state::Family,
    storage::{buffered, storage_value},
};
use codec::{Decode, Encode};
use myelin_client::{
    Amount, ChainState, PublicKey, Take, Tao,
    mirror::{account, key},
    runtime::{
        runtime_types::{myelin_economics::pool::Holding as StoredHolding, myelin_pallet_staking::types::PoolId},
        storage,
    },
};
use myelin_economics::{
    children::{Parent, Proportion, SharedDividend, share_dividend, stake_weight},
    division::Emission,
    payout::{Payout, pay},
    pool::{Holding, Pool},
};
use std::collections::{BTreeMap, BTreeSet};

/// Stake weight that one hotkey lends to another on the subnet. spec staking §9.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan {
    /// The other hotkey.
    pub hotkey: PublicKey,
    /// Which part of the lender's stake it is.
    pub proportion: Proportion,
    /// How much that is.
    pub amount: Amount<Tao>,
}

/// How much a hotkey weighs on the subnet, and why. spec staking §9.2
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StakeWeight {
    /// Everything staked on it.
    pub own: Amount<Tao>,
    /// What it lends to its children.
    pub lent: Vec<Loan>,
    /// What its parents lend to it.
    pub borrowed: Vec<Loan>,
    /// What it weighs with.
    pub total: Amount<Tao>,
}

/// A part of a neuron's emission, paid into the pool of one hotkey. spec tokenomics §7.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// On which hotkey: the neuron's, or a parent of it.
    pub hotkey: PublicKey,
    /// Who owns that.
    pub coldkey: PublicKey,
    /// What is paid: for the owner alone, and to be shared.
    pub emission: Emission,
    /// What the hotkey takes of what is to be shared, if it is a delegate.
    pub take: Option<Take>,
    /// What is for the owner alone after the take, and what for everybody with stake on the hotkey.
    pub payout: Payout,
    /// By how much the owner's stake grows: what is for the owner alone, and the owner's part of the rest.
    pub owner: Amount<Tao>,
    /// By how much the stake of all others grows.
    pub nominators: Amount<Tao>,
}

/// The stake on one hotkey.
#[derive(Clone, Debug)]
struct HotkeyStake {
    owner: PublicKey,
    take: Option<Take>,
    pool: Pool,
    /// The owner's part.
    holding: Holding,
}

/// The stake on the hotkeys that epochs of one block read and pay.
#[derive(Clone, Debug)]
pub(crate) struct HotkeyStakes {
    block: u64,
    on: BTreeMap<PublicKey, HotkeyStake>,
}

impl HotkeyStakes {
    /// The stake on these hotkeys after block `at`. Those that nobody owns are left out.
    pub(crate) async fn read(at: &ChainState, hotkeys: BTreeSet<PublicKey>) -> Result<Self, ExplainError> {
        let on = buffered(hotkeys, |hotkey| async move {
            Ok(HotkeyStake::read(at, &hotkey).await?.map(|stake| (hotkey, stake)))
        });
        Ok(Self { block: at.height(), on: on.await?.into_iter().flatten().collect() })
    }

    /// Everything staked on a hotkey.
    pub(crate) fn on(&self, hotkey: &PublicKey) -> Amount<Tao> {
        self.on.get(hotkey).map_or(Amount::ZERO, |stake| stake.pool.value())
    }

    /// Who owns a hotkey.
    pub(crate) fn owner(&self, hotkey: &PublicKey) -> Option<PublicKey> {
        self.on.get(hotkey).map(|stake| stake.owner)
    }

    /// The hotkeys, and what is staked on each.
    pub(crate) fn all(&self) -> impl Iterator<Item = (PublicKey, Amount<Tao>)> {
        self.on.iter().map(|(hotkey, stake)| (*hotkey, stake.pool.value()))
    }

    /// What a hotkey weighs on the subnet of this family. spec staking §9.2
    pub(crate) fn weight(&self, hotkey: &PublicKey, family: Option<&Family>) -> StakeWeight {
        let own = self.on(hotkey);
        let Some(family) = family else { return StakeWeight { own, total: own, ..StakeWeight::default() } };
        let parents = self.parents(None, family);
        let total = stake_weight(own, family.children.iter().map(|(_, part)| *part), parents.iter().copied());
        let lent = family.children.iter().map(|(hotkey, proportion)| Loan {
            hotkey: *hotkey,
            proportion: *proportion,
            amount: proportion.of(own),
        });
        let borrowed = family.parents.iter().zip(&parents).map(|((hotkey, proportion), parent)| Loan {
            hotkey: *hotkey,
            proportion: *proportion,
            amount: parent.lends(),
        });
        StakeWeight { own, lent: lent.collect(), borrowed: borrowed.collect(), total }
    }

    /// Pays what a neuron earned: to its parents, its owner and its nominators. `least` is what a child must take.
    /// spec tokenomics §7.2, staking §9.4
    pub(crate) fn pay(
        &mut self,
        hotkey: &PublicKey,
        family: Option<&Family>,
        least: Take,
        emission: Emission,
    ) -> Result<Vec<Payment>, ExplainError> {
        let family = family.filter(|family| !family.parents.is_empty() && !emission.validator.is_zero());
        let mut payments = Vec::new();
        let Some(family) = family else {
            payments.extend(self.pay_one(hotkey, emission)?);
            return Ok(payments);
        };
        let owner = self.owner(hotkey).ok_or_else(|| ExplainError::no_record(self.block, hotkey))?;
        let parents = self.parents(Some(&owner), family);
        let weight = self.weight(hotkey, Some(family)).total;
        let SharedDividend { own, take, parents } =
            share_dividend(emission.validator, weight, &parents, family.take.max(least));
        for ((parent, _), part) in family.parents.iter().zip(parents) {
            payments.extend(self.pay_one(parent, Emission { miner: Amount::ZERO, validator: part })?);
        }
        let miner = emission.miner.checked_add(take).map_err(|error| self.contradiction(error))?;
        payments.extend(self.pay_one(hotkey, Emission { miner, validator: own })?);
        Ok(payments)
    }

    fn pay_one(&mut self, hotkey: &PublicKey, emission: Emission) -> Result<Option<Payment>, ExplainError> {
        if emission == Emission::default() {
            return Ok(None);
        }
        let block = self.block;
        let contradiction =
            |error: &dyn std::fmt::Display| ExplainError::contradiction(block, format!("{hotkey}: {error}"));
        let stake = self.on.get_mut(hotkey).ok_or_else(|| ExplainError::no_record(block, hotkey))?;
        let worth = |stake: &HotkeyStake| stake.pool.worth(&stake.holding).map_err(|error| contradiction(&error));
        let (before, all_before) = (worth(stake)?, stake.pool.value());
        let payout = pay(&mut stake.pool, &mut stake.holding, emission, stake.take);
        let payout = payout.map_err(|error| contradiction(&error))?;
        let (after, all_after) = (worth(stake)?, stake.pool.value());
        let owner = after.checked_sub(before).map_err(|error| contradiction(&error))?;
        let grown = all_after.checked_sub(all_before).map_err(|error| contradiction(&error))?;
        let nominators = grown.checked_sub(owner).map_err(|error| contradiction(&error))?;
        Ok(Some(Payment {
            hotkey: *hotkey,
            coldkey: stake.owner,
            emission,
            take: stake.take,
            payout,
            owner,
            nominators,
        }))
    }

    /// The parents of a hotkey with what they lend, in the order of its family.
    fn parents(&self, owner: Option<&PublicKey>, family: &Family) -> Vec<Parent> {
        let parents = family.parents.iter().map(|(hotkey, proportion)| {
            let stake = self.on.get(hotkey);
            Parent {
                stake: self.on(hotkey),
                proportion: *proportion,
                same_owner: stake.is_some_and(|stake| Some(&stake.owner) == owner),
            }
        });
        parents.collect()
    }

    fn contradiction(&self, error: impl std::fmt::Display) -> ExplainError {
        ExplainError::contradiction(self.block, error.to_string())
    }
}

impl HotkeyStake {
    async fn read(at: &ChainState, hotkey: &PublicKey) -> Result<Option<Self>, ExplainError> {
        let (owner, record) = futures::try_join!(
            storage_value(at, storage().keys().owners(), (account(hotkey),)),
            storage_value(at, storage().staking().hotkeys(), (account(hotkey),)),
        )?;
        let Some(owner) = owner else { return Ok(None) };
        // A hotkey without stake that is no delegate has no record.
        let (id, delegation) = record.map_or((None, None), |record| (record.pool, record.delegation));
        let (mut pool, mut holding) = (Pool::default(), Holding::default());
        if let Some(id) = id {
            let (stored, held) = futures::try_join!(
                storage_value(at, storage().staking().pools(), (PoolId(id.0),)),
                storage_value(at, storage().staking().holdings(), (PoolId(id.0), owner)),
            )?;
            let unreadable =
                |error: codec::Error| ExplainError::contradiction(at.height(), format!("{hotkey}: {error}"));
            pool = stored.map_or(pool, |stored| stored.pool.0);
            holding = held.map_or(Ok(holding), |held| as_holding(&held)).map_err(unreadable)?;
        }
        let take = delegation.map(|delegation| delegation.take.into());
        Ok(Some(Self { owner: key(owner), take, pool, holding }))
    }
}

/// What is staked on a hotkey after block `at`.
pub(crate) async fn staked(at: &ChainState, hotkey: &PublicKey) -> Result<Amount<Tao>, ExplainError> {
    let record = storage_value(at, storage().staking().hotkeys(), (account(hotkey),)).await?;
    let Some(id) = record.and_then(|record| record.pool) else { return Ok(Amount::ZERO) };
    let stored = storage_value(at, storage().staking().pools(), (id,)).await?;
    Ok(stored.map_or(Amount::ZERO, |stored| stored.pool.0.value()))
}

/// A holding comes into being by a deposit only, or by being read: so it is written down and read.
fn as_holding(stored: &StoredHolding) -> Result<Holding, codec::Error> {
    Holding::decode(&mut (stored.shares, stored.splits).encode().as_slice())
}
