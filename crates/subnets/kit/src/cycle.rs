//! The order in which seats are asked: a shuffled cycle.

use crate::{
    dice::{dice, number},
    scores::SeatKey,
};
use std::collections::{BTreeMap, BTreeSet};

/// A seat that is asked once in so many cycles after it reported that it does not serve the task.
///
/// Other validators serve too. A seat with an average is asked in every cycle, so that it cannot keep the average.
const PAUSED_CYCLES: u32 = 16;

/// A shuffled cycle: a random order of all seats, of which each round takes the next ones.
///
/// Every seat is asked once a cycle. A seat that is new in the middle of a cycle takes a random place among the rest.
#[derive(Debug, Default)]
pub(crate) struct SamplingCycle {
    /// The seats of the cycle that are not taken yet, the next one last.
    rest: Vec<SeatKey>,
    /// All seats that the cycle knows.
    known: BTreeSet<SeatKey>,
    /// The seats that do not serve the task, with the number of cycles in which they are not asked.
    paused: BTreeMap<SeatKey, u32>,
}

impl SamplingCycle {
    /// Takes up to `count` of these seats. True beside a seat says that it is asked in every cycle.
    pub(crate) fn take(&mut self, seed: u64, seats: &BTreeMap<SeatKey, bool>, count: usize) -> Vec<SeatKey> {
        let mut shuffle = Shuffle { seed, step: 0 };
        self.rest.retain(|seat| seats.contains_key(seat));
        self.known.retain(|seat| seats.contains_key(seat));
        self.paused.retain(|seat, _| seats.contains_key(seat));
        for seat in seats.keys() {
            if self.known.insert(*seat) {
                self.rest.insert(shuffle.below(self.rest.len().saturating_add(1)), *seat);
            }
        }
        let mut taken = Vec::with_capacity(count.min(seats.len()));
        let mut is_new = self.rest.is_empty();
        if is_new {
            self.begin(&mut shuffle, seats);
        }
        while taken.len() < count.min(seats.len()) {
            // A seat of the next cycle that was taken in this round stays for a later one.
            match self.rest.iter().rposition(|seat| !taken.contains(seat)) {
                Some(place) => taken.push(self.rest.remove(place)),
                None if is_new => break,
                None => {
                    is_new = true;
                    self.begin(&mut shuffle, seats);
                }
            }
        }
        taken
    }

    /// Begins a cycle with all seats that are not paused.
    fn begin(&mut self, shuffle: &mut Shuffle, seats: &BTreeMap<SeatKey, bool>) {
        self.rest.clear();
        for (seat, is_asked_always) in seats {
            match self.paused.get_mut(seat) {
                Some(cycles) if *cycles > 0 && !is_asked_always => *cycles = cycles.saturating_sub(1),
                _ => self.rest.insert(shuffle.below(self.rest.len().saturating_add(1)), *seat),
            }
        }
    }

    /// Pauses a seat that does not serve the task, unless it is asked in every cycle.
    pub(crate) fn pause(&mut self, seat: SeatKey, is_asked_always: bool) {
        let mut cycles = PAUSED_CYCLES.saturating_sub(1);
        // The next cycle may have begun in the round in which the seat was asked.
        if let Some(place) = self.rest.iter().position(|other| *other == seat && !is_asked_always) {
            self.rest.remove(place);
            cycles = cycles.saturating_sub(1);
        }
        self.paused.insert(seat, cycles);
    }

    /// Ends the pause of a seat, which serves the task.
    pub(crate) fn resume(&mut self, seat: SeatKey) {
        self.paused.remove(&seat);
    }
}

/// Random places that depend on a seed only.
struct Shuffle {
    seed: u64,
    step: u64,
}

impl Shuffle {
    fn below(&mut self, count: usize) -> usize {
        self.step = self.step.saturating_add(1);
        // With fewer than 2^16 places, no chance differs by more than 2^-48 of itself.
        let place = dice([self.seed, self.step, 0, 3]).checked_rem(number(count)).unwrap_or(0);
        usize::try_from(place).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use myelin_wire::PublicKey;

    fn seat(index: u16) -> SeatKey {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&index.to_le_bytes());
        (PublicKey::from_bytes(bytes), 5)
    }

    fn seats(count: u16, is_asked_always: bool) -> BTreeMap<SeatKey, bool> {
        (0..count).map(|index| (seat(index), is_asked_always)).collect()
    }

