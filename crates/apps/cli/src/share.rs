//! Parts of a whole, in arguments and in output.

use myelin_primitives::{Amount, MILLION, RAO_PER_TAO, Take, Tao, U16_ONE};

/// Parses a part of `whole`, rounded down: `18%`, `12.5%`, or the number itself.
fn part(text: &str, whole: u64) -> Result<u64, String> {
    const HUNDRED: u128 = 100;
    let refused = || format!("write a part such as `18%` or `12.5%`, or a number up to {whole}");
    let Some(percent) = text.trim().strip_suffix('%') else {
        let number: u64 = text.trim().parse().map_err(|_| refused())?;
        return if number <= whole { Ok(number) } else { Err(refused()) };
    };
    // Amounts have nine decimals, which is fine enough for a percentage.
    let billionths: Amount<Tao> = percent.trim().parse().map_err(|_| refused())?;
    if !percent.trim().ends_with(|character: char| character.is_ascii_digit()) {
        return Err(refused());
    }
    let wide = u128::from(whole) * u128::from(billionths.rao()) / (HUNDRED * u128::from(RAO_PER_TAO));
    u64::try_from(wide).ok().filter(|part| *part <= whole).ok_or_else(refused)
}

/// Parses a take, such as `18%`.
pub(crate) fn take(text: &str) -> Result<Take, String> {
    let parts = part(text, U16_ONE.into())?;
    u16::try_from(parts).map(Take::new).map_err(|error| error.to_string())
}

/// Parses a part of a million, such as `10%`.
pub(crate) fn million(text: &str) -> Result<u32, String> {
    let parts = part(text, MILLION.into())?;
    u32::try_from(parts).map_err(|error| error.to_string())
}

/// Parses a part of stake weight, `v / u64::MAX`, such as `50%`.
pub(crate) fn proportion(text: &str) -> Result<u64, String> {
    part(text, u64::MAX)
}

/// Parses a non-negative number in units of its last decimal: `0.8` with three decimals is 800.
pub(crate) fn decimal(text: &str, decimals: u32) -> Option<u32> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !text.chars().all(|it| it.is_ascii_digit() || it == '.') {
        return None;
    }
    let missing = decimals.checked_sub(u32::try_from(rest.len()).ok()?)?;
    let rest: u32 = if rest.is_empty() { 0 } else { rest.parse().ok()? };
    let rest = rest.checked_mul(10_u32.checked_pow(missing)?)?;
    whole.parse::<u32>().ok()?.checked_mul(10_u32.checked_pow(decimals)?)?.checked_add(rest)
}

/// Formats `part / whole` in percent, with two decimals: `18.00 %`.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let whole = u128::from(whole.max(1));
    let hundredths = (u128::from(part) * 10_000 + whole / 2) / whole;
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// Formats a part of 65 535 in percent.
pub(crate) fn u16_percent(parts: u16) -> String {
    percent(parts.into(), U16_ONE.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_rounded_down() {
        assert_eq!(take("18%"), Ok(Take::new(11_796)));
        assert_eq!(take(" 11796 "), Ok(Take::new(11_796)));
        assert_eq!(take("0%"), Ok(Take::new(0)));
        assert_eq!(take("100%"), Ok(Take::new(65_535)));
        assert_eq!(proportion("100%"), Ok(u64::MAX));
        assert_eq!(proportion("12.5 %"), Ok(u64::MAX / 8));
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "%", "-1%", "100.1%", "1e2%", "5tao%", "65536", "99999999999%"] {
            assert!(take(text).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_are_shown_in_percent() {
        assert_eq!(u16_percent(11_796), "18.00 %");
        assert_eq!(u16_percent(U16_ONE), "100.00 %");
        assert_eq!(percent(1, 0), "100.00 %");
        assert_eq!(percent(1, 3), "33.33 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100.00 %");
    }
}
