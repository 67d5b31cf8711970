//! The first stake: seats without stake, and the launch phase. spec tokenomics §10

use super::*;
use myelin_economics::root::Share;

fn permits() -> Vec<bool> {
    Emission::neurons(SUBNET).iter().map(|record| record.permit).collect()
}

/// Returns a chain with a launch phase of 20 blocks. Subnet 1 has no owner, and its epochs are in blocks 7, 17 and 27.
fn launching() -> ExtBuilder {
    ExtBuilder::default().launch(20, 2).subnet(1, None, with_tempo(9))
}

#[test]
fn the_first_stake_of_the_chain_is_paid_for_held_seats() {
    launching().build_and_execute(|| {
        for hotkey in [10, 11] {
            take_seat(1, hotkey);
        }
        run_to_block(4);
        take_seat(1, 12);
        run_to_epoch(1);
        // Six blocks. The seats were held for 6, 6 and 3 blocks since the beginning of the chain.
        assert_eq!([10, 11, 12].map(stake_on), [2_400_000_000, 2_400_000_000, 1_200_000_000]);
        assert_eq!((last_epoch(1).miners, last_epoch(1).validators), (rao(6 * TAO), Amount::ZERO));
        payments();
        run_to_epoch(1);
        // From the first full epoch on all earn alike, and the remainder goes to the lowest uid.
        let third = 10 * TAO / 3;
        assert_eq!(payments(), [(1, 10, third + 1, 0), (1, 11, third, 0), (1, 12, third, 0)]);
    });
}

#[test]
fn too_few_seats_are_not_paid() {
    launching().build_and_execute(|| {
        take_seat(1, 10);
        run_to_epoch(1);
        assert!(events().contains(&Event::EmissionRecycled { netuid: SUBNET, amount: rao(6 * TAO) }));
        assert_eq!((stake_on(10), Emission::total_issuance()), (0, Amount::ZERO));
    });
}

#[test]
fn after_the_launch_phase_weights_are_paid() {
    launching().build_and_execute(|| {
        for hotkey in [10, 11] {
            take_seat(1, hotkey);
        }
        run_to_block(17);
        next_block();
        set_weights(1, 0, &[(1, 1)]);
        payments();
        run_to_epoch(1);
        assert_eq!(System::block_number(), 27);
        // Both have permits and half of the stake. The one that votes finds consensus alone.
        assert_eq!(payments(), [(1, 10, 0, 5 * TAO), (1, 11, 5 * TAO, 0)]);
    });
}

#[test]
fn a_subnet_with_an_owner_has_no_launch_phase() {
    launching().subnet(2, Some(OWNER), with_tempo(9)).build_and_execute(|| {
        for hotkey in [20, 21] {
            take_seat(2, hotkey);
        }
        run_to_block(6);
        assert_eq!(last_epoch(2).block, 6);
        assert!(payments().is_empty());
    });
}

#[test]
fn a_subnet_with_an_owner_earns_nothing_until_root_gives_it_a_share() {
    launching().build_and_execute(|| {
        let per_block =
            |netuid| <Emission as myelin_pallet_subnets::ReadEmission>::of_subnet(NetUid::new(netuid)).rao();
        run_to_block(20);
        create_subnet(2, Some(OWNER), 0, with_tempo(9));
        run_to_block(30);
        assert_eq!([1, 2].map(per_block), [TAO, 0]);
        assert_eq!(pending(2), 0);
        let share = myelin_economics::root::Share::from_bits(u64::MAX);
        Ledger::<Test>::mutate(|ledger| ledger.get_mut(&NetUid::new(2)).unwrap().share = share);
        Emission::redivide();
        next_block();
        assert_eq!([1, 2].map(per_block), [0, TAO]);
        // Without the shared subnet no subnet is left that may receive.
        Ledger::<Test>::mutate(|ledger| ledger.get_mut(&NetUid::new(2)).unwrap().share = Share::default());
        end_subnet(1);
        next_block();
        assert_eq!(per_block(2), 0);
        assert!(Accrued::<Test>::get().minted.is_zero());
    });
    // A chain without a launch phase divides equally.
    ExtBuilder::default().subnet(2, Some(OWNER), with_tempo(9)).build_and_execute(|| {
        next_block();
        assert_eq!([1, 2].map(pending), [TAO / 2; 2]);
    });
}

#[test]
fn a_permit_needs_stake() {
    let few = Parameters { max_allowed_validators: 2, ..with_tempo(9) };
    ExtBuilder::default().subnet(1, None, few).build_and_execute(|| {
        for hotkey in [10, 11, 12] {
            take_seat(1, hotkey);
        }
        run_to_epoch(1);
        assert_eq!(permits(), [false; 3]);
        add_stake(12, 1);
        run_to_epoch(1);
        assert_eq!(permits(), [false, false, true]);
        assert_eq!(Emission::neurons(SUBNET)[2].stake_weight, u16::MAX);
    });
}
