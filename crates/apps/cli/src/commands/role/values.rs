//! Parsers of arguments that several commands of neurons share.

use crate::share::decimal;
use myelin_subnet_text::proof::Tolerance;
use std::time::Duration;

/// Parses a time such as `12s`, `500ms` or `2m`.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let refused = || "write a time such as `12s`, `500ms` or `2m`".to_owned();
    let split = text.find(|character: char| !character.is_ascii_digit()).ok_or_else(refused)?;
    let (number, unit) = text.split_at_checked(split).ok_or_else(refused)?;
    let number: u32 = number.parse().map_err(|_| refused())?;
    let time = match unit {
        "ms" => Duration::from_millis(number.into()),
        "s" => Duration::from_secs(number.into()),
        "m" => Duration::from_mins(number.into()),
        _ => return Err(refused()),
    };
    let longest = Duration::from_hours(1);
    if time.is_zero() || time > longest { Err("write a time above zero, up to 1 hour".to_owned()) } else { Ok(time) }
}

/// Parses a tolerance such as `0.001`.
pub(crate) fn tolerance(text: &str) -> Result<Tolerance, String> {
    match decimal(text, 6) {
        Some(micro @ 1..=1_000_000) => Ok(Tolerance::new(micro)),
        _ => Err("write a number above 0, up to 1, with at most six decimals, such as `0.001`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(time("12s"), Ok(Duration::from_secs(12)));
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2m"), Ok(Duration::from_mins(2)));
        for wrong in ["", "12", "s", "-1s", "1.5s", "0s", "61m", "99999999999s", "12 s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tolerances_are_millionths() {
        assert_eq!(tolerance("0.001"), Ok(Tolerance::F32));
        assert_eq!(tolerance("1"), Ok(Tolerance { gap_micro: 2_000_000, logprob_micro: 1_000_000 }));
        for wrong in ["", "0", "0.0000001", "1.1", "-1", "1e-3"] {
            assert!(tolerance(wrong).is_err(), "{wrong}");
        }
    }
}
