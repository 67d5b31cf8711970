//! Consensus weights, and the trust and incentive that follow from them.

use crate::{
    share::product,
    sparse::{Cell, Columns},
    vector,
};
use alloc::vec::Vec;
use myelin_primitives::Q32;

/// The validators whose stake decides on consensus weights, and the part of it that must agree. spec yuma §3.6.
#[derive(Clone, Debug)]
pub struct Voters {
    /// True for each row that votes.
    votes: Vec<bool>,
    /// Each row's part of all votes, `V`.
    shares: Vec<Q32>,
    /// The number of rows that vote.
    count: usize,
    kappa: Q32,
}

/// A buffer to order one column in, kept from column to column.
pub type Scratch = Vec<Cell>;

impl Voters {
    /// Returns the rows with active stake, with the support that a weight needs among them.
    pub fn new(active_stake: &[Q32], kappa: Q32) -> Self {
        let votes: Vec<bool> = active_stake.iter().map(|stake| stake.is_positive()).collect();
        let count = votes.iter().filter(|votes| **votes).count();
        let shares = vector::normalised(active_stake.iter().map(|stake| (*stake).max(Q32::ZERO)).collect());
        Self { votes, shares, count, kappa }
    }

    /// Returns the largest weight with the support of at least `kappa`, or the smallest if no weight has it.
    ///
    /// A weight is supported by the stake of the voters that give it or more. Voters without an entry in the column
    /// give zero.
    pub fn consensus(&self, column: &[Cell], scratch: &mut Scratch) -> Q32 {
        scratch.clear();
        let votes = |cell: &Cell| self.votes.get(usize::from(cell.row())).is_some_and(|votes| *votes);
        scratch.extend(column.iter().filter(|cell| cell.value().is_positive() && votes(cell)));
        let backing = self.share_of(scratch);
        if backing < self.kappa {
            // Only zero has more support, unless all voters give something.
            let smallest = scratch.iter().min().map_or(Q32::ZERO, |cell| cell.value());
            return if scratch.len() == self.count { smallest } else { Q32::ZERO };
        }
        self.supported(scratch)
    }

    /// Returns the largest value for which the votes for it and for larger ones reach `kappa`.
    ///
    /// The search halves the column instead of sorting it. Each step orders one half against the other and continues in
    /// the half with the answer. All steps together visit each cell about twice, in any order of the cells.
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

/// Returns the consensus weight of each column, `C`. spec yuma §3.6.
pub(crate) fn consensus(weights: &Columns, voters: &Voters) -> Vec<Q32> {
    let mut scratch = Scratch::with_capacity(voters.count);
    weights.iter().map(|column| voters.consensus(column, &mut scratch)).collect()
}

/// Returns a weight limited to the consensus. spec yuma §3.7.
///
/// No entry is left of a positive weight without consensus.
pub(crate) fn clipped(weight: Q32, consensus: Q32) -> Option<Q32> {
    let clipped = weight.min(consensus);
    (clipped.is_positive() || !weight.is_positive()).then_some(clipped)
}

/// The trust and the incentive that clipped weights lead to. spec yuma §3.7.
pub(crate) struct ClippedWeights {
    /// The part of each row that is left after clipping.
    pub(crate) validator_trust: Vec<Q32>,
    /// Each column's part of the clipped weights of the active stake, `I`.
    pub(crate) incentive: Vec<Q32>,
}

/// Returns the terms that one entry adds to the trust of its row and the rank of its column. spec yuma §3.7.
#[inline]
pub(crate) fn contribution(cell: Cell, consensus: Q32, active_stake: &[Q32]) -> (Q32, Q32) {
    let clipped = clipped(cell.value(), consensus).unwrap_or_default();
    let stake = active_stake.get(usize::from(cell.row())).copied().unwrap_or_default();
    (clipped, product(stake, clipped))
}

/// Returns validator trust and incentive. spec yuma §3.7.
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

    /// Returns the consensus of rows with these stakes and these weights, in whole numbers.
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
