//! Children: stake weight lent from hotkey to hotkey. spec staking §9.1 to §9.3

use super::Failure;
use crate::{
    ActivationBacklog, Activations, Event, Families,
    mock::*,
    traits::{PayStake, ReadStake},
    weights::{SubstrateWeight, WeightInfo},
};
use frame_support::{
    BoundedVec, assert_noop, assert_ok,
    storage::with_storage_layer,
    weights::{Weight, WeightMeter},
};
use myelin_economics::children::Proportion;
use myelin_pallet_keys::traits::Keys;
use myelin_pallet_subnets::{traits::OnSubnet, types::CleanupProgress};
use myelin_primitives::{NetUid, RAO_PER_TAO, Take};
use myelin_records::{bounds::MAX_PARENTS, parameters::Parameters, stake::FamilyMember};
use sp_runtime::DispatchError;

type Weights = SubstrateWeight<Test>;

const TEN: u64 = 10 * RAO_PER_TAO;
const OTHER_SUBNET: NetUid = NetUid::new(2);

fn set(who: AccountId, hotkey: AccountId, children: &[FamilyMember<AccountId>]) -> Result<(), DispatchError> {
    set_on(who, hotkey, SUBNET, children)
}

fn set_on(
    who: AccountId,
    hotkey: AccountId,
    netuid: NetUid,
    children: &[FamilyMember<AccountId>],
) -> Result<(), DispatchError> {
    let listed = BoundedVec::try_from(children.to_vec()).unwrap();
    // Children without owner get one first. They have none again if the call fails.
    with_storage_layer(|| {
        for child in children.iter().filter(|child| owner(child.hotkey).is_none()) {
            Tables::pair(&OTHER, &child.hotkey)?;
        }
        Staking::set_children(origin(who), hotkey, netuid, listed)
    })
}

/// Makes requested children take effect.
fn cool_down() {
    skip(7_201);
    activate(SUBNET);
}

fn weight(hotkey: AccountId) -> u64 {
    Staking::weight(SUBNET, &hotkey).rao()
}

fn children(hotkey: AccountId) -> Vec<AccountId> {
    Families::<Test>::get(SUBNET, hotkey).children.into_iter().map(|child| child.hotkey).collect()
}

fn parents(hotkey: AccountId) -> Vec<AccountId> {
    Families::<Test>::get(SUBNET, hotkey).parents.into_iter().map(|parent| parent.hotkey).collect()
}

fn one_parent() -> ExtBuilder {
    ExtBuilder::default().staked(OWNER, HOT, 1_000)
}

#[test]
fn children_take_effect_with_the_epoch_after_the_cool_down() {
    one_parent().build_and_execute(|| {
        events();
        let lent = [child(50, HOT_TOO), child(20, FRESH)];
        assert_ok!(set(OWNER, HOT, &lent));
        let listed: BoundedVec<_, _> = lent.to_vec().try_into().unwrap();
        let scheduled =
            Event::SetChildrenScheduled { hotkey: HOT, netuid: SUBNET, after: 7_201, children: listed.clone() };
        assert_eq!(events(), [scheduled]);
        skip_to_block(7_201);
        activate(SUBNET);
        assert_eq!((events(), weight(HOT)), (vec![], 1_000));
        skip_to_block(7_202);
        // Other subnets have epochs of their own.
        activate(OTHER_SUBNET);
        assert_eq!(weight(HOT), 1_000);
        activate(SUBNET);
        assert_eq!(events(), [Event::SetChildren { hotkey: HOT, netuid: SUBNET, children: listed }]);
        // A hundredth of the largest number is rounded down, and so is the lent stake weight.
        assert_eq!((weight(HOT), weight(HOT_TOO), weight(FRESH)), (302, 499, 199));
        assert_eq!((parents(HOT_TOO), parents(FRESH)), (vec![HOT], vec![HOT]));
    });
}

