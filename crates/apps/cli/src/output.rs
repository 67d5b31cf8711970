//! The only module that writes to standard output.
//!
//! Standard output is the output of a command and nothing else: text, or a JSON document on each line. Progress,
//! warnings, questions and errors go to standard error.

use crate::page::{Page, Render, Tone};
use myelin_diagnostic::{Diagnostic, Hints};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, IsTerminal, Write},
    marker::PhantomData,
    time::Instant,
};

/// Form of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Text, with tables that fit the terminal
    #[default]
    Table,
    /// A JSON document on each line, with the schema of the command
    Json,
}

/// A failure to write the output.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Standard output that is closed, which is not reported.
    #[error("standard output is closed")]
    Closed,
    /// Failure of a write.
    #[error("cannot write the output: {0}")]
    Write(#[from] io::Error),
}

impl Diagnostic for OutputError {
    fn code(&self) -> &'static str {
        "io"
    }

    fn hints(&self, out: &mut Hints) {
        match self {
            Self::Closed => {}
            Self::Write(_) => out.push("check the target of the output, and that the disk is not full"),
        }
    }
}

/// Printer of the outputs of a command, which have one type.
#[derive(Debug)]
pub struct Printer<T> {
    format: Format,
    width: usize,
    outputs: PhantomData<fn(T)>,
}

impl<T: Serialize + JsonSchema + Render> Printer<T> {
    /// Makes a printer on standard output.
    pub fn new(format: Format) -> Self {
        Self { format, width: width_of(&io::stdout()), outputs: PhantomData }
    }

    /// Writes one output.
    ///
    /// Most commands have one output; commands that run for a time have one for each event.
    ///
    /// # Errors
    /// [`OutputError::Closed`] if standard output is closed; [`OutputError::Write`] if the write fails.
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

/// Returns the columns of the terminal, or `usize::MAX` if the stream is no terminal.
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

/// Writes to standard error, and ignores a failure, because no place is left to report it.
pub(crate) fn say(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// A line of progress for a long wait.
///
/// On a terminal it is one line with the elapsed time; elsewhere each step is a line of its own.
#[derive(Debug)]
pub struct ProgressLine {
    live: bool,
    since: Instant,
    step: String,
}

impl ProgressLine {
    /// Starts with a step.
    pub fn new(step: impl Into<String>) -> Self {
        let mut progress = Self { live: io::stderr().is_terminal(), since: Instant::now(), step: String::new() };
        progress.step(step);
        progress
    }

    /// Goes on to a step; the same step again changes nothing.
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

    /// Shows the elapsed time; to be called about once a second.
    pub fn tick(&self) {
        if self.live {
            let time = Tone::Faint.paint(&format!("{} s", self.since.elapsed().as_secs()));
            say(&format!("\r\x1b[K{} {time}", self.step));
        }
    }

    /// Clears the line for other output; the next tick shows it again.
    pub fn clear(&self) {
        if self.live {
            say("\r\x1b[K");
        }
    }
}

/// Clears the line for later output.
impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.clear();
    }
}
