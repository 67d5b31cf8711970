//! Epochs that find no room. spec tokenomics §3.2, architecture decision 5

use super::*;
use crate::types::{DueEpoch, EpochSize};
use frame_support::weights::Weight;

/// Limits a block to the epoch of one subnet with one neuron.
fn room_for_one() {
    room_for_one_of(1);
}

/// Limits a block to the epoch of one subnet with this many neurons.
fn room_for_one_of(neurons: u32) {
    let networks = u32::try_from(Ledger::<Test>::get().len()).unwrap() + 1;
    MaxTickWeight::set(<Test as Config>::WeightInfo::tick(networks).saturating_add(weight_of_epoch(neurons)));
}

/// Returns the weight of an epoch of this many neurons, all of which have a permit.
pub(super) fn weight_of_epoch(neurons: u32) -> Weight {
    let size = EpochSize { neurons, permits: neurons, ..EpochSize::default() };
    <Test as Config>::WeightInfo::measure_epoch(neurons).saturating_add(<Test as Config>::WeightInfo::epoch(size))
}

fn waiting() -> Vec<(u32, u16)> {
    Waiting::<Test>::get().into_iter().map(|DueEpoch { since, netuid }| (since, netuid.get())).collect()
}

fn put_off() -> Vec<(u16, u32)> {
    let late = |event| match event {
        Event::EpochPutOff { netuid, since } => Some((netuid.get(), since)),
        _ => None,
    };
    events().into_iter().filter_map(late).collect()
}

/// Returns a chain with subnets 1, 2 and 3, whose epochs are all due in block 7.
fn three_at_once() -> ExtBuilder {
    ExtBuilder::default().subnet(1, None, with_tempo(9)).subnet(2, None, with_tempo(10)).subnet(3, None, with_tempo(11))
}

fn seat_everywhere() {
    for netuid in Ledger::<Test>::get().keys() {
        take_seat(netuid.get(), 10 * u64::from(netuid.get()));
    }
}

#[test]
fn what_does_not_fit_waits_is_announced_once_and_runs_next() {
    three_at_once().build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        run_to_block(7);
        assert_eq!(epochs_run(), [1]);
        assert_eq!(put_off(), [(2, 7), (3, 7)]);
        assert_eq!(waiting(), [(7, 2), (7, 3)]);
        next_block();
        assert_eq!(epochs_run(), [2]);
        assert!(put_off().is_empty());
        assert_eq!(waiting(), [(7, 3)]);
        next_block();
        assert_eq!(epochs_run(), [3]);
        assert!(waiting().is_empty());
        assert!(!Waiting::<Test>::exists());
    });
}

#[test]
fn a_late_epoch_pays_what_accrued_until_it_runs() {
    three_at_once().build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        run_to_block(9);
        assert_eq!([1, 2, 3].map(|netuid| last_epoch(netuid).block), [7, 8, 9]);
        let third = |blocks: u64| blocks * 333_333_333;
        assert_eq!([2, 3].map(|netuid| last_epoch(netuid).emission), [rao(third(7)), rao(third(8))]);
    });
}

/// Checks that bonds on a miner that came before the last epoch are kept, also if it ran late. spec yuma §3.9
#[test]
fn bonds_of_a_late_epoch_last() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        let room = MaxTickWeight::get();
        MaxTickWeight::set(<Test as Config>::WeightInfo::tick(2));
        run_to_block(18);
        assert_eq!(waiting(), [(17, 1)]);
        take_seat(1, 12);
        next_block();
        set_weights(1, 0, &[(2, 1)]);
        MaxTickWeight::set(room);
        next_block();
        assert_eq!(last_epoch(1).block, 20);
        let bond = || Emission::bonds(SUBNET)[0].1.iter().find(|bond| bond.uid == Uid::new(2)).unwrap().value;
        let first = bond();
        run_to_epoch(1);
        assert_eq!(System::block_number(), 27);
        assert!(bond() > first);
    });
}

#[test]
fn an_epoch_with_parents_needs_more_room() {
    three_at_once().build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        Parents::set([(10, 32)].into());
        run_to_block(7);
        assert!(epochs_run().is_empty());
        assert_eq!(put_off(), [(1, 7), (2, 7), (3, 7)], "the oldest is first, also if another one fits");
        Parents::set([(10, 0)].into());
        next_block();
        assert_eq!(epochs_run(), [1]);
    });
}

