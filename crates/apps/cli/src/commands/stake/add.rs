//! The command `myelin stake add`.

use super::{
    amount::{StakeChange, limit},
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
use myelin_client::calls;
use myelin_primitives::{Amount, Tao};

/// Arguments of `myelin stake add`.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Amount in TAO, such as `1.5`, or in rao, such as `250rao`
    amount: Amount<Tao>,

    /// Hotkey to stake on: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    to: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

outputs! {
    /// Stake that was added.
    StakeAddOutput(StakeChange);
}

impl Command for Add {
    const PATH: &'static str = "stake add";
    const SUMMARY: &'static str = "Stake TAO on a hotkey";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "add_stake")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "On a hotkey of your own", line: "myelin stake add 10 --to myself" },
        Example {
            purpose: "On a delegate",
            line: "myelin stake add 10 --to 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = TransactionOutput<StakeAddOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.to.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let known = owned(&now, &hotkey).await?;
        let take = known.take.map(|take| crate::share::u16_percent(take.get()));
        let there = staked(&now, &signer.public(), &hotkey.key).await?;
        let after = there.checked_add(self.amount).unwrap_or(Amount::MAX);
        let mut plan = Plan::new(format!("Stake {} of {signer} on {hotkey}", self.amount))
            .spends(self.amount)
            .effect(format!("its stake on the hotkey grows from {there} to {after}"));
        if known.coldkey != signer.public() {
            let take = take.ok_or_else(|| CliError::Impossible {
                message: format!("{hotkey} is not a delegate, and belongs to another coldkey"),
                hint: "choose a delegate from `myelin stake delegates`".into(),
            })?;
            plan = plan.effect(format!("the delegate keeps {take} of the earnings of the stake"));
        }
        let plan = limit(&now, plan, &hotkey).await?;
        let call = calls::add_stake(&hotkey.key, self.amount);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| Ok(StakeAddOutput(StakeChange::added(&hotkey.key, included))))?)?)
    }
}