#[test]
fn on_root_and_on_other_subnets_the_plain_stake_counts() {
    one_parent().build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(50, HOT_TOO)]));
        cool_down();
        for netuid in [NetUid::ROOT, OTHER_SUBNET] {
            assert_eq!(Staking::weight(netuid, &HOT), rao(1_000));
            assert_eq!(Staking::weight(netuid, &HOT_TOO), rao(0));
        }
    });
}

#[test]
fn the_checks_come_in_their_order() {
    one_parent().build_and_execute(|| {
        let nobody = BoundedVec::new();
        assert_noop!(Staking::set_children(RuntimeOrigin::none(), HOT, SUBNET, nobody), DispatchError::BadOrigin);
        let six: Vec<_> = (30..36).map(|hotkey| child(50, hotkey)).collect();
        let and = |more: AccountId| [&six[..], &[child(50, more)]].concat();
        assert_noop!(set_on(OTHER, HOT, NetUid::ROOT, &and(30)), Failure::RegistrationNotPermittedOnRootSubnet);
        assert_noop!(set_on(OTHER, HOT, OTHER_SUBNET, &and(30)), Failure::SubNetworkDoesNotExist);
        assert_noop!(set(OTHER, HOT, &and(30)), Failure::NonAssociatedColdKey);
        assert_noop!(set(OWNER, FRESH, &and(30)), Failure::NonAssociatedColdKey);
        assert_noop!(set(OWNER, HOT, &[&and(HOT)[..], &[child(1, HOT)]].concat()), Failure::DuplicateChild);
        assert_noop!(set(OWNER, HOT, &and(HOT)), Failure::InvalidChild);
        assert_noop!(set(OWNER, HOT, &six), Failure::TooManyChildren);

        pair(OTHER, HOT_TOO);
        assert_ok!(set(OTHER, HOT_TOO, &[child(1, HOT)]));
        cool_down();
        set_global(|network| network.stake_threshold = rao(1_001));
        assert_noop!(set(OWNER, HOT, &[child(99, HOT_TOO), child(99, FRESH)]), Failure::ProportionOverflow);
        let as_listed = |children: [FamilyMember<AccountId>; 2]| {
            Staking::set_children(origin(OWNER), HOT, SUBNET, BoundedVec::truncate_from(children.to_vec()))
        };
        let unowned = 99;
        assert_noop!(as_listed([child(99, HOT_TOO), child(99, unowned)]), Failure::ProportionOverflow);
        assert_noop!(as_listed([child(50, HOT_TOO), child(50, unowned)]), Failure::HotKeyAccountNotExists);
        assert_noop!(set(OWNER, HOT, &[child(99, HOT_TOO)]), Failure::ChildParentInconsistency);
        assert_noop!(set(OWNER, HOT, &[child(99, FRESH)]), Failure::NotEnoughStakeToSetChildkeys);
        set_global(|network| network.stake_threshold = rao(1_000));
        assert_ok!(set(OWNER, HOT, &[child(99, FRESH)]));
        // The rate limit comes before everything else.
        assert_noop!(set_on(OTHER, HOT, SUBNET, &and(30)), Failure::TxRateLimitExceeded);
    });
}

#[test]
fn the_whole_can_be_lent_and_not_more() {
    one_parent().build_and_execute(|| {
        let part = |parts, hotkey| FamilyMember { proportion: Proportion::from_parts(parts), hotkey };
        assert_noop!(set(OWNER, HOT, &[part(u64::MAX, 30), part(1, 31)]), Failure::ProportionOverflow);
        assert_ok!(set(OWNER, HOT, &[part(u64::MAX - 1, 30), part(1, 31)]));
        cool_down();
        assert_eq!((weight(HOT), weight(30), weight(31)), (1, 999, 0));
    });
}

