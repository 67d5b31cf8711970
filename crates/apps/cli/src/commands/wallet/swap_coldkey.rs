//! The swap of a coldkey for another. spec staking §10.3

use crate::{
    command::{Calls, Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{ColdkeyArg, NamedKey},
    output::Printer,
    page::{Page, Render, Tone},
    plan::Plan,
    transact::{PlanOutcome, TransactionArgs, TransactionOutput},
};
use myelin_client::{Chain, ChainState, calls, runtime::keys::events, subxt::tx::Payload};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, BlockNumber, RAO_PER_TAO, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// A coldkey swap and its state.
#[derive(Debug, Serialize, JsonSchema)]
struct ColdkeySwapRow {
    /// Address of the coldkey that is replaced.
    coldkey: String,
    /// State of the swap.
    state: SwapState,
    /// Address of the new coldkey, if it is known. The chain stores only its hash.
    new_coldkey: Option<String>,
    /// First block in which the swap can be executed.
    due: Option<BlockNumber>,
    /// TAO of the coldkey that is held until the swap ends, in rao, if it is known.
    #[schemars(with = "Option<u64>")]
    escrow: Option<Amount<Tao>>,
}

/// The state of a coldkey swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum SwapState {
    /// No swap is announced.
    None,
    /// The swap is announced.
    Announced,
    /// The swap is announced and disputed by the holder of the coldkey.
    Disputed,
    /// The swap was executed.
    Done,
    /// The announcement was withdrawn.
    Cleared,
}

impl Render for ColdkeySwapRow {
    fn render(&self, page: &mut Page) {
        let Self { coldkey, new_coldkey, .. } = self;
        page.line(match self.state {
            SwapState::None => format!("no swap of {coldkey} is announced"),
            SwapState::Announced => format!("a swap of {coldkey} is announced"),
            SwapState::Disputed => format!("the swap of {coldkey} is disputed; only governance can resolve it"),
            SwapState::Done => {
                format!("{} has replaced {coldkey}", new_coldkey.as_deref().unwrap_or("another coldkey"))
            }
            SwapState::Cleared => format!("the swap of {coldkey} was withdrawn"),
        });
        if let Some(due) = self.due {
            page.line(format!("it can be executed from block {due} on"));
            if let Some(escrow) = self.escrow {
                page.line(format!("{escrow} are held until then, in no account"));
            }
            page.line(Tone::Faint.paint("until then the chain refuses all other calls of the coldkey"));
        }
    }
}

impl ColdkeySwapRow {
    fn of(coldkey: &PublicKey, state: SwapState) -> Self {
        Self { coldkey: coldkey.to_string(), state, new_coldkey: None, due: None, escrow: None }
    }
}

outputs! {
    /// The swap of a coldkey, if one is announced.
    WalletSwapColdkeyShowOutput(ColdkeySwapRow);
    /// A swap that was announced.
    WalletSwapColdkeyAnnounceOutput(ColdkeySwapRow);
    /// A swap that was executed.
    WalletSwapColdkeyExecuteOutput(ColdkeySwapRow);
    /// A swap that was withdrawn.
    WalletSwapColdkeyClearOutput(ColdkeySwapRow);
    /// A swap that was disputed.
    WalletSwapColdkeyDisputeOutput(ColdkeySwapRow);
}

/// Arguments of `myelin wallet swap-coldkey show`.
#[derive(Debug, clap::Args)]
pub struct ShowSwap {
    /// Coldkey: an address, or the name of a wallet [default: the selected wallet]
    #[arg(value_name = "COLDKEY")]
    coldkey: Option<ColdkeyArg>,
}

impl Command for ShowSwap {
    const PATH: &'static str = "wallet swap-coldkey show";
    const SUMMARY: &'static str = "Show the announced swap of a coldkey";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The selected wallet", line: "myelin wallet swap-coldkey show" }];
    type Output = WalletSwapColdkeyShowOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let coldkey = ColdkeyArg::or_default(self.coldkey.as_ref(), context)?;
        let now = context.chain().await?.at_finalised().await?;
        let swap = match now.coldkey_swap(&coldkey.key).await? {
            None => ColdkeySwapRow::of(&coldkey.key, SwapState::None),
            Some(swap) => {
                let state = if swap.disputed { SwapState::Disputed } else { SwapState::Announced };
                ColdkeySwapRow {
                    due: Some(swap.due),
                    escrow: Some(swap.escrow),
                    ..ColdkeySwapRow::of(&coldkey.key, state)
                }
            }
        };
        Ok(output.show(&WalletSwapColdkeyShowOutput(swap))?)
    }
}

