//! The input of an epoch.

use crate::Stake;
use alloc::vec::Vec;
use core::iter;
use myelin_primitives::{Amount, BlockNumber, Entry, Tao, Uid};

/// The number of uids. There is no neuron beyond them.
const UIDS: usize = 1 << 16;

/// One subnet, or one mechanism of it, at the block of its epoch. spec yuma §2.
///
/// Slices are indexed by uid, and [`stake`](Self::stake) has one element per neuron, so its length is the number of
/// neurons `n`. Longer slices are cut. A missing element counts in the cautious direction, as each field says. `R` is
/// the type of a row, so that rows can be lent as they were read from storage.
///
/// A row is a set of entries, and their order does not matter. Only the first of several entries for one uid counts,
/// and uids from `n` on are ignored.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a, R = Vec<Entry>> {
    /// The block of this epoch.
    pub block: BlockNumber,
    /// The block of the epoch before, if any.
    pub last_epoch_block: Option<BlockNumber>,
    /// The amount that the epoch divides.
    pub emission: Amount<Tao>,
    /// The neuron of the subnet's owner, if any. A uid from `n` on is ignored.
    pub owner: Option<Uid>,
    /// Combined stake of each neuron.
    pub stake: &'a [Stake],
    /// The block in which each uid was last registered, 0 for an empty one.
    ///
    /// A neuron without an element is never old enough for a weight or a bond.
    pub registered_at: &'a [BlockNumber],
    /// The block of the last weights, or the last commit of weights, of each neuron.
    ///
    /// Without weights it is the block of registration. A neuron without an element is inactive, and its weights are
    /// outdated.
    pub last_update: &'a [BlockNumber],
    /// The stored weights of each neuron, in any scale within a row. A missing row is empty.
    pub weights: &'a [R],
    /// The bonds that the epoch before returned for storage. A missing row is empty.
    pub bonds: &'a [R],
    /// The permits that the epoch before computed. A missing permit is refused.
    pub permits: &'a [bool],
    /// The block of each neuron's earliest open commit, if the subnet has commit-reveal.
    ///
    /// A neuron without an element counts as committed since genesis. An open commit is neither revealed nor expired.
    pub commit_blocks: Option<&'a [Option<BlockNumber>]>,
}

impl<'a, R: AsRef<[Entry]>> Snapshot<'a, R> {
    /// Returns the number of neurons, `n`.
    pub fn neurons(&self) -> usize {
        self.stake.len().min(UIDS)
    }

    pub(crate) fn stakes(&self) -> impl Iterator<Item = Stake> + 'a {
        self.stake.iter().copied().take(self.neurons())
    }

    pub(crate) fn is_owner(&self, neuron: usize) -> bool {
        self.owner.is_some_and(|owner| usize::from(owner) == neuron)
    }

    /// Returns blocks of registration, padded to `n`.
    pub(crate) fn registrations(&self) -> Vec<BlockNumber> {
        padded(self.registered_at.iter().copied(), BlockNumber::MAX).take(self.neurons()).collect()
    }

    /// Returns blocks of the last update, padded to `n`.
    pub(crate) fn updates(&self) -> impl Iterator<Item = Option<BlockNumber>> + 'a {
        padded(self.last_update.iter().copied().map(Some), None).take(self.neurons())
    }

    /// Returns blocks of pending commits, padded to `n`, and all `None` without commit-reveal.
    pub(crate) fn commitments(&self) -> impl Iterator<Item = Option<BlockNumber>> + 'a {
        let (known, missing) = match self.commit_blocks {
            Some(blocks) => (blocks, Some(0)),
            None => (Default::default(), None),
        };
        padded(known.iter().copied(), missing).take(self.neurons())
    }

    /// Returns the permits of the epoch before, padded to `n`. spec yuma §3.3.
    ///
    /// The owner always holds one.
    pub(crate) fn old_permits(&self) -> Vec<bool> {
        let stored = padded(self.permits.iter().copied(), false).take(self.neurons());
        stored.enumerate().map(|(neuron, permit)| permit || self.is_owner(neuron)).collect()
    }

    /// Returns stored weights, padded to `n`.
    pub(crate) fn weight_rows(&self) -> impl Iterator<Item = &'a [Entry]> {
        padded(self.weights.iter().map(AsRef::as_ref), Default::default()).take(self.neurons())
    }

    /// Returns stored bonds, padded to `n`.
    pub(crate) fn bond_rows(&self) -> impl Iterator<Item = &'a [Entry]> {
        padded(self.bonds.iter().map(AsRef::as_ref), Default::default()).take(self.neurons())
    }
}

fn padded<T: Clone>(known: impl Iterator<Item = T>, missing: T) -> impl Iterator<Item = T> {
    known.chain(iter::repeat(missing))
}