#[test]
fn the_oldest_runs_first() {
    three_at_once().subnet(4, None, with_tempo(13)).build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        run_to_block(8);
        assert_eq!(epochs_run(), [2]);
        assert_eq!(put_off(), [(4, 8)]);
        assert_eq!(waiting(), [(7, 3), (8, 4)]);
        run_to_block(10);
        assert_eq!([3, 4].map(|netuid| last_epoch(netuid).block), [9, 10]);
    });
}

#[test]
fn an_epoch_that_is_due_again_waits_once_and_keeps_its_place() {
    // Tempo 1 makes all of them due in every odd block.
    let subnets = [1, 3, 5].into_iter().fold(ExtBuilder::default(), |b, netuid| b.subnet(netuid, None, with_tempo(1)));
    subnets.build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        run_to_block(4);
        assert_eq!(waiting(), [(3, 5)]);
        next_block();
        assert_eq!(epochs_run(), [5]);
        assert_eq!(put_off(), [(1, 5), (3, 5)]);
        assert_eq!(waiting(), [(5, 1), (5, 3)]);
    });
}

#[test]
fn an_overloaded_chain_serves_all_in_turn_and_catches_up_with_more_room() {
    let subnets = (1..=8).fold(ExtBuilder::default(), |b, netuid| b.subnet(netuid, None, with_tempo(1)));
    subnets.build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        let mut runs = std::collections::BTreeMap::new();
        let mut recycled = 0;
        let mut block = || {
            next_block();
            for event in events() {
                if let Event::EmissionRecycled { amount, .. } = event {
                    recycled += amount.rao();
                }
            }
        };
        while System::block_number() < 81 {
            block();
            for netuid in epochs_run() {
                *runs.entry(netuid).or_insert(0) += 1;
            }
        }
        assert_eq!(runs.values().sum::<i32>(), 80, "one in each block");
        assert!(runs.values().all(|count| (9..=11).contains(count)), "{runs:?}");
        MaxTickWeight::set(Weight::from_parts(1_500_000_000_000, u64::MAX));
        block();
        assert!(waiting().is_empty());
        assert_eq!(Emission::total_issuance(), rao(81 * TAO - recycled), "no neuron voted");
    });
}

#[test]
fn a_failed_epoch_leaves_the_queue() {
    three_at_once().build_and_execute(|| {
        voters(&[(1, 10), (2, 20), (3, 30)]);
        refuse_payments_to(Some(20));
        room_for_one_of(2);
        run_to_block(8);
        assert_eq!(waiting(), [(7, 3)]);
        assert!(events().iter().any(|event| matches!(event, Event::EpochFailed { .. })));
    });
}

#[test]
fn an_ended_subnet_leaves_the_queue() {
    three_at_once().build_and_execute(|| {
        seat_everywhere();
        room_for_one();
        run_to_block(7);
        end_subnet(2);
        assert_eq!(waiting(), [(7, 3)]);
        next_block();
        assert_eq!(epochs_run(), [3]);
    });
}

#[test]
fn larger_epochs_need_more_room() {
    three_at_once().build_and_execute(|| {
        take_seat(1, 10);
        take_seat(1, 11);
        room_for_one();
        run_to_block(7);
        assert_eq!(waiting(), [(7, 1), (7, 2), (7, 3)], "the head of the queue holds up the smaller ones behind it");
        assert!(epochs_run().is_empty());
    });
}

#[test]
fn a_block_without_epochs_does_not_touch_the_queue() {
    three_at_once().build_and_execute(|| {
        run_to_block(30);
        assert!(!Waiting::<Test>::exists());
    });
}

#[test]
fn epochs_that_are_switched_off_wait_and_one_pays_all() {
    owned_subnet().build_and_execute(|| {
        rated_miner();
        run_to_epoch(1);
        next_block();
        System::reset_events();
        epochs_run();
        set_network(|network| network.epochs_enabled = false);
        let from = System::block_number();
        run_to_block(from + 25);
        assert!(epochs_run().is_empty());
        assert_eq!((waiting().len(), pending(1)), (1, 26 * TAO));
        set_network(|network| network.epochs_enabled = true);
        next_block();
        assert_eq!((epochs_run(), waiting().len()), (vec![1], 0));
        assert_eq!(last_epoch(1).emission, rao(27 * TAO));
    });
}