#[test]
fn children_are_asked_for_every_150_blocks() {
    one_parent().build_and_execute(|| {
        create_network(OTHER_SUBNET, Parameters::default());
        assert_ok!(set(OWNER, HOT, &[]));
        assert_ok!(set_on(OWNER, HOT, OTHER_SUBNET, &[]));
        skip_to_block(150);
        assert_noop!(set(OWNER, HOT, &[]), Failure::TxRateLimitExceeded);
        skip_to_block(151);
        assert_ok!(set(OWNER, HOT, &[]));
    });
}

#[test]
fn a_later_request_replaces_a_pending_one() {
    one_parent().build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        skip(150);
        assert_ok!(set(OWNER, HOT, &[child(10, 31)]));
        assert_eq!(Activations::<Test>::iter().count(), 1);
        skip_to_block(7_202);
        activate(SUBNET);
        assert!(children(HOT).is_empty());
        skip_to_block(7_352);
        activate(SUBNET);
        assert_eq!(children(HOT), [31]);
    });
}

#[test]
fn new_children_replace_the_old_and_none_revoke_them() {
    one_parent().build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30), child(10, 31)]));
        cool_down();
        assert_ok!(set(OWNER, HOT, &[child(20, 31), child(20, 32)]));
        cool_down();
        assert_eq!((children(HOT), parents(30), parents(31)), (vec![31, 32], vec![], vec![HOT]));
        assert_eq!((weight(HOT), weight(31)), (602, 199));
        // An empty list needs no stake.
        set_global(|network| network.stake_threshold = rao(TEN));
        assert_ok!(set(OWNER, HOT, &[]));
        cool_down();
        assert_eq!((children(HOT), weight(HOT)), (vec![], 1_000));
        assert_eq!(Families::<Test>::iter_key_prefix(SUBNET).collect::<Vec<_>>(), [HOT]);
    });
}

#[test]
fn what_is_lent_is_not_lent_on() {
    one_parent().build_and_execute(|| {
        pair(OTHER, HOT_TOO);
        assert_ok!(set(OWNER, HOT, &[child(100, HOT_TOO)]));
        assert_ok!(set(OTHER, HOT_TOO, &[child(100, HOT_THREE)]));
        cool_down();
        assert_eq!((weight(HOT_TOO), weight(HOT_THREE)), (999, 0));
    });
}

#[test]
fn the_owner_hotkey_of_a_subnet_lends_without_stake() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        set_global(|network| network.stake_threshold = rao(TEN));
        assert_noop!(set(OWNER, HOT, &[child(1, 30)]), Failure::NotEnoughStakeToSetChildkeys);
        Networks::mutate(SUBNET, |network| network.as_mut().unwrap().record.owner_hotkey = Some(HOT));
        assert_ok!(set(OWNER, HOT, &[child(1, 30)]));
        cool_down();
        assert_eq!(children(HOT), [30]);
    });
}

#[test]
fn pending_children_fall_with_the_stake() {
    ExtBuilder::default().staked(OWNER, HOT, 2 * TEN).staked(OWNER, HOT_TOO, 0).build_and_execute(|| {
        create_network(OTHER_SUBNET, Parameters::default());
        set_global(|network| network.stake_threshold = rao(TEN));
        set_global(|network| network.target_stakes_per_interval = 9);
        assert_ok!(set(OWNER, HOT, &[child(1, 30)]));
        cool_down();
        assert_ok!(set(OWNER, HOT, &[child(2, 30)]));
        assert_ok!(set_on(OWNER, HOT, OTHER_SUBNET, &[child(2, 30)]));
        assert_ok!(Staking::remove_stake(origin(OWNER), HOT, rao(TEN)));
        assert_eq!(Activations::<Test>::iter().count(), 2);
        events();
        let looked = Staking::move_stake(origin(OWNER), HOT, HOT_TOO, rao(MIN_STAKE)).unwrap();
        // The weight counts three searched networks.
        assert_eq!(looked.actual_weight, Some(Weights::move_stake(3)));
        assert_eq!(Activations::<Test>::iter().count(), 0);
        let reason = DispatchError::from(Failure::NotEnoughStakeToSetChildkeys);
        let dropped = |netuid| Event::PendingChildrenDropped { hotkey: HOT, netuid, reason };
        assert_eq!(events()[2..4], [dropped(SUBNET), dropped(OTHER_SUBNET)]);
        // Active children stay.
        assert_eq!(Families::<Test>::get(SUBNET, HOT).children[..], [child(1, 30)]);
    });
}

