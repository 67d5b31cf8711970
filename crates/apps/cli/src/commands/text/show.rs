//! `myelin text show`

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

/// `myelin text show`
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    subnet: TextSubnet,
}

/// The model of a subnet.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextShowOutput {
    /// The subnet.
    netuid: u16,
    /// The hash of its model, 64 hex digits.
    model: String,
    /// The block in which it was published.
    block: u32,
    /// Who published it: the hotkey of the subnet's owner.
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
    const SUMMARY: &'static str = "Show which model a subnet has";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Of subnet 1", line: "myelin text show --netuid 1" }];
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
