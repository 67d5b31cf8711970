//! Subnets that come and go. spec subnets-and-neurons §5.2

use super::*;
use frame_support::{
    assert_noop,
    traits::Hooks,
    weights::{Weight, WeightMeter},
};
use myelin_pallet_subnets::{
    traits::{OnSubnet, ReadEmission},
    types::CleanupProgress,
};
use myelin_pallet_weights::traits::ReadPermits;
use myelin_records::{bounds::MAX_NETWORKS, epoch::EmissionAccount};
use sp_runtime::ArithmeticError;

fn remove_page(meter: &mut WeightMeter) -> CleanupProgress {
    <Emission as OnSubnet<_>>::remove_page(SUBNET, meter)
}

#[test]
fn a_new_subnet_receives_from_the_next_block_on() {
    ExtBuilder::default().build_and_execute(|| {
        run_to_block(3);
        create_subnet(2, None, 0, Parameters::default());
        assert_eq!(Emission::of_subnet(NetUid::new(2)), Amount::ZERO);
        next_block();
        assert_eq!(Emission::of_subnet(NetUid::new(2)), rao(TAO / 2));
        assert_eq!([1, 2].map(pending), [2 * TAO + TAO / 2, TAO / 2]);
    });
}

#[test]
fn root_has_no_account() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(!Ledger::<Test>::get().contains_key(&NetUid::ROOT));
        assert_eq!(Emission::of_subnet(NetUid::ROOT), Amount::ZERO);
        assert_eq!(Emission::earning(NetUid::ROOT), None);
    });
}

#[test]
fn what_an_ended_subnet_has_pending_is_recycled_and_minted_again_for_others() {
    ExtBuilder::default().subnet(2, None, Parameters::default()).build_and_execute(|| {
        run_to_block(11);
        let before = Emission::total_issuance();
        System::reset_events();
        end_subnet(2);
        assert_eq!(events(), [Event::EmissionRecycled { netuid: NetUid::new(2), amount: rao(5 * TAO) }]);
        assert_eq!(Emission::total_issuance(), before.checked_sub(rao(5 * TAO)).unwrap());
        assert_eq!([1, 2].map(pending), [5 * TAO, 0]);
        assert_eq!(Emission::of_subnet(NetUid::new(2)), Amount::ZERO);
        next_block();
        assert_eq!(Emission::of_subnet(SUBNET), rao(TAO));
        assert_eq!(pending(1), 6 * TAO);
    });
}

#[test]
fn nothing_pending_recycles_silently() {
    ExtBuilder::default().build_and_execute(|| {
        System::reset_events();
        end_subnet(1);
        assert!(events().is_empty());
    });
}

#[test]
fn nothing_of_an_ended_subnet_counts() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        run_to_epoch(1);
        end_subnet(1);
        assert_eq!(Emission::neurons(SUBNET), []);
        assert_eq!(Emission::bonds(SUBNET), []);
        assert!(!Emission::has_permit(SUBNET, Uid::new(0)));
        assert_eq!(LastEpochs::<Test>::get(SUBNET), None);
        assert_eq!(Emission::earning(SUBNET), None);
        run_to_block(60);
        assert!(payments().len() == 2, "only those of the epoch that ran");
    });
}

#[test]
fn bonds_are_removed_as_far_as_the_meter_allows() {
    owned_subnet().build_and_execute(|| {
        for hotkey in [10, 11, 12, 13] {
            take_seat(1, hotkey);
            add_stake(hotkey, 100 * TAO);
        }
        run_to_epoch(1);
        next_block();
        for uid in 0..4 {
            set_weights(1, uid, &[(0, 1), (1, 1), (2, 1), (3, 1)]);
        }
        run_to_epoch(1);
        assert_eq!(Emission::bonds(SUBNET).len(), 4);
        end_subnet(1);
        let row = <Test as Config>::WeightInfo::remove_bonds();
        let left = || Bonds::<Test>::iter_prefix(SUBNET).count();
        assert_eq!(remove_page(&mut WeightMeter::with_limit(Weight::zero())), CleanupProgress::More);
        assert_eq!(left(), 4);
        let mut meter = WeightMeter::with_limit(row.saturating_mul(3));
        assert_eq!(remove_page(&mut meter), CleanupProgress::More);
        assert_eq!((left(), meter.remaining()), (1, Weight::zero()));
        let mut meter = WeightMeter::with_limit(row.saturating_mul(5));
        assert_eq!(remove_page(&mut meter), CleanupProgress::Done);
        assert_eq!((left(), meter.consumed()), (0, row.saturating_mul(2)));
        assert_eq!(remove_page(&mut WeightMeter::new()), CleanupProgress::Done);
    });
}