/// Arguments of `myelin wallet swap-coldkey announce`.
#[derive(Debug, clap::Args)]
pub struct AnnounceSwap {
    /// New coldkey: an address, or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Price of the first announcement. spec staking §10.3
const ANNOUNCEMENT: Amount<Tao> = Amount::from_rao(RAO_PER_TAO / 10);

impl Command for AnnounceSwap {
    const PATH: &'static str = "wallet swap-coldkey announce";
    const SUMMARY: &'static str = "Announce the swap of the coldkey for another";
    const DETAILS: &'static str = "The chain stores only the hash of the new coldkey. Until the swap is executed or \
         withdrawn the old coldkey cannot do anything else, so that its holder has time to notice a theft. Its TAO is \
         in no account until then, and the calls about the swap cost nothing.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "announce_coldkey_swap")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To the wallet `fresh`", line: "myelin wallet swap-coldkey announce --to fresh" }];
    type Output = TransactionOutput<WalletSwapColdkeyAnnounceOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (other(&self.to, context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let blocks = now.network_parameters().await?.coldkey_swap_announcement_delay;
        let swap = now.coldkey_swap(&signer.public()).await?;
        let free = now.balance(&signer.public()).await?.free;
        let held = swap.as_ref().map_or(free, |swap| swap.escrow.checked_add(free).unwrap_or(Amount::MAX));
        let mut plan = Plan::new(format!("Announce the swap of {signer} for {to}"))
            .effect(format!("the swap can be executed after {blocks} more blocks"))
            .effect(format!("all TAO of the coldkey, {held} before the cost, is in no account; no call can spend it"))
            .effect("until then the chain refuses all other calls of the coldkey, including stake and transfers")
            .effect("all later calls about the swap are free");
        plan = match swap {
            None => plan.spends(ANNOUNCEMENT).effect(format!("{ANNOUNCEMENT} are recycled")),
            Some(_) => plan.costs(Amount::ZERO),
        };
        let sent = self.sending.send(context, &chain, &signer, &calls::announce_coldkey_swap(&to.key), plan).await?;
        Ok(output.show(&sent.output(|included| {
            let due = included.event::<events::ColdkeySwapAnnounced>().map(|announced| announced.due);
            let new_coldkey = Some(to.key.to_string());
            Ok(WalletSwapColdkeyAnnounceOutput(ColdkeySwapRow {
                new_coldkey,
                due,
                ..ColdkeySwapRow::of(&signer.public(), SwapState::Announced)
            }))
        })?)?)
    }
}

/// Returns the new coldkey, which must differ from the current one.
fn other(to: &ColdkeyArg, context: &Context) -> Result<NamedKey, CliError> {
    let party = to.find(context)?;
    if party.key == WalletSigner::coldkey(context)?.public() {
        return Err(CliError::Usage {
            message: "both coldkeys are the same".into(),
            hint: "name another coldkey with `--to`",
        });
    }
    Ok(party)
}

/// Reads the announced swap of a coldkey.
///
/// # Errors
/// [`CliError::Impossible`] if none is announced.
async fn announced(now: &ChainState, signer: &WalletSigner) -> Result<myelin_client::ColdkeySwap, CliError> {
    let swap = now.coldkey_swap(&signer.public()).await?;
    swap.ok_or_else(|| CliError::Impossible {
        message: format!("no swap of {signer} is announced"),
        hint: "announce one with `myelin wallet swap-coldkey announce`".into(),
    })
}

/// Arguments of `myelin wallet swap-coldkey execute`.
#[derive(Debug, clap::Args)]
pub struct ExecuteSwap {
    /// New coldkey, which must be the announced one: an address, or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for ExecuteSwap {
    const PATH: &'static str = "wallet swap-coldkey execute";
    const SUMMARY: &'static str = "Execute an announced swap of the coldkey";
    const DETAILS: &'static str = "All stake, hotkeys, subnets and TAO move to the new coldkey, and the old account \
         ends.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "swap_coldkey_announced")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "To the wallet `fresh`, once the swap is due",
        line: "myelin wallet swap-coldkey execute --to fresh",
    }];
    type Output = TransactionOutput<WalletSwapColdkeyExecuteOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (other(&self.to, context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let swap = announced(&now, &signer).await?;
        if u64::from(swap.due) > now.height() + 1 {
            return Err(CliError::Impossible {
                message: format!("the swap is due in block {}, and block {} is final", swap.due, now.height()),
                hint: "wait until the swap is due, then run the command again".into(),
            });
        }
        let plan = Plan::new(format!("Swap the coldkey {signer} for {to}"))
            .effect("all stake, hotkeys, subnets and TAO move to the new coldkey")
            .effect("the old account ends")
            .risk("it fails if the new coldkey is not the one that was announced, or has stake or hotkeys");
        let call = calls::swap_coldkey_announced(&to.key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletSwapColdkeyExecuteOutput(ColdkeySwapRow {
                new_coldkey: Some(to.key.to_string()),
                ..ColdkeySwapRow::of(&signer.public(), SwapState::Done)
            }))
        })?)?)
    }
}

