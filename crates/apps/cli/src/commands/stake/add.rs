//! Stake that grows, falls, or becomes another's.

use super::{owned, staked};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{ColdkeyArg, HotkeyArg, NamedKey},
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainState, IncludedTransaction, calls, runtime::staking::events};
use myelin_keys::PublicKey;
use myelin_primitives::{Amount, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// How stake changed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeChangeOutput {
    /// The hotkey it is on, or was.
    hotkey: String,
    /// The hotkey it moved to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_hotkey: Option<String>,
    /// The coldkey it was given to.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_coldkey: Option<String>,
    /// By how much, in rao.
    #[schemars(with = "u64")]
    amount: Amount<Tao>,
    /// What the coldkey has on the hotkey afterwards, in rao, where the chain says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<u64>")]
    total: Option<Amount<Tao>>,
    #[serde(skip)]
    deed: &'static str,
}

impl Render for StakeChangeOutput {
    fn render(&self, page: &mut Page) {
        let Self { hotkey, amount, deed, .. } = self;
        page.line(match (&self.to_hotkey, &self.to_coldkey) {
            (Some(to), _) => format!("{amount} {deed} {hotkey} to {to}"),
            (_, Some(to)) => format!("{amount} on {hotkey} {deed} {to}"),
            _ => format!("{amount} {deed} {hotkey}"),
        });
        if let Some(total) = self.total {
            page.line(format!("{total} there now"));
        }
    }
}

impl StakeChangeOutput {
    fn of(hotkey: &PublicKey, amount: Amount<Tao>, deed: &'static str) -> Self {
        Self { hotkey: hotkey.to_string(), to_hotkey: None, to_coldkey: None, amount, total: None, deed }
    }

    fn added(hotkey: &PublicKey, included: &IncludedTransaction) -> Self {
        match included.event::<events::StakeAdded>() {
            Some(event) => {
                let changed = Self::of(hotkey, event.added.into(), "staked on");
                Self { total: Some(event.total.into()), ..changed }
            }
            None => Self::of(hotkey, Amount::ZERO, "staked on"),
        }
    }

    fn removed(hotkey: &PublicKey, included: &IncludedTransaction) -> Self {
        match included.event::<events::StakeRemoved>() {
            Some(event) => {
                let changed = Self::of(hotkey, event.removed.into(), "taken back from");
                Self { total: Some(event.total.into()), ..changed }
            }
            None => Self::of(hotkey, Amount::ZERO, "taken back from"),
        }
    }
}

/// How much of what is there.
#[derive(Clone, Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct StakeAmountArg {
    /// How much, such as `1.5` or `250rao`
    amount: Option<Amount<Tao>>,

    /// All there is
    #[arg(long)]
    all: bool,
}

impl StakeAmountArg {
    /// That much of `there`, which is on a hotkey.
    fn of(&self, there: Amount<Tao>, hotkey: &NamedKey) -> Result<Amount<Tao>, CliError> {
        let amount = self.amount.unwrap_or(there);
        if amount.is_zero() || amount > there {
            return Err(CliError::Impossible {
                message: format!("there is {there} on {hotkey}"),
                hint: "look at what there is with `myelin stake show`".into(),
            });
        }
        Ok(amount)
    }
}

/// Where stake may change as often as this, nobody comes near the limit.
const MANY: u64 = 10;

/// How often stake may change, as a risk.
async fn limit(now: &ChainState, plan: Plan, hotkey: &NamedKey) -> Result<Plan, CliError> {
    let parameters = now.network_parameters().await?;
    let (most, blocks) = (parameters.target_stakes_per_interval, parameters.stake_interval);
    Ok(if most > MANY {
        plan
    } else {
        plan.risk(format!(
            "the chain takes {most} change of stake on {hotkey} within {blocks} blocks, and refuses more"
        ))
    })
}

/// `myelin stake add`
#[derive(Debug, clap::Args)]
pub struct Add {
    /// How much, such as `1.5` or `250rao`
    amount: Amount<Tao>,

