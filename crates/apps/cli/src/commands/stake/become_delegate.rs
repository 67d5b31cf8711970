//! `myelin stake become-delegate`

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

/// `myelin stake become-delegate`
#[derive(Debug, clap::Args)]
pub struct BecomeDelegate {
    /// Which hotkey: the name of one here, or `myself`, which is the default
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey that accepts nominations.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeBecomeDelegateOutput {
    /// Which.
    hotkey: String,
    /// What it keeps, as a fraction `v / 65535`.
    take: u16,
}

impl Render for StakeBecomeDelegateOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} is a delegate, and keeps {}", self.hotkey, u16_percent(self.take)));
    }
}

impl Command for BecomeDelegate {
    const PATH: &'static str = "stake become-delegate";
    const SUMMARY: &'static str = "Let others stake on a hotkey, for ever";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "become_delegate")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "On one's own hotkey", line: "myelin stake become-delegate myself" }];
    type Output = TransactionOutput<StakeBecomeDelegateOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        if let Some(take) = own(&now, &hotkey, &signer.public()).await?.take {
            return Err(CliError::Impossible {
                message: format!("{hotkey} is a delegate already, and keeps {}", u16_percent(take.get())),
                hint: "change what it keeps with `myelin stake take set`".into(),
            });
        }
        let most = now.network_parameters().await?.max_delegate_take;
        let plan = Plan::new(format!("Let others stake on {hotkey}"))
            .effect(format!("it keeps {} of what it earns for validating, the most there is", u16_percent(most.get())))
            .effect("it stays a delegate for ever");
        let sent = self.sending.send(context, &chain, &signer, &calls::become_delegate(&hotkey.key), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let take = included.event::<events::DelegateAdded>().map_or(most, |added| added.take.0);
            Ok(StakeBecomeDelegateOutput { hotkey: hotkey.key.to_string(), take: take.get() })
        })?)?)
    }
}
