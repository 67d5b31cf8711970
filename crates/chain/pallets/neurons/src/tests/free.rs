//! Free calls in the transaction pool. spec events-and-errors §8

use super::{burned_register, signed};
use crate::{
    Call, Pallet,
    mock::{
        AccountId, CONSENT, ExtBuilder, NO_CONSENT, NOT_YOURS, Owners, PUBLIC_V4, RuntimeCall, RuntimeOrigin, SUBNET,
        Test, account, block_hash, next_block, run_to_block, set,
    },
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{CheckIfFeeless, DispatchResultWithPostInfo},
};
use myelin_economics::work::WorkChallenge;
use myelin_primitives::{Amount, BlockNumber, NetUid};
use myelin_records::{commitment::CommitmentData, parameters::ParametersPatch};
use sp_runtime::{traits::Dispatchable, transaction_validity::InvalidTransaction};

type Checked = Result<(), InvalidTransaction>;

/// A call that announces an address, a port and an address type.
type Announcement = fn(u128, u16, u8) -> Call<Test>;

const BAD_REQUEST: Checked = Err(InvalidTransaction::Custom(255));

fn check(who: u16, call: &Call<Test>) -> Checked {
    Pallet::<Test>::check_free_call(&account(who), call)
}

fn dispatch(who: u16, call: Call<Test>) -> DispatchResultWithPostInfo {
    RuntimeCall::from(call).dispatch(signed(who))
}

fn axon(netuid: NetUid, ip: u128, port: u16, ip_type: u8) -> Call<Test> {
    Call::serve_axon { netuid, version: 0, ip, port, ip_type, protocol: 0, placeholder1: 0, placeholder2: 0 }
}

fn axon_tls(ip: u128, port: u16, ip_type: u8, certificate: Vec<u8>) -> Call<Test> {
    Call::serve_axon_tls {
        netuid: SUBNET,
        version: 0,
        ip,
        port,
        ip_type,
        protocol: 0,
        placeholder1: 0,
        placeholder2: 0,
        certificate,
    }
}

fn prometheus(ip: u128, port: u16, ip_type: u8) -> Call<Test> {
    Call::serve_prometheus { netuid: SUBNET, version: 0, ip, port, ip_type }
}

fn commitment() -> Call<Test> {
    Call::set_commitment { netuid: SUBNET, info: CommitmentData::None }
}

/// Returns a registration by work whose difficulty every seal meets.
fn work(netuid: NetUid, block_number: BlockNumber, hotkey: u16) -> Call<Test> {
    let challenge = WorkChallenge::new(&block_hash(block_number), &account(hotkey).into());
    let work = challenge.seal(7).as_bytes().to_vec();
    let (hotkey, coldkey) = (account(hotkey), account(1));
    Call::register { netuid, block_number, nonce: 7, work, hotkey, coldkey, consent: CONSENT }
}

fn effortless() -> ParametersPatch {
    ParametersPatch {
        pow_registration_allowed: Some(true),
        initial_difficulty: Some(1),
        min_difficulty: Some(1),
        ..Default::default()
    }
}

#[test]
fn announcements_are_refused_by_number() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(burned_register(1, 101));
        assert_eq!(check(102, &axon(SUBNET, PUBLIC_V4, 1, 4)), Err(InvalidTransaction::Custom(10)));
        assert_eq!(check(101, &axon(NetUid::new(9), PUBLIC_V4, 1, 4)), Err(InvalidTransaction::Custom(10)));
        assert_eq!(check(102, &commitment()), BAD_REQUEST);
        let calls: [Announcement; 3] = [
            |ip, port, ip_type| axon(SUBNET, ip, port, ip_type),
            |ip, port, ip_type| axon_tls(ip, port, ip_type, vec![1; 33]),
            prometheus,
        ];
        for call in calls {
            assert_eq!(check(101, &call(PUBLIC_V4, 1, 5)), BAD_REQUEST);
            assert_eq!(check(101, &call(0, 1, 4)), Err(InvalidTransaction::Custom(11)));
            assert_eq!(check(101, &call(PUBLIC_V4, 0, 4)), Err(InvalidTransaction::Custom(13)));
            assert_eq!(check(101, &call(PUBLIC_V4, 1, 4)), Ok(()));
        }
        assert_eq!(check(101, &axon_tls(PUBLIC_V4, 1, 4, vec![])), BAD_REQUEST);
        assert_eq!(check(101, &axon_tls(PUBLIC_V4, 1, 4, vec![2; 66])), BAD_REQUEST);

        for call in [axon(SUBNET, PUBLIC_V4, 1, 4), prometheus(PUBLIC_V4, 1, 4)] {
            assert_ok!(dispatch(101, call.clone()));
            assert_eq!(check(101, &call), Err(InvalidTransaction::Custom(12)));
        }
        assert_eq!(check(101, &commitment()), Ok(()));
        assert_ok!(dispatch(101, commitment()));
        assert_eq!(check(101, &commitment()), BAD_REQUEST);
    });
}

