//! The command `myelin text train`.

use super::model_failed;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    folders,
    output::{Printer, ProgressLine},
    page::{Page, Render},
    terminal::PromptError,
};
use myelin_subnet_text::{
    ModelHash,
    corpus::Corpus,
    train::{self, TrainError, TrainOptions},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    signal::ctrl_c,
    sync::watch,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

/// Arguments of `myelin text train`.
#[derive(Debug, clap::Args)]
pub struct Train {
    /// Folder with `.txt` or `.md` files to train on [default: generated texts]
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,

    /// Train a smaller model with the same vocabulary, which a dishonest miner can serve
    #[arg(long)]
    smaller: bool,

    /// Seed of the initial weights and of the order of texts
    #[arg(long, default_value = "1", value_name = "NUMBER")]
    seed: u64,

    /// Number of training steps, for a trial [default: as many as the model needs]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: Option<u32>,

    /// Folder to write, which must not exist [default: a folder for these options, reused if it exists]
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

/// A model that was trained, or existed already.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextTrainOutput {
    /// Path of the model.
    path: String,
    /// Hash of the model, 64 hex digits.
    model: String,
}

impl Render for TextTrainOutput {
    fn render(&self, page: &mut Page) {
        page.fields([("path", self.path.as_str().into()), ("model", self.model.as_str().into())]);
    }
}

/// Returns the path of the model of a local network, or of its dishonest miner, and trains it if it is missing.
pub(crate) async fn trained(smaller: bool) -> Result<PathBuf, CliError> {
    Train { corpus: None, smaller, seed: 1, steps: None, out: None }.train().await
}

impl Train {
    fn options(&self) -> TrainOptions {
        let corpus = self.corpus.clone().map_or_else(TrainOptions::generated, Corpus::Folder);
        let mut options = if self.smaller { TrainOptions::smaller(corpus) } else { TrainOptions::small(corpus) };
        options.seed = self.seed;
        if let Some(steps) = self.steps.and_then(|steps| usize::try_from(steps).ok()) {
            options.steps = steps;
        }
        options
    }

    /// Trains on a blocking thread and shows the progress. Ctrl-C ends the training.
    async fn train(self) -> Result<PathBuf, CliError> {
        let ended = Arc::new(AtomicBool::new(false));
        let (see, mut seen) = watch::channel(None);
        let is_ended = Arc::clone(&ended);
        let options = self.options();
        let what = if self.smaller { "the smaller model" } else { "the model" };
        let training = spawn_blocking(move || {
            let mut watch = |progress: train::TrainProgress| {
                see.send_replace(Some(progress));
                if is_ended.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            let trained = match &self.out {
                Some(folder) => train::train(&options, folder, &mut watch).map(|()| folder.clone()),
                None => train::cached(&options, &models()?, &mut watch),
            };
            trained.map_err(train_error)
        });
        let mut progress = ProgressLine::new("reading the texts");
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Skip);
        tokio::pin!(training);
        let mut is_seen = true;
        loop {
            tokio::select! {
                done = &mut training => return done.map_err(|error| model_failed(&error))?,
                signal = ctrl_c(), if !ended.load(Ordering::Relaxed) => {
                    signal.map_err(PromptError::Terminal)?;
                    ended.store(true, Ordering::Relaxed);
                    progress.step("ending");
                }
                changed = seen.changed(), if is_seen => {
                    is_seen = changed.is_ok();
                    if let Some(now) = *seen.borrow_and_update() {
                        say(&mut progress, what, now);
                    }
                }
                _ = seconds.tick() => progress.tick(),
            }
        }
    }
}

/// Shows the progress, fifty times in all.
fn say(progress: &mut ProgressLine, what: &str, now: train::TrainProgress) {
    const BAR: usize = 25;
    let train::TrainProgress { step, steps, loss, remaining, .. } = now;
    let steps = steps.max(1);
    let hundredth = step * 50 / steps;
    if hundredth > step.saturating_sub(1) * 50 / steps || step == 1 {
        let done = step * BAR / steps;
        let bar = "#".repeat(done) + &"-".repeat(BAR.saturating_sub(done));
        let percent = hundredth * 2;
        progress.step(format!("training {what} [{bar}] {percent} %, loss {loss:.3}, {} s to go", remaining.as_secs()));
    }
}

/// Returns the folder of trained models.
fn models() -> Result<PathBuf, CliError> {
    let data = folders::data().map_err(|_| CliError::Usage {
        message: "there is no home folder to keep models in".into(),
        hint: "choose a folder with `--out`",
    })?;
    Ok(data.join("models"))
}

fn train_error(error: TrainError) -> CliError {
    match error {
        TrainError::Interrupted => CliError::Interrupted,
        TrainError::Model(error) => CliError::other(error),
        error => CliError::other(error),
    }
}

impl Command for Train {
    const PATH: &'static str = "text train";
    const SUMMARY: &'static str = "Train a small model, for a network on one machine";
    const DETAILS: &'static str = "Training takes a few minutes on two cores. The folder is written whole or not at \
         all, and the same options reuse it without training.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The model of a local network", line: "myelin text train" },
        Example { purpose: "On texts of your own", line: "myelin text train --corpus texts --out model" },
    ];
    type Output = TextTrainOutput;

    async fn run(self, _: &Context, output: &Printer<TextTrainOutput>) -> Result<(), CliError> {
        let path = self.train().await?;
        let model = ModelHash::of(&path).map_err(CliError::other)?.to_string();
        Ok(output.show(&TextTrainOutput { path: path.display().to_string(), model })?)
    }
}
