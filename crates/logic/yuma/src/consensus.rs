//! What the holders of enough stake agree on, and what is paid for it.

use crate::{
    share::product,
    sparse::{Cell, Columns},
    vector,
};
use alloc::vec::Vec;
use myelin_primitives::Q32;

/// Those whose stake decides on consensus weights, and how much of it must agree. spec yuma §3.6
#[derive(Clone, Debug)]
pub struct Voters {
    /// Whether each row votes.
    votes: Vec<bool>,
    /// Each row's part of all votes, `V`.
    shares: Vec<Q32>,
    /// How many rows vote.
    count: usize,
    kappa: Q32,
}

/// Room to order one column in, kept from column to column.
pub type Scratch = Vec<Cell>;

impl Voters {
    /// The rows with active stake, and the support a weight needs among them.
    pub fn new(active_stake: &[Q32], kappa: Q32) -> Self {
        let votes: Vec<bool> = active_stake.iter().map(|stake| stake.is_positive()).collect();
        let count = votes.iter().filter(|votes| **votes).count();
        let shares = vector::normalised(active_stake.iter().map(|stake| (*stake).max(Q32::ZERO)).collect());
        Self { votes, shares, count, kappa }
    }

    /// The largest weight that holders of at least `kappa` give, or more; the smallest if no weight has that support.
    ///
    /// Voters without an entry in the column give zero.
    pub fn consensus(&self, column: &[Cell], scratch: &mut Scratch) -> Q32 {
        scratch.clear();
        let votes = |cell: &Cell| self.votes.get(usize::from(cell.row())).is_some_and(|votes| *votes);
        scratch.extend(column.iter().filter(|cell| cell.value().is_positive() && votes(cell)));
        let backing = self.share_of(scratch);
        if backing < self.kappa {
            // Only zero has more support, unless every voter gives something.
            let smallest = scratch.iter().min().map_or(Q32::ZERO, |cell| cell.value());
            return if scratch.len() == self.count { smallest } else { Q32::ZERO };
        }
        self.supported(scratch)
    }

    /// The value at which the votes for it and for larger ones reach `kappa`.
    ///
    /// Halving instead of sorting: each step orders one half against the other and goes on in the half that holds the
    /// answer, so all steps together look at each cell about twice, whatever order they come in.
    fn supported(&self, mut cells: &mut [Cell]) -> Q32 {
        let mut support = Q32::ZERO;
        let mut answer = Q32::ZERO;
        while !cells.is_empty() {
            let (smaller, middle, larger) = cells.select_nth_unstable(cells.len() / 2);
            let with_larger = support + self.share_of(larger);
            if with_larger >= self.kappa && !larger.is_empty() {
                cells = larger;
                continue;
            }
            answer = middle.value();
            support = with_larger + self.share(*middle);
            if support >= self.kappa {
                break;
            }
            cells = smaller;
        }
        answer
    }

    fn share(&self, cell: Cell) -> Q32 {
        self.shares.get(usize::from(cell.row())).copied().unwrap_or_default()
    }

    fn share_of(&self, cells: &[Cell]) -> Q32 {
        cells.iter().map(|cell| self.share(*cell)).sum()
    }
}

/// The consensus weight of each column, `C`. spec yuma §3.6
pub(crate) fn consensus(weights: &Columns, voters: &Voters) -> Vec<Q32> {
    let mut scratch = Scratch::with_capacity(voters.count);
    weights.iter().map(|column| voters.consensus(column, &mut scratch)).collect()
}

/// A weight limited to the consensus; no entry is left of a positive weight nobody else backs. spec yuma §3.7
pub(crate) fn clipped(weight: Q32, consensus: Q32) -> Option<Q32> {
    let clipped = weight.min(consensus);
    (clipped.is_positive() || !weight.is_positive()).then_some(clipped)
}

/// What the clipped weights say of both sides. spec yuma §3.7
pub(crate) struct ClippedWeights {
    /// How much of each row survived clipping.
    pub(crate) validator_trust: Vec<Q32>,
    /// Each column's part of what the active stake gives, `I`.
    pub(crate) incentive: Vec<Q32>,
}

