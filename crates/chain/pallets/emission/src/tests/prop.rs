//! Random sequences of steps, against a model that accrues in each block for each subnet.

use super::*;
use frame_support::{
    traits::{
        fungible::Balanced,
        tokens::{Fortitude, Precision, Preservation},
    },
    weights::Weight,
};
use myelin_economics::{
    issuance::block_emission,
    root::{Share, divide_emission},
};
use myelin_records::epoch::EmissionAccount;
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeMap;

/// A step between two blocks, or a run of blocks. Numbers select among the existing subnets, seats and hotkeys.
#[derive(Clone, Debug)]
enum Step {
    Blocks(u8),
    Create { netuid: u16, tempo: u16, owner: Option<u64>, eligible: bool, neurons: usize },
    End { netuid: u16 },
    Switch { netuid: u16, emission: Option<bool>, registration: Option<bool> },
    Tempo { netuid: u16, tempo: u16 },
    OwnerCut { ppm: u32 },
    RootWeights { hotkey: u64, ratings: Vec<(u16, u16)> },
    Stake { hotkey: u64, rao: u64 },
    TakeSeat { netuid: u16, hotkey: u64 },
    ReplaceSeat { netuid: u16, uid: u16, hotkey: u64 },
    Weights { netuid: u16, uid: u16, ratings: Vec<(u16, u16)> },
    RefusePayments(Option<u64>),
    Room { epochs: u8 },
    Recycle { rao: u64 },
}

fn netuid() -> impl Strategy<Value = u16> {
    1..6_u16
}

fn hotkey() -> impl Strategy<Value = u64> {
    10..20_u64
}

fn ratings() -> impl Strategy<Value = Vec<(u16, u16)>> {
    vec((0..6_u16, prop_oneof![Just(0), 1..100_u16, Just(u16::MAX)]), 0..6).prop_map(|mut ratings| {
        ratings.sort_unstable();
        ratings.dedup_by_key(|(to, _)| *to);
        ratings
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..30_u8).prop_map(Step::Blocks),
        2 => (netuid(), 0..12_u16, proptest::option::of(1..4_u64), proptest::bool::weighted(0.8), 0..6_usize)
            .prop_map(|(netuid, tempo, owner, eligible, neurons)| Step::Create { netuid, tempo, owner, eligible, neurons }),
        1 => netuid().prop_map(|netuid| Step::End { netuid }),
        2 => (netuid(), any::<Option<bool>>(), any::<Option<bool>>())
            .prop_map(|(netuid, emission, registration)| Step::Switch { netuid, emission, registration }),
        1 => (netuid(), 0..12_u16).prop_map(|(netuid, tempo)| Step::Tempo { netuid, tempo }),
        1 => (0..=1_000_000_u32).prop_map(|ppm| Step::OwnerCut { ppm }),
        3 => (hotkey(), ratings()).prop_map(|(hotkey, ratings)| Step::RootWeights { hotkey, ratings }),
        2 => (hotkey(), 0..1_000_000_000_000_u64).prop_map(|(hotkey, rao)| Step::Stake { hotkey, rao }),
        4 => (0..6_u16, hotkey()).prop_map(|(netuid, hotkey)| Step::TakeSeat { netuid, hotkey }),
        2 => (0..6_u16, any::<u16>(), hotkey())
            .prop_map(|(netuid, uid, hotkey)| Step::ReplaceSeat { netuid, uid, hotkey }),
        4 => (netuid(), any::<u16>(), ratings()).prop_map(|(netuid, uid, ratings)| Step::Weights { netuid, uid, ratings }),
        2 => proptest::option::weighted(0.7, 10..13_u64).prop_map(Step::RefusePayments),
        2 => (0..4_u8).prop_map(|epochs| Step::Room { epochs }),
        1 => (0..20_000_000_000_u64).prop_map(|rao| Step::Recycle { rao }),
    ]
}

const RICH: u64 = 99;

/// A model of the pending emission of each subnet, added up block by block.
#[derive(Default)]
struct Plain {
    pending: BTreeMap<NetUid, u64>,
}

impl Plain {
    /// Begins a block and follows it with the rules of spec tokenomics §5.4 and §6.2.
    fn block(&mut self) {
        let emission = block_emission(Emission::total_issuance());
        next_block();
        // Eligibility and shares are as of the accrual of the block, because only calls change them later.
        let ledger = Ledger::<Test>::get();
        let eligible: Vec<(NetUid, Share)> = ledger
            .iter()
            .filter(|(_, account)| account.eligible)
            .map(|(netuid, EmissionAccount { share, .. })| (*netuid, *share))
            .collect();
        let shares: Vec<Share> = eligible.iter().map(|(_, share)| *share).collect();
        for ((netuid, _), part) in eligible.iter().zip(divide_emission(emission, &shares)) {
            *self.pending.entry(*netuid).or_default() += part.rao();
        }
        let mut recycled = BTreeMap::new();
        for event in events() {
            match event {
                Event::EmissionRecycled { netuid, amount } => {
                    recycled.insert(netuid, amount.rao());
                }
                Event::EpochRun { netuid, emission, owner_cut, miners, validators } => {
                    assert_eq!(self.pending.remove(&netuid).unwrap_or(0), emission.rao(), "an epoch pays all");
                    let paid = [owner_cut, miners, validators].map(Amount::rao).iter().sum::<u64>();
                    assert_eq!(paid + recycled.remove(&netuid).unwrap_or(0), emission.rao());
                }
                Event::AccrualFailed { reason } => panic!("accrual failed: {reason:?}"),
                _ => (),
            }
        }
        self.compare();
    }

