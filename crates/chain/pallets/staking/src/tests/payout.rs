//! Payout of emission as stake. spec tokenomics §7, staking §9.4

use super::Failure;
use crate::{
    Holdings, Hotkeys, Nominations, Pools, TotalStake,
    mock::*,
    traits::{PayStake, ReadStake},
};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use myelin_economics::{division::Emission, pool::Holding};
use myelin_primitives::{RAO_PER_TAO, Take};
use sp_io::TestExternalities;

const NINE_PERCENT: u16 = 5_898;

#[test]
fn a_delegate_takes_and_shares() {
    // Stake of owner and nominators before and after a validator emission of 1 000. The owner gets the remainder of the
    // rounding, less at most one rao for each nominator. spec tokenomics §7.3
    for (before, after) in [
        (&[200, 300][..], &[653, 846][..]),
        (&[200, 200], &[744, 655]),
        (&[1_000, 1_000, 1_000], &[1_392, 1_303, 1_303]),
    ] {
        let coldkeys = [OWNER, NOMINATOR, OTHER];
        let mut builder = ExtBuilder::default();
        for (coldkey, stake) in coldkeys.into_iter().zip(before) {
            builder = builder.staked(coldkey, HOT, *stake);
        }
        builder.build_and_execute(|| {
            delegate(OWNER, HOT, NINE_PERCENT);
            assert_ok!(pay(SUBNET, HOT, 0, 1_000));
            let stakes: Vec<_> = coldkeys.into_iter().take(before.len()).map(|coldkey| stake(coldkey, HOT)).collect();
            assert_eq!(stakes, after);
            assert_eq!(on(HOT), before.iter().sum::<u64>() + 1_000);
        });
    }
}

#[test]
fn who_is_no_delegate_keeps_everything() {
    ExtBuilder::default().staked(OWNER, HOT, 100).build_and_execute(|| {
        assert_ok!(pay(SUBNET, HOT, 0, 100));
        assert_eq!(stake(OWNER, HOT), 200);
    });
}

#[test]
fn what_is_earned_for_mining_is_the_owners() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(NOMINATOR, HOT, 1_000).build_and_execute(|| {
        delegate(OWNER, HOT, NINE_PERCENT);
        assert_ok!(pay(SUBNET, HOT, 500, 0));
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (1_500, 1_000));
    });
}

#[test]
fn payments_of_one_epoch_add_up() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OWNER, HOT_TOO, 500).build_and_execute(|| {
        assert_ok!(pay_all(SUBNET, &[(HOT, 7, 0), (HOT_TOO, 5, 20), (HOT, 0, 30)]));
        assert_eq!((stake(OWNER, HOT), stake(OWNER, HOT_TOO)), (1_037, 525));
        assert_eq!(TotalStake::<Test>::get(), rao(1_562));
    });
}

#[test]
fn a_hotkey_without_stake_earns_for_its_owner() {
    ExtBuilder::default().build_and_execute(|| {
        delegate(OWNER, HOT, NINE_PERCENT);
        assert_ok!(pay(SUBNET, HOT, 10, 20));
        assert_eq!(stake(OWNER, HOT), 30);
    });
}

#[test]
fn an_owner_without_stake_receives_its_take() {
    ExtBuilder::default().staked(OWNER, HOT, 0).staked(NOMINATOR, HOT, 10_000).build_and_execute(|| {
        delegate(OWNER, HOT, NINE_PERCENT);
        assert_ok!(pay(SUBNET, HOT, 0, 1_000));
        assert_eq!((stake(OWNER, HOT), stake(NOMINATOR, HOT)), (88, 10_911));
        // The owner has a holding in the pool and is no nominator.
        assert!(!Nominations::<Test>::contains_key(OWNER));
    });
}

#[test]
fn nobody_is_paid_for_a_hotkey_without_an_owner() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(pay(SUBNET, HOT, 1, 1), Failure::HotKeyAccountNotExists);
        assert_ok!(pay(SUBNET, HOT, 0, 0));
    });
}