#[test]
fn a_later_subnet_of_the_same_number_begins_from_nothing() {
    let root = Parameters { tempo: 4, ..Parameters::root() };
    ExtBuilder::default().subnet(0, None, root).subnet(2, None, Parameters::default()).build_and_execute(|| {
        take_seat(0, 100);
        add_stake(100, TAO);
        set_root_weights(100, &[(1, 1), (2, 1)]);
        run_to_block(3);
        end_subnet(2);
        create_subnet(2, None, 0, Parameters::default());
        let blocks = accrued_blocks();
        let fresh = EmissionAccount { eligible: true, since: blocks, ..EmissionAccount::default() };
        assert_eq!(Ledger::<Test>::get().get(&NetUid::new(2)), Some(&fresh));
        next_block();
        assert_eq!([1, 2].map(|netuid| Emission::of_subnet(NetUid::new(netuid)).rao()), [TAO, 0]);
    });
}

#[test]
fn there_are_as_many_accounts_as_there_can_be_subnets() {
    ExtBuilder::default().build_and_break(|| {
        let last = u16::try_from(MAX_NETWORKS).unwrap();
        for netuid in 2..=last {
            create_subnet(netuid, None, 0, Parameters::default());
        }
        next_block();
        assert_eq!(pending(1), TAO / u64::from(last));
        record_subnet(last + 1, None, 0, Parameters::default());
        let one_more = || <Emission as OnSubnet<_>>::created(NetUid::new(last + 1), None);
        assert_noop!(one_more(), Error::<Test>::TooManySubnets);
    });
}

#[test]
fn a_subnet_without_parameters_cannot_begin() {
    ExtBuilder::default().build_and_execute(|| {
        let created = || <Emission as OnSubnet<_>>::created(NetUid::new(9), None);
        assert_noop!(created(), Error::<Test>::SubNetworkDoesNotExist);
    });
}

#[test]
fn the_end_of_what_never_began_is_an_alarm_and_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        System::reset_events();
        end_subnet(9);
        let reason = Error::<Test>::SubNetworkDoesNotExist.into();
        assert_eq!(events(), [Event::AccrualFailed { reason }]);
        expect_accrual_fault();
    });
}

#[test]
fn an_account_that_cannot_be_settled_is_closed_all_the_same() {
    ExtBuilder::default().subnet(2, None, Parameters::default()).build_and_execute(|| {
        run_to_block(11);
        let account = |netuid: u16| Ledger::<Test>::get().get(&NetUid::new(netuid)).cloned();
        let unsettled = account(2).unwrap();
        Ledger::<Test>::mutate(|ledger| ledger.get_mut(&NetUid::new(2)).unwrap().since = u32::MAX);
        System::reset_events();
        end_subnet(2);
        assert_eq!(events(), [Event::AccrualFailed { reason: ArithmeticError::Underflow.into() }]);
        assert_eq!(account(2), None);
        expect_accrual_fault();
        // Emission goes on, for the subnets that are left.
        Emission::on_initialize(12);
        assert_eq!(Emission::of_subnet(SUBNET), rao(TAO));
        assert_eq!(Emission::do_try_state(), Err("what is pending is not what subnets have pending".into()));
        let lost = unsettled.per_block.rao() * 10;
        Accrued::<Test>::mutate(|accrual| accrual.pending = rao(accrual.pending.rao() - lost));
    });
}
