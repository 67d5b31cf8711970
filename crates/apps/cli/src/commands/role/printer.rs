//! The queue between a neuron and its output.

use super::RoleEvent;
use crate::{
    error::CliError,
    log::{self, HiddenLines, LogLevel},
    output::{Format, OutputError, Printer},
};
use myelin_subnet_kit::EventSink;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};

/// Maximum number of events that wait to be printed.
const EVENT_BUFFER: usize = 4_096;

/// Maximum time in which the last events are printed.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Time after which lines that the log left out are counted.
const COUNT_TIME: Duration = Duration::from_secs(1);

/// Sender of events.
///
/// Work never waits for the output: events that find no room are counted and dropped.
#[derive(Clone)]
pub(in crate::commands) struct EventSender {
    /// Queue of events; `None` is the end.
    sender: SyncSender<Option<RoleEvent>>,
    missed: Arc<AtomicU64>,
}

/// Handle of the thread that prints events, because an output without a reader blocks.
pub(in crate::commands) struct EventPrinter {
    told: EventSender,
    done: oneshot::Receiver<Result<(), OutputError>>,
}

impl EventSender {
    /// Sends an event.
    pub(in crate::commands) fn send(&self, event: impl Into<RoleEvent>) {
        if self.sender.try_send(Some(event.into())).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns a sink of the library's events.
    pub(in crate::commands) fn report(&self) -> EventSink {
        let told = self.clone();
        EventSink::new(move |event| told.send(event))
    }
}

impl EventPrinter {
    /// Starts the thread that prints events on standard output, and the log as events.
    pub(in crate::commands) fn start(format: Format, level: LogLevel) -> (EventSender, Self) {
        let (sender, heard) = sync_channel(EVENT_BUFFER);
        let told = EventSender { sender, missed: Arc::default() };
        let logged = told.clone();
        let hidden = log::start(level, move |line| logged.send(line));
        let missed = Arc::clone(&told.missed);
        let (report, done) = oneshot::channel();
        thread::spawn(move || {
            // A receiver that is gone needs no result.
            let _ = report.send(tell_all(format, &heard, &missed, &hidden));
        });
        (told.clone(), Self { told, done })
    }

    /// Waits until the output is closed.
    pub(in crate::commands) async fn closed(&mut self) -> CliError {
        match (&mut self.done).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) | Err(_) => OutputError::Closed.into(),
        }
    }

    /// Waits until all events are printed, but not for an output that blocks.
    pub(in crate::commands) async fn end(self) -> Result<(), CliError> {
        // A full queue means that nothing reads the output.
        let _ = self.told.sender.try_send(None);
        match timeout(LAST_WORDS, self.done).await {
            Ok(Ok(told)) => Ok(told?),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

fn tell_all(
    format: Format,
    heard: &Receiver<Option<RoleEvent>>,
    missed: &AtomicU64,
    hidden: &HiddenLines,
) -> Result<(), OutputError> {
    let output = Printer::<RoleEvent>::new(format);
    let mut is_stopping = false;
    let mut counted = Instant::now();
    loop {
        match heard.recv_timeout(COUNT_TIME) {
            Ok(Some(event)) => {
                let is_stop = matches!(event, RoleEvent::Stopping {});
                // A validator stops serving and validating, and reports both.
                let is_detail = format == Format::Table && event.is_detail();
                if !(is_detail || is_stop && is_stopping) {
                    output.show(&event)?;
                }
                is_stopping |= is_stop;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(None) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        let events = missed.swap(0, Ordering::Relaxed);
        if events > 0 {
            output.show(&RoleEvent::Missed { events })?;
        }
        if counted.elapsed() >= COUNT_TIME {
            counted = Instant::now();
            let lines = hidden.take();
            if lines > 0 {
                output.show(&RoleEvent::LogHidden { lines })?;
            }
        }
    }
}
