//! The only place that writes to standard output.
//!
//! Standard output is the output of a command and nothing else: text for people, or a JSON document on each line.
//! Progress, warnings, questions and errors go to standard error.

use crate::page::{Page, Render, Tone};
use myelin_diagnostic::{Diagnostic, Hints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, IsTerminal, Write},
    marker::PhantomData,
    time::Instant,
};

/// The form of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Text for people, with tables that fit the terminal
    #[default]
    Table,
    /// A JSON document on each line, as the command's schema has it
    Json,
}

/// A failure to write the output.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader of standard output has enough of it. It is not reported.
    #[error("standard output is closed")]
    Closed,
    /// The output cannot be written.
    #[error("could not write the output: {0}")]
    Write(#[from] io::Error),
}

impl Diagnostic for OutputError {
    fn code(&self) -> &'static str {
        "io"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Closed => {}
            Self::Write(_) => out.push("look at where the output goes, and whether the disk is full"),
        }
    }
}

/// The place for the outputs of a command, which are all of one type.
#[derive(Debug)]
pub struct Printer<T> {
    format: Format,
    width: usize,
    outputs: PhantomData<fn(T)>,
}

impl<T: Serialize + JsonSchema + Render> Printer<T> {
    /// Begins to write on standard output.
    pub fn new(format: Format) -> Self {
        Self { format, width: width_of(&io::stdout()), outputs: PhantomData }
    }

    /// Writes one output. Most commands have one; those that go on for a while write one for each event.
    ///
    /// # Errors
    /// [`OutputError::Closed`] if standard output is closed; [`OutputError::Write`] from the system.
    pub fn show(&self, output: &T) -> Result<(), OutputError> {
        match self.format {
            Format::Table => {
                let mut page = Page::new(self.width);
                output.render(&mut page);
                write(page.into_text().as_bytes())
            }
            Format::Json => {
                let mut line = serde_json::to_vec(output).map_err(io::Error::from)?;
                line.push(b'\n');
                write(&line)
            }
        }
    }
}

/// Columns of the terminal, or `usize::MAX` where output goes elsewhere.
fn width_of(stream: &impl IsTerminal) -> usize {
    if !stream.is_terminal() {
        return usize::MAX;
    }
    terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0))
}

/// Writes the outputs of the parser itself: help and version.
///
/// # Errors
/// As [`Printer::show`].
pub fn show_help(help: &clap::builder::StyledStr) -> Result<(), OutputError> {
    write(help.ansi().to_string().as_bytes())
}

/// Writes a part of an output.
///
/// # Errors
/// As [`Printer::show`].
pub(crate) fn write(bytes: &[u8]) -> Result<(), OutputError> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => OutputError::Closed,
        _ => OutputError::Write(error),
    })
}

/// Writes a line to standard error.
pub fn note(text: &str) {
    say(&format!("{text}\n"));
}

/// Writes a page to standard error.
pub fn note_page(content: &impl Render) {
    let mut page = Page::new(width_of(&io::stderr()));
    content.render(&mut page);
    say(&page.into_text());
}

/// Writes to standard error. If that fails, no place is left to say so.
pub(crate) fn say(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// What a long wait waits for. On a terminal it is one line, with the time; elsewhere each step is a line of its own.
#[derive(Debug)]
pub struct ProgressLine {
    live: bool,
    since: Instant,
    step: String,
}

impl ProgressLine {
    /// Begins with this step.
    pub fn new(step: impl Into<String>) -> Self {
        let mut progress = Self { live: io::stderr().is_terminal(), since: Instant::now(), step: String::new() };
        progress.step(step);
        progress
    }

    /// Goes on to this step. Saying the same again changes nothing.
    pub fn step(&mut self, step: impl Into<String>) {
        let step = step.into();
        if step == self.step {
            return;
        }
        self.step = step;
        if self.live {
            self.tick();
        } else {
            note(&self.step);
        }
    }

    /// Shows how long it takes. To be called about once a second.
    pub fn tick(&self) {
        if self.live {
            let time = Tone::Faint.paint(&format!("{} s", self.since.elapsed().as_secs()));
            say(&format!("\r\x1b[K{} {time}", self.step));
        }
    }

    /// Leaves an empty line to what is said meanwhile. The next tick shows it again.
    pub fn clear(&self) {
        if self.live {
            say("\r\x1b[K");
        }
    }
}

/// Leaves an empty line to whatever comes next.
impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}
