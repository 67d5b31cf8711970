//! Random calls against the invariants and against a plain model of the seats.

use super::{signed, uid};
use crate::{
    SeatsOf,
    mock::{
        CONSENT, Earned, ExtBuilder, Neurons, PUBLIC_V4, SUBNET, Tables, Test, account, block_hash, check, clear,
        create, end, next_block, paired, released, set, swap,
    },
    traits::ReadSeats,
};
use frame_support::weights::{Weight, WeightMeter};
use myelin_economics::work::WorkChallenge;
use myelin_pallet_staking::traits::RootSeats;
use myelin_pallet_subnets::traits::{OnSubnet, ReadSubnets};
use myelin_primitives::{Amount, NetUid};
use myelin_records::{
    commitment::CommitmentData,
    parameters::{Parameters, ParametersPatch},
};
use proptest::{collection::vec, prelude::*};

/// A call or another step.
#[derive(Clone, Debug)]
enum Action {
    Burn { coldkey: u16, hotkey: u16, netuid: u16 },
    Work { coldkey: u16, hotkey: u16, netuid: u16, age: u32 },
    JoinRoot { hotkey: u16 },
    Swap { coldkey: u16, hotkey: u16, new: u16 },
    Serve { hotkey: u16, netuid: u16, port: u16 },
    Metrics { hotkey: u16, netuid: u16 },
    Commit { hotkey: u16, netuid: u16 },
    Earn { netuid: u16, earned: Vec<u8> },
    Seats { netuid: u16, more: u16 },
    Create { netuid: u16, coldkey: u16, hotkey: u16 },
    End { netuid: u16 },
    Page { netuid: u16, seats: u64 },
    Blocks(u8),
}

/// Generates actions on few keys and networks, so that they meet.
fn action() -> impl Strategy<Value = Action> {
    let coldkey = || 0..6_u16;
    let hotkey = || 100..112_u16;
    let netuid = || 0..4_u16;
    prop_oneof![
        6 => (coldkey(), hotkey(), netuid())
            .prop_map(|(coldkey, hotkey, netuid)| Action::Burn { coldkey, hotkey, netuid }),
        6 => (coldkey(), hotkey(), netuid(), 0..4_u32)
            .prop_map(|(coldkey, hotkey, netuid, age)| Action::Work { coldkey, hotkey, netuid, age }),
        2 => hotkey().prop_map(|hotkey| Action::JoinRoot { hotkey }),
        3 => (coldkey(), hotkey(), hotkey()).prop_map(|(coldkey, hotkey, new)| Action::Swap { coldkey, hotkey, new }),
        2 => (hotkey(), netuid(), 0..3_u16).prop_map(|(hotkey, netuid, port)| Action::Serve { hotkey, netuid, port }),
        2 => (hotkey(), netuid()).prop_map(|(hotkey, netuid)| Action::Metrics { hotkey, netuid }),
        2 => (hotkey(), netuid()).prop_map(|(hotkey, netuid)| Action::Commit { hotkey, netuid }),
        2 => (netuid(), vec(0..4_u8, 0..5)).prop_map(|(netuid, earned)| Action::Earn { netuid, earned }),
        1 => (netuid(), 0..3_u16).prop_map(|(netuid, more)| Action::Seats { netuid, more }),
        1 => (netuid(), coldkey(), hotkey())
            .prop_map(|(netuid, coldkey, hotkey)| Action::Create { netuid, coldkey, hotkey }),
        1 => netuid().prop_map(|netuid| Action::End { netuid }),
        1 => (netuid(), 0..4_u64).prop_map(|(netuid, seats)| Action::Page { netuid, seats }),
        6 => (1..12_u8).prop_map(Action::Blocks),
    ]
}

/// Returns parameters of a small, open subnet with a low difficulty.
fn parameters() -> ParametersPatch {
    ParametersPatch {
        max_allowed_uids: Some(3),
        max_allowed_validators: Some(1),
        immunity_period: Some(8),
        adjustment_interval: Some(10),
        target_registrations_per_interval: Some(3),
        max_registrations_per_block: Some(2),
        pow_registration_allowed: Some(true),
        initial_difficulty: Some(1),
        min_difficulty: Some(1),
        max_difficulty: Some(1),
        ..Default::default()
    }
}

/// Runs a test on a chain whose root and subnet have three seats each.
fn on_a_small_chain(test: impl FnOnce()) {
    ExtBuilder::default().parameters(&parameters()).build_and_execute(|| {
        let few = ParametersPatch { max_allowed_uids: Some(3), max_allowed_validators: Some(1), ..Default::default() };
        set(NetUid::ROOT, &few);
        test();
    });
}

