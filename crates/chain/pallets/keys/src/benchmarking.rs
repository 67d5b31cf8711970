//! Benchmarks of calls, each at its most expensive.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a benchmark whose state cannot be made has to stop, as a test"
)]
#![allow(clippy::wildcard_imports, reason = "what the macros generate needs all of it in scope")]

use crate::{Call, ColdkeySwaps, Config, Identities, OwnedHotkeys, Owners, Pallet, traits::Keys, types::ColdkeyHash};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::{
    assert_ok,
    traits::{EnsureOrigin, fungible::Mutate},
};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use myelin_primitives::{Amount, BlockNumber, RAO_PER_TAO};
use myelin_records::{bounds::MAX_HOTKEYS, consent::KeyConsent, key::ChainIdentity};
use sp_runtime::traits::{BlakeTwo256, Hash};

/// The chain around this pallet.
pub trait BenchmarkHelper<AccountId> {
    /// Gives a hotkey a seat.
    fn sit(hotkey: &AccountId);
    /// Returns an account without owner, and its consent to a pair with the coldkey.
    fn agreeing(coldkey: &AccountId) -> (AccountId, KeyConsent);
}

/// A block in which all rate limits and delays that began in block 1 have passed.
const LATER: BlockNumber = 1_000_000;

fn set_block<T: Config>(block: BlockNumber) {
    frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(block));
}

fn funded<T: Config>(name: &'static str, number: u32) -> T::AccountId {
    let coldkey = account(name, number, 0);
    T::Currency::mint_into(&coldkey, 1_000 * RAO_PER_TAO).expect("the issuance has room");
    coldkey
}

/// Makes a hotkey of this coldkey.
fn own<T: Config>(coldkey: &T::AccountId, number: u32) -> T::AccountId {
    let hotkey = account("hotkey", number, 0);
    Pallet::<T>::pair(coldkey, &hotkey).expect("the hotkey is new");
    hotkey
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn try_associate_hotkey() {
        let coldkey = funded::<T>("coldkey", 0);
        for number in 1..MAX_HOTKEYS {
            own::<T>(&coldkey, number);
        }
        let (hotkey, consent) = T::BenchmarkHelper::agreeing(&coldkey);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), hotkey.clone(), Some(consent));

        assert_eq!(Pallet::<T>::owner(&hotkey), Some(coldkey));
    }

    #[benchmark]
    fn swap_hotkey() {
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        for number in 1..MAX_HOTKEYS {
            own::<T>(&coldkey, number);
        }
        let (new, consent) = T::BenchmarkHelper::agreeing(&coldkey);
        set_block::<T>(LATER);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), hotkey.clone(), new.clone(), Some(consent));

        assert_eq!((Pallet::<T>::owner(&hotkey), Pallet::<T>::owner(&new)), (None, Some(coldkey)));
    }

    #[benchmark]
    fn announce_coldkey_swap() {
        let coldkey = funded::<T>("coldkey", 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), ColdkeyHash::default());

        assert!(ColdkeySwaps::<T>::contains_key(&coldkey));
    }

    /// Measures the swap of a coldkey with the most hotkeys.
    #[benchmark]
    fn swap_coldkey() -> Result<(), BenchmarkError> {
        let coldkey = funded::<T>("coldkey", 0);
        for number in 0..MAX_HOTKEYS {
            own::<T>(&coldkey, number);
        }
        let new: T::AccountId = account("new", 0, 0);
        let origin = T::Governance::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, coldkey.clone(), new.clone(), Amount::ONE_TAO);

        assert!(!OwnedHotkeys::<T>::contains_key(&coldkey));
        assert_eq!(OwnedHotkeys::<T>::get(&new).len(), usize::try_from(MAX_HOTKEYS).unwrap_or(usize::MAX));
        assert!(Owners::<T>::iter_values().all(|owner| owner == new));
        Ok(())
    }

    #[benchmark]
    fn swap_coldkey_announced() {
        let coldkey = funded::<T>("coldkey", 0);
        let new: T::AccountId = account("new", 0, 0);
        let announced = Pallet::<T>::do_announce_coldkey_swap(&coldkey, BlakeTwo256::hash_of(&new));
        assert_ok!(announced);
        set_block::<T>(LATER);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), new);

        assert!(!ColdkeySwaps::<T>::contains_key(&coldkey));
    }

    #[benchmark]
    fn dispute_coldkey_swap() {
        let coldkey = funded::<T>("coldkey", 0);
        assert_ok!(Pallet::<T>::do_announce_coldkey_swap(&coldkey, ColdkeyHash::default()));

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()));

        assert!(ColdkeySwaps::<T>::get(&coldkey).is_some_and(|swap| swap.disputed));
    }

    #[benchmark]
    fn clear_coldkey_swap_announcement() {
        let coldkey = funded::<T>("coldkey", 0);
        assert_ok!(Pallet::<T>::do_announce_coldkey_swap(&coldkey, ColdkeyHash::default()));
        set_block::<T>(LATER);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()));

        assert!(!ColdkeySwaps::<T>::contains_key(&coldkey));
    }

    #[benchmark]
    fn reset_coldkey_swap() -> Result<(), BenchmarkError> {
        let coldkey = funded::<T>("coldkey", 0);
        assert_ok!(Pallet::<T>::do_announce_coldkey_swap(&coldkey, ColdkeyHash::default()));
        let origin = T::Governance::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, coldkey.clone());

        assert!(!ColdkeySwaps::<T>::contains_key(&coldkey));
        Ok(())
    }

    #[benchmark]
    fn set_identity() {
        let coldkey = funded::<T>("coldkey", 0);
        for number in 0..MAX_HOTKEYS {
            own::<T>(&coldkey, number);
        }
        T::BenchmarkHelper::sit(&account("hotkey", MAX_HOTKEYS - 1, 0));
        let (short, long) = (vec![b'x'; 256], vec![b'x'; 1_024]);
        let identity = ChainIdentity {
            name: short.clone(),
            url: short.clone(),
            github_repo: short.clone(),
            image: long.clone(),
            discord: short,
            description: long.clone(),
            additional: long,
        };

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), identity);

        assert!(Identities::<T>::contains_key(&coldkey));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build(), crate::mock::Test);
}
