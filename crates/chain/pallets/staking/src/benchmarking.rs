//! The block weight of calls, hooks and listeners, each at its most expensive.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a benchmark whose state cannot be made has to stop, as a test"
)]
#![allow(clippy::wildcard_imports, reason = "what the macros generate needs all of it in scope")]

use crate::{
    ActivationBacklog, Activations, Call, Config, Families, Holdings, Hotkeys, MinimumSweep, Nominations, Pallet,
    Pools, Releases, TotalStake,
    traits::{ReadStake, ReleaseStake},
    types::{NominationSweep, SortedBlock, SweepStage},
    weights::WeightInfo,
};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec, assert_ok,
    traits::{fungible::Balanced, tokens::Precision},
    weights::{Weight, WeightMeter},
};
use frame_system::{RawOrigin, pallet_prelude::BlockNumberFor};
use myelin_economics::children::Proportion;
use myelin_pallet_keys::traits::{Keys, OnKeySwap, ReadKeyUse};
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{Amount, BlockNumber, NetUid, RAO_PER_TAO, Take, Tao};
use myelin_records::{
    bounds::{MAX_CHILDREN, MAX_GIVEN_NOMINATIONS, MAX_HOTKEYS, MAX_NOMINATIONS, MAX_PARENTS},
    stake::{Children, Delegation, FamilyMember, HotkeyRecord, Parents, PendingChildren, PoolId, StakeRole},
};

/// The chain around this pallet.
pub trait BenchmarkHelper<AccountId> {
    /// Returns a subnet, and creates it first if there is none: benchmarks begin without the genesis state.
    fn subnet() -> NetUid;
    /// Creates root if it does not exist, and returns its number of seats.
    fn root() -> u32;
    /// Gives a hotkey the next seat of root.
    fn sit_on_root(hotkey: &AccountId);
    /// Creates networks until there are this many.
    fn networks(count: u32);
    /// Sets the stake threshold of children, and the minimum of nominations.
    fn set_minima(threshold: Amount<Tao>, nomination: Amount<Tao>);
}

/// A block in which all rate limits and delays that began in block 1 have passed.
const LATER: BlockNumber = 1_000_000;

const SOME: Amount<Tao> = Amount::from_rao(10 * RAO_PER_TAO);

fn set_block<T: Config>(block: BlockNumber) {
    frame_system::Pallet::<T>::set_block_number(BlockNumberFor::<T>::from(block));
}

fn funded<T: Config>(name: &'static str, number: u32) -> T::AccountId {
    let coldkey = account(name, number, 0);
    drop(T::Currency::deposit(&coldkey, 1_000 * RAO_PER_TAO, Precision::Exact).expect("the issuance has room"));
    coldkey
}

/// Makes a delegate of another coldkey.
fn delegate<T: Config>(number: u32) -> T::AccountId {
    let (owner, hotkey) = (account("delegator", number, 0), account("delegate", number, 0));
    T::Keys::pair(&owner, &hotkey).expect("the hotkey is new");
    let delegation = Some(Delegation { take: Take::new(0), changed_at: 1, raise: None });
    Hotkeys::<T>::insert(&hotkey, HotkeyRecord { pool: None, delegation });
    hotkey
}

/// Makes a hotkey of this coldkey.
fn own<T: Config>(coldkey: &T::AccountId, number: u32) -> T::AccountId {
    let hotkey = account("hotkey", number, 0);
    T::Keys::pair(coldkey, &hotkey).expect("the hotkey is new");
    hotkey
}

/// Makes stake without taking it from an account.
fn stake<T: Config>(coldkey: &T::AccountId, hotkey: &T::AccountId, amount: Amount<Tao>) {
    assert_ok!(Pallet::<T>::stake_at_genesis(coldkey, hotkey, amount));
}

