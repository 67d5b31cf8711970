//! A coldkey in the place of another. spec staking §10.3

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
use myelin_primitives::BlockNumber;
use schemars::JsonSchema;
use serde::Serialize;

/// What comes of the calls about a swap.
#[derive(Debug, Serialize, JsonSchema)]
struct ColdkeySwapRow {
    /// The coldkey.
    coldkey: String,
    /// What was done, or stands.
    state: SwapState,
    /// The coldkey that takes its place, where that is known. The chain knows only its hash.
    new_coldkey: Option<String>,
    /// The block from which on it can.
    due: Option<BlockNumber>,
}

/// How far a swap is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum SwapState {
    /// Nothing is announced.
    None,
    /// It was announced.
    Announced,
    /// It was announced, and its holder says that it was somebody else.
    Disputed,
    /// It was done.
    Done,
    /// The announcement was taken back.
    Cleared,
}

impl Render for ColdkeySwapRow {
    fn render(&self, page: &mut Page) {
        let Self { coldkey, new_coldkey, .. } = self;
        page.line(match self.state {
            SwapState::None => format!("no swap of {coldkey} is announced"),
            SwapState::Announced => format!("a swap of {coldkey} is announced"),
            SwapState::Disputed => format!("the swap of {coldkey} is disputed; only governance can go on from here"),
            SwapState::Done => {
                format!("{} has taken the place of {coldkey}", new_coldkey.as_deref().unwrap_or("another"))
            }
            SwapState::Cleared => format!("the swap of {coldkey} was taken back"),
        });
        if let Some(due) = self.due {
            page.line(format!("it can be carried out from block {due} on"));
            page.line(Tone::Faint.paint("until then every other call of the coldkey is refused"));
        }
    }
}

impl ColdkeySwapRow {
    fn of(coldkey: &PublicKey, state: SwapState) -> Self {
        Self { coldkey: coldkey.to_string(), state, new_coldkey: None, due: None }
    }
}

outputs! {
    /// The swap of a coldkey, if one is announced.
    WalletSwapColdkeyShowOutput(ColdkeySwapRow);
    /// A swap that was announced.
    WalletSwapColdkeyAnnounceOutput(ColdkeySwapRow);
    /// A swap that was carried out.
    WalletSwapColdkeyExecuteOutput(ColdkeySwapRow);
    /// A swap that was taken back.
    WalletSwapColdkeyClearOutput(ColdkeySwapRow);
    /// A swap that was disputed.
    WalletSwapColdkeyDisputeOutput(ColdkeySwapRow);
}

/// `myelin wallet swap-coldkey show`
#[derive(Debug, clap::Args)]
pub struct ShowSwap {
    /// Whose: an address or the name of a wallet; by default the wallet that is meant
    #[arg(value_name = "COLDKEY")]
    coldkey: Option<ColdkeyArg>,
}

impl Command for ShowSwap {
    const PATH: &'static str = "wallet swap-coldkey show";
    const SUMMARY: &'static str = "Show whether a coldkey is about to be replaced";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Did anybody announce it?", line: "myelin wallet swap-coldkey show" }];
    type Output = WalletSwapColdkeyShowOutput;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let coldkey = ColdkeyArg::or_default(self.coldkey.as_ref(), context)?;
        let now = context.chain().await?.at_finalised().await?;
        let swap = match now.coldkey_swap(&coldkey.key).await? {
            None => ColdkeySwapRow::of(&coldkey.key, SwapState::None),
            Some(swap) => {
                let state = if swap.disputed { SwapState::Disputed } else { SwapState::Announced };
                ColdkeySwapRow { due: Some(swap.due), ..ColdkeySwapRow::of(&coldkey.key, state) }
            }
        };
        Ok(output.show(&WalletSwapColdkeyShowOutput(swap))?)
    }
}

