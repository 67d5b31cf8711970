//! `myelin neuron swap-hotkey`

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

/// `myelin neuron swap-hotkey`
#[derive(Debug, clap::Args)]
pub struct SwapHotkey {
    /// The new one: an address or a name
    #[arg(long, value_name = "HOTKEY")]
    to: HotkeyArg,

    /// The old one; by default the hotkey that is meant
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A hotkey in the place of another.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronSwapHotkeyOutput {
    /// The address of the old one.
    from: String,
    /// The address of the new one.
    to: String,
    /// The seats it has now.
    seats: Vec<SwappedSeat>,
}

/// A seat.
#[derive(Debug, Serialize, JsonSchema)]
struct SwappedSeat {
    /// On which network.
    netuid: u16,
    /// Which one.
    uid: u16,
}

impl Render for NeuronSwapHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} has taken the place of {}, on {} networks", self.to, self.from, self.seats.len()));
    }
}

impl Command for SwapHotkey {
    const PATH: &'static str = "neuron swap-hotkey";
    const SUMMARY: &'static str = "Put another hotkey in the place of one, on all networks";
    const DETAILS: &'static str = "Seats, stake and children go along, and it costs something. Only the coldkey that \
                                   owns the hotkey may, and the new one must be unused.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "swap_hotkey")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "The old one was seen by somebody",
        line: "myelin neuron swap-hotkey --from miner-1 --to miner-2",
    }];
    type Output = TransactionOutput<NeuronSwapHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (from, to) = (HotkeyArg::or_default(self.from.as_ref(), context)?, self.to.find(context)?);
        if from.key == to.key {
            return Err(CliError::Usage {
                message: "both hotkeys are the same".into(),
                hint: "name another with `--to`",
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
        let another = "make a new one with `myelin wallet new-hotkey`";
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
        let mut plan = Plan::new(format!("Put {to} in the place of {from}"))
            .spends(cost)
            .effect(format!("{cost} are recycled"))
            .effect(format!("{} staked on it go along, and whatever else it has", old.stake))
            .effect("open commits to weights are dropped")
            .risk(format!("fails within {limit} blocks after the coldkey last staked or swapped"));
        for seat in &old.seats {
            plan = plan.touches(seat.netuid).effect(format!("seat {} of network {} goes along", seat.uid, seat.netuid));
        }
        let call = calls::swap_hotkey(&from.key, &to.key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        let seats =
            old.seats.iter().map(|seat| SwappedSeat { netuid: seat.netuid.get(), uid: seat.uid.get() }).collect();
        Ok(output
            .show(&sent.output(|_| {
                Ok(NeuronSwapHotkeyOutput { from: from.key.to_string(), to: to.key.to_string(), seats })
            })?)?)
    }
}
