//! What a command is. Everything that is said about one anywhere is made from its definition here.

use crate::{context::Context, error::CliError, output::Printer, page::Render};
use clap::{ArgMatches, Args};
use futures::future::{FutureExt, LocalBoxFuture};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use std::fmt::Debug;

/// One command: its arguments, and everything the program knows about it.
///
/// Parser, `--help`, manual page, completions, the reference page and the schema of its outputs are made from this.
pub trait Command: Args + Debug + 'static {
    /// The words that call it: `wallet create`.
    const PATH: &'static str;
    /// One line, verb first, no full stop.
    const SUMMARY: &'static str;
    /// What else should be known before it is used.
    const DETAILS: &'static str = "";
    /// What it may change.
    const EFFECT: Effect;
    /// The calls of the chain that it makes, each as its pallet and its name. A test looks for calls that no command
    /// makes.
    const CALLS: Calls = &[];
    /// What is typed, at least once. A test reads each of them.
    const EXAMPLES: &'static [Example];
    /// Its words and `Output`, or a [`TransactionOutput`](crate::transact::TransactionOutput) of that. Schemas are made
    /// from this.
    type Output: Serialize + JsonSchema + Render + 'static;

    /// Does it.
    fn run(self, context: &Context, output: &Printer<Self::Output>) -> impl Future<Output = Result<(), CliError>>;
}

/// Defines outputs of commands that print the same record. Each has the JSON and the schema of the record.
macro_rules! outputs {
    ($($(#[$attribute:meta])* $name:ident($record:ty);)+) => {$(
        $(#[$attribute])*
        #[derive(Debug, serde::Serialize, schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name($record);

        impl $crate::page::Render for $name {
            fn render(&self, page: &mut $crate::page::Page) {
                self.0.render(page);
            }
        }
    )+};
}
pub(crate) use outputs;

/// Calls of the chain, each as its pallet and its name: `("Staking", "add_stake")`.
pub type Calls = &'static [(&'static str, &'static str)];

/// What a command may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It reads.
    Nothing,
    /// Files and processes of this machine.
    LocalFiles,
    /// The chain: it goes the way of [`crate::plan`].
    Chain,
    /// A neuron works until it is stopped, and its hotkey signs by itself what that takes.
    Work,
}

impl Effect {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "changes nothing",
            Self::LocalFiles => "changes files or processes of this machine",
            Self::Chain => "changes the chain, after its plan was shown and allowed",
            Self::Work => "works until it is stopped, and tells the chain by itself what its hotkey has to say there",
        }
    }
}

/// A command line as it could be typed.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// What it is for.
    pub purpose: &'static str,
    /// The line.
    pub line: &'static str,
}

/// A command among others, its types forgotten.
#[derive(Clone, Copy, Debug)]
pub struct CommandEntry {
    /// [`Command::PATH`].
    pub path: &'static str,
    /// [`Command::SUMMARY`].
    pub summary: &'static str,
    /// [`Command::DETAILS`].
    pub details: &'static str,
    /// [`Command::EFFECT`].
    pub effect: Effect,
    /// [`Command::CALLS`].
    pub calls: Calls,
    /// [`Command::EXAMPLES`].
    pub examples: &'static [Example],
    arguments: fn(clap::Command) -> clap::Command,
    schema: fn() -> Schema,
    /// The names of the command's type and of its output's.
    #[cfg(test)]
    pub(crate) type_names: fn() -> [&'static str; 2],
    run: for<'a> fn(&'a ArgMatches, &'a Context) -> LocalBoxFuture<'a, Result<(), CliError>>,
}

impl CommandEntry {
    /// That of a command.
    pub const fn of<C: Command>() -> Self {
        Self {
            path: C::PATH,
            summary: C::SUMMARY,
            details: C::DETAILS,
            effect: C::EFFECT,
            calls: C::CALLS,
            examples: C::EXAMPLES,
            arguments: C::augment_args,
            schema: || schema_for!(C::Output),
            #[cfg(test)]
            type_names: || [std::any::type_name::<C>(), std::any::type_name::<C::Output>()],
            run: run::<C>,
        }
    }

    /// The word that calls it within its group.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or(self.path)
    }

    /// The words of its group, if it is in one.
    pub fn group(&self) -> Option<&'static str> {
        self.path.rsplit_once(' ').map(|(group, _)| group)
    }

    /// Its part of the parser.
    pub fn parser(&self) -> clap::Command {
        let mut after = String::from("Examples:");
        for Example { purpose, line } in self.examples {
            after.push_str("\n  ");
            after.push_str(purpose);
            after.push_str(":\n    ");
            after.push_str(line);
        }
        let mut about = format!("{}.", self.summary);
        if !self.details.is_empty() {
            about.push_str("\n\n");
            about.push_str(self.details);
        }
        about.push_str("\n\nIt ");
        about.push_str(self.effect.words());
        about.push('.');
        (self.arguments)(clap::Command::new(self.name())).about(self.summary).long_about(about).after_help(after)
    }

    /// Returns the schema of its output as JSON.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Runs it with what the parser made.
    ///
    /// # Errors
    /// Whatever goes wrong in it.
    pub async fn run(&self, matches: &ArgMatches, context: &Context) -> Result<(), CliError> {
        (self.run)(matches, context).await
    }
}

fn run<'a, C: Command>(matches: &'a ArgMatches, context: &'a Context) -> LocalBoxFuture<'a, Result<(), CliError>> {
    async move {
        let command = C::from_arg_matches(matches)
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `--help` of the command" })?;
        command.run(context, &Printer::new(context.format())).await
    }
    .boxed_local()
}
