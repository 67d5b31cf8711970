//! The command `myelin text hash`.

use super::model_failed;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{Printer, ProgressLine},
    page::{Page, Render},
};
use myelin_subnet_text::ModelHash;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// Returns the hash of the model at a path, computed on a blocking thread.
pub(super) async fn hash(path: &Path) -> Result<ModelHash, CliError> {
    let _progress = ProgressLine::new("reading the model");
    let path = path.to_owned();
    let hashed = spawn_blocking(move || ModelHash::of(&path)).await;
    hashed.map_err(|error| model_failed(&error))?.map_err(CliError::other)
}

/// Arguments of `myelin text hash`.
#[derive(Debug, clap::Args)]
pub struct Hash {
    /// Model: a folder with safetensors, or a `.gguf` file
    model: PathBuf,
}

/// A model and its hash.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextHashOutput {
    /// Path of the model.
    path: String,
    /// Hash over everything that decides its tokens, 64 hex digits.
    model: String,
}

impl Render for TextHashOutput {
    fn render(&self, page: &mut Page) {
        page.line(&self.model);
    }
}

impl Command for Hash {
    const PATH: &'static str = "text hash";
    const SUMMARY: &'static str = "Compute the hash of a model";
    const DETAILS: &'static str = "The hash covers everything that decides tokens: configuration, tokenizer and \
         weights.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Before it is published", line: "myelin text hash model" }];
    type Output = TextHashOutput;

    async fn run(self, _: &Context, output: &Printer<TextHashOutput>) -> Result<(), CliError> {
        let model = hash(&self.model).await?.to_string();
        Ok(output.show(&TextHashOutput { path: self.model.display().to_string(), model })?)
    }
}
