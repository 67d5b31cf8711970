//! Sources of series and of feeds.

use myelin_diagnostic::{Diagnostic, Hints};
use std::time::Duration;

/// Seconds since the Unix epoch.
pub type UnixSeconds = u64;

/// Milliseconds since the Unix epoch.
pub type UnixMillis = u64;

/// A source of data that can be asked again and answers the same, so that validators agree.
///
/// Calls may wait for a network. Async code calls a source on a blocking thread.
pub trait DataSource: Send + Sync + 'static {
    /// Returns the name of the source.
    fn name(&self) -> &str;

    /// Returns the names of the series, as far as the source knows them beforehand.
    fn series(&self) -> Vec<String>;

    /// Returns the last point of a series at or before a time. `None` if it is not known yet.
    ///
    /// # Errors
    /// [`SourceError`] if the source has no such series, no point that early, or no answer.
    fn value(&self, series: &str, at: UnixSeconds) -> Result<Option<DataPoint>, SourceError>;

    /// Returns at most `most` items of a feed in the order of their times, after the item of this id.
    ///
    /// # Errors
    /// [`SourceError`] if the source has no such feed, or no answer.
    fn items(&self, feed: &str, after: Option<&str>, most: usize) -> Result<ItemPage, SourceError>;
}

/// A value of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPoint {
    /// The time of the value.
    pub at: UnixSeconds,
    /// The value in millionths.
    pub micros: u64,
}

/// An item of a feed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Item {
    /// The id, in the one spelling of the source.
    pub id: String,
    /// The time of the item.
    pub at: UnixMillis,
    /// The time of its last change, or 0.
    #[serde(default)]
    pub edited: UnixMillis,
    /// The author, as the source names it.
    pub author: String,
    /// The language, or an empty text.
    #[serde(default)]
    pub lang: String,
    /// The text.
    pub text: String,
    /// The address of the item.
    #[serde(default)]
    pub url: String,
}

/// Consecutive items of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ItemPage {
    /// The items that are there now.
    pub items: Vec<Item>,
    /// The id after which the next page begins; `None` at the end.
    #[serde(default)]
    pub next: Option<String>,
}

/// The reason for which a source has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// No series or feed of this name.
    #[error("the source has no such series or feed")]
    NoSuchSeries,
    /// No point this early.
    #[error("the source knows no value at that time")]
    NotKnown,
    /// More requests than the source permits.
    #[error("the source asks to wait {} s", .retry.as_secs())]
    Limited {
        /// The time after which it may be asked again.
        retry: Duration,
    },
    /// No answer, after several tries.
    #[error("the source cannot be reached: {0}")]
    Unreachable(String),
    /// An answer of another form.
    #[error("the answer of the source is not of its form: {0}")]
    Form(String),
}

impl Diagnostic for SourceError {
    fn code(&self) -> &'static str {
        "source"
    }

    fn hints(&self, out: &mut Hints) {
        out.push(match self {
            Self::NoSuchSeries => "check the name of the series",
            Self::NotKnown => "choose a later time",
            Self::Limited { .. } => "wait, or ask less often",
            Self::Unreachable(_) => "check the address of the source",
            Self::Form(_) => "check that the source is of this kind",
        });
    }
}
