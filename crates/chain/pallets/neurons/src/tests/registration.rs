//! Registration by burning TAO. spec subnets-and-neurons §7

use super::{admission, burned_register, signed, uid};
use crate::{
    Error, Event, MembershipsOf, SeatsOf,
    mock::{
        Balances, ENDOWMENT, EXISTENTIAL_DEPOSIT, ExtBuilder, IN_SWAP, NOT_YOURS, Neurons, Owners, RuntimeOrigin,
        SUBNET, Swapping, Test, Told, account, clear, create, end, events, fill, next_block, open_wide, run_to_block,
        set, told,
    },
    traits::ReadSeats,
};
use frame_support::{
    assert_noop, assert_ok,
    traits::{
        fungible::{Inspect, Mutate},
        tokens::Preservation,
    },
};
use myelin_economics::adjustment::Registrations;
use myelin_primitives::{Amount, NetUid, RAO_PER_TAO};
use myelin_records::{
    parameters::{Parameters, ParametersPatch},
    seat::Seat,
};
use sp_runtime::DispatchError::BadOrigin;

#[test]
fn a_registration_burns_the_price_and_takes_the_next_seat() {
    ExtBuilder::default().build_and_execute(|| {
        let issuance = Balances::total_issuance();
        assert_ok!(burned_register(1, 101));

        assert_eq!(Balances::balance(&account(1)), ENDOWMENT - RAO_PER_TAO);
        assert_eq!(Balances::total_issuance(), issuance - RAO_PER_TAO);
        assert_eq!(Neurons::seats(SUBNET), [Seat { hotkey: account(101), registered_at: 1 }]);
        assert_eq!(Neurons::uid(SUBNET, &account(101)), Some(uid(0)));
        assert_eq!(Neurons::hotkey(SUBNET, uid(0)), Some(account(101)));
        assert_eq!(Owners::get(account(101)), Some(account(1)));
        assert_eq!(told(), [Told::Taken(SUBNET, uid(0), account(101))]);
        assert_eq!(events(), [Event::NeuronRegistered { netuid: SUBNET, uid: uid(0), hotkey: account(101) }]);
        let admission = admission(SUBNET);
        assert_eq!(admission.interval, Registrations { total: 1, by_work: 0, by_burn: 1 });
        assert_eq!(admission.latest.of(1), 1);
        assert_eq!(admission.recycled, Amount::ONE_TAO);

        next_block();
        assert_ok!(burned_register(1, 102));
        assert_eq!(Neurons::uid(SUBNET, &account(102)), Some(uid(1)));
        assert_eq!(<Neurons as ReadSeats<_>>::count(SUBNET), 2);
    });
}

#[test]
fn the_preconditions_are_checked_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        // All preconditions are broken at first, and are then met one after the other.
        let (subnet, nowhere) = (NetUid::new(2), NetUid::new(9));
        let closed = Parameters {
            registration_allowed: false,
            max_registrations_per_block: 0,
            initial_burn: Amount::from_rao(2 * RAO_PER_TAO),
            max_allowed_uids: 0,
            max_allowed_validators: 0,
            ..Parameters::default()
        };
        create(subnet, closed, None);
        Owners::insert(account(101), account(2));
        Balances::set_balance(&account(1), 0);
        Swapping::insert(account(1), ());
        let patch = |patch| set(subnet, &patch);
        let register = |netuid| Neurons::burned_register(signed(1), netuid, account(101));

        assert_noop!(Neurons::burned_register(RuntimeOrigin::none(), subnet, account(101)), BadOrigin);
        assert_noop!(Neurons::burned_register(RuntimeOrigin::root(), subnet, account(101)), BadOrigin);
        assert_noop!(register(NetUid::ROOT), IN_SWAP);
        Swapping::remove(account(1));
        assert_noop!(register(NetUid::ROOT), Error::<Test>::RegistrationNotPermittedOnRootSubnet);
        assert_noop!(register(nowhere), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(register(subnet), Error::<Test>::SubNetRegistrationDisabled);
        patch(ParametersPatch { registration_allowed: Some(true), ..Default::default() });
        assert_noop!(register(subnet), Error::<Test>::TooManyRegistrationsThisBlock);
        patch(ParametersPatch { max_registrations_per_block: Some(9), ..Default::default() });
        crate::Admissions::<Test>::mutate_extant(subnet, |admission| admission.interval.total = 3);
        MembershipsOf::<Test>::try_mutate(account(101), |seats| seats.try_insert(subnet, uid(0))).unwrap();
        assert_noop!(register(subnet), Error::<Test>::TooManyRegistrationsThisInterval);
        crate::Admissions::<Test>::mutate_extant(subnet, |admission| admission.interval.total = 2);
        assert_noop!(register(subnet), Error::<Test>::HotKeyAlreadyRegisteredInSubNet);
        MembershipsOf::<Test>::remove(account(101));
        assert_noop!(register(subnet), Error::<Test>::NotEnoughBalanceToStake);
        Balances::set_balance(&account(1), ENDOWMENT);
        assert_noop!(register(subnet), NOT_YOURS);
        Owners::remove(account(101));
        assert_noop!(register(subnet), NOT_YOURS);
        Owners::insert(account(101), account(1));
        assert_noop!(register(subnet), Error::<Test>::NoNeuronIdAvailable);
        patch(ParametersPatch { max_allowed_uids: Some(1), ..Default::default() });
        assert_ok!(register(subnet));
    });
}

