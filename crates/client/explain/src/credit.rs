//! Payments of epochs into stake pools, compared with the growth of the pools.

use crate::{ExplainError, audit::difference, inputs::staked, storage::buffered};
use myelin_client::{
    Amount, ChainConfig, ChainState, PublicKey, Tao, key,
    runtime::{
        keys::events::HotkeySwapped,
        staking::events::{StakeAdded, StakeReleased, StakeRemoved},
    },
    subxt::events::{Events, Phase},
};
use myelin_epoch::stakes::HotkeyStake;
use std::collections::{BTreeMap, BTreeSet};

/// The payments of one block's epochs into the stake pool of a hotkey, and the state of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The hotkey.
    pub hotkey: PublicKey,
    /// Stake in the pool before the block.
    pub before: Amount<Tao>,
    /// Payments of the block's epochs by the rules.
    pub expected: Amount<Tao>,
    /// Stake that calls of the block added.
    pub added: Amount<Tao>,
    /// Stake that calls of the block removed.
    pub removed: Amount<Tao>,
    /// Stake in the pool after the block; `None` if the pool was moved or released within it.
    pub after: Option<Amount<Tao>>,
}

impl Credit {
    /// Returns the growth of the pool beyond payments and calls, in rao; `None` if the pool was moved or released.
    pub fn difference(&self) -> Option<i64> {
        let grown = Amount::checked_sum([self.before, self.expected, self.added]).unwrap_or(Amount::MAX);
        Some(difference(self.after?.checked_add(self.removed).unwrap_or(Amount::MAX), grown))
    }

    /// Returns the credits of all pools that the epochs of a block paid into.
    ///
    /// The block has these events, and `at` is the state after it. `before` and `paid` are the stakes before and after
    /// its epochs.
    pub(crate) async fn all(
        at: &ChainState,
        events: &Events<ChainConfig>,
        before: &BTreeMap<PublicKey, HotkeyStake>,
        paid: &BTreeMap<PublicKey, HotkeyStake>,
    ) -> Result<Vec<Self>, ExplainError> {
        let paid = paid.iter().filter_map(|(hotkey, stake)| {
            let before = before.get(hotkey).map_or(Amount::ZERO, |stake| stake.pool.value());
            let expected = stake.pool.value().checked_sub(before).ok().filter(|grown| !grown.is_zero())?;
            Some(Self { hotkey: *hotkey, before, expected, added: Amount::ZERO, removed: Amount::ZERO, after: None })
        });
        let mut credits: Vec<Self> = paid.collect();
        let moved = StakeChanges::of(events)?;
        let hotkeys: Vec<PublicKey> = credits.iter().map(|credit| credit.hotkey).collect();
        let after = buffered(hotkeys, |hotkey| async move { staked(at, &hotkey).await }).await?;
        for (credit, after) in credits.iter_mut().zip(after) {
            let amount = |of: &BTreeMap<PublicKey, Amount<Tao>>| of.get(&credit.hotkey).copied().unwrap_or_default();
            (credit.added, credit.removed) = (amount(&moved.added), amount(&moved.removed));
            credit.after = (!moved.unclear.contains(&credit.hotkey)).then_some(after);
        }
        Ok(credits)
    }
}

/// The changes of stake in a block other than payments.
#[derive(Default)]
struct StakeChanges {
    added: BTreeMap<PublicKey, Amount<Tao>>,
    removed: BTreeMap<PublicKey, Amount<Tao>>,
    /// Hotkeys whose pool was moved or released.
    ///
    /// A release happens at the end of a block, from pools that the hotkey may no longer have.
    unclear: BTreeSet<PublicKey>,
}

impl StakeChanges {
    fn of(events: &Events<ChainConfig>) -> Result<Self, ExplainError> {
        let mut moved = Self::default();
        for event in events.iter() {
            let event = event.map_err(myelin_client::ChainError::from)?;
            let at_the_end = event.phase() == Phase::Finalization;
            if let Some(added) = event.decode_fields_as::<StakeAdded>() {
                let added = added.map_err(myelin_client::ChainError::from)?;
                count(&mut moved.added, key(added.hotkey), added.added.0);
            } else if let Some(removed) = event.decode_fields_as::<StakeRemoved>() {
                let removed = removed.map_err(myelin_client::ChainError::from)?;
                let hotkey = key(removed.hotkey);
                if at_the_end {
                    moved.unclear.insert(hotkey);
                }
                count(&mut moved.removed, hotkey, removed.removed.0);
            } else if let Some(released) = event.decode_fields_as::<StakeReleased>() {
                moved.unclear.insert(key(released.map_err(myelin_client::ChainError::from)?.hotkey));
            } else if let Some(swapped) = event.decode_fields_as::<HotkeySwapped>() {
                let swapped = swapped.map_err(myelin_client::ChainError::from)?;
                moved.unclear.extend([key(swapped.old_hotkey), key(swapped.new_hotkey)]);
            }
        }
        Ok(moved)
    }
}

fn count(of: &mut BTreeMap<PublicKey, Amount<Tao>>, hotkey: PublicKey, amount: Amount<Tao>) {
    let total = of.entry(hotkey).or_default();
    *total = total.checked_add(amount).unwrap_or(Amount::MAX);
}
