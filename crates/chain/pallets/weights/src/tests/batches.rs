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
use sp_runtime::traits::BadOrigin;

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
        assert_ok!(batch_set(alice(), &[(1, &[(3, 1), (2, 2)], 0), (2, &[(0, 7)], 0)]));
        assert_eq!(stored(SECOND, 1), Some(vec![(0, 65_535)]));
        assert_eq!(stored(SUBNET, 0), Some(vec![(3, 32_768), (2, 65_535)]));
        assert_eq!(
            events(),
            [
                Event::WeightsSet { netuid: SUBNET, uid: Uid::new(0) },
                Event::WeightsSet { netuid: SECOND, uid: Uid::new(1) },
                Event::BatchWeightsCompleted { netuids: netuids(&[1, 2]), hotkey: ALICE },
            ]
        );
    });
}

#[test]
fn one_item_that_fails_fails_the_batch() {
    ExtBuilder::default().build_and_execute(|| {
        more_subnets();
        set(SECOND, |parameters| parameters.weights_version_key = 20);
        let (one, good): (&[(u16, u16)], Item) = (&[(1, 1)], (1, &[(1, 1)], 0));
        for (item, error) in [
            ((9, one, 0), Error::<Test>::SubNetworkDoesNotExist),
            ((3, one, 0), Error::<Test>::CommitRevealEnabled),
            ((2, one, 19), Error::<Test>::IncorrectWeightVersionKey),
        ] {
            assert_noop!(batch_set(alice(), &[good, item]), error);
        }
        assert_noop!(batch_set(alice(), &[(0, one, 0), good]), Error::<Test>::CanNotSetRootNetworkWeights);
        assert_noop!(batch_set(alice(), &[(2, one, 19), (3, one, 0)]), Error::<Test>::IncorrectWeightVersionKey);
        assert_eq!(Rows::<Test>::iter().count(), 0);
        assert_ok!(batch_set(alice(), &[good]));
    });
}

#[test]
fn the_networks_of_a_batch_ascend() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        more_subnets();
        let item = |netuid: u16| -> Item { (netuid, &[(1, 1)], 0) };
        let sixty_four = [1; 64];
        for numbers in [&[2, 2][..], &[2, 1], &[1, 3, 2], &sixty_four] {
            let items: Vec<_> = numbers.iter().map(|netuid| item(*netuid)).collect();
            let hashes = vec![H256::zero(); numbers.len()];
            assert_noop!(batch_set(alice(), &items), Error::<Test>::DuplicateNetuid);
            assert_noop!(batch_commit(alice(), numbers, &hashes), Error::<Test>::DuplicateNetuid);
        }
    });
}

#[test]
fn a_batch_without_items_succeeds() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(batch_set(alice(), &[]));
        assert_eq!(events(), [Event::BatchWeightsCompleted { netuids: netuids(&[]), hotkey: ALICE }]);
    });
}

#[test]
fn every_item_is_committed_like_a_single_call() {
    ExtBuilder::default().commit_reveal().build_and_execute(|| {
        more_subnets();
        let hash = H256::repeat_byte;
        let committed = |netuid: NetUid| {
            let queue = Commits::<Test>::get(StorageIndex::from(netuid), ALICE);
            queue.iter().map(|commit| commit.hash).collect::<Vec<_>>()
        };
        let [all, two] = [[hash(1), hash(2), hash(3)], [hash(1), hash(3), hash(9)]];
        assert_noop!(batch_commit(alice(), &[1, 2, 3], &all), Error::<Test>::CommitRevealDisabled);
        assert_noop!(batch_commit(alice(), &[1, 3, 9], &two), Error::<Test>::SubNetworkDoesNotExist);
        assert_eq!((committed(SUBNET), committed(THIRD)), (vec![], vec![]));

        assert_ok!(batch_commit(alice(), &[1, 3], &two[..2]));
        assert_eq!((committed(SUBNET), committed(THIRD)), (vec![hash(1)], vec![hash(3)]));
        assert_eq!(
            events(),
            [
                Event::WeightsCommitted { hotkey: ALICE, netuid: SUBNET, hash: hash(1) },
                Event::WeightsCommitted { hotkey: ALICE, netuid: THIRD, hash: hash(3) },
                Event::BatchWeightsCompleted { netuids: netuids(&[1, 3]), hotkey: ALICE },
            ]
        );
        assert_noop!(batch_commit(alice(), &[1, 3], &two[..2]), Error::<Test>::CommittingWeightsTooFast);
    });
}
