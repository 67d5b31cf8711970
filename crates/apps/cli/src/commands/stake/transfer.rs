//! `myelin stake transfer`

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

/// `myelin stake transfer`
#[derive(Debug, clap::Args)]
pub struct Transfer {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// To whom: the address of a coldkey or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    /// Stake on which hotkey: an address, the name of a hotkey here, or `myself`, which is the default
    #[arg(long, value_name = "HOTKEY")]
    on: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

outputs! {
    /// Stake that was given to another coldkey.
    StakeTransferOutput(StakeChange);
}

impl Command for Transfer {
    const PATH: &'static str = "stake transfer";
    const SUMMARY: &'static str = "Give stake to another coldkey, where it is";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "transfer_stake")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "To another wallet of one's own",
        line: "myelin stake transfer 5 --to savings --on myself",
    }];
    type Output = TransactionOutput<StakeTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (self.to.find(context)?, WalletSigner::coldkey(context)?);
        let hotkey = HotkeyArg::or_default(self.on.as_ref(), context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let amount = self.how_much.of(staked(&now, &signer.public(), &hotkey.key).await?, &hotkey)?;
        let plan = Plan::new(format!("Give {amount} of {signer} on {hotkey} to {to}"))
            .effect(format!("the stake stays on {hotkey} and is no longer yours"));
        let plan = limit(&now, plan, &hotkey).await?;
        let call = calls::transfer_stake(&to.key, &hotkey.key, amount);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let given = included.event::<events::StakeTransferred>();
            let amount = given.map_or(Amount::ZERO, |given| given.amount.0);
            Ok(StakeTransferOutput(StakeChange {
                to_coldkey: Some(to.key.to_string()),
                ..StakeChange::of(&hotkey.key, amount, "given to")
            }))
        })?)?)
    }
}
