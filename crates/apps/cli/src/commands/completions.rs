//! The command `myelin completions`.

use super::man::GeneratedText;
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::Printer,
    registry,
};

/// Arguments of `myelin completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

outputs! {
    /// The completion script of a shell.
    CompletionsOutput(GeneratedText);
}

impl Command for Completions {
    const PATH: &'static str = "completions";
    const SUMMARY: &'static str = "Print the completion script of a shell";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "For bash, from the next shell on",
        line: "myelin completions bash > ~/.local/share/bash-completion/completions/myelin",
    }];
    type Output = CompletionsOutput;

    async fn run(self, _: &Context, output: &Printer<CompletionsOutput>) -> Result<(), CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut registry::parser(), "myelin", &mut script);
        Ok(output.show(&CompletionsOutput(GeneratedText::Text(String::from_utf8_lossy(&script).into_owned())))?)
    }
}
