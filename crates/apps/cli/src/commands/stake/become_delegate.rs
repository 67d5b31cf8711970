//! The command `myelin stake become-delegate`.

use super::own;
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    share::u16_percent,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{calls, runtime::staking::events};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin stake become-delegate`.
#[derive(Debug, clap::Args)]
pub struct BecomeDelegate {
    /// Hotkey: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey that accepts nominations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeBecomeDelegateOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Its take, as a fraction `v / 65535`.
    take: u16,
}

impl Render for StakeBecomeDelegateOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} is a delegate with a take of {}", self.hotkey, u16_percent(self.take)));
    }
}

impl Command for BecomeDelegate {
    const PATH: &'static str = "stake become-delegate";
    const SUMMARY: &'static str = "Make a hotkey a delegate, permanently";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "become_delegate")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The hotkey of the wallet", line: "myelin stake become-delegate myself" }];
    type Output = TransactionOutput<StakeBecomeDelegateOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        if let Some(take) = own(&now, &hotkey, &signer.public()).await?.take {
            return Err(CliError::Impossible {
                message: format!("{hotkey} is already a delegate, with a take of {}", u16_percent(take.get())),
                hint: "change its take with `myelin stake take set`".into(),
            });
        }
        let most = now.network_parameters().await?.max_delegate_take;
        let plan = Plan::new(format!("Make {hotkey} a delegate"))
            .effect(format!(
                "any coldkey may stake on it; its take is {}, the highest that is allowed",
                u16_percent(most.get())
            ))
            .effect("this cannot be undone");
        let sent = self.sending.send(context, &chain, &signer, &calls::become_delegate(&hotkey.key), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let take = included.event::<events::DelegateAdded>().map_or(most, |added| added.take.0);
            Ok(StakeBecomeDelegateOutput { hotkey: hotkey.key.to_string(), take: take.get() })
        })?)?)
    }
}
