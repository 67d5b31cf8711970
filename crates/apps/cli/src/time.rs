//! Durations and times as text.

use crate::error::CliError;
use myelin_client::ChainState;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Formats a duration roughly: one number and a unit.
pub(crate) fn about(duration: Duration) -> String {
    const UNITS: [(&str, u64); 5] =
        [("year", 31_557_600), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let seconds = duration.as_secs();
    let (unit, length) = UNITS.into_iter().find(|(_, length)| seconds >= 2 * length).unwrap_or(("second", 1));
    let count = seconds.saturating_add(length / 2) / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Returns the duration of a number of blocks, if no authority is missing.
pub(crate) async fn blocks(now: &ChainState, count: u64) -> Result<Duration, CliError> {
    let slot = u64::try_from(now.slot_duration().await?.as_millis()).unwrap_or(u64::MAX);
    Ok(Duration::from_millis(slot.saturating_mul(count)))
}

/// Describes the end of a number of blocks: `in about 5 minutes`.
pub(crate) async fn in_about(now: &ChainState, count: u64) -> Result<String, CliError> {
    Ok(format!("in about {}", about(blocks(now, count).await?)))
}

/// Formats the day after a duration, `2026-11-26` in UTC; `None` after the year 9999.
pub(crate) fn day_in(duration: Duration) -> Option<String> {
    let then = SystemTime::now().checked_add(duration)?.duration_since(UNIX_EPOCH).ok()?;
    let then = OffsetDateTime::from_unix_timestamp(then.as_secs().try_into().ok()?).ok()?;
    Some(then.date().to_string())
}

/// Formats milliseconds since 1970 as `2026-11-26 13:05:59` in UTC; `None` after the year 9999.
pub(crate) fn moment(millis: u64) -> Option<String> {
    let time = OffsetDateTime::from_unix_timestamp((millis / 1_000).try_into().ok()?).ok()?;
    Some(format!("{} {:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_in_the_largest_unit_that_fits_twice() {
        for (seconds, said) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_200 - 1, "120 minutes"),
            (90_000, "25 hours"),
            (10 * 86_400 + 43_200, "11 days"),
            (4 * 31_557_600, "4 years"),
        ] {
            assert_eq!(about(Duration::from_secs(seconds)), said);
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(moment(1_735_689_599_999).as_deref(), Some("2024-12-31 23:59:59"));
        assert_eq!(moment(u64::MAX), None);
        assert_eq!(day_in(Duration::MAX), None);
        assert!(day_in(Duration::ZERO).is_some());
    }
}
