//! Each invariant detects its broken state.

use crate::{
    Cleaning, DefaultParameters, Identities, Network, NetworkSettings, OwnerChanges, OwnerHotkeyChanged, Tempos,
    TotalLocked, mock::*,
};
use frame_support::{assert_ok, storage::with_transaction};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    parameters::Parameters,
    subnet::{StoredSubnetIdentity, Subnet},
};
use sp_runtime::{DispatchError, TransactionOutcome};

/// Returns the error of the invariants after `harm`, and undoes the harm.
///
/// The chain has subnet 1 without owner and subnet 2 of Alice.
fn after(harm: impl FnOnce()) -> DispatchError {
    let mut answer = Ok(());
    ExtBuilder::default().subnets(1).build_and_execute(|| {
        assert_ok!(create(ALICE, HOT_A));
        answer = with_transaction(|| {
            harm();
            TransactionOutcome::Rollback(Subnets::do_try_state())
        });
    });
    answer.expect_err("the harm is noticed")
}

fn broken(what: &'static str) -> DispatchError {
    DispatchError::Other(what)
}

#[test]
fn an_unharmed_chain_is_sound() {
    ExtBuilder::default().subnets(1).build_and_execute(|| assert_eq!(Subnets::do_try_state(), Ok(())));
}

#[test]
fn the_index_has_every_network() {
    let records = crate::Subnets::<Test>::remove;
    assert_eq!(after(|| records(netuid(1))), broken("a network has no record"));
    assert_eq!(
        after(|| assert!(Tempos::<Test>::mutate(|tempos| tempos.remove(&netuid(1))).is_some())),
        broken("a record belongs to no network")
    );
    assert_eq!(
        after(|| NetworkSettings::<Test>::insert(netuid(7), Parameters::default())),
        broken("parameters belong to no network")
    );
    let other_tempo = || NetworkSettings::<Test>::insert(netuid(1), Parameters { tempo: 3, ..Parameters::default() });
    assert_eq!(after(other_tempo), broken("the index has another tempo than the parameters"));
}

#[test]
fn root_is_there_and_nobodys() {
    let root = |harm: fn(&mut Subnet<AccountId>)| {
        after(|| crate::Subnets::<Test>::mutate(NetUid::ROOT, |root| harm(root.as_mut().expect("root exists"))))
    };
    assert_eq!(root(|root| root.owner = Some(ALICE)), broken("root has an owner"));
    assert_eq!(root(|root| root.locked = Amount::ONE_TAO), broken("something is locked for root"));
    let without_root = || {
        crate::Subnets::<Test>::remove(NetUid::ROOT);
        NetworkSettings::<Test>::remove(NetUid::ROOT);
        Tempos::<Test>::mutate(|tempos| tempos.remove(&NetUid::ROOT));
    };
    assert_eq!(after(without_root), broken("root does not exist"));
}

#[test]
fn the_total_is_the_sum_of_locks() {
    assert_eq!(after(TotalLocked::<Test>::kill), broken("the total of locks is not their sum"));
}

#[test]
fn parameters_go_together() {
    let no_seat = || Parameters { max_allowed_uids: 0, ..Parameters::default() };
    assert_eq!(
        after(|| NetworkSettings::<Test>::insert(netuid(1), no_seat())),
        broken("the parameters of a network do not go together")
    );
    assert_eq!(
        after(|| DefaultParameters::<Test>::put(no_seat())),
        broken("the default parameters do not go together")
    );
    assert_eq!(
        after(|| Network::<Test>::mutate_extant(|network| network.subnet_limit = 256)),
        broken("the shared parameters do not go together")
    );
}

#[test]
fn only_owners_have_a_say() {
    let named = |number| {
        after(move || {
            crate::Subnets::<Test>::mutate(netuid(number), |subnet| {
                subnet.as_mut().expect("it exists").owner_hotkey = Some(HOT_B);
            });
        })
    };
    assert_eq!(named(1), broken("a hotkey represents no owner"));
    for number in [1, 7] {
        let identity = || Identities::<Test>::insert(netuid(number), StoredSubnetIdentity::default());
        assert_eq!(after(identity), broken("an identity belongs to no owned subnet"));
        let changes = || OwnerChanges::<Test>::insert(netuid(number), frame_support::BoundedBTreeMap::new());
        assert_eq!(after(changes), broken("a subnet without owner has changes by an owner"));
        let hotkey = || OwnerHotkeyChanged::<Test>::insert(netuid(number), 1);
        assert_eq!(after(hotkey), broken("a subnet without owner has a change of the owner's hotkey"));
    }
}

#[test]
fn removed_subnets_are_gone_and_wait_once() {
    let queue = |numbers: &[u16]| {
        let waiting: Vec<NetUid> = numbers.iter().copied().map(netuid).collect();
        after(|| Cleaning::<Test>::put(frame_support::BoundedVec::truncate_from(waiting)))
    };
    assert_eq!(queue(&[1]), broken("a network is cleared while it exists"));
    assert_eq!(queue(&[0]), broken("a network is cleared while it exists"));
    assert_eq!(queue(&[7, 8, 7]), broken("a subnet is cleared twice"));
}
