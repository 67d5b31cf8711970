//! Vectors with one element per neuron.

use crate::share::Divisor;
use alloc::vec::Vec;
use myelin_primitives::Q32;

/// Divides all elements by their sum (`norm(x)`), unless it is zero. spec yuma §1.
pub(crate) fn normalised(mut values: Vec<Q32>) -> Vec<Q32> {
    let total: Q32 = values.iter().copied().sum();
    if total != Q32::ZERO {
        let total = Divisor::new(total);
        for value in &mut values {
            *value = total.divide(*value);
        }
    }
    values
}

/// Adds `term` to the element of `row`, if it exists.
pub(crate) fn add(values: &mut [Q32], row: u16, term: Q32) {
    if let Some(value) = values.get_mut(usize::from(row)) {
        *value = *value + term;
    }
}

/// Returns true if all elements are zero.
pub(crate) fn is_zero(values: &[Q32]) -> bool {
    values.iter().all(|value| *value == Q32::ZERO)
}

/// Returns the elements as u16 fractions, rounded down. spec yuma §3.13.
pub(crate) fn quantised(values: &[Q32]) -> Vec<u16> {
    values.iter().map(|value| value.to_u16_fraction()).collect()
}
