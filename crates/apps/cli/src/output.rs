//! The only place that writes to standard output.
//!
//! Standard output is the answer and nothing else: text for people, or a JSON document on each line. What is said
//! about the answer (progress, warnings, questions, errors) goes to standard error.

use crate::{
    error::CliError,
    page::{Page, Render, Tone, printable},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, IsTerminal, Write},
    marker::PhantomData,
    time::Instant,
};

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Text for people, with tables that fit the terminal
    #[default]
    Table,
    /// A JSON document on each line, as the command's schema has it
    Json,
}

/// Where a command puts its answers, which are all of one type.
#[derive(Debug)]
pub struct Printer<T> {
    format: Format,
    width: usize,
    answers: PhantomData<fn(T)>,
}

impl<T: Serialize + JsonSchema + Render> Printer<T> {
    /// Standard output.
    pub fn new(format: Format) -> Self {
        Self { format, width: width_of(&io::stdout()), answers: PhantomData }
    }

    /// Writes one answer. Most commands have one; those that go on for a while write one for each thing that happens.
    ///
    /// # Errors
    /// [`CliError::OutputClosed`], if nobody reads any more; [`CliError::Output`].
    pub fn show(&self, answer: &T) -> Result<(), CliError> {
        match self.format {
            Format::Table => {
                let mut page = Page::new(self.width);
                answer.render(&mut page);
                write(page.into_text().as_bytes())
            }
            Format::Json => {
                let mut line = serde_json::to_vec(answer).map_err(|error| CliError::Output(error.into()))?;
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

/// Writes what the parser of the command line answers by itself: help and version.
///
/// # Errors
/// As [`Printer::show`].
pub fn show_help(help: &clap::builder::StyledStr) -> Result<(), CliError> {
    write(help.ansi().to_string().as_bytes())
}

pub(crate) fn write(bytes: &[u8]) -> Result<(), CliError> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => CliError::OutputClosed,
        _ => CliError::Output(error),
    })
}

/// Says why a command failed, on standard error.
pub fn show_error(error: &CliError, format: Format) {
    let text = match format {
        Format::Json => serde_json::to_string(&error.report()).unwrap_or_default() + "\n",
        Format::Table => {
            // Others have their say in errors: nodes, neurons, files.
            let hint = error.hint().map(|hint| format!("\n{} {}\n", Tone::Good.paint("hint:"), printable(&hint)));
            let error = printable(&error.to_string());
            format!("{} {error}\n{}", Tone::Bad.paint("error:"), hint.unwrap_or_default())
        }
    };
    say(&text);
}

/// Says something to whoever sits there, on standard error. There is nobody to tell if that fails.
pub fn note(text: &str) {
    say(&format!("{text}\n"));
}

/// Shows something to whoever sits there, on standard error.
pub fn note_page(content: &impl Render) {
    let mut page = Page::new(width_of(&io::stderr()));
    content.render(&mut page);
    say(&page.into_text());
}

fn say(text: &str) {
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
