//! Sparse matrices, read by rows and processed by columns.

use crate::share::Divisor;
use alloc::vec::Vec;
use core::fmt;
use myelin_primitives::{Entry, Q32};

/// One entry of a column. An entry of value zero differs from no entry. spec yuma §1.
///
/// Value and row share one word, value first, because an epoch spends its time on moving cells. It takes half the
/// memory of two fields, and cells sort by value as plain integers.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell(u64);

impl Cell {
    const ROW_BITS: u32 = 16;

    /// Returns the entry of `row` with this value, limited to the range from 0 to less than 2^16.
    #[inline]
    pub fn new(row: u16, value: Q32) -> Self {
        let bits = value.to_bits().max(0).unsigned_abs().min(u64::MAX >> Self::ROW_BITS);
        Self(bits << Self::ROW_BITS | u64::from(row))
    }

    /// Returns the row of the entry.
    #[inline]
    pub const fn row(self) -> u16 {
        (self.0 & 0xFFFF) as u16
    }

    /// Returns the value of the entry.
    #[inline]
    pub const fn value(self) -> Q32 {
        Q32::from_bits((self.0 >> Self::ROW_BITS).cast_signed())
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {:?}", self.row(), self.value())
    }
}

/// Stored rows after masking, with the number of entries of each column.
pub(crate) struct Rows {
    entries: Vec<Entry>,
    /// The number of entries of each row, in the order of uids.
    lengths: Vec<usize>,
    columns: Vec<Column>,
}

#[derive(Clone, Copy, Default)]
struct Column {
    entries: usize,
    /// The number of rows at the last entry, by which a second entry of the same row is found.
    seen: usize,
}

impl Rows {
    /// Returns a matrix with this many columns, without rows, and with capacity for this many entries.
    pub(crate) fn with_capacity(columns: usize, entries: usize) -> Self {
        Self {
            entries: Vec::with_capacity(entries),
            lengths: Vec::with_capacity(columns),
            columns: alloc::vec![Column::default(); columns],
        }
    }

    /// Adds the next row: the entries for which `keep` accepts the column, without repetitions and unknown columns.
    pub(crate) fn push(&mut self, row: &[Entry], keep: impl Fn(usize) -> bool) {
        let before = self.entries.len();
        let number = self.lengths.len().saturating_add(1);
        for entry in row {
            let index = usize::from(entry.uid);
            if let Some(column) = self.columns.get_mut(index)
                && column.seen != number
                && keep(index)
            {
                *column = Column { entries: column.entries.saturating_add(1), seen: number };
                self.entries.push(*entry);
            }
        }
        self.lengths.push(self.entries.len().saturating_sub(before));
    }

    /// Returns the rows in the order of uids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Entry]> {
        pieces(&self.entries, &self.lengths)
    }

    /// Returns the same matrix by columns, in one pass over the entries.
    ///
    /// The function `scale` receives a row and returns the function from its stored values to numbers.
    pub(crate) fn transposed<F: Fn(u16) -> Q32>(self, scale: impl Fn(&[Entry]) -> F) -> Columns {
        let mut cells = alloc::vec![Cell::default(); self.entries.len()];
        let mut lengths = Vec::with_capacity(self.columns.len());
        let mut ends = Vec::with_capacity(self.columns.len());
        let mut end: usize = 0;
        for column in &self.columns {
            lengths.push(column.entries);
            ends.push(end);
            end = end.saturating_add(column.entries);
        }
        for (number, row) in (0..=u16::MAX).zip(pieces(&self.entries, &self.lengths)) {
            let value = scale(row);
            for entry in row {
                if let Some(end) = ends.get_mut(usize::from(entry.uid))
                    && let Some(cell) = cells.get_mut(*end)
                {
                    *cell = Cell::new(number, value(entry.value));
                    *end = end.saturating_add(1);
                }
            }
        }
        Columns { cells, lengths }
    }
}

/// A matrix by columns. Within a column the rows ascend.
pub(crate) struct Columns {
    cells: Vec<Cell>,
    /// The number of entries of each column.
    lengths: Vec<usize>,
}

impl Columns {
    /// Returns the columns in the order of uids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Cell]> {
        pieces(&self.cells, &self.lengths)
    }
}

/// Rows that are filled column by column, for the neurons that keep theirs. spec yuma §3.14.
pub(crate) struct RowsBuilder {
    rows: Vec<Vec<Entry>>,
    keeps: Vec<bool>,
}

