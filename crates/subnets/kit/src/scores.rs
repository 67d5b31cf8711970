//! The scores of miners that a validator stores.

use myelin_primitives::{BlockNumber, Fraction};
use myelin_wire::PublicKey;
use std::collections::BTreeMap;

/// The average 1, of which all averages are parts.
pub const ONE: u64 = 1 << 32;

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

/// The scores of all miners.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores(BTreeMap<PublicKey, Score>);

impl Scores {
    /// Records a score of a miner with this block of registration; `None` if it did not answer.
    ///
    /// `newest` is the part of the average that the newest score makes up.
    pub fn note(&mut self, (hotkey, since): (PublicKey, BlockNumber), score: Option<Fraction>, newest: Fraction) {
        let new = Score { since, average: 0, asked: 0, answered: 0 };
        let row = self.0.entry(hotkey).or_insert(new);
        if row.since != since {
            *row = new;
        }
        let gained = newest.of(score.map_or(0, |score| score.of(ONE)));
        row.average = row.average.saturating_sub(newest.of(row.average)).saturating_add(gained).min(ONE);
        row.asked = row.asked.saturating_add(1);
        row.answered = row.answered.saturating_add(score.is_some().into());
    }

    /// Removes the scores of neurons whose seat was taken over. `since` returns the block of a hotkey's registration.
    pub fn keep(&mut self, since: impl Fn(PublicKey) -> Option<BlockNumber>) {
        self.0.retain(|hotkey, score| since(*hotkey) == Some(score.since));
    }

    /// Returns the score of a miner, if it was asked yet.
    pub fn get(&self, hotkey: PublicKey) -> Option<Score> {
        self.0.get(&hotkey).copied()
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

    fn noted(scores: &[Option<u32>]) -> Score {
        let mut noted = Scores::default();
        for score in scores {
            noted.note((MINER, 5), score.map(part), part(100_000));
        }
        noted.get(MINER).unwrap()
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
    fn an_answer_that_is_worth_nothing_is_an_answer_all_the_same() {
        let (nothing, silence) = (noted(&[Some(0)]), noted(&[None]));
        assert_eq!((nothing.average, silence.average), (0, 0));
        assert_eq!((nothing.answered, silence.answered), (1, 0));
    }

    #[test]
    fn whoever_comes_to_a_seat_starts_over() {
        let mut scores = Scores::default();
        scores.note((MINER, 5), Some(part(1_000_000)), part(500_000));
        let other = PublicKey::from_bytes([2; 32]);
        scores.note((other, 6), Some(part(1_000_000)), part(500_000));
        scores.keep(|hotkey| (hotkey == MINER).then_some(5));
        assert_eq!(scores.iter().map(|(hotkey, _)| hotkey).collect::<Vec<_>>(), [MINER]);
        // The same hotkey was registered again.
        scores.note((MINER, 9), None, part(500_000));
        assert_eq!(scores.get(MINER), Some(Score { since: 9, average: 0, asked: 1, answered: 0 }));
        scores.keep(|_| Some(5));
        assert_eq!(scores.iter().count(), 0);
    }
}
