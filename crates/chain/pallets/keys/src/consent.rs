//! Pairs of keys, to which both agree. spec staking §2

use crate::{
    pallet::{Config, Error, Owners, Pallet, Successors},
    traits::VerifyConsent,
};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use myelin_records::consent::{KeyConsent, pair_text, wrapped};

/// The most swaps that are followed from a hotkey.
///
/// A hotkey that was swapped more often since stays retired. With the default rate limits a child is swapped less often
/// between the request of its parent and the activation.
pub const MAX_SUCCESSIONS: usize = 16;

impl<T: Config> Pallet<T> {
    /// Checks that two keys are a pair. spec staking §2
    pub(crate) fn ensure_pair(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        ensure!(Owners::<T>::get(hotkey).as_ref() == Some(coldkey), Error::NonAssociatedColdKey);
        Ok(())
    }

    /// Checks that two keys are a pair, or can become one to which the coldkey agrees. spec staking §2
    pub(crate) fn ensure_pairable(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> Result<(), Error<T>> {
        if Owners::<T>::contains_key(hotkey) {
            return Self::ensure_pair(coldkey, hotkey);
        }
        Self::ensure_new_pair(coldkey, hotkey)?;
        Self::ensure_consented(coldkey, hotkey, coldkey, consent)
    }

    /// Checks that a key of a new pair has signed the text of the pair. One account needs no consent to itself.
    pub(crate) fn ensure_consented(
        coldkey: &T::AccountId,
        hotkey: &T::AccountId,
        signer: &T::AccountId,
        consent: Option<&KeyConsent>,
    ) -> Result<(), Error<T>> {
        if coldkey == hotkey {
            return Ok(());
        }
        let consent = consent.ok_or(Error::KeyConsentMissing)?;
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default());
        let text = pair_text(&genesis, coldkey, hotkey);
        let agrees = |bytes: &[u8]| T::Signatures::has_signed(signer, bytes, consent);
        ensure!(agrees(&text) || agrees(&wrapped(&text)), Error::KeyConsentMissing);
        Ok(())
    }

    /// Checks that a key was not replaced in a swap, or that the coldkey owns the key that took its place.
    pub(crate) fn ensure_not_retired(coldkey: &T::AccountId, hotkey: &T::AccountId) -> Result<(), Error<T>> {
        let latest = Self::latest_successor(hotkey);
        ensure!(latest == *hotkey || Owners::<T>::get(latest).as_ref() == Some(coldkey), Error::HotKeyRetired);
        Ok(())
    }

    /// Returns the hotkey that took the place of this one in its swaps, or the hotkey itself.
    pub(crate) fn latest_successor(hotkey: &T::AccountId) -> T::AccountId {
        let mut latest = hotkey.clone();
        for _ in 0..MAX_SUCCESSIONS {
            let Some(next) = Successors::<T>::get(&latest) else { break };
            latest = next;
        }
        latest
    }
}
