//! The command `myelin text check`.

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

/// Largest size of an evidence file, in bytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

const NANOS_PER_MILLI: u64 = 1_000_000;

/// Arguments of `myelin text check`.
#[derive(Debug, clap::Args)]
pub struct Check {
    /// Evidence file, from `--evidence` of `myelin ask`
    file: PathBuf,

    /// Model to compute the answer again: a folder with safetensors, or a `.gguf` file
    #[arg(long, value_name = "PATH")]
    model: Option<PathBuf>,

    /// Number of threads; a small model is fastest with one
    #[arg(long, default_value = "1", value_name = "COUNT")]
    threads: NonZeroUsize,

    /// Largest difference between a token's logprob and the logprob computed here
    ///
    /// The logit of a token may be below the logit of the token that is sampled here by twice this value. The default
    /// is the value of validators.
    #[arg(long, default_value = "0.001", value_name = "NUMBER", value_parser = tolerance)]
    tolerance: Tolerance,
}

/// A question and its answer, as the evidence proves them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextCheckOutput {
    /// Prompt of the question.
    prompt: String,
    /// Text of the answer.
    text: String,
    /// Token ids of the answer.
    tokens: Vec<u32>,
    /// Finish reason: `stop` or `length`.
    finish: String,
    /// Seed of the sampling, which depends on the miner too.
    seed: u64,
    /// Hash of the requested model, 64 hex digits.
    model: String,
    /// Address of the consumer.
    consumer: String,
    /// Address of the validator.
    validator: String,
    /// Address of the miner.
    miner: String,
    /// Time of the question by the consumer's clock, in milliseconds since 1970.
    asked_at: u64,
    /// True if the validator signed that it has proven the answer against the model.
    proven: bool,
    /// Number of tokens that the validator recomputed, by its own statement.
    recomputed: u32,
    /// True if the model gives this answer, to the last token; absent without a model.
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
            Some(true) => {
                TableCell::new(format!("{}, which gives this answer to the last token", self.model), Tone::Good)
            }
            _ => self.model.as_str().into(),
        };
        let proof = if self.proven {
            format!("by the validator, which recomputed {} of {} tokens", self.recomputed, self.tokens.len())
        } else {
            "no".to_owned()
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
    const SUMMARY: &'static str = "Check the evidence of an answer, from `--evidence` of `myelin ask`";
    const DETAILS: &'static str = "Needs no network: the file holds the question, the answer, and the signatures of \
         consumer, validator and miner. With `--model` the answer is computed again. Any difference is an error that \
         names it. The chain shows the owners of the keys and their seats on the subnet.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "Check the signatures and the answer",
        line: "myelin text check answer.json --model model",
    }];
    type Output = TextCheckOutput;

    async fn run(self, _: &Context, output: &Printer<TextCheckOutput>) -> Result<(), CliError> {
        let evidence = self.read()?;
        let hint = "ask for the file again; this one proves nothing";
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
        const HINT: &str = "name a file that `myelin ask --evidence FILE PROMPT` wrote";
        let failed = || CliError::file("read", &self.file);
        if fs::metadata(&self.file).map_err(failed())?.len() > MAX_BYTES {
            let message = format!("{} is larger than {} MiB", self.file.display(), MAX_BYTES >> 20);
            return Err(CliError::Usage { message, hint: HINT });
        }
        let content = fs::read(&self.file).map_err(failed())?;
        serde_json::from_slice(&content).map_err(|error| self.no_evidence(&error, HINT))
    }

    /// Makes an error of evidence that is malformed or wrong.
    ///
    /// The reason may quote the file, whose author is unknown, so control characters are removed.
    fn no_evidence(&self, reason: &dyn Display, hint: &'static str) -> CliError {
        let message = format!("{}: {}", self.file.display(), plain(&reason.to_string()));
        CliError::plain("evidence", &message, Some(hint.into()))
    }

    /// Computes the answer again with the model at this path.
    ///
    /// # Errors
    /// An error with code `wrong-answer` if the model gives another answer; the errors of reading the model.
    async fn compute(&self, path: &Path, shown: &EvidenceStatement) -> Result<(), CliError> {
        let model = load(path, self.threads).await?;
        let _progress = ProgressLine::new("computing the answer again");
        let (examined, tolerance) = (shown.clone(), self.tolerance);
        let finding = spawn_blocking(move || examined.examine(&model, tolerance)).await;
        let finding = finding.map_err(|error| model_failed(&error))?;
        let Finding::Wrong(why) = finding.map_err(CliError::other)? else { return Ok(()) };
        let (miner, validator) = (shown.miner.to_string(), shown.validator.to_string());
        let claim = if shown.report.proven {
            format!(", and validator {validator} signed that it is proven")
        } else {
            String::new()
        };
        let message = format!("miner {miner} signed an answer that the model does not give{claim}: {why}");
        let hint = "if the subnet's validators allow a larger difference, pass it with `--tolerance`";
        Err(CliError::plain("wrong-answer", &message, Some(hint.into())))
    }
}
