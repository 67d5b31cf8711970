//! The command `myelin text run`.

use super::{GenerateArgs, load, model_failed};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    named_key::HotkeyArg,
    output::{Format, Printer, write},
    page::{Page, Render, printable},
};
use myelin_subnet_text::{
    Query,
    answer::{AnswerLine, FinishReason},
    challenge::TextChallenge,
    miner::lines,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{num::NonZeroUsize, ops::ControlFlow, path::PathBuf};

/// Arguments of `myelin text run`.
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    writing: GenerateArgs,

    /// Model: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    model: PathBuf,

    /// Miner whose answer to compute: an address, or the name of a hotkey on this machine [default: the seed alone]
    #[arg(long, value_name = "HOTKEY")]
    miner: Option<HotkeyArg>,

    /// Number of threads; a small model is fastest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    threads: NonZeroUsize,
}

/// A text that was generated on this machine.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextRunOutput {
    /// Generated text.
    text: String,
    /// Token ids of the text.
    tokens: Vec<u32>,
    /// Finish reason: `stop` or `length`.
    finish: String,
    /// Seed of the sampling, which depends on the miner too if one is given.
    seed: u64,
    /// Address of the miner that would give this answer.
    miner: Option<String>,
    /// Hash of the model, 64 hex digits.
    model: String,
}

impl Render for TextRunOutput {
    fn render(&self, page: &mut Page) {
        page.line(printable(&self.text));
    }
}

/// Returns the name of a finish reason.
pub(crate) fn ending(ending: FinishReason) -> String {
    match ending {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
    }
    .to_owned()
}

impl Command for Run {
    const PATH: &'static str = "text run";
    const SUMMARY: &'static str = "Generate text with a model on this machine";
    const DETAILS: &'static str = "With the model, prompt, seed and settings of a question, and its miner, the output \
         equals the answer of `myelin ask` to the last token. Each miner samples its own tokens from a seed, so that \
         no miner can copy the answer of another.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "The correct answer of a miner",
        line: "myelin text run 'Once there was' --model model --seed 7 --miner 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    }];
    type Output = TextRunOutput;

    async fn run(self, context: &Context, output: &Printer<TextRunOutput>) -> Result<(), CliError> {
        let seed = self.writing.seed()?;
        let miner = self.miner.as_ref().map(|miner| miner.find(context)).transpose()?;
        let miner = miner.map(|miner| miner.key);
        let model = load(&self.model, self.threads).await?;
        let challenge = TextChallenge {
            model: model.hash(),
            prompt: self.writing.prompt(),
            seed,
            sampling: self.writing.sampling(),
            max_tokens: self.writing.max_tokens,
            miner,
        };
        challenge
            .check()
            .map_err(|error| CliError::Usage { message: error.to_string(), hint: "see `myelin text run --help`" })?;
        let is_text = context.format() == Format::Table;
        let (mut text, mut tokens, mut finish, mut closed) = (String::new(), Vec::new(), None, Ok(()));
        let mut each = |line: AnswerLine| match line {
            AnswerLine::Token(token) => {
                text.push_str(&token.text);
                tokens.push(token.token);
                if is_text {
                    closed = write(printable(&token.text).as_bytes());
                }
                if closed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            }
            AnswerLine::End(end) => {
                finish = Some(end.finish);
                ControlFlow::Continue(())
            }
        };
        let prompt = model.encode(&challenge.prompt).map_err(CliError::other)?;
        let TextChallenge { sampling, max_tokens, .. } = challenge;
        let of_nobody = Query { prompt: &prompt, seed, sampling, max_tokens: max_tokens.into() };
        let query = miner.map_or(of_nobody, |miner| challenge.query(&prompt, miner));
        let written = lines(&model, &model, &query, &mut each);
        closed?;
        written.map_err(|error| model_failed(&error))?;
        if is_text {
            return Ok(write(b"\n")?);
        }
        let finish = finish.map(ending).unwrap_or_default();
        let miner = miner.map(|miner| miner.to_string());
        Ok(output.show(&TextRunOutput { text, tokens, finish, seed, miner, model: challenge.model.to_string() })?)
    }
}