#[test]
fn children_that_break_a_rule_when_their_time_comes_are_dropped() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OTHER, HOT_TOO, 1_000);
    builder.build_and_execute(|| {
        // Each hotkey requests the other as its child. The first request to become active wins.
        assert_ok!(set(OWNER, HOT, &[child(10, HOT_TOO)]));
        next_block();
        assert_ok!(set(OTHER, HOT_TOO, &[child(10, HOT)]));
        events();
        cool_down();
        assert_eq!((children(HOT), children(HOT_TOO)), (vec![HOT_TOO], vec![]));
        let reason = Failure::ChildParentInconsistency.into();
        assert_eq!(events()[1], Event::PendingChildrenDropped { hotkey: HOT_TOO, netuid: SUBNET, reason });

        set_global(|network| network.stake_threshold = rao(1_000));
        assert_ok!(set(OWNER, HOT, &[child(20, HOT_THREE)]));
        set_global(|network| network.stake_threshold = rao(1_001));
        cool_down();
        assert_eq!(children(HOT), [HOT_TOO]);
    });
}

#[test]
fn an_empty_meter_leaves_children_for_the_next_epoch() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OTHER, HOT_TOO, 1_000).build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        assert_ok!(set(OTHER, HOT_TOO, &[child(10, 30)]));
        skip(7_201);
        Staking::queue_children(SUBNET);
        let looks = Weights::queued_activations() + Weights::next_activation();
        let one = Weights::activate_children() + Weights::next_activation();
        for (limit, active) in [(looks, 0), (looks + one, 1), (looks + one, 2), (looks + one, 2)] {
            MaxActivationWeight::set(limit);
            assert!(Staking::activate_children().all_lte(limit));
            assert_eq!(parents(30).len(), active);
            assert_eq!(ActivationBacklog::<Test>::get().contains_key(&SUBNET), active < 2);
            next_block();
        }
    });
}

#[test]
fn children_that_are_due_after_the_epoch_wait_for_the_next_one() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OTHER, HOT_TOO, 1_000).build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        next_block();
        assert_ok!(set(OTHER, HOT_TOO, &[child(10, 30)]));
        skip_to_block(7_202);
        Staking::queue_children(SUBNET);
        let looks = Weights::queued_activations() + Weights::next_activation();
        MaxActivationWeight::set(looks);
        Staking::activate_children();
        // The second list is due by now, and was not in the block of the epoch.
        skip(10);
        MaxActivationWeight::set(Weight::MAX);
        Staking::activate_children();
        assert_eq!(parents(30), [HOT]);
        assert!(ActivationBacklog::<Test>::get().is_empty());
        activate(SUBNET);
        assert_eq!(parents(30), [HOT, HOT_TOO]);
    });
}

