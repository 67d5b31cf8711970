//! Identities of coldkeys.

use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::ColdkeyArg,
    output::Printer,
    page::{Page, Render, plain},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainIdentity, calls};
use schemars::JsonSchema;
use serde::Serialize;

/// A coldkey and its identity.
#[derive(Debug, Serialize, JsonSchema)]
struct WalletIdentityRow {
    /// Address of the coldkey.
    coldkey: String,
    /// Texts that it published; not verified.
    identity: Option<IdentityTexts>,
}

/// The texts of an identity.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct IdentityTexts {
    /// Name.
    name: String,
    /// URL of a web page.
    url: String,
    /// URL of a repository.
    github_repo: String,
    /// URL of an image.
    image: String,
    /// Discord account.
    discord: String,
    /// Description.
    description: String,
    /// Additional text.
    additional: String,
}

impl From<&ChainIdentity> for IdentityTexts {
    fn from(identity: &ChainIdentity) -> Self {
        let ChainIdentity { name, url, github_repo, image, discord, description, additional } = identity.to_utf8();
        Self { name, url, github_repo, image, discord, description, additional }
    }
}

impl Render for WalletIdentityRow {
    fn render(&self, page: &mut Page) {
        let Some(texts) = &self.identity else {
            page.line(format!("{} has no identity", self.coldkey));
            return;
        };
        page.fields([
            ("coldkey", self.coldkey.as_str().into()),
            ("name", plain(&texts.name).into()),
            ("url", plain(&texts.url).into()),
            ("repository", plain(&texts.github_repo).into()),
            ("image", plain(&texts.image).into()),
            ("discord", plain(&texts.discord).into()),
            ("description", plain(&texts.description).into()),
            ("additional", plain(&texts.additional).into()),
        ]);
    }
}

outputs! {
    /// The identity of a coldkey.
    WalletIdentityShowOutput(WalletIdentityRow);
    /// The new identity of a coldkey.
    WalletIdentitySetOutput(WalletIdentityRow);
}

/// Arguments of `myelin wallet identity show`.
#[derive(Debug, clap::Args)]
pub struct ShowIdentity {
    /// Coldkey: an address, or the name of a wallet [default: the selected wallet]
    #[arg(value_name = "COLDKEY")]
    coldkey: Option<ColdkeyArg>,
}

impl Command for ShowIdentity {
    const PATH: &'static str = "wallet identity show";
    const SUMMARY: &'static str = "Show the identity of a coldkey";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The identity of the selected wallet", line: "myelin wallet identity show" }];
    type Output = WalletIdentityShowOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let coldkey = ColdkeyArg::or_default(self.coldkey.as_ref(), context)?;
        let identity = context.chain().await?.at_finalised().await?.identity(&coldkey.key).await?;
        let row = WalletIdentityRow { coldkey: coldkey.key.to_string(), identity: identity.as_ref().map(Into::into) };
        Ok(output.show(&WalletIdentityShowOutput(row))?)
    }
}

/// Arguments of `myelin wallet identity set`.
#[derive(Debug, clap::Args)]
pub struct SetIdentity {
    /// Name
    #[arg(long)]
    name: Option<String>,

    /// URL of a web page
    #[arg(long)]
    url: Option<String>,

    /// URL of a repository
    #[arg(long, value_name = "URL")]
    github_repo: Option<String>,

    /// URL of an image
    #[arg(long, value_name = "URL")]
    image: Option<String>,

    /// Discord account
    #[arg(long)]
    discord: Option<String>,

    /// Description
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,

    /// Additional text
    #[arg(long, value_name = "TEXT")]
    additional: Option<String>,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for SetIdentity {
    const PATH: &'static str = "wallet identity set";
    const SUMMARY: &'static str = "Set the identity of the coldkey on the chain";
    const DETAILS: &'static str = "Texts that are not given stay. The identity is public and is not verified. One \
         hotkey of the coldkey must have a seat.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "set_identity")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "A name and a page",
        line: "myelin wallet identity set --name Validators --url https://validators.example",
    }];
    type Output = TransactionOutput<WalletIdentitySetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let signer = WalletSigner::coldkey(context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let before = now.identity(&signer.public()).await?.unwrap_or_default();
        let cost = now.identity_cost()?;
        let bytes = |given: Option<String>, before: Vec<u8>| given.map_or(before, String::into_bytes);
        let identity = ChainIdentity {
            name: bytes(self.name, before.name),
            url: bytes(self.url, before.url),
            github_repo: bytes(self.github_repo, before.github_repo),
            image: bytes(self.image, before.image),
            discord: bytes(self.discord, before.discord),
            description: bytes(self.description, before.description),
            additional: bytes(self.additional, before.additional),
        };
        let call = calls::set_identity(identity.clone());
        let texts = IdentityTexts::from(&identity);
        let plan = Plan::new(format!("Set the identity of {signer} to {}", plain(&texts.name)))
            .spends(cost)
            .effect(format!("{cost} are recycled"))
            .effect("the identity is public, and stays readable in the history of the chain")
            .risk("it fails if no hotkey of the coldkey has a seat");
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        let row = WalletIdentityRow { coldkey: signer.public().to_string(), identity: Some(texts) };
        Ok(output.show(&sent.output(|_| Ok(WalletIdentitySetOutput(row)))?)?)
    }
}
