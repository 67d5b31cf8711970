//! Benchmarks of calls and hooks, each at its most expensive.

#![allow(clippy::expect_used, clippy::arithmetic_side_effects, reason = "a benchmark may stop")]

use super::*;
use alloc::{boxed::Box, vec};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        EnsureOrigin, Get,
        fungible::{Balanced, Inspect},
        tokens::Precision,
    },
    weights::WeightMeter,
};
use frame_system::RawOrigin;
use myelin_pallet_keys::traits::{Keys, OnKeySwap};
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao};
use myelin_records::{
    bounds::{MAX_NAME, MAX_TEXT},
    parameters::{NetworkParametersPatch, Parameters, ParametersPatch},
    subnet::{Subnet, SubnetIdentity},
};

/// Funds a coldkey with enough TAO for a subnet.
fn rich<T: Config>(name: &'static str) -> T::AccountId {
    let coldkey = account(name, 0, 0);
    let wealth = Pallet::<T>::lock_cost().rao() * 2 + T::Currency::minimum_balance();
    drop(T::Currency::deposit(&coldkey, wealth, Precision::Exact).expect("any account can receive TAO"));
    coldkey
}

/// Creates subnets without owner and without immunity, until there are `n` networks, root included.
fn fill<T: Config>(n: u32) {
    Network::<T>::mutate_extant(|network| network.network_immunity_period = 0);
    for number in (1..).map(NetUid::new).take_while(|number| u32::from(number.get()) < n) {
        if !Pallet::<T>::exists(number) {
            let subnet = Subnet { registered_at: 0, owner: None, owner_hotkey: None, locked: Amount::ZERO };
            Pallet::<T>::begin_network(number, &subnet, &Parameters::default()).expect("the number is free");
        }
    }
    Network::<T>::mutate_extant(|network| network.subnet_limit = u16::try_from(n - 1).expect("there are at most 256"));
}

/// Creates a subnet of `owner` with all data that can be stored for it.
fn owned<T: Config>(owner: &T::AccountId) -> NetUid {
    let hotkey = account("hotkey", 0, 0);
    T::Keys::pair(owner, &hotkey).expect("the hotkey has no owner, or this one");
    LastCreation::<T>::kill();
    let before = Pallet::<T>::netuids();
    Pallet::<T>::do_register_network(owner, &hotkey, Some(longest_identity())).expect("there is room");
    let netuid = Pallet::<T>::netuids().into_iter().find(|netuid| !before.contains(netuid)).expect("it was created");
    let now: BlockNumber = Pallet::<T>::now();
    OwnerHotkeyChanged::<T>::insert(netuid, now);
    OwnerChanges::<T>::mutate(netuid, |changes| {
        for parameter in Parameter::ALL {
            changes.try_insert(*parameter, now).expect("each parameter has a place");
        }
    });
    netuid
}