#[test]
fn many_lists_of_one_subnet_delay_those_of_others_by_blocks() {
    let parents = 1_000..1_300;
    // A coldkey has 256 hotkeys at most.
    let coldkey = |hotkey: AccountId| if hotkey < 1_150 { OWNER } else { OTHER };
    let stakes = parents.clone().chain([2_000]);
    let builder = stakes.fold(ExtBuilder::default(), |builder, hotkey| builder.staked(coldkey(hotkey), hotkey, 1_000));
    builder.build_and_execute(|| {
        // The part of a block and the weights of the runtime.
        MaxActivationWeight::set(Weight::from_parts(2_000_000_000_000, u64::MAX) / 20);
        create_network(OTHER_SUBNET, Parameters::default());
        // Each lends to the next.
        let next = |hotkey: AccountId| if hotkey < 1_299 { hotkey + 1 } else { 2_000 };
        for hotkey in parents {
            assert_ok!(set(coldkey(hotkey), hotkey, &[child(100, next(hotkey))]));
        }
        next_block();
        assert_ok!(set_on(coldkey(2_000), 2_000, OTHER_SUBNET, &[child(100, FRESH)]));
        skip(7_201);
        Staking::queue_children(SUBNET);
        Staking::queue_children(OTHER_SUBNET);
        let mut blocks = 0;
        while !ActivationBacklog::<Test>::get().is_empty() {
            Staking::activate_children();
            // The list that was due last is the last.
            let waits = Families::<Test>::get(OTHER_SUBNET, 2_000).children.is_empty();
            assert!(waits || Activations::<Test>::iter().next().is_none());
            next_block();
            blocks += 1;
        }
        assert_eq!(Families::<Test>::get(OTHER_SUBNET, 2_000).children[..], [child(100, FRESH)]);
        assert!(blocks > 1 && blocks <= 20, "{blocks} blocks");
    });
}

#[test]
fn lists_of_several_subnets_take_effect_in_the_order_in_which_they_are_due() {
    let builder = ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OTHER, HOT_TOO, 1_000);
    builder.staked(OTHER, HOT_THREE, 1_000).build_and_execute(|| {
        create_network(OTHER_SUBNET, Parameters::default());
        assert_ok!(set_on(OWNER, HOT, OTHER_SUBNET, &[child(1, 30)]));
        next_block();
        assert_ok!(set_on(OTHER, HOT_TOO, SUBNET, &[child(1, 30)]));
        next_block();
        assert_ok!(set_on(OTHER, HOT_THREE, OTHER_SUBNET, &[child(1, 30)]));
        // Two lists of one block: that of the lower netuid comes first.
        assert_ok!(set_on(OTHER, HOT_THREE, SUBNET, &[child(1, 31)]));
        skip(7_201);
        Staking::queue_children(OTHER_SUBNET);
        Staking::queue_children(SUBNET);
        let looks = |networks| Weights::queued_activations() + Weights::next_activation() * networks;
        let one = Weights::activate_children() + Weights::next_activation();
        for (place, networks) in [(OTHER_SUBNET, 2), (SUBNET, 2), (SUBNET, 2), (OTHER_SUBNET, 1)] {
            events();
            MaxActivationWeight::set(looks(networks) + one);
            // The weight of what was done is what a block counts.
            assert_eq!(Staking::activate_children(), looks(networks) + one);
            let active = events().into_iter().map(|event| match event {
                Event::SetChildren { netuid, .. } => netuid,
                event => panic!("{event:?}"),
            });
            assert_eq!(active.collect::<Vec<_>>(), [place]);
            next_block();
        }
        assert!(ActivationBacklog::<Test>::get().is_empty());
        assert_eq!(Staking::activate_children(), looks(0));
    });
}

#[test]
fn a_later_epoch_takes_lists_that_were_due_since_the_one_before() {
    ExtBuilder::default().staked(OWNER, HOT, 1_000).staked(OTHER, HOT_TOO, 1_000).build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        next_block();
        assert_ok!(set(OTHER, HOT_TOO, &[child(10, 30)]));
        skip_to_block(7_202);
        // Only the first list is due before this epoch, and it waits.
        Staking::queue_children(SUBNET);
        MaxActivationWeight::set(Weights::queued_activations() + Weights::next_activation());
        Staking::activate_children();
        skip(10);
        Staking::queue_children(SUBNET);
        assert_eq!(ActivationBacklog::<Test>::get().get(&SUBNET), Some(&7_212));
        MaxActivationWeight::set(Weight::MAX);
        Staking::activate_children();
        assert_eq!(parents(30), [HOT, HOT_TOO]);
    });
}

