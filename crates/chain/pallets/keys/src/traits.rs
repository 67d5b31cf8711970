//! Seams of this pallet: its offer to the pallets above it, and its needs of them.

use crate::types::KeyRules;
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, weights::Weight};
use myelin_primitives::{Amount, BlockNumber, Tao};
use myelin_records::{consent::KeyConsent, pool_code::PoolCode};
use sp_runtime::DispatchError;

/// Pairs of keys, and the lock of a coldkey swap. Offered to all pallets with calls of coldkeys.
pub trait Keys<AccountId> {
    /// Returns the coldkey that owns a hotkey, or `None` for an account that is no hotkey.
    fn owner(hotkey: &AccountId) -> Option<AccountId>;

    /// Returns the hotkeys of a coldkey, oldest first. At most [`MAX_HOTKEYS`](myelin_records::bounds::MAX_HOTKEYS).
    fn owned(coldkey: &AccountId) -> Vec<AccountId>;

    /// Returns the hotkey that took the place of this one in its swaps, or the hotkey itself. The first
    /// [`MAX_SUCCESSIONS`](crate::MAX_SUCCESSIONS) swaps are followed.
    fn latest_successor(hotkey: &AccountId) -> AccountId;

    /// Checks that two keys are a pair.
    ///
    /// # Errors
    /// `NonAssociatedColdKey` if they are none.
    fn ensure_pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult;

    /// Checks that two keys are a pair or can become one. The hotkey has signed the call, and `consent` is the
    /// coldkey's signature of the pair.
    ///
    /// # Errors
    /// `NonAssociatedColdKey` if another coldkey owns the hotkey, `CannotUseSystemAccount` if the runtime does,
    /// `ColdkeyReserved` if one of them is reserved for a swap, `HotKeyRetired` if another coldkey has replaced the
    /// hotkey, `TooManyHotkeys` if the coldkey has no room for another one, `KeyConsentMissing` without the signature.
    fn ensure_pairable(coldkey: &AccountId, hotkey: &AccountId, consent: Option<&KeyConsent>) -> DispatchResult;

    /// Returns the pool code of a pair that [`Self::ensure_pairable`] refuses. spec events-and-errors §8.3
    fn pair_code(coldkey: &AccountId, hotkey: &AccountId, consent: Option<&KeyConsent>) -> Option<PoolCode>;

    /// Gives a hotkey without owner to a coldkey. Does nothing if the coldkey owns it already. Asks for no consent.
    ///
    /// # Errors
    /// Those of [`Self::ensure_pairable`] but the last.
    fn pair(coldkey: &AccountId, hotkey: &AccountId) -> DispatchResult;

    /// Checks that no swap of a coldkey is under way. Each call of a coldkey checks this first. spec staking §10.3
    ///
    /// # Errors
    /// `ColdkeySwapAnnounced` after an announcement, `ColdkeySwapDisputed` after a dispute.
    fn ensure_not_swapping(coldkey: &AccountId) -> DispatchResult;

    /// Checks that no swap to an account is announced. Each call that gives stake to a coldkey checks this.
    /// spec staking §10.3
    ///
    /// # Errors
    /// `ColdkeyReserved` if a coldkey will be swapped for the account.
    fn ensure_not_reserved(account: &AccountId) -> DispatchResult;

    /// Returns the pool code of a coldkey that [`Self::ensure_not_swapping`] refuses. spec events-and-errors §8.3
    fn swap_code(coldkey: &AccountId) -> Option<PoolCode>;
}

/// A term of the issuance: TAO that a pallet has taken out of accounts. spec tokenomics §9.1
///
/// Stake and locks have reads of their own.
pub trait IssuanceTerm {
    /// Returns the amount.
    fn amount() -> Amount<Tao>;
}

