//! The command `myelin text publish`.

use super::hash::hash;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainError, NetUid, calls};
use myelin_subnet_text::published::item;
use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// Arguments of `myelin text publish`.
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// Model: a folder with safetensors, a `.gguf` file, or its hash
    model: String,

    /// Number of the subnet
    #[arg(long, default_value = "1", value_name = "NETUID")]
    netuid: NetUid,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A published model.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextPublishOutput {
    /// Number of the subnet.
    netuid: u16,
    /// Hash of the new model, 64 hex digits.
    model: String,
}

impl Render for TextPublishOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("the model of subnet {} is {}", self.netuid, self.model));
    }
}

impl Command for Publish {
    const PATH: &'static str = "text publish";
    const SUMMARY: &'static str = "Publish the model of a subnet as its owner";
    const DETAILS: &'static str = "Signed by the owner's hotkey. Miners and validators with another model stop within \
         20 blocks, and start only with the new one. A model can be published once in 100 blocks.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Neurons", "set_commitment")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The model in a folder", line: "myelin text publish model --netuid 1 --hotkey owner" }];
    type Output = TransactionOutput<TextPublishOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let netuid = self.netuid;
        let signer = WalletSigner::hotkey(context)?;
        let model = match self.model.parse() {
            Ok(hash) => hash,
            Err(_) => hash(Path::new(&self.model)).await?,
        };
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let subnet = now.subnet(netuid).await?.ok_or(ChainError::NoNetwork { netuid, block: now.height() })?;
        if subnet.owner_hotkey != Some(signer.public()) {
            let owner = subnet.owner_hotkey.map_or_else(|| "none".to_owned(), |owner| owner.to_string());
            return Err(CliError::Impossible {
                message: format!("the owner hotkey of subnet {netuid} is {owner}, not {signer}"),
                hint: "choose the owner's hotkey with `--wallet` and `--hotkey`".into(),
            });
        }
        let plan = Plan::new(format!("Publish the model {model} for subnet {netuid}"))
            .touches(netuid)
            .effect("miners and validators with another model stop within 20 blocks")
            .risk("it fails within 100 blocks of the last publication");
        let call = calls::set_commitment(netuid, item(model));
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| Ok(TextPublishOutput { netuid: netuid.get(), model: model.to_string() }))?)?)
    }
}
