//! `myelin text check`

use super::{ending, load, model_failed};
use crate::{
    command::{Command, Effect, Example},
    commands::role::tolerance,
    context::Context,
    error::CliError,
    output::{Printer, ProgressLine},
    page::{Page, Render, TableCell, Tone, plain},
    time::moment,
};
use myelin_subnet_text::{
    evidence::{Evidence, EvidenceStatement},
    judge::Finding,
    proof::Tolerance,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    fmt::Display,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// The bytes that a file of evidence may have.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

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

    /// How far the logarithm of a token's probability may be from what is computed here; a token may fall short of the one
    /// that is drawn by twice that. As much as the subnet's validators allow
    #[arg(long, default_value = "0.001", value_name = "NUMBER", value_parser = tolerance)]
    tolerance: Tolerance,
}

/// What somebody was answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextCheckOutput {
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
    /// Whether the validator said that it had proven that the model wrote it.
    proven: bool,
    /// How many tokens the validator said it had recomputed for that.
    recomputed: u32,
    /// Whether the model writes this, to the last token. Nothing without a model.
    written_by_model: Option<bool>,
}

impl TextCheckOutput {
    fn of(shown: &EvidenceStatement, is_written: Option<bool>) -> Self {
        Self {
            prompt: shown.question.prompt.clone(),
            text: shown.answer.text(),
            tokens: shown.answer.tokens.iter().map(|token| token.token).collect(),
            finish: ending(shown.answer.ending),
            seed: shown.question.seed,
            model: shown.question.model.to_string(),
            consumer: shown.consumer.to_string(),
            validator: shown.validator.to_string(),
            miner: shown.miner.to_string(),
            asked_at: shown.asked_at / NANOS_PER_MILLI,
            proven: shown.report.proven,
            recomputed: shown.report.checked,
            written_by_model: is_written,
        }
    }
}

impl Render for TextCheckOutput {
    fn render(&self, page: &mut Page) {
        let model = match self.written_by_model {
            Some(true) => TableCell::new(format!("{}, which writes this to the last token", self.model), Tone::Good),
            _ => self.model.as_str().into(),
        };
        let proof = if self.proven {
            format!("the validator says so, from {} of {} tokens", self.recomputed, self.tokens.len())
        } else {
            "the validator does not say so".to_owned()
        };
        page.fields([
            ("asked by", format!("{} at {}", self.consumer, moment(self.asked_at).unwrap_or_default()).into()),
            ("prompt", plain(&self.prompt).into()),
            ("through", TableCell::new(format!("validator {}, signed", self.validator), Tone::Good)),
            ("answered by", TableCell::new(format!("miner {}, signed", self.miner), Tone::Good)),
            ("model", model),
            ("proven", proof.into()),
            ("seed", self.seed.to_string().into()),
            ("answer", plain(&self.text).into()),
        ]);
    }
}

impl Command for Check {
    const PATH: &'static str = "text check";
    const SUMMARY: &'static str = "Check what somebody was answered, from the file that `myelin ask` wrote";
    const DETAILS: &'static str = "Needs no network: the file holds the question, the answer, and what consumer, \
         validator and miner signed. With the model it is computed again whether the answer is right. What is not so is \
         an error, and says what. Whose keys these are, and whether they had seats on the subnet, is on the chain.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Who said this, and is it right?", line: "myelin text check answer.json --model model" }];
    type Output = TextCheckOutput;

    async fn run(self, _: &Context, output: &Printer<TextCheckOutput>) -> Result<(), CliError> {
        let evidence = self.read()?;
        let hint = "the file shows nothing; ask for it again, or do not believe it";
        let shown = evidence.check().map_err(|error| self.no_evidence(&error, hint))?;
        let is_written = match &self.model {
            None => None,
            Some(path) => {
                self.compute(path, &shown).await?;
                Some(true)
            }
        };
        Ok(output.show(&TextCheckOutput::of(&shown, is_written))?)
    }
}

impl Check {
    fn read(&self) -> Result<Evidence, CliError> {
        const HINT: &str = "name a file that `myelin ask --evidence` wrote";
        let failed = || CliError::file("read", &self.file);
        if fs::metadata(&self.file).map_err(failed())?.len() > MAX_BYTES {
            let message = format!("{} is larger than {} MiB", self.file.display(), MAX_BYTES >> 20);
            return Err(CliError::Usage { message, hint: HINT });
        }
        let content = fs::read(&self.file).map_err(failed())?;
        serde_json::from_slice(&content).map_err(|error| self.no_evidence(&error, HINT))
    }

    /// The reason may repeat what the file says, and anybody may have written it.
    fn no_evidence(&self, reason: &dyn Display, hint: &'static str) -> CliError {
        let message = format!("{}: {}", self.file.display(), plain(&reason.to_string()));
        CliError::plain("evidence", &message, Some(hint.into()))
    }

    /// Sees whether the model writes what was answered.
    async fn compute(&self, path: &Path, shown: &EvidenceStatement) -> Result<(), CliError> {
        let model = load(path, self.threads).await?;
        let _progress = ProgressLine::new("computing the answer again");
        let (examined, tolerance) = (shown.clone(), self.tolerance);
        let finding = spawn_blocking(move || examined.examine(&model, tolerance)).await;
        let finding = finding.map_err(|error| model_failed(&error))?;
        let Finding::Wrong(why) = finding.map_err(CliError::other)? else { return Ok(()) };
        let (miner, validator) = (shown.miner.to_string(), shown.validator.to_string());
        let claim =
            if shown.report.proven { format!(", and validator {validator} called it proven") } else { String::new() };
        let message = format!("miner {miner} signed what is not the model's{claim}: {why}");
        let hint = "if the subnet's validators allow more, say how much with `--tolerance`";
        Err(CliError::plain("wrong-answer", &message, Some(hint.into())))
    }
}
