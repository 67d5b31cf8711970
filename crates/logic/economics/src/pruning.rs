//! Pruning: the choice of the subnet, or of the neuron of a subnet, that is replaced by a new one.
//!
//! spec subnets-and-neurons §3 and §11.

use alloc::{collections::BTreeSet, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::cmp::Reverse;
use myelin_primitives::{Amount, BlockNumber, NetUid, Tao, Uid};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// A subnet that may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubnetCandidate {
    /// The subnet.
    pub netuid: NetUid,
    /// The amount that it receives of each block at present.
    pub emission: Amount<Tao>,
    /// The block of its creation.
    pub registered_at: BlockNumber,
}

/// Returns the subnet that a new one replaces, or `None` if all are immune. spec subnets-and-neurons §3.
///
/// Candidates are the subnets that are no longer immune. The lowest emission comes first, among equals the earliest
/// created, then the lowest netuid. Root is never replaced.
pub fn subnet_to_prune(
    subnets: impl IntoIterator<Item = SubnetCandidate>,
    immunity_period: BlockNumber,
    block: BlockNumber,
) -> Option<NetUid> {
    subnets
        .into_iter()
        .filter(|subnet| !subnet.netuid.is_root() && !is_immune(subnet.registered_at, immunity_period, block))
        .min_by_key(|subnet| (subnet.emission, subnet.registered_at, subnet.netuid))
        .map(|subnet| subnet.netuid)
}

/// The score by which a seat is kept: a slow mean of its pay, which no single epoch decides.
///
/// spec subnets-and-neurons §11.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct SeatScore {
    /// Mean of the pay, rounded down.
    pub mean: Amount<Tao>,
    /// Number of epochs that the mean has, up to [`SeatScore::EPOCHS`].
    pub epochs: u8,
}

impl SeatScore {
    /// The score of a seat that no epoch has paid.
    pub const NONE: Self = Self { mean: Amount::ZERO, epochs: 0 };

    /// The number of first epochs that count alike. After them the newest pay has a weight of one in so many.
    pub const EPOCHS: u8 = 8;

    /// Returns the score after an epoch that paid this to the seat.
    #[must_use]
    pub fn after(self, pay: Amount<Tao>) -> Self {
        let epochs = self.epochs.saturating_add(1).min(Self::EPOCHS);
        let before = u128::from(self.mean.rao()).saturating_mul(epochs.saturating_sub(1).into());
        let mean = before.saturating_add(pay.rao().into()).checked_div(epochs.into()).unwrap_or(0);
        // A mean of amounts is an amount.
        Self { mean: Amount::from_rao(u64::try_from(mean).unwrap_or(u64::MAX)), epochs }
    }
}

/// A neuron that may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeuronCandidate {
    /// The seat.
    pub uid: Uid,
    /// The mean of its [`SeatScore`].
    pub score: Amount<Tao>,
    /// The block of its registration.
    pub registered_at: BlockNumber,
    /// True if the seat is protected for the subnet's owner and never replaced.
    pub protected: bool,
}

/// The parameters that keep neurons in their seats.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct NeuronImmunity {
    /// Blocks for which a new neuron is immune.
    pub period: BlockNumber,
    /// Neurons past their immunity that are kept while an immune neuron can be replaced instead.
    pub min_non_immune: u16,
}

/// Returns the neuron that a new one replaces, or `None` if all seats are protected. spec subnets-and-neurons §11.
///
/// Candidates are the neurons that are no longer immune. The lowest score comes first, among equals the earliest
/// registered, then the lowest uid. While at most `min_non_immune` neurons are past their immunity, an immune neuron is
/// replaced, chosen in the same way.
pub fn neuron_to_replace(
    neurons: impl IntoIterator<Item = NeuronCandidate>,
    immunity: NeuronImmunity,
    block: BlockNumber,
) -> Option<Uid> {
    let mut lowest_immune = None;
    let mut lowest_other = None;
    let mut others = 0_usize;
    for neuron in neurons.into_iter().filter(|neuron| !neuron.protected) {
        let order = Reverse((neuron.score, neuron.registered_at, neuron.uid));
        if is_immune(neuron.registered_at, immunity.period, block) {
            lowest_immune = lowest_immune.max(Some(order));
        } else {
            lowest_other = lowest_other.max(Some(order));
            others = others.saturating_add(1);
        }
    }
    let chosen =
        if others > usize::from(immunity.min_non_immune) { lowest_other } else { lowest_immune.or(lowest_other) };
    chosen.map(|Reverse((_, _, uid))| uid)
}

