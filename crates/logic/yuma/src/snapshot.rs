//! What an epoch reads of a subnet.

use crate::Stake;
use alloc::vec::Vec;
use core::iter;
use myelin_primitives::{Amount, BlockNumber, Entry, Tao, Uid};

/// Uids that can be written down; neurons beyond them do not exist.
const UIDS: usize = 1 << 16;

/// One subnet, or one mechanism of it, at the block of its epoch. spec yuma §2
///
/// Slices are indexed by uid and [`stake`](Self::stake) has one element per neuron, which makes its length the number
/// of neurons `n`. Other slices that are longer are cut; what a shorter one lacks is read in the cautious direction,
/// as said for each. `R` is whatever holds a row, so that rows can be lent as they were read from storage.
///
/// A row is a set of entries: their order does not matter, of several entries for one uid only the first counts, and
/// uids from `n` on are ignored.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a, R = Vec<Entry>> {
    /// The block of this epoch.
    pub block: BlockNumber,
    /// The block of the epoch before, if there was one.
    pub last_epoch_block: Option<BlockNumber>,
    /// What the epoch divides.
    pub emission: Amount<Tao>,
    /// The neuron of the subnet's owner, if it has one. Ignored from `n` on.
    pub owner: Option<Uid>,
    /// Combined stake of each neuron.
    pub stake: &'a [Stake],
    /// The block in which each uid was last registered, 0 for an empty one. A missing one is never old enough for a
    /// weight or a bond to be about it.
    pub registered_at: &'a [BlockNumber],
    /// The block of the last weights, or the last commitment to weights, of each neuron; its registration if there
    /// was none. A neuron that misses here is inactive and its weights are outdated.
    pub last_update: &'a [BlockNumber],
    /// The stored weights of each neuron; their scale within a row is free. A missing row is empty.
    pub weights: &'a [R],
    /// The bonds the epoch before left for storage. A missing row is empty.
    pub bonds: &'a [R],
    /// The permits the epoch before computed. A missing one is refused.
    pub permits: &'a [bool],
    /// With commit-reveal on, the block of the earliest commitment of each neuron that is neither revealed nor
    /// expired. A neuron that misses here counts as committed since genesis.
    pub commit_blocks: Option<&'a [Option<BlockNumber>]>,
}

impl<'a, R: AsRef<[Entry]>> Snapshot<'a, R> {
    /// The number of neurons, `n`.
    pub fn neurons(&self) -> usize {
        self.stake.len().min(UIDS)
    }

    pub(crate) fn stakes(&self) -> impl Iterator<Item = Stake> + 'a {
        self.stake.iter().copied().take(self.neurons())
    }

    pub(crate) fn is_owner(&self, neuron: usize) -> bool {
        self.owner.is_some_and(|owner| usize::from(owner) == neuron)
    }

    /// Blocks of registration, padded to `n`.
    pub(crate) fn registrations(&self) -> Vec<BlockNumber> {
        padded(self.registered_at.iter().copied(), BlockNumber::MAX).take(self.neurons()).collect()
    }

    /// Blocks of the last update, padded to `n`.
    pub(crate) fn updates(&self) -> impl Iterator<Item = Option<BlockNumber>> + 'a {
        padded(self.last_update.iter().copied().map(Some), None).take(self.neurons())
    }

    /// Blocks of pending commitments, padded to `n`; all `None` without commit-reveal.
    pub(crate) fn commitments(&self) -> impl Iterator<Item = Option<BlockNumber>> + 'a {
        let (known, missing) = match self.commit_blocks {
            Some(blocks) => (blocks, Some(0)),
            None => (Default::default(), None),
        };
        padded(known.iter().copied(), missing).take(self.neurons())
    }

    /// Permits of the epoch before, padded to `n`. The owner always holds one. spec yuma §3.3
    pub(crate) fn old_permits(&self) -> Vec<bool> {
        let stored = padded(self.permits.iter().copied(), false).take(self.neurons());
        stored.enumerate().map(|(neuron, permit)| permit || self.is_owner(neuron)).collect()
    }

    /// Stored weights, padded to `n`.
    pub(crate) fn weight_rows(&self) -> impl Iterator<Item = &'a [Entry]> {
        padded(self.weights.iter().map(AsRef::as_ref), Default::default()).take(self.neurons())
    }

    /// Stored bonds, padded to `n`.
    pub(crate) fn bond_rows(&self) -> impl Iterator<Item = &'a [Entry]> {
        padded(self.bonds.iter().map(AsRef::as_ref), Default::default()).take(self.neurons())
    }
}

fn padded<T: Clone>(known: impl Iterator<Item = T>, missing: T) -> impl Iterator<Item = T> {
    known.chain(iter::repeat(missing))
}