#[test]
fn the_payer_keeps_the_existential_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        let give = |from, to, rao| {
            assert_ok!(Balances::transfer(&account(from), &account(to), rao, Preservation::Preserve));
        };
        give(1, 2, ENDOWMENT - RAO_PER_TAO - EXISTENTIAL_DEPOSIT + 1);
        assert_noop!(burned_register(1, 101), Error::<Test>::NotEnoughBalanceToStake);
        give(2, 1, 1);
        assert_ok!(burned_register(1, 101));
        assert_eq!(Balances::balance(&account(1)), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn a_block_admits_one_and_an_interval_three_times_the_target() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        assert_noop!(burned_register(2, 102), Error::<Test>::TooManyRegistrationsThisBlock);
        next_block();
        assert_ok!(burned_register(2, 102));
        next_block();
        assert_ok!(burned_register(3, 103));
        next_block();
        assert_noop!(burned_register(4, 104), Error::<Test>::TooManyRegistrationsThisInterval);
        run_to_block(359);
        assert_noop!(burned_register(4, 104), Error::<Test>::TooManyRegistrationsThisInterval);
        next_block();
        assert_ok!(burned_register(4, 104));
    });
}

#[test]
fn a_hotkey_sits_once_on_a_network_and_on_as_many_as_it_likes() {
    ExtBuilder::default().build_and_execute(|| {
        create(NetUid::new(2), Parameters::default(), None);
        open_wide(SUBNET);
        assert_ok!(burned_register(1, 101));
        assert_noop!(burned_register(1, 101), Error::<Test>::HotKeyAlreadyRegisteredInSubNet);
        assert_ok!(Neurons::burned_register(signed(1), NetUid::new(2), account(101)));
        let seats = MembershipsOf::<Test>::get(account(101));
        assert_eq!(seats.keys().copied().collect::<Vec<_>>(), [SUBNET, NetUid::new(2)]);
    });
}

#[test]
fn a_price_limit_is_kept() {
    ExtBuilder::default().build_and_execute(|| {
        let register =
            |netuid, limit| Neurons::register_limit(signed(1), netuid, account(101), Amount::from_rao(limit));
        Owners::insert(account(101), account(1));
        assert_noop!(register(SUBNET, RAO_PER_TAO - 1), Error::<Test>::RegistrationPriceLimitExceeded);
        assert_noop!(register(NetUid::new(9), 0), Error::<Test>::SubNetworkDoesNotExist);
        assert_noop!(register(NetUid::ROOT, u64::MAX), Error::<Test>::RegistrationNotPermittedOnRootSubnet);
        assert_ok!(register(SUBNET, RAO_PER_TAO));
        assert_eq!(Balances::balance(&account(1)), ENDOWMENT - RAO_PER_TAO);
    });
}

#[test]
fn the_limit_is_checked_before_anything_else() {
    ExtBuilder::default().build_and_execute(|| {
        set(SUBNET, &ParametersPatch { registration_allowed: Some(false), ..Default::default() });
        let register = |limit| Neurons::register_limit(signed(1), SUBNET, account(101), Amount::from_rao(limit));
        assert_noop!(register(0), Error::<Test>::RegistrationPriceLimitExceeded);
        assert_noop!(register(u64::MAX), Error::<Test>::SubNetRegistrationDisabled);
    });
}

#[test]
fn a_full_network_grows_when_it_gets_more_seats() {
    ExtBuilder::default().build_and_execute(|| {
        let seats = |max| ParametersPatch {
            max_allowed_uids: Some(max),
            max_allowed_validators: Some(1),
            ..Default::default()
        };
        fill(SUBNET, 4);
        set(SUBNET, &seats(4));
        assert_ok!(burned_register(1, 101));
        assert_eq!(SeatsOf::<Test>::get(SUBNET).len(), 4);
        set(SUBNET, &seats(5));
        assert_ok!(burned_register(1, 102));
        assert_eq!(Neurons::uid(SUBNET, &account(102)), Some(uid(4)));
    });
}

#[test]
fn a_network_that_has_ended_admits_nobody() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        end(SUBNET);
        assert_noop!(burned_register(2, 102), Error::<Test>::SubNetworkDoesNotExist);
        clear(SUBNET);
        create(SUBNET, Parameters::default(), None);
        assert_ok!(burned_register(1, 101));
        assert_eq!(Neurons::uid(SUBNET, &account(101)), Some(uid(0)));
    });
}