#[test]
fn lists_wait_while_the_parameters_cannot_be_decoded() {
    one_parent().build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        skip(7_201);
        Unreadable::put(true);
        events();
        activate(SUBNET);
        assert_eq!((events(), parents(30)), (vec![], vec![]));
        assert!(ActivationBacklog::<Test>::get().contains_key(&SUBNET));
        Unreadable::put(false);
        Staking::activate_children();
        assert_eq!(parents(30), [HOT]);
    });
}

#[test]
fn a_request_pays_for_its_activation() {
    assert!(Weights::set_children().all_gte(Weights::activate_children() + Weights::next_activation()));
}

#[test]
fn the_queue_forgets_a_subnet_that_ends() {
    one_parent().build_and_execute(|| {
        assert_ok!(set(OWNER, HOT, &[child(10, 30)]));
        skip(7_201);
        Staking::queue_children(SUBNET);
        assert!(ActivationBacklog::<Test>::get().contains_key(&SUBNET));
        end_network(SUBNET);
        <Staking as OnSubnet<_>>::ended(SUBNET);
        assert!(ActivationBacklog::<Test>::get().is_empty());
        Staking::remove_page(SUBNET, &mut WeightMeter::new());
    });
}

#[test]
fn lending_needs_stake_at_the_request_and_at_the_activation() {
    ExtBuilder::default().staked(OWNER, HOT, TEN).staked(OWNER, HOT_TOO, TEN).build_and_execute(|| {
        let least = |threshold, lending| {
            set_global(|network| {
                network.stake_threshold = rao(threshold);
                network.min_lending_stake = rao(lending);
            });
        };
        for (threshold, lending) in [(0, TEN + 1), (TEN + 1, 0), (TEN + 1, TEN)] {
            least(threshold, lending);
            assert_noop!(set(OWNER, HOT, &[child(1, 30)]), Failure::NotEnoughStakeToSetChildkeys);
        }
        // The owner's hotkey needs the second minimum only.
        Networks::mutate(SUBNET, |network| network.as_mut().unwrap().record.owner_hotkey = Some(HOT));
        assert_ok!(set(OWNER, HOT, &[child(1, 30)]));
        least(TEN, TEN);
        assert_ok!(set(OWNER, HOT_TOO, &[child(1, 30)]));
        events();
        least(TEN + 1, TEN + 1);
        cool_down();
        let reason = DispatchError::from(Failure::NotEnoughStakeToSetChildkeys);
        let dropped = |hotkey| Event::PendingChildrenDropped { hotkey, netuid: SUBNET, reason };
        let told = events();
        assert!(told.contains(&dropped(HOT)) && told.contains(&dropped(HOT_TOO)));
        assert!(parents(30).is_empty());
        // An empty list needs no stake.
        assert_ok!(set(OWNER, HOT, &[]));
    });
}

#[test]
fn a_pending_revocation_and_an_owners_hotkey_survive_a_loss_of_stake() {
    ExtBuilder::default().staked(OWNER, HOT, 2 * TEN).build_and_execute(|| {
        create_network(OTHER_SUBNET, Parameters::default());
        set_global(|network| {
            network.stake_threshold = rao(2 * TEN);
            network.min_lending_stake = rao(TEN);
        });
        Networks::mutate(SUBNET, |network| network.as_mut().unwrap().record.owner_hotkey = Some(HOT));
        assert_ok!(set(OWNER, HOT, &[child(1, 30)]));
        assert_ok!(set_on(OWNER, HOT, OTHER_SUBNET, &[]));
        assert_ok!(Staking::remove_stake(origin(OWNER), HOT, rao(TEN)));
        assert_eq!(Activations::<Test>::iter().count(), 2);
        skip(360);
        assert_ok!(Staking::remove_stake(origin(OWNER), HOT, rao(MIN_STAKE)));
        assert_eq!(Activations::<Test>::iter_keys().map(|(netuid, ..)| netuid).collect::<Vec<_>>(), [OTHER_SUBNET]);
    });
}

