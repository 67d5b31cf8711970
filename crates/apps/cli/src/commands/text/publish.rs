//! `myelin text publish`

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

/// `myelin text publish`
#[derive(Debug, clap::Args)]
pub struct Publish {
    /// The model: a folder with safetensors, a `.gguf` file, or its hash
    model: String,

    /// The subnet
    #[arg(long, default_value = "1", value_name = "NETUID")]
    netuid: NetUid,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A model was published.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextPublishOutput {
    /// The subnet.
    netuid: u16,
    /// The hash of its model from now on, 64 hex digits.
    model: String,
}

impl Render for TextPublishOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("the model of subnet {} is {}", self.netuid, self.model));
    }
}

impl Command for Publish {
    const PATH: &'static str = "text publish";
    const SUMMARY: &'static str = "Say which model a subnet has, as its owner";
    const DETAILS: &'static str = "The owner's hotkey signs. Miners and validators with another model stop when \
         they see it, within 20 blocks, and begin with the new one only. It can be said once in 100 blocks.";
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
            let owner = subnet.owner_hotkey.map_or_else(|| "nobody".to_owned(), |owner| owner.to_string());
            return Err(CliError::Impossible {
                message: format!("{signer} does not own subnet {netuid}: the hotkey of its owner is {owner}"),
                hint: "name the owner's hotkey with `--wallet` and `--hotkey`".into(),
            });
        }
        let plan = Plan::new(format!("Publish the model {model} for subnet {netuid}"))
            .touches(netuid)
            .effect("miners and validators with another model stop within 20 blocks")
            .risk("it fails within 100 blocks of the last time");
        let call = calls::set_commitment(netuid, item(model));
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| Ok(TextPublishOutput { netuid: netuid.get(), model: model.to_string() }))?)?)
    }
}