#[test]
fn the_wait_of_each_announcement_counts_from_the_last_of_its_kind() {
    ExtBuilder::default().build_and_execute(|| {
        let waited = |call: &Call<Test>| Pallet::<Test>::blocks_since_last(&account(101), call);
        let calls = [
            axon(SUBNET, PUBLIC_V4, 1, 4),
            axon_tls(PUBLIC_V4, 1, 4, vec![1; 33]),
            prometheus(PUBLIC_V4, 1, 4),
            commitment(),
        ];
        assert_ok!(burned_register(1, 101));
        run_to_block(3);
        // Since the first block, if there was none.
        assert_eq!(calls.each_ref().map(waited), [3; 4]);
        assert_ok!(dispatch(101, calls[0].clone()));
        run_to_block(5);
        assert_ok!(dispatch(101, calls[2].clone()));
        run_to_block(9);
        assert_ok!(dispatch(101, calls[3].clone()));
        run_to_block(20);
        assert_eq!(calls.each_ref().map(waited), [17, 17, 15, 11]);
        // Those of another network and of another key are others.
        assert_eq!(waited(&axon(NetUid::new(9), PUBLIC_V4, 1, 4)), 20);
        assert_eq!(Pallet::<Test>::blocks_since_last(&account(102), &calls[0]), 20);
    });
}

#[test]
fn work_is_checked_to_the_seal() {
    ExtBuilder::default().parameters(&effortless()).build_and_execute(|| {
        run_to_block(5);
        assert_eq!(check(101, &work(SUBNET, 4, 102)), BAD_REQUEST);
        assert_eq!(check(101, &work(NetUid::ROOT, 4, 101)), BAD_REQUEST);
        assert_eq!(check(101, &work(NetUid::new(9), 4, 101)), Err(InvalidTransaction::Custom(3)));
        assert_eq!(check(101, &work(SUBNET, 1, 101)), BAD_REQUEST);
        let mut forged = work(SUBNET, 4, 101);
        if let Call::register { work, .. } = &mut forged {
            work[31] ^= 1;
        }
        assert_eq!(check(101, &forged), BAD_REQUEST);

        let good = work(SUBNET, 4, 101);
        assert_eq!(check(101, &good), Ok(()));
        for wrong in [None, Some([0; 64])] {
            let mut stranger = good.clone();
            if let Call::register { consent, .. } = &mut stranger {
                *consent = wrong;
            }
            assert_eq!(check(101, &stranger), Err(InvalidTransaction::Custom(28)));
            assert_noop!(dispatch(101, stranger), NO_CONSENT);
        }
        set(SUBNET, &ParametersPatch { initial_difficulty: Some(u64::MAX / 4), ..Default::default() });
        assert_eq!(check(101, &good), BAD_REQUEST);
        set(SUBNET, &effortless());
        assert_ok!(dispatch(101, good.clone()));
        next_block();
        assert_eq!(check(101, &good), BAD_REQUEST);
    });
}

#[test]
fn work_waits_while_the_network_takes_nobody_in() {
    let work_alone = ParametersPatch { registration_allowed: Some(false), ..effortless() };
    ExtBuilder::default().parameters(&work_alone).build_and_execute(|| {
        run_to_block(5);
        for hotkey in [101, 102, 103] {
            let block = frame_system::Pallet::<Test>::block_number();
            assert_ok!(dispatch(hotkey, work(SUBNET, block - 1, hotkey)));
            assert_eq!(check(104, &work(SUBNET, block - 1, 104)), Err(InvalidTransaction::ExhaustsResources));
            next_block();
        }
        assert_eq!(check(104, &work(SUBNET, 7, 104)), Err(InvalidTransaction::ExhaustsResources));
    });
}

#[test]
fn work_for_the_hotkey_of_another_coldkey_is_refused_too() {
    ExtBuilder::default().parameters(&effortless()).build_and_execute(|| {
        run_to_block(5);
        Owners::insert(account(101), account(2));
        let call = work(SUBNET, 4, 101);
        assert_eq!(check(101, &call), Err(InvalidTransaction::Custom(25)));
        assert_noop!(dispatch(101, call), NOT_YOURS);
    });
}

#[test]
fn calls_with_a_fee_are_not_checked_and_calls_without_one_are_those_that_are() {
    ExtBuilder::default().build_and_execute(|| {
        let key: fn(u16) -> AccountId = account;
        let calls: [(Call<Test>, bool); 7] = [
            (Call::burned_register { netuid: NetUid::ROOT, hotkey: key(9) }, false),
            (Call::register_limit { netuid: NetUid::ROOT, hotkey: key(9), limit_price: Amount::ZERO }, false),
            (work(NetUid::ROOT, 0, 9), true),
            (axon(SUBNET, 0, 0, 0), true),
            (axon_tls(0, 0, 0, vec![]), true),
            (prometheus(0, 0, 0), true),
            (commitment(), true),
        ];
        for (call, free) in calls {
            assert_eq!(call.is_feeless(&RuntimeOrigin::signed(key(1))), free, "{call:?}");
            assert_eq!(check(1, &call).is_err(), free, "{call:?}");
        }
    });
}