fn longest_identity() -> SubnetIdentity {
    let (name, text) = (|| vec![0; MAX_NAME as usize], || vec![0; MAX_TEXT as usize]);
    SubnetIdentity {
        subnet_name: name(),
        github_repo: text(),
        subnet_contact: text(),
        subnet_url: text(),
        discord: name(),
        description: text(),
        logo_url: text(),
        additional: text(),
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_network(n: Linear<2, 256>) {
        fill::<T>(n);
        let coldkey = rich::<T>("coldkey");
        let hotkey = account("hotkey", 0, 0);
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey has no owner");
        LastCreation::<T>::kill();

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey);

        assert_eq!(Pallet::<T>::count(), n);
        assert!(Pallet::<T>::locked() > Amount::<Tao>::ZERO);
    }

    #[benchmark]
    fn register_network_with_identity(n: Linear<2, 256>) {
        fill::<T>(n);
        let coldkey = rich::<T>("coldkey");
        let hotkey = account("hotkey", 0, 0);
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey has no owner");
        LastCreation::<T>::kill();

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), hotkey, Box::new(longest_identity()));

        assert_eq!(Identities::<T>::iter_keys().count(), 1);
    }

    #[benchmark]
    fn dissolve_network(n: Linear<2, 256>) {
        let coldkey = rich::<T>("coldkey");
        fill::<T>(n);
        let netuid = owned::<T>(&coldkey);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid);

        assert!(!Pallet::<T>::exists(netuid));
    }

    #[benchmark]
    fn transfer_network() {
        let coldkey = rich::<T>("coldkey");
        let netuid = owned::<T>(&coldkey);
        let other: T::AccountId = account("other", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid, other.clone());

        assert_eq!(Pallet::<T>::subnet(netuid).and_then(|subnet| subnet.owner), Some(other));
    }

    #[benchmark]
    fn set_subnet_identity() {
        let coldkey = rich::<T>("coldkey");
        let netuid = owned::<T>(&coldkey);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid, Box::new(longest_identity()));

        assert!(Identities::<T>::contains_key(netuid));
    }

    #[benchmark]
    fn set_subnet_owner_hotkey() {
        let coldkey = rich::<T>("coldkey");
        let netuid = owned::<T>(&coldkey);
        let hotkey: T::AccountId = account("another hotkey", 0, 0);
        T::Keys::pair(&coldkey, &hotkey).expect("the hotkey has no owner");
        OwnerHotkeyChanged::<T>::remove(netuid);

        #[extrinsic_call]
        _(RawOrigin::Signed(coldkey), netuid, hotkey.clone());

        assert_eq!(Pallet::<T>::subnet(netuid).and_then(|subnet| subnet.owner_hotkey), Some(hotkey));
    }

    /// Measures a change by governance, which may set all parameters.
    #[benchmark]
    fn set_parameters(n: Linear<2, 256>) {
        let coldkey = rich::<T>("coldkey");
        fill::<T>(n);
        let netuid = owned::<T>(&coldkey);
        Network::<T>::mutate_extant(|network| network.admin_freeze_window = 0);
        let changed = ParametersPatch {
            tempo: Some(100),
            registration_allowed: Some(false),
            emission_enabled: Some(false),
            adjustment_interval: Some(10),
            initial_difficulty: Some(20_000_000),
            max_allowed_uids: Some(200),
            min_childkey_take: Some(Pallet::<T>::network().min_childkey_take),
            ..ParametersPatch::default()
        };
        let origin = T::Governance::try_successful_origin().expect("there is a governance origin");

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, netuid, Box::new(changed));

        assert_eq!(Pallet::<T>::parameters(netuid).map(|set| set.tempo), Some(100));
    }

    #[benchmark]
    fn set_network_parameters(n: Linear<2, 256>) {
        fill::<T>(n);
        let changed = NetworkParametersPatch { subnet_limit: Some(7), ..NetworkParametersPatch::default() };
        let origin = T::Governance::try_successful_origin().expect("there is a governance origin");

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Box::new(changed));

        assert_eq!(Pallet::<T>::network().subnet_limit, 7);
    }

    #[benchmark]
    fn set_default_parameters() {
        let changed = ParametersPatch { kappa: Some(7), ..ParametersPatch::default() };
        let origin = T::Governance::try_successful_origin().expect("there is a governance origin");

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Box::new(changed));

        assert_eq!(crate::DefaultParameters::<T>::get().map(|parameters| parameters.kappa), Some(7));
    }

    #[benchmark]
    fn swap_key(n: Linear<2, 256>) {
        fill::<T>(n);
        let old: T::AccountId = account("old", 0, 0);
        let new: T::AccountId = account("new", 0, 0);
        for netuid in Pallet::<T>::netuids().into_iter().filter(|netuid| !netuid.is_root()) {
            Subnets::<T>::mutate(netuid, |subnet| {
                if let Some(subnet) = subnet {
                    subnet.owner = Some(old.clone());
                }
            });
        }

        #[block]
        {
            Pallet::<T>::coldkey_swapped(&old, &new).expect("it never fails");
        }

        assert_eq!(Pallet::<T>::subnet(NetUid::new(1)).and_then(|subnet| subnet.owner), Some(new));
    }

    #[benchmark]
    fn look_for_removed() {
        let mut meter = WeightMeter::new();

        #[block]
        {
            Pallet::<T>::clear_removed(&mut meter);
        }

        assert!(Cleaning::<T>::get().is_empty());
    }

    /// Measures the clearing of a subnet whose storage is empty.
    #[benchmark]
    fn end_clearing() {
        let coldkey = rich::<T>("coldkey");
        let netuid = owned::<T>(&coldkey);
        Pallet::<T>::end_subnet(netuid).expect("it exists");
        while T::OnSubnet::remove_page(netuid, &mut WeightMeter::with_limit(T::MaxCleaningWeight::get()))
            == CleanupProgress::More
        {}

        #[block]
        {
            Pallet::<T>::clear_removed(&mut WeightMeter::new());
        }

        assert!(Cleaning::<T>::get().is_empty());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