impl Action {
    /// Returns true if the action succeeded. Many actions are refused and must have no effect then.
    fn run(&self) -> bool {
        let now = frame_system::Pallet::<Test>::block_number();
        let network = NetUid::new;
        match *self {
            Self::Burn { coldkey, hotkey, netuid } => {
                paired(coldkey, hotkey, || Neurons::burned_register(signed(coldkey), network(netuid), account(hotkey)))
                    .is_ok()
            }
            Self::Work { coldkey, hotkey, netuid, age } => {
                let block = now.saturating_sub(age);
                let seal = WorkChallenge::new(&block_hash(block), &account(hotkey).into()).seal(7);
                let (work, key) = (seal.as_bytes().to_vec(), account(hotkey));
                let (signer, coldkey) = (signed(hotkey), account(coldkey));
                Neurons::register(signer, network(netuid), block, 7, work, key, coldkey, CONSENT).is_ok()
            }
            Self::JoinRoot { hotkey } => {
                let key = account(hotkey);
                // Root is full with three, and its first member makes room.
                let full = Neurons::members().len() >= 3;
                Neurons::ensure_open(&key).is_ok() && Neurons::seat(&key, full.then(|| uid(0))).is_ok()
            }
            Self::Swap { coldkey, hotkey, new } => swap(coldkey, hotkey, new).is_ok(),
            Self::Serve { hotkey, netuid, port } => {
                Neurons::serve_axon_tls(signed(hotkey), network(netuid), 1, PUBLIC_V4, port, 4, 0, 0, 0, vec![1; 33])
                    .is_ok()
            }
            Self::Metrics { hotkey, netuid } => {
                Neurons::serve_prometheus(signed(hotkey), network(netuid), 1, PUBLIC_V4, 9, 4).is_ok()
            }
            Self::Commit { hotkey, netuid } => {
                Neurons::set_commitment(signed(hotkey), network(netuid), CommitmentData::Sha256([1; 32])).is_ok()
            }
            Self::Earn { netuid, ref earned } => {
                let earned = earned.iter().map(|rao| Amount::from_rao(u64::from(*rao)));
                Earned::insert(network(netuid), earned.collect::<Vec<_>>());
                true
            }
            Self::Seats { netuid, more } => {
                let netuid = network(netuid);
                let exists = Tables::exists(netuid);
                if exists {
                    let seats = 3.max(<Neurons as ReadSeats<_>>::count(netuid)) + more;
                    set(netuid, &ParametersPatch { max_allowed_uids: Some(seats), ..Default::default() });
                }
                exists
            }
            Self::Create { netuid, coldkey, hotkey } => {
                let netuid = network(netuid);
                let free = !Tables::exists(netuid) && !SeatsOf::<Test>::contains_key(netuid);
                let owner = (account(coldkey), account(hotkey));
                let pairable = crate::mock::Owners::get(&owner.1).is_none_or(|known| known == owner.0);
                if free && pairable {
                    create(netuid, parameters().applied_to(&Parameters::default()), Some(owner));
                }
                free && pairable
            }
            Self::End { netuid } => {
                let netuid = network(netuid);
                let ends = Tables::exists(netuid) && !netuid.is_root();
                if ends {
                    end(netuid);
                }
                ends
            }
            Self::Page { netuid, seats } => {
                let netuid = network(netuid);
                let clears = !Tables::exists(netuid);
                if clears {
                    use crate::weights::{SubstrateWeight, WeightInfo};
                    type Costs = SubstrateWeight<Test>;
                    let limit: Weight = Costs::remove_none() + Costs::remove_seat() * seats;
                    Neurons::remove_page(netuid, &mut WeightMeter::with_limit(limit));
                }
                clears
            }
            Self::Blocks(blocks) => {
                (0..blocks).for_each(|_| next_block());
                true
            }
        }
    }
}

/// Returns the seats of networks that exist, as pairs of network and hotkey.
fn seated() -> Vec<(NetUid, crate::mock::AccountId)> {
    let hotkeys = |netuid| Neurons::seats(netuid).into_iter().map(move |seat| (netuid, seat.hotkey));
    Tables::netuids().into_iter().flat_map(hotkeys).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Checks that the invariants hold after each action, and that a refused action changes nothing.
    #[test]
    fn no_sequence_of_calls_breaks_the_invariants(actions in vec(action(), 1..60)) {
        on_a_small_chain(|| {
            for action in actions {
                let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
                let done = action.run();
                check();
                let after = sp_io::storage::root(sp_runtime::StateVersion::V1);
                assert!(done || before == after, "{action:?} was refused and left a trace");
            }
            for netuid in (0..4).map(NetUid::new).filter(|netuid| !Tables::exists(*netuid)) {
                clear(netuid);
            }
        });
    }

    /// Checks that stake is released exactly when a hotkey is replaced on its last seat.
    ///
    /// A swap or the end of a network does not release stake.
    #[test]
    fn stake_is_released_exactly_with_the_last_seat(actions in vec(action(), 1..60)) {
        on_a_small_chain(|| {
            for action in actions {
                let before = seated();
                action.run();
                let after = seated();
                let replaces = matches!(action, Action::Burn { .. } | Action::Work { .. } | Action::JoinRoot { .. });
                let gone = before.iter().find(|seat| !after.contains(seat)).map(|(_, hotkey)| hotkey.clone());
                let expected: Vec<_> = gone
                    .filter(|hotkey| replaces && !after.iter().any(|(_, seated)| seated == hotkey))
                    .into_iter()
                    .collect();
                assert_eq!(released(), expected, "{action:?}");
            }
        });
    }

    /// Checks that no seat is lost: while a network exists, its neurons only grow in number, and none moves.
    #[test]
    fn seats_are_kept_or_handed_over(actions in vec(action(), 1..60)) {
        on_a_small_chain(|| {
            for action in actions {
                if matches!(action, Action::End { netuid: 1 }) {
                    continue;
                }
                let before = Neurons::seats(SUBNET);
                action.run();
                let after = Neurons::seats(SUBNET);
                assert!(before.len() <= after.len());
                let changed = before.iter().zip(&after).filter(|(old, new)| old != new).count();
                assert!(changed <= 1 && (changed == 0 || before.len() == after.len()), "{action:?}");
            }
        });
    }
}
