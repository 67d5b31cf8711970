//! The log of the libraries, as lines of bounded length and number.

use crate::page::plain;
use clap::ValueEnum;
use std::{
    fmt::{self, Debug, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::set_global_default,
};

/// The longest line, in bytes. A part of it may be a peer's text.
const MAX_LINE: usize = 1_024;

/// The most lines of a second.
const LINES_A_SECOND: u32 = 20;

/// The least important lines that are shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    /// No lines
    Off,
    /// Failures of this program
    Error,
    /// Also states that need attention
    Warn,
    /// Also changes of state
    Info,
    /// Also each refused request
    Debug,
    /// All
    Trace,
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// A line of the log, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogLine {
    pub(crate) level: Level,
    pub(crate) text: String,
}

/// The number of lines that were not shown, because there were too many in their second.
#[derive(Clone, Debug, Default)]
pub(crate) struct HiddenLines(Arc<AtomicU64>);

impl HiddenLines {
    /// Returns the number since the last call.
    pub(crate) fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Shows the log of this process from now on. Returns the count of lines that are left out.
///
/// A process has one log, so later calls change nothing.
pub(crate) fn start(level: LogLevel, show: impl Fn(LogLine) + Send + Sync + 'static) -> HiddenLines {
    let hidden = HiddenLines::default();
    let _ = set_global_default(LogSubscriber::new(level, hidden.clone(), show));
    hidden
}

/// A subscriber that shows lines.
struct LogSubscriber<F> {
    level: LevelFilter,
    rate: Mutex<LineRate>,
    hidden: HiddenLines,
    show: F,
}

impl<F> LogSubscriber<F> {
    fn new(level: LogLevel, hidden: HiddenLines, show: F) -> Self {
        let rate = Mutex::new(LineRate { began: Instant::now(), lines: 0 });
        Self { level: level.into(), rate, hidden, show }
    }
}

impl<F: Fn(LogLine) + Send + Sync + 'static> Subscriber for LogSubscriber<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        // Spans are not shown, so that one id serves all of them.
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        if !self.rate.lock().unwrap_or_else(PoisonError::into_inner).admits(Instant::now()) {
            self.hidden.0.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut fields = LineFields::default();
        event.record(&mut fields);
        (self.show)(LogLine { level: *event.metadata().level(), text: fields.line() });
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The lines of the present second.
struct LineRate {
    began: Instant,
    lines: u32,
}

impl LineRate {
    /// Counts a line. Returns false if its second has enough lines.
    fn admits(&mut self, now: Instant) -> bool {
        if now.duration_since(self.began) >= Duration::from_secs(1) {
            *self = Self { began: now, lines: 0 };
        }
        self.lines = self.lines.saturating_add(1);
        self.lines <= LINES_A_SECOND
    }
}

/// The fields of an event, the message first.
#[derive(Default)]
struct LineFields {
    message: BoundedText,
    others: BoundedText,
}

impl Visit for LineFields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // A text that is full takes no more. That is no error.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.others, " {name}={value:?}"),
        };
    }
}

impl LineFields {
    fn line(self) -> String {
        let mut whole = self.message;
        let _ = whole.write_str(&self.others.0);
        plain(&whole.0)
    }
}

/// A text of at most [`MAX_LINE`] bytes.
#[derive(Default)]
struct BoundedText(String);

impl Write for BoundedText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MAX_LINE.saturating_sub(self.0.len());
        if let Some(rest) = text.get(..room.min(text.len())) {
            self.0.push_str(rest);
        } else {
            // The room ends within a character.
            let fitting = text.char_indices().map(|(start, _)| start).take_while(|start| *start <= room).last();
            self.0.push_str(text.get(..fitting.unwrap_or(0)).unwrap_or_default());
        }
        if text.len() > room { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use tracing::subscriber::with_default;

    fn subscriber(level: LogLevel) -> (impl Subscriber + Send + Sync, Receiver<LogLine>, HiddenLines) {
        let (sender, lines) = channel();
        let hidden = HiddenLines::default();
        let show = move |line| sender.send(line).expect("the receiver is there");
        (LogSubscriber::new(level, hidden.clone(), show), lines, hidden)
    }

    #[test]
    fn nh_21_a_line_has_the_message_first_and_no_control_characters() {
        let (subscriber, lines, _) = subscriber(LogLevel::Warn);
        with_default(subscriber, || {
            tracing::error!(said = "Internal Server Error #7", from = %"\u{1b}[2J1.2.3.4", "request failed");
            tracing::info!("not shown");
            tracing::warn!("a\nb");
        });
        let lines: Vec<_> = lines.try_iter().collect();
        let line = |level, text: &str| LogLine { level, text: text.to_owned() };
        let failed = line(Level::ERROR, r#"request failed said="Internal Server Error #7" from=[2J1.2.3.4"#);
        assert_eq!(lines, [failed, line(Level::WARN, "ab")]);
    }

    #[test]
    fn nh_21_a_long_line_is_cut_between_characters() {
        let (subscriber, lines, _) = subscriber(LogLevel::Debug);
        with_default(subscriber, || {
            tracing::debug!("{}", "ä".repeat(1 << 20));
            tracing::debug!(reason = "y".repeat(1 << 20), "x{}", "ä".repeat(500));
        });
        let lengths: Vec<_> = lines.try_iter().map(|line| line.text.len()).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE]);
    }

    #[test]
    fn nh_21_a_second_has_twenty_lines_and_then_a_count() {
        let began = Instant::now();
        let mut rate = LineRate { began, lines: 0 };
        let almost = began + Duration::from_millis(999);
        assert_eq!((0..50).filter(|_| rate.admits(almost)).count(), 20);
        assert_eq!((0..50).filter(|_| rate.admits(began + Duration::from_secs(1))).count(), 20);
        let (subscriber, lines, hidden) = subscriber(LogLevel::Warn);
        with_default(subscriber, || (0..10_000).for_each(|number| tracing::warn!(number, "again")));
        let (shown, hidden) = (lines.try_iter().count() as u64, hidden.take());
        assert_eq!(shown + hidden, 10_000);
        assert!(hidden > 0);
    }

    #[test]
    fn levels_are_thresholds() {
        let levels = LogLevel::value_variants().iter().copied().map(LevelFilter::from);
        assert!(levels.is_sorted());
        let (subscriber, lines, _) = subscriber(LogLevel::Off);
        with_default(subscriber, || tracing::error!("not shown"));
        assert_eq!(lines.try_iter().count(), 0);
    }
}
