//! Stake, its active part, and the permits of the next epoch.

use crate::{Snapshot, vector};
use alloc::vec::Vec;
use core::fmt;
use myelin_primitives::{Amount, BlockNumber, Entry, Q32, Tao};

/// Combined stake of a neuron: a non-negative number of rao with 64 binary places. spec yuma §2.
///
/// The places below the rao matter, because root stake enters times a weight, and shares are formed before any
/// rounding.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stake(u128);

impl Stake {
    /// The stake of zero.
    pub const ZERO: Self = Self(0);

    /// Binary places after the point.
    pub const FRACTION_BITS: u32 = 64;

    /// Returns the stake of `bits / 2^64` rao.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns the stake as a count of 2^-64 rao.
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    /// Returns the whole rao, rounded down.
    pub const fn whole(self) -> u64 {
        (self.0 >> Self::FRACTION_BITS) as u64
    }
}

impl From<Amount<Tao>> for Stake {
    fn from(amount: Amount<Tao>) -> Self {
        Self(u128::from(amount.rao()) << Self::FRACTION_BITS)
    }
}

impl fmt::Debug for Stake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/2^64", self.0)
    }
}

/// Returns each neuron's part of all stake, `S`. spec yuma §3.2.
pub(crate) fn shares<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, threshold: u64) -> Vec<Q32> {
    let counted = |(neuron, stake): (usize, Stake)| {
        if stake.whole() < threshold && !subnet.is_owner(neuron) { 0 } else { stake.to_bits() }
    };
    let mut stakes: Vec<u128> = subnet.stakes().enumerate().map(counted).collect();
    let total = stakes.iter().try_fold(0, |total: u128, stake| total.checked_add(*stake)).unwrap_or_else(|| {
        // More than 2^64 rao do not exist. With 16 places less, 2^16 neurons fit again, and shares still sum to one.
        for stake in &mut stakes {
            *stake >>= 16;
        }
        stakes.iter().fold(0, |total, stake| total.saturating_add(*stake))
    });
    stakes.into_iter().map(|stake| share(stake, total)).collect()
}

/// Returns `floor(part * 2^32 / total)` for `part <= total`, and zero for a zero part or total.
///
/// The long division yields one binary place at a time, because the numerator has up to 160 bits.
fn share(part: u128, total: u128) -> Q32 {
    if part == 0 || total == 0 {
        return Q32::ZERO;
    }
    let mut bits: i64 = 0;
    let mut rest = part;
    if rest >= total {
        bits = 1;
        rest = rest.wrapping_sub(total);
    }
    for _ in 0..Q32::FRACTION_BITS {
        // `rest < total`, so neither difference goes below zero and doubling never leaves 128 bits.
        let short = total.wrapping_sub(rest);
        bits <<= 1;
        if rest >= short {
            bits |= 1;
            rest = rest.wrapping_sub(short);
        } else {
            rest <<= 1;
        }
    }
    Q32::from_bits(bits)
}

/// Returns true if `block` is within the cutoff after a last update. spec yuma §3.1.
pub const fn is_active(last_update: BlockNumber, cutoff: BlockNumber, block: BlockNumber) -> bool {
    last_update.saturating_add(cutoff) >= block
}

/// Returns true for each neuron whose last update is recent enough. spec yuma §3.1.
pub(crate) fn activity<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, cutoff: u32) -> Vec<bool> {
    subnet.updates().map(|update| update.is_some_and(|block| is_active(block, cutoff, subnet.block))).collect()
}

/// Returns true for each neuron that may set weights in the next epoch. spec yuma §3.3.
pub(crate) fn new_permits<R: AsRef<[Entry]>>(subnet: &Snapshot<'_, R>, stake: &[Q32], limit: u16) -> Vec<bool> {
    let largest = top_k(stake, usize::from(limit));
    let permits = largest.into_iter().zip(stake).enumerate();
    permits.map(|(neuron, (top, stake))| (top && stake.is_positive()) || subnet.is_owner(neuron)).collect()
}

/// Marks the `k` largest values. Among equal values at the limit the later ones win. spec yuma §3.3.
pub fn top_k<T: Ord + Copy>(values: &[T], k: usize) -> Vec<bool> {
    let dropped = values.len().saturating_sub(k);
    let mut marks: Vec<bool> = values.iter().map(|_| true).collect();
    if dropped == 0 {
        return marks;
    }
    let mut order: Vec<(T, usize)> = values.iter().copied().zip(0..).collect();
    if k > 0 {
        order.select_nth_unstable(dropped);
    }
    for (_, position) in order.into_iter().take(dropped) {
        if let Some(mark) = marks.get_mut(position) {
            *mark = false;
        }
    }
    marks
}

/// Returns each neuron's part of the stake that is active and holds a permit, `A`. spec yuma §3.4.
pub(crate) fn active_shares(stake: &[Q32], active: &[bool], permits: &[bool]) -> Vec<Q32> {
    let speaks = active.iter().zip(permits).map(|(active, permit)| *active && *permit);
    vector::normalised(
        stake.iter().zip(speaks).map(|(stake, speaks)| if speaks { *stake } else { Q32::ZERO }).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shares_of_the_largest_stakes_do_not_wrap() {
        assert_eq!(share(u128::MAX, u128::MAX), Q32::ONE);
        assert_eq!(share(u128::MAX / 2, u128::MAX), Q32::from_bits((1 << 31) - 1));
        assert_eq!(share(1, 0), Q32::ZERO);
    }

    #[test]
    fn equal_values_at_the_limit_go_to_the_later() {
        assert_eq!(top_k(&[7, 5, 5, 5, 0], 2), [true, false, false, true, false]);
        assert_eq!(top_k(&[1, 1], 0), [false, false]);
        assert_eq!(top_k(&[1, 1], 3), [true, true]);
    }

    proptest! {
        #[test]
        fn a_share_is_the_exact_quotient_rounded_down(part in 0..1_u128 << 90, more in 0..1_u128 << 90) {
            let total = part + more;
            let exact = (part << 32).checked_div(total).unwrap_or(0);
            prop_assert_eq!(share(part, total).to_bits(), i64::try_from(exact).unwrap());
        }
    }
}
