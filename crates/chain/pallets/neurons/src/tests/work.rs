//! Registration by proof of work. spec subnets-and-neurons §8.1

use super::{admission, signed, uid};
use crate::{
    Error, Event, MembershipsOf, UsedWork,
    mock::{
        Balances, CONSENT, ExtBuilder, LeastDifficulty, NOT_YOURS, Neurons, Owners, RuntimeOrigin, SUBNET, Swapping,
        Test, account, block_hash, create, events, next_block, open_wide, paired, run_to_block, set, told,
    },
    traits::ReadSeats,
    types::UsedSeal,
};
use frame_support::{BoundedVec, assert_noop, assert_ok, dispatch::DispatchResult, traits::fungible::Inspect};
use myelin_economics::{adjustment::Registrations, work::WorkChallenge};
use myelin_primitives::{BlockNumber, NetUid};
use myelin_records::parameters::{Parameters, ParametersPatch};
use sp_runtime::DispatchError::BadOrigin;

/// A difficulty that takes a few dozen attempts.
const DIFFICULTY: u64 = 32;

fn easy() -> ParametersPatch {
    ParametersPatch {
        pow_registration_allowed: Some(true),
        initial_difficulty: Some(DIFFICULTY),
        min_difficulty: Some(1),
        ..Default::default()
    }
}

fn challenge(block: BlockNumber, hotkey: u16) -> WorkChallenge {
    WorkChallenge::new(&block_hash(block), &account(hotkey).into())
}

/// Returns a nonce and its seal that meet the difficulty.
fn search(block: BlockNumber, hotkey: u16) -> (u64, Vec<u8>) {
    let (nonce, seal) = challenge(block, hotkey).search(0.., DIFFICULTY).unwrap();
    (nonce, seal.as_bytes().to_vec())
}

/// Registers a hotkey on the subnet for a coldkey, signed by the hotkey, with work on this block.
fn register(hotkey: u16, coldkey: u16, block: BlockNumber) -> DispatchResult {
    register_on(SUBNET, hotkey, coldkey, block)
}

fn register_on(netuid: NetUid, hotkey: u16, coldkey: u16, block: BlockNumber) -> DispatchResult {
    let (nonce, work) = search(block, hotkey);
    Neurons::register(signed(hotkey), netuid, block, nonce, work, account(hotkey), account(coldkey), CONSENT)
}

#[test]
fn work_pays_for_a_seat_without_any_tao() {
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        run_to_block(5);
        told();
        assert_eq!(Balances::balance(&account(500)), 0);
        let issuance = Balances::total_issuance();
        assert_ok!(register(500, 501, 4));

        assert_eq!(Neurons::hotkey(SUBNET, uid(0)), Some(account(500)));
        assert_eq!(Owners::get(account(500)), Some(account(501)));
        assert_eq!(Balances::total_issuance(), issuance);
        let admission = admission(SUBNET);
        assert_eq!(admission.interval, Registrations { total: 1, by_work: 1, by_burn: 0 });
        assert_eq!(admission.latest.of(5), 1);
        assert!(admission.recycled.is_zero());
        assert_eq!(events(), [Event::NeuronRegistered { netuid: SUBNET, uid: uid(0), hotkey: account(500) }]);
        assert_eq!(UsedWork::<Test>::get()[0].worked_on, 4);
    });
}

#[test]
fn every_network_asks_for_the_least_difficulty() {
    let free = ParametersPatch { initial_difficulty: Some(0), min_difficulty: Some(0), ..easy() };
    ExtBuilder::default().parameters(&free).build_and_execute(|| {
        run_to_block(5);
        LeastDifficulty::put(u64::MAX);
        assert_noop!(register(500, 501, 4), Error::<Test>::InvalidDifficulty);
        LeastDifficulty::put(DIFFICULTY);
        assert_ok!(register(500, 501, 4));
    });
}