#[test]
fn more_than_any_amount_is_refused() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).build_and_execute(|| {
        assert_noop!(pay(SUBNET, HOT, u64::MAX, 0), Failure::InconsistentStake);
        assert_noop!(pay(SUBNET, HOT, u64::MAX, u64::MAX), Failure::InconsistentStake);
    });
}

/// Lends half of the stake on `HOT` to `HOT_TOO`, a hotkey of this owner.
fn lend_half(owner: AccountId) {
    pair(owner, HOT_TOO);
    let children = BoundedVec::try_from(vec![child(50, HOT_TOO)]).unwrap();
    assert_ok!(Staking::set_children(origin(OWNER), HOT, SUBNET, children));
    skip(7_201);
    activate(SUBNET);
}

/// Sets the greatest take of the child `HOT_TOO` of this owner, and lets the notice pass.
fn take_all(owner: AccountId) {
    assert_ok!(Staking::set_childkey_take(origin(owner), HOT_TOO, SUBNET, Take::new(11_796)));
    skip(50_400);
}

#[test]
fn an_announced_take_of_a_child_is_not_paid_before_its_time() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000_000).staked(OTHER, HOT_TOO, 500_001).build_and_execute(|| {
        lend_half(OTHER);
        assert_ok!(Staking::set_childkey_take(origin(OTHER), HOT_TOO, SUBNET, Take::new(11_796)));
        next_block();
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
        assert_eq!(on(HOT), 1_000_000 + 4_999);
    });
}

#[test]
fn takes_of_children_above_a_lowered_maximum_are_the_maximum() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000_000).staked(OTHER, HOT_TOO, 500_001).build_and_execute(|| {
        lend_half(OTHER);
        take_all(OTHER);
        set_global(|network| network.max_childkey_take = Take::new(NINE_PERCENT));
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
        assert_eq!(on(HOT), 1_000_000 + 4_999 - 4_999 * u64::from(NINE_PERCENT) / 65_535);
    });
}

#[test]
fn nominators_of_a_parent_give_up_the_greatest_take_once() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 0).staked(NOMINATOR, HOT, 1_000_000);
    builder.build_and_execute(|| {
        delegate(OWNER, HOT, 11_796);
        pair(OTHER, HOT_TOO);
        let children = BoundedVec::try_from(vec![child(100, HOT_TOO)]).unwrap();
        assert_ok!(Staking::set_children(origin(OWNER), HOT, SUBNET, children));
        take_all(OTHER);
        activate(SUBNET);
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
        // The child takes nothing of a delegate that takes 18 %; a rao of a hundred shares stays with the child.
        let taken = 10_000 * 11_796 / 65_535;
        assert_eq!((on(HOT_TOO), on(HOT)), (0, 1_010_000));
        assert_eq!(stake(NOMINATOR, HOT), 1_000_000 + 10_000 - taken);
    });
}

#[test]
fn parents_earn_with_what_they_lend() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 600_000).staked(NOMINATOR, HOT, 400_000);
    builder.staked(OTHER, HOT_TOO, 500_001).build_and_execute(|| {
        delegate(OWNER, HOT, 0);
        lend_half(OTHER);
        assert_eq!(Staking::weight(SUBNET, &HOT_TOO), rao(1_000_000));
        assert_ok!(pay(SUBNET, HOT_TOO, 7, 1_000));
        // 499 999 of 1 000 000 are lent, so 499 of 1 000 are the parent's, shared with its nominator.
        assert_eq!((on(HOT), on(HOT_TOO)), (1_000_499, 500_001 + 501 + 7));
        assert_eq!(stake(NOMINATOR, HOT), 400_199);
    });
}

#[test]
fn a_child_takes_from_its_parents_unless_one_owner_has_both() {
    for (owner, taken) in [(OTHER, 4_999 * 11_796 / 65_535), (OWNER, 0)] {
        let builder = ExtBuilder::default().staked(OWNER, HOT, 1_000_000).staked(owner, HOT_TOO, 500_001);
        builder.build_and_execute(|| {
            lend_half(owner);
            take_all(owner);
            delegate(owner, HOT_TOO, 0);
            assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
            assert_eq!(on(HOT), 1_000_000 + 4_999 - taken);
            assert_eq!(on(HOT_TOO), 500_001 + 5_001 + taken);
        });
    }
}

