//! The scores of miners that a validator stores.

use crate::Verdict;
use myelin_primitives::{BlockNumber, Fraction, MILLION};
use myelin_wire::PublicKey;
use std::collections::BTreeMap;

/// The average 1, of which all averages are parts.
pub const ONE: u64 = 1 << 32;

/// A seat: its hotkey, and the block of its registration.
///
/// Records that outlive a round belong to a seat. A hotkey that takes another seat starts over.
pub type SeatKey = (PublicKey, BlockNumber);

/// The score of one miner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The block of its registration. The next neuron on the seat starts from zero.
    pub since: BlockNumber,
    /// The moving average of the scores, in parts of [`ONE`]. It starts from zero, so a new hotkey gains nothing.
    pub average: u64,
    /// The number of requests.
    pub asked: u64,
    /// The number of valid answers.
    pub answered: u64,
}

impl Score {
    fn moved(&mut self, score: Fraction, newest: Fraction) {
        let gained = newest.of(score.of(ONE));
        let left = self.average.saturating_sub(newest.of_rounded_up(self.average));
        self.average = left.saturating_add(gained).min(ONE);
    }
}

/// The scores of all miners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores(BTreeMap<PublicKey, Score>);

impl Scores {
    /// Records the verdict on a request to a miner. `newest` is the part of the average that a score makes up.
    ///
    /// A loss is rounded up and a gain down, so the average of a silent miner ends at 0.
    pub fn note(&mut self, seat: SeatKey, verdict: Verdict, is_answered: bool, newest: Fraction) {
        let row = self.row(seat);
        row.asked = row.asked.saturating_add(1);
        if let Verdict::Score(score) = verdict {
            row.answered = row.answered.saturating_add(is_answered.into());
            row.moved(score, newest);
        }
    }

    /// Records that a miner failed a consumer, as a score of 0 with a quarter of `newest`.
    pub fn note_organic_failure(&mut self, seat: SeatKey, newest: Fraction) {
        let quarter = u32::try_from(newest.of(MILLION.into()) / 4).ok();
        if let Some(quarter) = quarter.and_then(|ppm| Fraction::from_ppm(ppm).ok()) {
            self.row(seat).moved(Fraction::ZERO, quarter);
        }
    }

    fn row(&mut self, (hotkey, since): SeatKey) -> &mut Score {
        let new = Score { since, average: 0, asked: 0, answered: 0 };
        let row = self.0.entry(hotkey).or_insert(new);
        if row.since != since {
            *row = new;
        }
        row
    }

    /// Removes the scores of neurons whose seat was taken over. `since` returns the block of a hotkey's registration.
    pub fn keep(&mut self, since: impl Fn(PublicKey) -> Option<BlockNumber>) {
        self.0.retain(|hotkey, score| since(*hotkey) == Some(score.since));
    }

    /// Returns the score of the miner on a seat, if it was asked yet.
    pub fn get(&self, (hotkey, since): SeatKey) -> Option<Score> {
        self.0.get(&hotkey).copied().filter(|score| score.since == since)
    }

    /// Returns the scores of all miners that were asked.
    pub fn iter(&self) -> impl Iterator<Item = (PublicKey, Score)> {
        self.0.iter().map(|(hotkey, score)| (*hotkey, *score))
    }
}

impl FromIterator<(PublicKey, Score)> for Scores {
    fn from_iter<I: IntoIterator<Item = (PublicKey, Score)>>(scores: I) -> Self {
        Self(scores.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINER: PublicKey = PublicKey::from_bytes([1; 32]);

    fn part(ppm: u32) -> Fraction {
        Fraction::from_ppm(ppm).unwrap()
    }

    /// Returns the score after these scores; `None` is a missing answer.
    fn noted(scores: &[Option<u32>]) -> Score {
        let mut noted = Scores::default();
        for score in scores {
            let verdict = Verdict::Score(score.map_or(Fraction::ZERO, part));
            noted.note((MINER, 5), verdict, score.is_some(), part(100_000));
        }
        noted.get((MINER, 5)).unwrap()
    }

    #[test]
    fn an_average_comes_up_to_what_is_scored_and_down_again() {
        assert_eq!(noted(&[Some(1_000_000)]).average, ONE / 10);
        let half = noted(&[Some(500_000); 200]).average;
        assert!(half.abs_diff(ONE / 2) < 20, "{half}");
        // Each missing answer reduces the average by a tenth.
        let fallen = noted(&[[Some(500_000); 200].as_slice(), &[None; 44]].concat());
        assert!(fallen.average < ONE / 200, "{fallen:?}");
        assert_eq!((fallen.asked, fallen.answered), (244, 200));
    }

    #[test]
    fn nh_32_silence_ends_at_nothing() {
        for score in [1_000_000, 50_000] {
            let silent = noted(&[[Some(score); 200].as_slice(), &[None; 400]].concat());
            assert_eq!(silent.average, 0, "after 200 scores of {score} millionths");
        }
    }

    #[test]
    fn nh_39_an_abstention_moves_no_average() {
        let mut scores = Scores::default();
        scores.note((MINER, 5), Verdict::Score(part(800_000)), true, part(500_000));
        let before = scores.get((MINER, 5)).unwrap();
        scores.note((MINER, 5), Verdict::Abstain, true, part(500_000));
        assert_eq!(scores.get((MINER, 5)), Some(Score { asked: 2, ..before }));
    }

    #[test]
    fn nh_43_a_failed_consumer_counts_a_quarter() {
        let mut scores = Scores::default();
        scores.note((MINER, 5), Verdict::Score(part(1_000_000)), true, part(1_000_000));
        scores.note_organic_failure((MINER, 5), part(400_000));
        let after = scores.get((MINER, 5)).unwrap();
        // A tenth of the average, which is lost in one step. It counts as no request of the validator.
        assert_eq!((after.average, after.asked, after.answered), (ONE - ONE.div_ceil(10), 1, 1));
    }

    #[test]
    fn an_answer_that_is_worth_nothing_is_an_answer_all_the_same() {
        let (nothing, silence) = (noted(&[Some(0)]), noted(&[None]));
        assert_eq!((nothing.average, silence.average), (0, 0));
        assert_eq!((nothing.answered, silence.answered), (1, 0));
    }

    #[test]
    fn nh_38_a_hotkey_on_another_seat_starts_over() {
        let all = Verdict::Score(part(1_000_000));
        let mut scores = Scores::default();
        scores.note((MINER, 5), all, true, part(500_000));
        let other = PublicKey::from_bytes([2; 32]);
        scores.note((other, 6), all, true, part(500_000));
        scores.keep(|hotkey| (hotkey == MINER).then_some(5));
        assert_eq!(scores.iter().map(|(hotkey, _)| hotkey).collect::<Vec<_>>(), [MINER]);
        // The same hotkey was registered again.
        assert_eq!(scores.get((MINER, 9)), None);
        scores.note((MINER, 9), Verdict::Score(Fraction::ZERO), false, part(500_000));
        assert_eq!(scores.get((MINER, 9)), Some(Score { since: 9, average: 0, asked: 1, answered: 0 }));
        scores.keep(|_| Some(5));
        assert_eq!(scores.iter().count(), 0);
    }
}
