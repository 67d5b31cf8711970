//! `myelin wallet associate-hotkey`

use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::calls;
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin wallet associate-hotkey`
#[derive(Debug, clap::Args)]
pub struct AssociateHotkey {
    /// Which hotkey: the name of one here, or `myself`, which is the default
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey with an owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletAssociateHotkeyOutput {
    /// The hotkey.
    hotkey: String,
    /// Who owns it.
    coldkey: String,
}

impl Render for WalletAssociateHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} belongs to {}", self.hotkey, self.coldkey));
    }
}

impl Command for AssociateHotkey {
    const PATH: &'static str = "wallet associate-hotkey";
    const SUMMARY: &'static str = "Tell the chain that a hotkey is the coldkey's, before it has a seat";
    const DETAILS: &'static str = "A first registration does the same. Afterwards one can stake on the hotkey.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "try_associate_hotkey")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "One's own hotkey", line: "myelin wallet associate-hotkey myself" }];
    type Output = TransactionOutput<WalletAssociateHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        if let Some(known) = chain.at_finalised().await?.hotkey(&hotkey.key).await? {
            return Err(CliError::Impossible {
                message: format!("the hotkey {hotkey} has an owner already, {}", known.coldkey),
                hint: "make another with `myelin wallet new-hotkey`".into(),
            });
        }
        let plan = Plan::new(format!("Make {hotkey} a hotkey of {signer}"))
            .effect("one can stake on it from now on")
            .risk("it cannot be taken back; a hotkey can only be swapped for another");
        let sent = self.sending.send(context, &chain, &signer, &calls::try_associate_hotkey(&hotkey.key), plan).await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletAssociateHotkeyOutput { hotkey: hotkey.key.to_string(), coldkey: signer.public().to_string() })
        })?)?)
    }
}
