//! The command `myelin stake move`.

use super::{
    amount::{StakeAmountArg, StakeChange, limit},
    owned, staked,
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
use myelin_client::{calls, runtime::staking::events};
use myelin_primitives::Amount;

/// Arguments of `myelin stake move`.
#[derive(Debug, clap::Args)]
pub struct Move {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// Hotkey that the stake leaves: an address, or the name of a hotkey on this machine
    #[arg(long, value_name = "HOTKEY")]
    from: HotkeyArg,

    /// Hotkey that the stake moves to: an address, or the name of a hotkey on this machine
    #[arg(long, value_name = "HOTKEY")]
    to: HotkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

outputs! {
    /// Stake that was moved to another hotkey.
    StakeMoveOutput(StakeChange);
}

impl Command for Move {
    const PATH: &'static str = "stake move";
    const SUMMARY: &'static str = "Move stake from one hotkey to another";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "move_stake")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "From a delegate to a hotkey of your own",
        line: "myelin stake move --all --from 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --to myself",
    }];
    type Output = TransactionOutput<StakeMoveOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (from, to, signer) = (self.from.find(context)?, self.to.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let amount = self.how_much.of(staked(&now, &signer.public(), &from.key).await?, &from)?;
        owned(&now, &to).await?;
        let plan = Plan::new(format!("Move {amount} of {signer} from {from} to {to}"));
        let plan = limit(&now, plan, &from).await?;
        let call = calls::move_stake(&from.key, &to.key, amount);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let moved = included.event::<events::StakeMoved>();
            let amount = moved.map_or(Amount::ZERO, |moved| moved.amount.0);
            Ok(StakeMoveOutput(StakeChange {
                to_hotkey: Some(to.key.to_string()),
                ..StakeChange::of(&from.key, amount, "moved from")
            }))
        })?)?)
    }
}