/// `myelin wallet swap-coldkey announce`
#[derive(Debug, clap::Args)]
pub struct AnnounceSwap {
    /// What takes its place: the address of a coldkey or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// What the first announcement costs. spec staking §10.3
const ANNOUNCEMENT: myelin_primitives::Amount<myelin_primitives::Tao> =
    myelin_primitives::Amount::from_rao(myelin_primitives::RAO_PER_TAO / 10);

impl Command for AnnounceSwap {
    const PATH: &'static str = "wallet swap-coldkey announce";
    const SUMMARY: &'static str = "Announce that another coldkey takes the place of this one";
    const DETAILS: &'static str = "The chain is told only the hash of the new coldkey. Until the swap is carried out or taken back the old one \
         can do nothing else, so that its holder has time to notice a thief.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "announce_coldkey_swap")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To a new wallet", line: "myelin wallet swap-coldkey announce --to fresh" }];
    type Output = TransactionOutput<WalletSwapColdkeyAnnounceOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (other(&self.to, context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let blocks = now.network_parameters().await?.coldkey_swap_announcement_delay;
        let mut plan = Plan::new(format!("Announce that {to} takes the place of {signer}"))
            .effect(format!("it can be carried out after {blocks} more blocks"))
            .effect("until then every other call of the coldkey is refused, staking and transfers too");
        if now.coldkey_swap(&signer.public()).await?.is_none() {
            plan = plan.spends(ANNOUNCEMENT).effect(format!("{ANNOUNCEMENT} are recycled"));
        }
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

/// The coldkey that is to take the place.
fn other(to: &ColdkeyArg, context: &Context) -> Result<NamedKey, CliError> {
    let party = to.find(context)?;
    if party.key == WalletSigner::coldkey(context)?.public() {
        return Err(CliError::Usage { message: "both coldkeys are the same".into(), hint: "name another with `--to`" });
    }
    Ok(party)
}

/// The swap that is announced, which has to be.
async fn announced(now: &ChainState, signer: &WalletSigner) -> Result<myelin_client::ColdkeySwap, CliError> {
    let swap = now.coldkey_swap(&signer.public()).await?;
    swap.ok_or_else(|| CliError::Impossible {
        message: format!("no swap of {signer} is announced"),
        hint: "announce one with `myelin wallet swap-coldkey announce`".into(),
    })
}

/// `myelin wallet swap-coldkey execute`
#[derive(Debug, clap::Args)]
pub struct ExecuteSwap {
    /// What takes its place: the address of the coldkey that was announced, or the name of its wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for ExecuteSwap {
    const PATH: &'static str = "wallet swap-coldkey execute";
    const SUMMARY: &'static str = "Carry out a swap of the coldkey that was announced";
    const DETAILS: &'static str =
        "All stake, hotkeys, subnets and TAO go to the new coldkey, and the old account ends.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "swap_coldkey_announced")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Once it is due", line: "myelin wallet swap-coldkey execute --to fresh" }];
    type Output = TransactionOutput<WalletSwapColdkeyExecuteOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (to, signer) = (other(&self.to, context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let swap = announced(&now, &signer).await?;
        if u64::from(swap.due) > now.height() + 1 {
            return Err(CliError::Impossible {
                message: format!("the swap is due in block {}, and block {} is final", swap.due, now.height()),
                hint: "wait until then".into(),
            });
        }
        let plan = Plan::new(format!("Put {to} in the place of {signer}"))
            .effect("all stake, hotkeys, subnets and TAO of the old coldkey are the new one's")
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

/// A call that is about an announced swap and nothing else.
async fn about(
    sending: &TransactionArgs,
    context: &Context,
    call: &impl Payload,
    plan: impl FnOnce(&WalletSigner) -> Plan,
) -> Result<(WalletSigner, PlanOutcome), CliError> {
    let signer = WalletSigner::coldkey(context)?;
    let chain: Chain = context.chain().await?;
    announced(&chain.at_finalised().await?, &signer).await?;
    let plan = plan(&signer);
    let sent = sending.send(context, &chain, &signer, call, plan).await?;
    Ok((signer, sent))
}

/// `myelin wallet swap-coldkey clear`
#[derive(Debug, clap::Args)]
pub struct ClearSwap {
    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for ClearSwap {
    const PATH: &'static str = "wallet swap-coldkey clear";
    const SUMMARY: &'static str = "Take the announcement of a swap back";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "clear_coldkey_swap_announcement")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Keep the old coldkey after all", line: "myelin wallet swap-coldkey clear" }];
    type Output = TransactionOutput<WalletSwapColdkeyClearOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let call = calls::clear_coldkey_swap_announcement();
        let (signer, sent) = about(&self.sending, context, &call, |signer| {
            Plan::new(format!("Take the announced swap of {signer} back"))
                .effect("the coldkey can be used again")
                .risk("it fails until some time after the swap was due")
        })
        .await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletSwapColdkeyClearOutput(ColdkeySwapRow::of(&signer.public(), SwapState::Cleared)))
        })?)?)
    }
}

/// `myelin wallet swap-coldkey dispute`
#[derive(Debug, clap::Args)]
pub struct DisputeSwap {
    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for DisputeSwap {
    const PATH: &'static str = "wallet swap-coldkey dispute";
    const SUMMARY: &'static str = "Stop a swap of the coldkey that somebody else announced";
    const DETAILS: &'static str = "Whoever announced it has the coldkey too. From then on nobody can do anything with it until governance has \
         decided.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Keys", "dispute_coldkey_swap")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "Stop a thief", line: "myelin wallet swap-coldkey dispute" }];
    type Output = TransactionOutput<WalletSwapColdkeyDisputeOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (signer, sent) = about(&self.sending, context, &calls::dispute_coldkey_swap(), |signer| {
            Plan::new(format!("Dispute the announced swap of {signer}"))
                .effect("nobody can do anything with the coldkey until governance has decided")
                .risk("it cannot be taken back")
        })
        .await?;
        Ok(output.show(&sent.output(|_| {
            Ok(WalletSwapColdkeyDisputeOutput(ColdkeySwapRow::of(&signer.public(), SwapState::Disputed)))
        })?)?)
    }
}
