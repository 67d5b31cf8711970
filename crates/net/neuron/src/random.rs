//! Random names: of clients, of axons and of incidents.

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
    let bits = bits() & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let part = |range| digits.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}