/// Returns the seat that was held longest among those past immunity, if any, then the lowest uid.
///
/// It makes room in the launch phase, in which all seats earn alike. spec subnets-and-neurons §11.
pub fn seat_held_longest(
    seats: impl IntoIterator<Item = (Uid, BlockNumber)>,
    immunity_period: BlockNumber,
    block: BlockNumber,
) -> Option<Uid> {
    seats
        .into_iter()
        .filter(|(_, registered_at)| !is_immune(*registered_at, immunity_period, block))
        .min_by_key(|(uid, registered_at)| (*registered_at, *uid))
        .map(|(uid, _)| uid)
}

/// Returns the seats that are protected for the owner of a subnet, at most `limit`. spec subnets-and-neurons §12.
///
/// The seat of the `designated` hotkey comes first. The seats of the owner's other hotkeys follow, in the order in
/// which they were taken. The function `is_owners` is called until enough seats are found.
pub fn protected_seats(
    seats: impl IntoIterator<Item = (Uid, BlockNumber)>,
    designated: Option<Uid>,
    mut is_owners: impl FnMut(Uid) -> bool,
    limit: u16,
) -> BTreeSet<Uid> {
    let is_designated = |uid: Uid| Some(uid) == designated;
    let mut order: Vec<(Uid, BlockNumber)> = seats.into_iter().collect();
    order.sort_by_key(|(uid, registered_at)| (!is_designated(*uid), *registered_at, *uid));
    let uids = order.into_iter().map(|(uid, _)| uid);
    uids.filter(|uid| is_designated(*uid) || is_owners(*uid)).take(limit.into()).collect()
}

