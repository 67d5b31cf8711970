//! Batches over several subnets. spec weights §6

use crate::{
    Commits, Error, Event, Rows,
    mock::*,
    types::{BatchEntries, HashList, KeyList, NetUidList},
};
use codec::Compact;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use myelin_primitives::{NetUid, Uid};
use myelin_records::{parameters::Parameters, weights::StorageIndex};
use sp_core::H256;
use sp_runtime::{DispatchError, traits::BadOrigin};

/// An item: netuid, vector and version key.
type Item<'a> = (u16, &'a [(u16, u16)], u64);

const SECOND: NetUid = NetUid::new(2);
const THIRD: NetUid = NetUid::new(3);

fn netuids(numbers: &[u16]) -> NetUidList {
    numbers.iter().copied().map(Compact).collect::<Vec<_>>().try_into().unwrap()
}

fn batch_set(origin: RuntimeOrigin, items: &[Item]) -> DispatchResult {
    let numbers: Vec<_> = items.iter().map(|(netuid, ..)| *netuid).collect();
    let compact = |vector: &[(u16, u16)]| {
        let entries: Vec<_> = vector.iter().map(|(uid, value)| (Compact(*uid), Compact(*value))).collect();
        entries.try_into().unwrap()
    };
    let weights: Vec<_> = items.iter().map(|(_, vector, _)| compact(vector)).collect();
    let keys: Vec<_> = items.iter().map(|(.., key)| Compact(*key)).collect();
    Weights::batch_set_weights(origin, netuids(&numbers), weights.try_into().unwrap(), keys.try_into().unwrap())
}

fn batch_commit(origin: RuntimeOrigin, numbers: &[u16], hashes: &[H256]) -> DispatchResult {
    let hashes: HashList = hashes.to_vec().try_into().unwrap();
    Weights::batch_commit_weights(origin, netuids(numbers), hashes)
}

fn alice() -> RuntimeOrigin {
    RuntimeOrigin::signed(ALICE)
}

/// Creates two more subnets, of which the third takes commits.
fn more_subnets() {
    for (netuid, commit_reveal) in [(SECOND, false), (THIRD, true)] {
        create(netuid, Parameters { commit_reveal, ..Parameters::default() });
        for hotkey in [BOB, ALICE] {
            seat(netuid, hotkey);
            permit(netuid, hotkey);
        }
    }
    run_to_block(200);
}

fn failed(netuid: u16, error: impl Into<DispatchError>) -> Event<Test> {
    Event::BatchWeightItemFailed { netuid: NetUid::new(netuid), error: error.into() }
}

#[test]
fn lists_of_different_lengths_fail_as_a_whole() {
    ExtBuilder::default().build_and_execute(|| {
        let (none, one): (BatchEntries, KeyList) = (BatchEntries::default(), vec![Compact(0)].try_into().unwrap());
        assert_noop!(
            Weights::batch_set_weights(RuntimeOrigin::none(), netuids(&[1]), none.clone(), one.clone()),
            BadOrigin
        );
        assert_noop!(
            Weights::batch_set_weights(alice(), netuids(&[1]), none.clone(), one.clone()),
            Error::<Test>::InputLengthsUnequal
        );
        assert_noop!(Weights::batch_set_weights(alice(), netuids(&[]), none, one), Error::<Test>::InputLengthsUnequal);
        assert_noop!(batch_commit(RuntimeOrigin::none(), &[1], &[]), BadOrigin);
        assert_noop!(batch_commit(alice(), &[1], &[]), Error::<Test>::InputLengthsUnequal);
    });
}

#[test]
fn every_item_is_set_like_a_single_call() {
    ExtBuilder::default().build_and_execute(|| {
        more_subnets();
        assert_ok!(batch_set(alice(), &[(2, &[(0, 7)], 0), (1, &[(3, 1), (2, 2)], 0)]));
        assert_eq!(stored(SECOND, 1), Some(vec![(0, 65_535)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(3, 32_768), (2, 65_535)]));
        assert_eq!(
            events(),
            [
                Event::WeightsSet { netuid: SECOND, uid: Uid::new(1) },
                Event::WeightsSet { netuid: SUBNET, uid: Uid::new(0) },
                Event::BatchWeightsCompleted { netuids: netuids(&[2, 1]), hotkey: ALICE },
            ]
        );
    });
}