    fn compare(&self) {
        for netuid in Ledger::<Test>::get().keys() {
            let plain = self.pending.get(netuid).copied().unwrap_or(0);
            assert_eq!(pending(netuid.get()), plain, "subnet {netuid}");
        }
        assert_eq!(Accrued::<Test>::get().pending.rao(), self.pending.values().sum::<u64>());
    }
}

fn exists(netuid: u16) -> bool {
    netuid == 0 || Ledger::<Test>::get().contains_key(&NetUid::new(netuid))
}

fn seats(netuid: u16) -> u16 {
    <Tables as myelin_pallet_neurons::traits::ReadSeats<_>>::count(NetUid::new(netuid))
}

/// Returns true if a hotkey may take a seat; the pallet of seats lets no hotkey sit twice.
fn may_sit(netuid: u16, hotkey: u64) -> bool {
    exists(netuid)
        && <Tables as myelin_pallet_neurons::traits::ReadSeats<_>>::uid(NetUid::new(netuid), &hotkey).is_none()
}

fn take(plain: &mut Plain, step: Step) {
    match step {
        Step::Blocks(count) => (0..count).for_each(|_| plain.block()),
        Step::Create { netuid, tempo, owner, eligible, neurons } if !exists(netuid) => {
            // The storage of an ended subnet is cleared before its netuid is used again.
            let cleared = <Emission as myelin_pallet_subnets::traits::OnSubnet<_>>::remove_page(
                NetUid::new(netuid),
                &mut frame_support::weights::WeightMeter::new(),
            );
            assert_eq!(cleared, myelin_pallet_subnets::types::CleanupProgress::Done);
            create_subnet(netuid, owner, 0, Parameters { emission_enabled: eligible, ..with_tempo(tempo) });
            for hotkey in (10..20).take(neurons) {
                take_seat(netuid, hotkey);
            }
        }
        Step::End { netuid } if exists(netuid) => {
            plain.pending.remove(&NetUid::new(netuid));
            end_subnet(netuid);
        }
        Step::Switch { netuid, emission, registration } if exists(netuid) => {
            let patch = ParametersPatch {
                emission_enabled: emission,
                registration_allowed: registration,
                ..ParametersPatch::default()
            };
            set_parameters(netuid, &patch);
        }
        Step::Tempo { netuid, tempo } if exists(netuid) => {
            set_parameters(netuid, &ParametersPatch { tempo: Some(tempo), ..ParametersPatch::default() });
        }
        Step::OwnerCut { ppm } => set_network(|network| network.subnet_owner_cut = ppm),
        Step::RootWeights { hotkey, ratings } => set_root_weights(hotkey, &ratings),
        Step::Stake { hotkey, rao } => add_stake(hotkey, rao),
        Step::TakeSeat { netuid, hotkey } if may_sit(netuid, hotkey) => {
            take_seat(netuid, hotkey);
        }
        Step::ReplaceSeat { netuid, uid, hotkey } if may_sit(netuid, hotkey) && seats(netuid) > 0 => {
            replace_seat(netuid, Uid::new(uid % seats(netuid)), hotkey);
        }
        Step::Weights { netuid, uid, ratings } if exists(netuid) && seats(netuid) > 0 => {
            set_weights(netuid, uid % seats(netuid), &ratings);
        }
        Step::RefusePayments(hotkey) => refuse_payments_to(hotkey),
        Step::Room { epochs } => {
            let room = super::queue::weight_of_epoch(10).saturating_mul(epochs.into());
            let always =
                <Test as Config>::WeightInfo::tick(6).saturating_add(<Test as Config>::WeightInfo::root_epoch(10, 6));
            MaxTickWeight::set(Weight::from_parts(0, u64::MAX).saturating_add(always).saturating_add(room));
        }
        Step::Recycle { rao } => {
            let withdrawn =
                Balances::withdraw(&RICH, rao, Precision::BestEffort, Preservation::Preserve, Fortitude::Polite);
            drop(withdrawn);
        }
        _ => (),
    }
    plain.compare();
    Emission::do_try_state().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Starts around a halving, so that the block emission changes in both directions.
    #[test]
    fn no_rao_is_lost_whatever_happens(steps in vec(step(), 1..60), below in 0..200_u64) {
        MaxTickWeight::set(Weight::from_parts(1_500_000_000_000, u64::MAX));
        ExtBuilder::default()
            .balance(RICH, 10_500_000_000_000_000 - below * TAO)
            .subnet(0, None, Parameters { tempo: 6, ..Parameters::root() })
            .subnet(1, None, with_tempo(4))
            .build_and_execute(|| {
                for hotkey in 10..15 {
                    take_seat(0, hotkey);
                    take_seat(1, hotkey);
                }
                for (hotkey, ratings) in [(10, [(1, 2), (2, 1)]), (11, [(2, 1), (3, 3)])] {
                    add_stake(hotkey, 1_000 * TAO);
                    set_root_weights(hotkey, &ratings);
                }
                let mut plain = Plain::default();
                for step in steps {
                    take(&mut plain, step);
                }
            });
    }
}