/// Returns true if a subnet or neuron registered at `registered_at` is immune. spec subnets-and-neurons §3 and §11.
pub fn is_immune(registered_at: BlockNumber, period: BlockNumber, block: BlockNumber) -> bool {
    block.saturating_sub(registered_at) < period
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    fn subnet(netuid: u16, emission: u64, registered_at: BlockNumber) -> SubnetCandidate {
        SubnetCandidate { netuid: NetUid::new(netuid), emission: Amount::from_rao(emission), registered_at }
    }

    #[test]
    fn the_subnet_with_the_lowest_emission_goes_and_the_older_of_two() {
        for (emissions, pruned) in [([5, 4, 4], 2), ([5, 5, 4], 3), ([4, 5, 5], 1)] {
            let subnets =
                (1..).zip(emissions).map(|(netuid, emission)| subnet(netuid, emission, 10 * u32::from(netuid)));
            assert_eq!(subnet_to_prune(subnets, 50, 1_000), Some(NetUid::new(pruned)), "{emissions:?}");
        }
    }

    #[test]
    fn immune_subnets_and_root_stay() {
        let pruned = |subnets: &[SubnetCandidate]| subnet_to_prune(subnets.iter().copied(), 100, 1_000);
        assert_eq!(pruned(&[]), None);
        assert_eq!(pruned(&[subnet(0, 0, 0), subnet(1, 0, 901), subnet(2, 9, 1_001)]), None);
        assert_eq!(pruned(&[subnet(0, 0, 0), subnet(1, 0, 901), subnet(2, 9, 900)]), Some(NetUid::new(2)));
        assert_eq!(pruned(&[subnet(7, 1, 5), subnet(3, 1, 5)]), Some(NetUid::new(3)));
    }

    fn neuron(uid: u16, score: u64, registered_at: BlockNumber) -> NeuronCandidate {
        NeuronCandidate { uid: Uid::new(uid), score: Amount::from_rao(score), registered_at, protected: false }
    }

    #[test]
    fn a_score_is_the_mean_of_eight_epochs_and_then_moves_by_an_eighth() {
        let after = |score: SeatScore, pay| score.after(Amount::from_rao(pay));
        let means = (1..=8).scan(SeatScore::NONE, |score, epoch| {
            *score = after(*score, 100 * epoch);
            Some((score.mean.rao(), score.epochs))
        });
        let expected = [100, 150, 200, 250, 300, 350, 400, 450].into_iter().zip(1..);
        assert_eq!(means.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let settled = SeatScore { mean: Amount::from_rao(450), epochs: 8 };
        let mean = |pay| after(settled, pay).mean.rao();
        // Rounded down in both directions: by 7 / 8 and by 1 / 8.
        assert_eq!([mean(450), mean(457), mean(458), mean(449), mean(0)], [450, 450, 451, 449, 393]);
        assert_eq!(after(settled, 0).epochs, 8);
        let largest = SeatScore { mean: Amount::MAX, epochs: 8 };
        assert_eq!(largest.after(Amount::MAX), largest);
    }

    fn replaced(neurons: &[NeuronCandidate], min_non_immune: u16) -> Option<u16> {
        let immunity = NeuronImmunity { period: 100, min_non_immune };
        neuron_to_replace(neurons.iter().copied(), immunity, 1_000).map(Uid::get)
    }

    #[test]
    fn the_neuron_with_the_lowest_score_goes() {
        let neurons = [neuron(0, 100, 0), neuron(1, 110, 0)];
        let immunity = NeuronImmunity { period: 2, min_non_immune: 0 };
        assert_eq!(neuron_to_replace(neurons, immunity, 3), Some(Uid::new(0)));
        assert_eq!(replaced(&[neuron(0, 5, 9), neuron(1, 5, 8), neuron(2, 5, 8)], 0), Some(1));
    }

    #[test]
    fn immune_neurons_go_only_when_there_is_no_other() {
        let immune = [neuron(0, 0, 950), neuron(1, 0, 940), neuron(2, 7, 901)];
        assert_eq!(replaced(&immune, 0), Some(1));
        assert_eq!(replaced(&[&immune[..], &[neuron(3, 9, 900)]].concat(), 0), Some(3));
    }

    #[test]
    fn a_minimum_of_experienced_neurons_is_kept_if_possible() {
        let experienced = [neuron(0, 1, 0), neuron(1, 2, 0)];
        assert_eq!(replaced(&[&experienced[..], &[neuron(2, 9, 990)]].concat(), 2), Some(2));
        assert_eq!(replaced(&[&experienced[..], &[neuron(2, 9, 990)]].concat(), 1), Some(0));
        assert_eq!(replaced(&experienced, 2), Some(0));
    }

    #[test]
    fn protected_neurons_never_go() {
        let owner = NeuronCandidate { protected: true, ..neuron(0, 0, 0) };
        assert_eq!(replaced(&[owner], 0), None);
        assert_eq!(replaced(&[], 0), None);
        assert_eq!(replaced(&[owner, neuron(1, 9, 999)], 0), Some(1));
    }

    fn neurons() -> impl Strategy<Value = Vec<NeuronCandidate>> {
        vec((0..3_u64, 850..1_000_u32, any::<bool>()), 0..20).prop_map(|seats| {
            let seat = |(uid, (emission, registered_at, protected))| NeuronCandidate {
                protected,
                ..neuron(uid, emission, registered_at)
            };
            (0..).zip(seats).map(seat).collect()
        })
    }

    #[test]
    fn the_designated_seat_is_kept_first_and_owners_are_looked_up_no_longer_than_needed() {
        let seats = [(0, 30), (1, 10), (2, 20), (3, 5)].map(|(uid, at)| (Uid::new(uid), at));
        let kept = |designated: Option<u16>, owned: &[u16], limit| {
            let mut asked = 0;
            let is_owners = |uid: Uid| {
                asked += 1;
                owned.contains(&uid.get())
            };
            let kept = protected_seats(seats, designated.map(Uid::new), is_owners, limit);
            (kept.into_iter().map(Uid::get).collect::<Vec<_>>(), asked)
        };
        assert_eq!(kept(Some(0), &[1, 2], 1), (vec![0], 0));
        assert_eq!(kept(Some(0), &[1, 2], 2), (vec![0, 1], 2));
        assert_eq!(kept(None, &[1, 2], 1), (vec![1], 2));
        assert_eq!(kept(None, &[], 10), (vec![], 4));
    }

    #[test]
    fn in_the_launch_phase_the_seat_held_longest_makes_room() {
        let seats = [3, 2, 2, 9].into_iter().zip(0..).map(|(block, uid)| (Uid::new(uid), block));
        let chosen = |block| seat_held_longest(seats.clone(), 100, block).map(Uid::get);
        assert_eq!([101, 102, 103, 200].map(chosen), [None, Some(1), Some(1), Some(1)]);
        assert_eq!(seat_held_longest([], 0, 9), None);
    }

    proptest! {
        #[test]
        fn the_order_of_the_candidates_does_not_matter(neurons in neurons(), min_non_immune in 0..5_u16) {
            let reversed: Vec<_> = neurons.iter().rev().copied().collect();
            prop_assert_eq!(replaced(&neurons, min_non_immune), replaced(&reversed, min_non_immune));
        }

        #[test]
        fn the_replaced_neuron_is_no_better_than_its_peers(neurons in neurons()) {
            let Some(uid) = replaced(&neurons, 0) else {
                prop_assert!(neurons.iter().all(|neuron| neuron.protected));
                return Ok(());
            };
            let gone = neurons[usize::from(uid)];
            let immune = |neuron: &NeuronCandidate| is_immune(neuron.registered_at, 100, 1_000);
            prop_assert!(!gone.protected);
            for other in neurons.iter().filter(|other| !other.protected) {
                prop_assert!(!immune(&gone) || immune(other));
                prop_assert!(immune(&gone) != immune(other) || gone.score <= other.score);
            }
        }
    }
}