/// Makes a nominator with one nomination less than this many, on delegates numbered from 1.
fn busy_nominator<T: Config>(nominations: u32) -> T::AccountId {
    let coldkey = funded::<T>("nominator", 0);
    for number in 1..nominations {
        stake::<T>(&coldkey, &delegate::<T>(number), SOME);
    }
    coldkey
}

/// Returns children or parents with equal proportions.
fn relatives<T: Config>(name: &'static str, count: u32) -> Vec<FamilyMember<T::AccountId>> {
    let relative = |number| FamilyMember {
        proportion: Proportion::from_parts(u64::MAX / u64::from(count)),
        hotkey: account(name, number, 0),
    };
    (0..count).map(relative).collect()
}

/// Returns the most children that a hotkey can ask for. They have an owner.
fn wanted<T: Config>(name: &'static str) -> Vec<FamilyMember<T::AccountId>> {
    let children = relatives::<T>(name, MAX_CHILDREN);
    for child in &children {
        T::Keys::pair(&account("keeper", 0, 0), &child.hotkey).expect("the hotkey is new");
    }
    children
}

/// Gives a hotkey the most children, this many parents, and pending children.
fn family<T: Config>(netuid: NetUid, hotkey: &T::AccountId, parents: u32) {
    let children = Children::<T::AccountId>::truncate_from(relatives::<T>("child", MAX_CHILDREN));
    let lenders = if parents > 0 { relatives::<T>("parent", parents) } else { Vec::new() };
    let link = |mut relative: FamilyMember<T::AccountId>| {
        relative.hotkey = hotkey.clone();
        vec![relative]
    };
    for child in &children {
        let parents = Parents::truncate_from(link(child.clone()));
        Families::<T>::mutate(netuid, &child.hotkey, |family| family.parents = parents);
    }
    for parent in &lenders {
        let children = Children::truncate_from(link(parent.clone()));
        Families::<T>::mutate(netuid, &parent.hotkey, |family| family.children = children);
    }
    let pending = PendingChildren { children: Children::truncate_from(wanted::<T>("wanted")), after: 1 };
    Activations::<T>::insert((netuid, SortedBlock::from(1), hotkey), ());
    Families::<T>::mutate(netuid, hotkey, |family| {
        family.children = children;
        family.parents = Parents::truncate_from(lenders);
        family.pending = Some(pending);
    });
}

/// Queues a subnet after an epoch in this block.
fn put_backlog<T: Config>(netuid: NetUid, epoch: BlockNumber) {
    ActivationBacklog::<T>::mutate(|backlog| backlog.try_insert(netuid, epoch)).expect("there is room");
}

/// Makes a released pool with one nominator, whose owner has been paid.
fn released<T: Config>() -> (T::AccountId, PoolId) {
    let hotkey = delegate::<T>(0);
    let coldkey = funded::<T>("staker", 0);
    stake::<T>(&coldkey, &hotkey, SOME);
    let id = Hotkeys::<T>::get(&hotkey).and_then(|record| record.pool).expect("it has stake");
    Pallet::<T>::release(&hotkey);
    (coldkey, id)
}

#[benchmarks]
mod benches {
    use super::*;

