//! The command line of Myelin, as a library for its program and its tests.
//!
//! A command is a type that implements [`command::Command`]: its arguments are the fields of the type, all other facts
//! about it are constants of the trait. The parser, the help, the manual, the completions, docs/cli.md and the schemas
//! are made from the list [`registry::COMMANDS`]. To add a command, write the type and add a line to the list;
//! `ACCEPT=1 cargo test -p myelin-cli --test cli` updates the generated files.
//!
//! | Question | Module |
//! |---|---|
//! | What is a command? Which commands exist? | [`command`], [`registry`], [`commands`] |
//! | What does a command know besides its arguments? | [`context`], [`settings`], [`config`] |
//! | What does it print, and how does it look? | [`output`], [`page`] |
//! | What can fail, and what helps? | [`error`], `hints.rs` |
//! | How is a question asked? | [`terminal`] |
//! | May it change the chain, and how? | [`plan`], [`transact`] |
//! | Which key does an argument name, and which key signs? | [`named_key`], [`key`] |
//! | How does the other key of a new pair agree? | `consent.rs` |
//! | Which calls of the chain have no command? | [`call_gaps`] |
//!
//! A command that changes the chain makes a [`plan::Plan`] and passes it to [`transact::TransactionArgs`]. The policy
//! of the context admits the plan, the user confirms it at the terminal, and one function signs.
//! Neurons and the set-up of a local network sign without a plan; [`transact`] names both.
//!
//! These files import only those before them: `page`, `output`, `terminal`, `plan`, `settings`, `config`, `hints`,
//! `error`, `context`, `transact`, `consent`, `commands`.
//!
//! Not here: the supervisor of a local network (`myelin_local`), and hints of libraries without a command in them.

#![forbid(unsafe_code)]

pub mod call_gaps;
pub mod command;
pub mod commands;
pub mod config;
mod consent;
pub mod context;
pub mod error;
#[cfg(test)]
#[path = "../../../../vectors/formats/fixture.rs"]
mod fixture;
mod folders;
mod hints;
pub mod key;
mod log;
pub mod named_key;
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
use output::{Format, OutputError};
use std::{env, ffi::OsString, process::ExitCode};

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    if let Some(ended) = myelin_local::become_node(&words) {
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
            error.show(format);
            error.exit()
        }
    };
    ExitCode::from(exit as u8)
}

/// Prints help or the version as the output, or a parser error as the error.
fn not_understood(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        output::note(error.render().ansi().to_string().trim_end());
        return ExitCode::from(Exit::Usage as u8);
    }
    finish(output::show_help(&error.render()).map_err(CliError::from), Format::Table)
}

fn run(matches: &clap::ArgMatches, context: &Context) -> Result<(), CliError> {
    let Some((entry, matches)) = registry::called(matches) else {
        return Err(CliError::Usage { message: "no command".into(), hint: "see `myelin --help`" });
    };
    // One thread, because a child that ends with its parent ends with the thread that started it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(OutputError::Write)?;
    runtime.block_on(entry.run(matches, context))
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, fs, path::Path};

    /// Order of the files; each imports only from those before it.
    ///
    /// Commands may also import the registry.
    const ORDER: [&str; 23] = [
        "page",
        "log",
        "share",
        "output",
        "screen",
        "terminal",
        "plan",
        "settings",
        "config",
        "hints",
        "error",
        "folders",
        "time",
        "context",
        "key",
        "named_key",
        "transact",
        "consent",
        "command",
        "call_gaps",
        "commands",
        "registry",
        "reference",
    ];

    /// Returns the modules of this crate that a source names.
    fn imports(code: &str) -> Vec<&str> {
        let name = |path: &str| path.find(|at: char| !at.is_alphanumeric() && at != '_').unwrap_or(path.len());
        let mut found = Vec::new();
        for after in code.split("crate::").skip(1) {
            let Some(tree) = after.strip_prefix('{') else {
                found.push(&after[..name(after)]);
                continue;
            };
            // Each name in the outer braces is followed by its inner path, or by a comma.
            let mut depth = 0;
            let mut is_next = true;
            for (place, character) in tree.char_indices() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => is_next = true,
                    _ if is_next && character.is_alphabetic() => {
                        found.push(&tree[place..place + name(&tree[place..])]);
                        is_next = false;
                    }
                    _ => {}
                }
            }
        }
        found
    }

    #[test]
    fn files_import_only_those_before_them() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut arrows = 0;
        for entry in fs::read_dir(source).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().and_then(OsStr::to_str).unwrap();
            if path.is_dir() || ["lib", "main"].contains(&name) {
                continue;
            }
            let place = ORDER.iter().position(|known| *known == name);
            let place = place.unwrap_or_else(|| panic!("{name}.rs has no place in the order"));
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            for import in imports(&code.join("\n")) {
                let below = ORDER.iter().position(|known| *known == import);
                assert!(below.is_some_and(|below| below < place), "{name}.rs imports {import}");
                arrows += 1;
            }
        }
        assert!(arrows > 30, "{arrows} arrows: the imports were not read");
    }

    #[test]
    fn imports_are_read_in_every_form() {
        let text = "use crate::{\n    a::{self, B},\n    c::D,\n    e,\n};\nuse crate::f::G;\nfn x() -> crate::h::I {}";
        assert_eq!(imports(text), ["a", "c", "e", "f", "h"]);
    }
}
