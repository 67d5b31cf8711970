//! The command `myelin stake transfer`.

use super::{
    amount::{StakeAmountArg, StakeChange, limit},
    staked,
};
use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{ColdkeyArg, HotkeyArg},
    output::Printer,
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{calls, runtime::staking::events};
use myelin_primitives::Amount;

/// Arguments of `myelin stake transfer`.
#[derive(Debug, clap::Args)]
pub struct Transfer {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// Coldkey that receives the stake: an address, or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    /// Hotkey that the stake is on: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    on: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

outputs! {
    /// Stake that was transferred to another coldkey.
    StakeTransferOutput(StakeChange);
}

impl Command for Transfer {
    const PATH: &'static str = "stake transfer";
    const SUMMARY: &'static str = "Transfer stake to another coldkey, on the same hotkey";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "transfer_stake")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To another wallet", line: "myelin stake transfer 5 --to savings --on myself" }];
    type Output = TransactionOutput<StakeTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (self.to.find(context)?, WalletSigner::coldkey(context)?);
        let hotkey = HotkeyArg::or_default(self.on.as_ref(), context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let amount = self.how_much.of(staked(&now, &signer.public(), &hotkey.key).await?, &hotkey)?;
        let plan = Plan::new(format!("Transfer {amount} of {signer} on {hotkey} to {to}"))
            .effect(format!("the stake stays on {hotkey} and belongs to {to}"));
        let plan = limit(&now, plan, &hotkey).await?;
        let call = calls::transfer_stake(&to.key, &hotkey.key, amount);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let given = included.event::<events::StakeTransferred>();
            let amount = given.map_or(Amount::ZERO, |given| given.amount.0);
            Ok(StakeTransferOutput(StakeChange {
                to_coldkey: Some(to.key.to_string()),
                ..StakeChange::of(&hotkey.key, amount, "transferred to")
            }))
        })?)?)
    }
}