impl RowsBuilder {
    /// Returns empty rows with capacity for `sizes` entries.
    pub(crate) fn new(keeps: &[bool], sizes: impl Iterator<Item = usize>) -> Self {
        let room = keeps.iter().zip(sizes).map(|(keeps, size)| Vec::with_capacity(if *keeps { size } else { 0 }));
        Self { rows: room.collect(), keeps: keeps.to_vec() }
    }

    /// Enters the column of `uid`, with values rounded down to u16 fractions. Columns come in the order of uids.
    pub(crate) fn enter(&mut self, uid: u16, column: &[Cell]) {
        for cell in column {
            let row = usize::from(cell.row());
            if let (Some(true), Some(row)) = (self.keeps.get(row), self.rows.get_mut(row)) {
                row.push(Entry::new(uid.into(), cell.value().to_u16_fraction()));
            }
        }
    }

    pub(crate) fn into_rows(self) -> Vec<Vec<Entry>> {
        self.rows
    }
}

/// Divides all values of one column by their sum (`colnorm`), unless it is zero. spec yuma §1.
pub(crate) fn normalise(column: &mut [Cell]) {
    let total: Q32 = column.iter().map(|cell| cell.value()).sum();
    if total != Q32::ZERO {
        let total = Divisor::new(total);
        for cell in column {
            *cell = Cell::new(cell.row(), total.divide(cell.value()));
        }
    }
}

/// Visits two columns side by side: each row with an entry in either, ascending, with both values.
#[inline]
pub(crate) fn union(left: &[Cell], mut right: &[Cell], mut visit: impl FnMut(u16, Option<Q32>, Option<Q32>)) {
    for cell in left {
        while let Some((other, rest)) = right.split_first()
            && other.row() < cell.row()
        {
            visit(other.row(), None, Some(other.value()));
            right = rest;
        }
        match right.split_first() {
            Some((other, rest)) if other.row() == cell.row() => {
                visit(cell.row(), Some(cell.value()), Some(other.value()));
                right = rest;
            }
            _ => visit(cell.row(), Some(cell.value()), None),
        }
    }
    for other in right {
        visit(other.row(), None, Some(other.value()));
    }
}

/// Cuts `items` into pieces of these lengths.
fn pieces<'a, T>(items: &'a [T], lengths: &'a [usize]) -> impl Iterator<Item = &'a [T]> {
    lengths.iter().scan(items, |rest, length| {
        let (piece, tail) = rest.split_at_checked(*length)?;
        *rest = tail;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn entries(row: &[(u16, u16)]) -> Vec<Entry> {
        row.iter().copied().map(Entry::from).collect()
    }

    fn cells(column: &[(u16, i64)]) -> Vec<Cell> {
        column.iter().map(|(row, bits)| Cell::new(*row, Q32::from_bits(*bits))).collect()
    }

    #[test]
    fn cells_hold_what_they_are_given_within_their_limits() {
        let cell = Cell::new(u16::MAX, Q32::ONE);
        assert_eq!((cell.row(), cell.value()), (u16::MAX, Q32::ONE));
        assert_eq!(Cell::new(3, Q32::from_int(-1)).value(), Q32::ZERO);
        assert_eq!(Cell::new(3, Q32::from_int(1 << 17)).value(), Q32::from_bits((1 << 48) - 1));
    }

    #[test]
    fn columns_are_the_rows_turned_around() {
        let mut rows = Rows::with_capacity(3, 0);
        rows.push(&entries(&[(2, 7), (0, 5)]), |_| true);
        rows.push(&entries(&[(1, 1), (2, 9)]), |column| column != 1);
        rows.push(&entries(&[(3, 8), (2, 0), (2, 4)]), |_| true);
        let columns = rows.transposed(|_| |value| Q32::from_bits(value.into()));
        let columns: Vec<&[Cell]> = columns.iter().collect();
        assert_eq!(columns, [cells(&[(0, 5)]), vec![], cells(&[(0, 7), (1, 9), (2, 0)])]);
    }

    #[test]
    fn a_union_shows_every_row_once_and_in_order() {
        let mut seen = Vec::new();
        union(&cells(&[(1, 10), (3, 30)]), &cells(&[(0, 1), (1, 2), (2, 3), (4, 5)]), |row, left, right| {
            seen.push((row, left.map(Q32::to_bits), right.map(Q32::to_bits)));
        });
        assert_eq!(
            seen,
            [(0, None, Some(1)), (1, Some(10), Some(2)), (2, None, Some(3)), (3, Some(30), None), (4, None, Some(5))]
        );
    }
}
