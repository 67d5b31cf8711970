//! `myelin text run`

use super::{Writing, load, printable};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{Format, Output, write},
    page::{Page, Render},
};
use myelin_subnet_text::{
    answer::{Ending, Line},
    challenge::Challenge,
    miner::Miner,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{num::NonZeroUsize, ops::ControlFlow, path::PathBuf};

/// `myelin text run`
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    writing: Writing,

    /// The model: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    model: PathBuf,

    /// Threads to compute with; a small model is quickest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    threads: NonZeroUsize,
}

/// A text that was written here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Written {
    /// The text.
    text: String,
    /// The numbers of its tokens.
    tokens: Vec<u32>,
    /// Why there are no more: `stop` or `length`.
    finish: String,
    /// What decided between tokens.
    seed: u64,
    /// The hash of the model, 64 hex digits.
    model: String,
}

impl Render for Written {
    fn render(&self, page: &mut Page) {
        page.line(printable(&self.text));
    }
}

/// What an ending is called.
pub(crate) fn ending(ending: Ending) -> String {
    match ending {
        Ending::Stop => "stop",
        Ending::Length => "length",
    }
    .to_owned()
}

impl Command for Run {
    const PATH: &'static str = "text run";
    const SUMMARY: &'static str = "Write with a model on this machine";
    const DETAILS: &'static str = "With the same model, prompt, seed and settings it writes what `myelin ask` \
         answers, to the last token.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "What the network should have answered",
        line: "myelin text run 'Once there was' --model model --seed 7",
    }];
    type Answer = Written;

    async fn run(self, context: &Context, output: &Output<Written>) -> Result<(), CliError> {
        let seed = self.writing.seed()?;
        let model = load(&self.model, self.threads).await?;
        let challenge = Challenge {
            model: model.hash(),
            prompt: self.writing.prompt(),
            seed,
            sampling: self.writing.sampling(),
            max_tokens: self.writing.max_tokens,
            miner: None,
        };
        challenge
            .check()
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `myelin text run --help`" })?;
        let is_text = context.format() == Format::Table;
        let (mut text, mut tokens, mut finish, mut closed) = (String::new(), Vec::new(), None, Ok(()));
        let mut each = |line: Line| match line {
            Line::Token(token) => {
                text.push_str(&token.text);
                tokens.push(token.token);
                if is_text {
                    closed = write(printable(&token.text).as_bytes());
                }
                if closed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            Line::End(end) => {
                finish = Some(end.finish);
                ControlFlow::Continue(())
            }
        };
        let written = Miner::local(model.clone()).lines(&challenge, &mut each);
        closed?;
        written.map_err(|error| CliError::task("model", &error, None))?;
        if is_text {
            return write(b"\n");
        }
        let finish = finish.map(ending).unwrap_or_default();
        output.show(&Written { text, tokens, finish, seed, model: challenge.model.to_string() })
    }
}