#[test]
fn items_that_fail_are_announced_and_the_others_applied() {
    ExtBuilder::default().build_and_execute(|| {
        more_subnets();
        set(SECOND, |parameters| parameters.weights_version_key = 20);
        let items: &[Item] = &[
            (9, &[(1, 1)], 0),
            (3, &[(1, 1)], 0),
            (1, &[(1, 1)], 0),
            (2, &[(1, 1)], 19),
            (1, &[(2, 1)], 0),
            (0, &[(1, 1)], 0),
        ];
        assert_ok!(batch_set(alice(), items));
        assert_eq!(stored(SUBNET, 0), Some(vec![(1, 65_535)]));
        assert_eq!(Rows::<Test>::iter().count(), 1);
        assert_eq!(
            events(),
            [
                Event::WeightsSet { netuid: SUBNET, uid: Uid::new(0) },
                Event::BatchCompletedWithErrors,
                failed(9, Error::<Test>::SubNetworkDoesNotExist),
                failed(3, Error::<Test>::CommitRevealEnabled),
                failed(2, Error::<Test>::IncorrectWeightVersionKey),
                failed(1, Error::<Test>::SettingWeightsTooFast),
                failed(0, Error::<Test>::CanNotSetRootNetworkWeights),
                Event::BatchWeightsCompleted { netuids: netuids(&[9, 3, 1, 2, 1, 0]), hotkey: ALICE },
            ]
        );
    });
}

#[test]
fn a_batch_succeeds_even_if_every_item_fails_or_there_is_none() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(batch_set(RuntimeOrigin::signed(STRANGER), &[(1, &[(1, 1)], 0)]));
        assert_ok!(batch_commit(alice(), &[1], &[H256::zero()]));
        assert_ok!(batch_set(alice(), &[]));
        assert_eq!(
            events(),
            [
                Event::BatchCompletedWithErrors,
                failed(1, Error::<Test>::HotKeyNotRegisteredInSubNet),
                Event::BatchWeightsCompleted { netuids: netuids(&[1]), hotkey: STRANGER },
                Event::BatchCompletedWithErrors,
                failed(1, Error::<Test>::CommitRevealDisabled),
                Event::BatchWeightsCompleted { netuids: netuids(&[1]), hotkey: ALICE },
                Event::BatchWeightsCompleted { netuids: netuids(&[]), hotkey: ALICE },
            ]
        );
    });
}

#[test]
fn every_item_is_committed_like_a_single_call() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        more_subnets();
        let hash = H256::repeat_byte;
        assert_ok!(batch_commit(alice(), &[3, 2, 9, 1, 1], &[hash(3), hash(2), hash(9), hash(1), hash(4)]));
        let committed = |netuid: NetUid| {
            let queue = Commits::<Test>::get(StorageIndex::from(netuid), ALICE);
            queue.iter().map(|commit| commit.hash).collect::<Vec<_>>()
        };
        assert_eq!((committed(SUBNET), committed(THIRD)), (vec![hash(1)], vec![hash(3)]));
        assert_eq!(committed(SECOND), vec![]);
        assert_eq!(
            events(),
            [
                Event::WeightsCommitted { hotkey: ALICE, netuid: THIRD, hash: hash(3) },
                Event::WeightsCommitted { hotkey: ALICE, netuid: SUBNET, hash: hash(1) },
                Event::BatchCompletedWithErrors,
                failed(2, Error::<Test>::CommitRevealDisabled),
                failed(9, Error::<Test>::SubNetworkDoesNotExist),
                failed(1, Error::<Test>::CommittingWeightsTooFast),
                Event::BatchWeightsCompleted { netuids: netuids(&[3, 2, 9, 1, 1]), hotkey: ALICE },
            ]
        );
    });
}