    /// Returns the rounds in which each seat is taken.
    fn rounds(count: u16, sample: usize, rounds: u64) -> BTreeMap<SeatKey, Vec<u64>> {
        let (mut cycle, seats) = (SamplingCycle::default(), seats(count, true));
        let mut taken = BTreeMap::<SeatKey, Vec<u64>>::new();
        for round in 0..rounds {
            let some = cycle.take(dice([9, round, 0, 0]), &seats, sample);
            assert_eq!(some.len(), sample.min(seats.len()));
            assert_eq!(some.iter().collect::<BTreeSet<_>>().len(), some.len(), "no seat twice in a round");
            for seat in some {
                taken.entry(seat).or_default().push(round);
            }
        }
        taken
    }

    #[test]
    fn nh_36_every_seat_is_asked_once_a_cycle() {
        let taken = rounds(256, 16, 1_000);
        assert_eq!(taken.len(), 256);
        for rounds in taken.values() {
            assert!((62..=63).contains(&rounds.len()), "{rounds:?}");
            assert!(rounds[0] < 16 && rounds.windows(2).all(|two| two[1] - two[0] <= 32), "{rounds:?}");
        }
        // The order of a cycle is not that of the one before.
        let orders = |cycle: usize| taken.values().map(|rounds| rounds[cycle] % 16).collect::<Vec<_>>();
        assert_ne!(orders(0), orders(1));
    }

    #[test]
    fn nh_36_a_sample_that_does_not_divide_the_seats_is_fair_too() {
        for (count, sample) in [(5, 2), (7, 3), (17, 16), (3, 16), (1, 1)] {
            let asked: Vec<_> = rounds(count, sample, 210).into_values().map(|rounds| rounds.len()).collect();
            let (least, most) = (asked.iter().min().unwrap(), asked.iter().max().unwrap());
            assert!(most - least <= 1, "{count} seats, {sample} at a time: {asked:?}");
        }
    }

    #[test]
    fn nh_36_a_new_seat_has_a_random_place_in_the_rest() {
        let mut places = BTreeSet::new();
        for seed in 0..40 {
            let (mut cycle, mut all) = (SamplingCycle::default(), seats(8, true));
            let first = cycle.take(seed, &all, 4);
            all.insert(seat(8), true);
            all.remove(&first[0]);
            let rest: Vec<_> = (0..5).flat_map(|_| cycle.take(seed, &all, 1)).collect();
            assert!(first.iter().all(|seat| !rest.contains(seat)));
            places.insert(rest.iter().position(|taken| *taken == seat(8)).unwrap());
        }
        assert_eq!(places, (0..5).collect());
    }

    #[test]
    fn nh_37_a_seat_without_the_task_is_asked_once_in_16_cycles() {
        for sample in [1, 2, 16] {
            let (mut cycle, mut all) = (SamplingCycle::default(), seats(2, true));
            all.insert(seat(2), false);
            let (mut others, mut asked) = (0, Vec::new());
            while others < 200 {
                for taken in cycle.take(others, &all, sample) {
                    if taken == seat(2) {
                        cycle.pause(taken, false);
                        asked.push(others / 2);
                    } else {
                        others += 1;
                    }
                }
            }
            let gaps: Vec<_> = asked.windows(2).skip(1).map(|two| two[1] - two[0]).collect();
            assert!(gaps.len() >= 4 && gaps.iter().all(|gap| (15..=17).contains(gap)), "{sample}: {asked:?}");
        }
    }

    #[test]
    fn nh_37_a_seat_with_an_average_is_asked_in_every_cycle() {
        let (mut cycle, mut all) = (SamplingCycle::default(), seats(3, true));
        for round in 0..20 {
            let taken = cycle.take(round, &all, 3);
            assert_eq!(taken.len(), 3);
            cycle.pause(seat(2), true);
        }
        // Its average has fallen to 0.
        all.insert(seat(2), false);
        let asked = (20..100).filter(|round| cycle.take(*round, &all, 3).contains(&seat(2))).count();
        assert!(asked <= 66, "{asked}");
        cycle.pause(seat(2), false);
        cycle.resume(seat(2));
        cycle.take(100, &all, 3);
        assert!(cycle.take(101, &all, 3).contains(&seat(2)));
    }
}
