//! The command `myelin text show`.

use super::{TextSubnet, published_error};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render},
};
use myelin_subnet_text::published::published;
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin text show`.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    subnet: TextSubnet,
}

/// The published model of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextShowOutput {
    /// Number of the subnet.
    netuid: u16,
    /// Hash of its model, 64 hex digits.
    model: String,
    /// Block of the publication.
    block: u32,
    /// Address of the owner hotkey, which published it.
    owner_hotkey: String,
}

impl Render for TextShowOutput {
    fn render(&self, page: &mut Page) {
        page.fields([
            ("model", self.model.as_str().into()),
            ("published", format!("in block {}", self.block).into()),
            ("by", self.owner_hotkey.as_str().into()),
        ]);
    }
}

impl Command for Show {
    const PATH: &'static str = "text show";
    const SUMMARY: &'static str = "Show the published model of a subnet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The model of subnet 1", line: "myelin text show --netuid 1" }];
    type Output = TextShowOutput;

    async fn run(self, context: &Context, output: &Printer<TextShowOutput>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let netuid = self.subnet.find(&now).await?;
        let known = published(&now, netuid).await.map_err(published_error)?;
        Ok(output.show(&TextShowOutput {
            netuid: netuid.get(),
            model: known.model.to_string(),
            block: known.block,
            owner_hotkey: known.owner_hotkey.to_string(),
        })?)
    }
}