/// What one entry adds to the trust of its row and to the rank of its column. spec yuma §3.7
#[inline]
pub(crate) fn contribution(cell: Cell, consensus: Q32, active_stake: &[Q32]) -> (Q32, Q32) {
    let clipped = clipped(cell.value(), consensus).unwrap_or_default();
    let stake = active_stake.get(usize::from(cell.row())).copied().unwrap_or_default();
    (clipped, product(stake, clipped))
}

/// Validator trust and incentive. spec yuma §3.7
pub(crate) fn verdict(weights: &Columns, consensus: &[Q32], active_stake: &[Q32]) -> ClippedWeights {
    let mut validator_trust = alloc::vec![Q32::ZERO; active_stake.len()];
    let rank = weights.iter().zip(consensus).map(|(column, consensus)| {
        let mut rank = Q32::ZERO;
        for cell in column {
            let (clipped, backed) = contribution(*cell, *consensus, active_stake);
            vector::add(&mut validator_trust, cell.row(), clipped);
            rank = rank + backed;
        }
        rank
    });
    let incentive = vector::normalised(rank.collect());
    ClippedWeights { validator_trust, incentive }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The consensus of rows that hold these stakes and give these scores, in whole numbers.
    fn of(stakes: &[i32], scores: &[i32], kappa: Q32) -> Q32 {
        let stakes: Vec<Q32> = stakes.iter().map(|stake| Q32::from_int(*stake)).collect();
        let column: Vec<Cell> = (0..).zip(scores).map(|(row, score)| Cell::new(row, Q32::from_int(*score))).collect();
        Voters::new(&stakes, kappa).consensus(&column, &mut Scratch::new())
    }

    #[test]
    fn support_of_exactly_kappa_is_enough() {
        assert_eq!(of(&[1, 1], &[3, 5], Q32::HALF), Q32::from_int(5));
        assert_eq!(of(&[1, 1], &[3, 5], Q32::HALF + Q32::from_bits(1)), Q32::from_int(3));
        assert_eq!(of(&[1, 1], &[3, 5], Q32::ONE), Q32::from_int(3));
    }

    #[test]
    fn without_enough_support_the_smallest_score_counts() {
        // Thirds of stake sum to one unit less than one.
        assert_eq!(of(&[1, 1, 1], &[3, 5, 7], Q32::ONE), Q32::from_int(3));
        assert_eq!(of(&[1, 1, 1], &[0, 5, 7], Q32::ONE), Q32::ZERO);
    }

    #[test]
    fn kappa_zero_takes_the_largest_score() {
        assert_eq!(of(&[1, 9], &[7, 2], Q32::ZERO), Q32::from_int(7));
        assert_eq!(of(&[1, 9], &[0, 0], Q32::ZERO), Q32::ZERO);
    }

    #[test]
    fn a_voter_whose_share_rounds_to_nothing_is_still_a_voter() {
        let stake = [Q32::from_bits(1), Q32::from_int(4)];
        let column = [Cell::new(0, Q32::ONE), Cell::new(1, Q32::HALF)];
        assert_eq!(Voters::new(&stake, Q32::ZERO).consensus(&column, &mut Scratch::new()), Q32::ONE);
        assert_eq!(Voters::new(&stake, Q32::ONE).consensus(&column, &mut Scratch::new()), Q32::HALF);
    }

    #[test]
    fn without_voters_nothing_is_agreed() {
        assert_eq!(of(&[0, 0], &[7, 2], Q32::ZERO), Q32::ZERO);
        assert_eq!(of(&[], &[7, 2], Q32::HALF), Q32::ZERO);
    }

    #[test]
    fn a_positive_weight_clipped_to_nothing_leaves_no_entry() {
        assert_eq!(clipped(Q32::HALF, Q32::ZERO), None);
        assert_eq!(clipped(Q32::ZERO, Q32::ZERO), Some(Q32::ZERO));
        assert_eq!(clipped(Q32::ONE, Q32::HALF), Some(Q32::HALF));
    }
}
