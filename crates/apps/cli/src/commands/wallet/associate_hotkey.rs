//! The command `myelin wallet associate-hotkey`.

use crate::{
    command::{Calls, Command, Effect, Example},
    consent::ConsentArgs,
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{PlanOutcome, PreparedPlan, TransactionArgs, TransactionOutput},
};
use myelin_client::calls;
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin wallet associate-hotkey`.
#[derive(Debug, clap::Args)]
pub struct AssociateHotkey {
    /// Hotkey: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey and its owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WalletAssociateHotkeyOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Address of the coldkey that owns it.
    coldkey: String,
}

impl Render for WalletAssociateHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} belongs to {}", self.hotkey, self.coldkey));
    }
}

impl Command for AssociateHotkey {
    const PATH: &'static str = "wallet associate-hotkey";
    const SUMMARY: &'static str = "Register the coldkey as the owner of a hotkey that has no seat";
    const DETAILS: &'static str = "Both keys agree: the coldkey signs the transaction, and the hotkey the pair. A first \
         registration of the hotkey does the same. Afterwards the coldkey can stake on the hotkey.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "try_associate_hotkey")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The hotkey of the wallet", line: "myelin wallet associate-hotkey myself" }];
    type Output = TransactionOutput<WalletAssociateHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        if let Some(known) = chain.at_finalised().await?.hotkey(&hotkey.key).await? {
            return Err(CliError::Impossible {
                message: format!("the hotkey {hotkey} already has an owner, {}", known.coldkey),
                hint: "make another hotkey with `myelin wallet new-hotkey`".into(),
            });
        }
        let cost = chain.at_finalised().await?.pair_cost()?;
        let consent = self.consent.find(context, &chain, &hotkey.key, &signer.public(), &hotkey.key)?;
        let plan = Plan::new(format!("Make {hotkey} a hotkey of {signer}"))
            .spends(cost)
            .effect(format!("{cost} are recycled"))
            .effect("the coldkey can stake on it")
            .risk("it cannot be undone; a hotkey can only be swapped for another");
        let priced = calls::try_associate_hotkey(&hotkey.key, Some([0; 64]));
        let plan = plan.costs(chain.fee(&signer.public(), &priced).await?);
        let sent = match self.sending.prepare(context, &chain, &signer, plan).await? {
            PreparedPlan::Shown(plan) => PlanOutcome::shown(plan),
            PreparedPlan::Ready(ready) => {
                let call = calls::try_associate_hotkey(&hotkey.key, consent.sign(context.terminal())?);
                let (transaction, included) = ready.submit(&call).await?;
                ready.carried(transaction, included)
            }
        };
        Ok(output.show(&sent.output(|_| {
            Ok(WalletAssociateHotkeyOutput { hotkey: hotkey.key.to_string(), coldkey: signer.public().to_string() })
        })?)?)
    }
}
