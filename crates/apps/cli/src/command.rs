//! The definition of a command, from which the parser, help, pages and schemas are made.

use crate::{context::Context, error::CliError, output::Printer, page::Render};
use clap::{ArgMatches, Args};
use futures::future::{FutureExt, LocalBoxFuture};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use std::fmt::Debug;

/// One command: its arguments, and everything that the program knows about it.
///
/// The parser, `--help`, the manual page, completions, the reference page and the schema of its outputs are made from
/// it.
pub trait Command: Args + Debug + 'static {
    /// Words that call the command: `wallet create`.
    const PATH: &'static str;
    /// Summary in one line: verb first, no full stop, at most 72 characters.
    const SUMMARY: &'static str;
    /// Further facts that a user needs before the command runs.
    const DETAILS: &'static str = "";
    /// Things that the command may change.
    const EFFECT: Effect;
    /// Calls of the chain that the command makes, each as its pallet and its name.
    ///
    /// A test looks for calls that no command makes.
    const CALLS: Calls = &[];
    /// Example command lines, at least one. A test parses each of them.
    const EXAMPLES: &'static [Example];
    /// Type of the output, from which its schema is made.
    ///
    /// It is named after the words of the command, with `Output` at the end. A command that changes the chain wraps it
    /// in a [`TransactionOutput`](crate::transact::TransactionOutput).
    type Output: Serialize + JsonSchema + Render + 'static;

    /// Runs the command.
    fn run(self, context: &Context, output: &Printer<Self::Output>) -> impl Future<Output = Result<(), CliError>>;
}

/// Defines types for the outputs of commands that print the same record.
///
/// Each type has the JSON and the schema of the record.
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

/// Things that a command may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; the command reads.
    Nothing,
    /// Files and processes of this machine.
    LocalFiles,
    /// The chain, after the approval of a plan of [`crate::plan`].
    Chain,
    /// The chain, without a question: a neuron runs until stopped, and its hotkey signs its transactions.
    Work,
}

impl Effect {
    /// Returns the effect in words, as the predicate of a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "changes nothing",
            Self::LocalFiles => "changes files or processes of this machine",
            Self::Chain => "changes the chain, after its plan is shown and approved",
            Self::Work => "runs until stopped, and submits its hotkey's transactions without asking",
        }
    }
}

/// A command line that a user may type.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Purpose of the command line.
    pub purpose: &'static str,
    /// Text of the command line.
    pub line: &'static str,
}

/// A command in the list of all commands, with its types erased.
#[derive(Clone, Copy, Debug)]
pub struct CommandEntry {
    /// Words of [`Command::PATH`].
    pub path: &'static str,
    /// Text of [`Command::SUMMARY`].
    pub summary: &'static str,
    /// Text of [`Command::DETAILS`].
    pub details: &'static str,
    /// Effect of [`Command::EFFECT`].
    pub effect: Effect,
    /// Calls of [`Command::CALLS`].
    pub calls: Calls,
    /// Examples of [`Command::EXAMPLES`].
    pub examples: &'static [Example],
    arguments: fn(clap::Command) -> clap::Command,
    schema: fn() -> Schema,
    /// Names of the command's type and of its output's type.
    #[cfg(test)]
    pub(crate) type_names: fn() -> [&'static str; 2],
    run: for<'a> fn(&'a ArgMatches, &'a Context) -> LocalBoxFuture<'a, Result<(), CliError>>,
}

impl CommandEntry {
    /// Returns the entry of a command.
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

    /// Returns the word that calls the command within its group.
    pub fn name(&self) -> &'static str {
        self.path.rsplit(' ').next().unwrap_or(self.path)
    }

    /// Returns the words of the command's group, if it is in one.
    pub fn group(&self) -> Option<&'static str> {
        self.path.rsplit_once(' ').map(|(group, _)| group)
    }

    /// Returns the part of the parser for this command.
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

    /// Returns the schema of the output as JSON.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Runs the command with parsed arguments.
    ///
    /// # Errors
    /// [`CliError::Usage`] if the arguments do not fit the command; the errors of the command.
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