#[test]
fn a_child_with_all_parents_it_can_have_takes_one_that_lends_more() {
    let limit = u64::from(MAX_PARENTS);
    let hotkeys = 1_000..1_000 + limit;
    let least = 5 + hotkeys.start;
    // Lending as much as the weakest parent is not enough.
    let mut builder = ExtBuilder::default().staked(OWNER, HOT, 5).staked(OTHER, HOT_TOO, least);
    for hotkey in hotkeys.clone() {
        builder = builder.staked(NOMINATOR, hotkey, 5 + hotkey);
    }
    builder.build_and_execute(|| {
        let everything = [child(100, FRESH)];
        for hotkey in hotkeys.clone() {
            assert_ok!(set(NOMINATOR, hotkey, &everything));
        }
        // This parent finds no place and lends too little to replace another one.
        next_block();
        assert_ok!(set(OTHER, HOT_TOO, &everything));
        events();
        skip(7_202);
        activate(SUBNET);
        assert_eq!(parents(FRESH).len(), hotkeys.clone().count());
        let reason = DispatchError::from(Failure::TooManyParents);
        assert!(events().contains(&Event::PendingChildrenDropped { hotkey: HOT_TOO, netuid: SUBNET, reason }));
        let weakest = parents(FRESH).into_iter().min_by_key(|parent| on(*parent)).unwrap();

        // This parent lends more than the weakest one, which makes room.
        assert_ok!(Staking::add_stake(origin(OWNER), HOT, rao(MIN_STAKE)));
        assert_ok!(set(OWNER, HOT, &[child(50, 30), child(50, FRESH)]));
        cool_down();
        assert!(parents(FRESH).contains(&HOT) && !parents(FRESH).contains(&weakest));
        assert!(children(weakest).is_empty());
        let children = BoundedVec::new();
        assert!(events().contains(&Event::SetChildren { hotkey: weakest, netuid: SUBNET, children }));
    });
}

#[test]
fn a_child_take_has_its_bounds_and_rises_rarely() {
    ExtBuilder::default().build_and_execute(|| {
        pair(OWNER, HOT);
        set_global(|network| network.take_notice = 0);
        let set = |who, netuid, take| Staking::set_childkey_take(origin(who), HOT, netuid, Take::new(take));
        assert_noop!(
            Staking::set_childkey_take(RuntimeOrigin::none(), HOT, SUBNET, Take::new(0)),
            DispatchError::BadOrigin
        );
        assert_noop!(set(OTHER, OTHER_SUBNET, 20_000), Failure::NonAssociatedColdKey);
        assert_noop!(set(OWNER, OTHER_SUBNET, 20_000), Failure::SubNetworkDoesNotExist);
        assert_noop!(set(OWNER, NetUid::ROOT, 20_000), Failure::SubNetworkDoesNotExist);
        assert_noop!(set(OWNER, SUBNET, 11_797), Failure::InvalidChildkeyTake);
        set_parameters(SUBNET, |subnet| subnet.min_childkey_take = Take::new(100));
        assert_noop!(set(OWNER, SUBNET, 99), Failure::InvalidChildkeyTake);
        events();
        assert_ok!(set(OWNER, SUBNET, 5_000));
        let raised = Event::TakeRaiseAnnounced { hotkey: HOT, netuid: Some(SUBNET), take: Take::new(5_000), from: 1 };
        assert_eq!(events(), [raised]);
        // Rising is limited, falling is not, and both restart the time.
        assert_noop!(set(OWNER, SUBNET, 11_797), Failure::InvalidChildkeyTake);
        assert_noop!(set(OWNER, SUBNET, 5_001), Failure::TxChildkeyTakeRateLimitExceeded);
        assert_ok!(set(OWNER, SUBNET, 5_000));
        assert_eq!(events(), [Event::ChildKeyTakeSet { hotkey: HOT, netuid: SUBNET, take: Take::new(5_000) }]);
        skip_to_block(216_000);
        assert_noop!(set(OWNER, SUBNET, 5_001), Failure::TxChildkeyTakeRateLimitExceeded);
        assert_ok!(set(OWNER, SUBNET, 4_000));
        skip_to_block(216_001);
        assert_noop!(set(OWNER, SUBNET, 5_001), Failure::TxChildkeyTakeRateLimitExceeded);
        skip_to_block(2 * 216_000);
        assert_ok!(set(OWNER, SUBNET, 11_796));
    });
}

