//! Which model: its hash, and what a subnet's owner says.

use super::{TextSubnet, model_error};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    output::{Printer, ProgressLine},
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainError, Diagnostic, Hints, NetUid, calls};
use myelin_subnet_text::{
    ModelHash,
    published::{PublishedModelError, item, published},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::{Path, PathBuf};
use tokio::task::spawn_blocking;

/// The hash of the model at a path, read on a thread that may wait.
async fn hash(path: &Path) -> Result<ModelHash, CliError> {
    let _progress = ProgressLine::new("reading the model");
    let path = path.to_owned();
    let hashed = spawn_blocking(move || ModelHash::of(&path)).await;
    hashed.map_err(|error| CliError::task("model", &error, None))?.map_err(|error| model_error(&error))
}

/// `myelin text hash`
#[derive(Debug, clap::Args)]
pub struct Hash {
    /// The model: a folder with safetensors, or a `.gguf` file
    model: PathBuf,
}

/// A model's hash.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TextHashOutput {
    /// Where the model is.
    path: String,
    /// The hash of everything that decides its tokens, 64 hex digits.
    model: String,
}

impl Render for TextHashOutput {
    fn render(&self, page: &mut Page) {
        page.line(&self.model);
    }
}

impl Command for Hash {
    const PATH: &'static str = "text hash";
    const SUMMARY: &'static str = "Show the hash by which a model is known";
    const DETAILS: &'static str = "It is over everything that decides tokens: configuration, tokenizer and weights.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Before it is published", line: "myelin text hash model" }];
    type Output = TextHashOutput;

    async fn run(self, _: &Context, output: &Printer<TextHashOutput>) -> Result<(), CliError> {
        let model = hash(&self.model).await?.to_string();
        output.show(&TextHashOutput { path: self.model.display().to_string(), model })
    }
}

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
        output.show(&TextShowOutput {
            netuid: netuid.get(),
            model: known.model.to_string(),
            block: known.block,
            owner_hotkey: known.owner_hotkey.to_string(),
        })
    }
}

/// What to do when the model of a subnet is not known, or is another one.
pub(crate) fn published_error(error: PublishedModelError) -> CliError {
    let code = error.code();
    match error {
        PublishedModelError::Chain(error) => error.into(),
        error => {
            let hint = Hints::of(&error).first().map(str::to_owned);
            CliError::task(code, &error, hint)
        }
    }
}

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
        output.show(&sent.answer(|_| Ok(TextPublishOutput { netuid: netuid.get(), model: model.to_string() }))?)
    }
}