#[test]
fn neither_way_takes_more_than_two_thirds_of_an_interval() {
    let burn = |number| {
        paired(number, number + 100, || Neurons::burned_register(signed(number), SUBNET, account(number + 100)))
    };
    let wide = ParametersPatch { max_registrations_per_block: Some(9), ..easy() };
    let too_many = || Error::<Test>::TooManyRegistrationsThisInterval;
    ExtBuilder::default().parameters(&wide).build_and_execute(|| {
        run_to_block(5);
        assert_ok!(register(500, 501, 4));
        assert_ok!(register(502, 503, 4));
        assert_noop!(register(504, 505, 4), too_many());
        assert_ok!(burn(1));
        assert_noop!(burn(2), too_many());
    });
    ExtBuilder::default().parameters(&wide).build_and_execute(|| {
        run_to_block(5);
        assert_ok!(burn(1));
        assert_ok!(burn(2));
        assert_noop!(burn(3), too_many());
        assert_ok!(register(500, 501, 4));
    });
    let work_alone = ParametersPatch { registration_allowed: Some(false), ..wide };
    ExtBuilder::default().parameters(&work_alone).build_and_execute(|| {
        run_to_block(5);
        for number in [500, 502, 504] {
            assert_ok!(register(number, number + 1, 4));
        }
    });
}

#[test]
fn the_preconditions_are_checked_in_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        let (subnet, nowhere) = (NetUid::new(2), NetUid::new(9));
        let closed = Parameters {
            max_registrations_per_block: 0,
            initial_difficulty: DIFFICULTY,
            min_difficulty: 1,
            max_allowed_uids: 0,
            max_allowed_validators: 0,
            ..Parameters::default()
        };
        create(subnet, closed, None);
        run_to_block(10);
        Owners::insert(account(500), account(2));
        let (nonce, good) = search(9, 500);
        // This seal meets the difficulty, but belongs to another hotkey.
        let (_, foreign) = search(9, 600);
        let (poor_nonce, poor) = (0..1_000)
            .map(|nonce| (nonce, challenge(9, 500).seal(nonce)))
            .find(|(_, seal)| !seal.meets(DIFFICULTY))
            .unwrap();
        let use_up = |seal: &[u8]| {
            let used = UsedSeal { worked_on: 9, seal: seal.try_into().unwrap() };
            UsedWork::<Test>::put(BoundedVec::truncate_from(vec![used]));
        };
        let call = |signer, netuid, block, nonce, work: &[u8]| {
            Neurons::register(signer, netuid, block, nonce, work.to_vec(), account(500), account(501), CONSENT)
        };
        let register = |block, nonce, work: &[u8]| call(signed(500), subnet, block, nonce, work);
        let patch = |patch| set(subnet, &patch);

        assert_noop!(call(RuntimeOrigin::none(), NetUid::ROOT, 3, 0, b""), BadOrigin);
        assert_noop!(call(signed(501), NetUid::ROOT, 3, 0, b""), Error::<Test>::TransactorAccountShouldBeHotKey);
        assert_noop!(call(signed(500), NetUid::ROOT, 3, 0, b""), Error::<Test>::RegistrationNotPermittedOnRootSubnet);
        assert_noop!(call(signed(500), nowhere, 3, 0, b""), Error::<Test>::SubNetworkDoesNotExist);
        // Burned registration may be open or closed.
        assert_noop!(register(3, 0, b""), Error::<Test>::SubNetRegistrationDisabled);
        patch(ParametersPatch {
            pow_registration_allowed: Some(true),
            registration_allowed: Some(false),
            ..Default::default()
        });
        assert_noop!(register(3, 0, b""), Error::<Test>::TooManyRegistrationsThisBlock);
        patch(ParametersPatch { max_registrations_per_block: Some(9), ..Default::default() });
        crate::Admissions::<Test>::mutate_extant(subnet, |admission| admission.interval.total = 3);
        MembershipsOf::<Test>::try_mutate(account(500), |seats| seats.try_insert(subnet, uid(0))).unwrap();
        assert_noop!(register(3, 0, b""), Error::<Test>::TooManyRegistrationsThisInterval);
        crate::Admissions::<Test>::mutate_extant(subnet, |admission| admission.interval.total = 2);
        assert_noop!(register(3, 0, b""), Error::<Test>::HotKeyAlreadyRegisteredInSubNet);
        MembershipsOf::<Test>::remove(account(500));
        assert_noop!(register(6, 0, b""), Error::<Test>::InvalidWorkBlock);
        assert_noop!(register(10, 0, b""), Error::<Test>::InvalidWorkBlock);
        assert_noop!(register(11, 0, b""), Error::<Test>::InvalidWorkBlock);
        assert_noop!(register(9, nonce, &good[..31]), Error::<Test>::InvalidSeal);
        assert_noop!(register(9, nonce, &[&good[..], &[0][..]].concat()), Error::<Test>::InvalidSeal);
        use_up(poor.as_bytes());
        assert_noop!(register(9, poor_nonce, poor.as_bytes()), Error::<Test>::InvalidSeal);
        UsedWork::<Test>::kill();
        assert_noop!(register(9, poor_nonce, poor.as_bytes()), Error::<Test>::InvalidDifficulty);
        assert_noop!(register(9, nonce, &foreign), Error::<Test>::InvalidSeal);
        assert_noop!(register(9, nonce + 1, &good), Error::<Test>::InvalidSeal);
        assert_noop!(register(8, nonce, &good), Error::<Test>::InvalidSeal);
        assert_noop!(register(9, nonce, &good), NOT_YOURS);
        Owners::remove(account(500));
        assert_noop!(register(9, nonce, &good), Error::<Test>::NoNeuronIdAvailable);
        patch(ParametersPatch { max_allowed_uids: Some(1), ..Default::default() });
        assert_ok!(register(9, nonce, &good));
    });
}

