//! Times in ISO 8601.

use crate::UnixSeconds;

const DAY: u64 = 86_400;

/// Parses Unix seconds, or a time such as `2026-11-30T21:00:00Z` or `2026-11-30`, which is midnight. All are UTC.
pub fn parse_time(text: &str) -> Option<UnixSeconds> {
    if !text.is_empty() && text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, time) = match text.split_at_checked(10)? {
        (date, "") => (date, "00:00:00Z"),
        (date, time) => (date, time.strip_prefix(['T', ' '])?),
    };
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00")).unwrap_or(time);
    let seconds = clock(time)?;
    days(date)?.checked_mul(DAY)?.checked_add(seconds)
}

/// Formats a time as `2026-11-30T21:00:00Z`.
pub fn format_time(at: UnixSeconds) -> String {
    let (year, month, day) = date(at / DAY);
    let second = at % DAY;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Returns the seconds of a clock such as `21:00:00`. A part of a second is cut.
fn clock(text: &str) -> Option<u64> {
    let whole = text.split_once('.').map_or(Some(text), |(whole, part)| is_digits(part).then_some(whole))?;
    let mut parts = whole.split(':');
    let mut part = |end: u64| parts.next().and_then(|text| number(text, 2)).filter(|number| *number < end);
    let (hour, minute, second) = (part(24)?, part(60)?, part(60)?);
    parts.next().is_none().then_some(hour * 3_600 + minute * 60 + second)
}

/// Returns the days from the Unix epoch to a date such as `2026-11-30`.
fn days(text: &str) -> Option<u64> {
    let mut parts = text.split('-');
    let mut part = |digits| parts.next().and_then(|text| number(text, digits));
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() || year < 1970 {
        return None;
    }
    // Years that begin in March end with the leap day.
    let from_march = (month + 9) % 12;
    let shifted = year - u64::from(month < 3);
    let leaps = shifted / 4 - shifted / 100 + shifted / 400;
    let found = shifted * 365 + leaps + (from_march * 153 + 2) / 5 + day.checked_sub(1)?;
    let since = found.checked_sub(719_468)?;
    // A day that the month does not have is another date.
    (date(since) == (year, month, day)).then_some(since)
}

/// Returns year, month and day, which are this many days from the Unix epoch.
fn date(since: u64) -> (u64, u64, u64) {
    let days = since + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month < 3), month, of_year - (153 * from_march + 2) / 5 + 1)
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && is_digits(text)).then(|| text.parse().ok())?
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_unix_seconds() {
        for (text, seconds) in [
            ("0", 0),
            ("1764536400", 1_764_536_400),
            ("1970-01-01", 0),
            ("1970-01-01T00:00:01Z", 1),
            ("2000-02-29", 951_782_400),
            ("2025-11-30T21:00:00Z", 1_764_536_400),
            ("2025-11-30 21:00:00", 1_764_536_400),
            ("2025-11-30T21:00:00.999Z", 1_764_536_400),
            ("2025-11-30T21:00:00+00:00", 1_764_536_400),
        ] {
            assert_eq!(parse_time(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn other_times_are_refused() {
        for text in [
            "",
            "-1",
            "999999999999",
            "1969-12-31",
            "2025-02-29",
            "2025-13-01",
            "2025-00-01",
            "2025-01-00",
            "2025-1-1",
            "2025-01-01T24:00:00Z",
            "2025-01-01T00:60:00Z",
            "2025-01-01T00:00",
            "2025-01-01T00:00:00+01:00",
            "2025-01-01X00:00:00Z",
            "2025-01-01T00:00:00.Z",
            "30 November 2025",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(at in 0..99_999_999_999_u64) {
            prop_assert_eq!(parse_time(&format_time(at)), Some(at));
        }

        #[test]
        fn no_text_panics(text: String, near in "[0-9-]{8,12}[T ]?[0-9:.Z+]{0,12}") {
            let _ = (parse_time(&text), parse_time(&near));
        }
    }
}