    /// On whom: an address, the name of a hotkey here, or `myself`, which is the default
    #[arg(long, value_name = "HOTKEY")]
    to: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for Add {
    const PATH: &'static str = "stake add";
    const SUMMARY: &'static str = "Stake TAO on a hotkey";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "add_stake")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "On one's own hotkey", line: "myelin stake add 10 --to myself" },
        Example {
            purpose: "On a delegate",
            line: "myelin stake add 10 --to 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = TransactionOutput<StakeChangeOutput>;

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
            .effect(format!("its stake there grows from {there} to {after}"));
        if known.coldkey != signer.public() {
            let take = take.ok_or_else(|| CliError::Impossible {
                message: format!("{hotkey} is no delegate, and belongs to another coldkey"),
                hint: "choose a delegate: `myelin stake delegates` lists them".into(),
            })?;
            plan = plan.effect(format!("of what the stake earns, the delegate keeps {take}"));
        }
        let plan = limit(&now, plan, &hotkey).await?;
        let call = calls::add_stake(&hotkey.key, self.amount);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        output.show(&sent.answer(|included| Ok(StakeChangeOutput::added(&hotkey.key, included)))?)
    }
}

/// `myelin stake remove`
#[derive(Debug, clap::Args)]
pub struct Remove {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// From whom: an address, the name of a hotkey here, or `myself`, which is the default
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for Remove {
    const PATH: &'static str = "stake remove";
    const SUMMARY: &'static str = "Take stake back, which is free";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "remove_stake"), ("Staking", "unstake_all")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Some of it", line: "myelin stake remove 2.5 --from myself" },
        Example {
            purpose: "All of it",
            line: "myelin stake remove --all --from 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        },
    ];
    type Output = TransactionOutput<StakeChangeOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.from.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let there = staked(&now, &signer.public(), &hotkey.key).await?;
        let amount = self.how_much.of(there, &hotkey)?;
        let plan = Plan::new(format!("Take {amount} back from {hotkey} to {signer}"))
            .effect(format!("its stake there falls from {there} to {}", there.checked_sub(amount).unwrap_or_default()))
            .effect("the TAO is free in the same block");
        let plan = limit(&now, plan, &hotkey).await?;
        let sent = if self.how_much.all {
            self.sending.send(context, &chain, &signer, &calls::unstake_all(&hotkey.key), plan).await?
        } else {
            self.sending.send(context, &chain, &signer, &calls::remove_stake(&hotkey.key, amount), plan).await?
        };
        output.show(&sent.answer(|included| Ok(StakeChangeOutput::removed(&hotkey.key, included)))?)
    }
}

/// `myelin stake move`
#[derive(Debug, clap::Args)]
pub struct Move {
    #[command(flatten)]
    how_much: StakeAmountArg,

    /// From whom: an address or the name of a hotkey here
    #[arg(long, value_name = "HOTKEY")]
    from: HotkeyArg,

    /// To whom: an address or the name of a hotkey here
    #[arg(long, value_name = "HOTKEY")]
    to: HotkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

impl Command for Move {
    const PATH: &'static str = "stake move";
    const SUMMARY: &'static str = "Move stake from one hotkey to another";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "move_stake")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "From a delegate to one's own hotkey",
        line: "myelin stake move --all --from 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --to myself",
    }];
    type Output = TransactionOutput<StakeChangeOutput>;

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
        output.show(&sent.answer(|included| {
            let moved = included.event::<events::StakeMoved>();
            let amount = moved.map_or(Amount::ZERO, |moved| moved.amount.into());
            Ok(StakeChangeOutput {
                to_hotkey: Some(to.key.to_string()),
                ..StakeChangeOutput::of(&from.key, amount, "moved from")
            })
        })?)
    }
}

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

impl Command for Transfer {
    const PATH: &'static str = "stake transfer";
    const SUMMARY: &'static str = "Give stake to another coldkey, where it is";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "transfer_stake")];
    const EXAMPLES: &'static [Example] = &[Example {
        purpose: "To another wallet of one's own",
        line: "myelin stake transfer 5 --to savings --on myself",
    }];
    type Output = TransactionOutput<StakeChangeOutput>;

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
        output.show(&sent.answer(|included| {
            let given = included.event::<events::StakeTransferred>();
            let amount = given.map_or(Amount::ZERO, |given| given.amount.into());
            Ok(StakeChangeOutput {
                to_coldkey: Some(to.key.to_string()),
                ..StakeChangeOutput::of(&hotkey.key, amount, "given to")
            })
        })?)
    }
}
