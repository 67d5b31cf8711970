//! The command line of Myelin, as a library for its program and its tests.
//!
//! A command is a type that implements [`command::Command`]: its arguments are the type's fields, everything else that
//! is known about it are the trait's constants. [`registry::COMMANDS`] lists them, and from that list come the parser, the
//! help, the manual, the completions, docs/cli.md and the schemas. To add one, write the type and add a line to the list;
//! `ACCEPT=1 cargo test -p myelin-cli --test cli` brings what is generated up to date.
//!
//! | Question | Module |
//! |---|---|
//! | What is a command? Which are there? | [`command`], [`registry`], [`commands`] |
//! | What is a command told? | [`context`], [`settings`], [`config`] |
//! | What does it say, and how does it look? | [`output`], [`page`], [`error`] |
//! | Whom does it ask? | [`terminal`] |
//! | May it change the chain, and how? | [`plan`], [`transact`] |
//! | Whose key is meant, and who signs? | [`named_key`], [`key`] |
//! | Which calls of the chain have no command? | [`call_gaps`] |
//! | How does a network run on one machine? | [`network`] |
//!
//! A command that changes the chain makes a [`plan::Plan`] and hands it to [`transact::TransactionArgs`], which has it admitted
//! by the context's policy and confirmed at the terminal before the one function that signs does so.

#![forbid(unsafe_code)]

pub mod call_gaps;
pub mod command;
pub mod commands;
pub mod config;
pub mod context;
pub mod error;
mod files;
pub mod key;
pub mod named_key;
pub mod network;
pub mod output;
pub mod page;
pub mod plan;
pub mod reference;
pub mod registry;
pub mod screen;
pub mod settings;
mod share;
pub mod terminal;
mod time;
pub mod transact;

use clap::FromArgMatches;
use context::{Context, Globals};
use error::{CliError, Exit};
use output::Format;
use std::{env, ffi::OsString, process::ExitCode};

/// Does what was typed.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    if let Some(ended) = network::become_node(&words) {
        return ended;
    }
    let matches = match registry::parser().try_get_matches_from(&words) {
        Ok(matches) => matches,
        Err(error) => return not_understood(&error),
    };
    let globals = Globals::from_arg_matches(&matches).unwrap_or_default();
    let asked_for = globals.output;
    let (format, done) = match Context::new(globals) {
        Ok(context) => (context.format(), run(&matches, &context)),
        Err(error) => (asked_for.unwrap_or_default(), Err(error)),
    };
    finish(done, format)
}

fn finish(done: Result<(), CliError>, format: Format) -> ExitCode {
    let exit = match done {
        Ok(()) => Exit::Done,
        Err(error) => {
            if !matches!(error, CliError::OutputClosed) {
                output::show_error(&error, format);
            }
            error.exit()
        }
    };
    ExitCode::from(exit as u8)
}

/// Help and version are answers; the rest are mistakes.
fn not_understood(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        output::note(error.render().ansi().to_string().trim_end());
        return ExitCode::from(Exit::Usage as u8);
    }
    finish(output::show_help(&error.render()), Format::Table)
}

fn run(matches: &clap::ArgMatches, context: &Context) -> Result<(), CliError> {
    let Some((entry, matches)) = registry::called(matches) else {
        return Err(CliError::Usage { message: "no command".into(), hint: "see `myelin --help`" });
    };
    // One thread: a child that is to end with its parent ends with the thread that started it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Output)?;
    runtime.block_on(entry.run(matches, context))
}
