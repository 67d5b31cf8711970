//! The command `myelin stake remove`.

use super::{
    amount::{StakeAmountArg, StakeChange, limit},
    staked,
};
use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::calls;

/// Arguments of `myelin stake remove`.
#[derive(Debug, clap::Args)]
pub struct Remove {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// Hotkey to remove stake from: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

outputs! {
    /// Stake that was removed.
    StakeRemoveOutput(StakeChange);
}

impl Command for Remove {
    const PATH: &'static str = "stake remove";
    const SUMMARY: &'static str = "Remove stake from a hotkey, without a fee";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "remove_stake"), ("Staking", "unstake_all")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "A part of the stake", line: "myelin stake remove 2.5 --from myself" },
        Example {
            purpose: "All stake",
            line: "myelin stake remove --all --from 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = TransactionOutput<StakeRemoveOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.from.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let there = staked(&now, &signer.public(), &hotkey.key).await?;
        let amount = self.how_much.of(there, &hotkey)?;
        let plan = Plan::new(format!("Remove {amount} of {signer} from {hotkey}"))
            .effect(format!(
                "its stake on the hotkey falls from {there} to {}",
                there.checked_sub(amount).unwrap_or_default()
            ))
            .effect("the TAO is free in the same block");
        let plan = limit(&now, plan, &hotkey).await?;
        let sent = if self.how_much.all {
            self.sending.send(context, &chain, &signer, &calls::unstake_all(&hotkey.key), plan).await?
        } else {
            self.sending.send(context, &chain, &signer, &calls::remove_stake(&hotkey.key, amount), plan).await?
        };
        Ok(output.show(&sent.output(|included| Ok(StakeRemoveOutput(StakeChange::removed(&hotkey.key, included))))?)?)
    }
}