    #[benchmark]
    fn add_stake() {
        let coldkey = busy_nominator::<T>(MAX_NOMINATIONS);
        let hotkey = delegate::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), hotkey.clone(), SOME);

        assert_eq!(Pallet::<T>::of(&coldkey, &hotkey), SOME);
    }

    #[benchmark]
    fn remove_stake(n: Linear<0, 1>) {
        let coldkey = busy_nominator::<T>(MAX_NOMINATIONS);
        let hotkey = delegate::<T>(0);
        stake::<T>(&coldkey, &hotkey, SOME);
        family::<T>(T::BenchmarkHelper::subnet(), &hotkey, 0);
        let threshold = if n == 0 { Amount::ZERO } else { Amount::MAX };
        // The rest is below the minimum, so it is returned too.
        T::BenchmarkHelper::set_minima(threshold, SOME);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), hotkey.clone(), Amount::from_rao(9 * RAO_PER_TAO));

        assert!(Pallet::<T>::of(&coldkey, &hotkey).is_zero());
    }

    #[benchmark]
    fn unstake_all() {
        let coldkey = busy_nominator::<T>(MAX_NOMINATIONS);
        let hotkey = delegate::<T>(0);
        stake::<T>(&coldkey, &hotkey, SOME);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), hotkey.clone());

        assert!(Pallet::<T>::of(&coldkey, &hotkey).is_zero());
    }

    #[benchmark]
    fn move_stake(n: Linear<0, 1>) {
        let coldkey = busy_nominator::<T>(MAX_NOMINATIONS);
        let (from, to) = (delegate::<T>(1_000), delegate::<T>(1_001));
        stake::<T>(&coldkey, &from, SOME);
        family::<T>(T::BenchmarkHelper::subnet(), &from, 0);
        T::BenchmarkHelper::set_minima(if n == 0 { Amount::ZERO } else { Amount::MAX }, Amount::ZERO);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey.clone()), from, to.clone(), SOME);

        assert_eq!(Pallet::<T>::of(&coldkey, &to), SOME);
    }

    #[benchmark]
    fn transfer_stake() {
        let (coldkey, destination) = (funded::<T>("coldkey", 0), busy_nominator::<T>(MAX_GIVEN_NOMINATIONS));
        let hotkey = delegate::<T>(0);
        stake::<T>(&coldkey, &hotkey, SOME);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), destination.clone(), hotkey.clone(), SOME);

        assert_eq!(Pallet::<T>::of(&destination, &hotkey), SOME);
    }

    #[benchmark]
    fn become_delegate() {
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey.clone());

        assert!(<Pallet<T> as ReadStake<_>>::take(&hotkey).is_some());
    }

    #[benchmark]
    fn increase_take() {
        let hotkey = delegate::<T>(0);
        set_block::<T>(LATER);

        #[extrinsic_call]
        _(RawOrigin::Signed(account("delegator", 0, 0)), hotkey.clone(), Take::new(1));

        let delegation = Hotkeys::<T>::get(&hotkey).and_then(|record| record.delegation);
        assert_eq!(delegation.and_then(|delegation| delegation.raise).map(|raise| raise.take), Some(Take::new(1)));
    }

    #[benchmark]
    fn decrease_take() {
        let hotkey = delegate::<T>(0);
        Hotkeys::<T>::mutate_extant(&hotkey, |record| {
            record.delegation = Some(Delegation { take: Take::new(2), changed_at: 1, raise: None });
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(account("delegator", 0, 0)), hotkey.clone(), Take::new(1));

        assert_eq!(<Pallet<T> as ReadStake<_>>::take(&hotkey), Some(Take::new(1)));
    }

    #[benchmark]
    fn set_children() {
        let netuid = T::BenchmarkHelper::subnet();
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        stake::<T>(&coldkey, &hotkey, SOME);
        family::<T>(netuid, &hotkey, MAX_PARENTS);
        set_block::<T>(LATER);
        let children = BoundedVec::truncate_from(wanted::<T>("new"));

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey.clone(), netuid, children);

        assert!(Families::<T>::get(netuid, &hotkey).pending.is_some_and(|pending| pending.after > LATER));
    }

    #[benchmark]
    fn set_childkey_take() {
        let netuid = T::BenchmarkHelper::subnet();
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        family::<T>(netuid, &hotkey, MAX_PARENTS);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey.clone(), netuid, Take::new(1));

        let raise = Families::<T>::get(netuid, &hotkey).take_raise;
        assert_eq!(raise.map(|raise| raise.take), Some(Take::new(1)));
    }

    #[benchmark]
    fn root_register() {
        for number in 0..T::BenchmarkHelper::root() {
            let hotkey = delegate::<T>(number);
            stake::<T>(&account("delegator", number, 0), &hotkey, SOME);
            T::BenchmarkHelper::sit_on_root(&hotkey);
        }
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        stake::<T>(&coldkey, &hotkey, Amount::from_rao(11 * RAO_PER_TAO));
        set_block::<T>(LATER);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey.clone());

        assert!(<Pallet<T> as ReadStake<_>>::take(&hotkey).is_some());
    }

    /// Measures the swap of a coldkey with the most hotkeys and nominations.
    #[benchmark]
    fn coldkey_swapped() {
        let coldkey = busy_nominator::<T>(MAX_NOMINATIONS);
        let new: T::AccountId = account("new", 0, 0);
        // The hotkeys belong to the new coldkey already, with stake of the old one.
        for number in 0..MAX_HOTKEYS {
            let hotkey = own::<T>(&new, number);
            let id = Pallet::<T>::pool_of(&hotkey, HotkeyRecord::default()).expect("there is another name");
            assert_ok!(Pallet::<T>::deposit(id, &coldkey, StakeRole::Owner, SOME));
        }

        #[block]
        {
            assert_ok!(Pallet::<T>::coldkey_swapped(&coldkey, &new));
        }

        assert!(!Nominations::<T>::contains_key(&coldkey));
        assert_eq!(Pallet::<T>::positions(&new).len() as u32, MAX_HOTKEYS + MAX_NOMINATIONS - 1);
    }

    /// Measures a swap on a chain of `n` networks. The hotkey has no family on any of them.
    #[benchmark]
    fn hotkey_swapped(n: Linear<2, 256>) {
        T::BenchmarkHelper::networks(n);
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        stake::<T>(&coldkey, &hotkey, SOME);
        let new = own::<T>(&coldkey, 1);
        Pallet::<T>::pool_of(&new, HotkeyRecord::default()).expect("there is another name");

        #[block]
        {
            assert!(!Pallet::<T>::hotkey_in_use(&new));
            assert_ok!(Pallet::<T>::hotkey_swapped(&coldkey, &hotkey, &new));
        }

        assert_eq!(Pallet::<T>::on(&new), SOME);
    }

    #[benchmark]
    fn move_family(p: Linear<0, MAX_PARENTS>) {
        let netuid = T::BenchmarkHelper::subnet();
        let (hotkey, new): (T::AccountId, T::AccountId) = (account("hotkey", 0, 0), account("new", 0, 0));
        family::<T>(netuid, &hotkey, p);

        #[block]
        {
            Pallet::<T>::move_families(&hotkey, &new);
        }

        assert!(Families::<T>::contains_key(netuid, &new));
        assert!(!Families::<T>::contains_key(netuid, &hotkey));
    }

    #[benchmark]
    fn queued_activations() {
        #[block]
        {
            Pallet::<T>::activate_queued_children(&mut WeightMeter::new());
        }

        assert!(ActivationBacklog::<T>::get().is_empty());
    }

    #[benchmark]
    fn next_activation() {
        let netuid = T::BenchmarkHelper::subnet();
        family::<T>(netuid, &account("hotkey", 0, 0), 0);
        set_block::<T>(1);
        put_backlog::<T>(netuid, 1);

        #[block]
        {
            Pallet::<T>::activate_queued_children(&mut WeightMeter::new());
        }

        assert_eq!(Activations::<T>::iter_key_prefix((netuid,)).count(), 1);
    }

    /// Measures children that have the most parents, one of which makes room.
    #[benchmark]
    fn activate_children() {
        let netuid = T::BenchmarkHelper::subnet();
        let coldkey = funded::<T>("coldkey", 0);
        let hotkey = own::<T>(&coldkey, 0);
        stake::<T>(&coldkey, &hotkey, SOME);
        family::<T>(netuid, &hotkey, 0);
        for number in 0..MAX_CHILDREN {
            let child: T::AccountId = account("wanted", number, 0);
            for parent in 0..MAX_PARENTS {
                let parent = delegate::<T>(1_000 + number * MAX_PARENTS + parent);
                stake::<T>(&coldkey, &parent, Amount::from_rao(RAO_PER_TAO));
                let relative = |hotkey: &T::AccountId| FamilyMember {
                    proportion: Proportion::from_parts(u64::MAX / 10),
                    hotkey: hotkey.clone(),
                };
                Families::<T>::mutate(netuid, &parent, |family| {
                    family.children = Children::truncate_from(vec![relative(&child)]);
                });
                Families::<T>::mutate(netuid, &child, |family| {
                    family.parents.try_push(relative(&parent)).expect("no more parents than there can be");
                });
            }
        }
        set_block::<T>(LATER);
        put_backlog::<T>(netuid, LATER);

        #[block]
        {
            Pallet::<T>::activate_queued_children(&mut WeightMeter::new());
        }

        let family = Families::<T>::get(netuid, &hotkey);
        assert_eq!(family.children.first().map(|child| child.hotkey.clone()), Some(account("wanted", 0, 0)));
        assert!(family.children.iter().all(|child| {
            Families::<T>::get(netuid, &child.hotkey).parents.iter().any(|parent| parent.hotkey == hotkey)
        }));
        assert_eq!(Activations::<T>::iter_key_prefix((netuid,)).count(), 0);
    }

    #[benchmark]
    fn remove_family() {
        let netuid = T::BenchmarkHelper::subnet();
        family::<T>(netuid, &account("hotkey", 0, 0), MAX_PARENTS);
        let before = Families::<T>::iter_key_prefix(netuid).count();
        let mut meter = WeightMeter::with_limit(T::WeightInfo::remove_family());

        #[block]
        {
            assert_eq!(Pallet::<T>::remove_page(netuid, &mut meter), CleanupProgress::More);
        }

        assert_eq!(Families::<T>::iter_key_prefix(netuid).count(), before - 1);
    }

    #[benchmark]
    fn next_release() {
        let (_, id) = released::<T>();
        let mut meter = WeightMeter::with_limit(T::WeightInfo::next_release());

        #[block]
        {
            Pallet::<T>::return_released(&mut meter);
        }

        assert!(Releases::<T>::iter_keys().any(|place| place.pool() == id));
    }

    #[benchmark]
    fn return_stake() {
        let (coldkey, id) = released::<T>();
        let both = T::WeightInfo::next_release().saturating_add(T::WeightInfo::return_stake());
        let mut meter = WeightMeter::with_limit(both);

        #[block]
        {
            Pallet::<T>::return_released(&mut meter);
        }

        assert!(!Holdings::<T>::contains_key(id, &coldkey));
        assert!(Pools::<T>::get(id).is_some_and(|stake| stake.pool.is_empty()));
    }

    #[benchmark]
    fn sweep_none() {
        #[block]
        {
            Pallet::<T>::sweep_nominations(&mut WeightMeter::new());
        }

        assert_eq!(MinimumSweep::<T>::get(), NominationSweep::default());
    }

    #[benchmark]
    fn sweep_holding() {
        busy_nominator::<T>(MAX_NOMINATIONS);
        T::BenchmarkHelper::set_minima(Amount::ZERO, Amount::MAX);
        let total = TotalStake::<T>::get();
        let one = T::WeightInfo::sweep_none().saturating_add(T::WeightInfo::sweep_holding());
        let mut meter = WeightMeter::with_limit(one);

        #[block]
        {
            Pallet::<T>::sweep_nominations(&mut meter);
        }

        assert!(matches!(MinimumSweep::<T>::get().stage, SweepStage::Past(..)));
        assert_eq!(TotalStake::<T>::get().checked_add(SOME), Ok(total));
        assert_eq!(meter.remaining(), Weight::zero());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder::default().build(), crate::mock::Test);
}
