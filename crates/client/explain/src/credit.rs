//! What became of the pools of stake that epochs paid into.

use crate::{
    ExplainError,
    audit::difference,
    stakes::{HotkeyStakes, staked},
    storage::buffered,
};
use myelin_client::{
    Amount, ChainConfig, ChainState, PublicKey, Tao,
    mirror::key,
    runtime::{
        keys::events::HotkeySwapped,
        staking::events::{StakeAdded, StakeReleased, StakeRemoved},
    },
    subxt::events::{Events, Phase},
};
use std::collections::{BTreeMap, BTreeSet};

/// What the epochs of one block paid into the pool of a hotkey, and what became of the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credit {
    /// The hotkey.
    pub hotkey: PublicKey,
    /// Everything staked on it before the block.
    pub before: Amount<Tao>,
    /// What the epochs of the block pay by the rules.
    pub expected: Amount<Tao>,
    /// What calls of the block added.
    pub added: Amount<Tao>,
    /// What calls of the block removed.
    pub removed: Amount<Tao>,
    /// Everything staked on it after the block; `None` if the pool was moved or given back within it.
    pub after: Option<Amount<Tao>>,
}

impl Credit {
    /// By how much the pool grew more than the rules and calls say, in rao; `None` if that cannot be seen.
    pub fn difference(&self) -> Option<i64> {
        let grown = Amount::checked_sum([self.before, self.expected, self.added]).unwrap_or(Amount::MAX);
        Some(difference(self.after?.checked_add(self.removed).unwrap_or(Amount::MAX), grown))
    }

    /// Of all pools that the epochs of the block `at`, which had these events, paid into. `held` is what was in them before, and `stakes` what was
    /// when the epochs were over.
    pub(crate) async fn all(
        at: &ChainState,
        events: &Events<ChainConfig>,
        held: &BTreeMap<PublicKey, Amount<Tao>>,
        stakes: &HotkeyStakes,
    ) -> Result<Vec<Self>, ExplainError> {
        let paid = stakes.all().filter_map(|(hotkey, now)| {
            let before = held.get(&hotkey).copied().unwrap_or_default();
            let expected = now.checked_sub(before).ok().filter(|grown| !grown.is_zero())?;
            Some(Self { hotkey, before, expected, added: Amount::ZERO, removed: Amount::ZERO, after: None })
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

/// What a block did to stake besides paying it.
#[derive(Default)]
struct StakeChanges {
    added: BTreeMap<PublicKey, Amount<Tao>>,
    removed: BTreeMap<PublicKey, Amount<Tao>>,
    /// Hotkeys whose pool became another's, or was given back: at the end of a block, from pools that may no longer be
    /// theirs.
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
                count(&mut moved.added, key(added.hotkey), added.added.into());
            } else if let Some(removed) = event.decode_fields_as::<StakeRemoved>() {
                let removed = removed.map_err(myelin_client::ChainError::from)?;
                let hotkey = key(removed.hotkey);
                if at_the_end {
                    moved.unclear.insert(hotkey);
                }
                count(&mut moved.removed, hotkey, removed.removed.into());
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