// A sum that overflows reads as the largest amount, at which nothing is minted.
#[impl_trait_for_tuples::impl_for_tuples(8)]
impl IssuanceTerm for Tuple {
    fn amount() -> Amount<Tao> {
        let mut sum = Amount::ZERO;
        for_tuples!( #( sum = sum.checked_add(Tuple::amount()).unwrap_or(Amount::MAX); )* );
        sum
    }
}

/// The signatures of accounts. Implemented by the runtime, which knows their kind.
pub trait VerifyConsent<AccountId> {
    /// Returns true if an account has signed exactly these bytes.
    fn has_signed(account: &AccountId, bytes: &[u8], consent: &KeyConsent) -> bool;
}

/// The rate limits and delays of key swaps. Implemented by the pallet of subnets, which stores the parameters.
pub trait ReadKeyRules {
    /// Returns all of them in one read.
    fn key_rules() -> KeyRules;
}

/// The hotkeys with seats. Implemented by the pallet of seats.
pub trait ReadSeated<AccountId> {
    /// Returns true if the hotkey has a seat on any network that exists, root included.
    fn is_seated_anywhere(hotkey: &AccountId) -> bool;
}

/// The use of keys for stake. Implemented by the pallet of stake.
pub trait ReadKeyUse<AccountId> {
    /// Returns true if the hotkey has stake, or lends or borrows stake weight. Such a hotkey cannot be swapped to.
    fn hotkey_in_use(hotkey: &AccountId) -> bool;

    /// Returns true if the coldkey has stake on hotkeys of others. Such a coldkey cannot be swapped to.
    fn coldkey_in_use(coldkey: &AccountId) -> bool;

    /// Returns the block of the last stake operation or key swap of the coldkey, after which its hotkeys have to rest.
    fn last_active(coldkey: &AccountId) -> Option<BlockNumber>;
}

/// A listener to key swaps. Implemented by each pallet that stores something under accounts.
///
/// This pallet has moved what it stores before it tells the listeners. All of them are part of the call: if one fails,
/// the call fails and nothing has moved.
pub trait OnKeySwap<AccountId> {
    /// Gives everything of one hotkey of `coldkey` to another one, and returns the weight of this.
    ///
    /// The new hotkey has no seat, no stake and no family.
    ///
    /// # Errors
    /// The reason for which something cannot move.
    fn hotkey_swapped(coldkey: &AccountId, old: &AccountId, new: &AccountId) -> Result<Weight, DispatchError>;

    /// Gives everything of one coldkey to another one, which had neither stake nor hotkeys.
    ///
    /// The hotkeys belong to the new coldkey already.
    ///
    /// # Errors
    /// The reason for which something cannot move.
    fn coldkey_swapped(old: &AccountId, new: &AccountId) -> DispatchResult;

    /// Returns the maximum weight of [`Self::hotkey_swapped`] in the current state.
    ///
    /// It includes the reads of this pallet from the listener before the swap.
    fn hotkey_swap_weight() -> Weight;

    /// Returns the maximum weight of [`Self::coldkey_swapped`] in the current state.
    ///
    /// It includes the reads of this pallet from the listener before the swap.
    fn coldkey_swap_weight() -> Weight;
}

// One after the other, in the order of the tuple. The first failure ends it.
#[impl_trait_for_tuples::impl_for_tuples(1, 8)]
impl<AccountId> OnKeySwap<AccountId> for Tuple {
    fn hotkey_swapped(coldkey: &AccountId, old: &AccountId, new: &AccountId) -> Result<Weight, DispatchError> {
        let mut weight = Weight::zero();
        for_tuples!( #( weight.saturating_accrue(Tuple::hotkey_swapped(coldkey, old, new)?); )* );
        Ok(weight)
    }

    fn coldkey_swapped(old: &AccountId, new: &AccountId) -> DispatchResult {
        for_tuples!( #( Tuple::coldkey_swapped(old, new)?; )* );
        Ok(())
    }

    fn hotkey_swap_weight() -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight.saturating_accrue(Tuple::hotkey_swap_weight()); )* );
        weight
    }

    fn coldkey_swap_weight() -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight.saturating_accrue(Tuple::coldkey_swap_weight()); )* );
        weight
    }
}