#[test]
fn work_is_accepted_in_the_three_blocks_after_its_own() {
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        open_wide(SUBNET);
        run_to_block(5);
        assert_noop!(register(500, 501, 5), Error::<Test>::InvalidWorkBlock);
        assert_ok!(register(501, 501, 4));
        assert_ok!(register(502, 501, 3));
        assert_ok!(register(505, 501, 2));
        assert_noop!(register(503, 501, 1), Error::<Test>::InvalidWorkBlock);
        assert_noop!(register(504, 501, BlockNumber::MAX), Error::<Test>::InvalidWorkBlock);
    });
}

#[test]
fn a_seal_pays_once_even_on_another_network() {
    let other = NetUid::new(2);
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        create(other, easy().applied_to(&Parameters::default()), None);
        run_to_block(5);
        assert_ok!(register(500, 501, 4));
        assert_noop!(register_on(other, 500, 501, 4), Error::<Test>::InvalidSeal);
        next_block();
        assert_noop!(register_on(other, 500, 501, 4), Error::<Test>::InvalidSeal);
        assert_ok!(register_on(other, 500, 501, 5));
    });
}

#[test]
fn used_seals_are_forgotten_when_they_are_too_old_to_be_used() {
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        open_wide(SUBNET);
        let blocks = || UsedWork::<Test>::get().iter().map(|used| used.worked_on).collect::<Vec<_>>();
        run_to_block(5);
        assert_ok!(register(500, 600, 4));
        assert_ok!(register(501, 600, 2));
        assert_eq!(blocks(), [4, 2]);
        next_block();
        assert_ok!(register(502, 600, 5));
        assert_eq!(blocks(), [4, 5]);
        run_to_block(20);
        assert_eq!(blocks(), [4, 5]);
        assert_ok!(register(503, 600, 19));
        assert_eq!(blocks(), [19]);
    });
}

#[test]
fn no_more_seals_are_taken_than_can_be_remembered() {
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        open_wide(SUBNET);
        run_to_block(5);
        let seal = |number: u16| {
            let mut seal = [0xff; 32];
            seal[..2].copy_from_slice(&number.to_le_bytes());
            UsedSeal { worked_on: 4, seal }
        };
        let all: Vec<_> = (0..256).map(seal).collect();
        UsedWork::<Test>::put(BoundedVec::truncate_from(all));
        assert_noop!(register(500, 501, 4), Error::<Test>::TooManyRegistrationsThisBlock);
        run_to_block(7);
        assert_noop!(register(500, 501, 6), Error::<Test>::TooManyRegistrationsThisBlock);
        next_block();
        assert_ok!(register(500, 501, 7));
    });
}

#[test]
fn a_swap_of_the_coldkey_does_not_keep_the_hotkey_from_working() {
    ExtBuilder::default().parameters(&easy()).build_and_execute(|| {
        run_to_block(5);
        Swapping::insert(account(501), ());
        assert_ok!(register(500, 501, 4));
    });
}
