//! The stored weights that count in an epoch.

use crate::{
    Snapshot,
    share::Divisor,
    sparse::{Columns, Rows},
};
use alloc::vec::Vec;
use myelin_primitives::{BlockNumber, Entry, Q32, Uid};

/// Returns the values of a stored row as an epoch reads them. spec weights §4, §5.6.
///
/// A weight for a uid that was taken in block `fixed_at` or later, or is free, counts as zero. The function `since`
/// returns the block in which a uid was taken. Entries of zero stay entries.
pub fn as_read(
    entries: &[Entry],
    fixed_at: BlockNumber,
    since: impl Fn(Uid) -> Option<BlockNumber>,
) -> impl Iterator<Item = Entry> {
    entries.iter().map(move |entry| match since(entry.uid) {
        Some(since) if since < fixed_at => *entry,
        _ => Entry::new(entry.uid, 0),
    })
}

/// Returns the weights that count, `W`: rows divided by their sum after masking. spec yuma §3.5.
pub(crate) fn admissible<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, permits: &[bool]) -> Columns {
    masked(subnet, permits).transposed(|row| {
        // Only proportions within a row matter, so stored integers count as themselves times 2^-32.
        let bits = |value: u16| Q32::from_bits(value.into());
        let total = Divisor::new(row.iter().map(|entry| bits(entry.value)).sum());
        move |value| total.divide(bits(value))
    })
}

/// Returns true for each neuron whose row has an entry above zero left after masking. spec yuma §3.5 and §4.
///
/// A row that is left without one rates no miner. The chain counts its author as silent.
pub fn has_opinion<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>) -> Vec<bool> {
    masked(subnet, &subnet.old_permits()).iter().map(|row| row.iter().any(|entry| entry.value > 0)).collect()
}

/// Returns the stored entries that count, as they are stored. spec yuma §3.5, rules 1 to 5.
fn masked<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, permits: &[bool]) -> Rows {
    let registered_at: Vec<BlockNumber> = subnet.registrations();
    let entries = subnet.weight_rows().map(<[Entry]>::len).fold(0, usize::saturating_add);
    let mut rows = Rows::with_capacity(subnet.neurons(), entries);
    let writers = subnet.updates().zip(subnet.commitments()).zip(permits);
    for ((row, entries), ((update, commitment), permit)) in subnet.weight_rows().enumerate().zip(writers) {
        let Some(newest) = update.filter(|_| *permit).and_then(|update| newest_registration(update, commitment)) else {
            rows.push(Default::default(), |_| false);
            continue;
        };
        let owner = subnet.is_owner(row);
        rows.push(entries, |column| {
            (column != row || owner) && registered_at.get(column).is_some_and(|block| *block <= newest)
        });
    }
    rows
}

/// Returns the latest block of registration at which these weights still count for a miner, if any.
///
/// Weights must be newer than the registration; a pending commit may be as old. spec yuma §3.5, rules 4 and 5.
fn newest_registration(update: BlockNumber, commitment: Option<BlockNumber>) -> Option<BlockNumber> {
    let before_update = update.checked_sub(1)?;
    Some(commitment.map_or(before_update, |commitment| commitment.min(before_update)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_rated_by_a_row_fixed_before_or_when_they_came() {
        let row = [0, 1, 2, 3].map(|uid| Entry::new(Uid::new(uid), 9));
        let since = |uid: Uid| [Some(4), Some(5), Some(6), None][usize::from(uid)];
        let read: Vec<u16> = as_read(&row, 5, since).map(|entry| entry.value).collect();
        assert_eq!(read, [9, 0, 0, 0], "an entry of zero stays an entry");
    }

    #[test]
    fn an_opinion_is_an_entry_above_zero_that_counts() {
        let row = |entries: &[(u16, u16)]| entries.iter().copied().map(Entry::from).collect::<Vec<_>>();
        let weights = [
            row(&[(1, 5)]),         // of neuron 1
            row(&[(1, 5)]),         // of itself
            row(&[(0, 0), (1, 0)]), // of no neuron
            row(&[(4, 5), (9, 5)]), // of a newcomer, and of a uid without a neuron
            row(&[(1, 5)]),         // without a permit
            row(&[]),
        ];
        let subnet = Snapshot {
            block: 100,
            last_epoch_block: None,
            emission: myelin_primitives::Amount::ZERO,
            owner: None,
            stake: &[crate::Stake::ZERO; 6],
            registered_at: &[1, 1, 1, 1, 90, 1],
            last_update: &[90; 6],
            weights: &weights,
            bonds: &[],
            permits: &[true, true, true, true, false, true],
            commit_blocks: None,
        };
        assert_eq!(has_opinion(&subnet), [true, false, false, false, false, false]);
        let recent = Snapshot { last_update: &[91; 6], ..subnet };
        assert_eq!(has_opinion(&recent), [true, false, false, true, false, false]);
    }
}
