//! The launch phase: seats by work alone, and the seat that makes room. spec tokenomics §10

use super::{burned_register, signed, uid};
use crate::{
    Error,
    mock::{
        CONSENT, Earned, ExtBuilder, Launch, Neurons, SUBNET, Test, account, block_hash, create, fill, paired,
        run_to_block, seat,
    },
    traits::ReadSeats,
};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_economics::work::WorkChallenge;
use myelin_primitives::{Amount, BlockNumber, NetUid};
use myelin_records::{
    parameters::{Parameters, ParametersPatch},
    pool_code::PoolCode,
    subnet::LaunchPhase,
};
use sp_runtime::transaction_validity::InvalidTransaction;

/// A subnet with an owner.
const OWNED: NetUid = NetUid::new(2);

fn launch(opens_at: BlockNumber, ends_at: BlockNumber) {
    Launch::put(LaunchPhase { opens_at, ends_at, least_seats: 0 });
}

fn open_to_work() -> ParametersPatch {
    ParametersPatch {
        pow_registration_allowed: Some(true),
        initial_difficulty: Some(1),
        min_difficulty: Some(1),
        ..Default::default()
    }
}

/// Returns a registration with work on this block.
fn worked(hotkey: u16, block: BlockNumber) -> crate::Call<Test> {
    let challenge = WorkChallenge::new(&block_hash(block), &account(hotkey).into());
    let (nonce, seal) = challenge.search(0.., 1).unwrap();
    let (work, hotkey, coldkey) = (seal.as_bytes().to_vec(), account(hotkey), account(9));
    crate::Call::register { netuid: SUBNET, block_number: block, nonce, work, hotkey, coldkey, consent: CONSENT }
}

fn register(hotkey: u16, block: BlockNumber) -> DispatchResult {
    let crate::Call::register { netuid, block_number, nonce, work, hotkey: key, coldkey, consent } =
        worked(hotkey, block)
    else {
        panic!("a registration");
    };
    Neurons::register(signed(hotkey), netuid, block_number, nonce, work, key, coldkey, consent)
}

#[test]
fn work_pays_from_the_block_of_the_opening_on() {
    ExtBuilder::default().parameters(&open_to_work()).build_and_execute(|| {
        launch(5, 9);
        run_to_block(4);
        assert_noop!(register(100, 3), Error::<Test>::RegistrationNotOpenYet);
        let refusal = InvalidTransaction::Custom(PoolCode::NotOpenYet.number());
        assert_eq!(Neurons::check_free_call(&account(100), &worked(100, 3)), Err(refusal));
        run_to_block(5);
        assert_eq!(Neurons::check_free_call(&account(100), &worked(100, 4)), Ok(()));
        assert_ok!(register(100, 4));
    });
}

#[test]
fn seats_of_a_subnet_without_an_owner_are_not_sold_in_the_phase() {
    ExtBuilder::default().build_and_execute(|| {
        launch(0, 9);
        run_to_block(8);
        assert_noop!(burned_register(1, 101), Error::<Test>::SubNetRegistrationDisabled);
        let limited = Neurons::register_limit(signed(1), SUBNET, account(101), Amount::MAX);
        assert_noop!(limited, Error::<Test>::SubNetRegistrationDisabled);
        create(OWNED, Parameters::default(), Some((account(7), account(700))));
        assert_ok!(paired(1, 101, || Neurons::burned_register(signed(1), OWNED, account(101))));
        run_to_block(9);
        assert_ok!(burned_register(1, 102));
    });
}

#[test]
fn the_seat_held_longest_makes_room_whatever_it_earned() {
    let few = ParametersPatch {
        max_allowed_uids: Some(3),
        max_allowed_validators: Some(3),
        immunity_period: Some(4),
        // It keeps neurons past their immunity from being replaced, outside of the launch phase.
        min_non_immune_uids: Some(3),
        ..open_to_work()
    };
    ExtBuilder::default().parameters(&few).build_and_execute(|| {
        launch(0, 100);
        fill(SUBNET, 2);
        run_to_block(3);
        seat(SUBNET, &account(1), &account(100));
        Earned::insert(SUBNET, [9, 1, 0].map(Amount::from_rao).to_vec());
        // The first seats are of block 1.
        run_to_block(4);
        assert_noop!(register(101, 3), Error::<Test>::NoNeuronIdAvailable);
        run_to_block(5);
        assert_ok!(register(101, 4));
        assert_eq!(Neurons::uid(SUBNET, &account(101)), Some(uid(0)));
        assert_ok!(register(102, 4));
        assert_eq!(Neurons::uid(SUBNET, &account(102)), Some(uid(1)));
        assert_noop!(register(103, 4), Error::<Test>::NoNeuronIdAvailable);
    });
}
