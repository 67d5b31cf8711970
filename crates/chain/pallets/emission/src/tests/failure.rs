//! Epochs that cannot run leave everything as it was. spec tokenomics §3.2

use super::*;
use sp_runtime::DispatchError;

/// Returns all state that an epoch of subnet 1 could change.
fn state() -> impl PartialEq + core::fmt::Debug {
    (
        [OWNER, 10, 11].map(|who| Balances::free_balance(who) + stake_on(who)),
        Neurons::<Test>::get(SUBNET),
        Bonds::<Test>::iter().collect::<Vec<_>>(),
        LastEpochs::<Test>::get(SUBNET),
    )
}

#[test]
fn a_payout_that_fails_leaves_everything_pending() {
    owned_subnet().build_and_execute(|| {
        // The miner comes second, so the validator would have been paid before the failure.
        let (_, miner) = rated_miner();
        let before = state();
        refuse_payments_to(Some(miner));
        run_to_epoch(1);
        assert_eq!(events(), [Event::EpochFailed { netuid: SUBNET, reason: DispatchError::Unavailable }]);
        assert_eq!(state(), before);
        assert_eq!(pending(1), 10 * TAO);
        assert!(payments().is_empty());
        assert!(activated().is_empty(), "children wait for an epoch that pays");
        assert!(Waiting::<Test>::get().is_empty(), "it waits for its next turn and not in the queue");

        refuse_payments_to(None);
        run_to_epoch(1);
        assert_eq!(last_epoch(1).emission, rao(20 * TAO));
        assert_eq!(pending(1), 0);
    });
}

#[test]
fn a_failure_does_not_hold_up_others() {
    // All three are due in block 7.
    ExtBuilder::default()
        .subnet(1, None, with_tempo(9))
        .subnet(2, None, with_tempo(10))
        .subnet(3, None, with_tempo(11))
        .build_and_execute(|| {
            voters(&[(1, 10), (2, 20), (3, 30)]);
            refuse_payments_to(Some(20));
            run_to_block(7);
            assert_eq!(epochs_run(), [1, 3]);
            assert_eq!([1, 2, 3].map(pending), [0, 2 * TAO - 2, 0]);
            assert_eq!(activated(), [1, 3]);
        });
}

#[test]
fn a_key_that_sits_twice_fails_the_epoch() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        take_seat(1, 10);
        let before = state();
        run_to_epoch(1);
        let reason = Error::<Test>::DuplicateHotkey.into();
        assert_eq!(events(), [Event::EpochFailed { netuid: SUBNET, reason }]);
        assert_eq!(state(), before);
        assert_eq!(pending(1), 10 * TAO);
    });
}

#[test]
fn a_payout_of_another_amount_fails_the_epoch() {
    owned_subnet().build_and_execute(|| {
        let (validator, _) = rated_miner();
        let before = state();
        short_payments_to(validator);
        run_to_epoch(1);
        let reason = Error::<Test>::PayoutMismatch.into();
        assert_eq!(events(), [Event::EpochFailed { netuid: SUBNET, reason }]);
        assert_eq!(state(), before);
        assert_eq!(pending(1), 10 * TAO);
    });
}

#[test]
fn an_epoch_of_what_does_not_exist_fails() {
    owned_subnet().build_and_execute(|| {
        let missing = Emission::do_epoch(NetUid::new(9), 1).err();
        assert_eq!(missing, Some(Error::<Test>::SubNetworkDoesNotExist.into()));
        // Root exists, but nothing accrues to it.
        let root = frame_support::storage::with_storage_layer(|| Emission::do_epoch(NetUid::ROOT, 1).map(|_| ()));
        assert_eq!(root, Err(Error::<Test>::SubNetworkDoesNotExist.into()));
    });
}
