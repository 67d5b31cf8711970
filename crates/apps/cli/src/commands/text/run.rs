//! `myelin text run`

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

/// `myelin text run`
#[derive(Debug, clap::Args)]
pub struct Run {
    #[command(flatten)]
    writing: GenerateArgs,

    /// The model: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    model: PathBuf,

    /// Write what this miner answers to the seed: an address, or the name of a hotkey here [default: what the seed itself
    /// gives]
    #[arg(long, value_name = "HOTKEY")]
    miner: Option<HotkeyArg>,

    /// Threads to compute with; a small model is quickest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    threads: NonZeroUsize,
}

/// A text that was written here.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextRunOutput {
    /// The text.
    text: String,
    /// The numbers of its tokens.
    tokens: Vec<u32>,
    /// Why there are no more: `stop` or `length`.
    finish: String,
    /// What decided between tokens, together with the miner if there is one.
    seed: u64,
    /// The address of the miner that would answer this.
    miner: Option<String>,
    /// The hash of the model, 64 hex digits.
    model: String,
}

impl Render for TextRunOutput {
    fn render(&self, page: &mut Page) {
        page.line(printable(&self.text));
    }
}

/// What an ending is called.
pub(crate) fn ending(ending: FinishReason) -> String {
    match ending {
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
    }
    .to_owned()
}

impl Command for Run {
    const PATH: &'static str = "text run";
    const SUMMARY: &'static str = "Write with a model on this machine";
    const DETAILS: &'static str = "With the model, prompt, seed and settings of a question, and the miner that \
         answered it, it writes what `myelin ask` said, to the last token. Each miner draws tokens of its own from a \
         seed, so that none can take the answer of another.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "What a miner should have answered",
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
