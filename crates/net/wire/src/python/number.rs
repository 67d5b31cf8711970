//! Numbers as Python reads and writes them. spec neuron-protocol §2, §4.

use super::Int;
use core::fmt::Write;

/// Returns decimal digits with an optional sign in canonical form: no leading zeros, no `+`, no `-0`.
pub(super) fn canonical_int(text: &str) -> String {
    let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
    match (text.starts_with('-'), digits) {
        (_, "") => "0".to_owned(),
        (true, digits) => format!("-{digits}"),
        (false, digits) => digits.to_owned(),
    }
}

/// Removes spaces around a number and single `_` between digits, as `int()` and `float()` do.
fn without_separators(text: &str) -> Option<String> {
    let text = text.trim();
    let between_digits = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| text.as_bytes().get(at));
        let after = at.checked_add(1).and_then(|at| text.as_bytes().get(at));
        [before, after].iter().all(|byte| byte.is_some_and(u8::is_ascii_digit))
    };
    text.match_indices('_').all(|(at, _)| between_digits(at)).then(|| text.replace('_', ""))
}

/// Reads a text as Python's `int()` does. spec neuron-protocol §2.
///
/// Spaces around it and `_` between digits are accepted, `1.0` is not.
pub fn parse_int(text: &str) -> Option<Int> {
    Int::from_decimal(&without_separators(text)?)
}

/// Reads a text as Python's `float()` does: also `nan`, `inf` and `_` between digits. spec neuron-protocol §2.
pub fn parse_float(text: &str) -> Option<f64> {
    without_separators(text)?.parse().ok()
}

/// Writes a float as Python prints it: in the fewest digits that read back as the same float.
///
/// If two such texts are equally near, the one with the even digit is written. The standard library takes the larger
/// one. spec neuron-protocol §4.
pub(super) fn write_float(number: f64, out: &mut String) {
    if number.is_nan() {
        return out.push_str("nan");
    }
    if number.is_sign_negative() {
        out.push('-');
    }
    if number.is_infinite() {
        return out.push_str("inf");
    }
    let (digits, exponent) = shortest(number.abs());
    let (first, rest) = digits.split_at_checked(1).unwrap_or(("0", ""));
    // Writing to a string cannot fail.
    let _ = match exponent {
        -4..0 => {
            let zeros = usize::try_from(exponent.unsigned_abs()).unwrap_or(0).saturating_sub(1);
            write!(out, "0.{:0<zeros$}{digits}", "")
        }
        0..16 => {
            let whole = usize::try_from(exponent).unwrap_or(0).saturating_add(1);
            let (whole_digits, fraction) = digits.split_at_checked(whole).unwrap_or((&digits, ""));
            write!(out, "{whole_digits:0<whole$}.{}", if fraction.is_empty() { "0" } else { fraction })
        }
        _ => {
            let point = if rest.is_empty() { "" } else { "." };
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(out, "{first}{point}{rest}e{sign}{:02}", exponent.unsigned_abs())
        }
    };
}

/// Returns the shortest digits of a finite float, and the power of ten of the first digit.
///
/// The float is not negative, and the digits have no zeros around them.
fn shortest(number: f64) -> (String, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    let length = |text: &str| i32::try_from(text.len()).unwrap_or(i32::MAX);
    let zeros = length(&digits).saturating_sub(length(significant));
    let first = exponent.parse::<i32>().unwrap_or(0).saturating_add(length(whole)).saturating_sub(zeros);
    let digits = significant.trim_end_matches('0');
    // Zero has no first digit that counts.
    (digits.to_owned(), if digits.is_empty() { 0 } else { first.saturating_sub(1) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(number: f64) -> String {
        let mut out = String::new();
        write_float(number, &mut out);
        out
    }

    #[test]
    fn of_two_equally_near_texts_the_even_one_is_taken() {
        // Halfway between two texts of 17 digits.
        assert_eq!(text(6_087_075_516_480_825.0 / 4.0), "1521768879120206.2");
        assert_eq!(text(4_625_470_252_993_613.0 / 4.0), "1156367563248403.2");
    }

    #[test]
    fn the_form_depends_on_the_size() {
        for (number, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (5e-324, "5e-324"),
            (100.0, "100.0"),
            (-2.5, "-2.5"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(text(number), expected);
        }
    }

    proptest! {
        #[test]
        fn floats_read_back(bits: u64) {
            let number = f64::from_bits(bits);
            let read = parse_float(&text(number)).unwrap();
            prop_assert!(read.to_bits() == bits || number.is_nan());
        }
    }
}
