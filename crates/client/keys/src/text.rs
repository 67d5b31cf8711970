//! Texts of secrets that leave no copies in memory.

use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::iter;
use zeroize::Zeroizing;

/// Bytes that are wiped when dropped.
pub(crate) type SecretBytes = SecretBox<Vec<u8>>;

/// Joins the parts. The buffer never grows, so no part stays in freed memory.
pub(crate) fn join<'a>(parts: impl Iterator<Item = &'a str> + Clone) -> SecretString {
    let mut whole = String::with_capacity(parts.clone().map(str::len).sum());
    parts.for_each(|part| whole.push_str(part));
    SecretString::from(whole)
}

/// Returns `0x` and lower-case hex.
pub(crate) fn hex<const N: usize>(bytes: &[u8; N]) -> SecretString {
    const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    let digits = digits.filter_map(|digit| DIGITS.get(usize::from(digit)).copied());
    join(iter::once("0x").chain(digits))
}

/// Returns the bytes of hex, with `0x` or without. `None` for other lengths and characters.
pub(crate) fn unhex<const N: usize>(text: &str) -> Option<Zeroizing<[u8; N]>> {
    let mut bytes = Zeroizing::new([0; N]);
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode_to_slice(digits, bytes.as_mut_slice()).ok().map(|()| bytes)
}

/// Wraps bytes without copying them.
pub(crate) fn secret_bytes(mut bytes: Zeroizing<Vec<u8>>) -> SecretBytes {
    SecretBox::new(Box::new(std::mem::take(&mut *bytes)))
}

/// Returns the bytes of a password for a key derivation (spec wallets §3.1).
pub(crate) fn password_bytes(password: &SecretString) -> &[u8] {
    password.expose_secret().as_bytes()
}

/// Fills an array from the system's source of randomness.
pub(crate) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}