#[test]
fn a_higher_child_take_is_in_force_after_the_notice_and_a_lower_one_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        set_global(|network| {
            network.take_notice = 20;
            network.tx_childkey_take_rate_limit = 0;
        });
        pair(OWNER, HOT);
        let set = |take| Staking::set_childkey_take(origin(OWNER), HOT, SUBNET, Take::new(take));
        let most = Take::new(11_796);
        let take_at = |block| Families::<Test>::get(SUBNET, HOT).take_at(block, most).get();
        assert_ok!(set(5_000));
        assert_eq!([1, 20, 21].map(take_at), [0, 0, 5_000]);
        skip(30);
        assert_ok!(set(9_000));
        assert_eq!([31, 50, 51].map(take_at), [5_000, 5_000, 9_000]);
        assert_ok!(set(4_000));
        assert_eq!([31, 51].map(take_at), [4_000; 2]);
    });
}

#[test]
fn the_families_of_a_removed_subnet_go_a_page_at_a_time() {
    one_parent().build_and_execute(|| {
        create_network(OTHER_SUBNET, Parameters::default());
        for netuid in [SUBNET, OTHER_SUBNET] {
            assert_ok!(set_on(OWNER, HOT, netuid, &[child(1, 30), child(1, 31)]));
        }
        skip(7_201);
        activate(SUBNET);
        assert_ok!(set(OWNER, HOT, &[]));
        end_network(SUBNET);
        <Staking as OnSubnet<_>>::ended(SUBNET);
        let page = Weights::remove_family() * 2;
        let mut pages = 0;
        while Staking::remove_page(SUBNET, &mut WeightMeter::with_limit(page)) == CleanupProgress::More {
            pages += 1;
        }
        // Three families and a queued activation in two full pages; the third finds nothing.
        assert_eq!(pages, 2);
        assert_eq!(Families::<Test>::iter_key_prefix(SUBNET).count(), 0);
        assert_eq!(Activations::<Test>::iter_key_prefix((SUBNET,)).count(), 0);
        assert_eq!(Staking::remove_page(SUBNET, &mut WeightMeter::with_limit(page)), CleanupProgress::Done);
        // The other subnet keeps what it has.
        assert!(Families::<Test>::get(OTHER_SUBNET, HOT).pending.is_some());
    });
}

#[test]
fn children_need_an_owner() {
    one_parent().build_and_execute(|| {
        let set = |children: &[FamilyMember<AccountId>]| {
            Staking::set_children(origin(OWNER), HOT, SUBNET, BoundedVec::try_from(children.to_vec()).unwrap())
        };
        assert_noop!(set(&[child(50, FRESH)]), Failure::HotKeyAccountNotExists);
        pair(OTHER, FRESH);
        assert_ok!(set(&[child(50, FRESH)]));
        // A child that has no owner when the list takes effect drops the list.
        Owners::remove(FRESH);
        events();
        cool_down();
        let reason = Failure::HotKeyAccountNotExists.into();
        assert_eq!(events(), [Event::PendingChildrenDropped { hotkey: HOT, netuid: SUBNET, reason }]);
        assert_eq!((weight(HOT), weight(FRESH)), (1_000, 0));
        Owners::insert(FRESH, OTHER);
    });
}
