//! The command `myelin neuron swap-hotkey`.

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

/// Arguments of `myelin neuron swap-hotkey`.
#[derive(Debug, clap::Args)]
pub struct SwapHotkey {
    /// New hotkey: an address or the name of a hotkey on this machine
    #[arg(long, value_name = "HOTKEY")]
    to: HotkeyArg,

    /// Old hotkey: an address or the name of a hotkey on this machine [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey that replaced another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronSwapHotkeyOutput {
    /// Address of the old hotkey.
    from: String,
    /// Address of the new hotkey.
    to: String,
    /// Seats of the new hotkey.
    seats: Vec<SwappedSeat>,
}

/// A seat of the new hotkey.
#[derive(Debug, Serialize, JsonSchema)]
struct SwappedSeat {
    /// Number of the network.
    netuid: u16,
    /// Uid of the seat.
    uid: u16,
}

impl Render for NeuronSwapHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} has replaced {}, on {} networks", self.to, self.from, self.seats.len()));
    }
}

impl Command for SwapHotkey {
    const PATH: &'static str = "neuron swap-hotkey";
    const SUMMARY: &'static str = "Swap a hotkey for another one, on all networks";
    const DETAILS: &'static str = "Seats, stake and children move to the new hotkey. The call has a price. Only the \
         coldkey that owns the hotkey may make it, and the new hotkey must be unused and agree. The old hotkey is \
         retired: no other coldkey can use it.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "swap_hotkey")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "The old key was exposed",
        line: "myelin neuron swap-hotkey --from miner-1 --to miner-2",
    }];
    type Output = TransactionOutput<NeuronSwapHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (from, to) = (HotkeyArg::or_default(self.from.as_ref(), context)?, self.to.find(context)?);
        if from.key == to.key {
            return Err(CliError::Usage {
                message: "both hotkeys are the same".into(),
                hint: "name another hotkey with `--to`",
            });
        }
        let signer = WalletSigner::coldkey(context)?;
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let old = now.hotkey(&from.key).await?.filter(|known| known.coldkey == signer.public());
        let Some(old) = old else {
            return Err(CliError::Impossible {
                message: format!("{from} is not a hotkey of {signer}"),
                hint: "choose the wallet of its owner with `--wallet`".into(),
            });
        };
        let another = "create a new one with `myelin wallet new-hotkey`";
        if let Some(known) = now.hotkey(&to.key).await? {
            if known.coldkey != signer.public() {
                let message = format!("{to} belongs to {}", known.coldkey);
                return Err(CliError::Impossible { message, hint: another.into() });
            }
            if !known.seats.is_empty() || !known.stake.is_zero() {
                let message = format!("{to} has {} seats and {} of stake of its own", known.seats.len(), known.stake);
                return Err(CliError::Impossible { message, hint: another.into() });
            }
        }
        let (cost, limit) = (now.key_swap_cost()?, now.network_parameters().await?.tx_rate_limit);
        let mut plan = Plan::new(format!("Swap {from} for {to}"))
            .spends(cost)
            .effect(format!("{cost} are recycled"))
            .effect(format!("the stake of {} and all other records of the old hotkey move along", old.stake))
            .effect("pending weights commits are dropped")
            .risk(format!("fails within {limit} blocks after the coldkey last staked or swapped"));
        for seat in &old.seats {
            plan =
                plan.touches(seat.netuid).effect(format!("seat {} of network {} moves along", seat.uid, seat.netuid));
        }
        let consent = match now.hotkey(&to.key).await? {
            Some(_) => None,
            None => Some(self.consent.find(context, &chain, &to.key, &signer.public(), &to.key)?),
        };
        let priced = calls::swap_hotkey(&from.key, &to.key, consent.as_ref().map(|_| [0; 64]));
        let plan = plan.costs(chain.fee(&signer.public(), &priced).await?);
        let sent = match self.sending.prepare(context, &chain, &signer, plan).await? {
            PreparedPlan::Shown(plan) => PlanOutcome::shown(plan),
            PreparedPlan::Ready(ready) => {
                let consent = consent.map(|consent| consent.sign(context.terminal())).transpose()?.flatten();
                let (transaction, included) = ready.submit(&calls::swap_hotkey(&from.key, &to.key, consent)).await?;
                ready.carried(transaction, included)
            }
        };
        let seats =
            old.seats.iter().map(|seat| SwappedSeat { netuid: seat.netuid.get(), uid: seat.uid.get() }).collect();
        Ok(output
            .show(&sent.output(|_| {
                Ok(NeuronSwapHotkeyOutput { from: from.key.to_string(), to: to.key.to_string(), seats })
            })?)?)
    }
}
