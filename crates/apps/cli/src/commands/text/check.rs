//! `myelin text check`

use super::{ending, load, model_error, printable};
use crate::{
    command::{Command, Effect, Example},
    commands::role::tolerance,
    context::Context,
    error::CliError,
    output::{Output, Progress},
    page::{Cell, Page, Render, Tone},
    time::moment,
};
use myelin_subnet_text::{
    evidence::{Evidence, Shown},
    judge::Finding,
    proof::Tolerance,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{fs, num::NonZeroUsize, path::PathBuf};
use tokio::task::spawn_blocking;

/// The bytes that a file of evidence may have.
const MOST: u64 = 16 * 1024 * 1024;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// `myelin text check`
#[derive(Debug, clap::Args)]
pub struct Check {
    /// What `myelin ask --evidence` wrote
    file: PathBuf,

    /// The model, to see whether it writes what was answered: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Threads to compute with; a small model is quickest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    threads: NonZeroUsize,

    /// How far the logarithm of a token's probability may be from what is computed here
    #[arg(long, default_value = "0.001", value_name = "NUMBER", value_parser = tolerance)]
    tolerance: Tolerance,
}

/// What somebody was answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Checked {
    /// What was asked.
    prompt: String,
    /// What was answered.
    text: String,
    /// The numbers of its tokens.
    tokens: Vec<u32>,
    /// Why there are no more: `stop` or `length`.
    finish: String,
    /// What decided between tokens, together with the miner.
    seed: u64,
    /// The hash of the model that was asked, 64 hex digits.
    model: String,
    /// The address of whoever asked.
    consumer: String,
    /// The address of the validator.
    validator: String,
    /// The address of the miner.
    miner: String,
    /// When it was asked, in milliseconds since 1970, by the clock of whoever asked.
    asked_at: u64,
    /// Whether the model writes this, to the last token. Nothing without a model.
    written_by_model: Option<bool>,
}

impl Checked {
    fn of(shown: &Shown, is_written: Option<bool>) -> Self {
        Self {
            prompt: shown.question.prompt.clone(),
            text: shown.answer.text(),
            tokens: shown.answer.tokens.iter().map(|token| token.token).collect(),
            finish: ending(shown.answer.ending),
            seed: shown.question.seed,
            model: shown.question.model.to_string(),
            consumer: shown.consumer.to_ss58(),
            validator: shown.validator.to_ss58(),
            miner: shown.miner.to_ss58(),
            asked_at: shown.asked_at / NANOS_PER_MILLI,
            written_by_model: is_written,
        }
    }
}

impl Render for Checked {
    fn render(&self, page: &mut Page) {
        let model = match self.written_by_model {
            Some(true) => Cell::new(format!("{}, which writes this to the last token", self.model), Tone::Good),
            _ => self.model.as_str().into(),
        };
        page.fields([
            ("asked by", format!("{} at {}", self.consumer, moment(self.asked_at).unwrap_or_default()).into()),
            ("prompt", printable(&self.prompt).into()),
            ("through", Cell::new(format!("validator {}, signed", self.validator), Tone::Good)),
            ("answered by", Cell::new(format!("miner {}, signed", self.miner), Tone::Good)),
            ("model", model),
            ("seed", self.seed.to_string().into()),
            ("answer", printable(&self.text).into()),
        ]);
    }
}

impl Command for Check {
    const PATH: &'static str = "text check";
    const SUMMARY: &'static str = "Check what somebody was answered, from the file that `myelin ask` wrote";
    const DETAILS: &'static str = "Needs no network and no trust: the file holds the question, the answer, and what \
         consumer, validator and miner signed. With the model it is computed again whether the answer is right. What is \
         not so is an error, and says what.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Who said this, and is it right?", line: "myelin text check answer.json --model model" }];
    type Answer = Checked;

    async fn run(self, _: &Context, output: &Output<Checked>) -> Result<(), CliError> {
        let evidence = self.read()?;
        let shown = evidence.check().map_err(|error| {
            let message = format!("{}: {error}", self.file.display());
            CliError::task(
                "evidence",
                &message,
                Some("the file shows nothing; ask for it again, or do not believe it".into()),
            )
        })?;
        let is_written = match &self.model {
            None => None,
            Some(path) => {
                let model = load(path, self.threads).await?;
                let _progress = Progress::new("computing the answer again");
                let (examined, tolerance) = (shown.clone(), self.tolerance);
                let finding = spawn_blocking(move || examined.examine(&model, tolerance)).await;
                let finding = finding.map_err(|error| CliError::task("model", &error, None))?;
                match finding.map_err(|error| model_error(&error))? {
                    Finding::Genuine { .. } => Some(true),
                    Finding::Wrong(why) => {
                        let message = format!("miner {} signed what is not the model's: {why}", shown.miner.to_ss58());
                        return Err(CliError::task("wrong-answer", &message, None));
                    }
                }
            }
        };
        output.show(&Checked::of(&shown, is_written))
    }
}

impl Check {
    fn read(&self) -> Result<Evidence, CliError> {
        let failed = |source| CliError::File { doing: "read", path: self.file.clone(), source };
        if fs::metadata(&self.file).map_err(failed)?.len() > MOST {
            let message = format!("{} is larger than {} MiB", self.file.display(), MOST >> 20);
            return Err(CliError::Usage { message, hint: "name a file that `myelin ask --evidence` wrote" });
        }
        let content = fs::read(&self.file).map_err(failed)?;
        serde_json::from_slice(&content).map_err(|error| {
            let message = format!("{}: {error}", self.file.display());
            CliError::task("evidence", &message, Some("name a file that `myelin ask --evidence` wrote".into()))
        })
    }
}
