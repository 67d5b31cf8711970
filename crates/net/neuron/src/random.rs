//! Random names: of clients, of axons and of incidents.

use myelin_wire::uuid;

/// Returns random bits.
///
/// They are names and no secrets. On a system without randomness, where TLS would fail earlier, they are a counter.
pub(crate) fn bits() -> u128 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 16];
    match getrandom::fill(&mut bytes) {
        Ok(()) => u128::from_le_bytes(bytes),
        Err(_) => COUNT.fetch_add(1, Ordering::Relaxed).into(),
    }
}

/// Returns a random UUID as text.
pub(crate) fn uuid() -> String {
    uuid::v4(bits())
}
