//! What happens, on its way to whoever reads.

use super::RoleEvent;
use crate::{
    error::CliError,
    output::{Format, OutputError, Printer},
};
use myelin_subnet_kit::EventSink;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

/// The events that wait to be told.
const EVENT_BUFFER: usize = 4_096;

/// How long the last events may take to be told.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where events come from. Work waits for nobody who reads: what finds no room is counted and not kept.
#[derive(Clone)]
pub(in crate::commands) struct EventSender {
    /// Nothing is the end.
    sender: mpsc::Sender<Option<RoleEvent>>,
    missed: Arc<AtomicU64>,
}

/// The thread that tells them, for the output may be something that nobody reads.
pub(in crate::commands) struct EventPrinter {
    told: EventSender,
    done: oneshot::Receiver<Result<(), OutputError>>,
}

impl EventSender {
    /// Tells an event.
    pub(in crate::commands) fn send(&self, event: impl Into<RoleEvent>) {
        if self.sender.try_send(Some(event.into())).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The same for the library.
    pub(in crate::commands) fn report(&self) -> EventSink {
        let told = self.clone();
        EventSink::new(move |event| told.send(event))
    }
}

impl EventPrinter {
    /// Begins to tell events on standard output.
    pub(in crate::commands) fn start(format: Format) -> (EventSender, Self) {
        let (sender, heard) = mpsc::channel(EVENT_BUFFER);
        let told = EventSender { sender, missed: Arc::default() };
        let missed = Arc::clone(&told.missed);
        let (report, done) = oneshot::channel();
        thread::spawn(move || {
            // If nobody waits any more, nobody needs to know.
            let _ = report.send(tell_all(format, heard, &missed));
        });
        (told.clone(), Self { told, done })
    }

    /// Waits until nothing can be told any more.
    pub(in crate::commands) async fn closed(&mut self) -> CliError {
        match (&mut self.done).await {
            Ok(Err(error)) => error.into(),
            Ok(Ok(())) | Err(_) => OutputError::Closed.into(),
        }
    }

    /// Waits until everything is told, but not for somebody who does not read.
    pub(in crate::commands) async fn end(self) -> Result<(), CliError> {
        // If there is no room, nobody reads.
        let _ = self.told.sender.try_send(None);
        match timeout(LAST_WORDS, self.done).await {
            Ok(Ok(told)) => Ok(told?),
            Ok(Err(_)) | Err(_) => Ok(()),
        }
    }
}

fn tell_all(
    format: Format,
    mut heard: mpsc::Receiver<Option<RoleEvent>>,
    missed: &AtomicU64,
) -> Result<(), OutputError> {
    let output = Printer::<RoleEvent>::new(format);
    let mut is_stopping = false;
    while let Some(Some(event)) = heard.blocking_recv() {
        let is_stop = matches!(event, RoleEvent::Stopping {});
        // A validator stops to serve and to validate, and says so for each.
        let is_detail = format == Format::Table && event.is_detail();
        if !(is_detail || is_stop && is_stopping) {
            output.show(&event)?;
        }
        is_stopping |= is_stop;
        let events = missed.swap(0, Ordering::Relaxed);
        if events > 0 {
            output.show(&RoleEvent::Missed { events })?;
        }
    }
    Ok(())
}