#[test]
fn what_a_child_takes_is_its_owners_alone() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 1_000_000);
    builder.staked(OTHER, HOT_TOO, 250_000).staked(NOMINATOR, HOT_TOO, 250_001).build_and_execute(|| {
        delegate(OTHER, HOT_TOO, 0);
        lend_half(OTHER);
        take_all(OTHER);
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
        let taken = 4_999 * 11_796 / 65_535;
        assert_eq!(stake(NOMINATOR, HOT_TOO), 250_001 + 2_500);
        assert_eq!(on(HOT_TOO), 500_001 + 5_001 + taken);
    });
}

#[test]
fn the_subnets_least_child_take_counts() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000_000).staked(OTHER, HOT_TOO, 500_001).build_and_execute(|| {
        lend_half(OTHER);
        set_parameters(SUBNET, |subnet| subnet.min_childkey_take = Take::new(u16::MAX));
        assert_ok!(pay(SUBNET, HOT_TOO, 0, 10_000));
        assert_eq!(on(HOT), 1_000_000);
    });
}

#[test]
fn mining_is_not_shared_with_parents() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000_000).build_and_execute(|| {
        lend_half(OTHER);
        assert_ok!(pay(SUBNET, HOT_TOO, 10_000, 0));
        assert_eq!((on(HOT), on(HOT_TOO)), (1_000_000, 10_000));
    });
}

/// Builds a chain with a delegate that has this many nominators.
fn nominated(nominators: u64) -> TestExternalities {
    let mut ext = ExtBuilder::default().staked(OWNER, HOT, RAO_PER_TAO).build();
    ext.execute_with(|| {
        delegate(OWNER, HOT, NINE_PERCENT);
        let id = Hotkeys::<Test>::get(HOT).unwrap().pool.unwrap();
        // Nominations are written directly, because only the payout is measured.
        let mut stake = Pools::<Test>::get(id).unwrap();
        for nominator in 1_000_000..1_000_000 + nominators {
            let mut holding = Holding::default();
            stake.pool.deposit(&mut holding, rao(MIN_STAKE)).unwrap();
            Holdings::<Test>::insert(id, nominator, holding);
            Nominations::<Test>::insert(nominator, BoundedVec::truncate_from(vec![id]));
        }
        stake.holders += u32::try_from(nominators).unwrap();
        TotalStake::<Test>::put(stake.pool.value());
        Pools::<Test>::insert(id, stake);
    });
    ext.commit_all().unwrap();
    ext
}

/// Returns the number of keys that a payout to `HOT` writes, and of trie nodes that it reads.
fn footprint(ext: &mut TestExternalities) -> (usize, usize) {
    let emission = Emission { miner: rao(0), validator: rao(RAO_PER_TAO) };
    let (paid, proof) = ext.execute_and_prove(|| Staking::pay(SUBNET, [(&HOT, emission)]));
    assert_ok!(paid);
    let keys = ext.overlayed_changes().changes().count();
    (keys, proof.into_nodes().len())
}

#[test]
fn a_payout_costs_the_same_however_many_nominators_there_are() {
    let (keys_one, nodes_one) = footprint(&mut nominated(1));
    let mut many = nominated(100_000);
    let (keys_many, nodes_many) = footprint(&mut many);
    // The pool, the owner's part and the total are written.
    assert_eq!((keys_one, keys_many), (3, 3));
    // A larger state is a deeper trie, with a few nodes more per key, but not one per nominator.
    assert!(nodes_many <= nodes_one + 5 * 8, "{nodes_many} nodes instead of {nodes_one}");
    many.execute_with(|| {
        let id = Hotkeys::<Test>::get(HOT).unwrap().pool.unwrap();
        let worth = Staking::worth(id, &1_000_077);
        let shared = RAO_PER_TAO - RAO_PER_TAO * u64::from(NINE_PERCENT) / 65_535;
        let total = RAO_PER_TAO + 100_000 * MIN_STAKE;
        let share = u128::from(shared) * u128::from(MIN_STAKE) / u128::from(total);
        assert_eq!(u128::from(worth.rao()), u128::from(MIN_STAKE) + share);
    });
}
