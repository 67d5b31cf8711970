//! Decimal numbers as millionths, without floats.

/// The digits after the point.
const AFTER: usize = 6;

/// The most digits before the point.
const BEFORE: usize = 12;

/// Parses a decimal with up to 12 digits before and 6 after the point.
///
/// Zeros at the end beyond the sixth digit are no digits. `None` for signs, exponents and other digits.
pub(crate) fn micros(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let part = match part.split_at_checked(AFTER) {
        Some((kept, rest)) if rest.bytes().all(|byte| byte == b'0') => kept,
        Some(_) => return None,
        None => part,
    };
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() > BEFORE || !are_digits(whole) || !are_digits(part) {
        return None;
    }
    format!("{whole}{part:0<AFTER$}").parse().ok()
}

/// Formats millionths as a decimal.
pub(crate) fn decimal(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_exact() {
        for (text, number) in [
            ("0", 0),
            ("1", 1_000_000),
            ("1.5", 1_500_000),
            ("0.000001", 1),
            ("1.0900000", 1_090_000),
            ("007.1", 7_100_000),
            ("999999999999.999999", 999_999_999_999_999_999),
        ] {
            assert_eq!(micros(text), Some(number), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_refused() {
        for text in
            ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.0000001", "1000000000000", "1,5", "N/A", "0x1", "1.2.3", "１"]
        {
            assert_eq!(micros(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in 0..1_000_000_000_000_000_000_u64) {
            prop_assert_eq!(micros(&decimal(number)), Some(number));
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = micros(&text);
        }
    }
}