/// Sends a call that only changes the state of an announced swap.
async fn about(
    sending: &TransactionArgs,
    context: &Context,
    call: &impl Payload,
    plan: impl FnOnce(&WalletSigner, &myelin_client::ColdkeySwap) -> Plan,
) -> Result<(WalletSigner, PlanOutcome), CliError> {
    let signer = WalletSigner::coldkey(context)?;
    let chain: Chain = context.chain().await?;
    let swap = announced(&chain.at_finalised().await?, &signer).await?;
    let plan = plan(&signer, &swap);
    let sent = sending.send(context, &chain, &signer, call, plan).await?;
    Ok((signer, sent))
}

/// Arguments of `myelin wallet swap-coldkey clear`.
#[derive(Debug, clap::Args)]
pub struct ClearSwap {
    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for ClearSwap {
    const PATH: &'static str = "wallet swap-coldkey clear";
    const SUMMARY: &'static str = "Withdraw the announcement of a coldkey swap";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "clear_coldkey_swap_announcement")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Keep the old coldkey", line: "myelin wallet swap-coldkey clear" }];
    type Output = TransactionOutput<WalletSwapColdkeyClearOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let call = calls::clear_coldkey_swap_announcement();
        let (signer, sent) = about(&self.sending, context, &call, |signer, _| {
            Plan::new(format!("Withdraw the announced swap of {signer}"))
                .effect("the coldkey can be used again")
                .risk("it fails until a delay after the due block has passed")
        })
        .await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletSwapColdkeyClearOutput(ColdkeySwapRow::of(&signer.public(), SwapState::Cleared)))
        })?)?)
    }
}

/// Arguments of `myelin wallet swap-coldkey dispute`.
#[derive(Debug, clap::Args)]
pub struct DisputeSwap {
    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for DisputeSwap {
    const PATH: &'static str = "wallet swap-coldkey dispute";
    const SUMMARY: &'static str = "Dispute a coldkey swap that another holder of the key announced";
    const DETAILS: &'static str = "Use it against a thief, who also has the coldkey. A dispute blocks all calls of the \
         coldkey until governance has decided, and its TAO stays in no account until then.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "dispute_coldkey_swap")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Block a stolen coldkey", line: "myelin wallet swap-coldkey dispute" }];
    type Output = TransactionOutput<WalletSwapColdkeyDisputeOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (signer, sent) = about(&self.sending, context, &calls::dispute_coldkey_swap(), |signer, swap| {
            Plan::new(format!("Dispute the announced swap of {signer}"))
                .effect("the chain refuses all calls of the coldkey until governance has decided")
                .effect(format!("{} stay in no account until then", swap.escrow))
                .risk("it cannot be undone; without a decision of governance all TAO and stake stay locked")
        })
        .await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletSwapColdkeyDisputeOutput(ColdkeySwapRow::of(&signer.public(), SwapState::Disputed)))
        })?)?)
    }
}
