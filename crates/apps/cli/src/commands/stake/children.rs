//! Child hotkeys, which borrow stake weight. spec staking §9

use super::{
    own,
    take::{AnnouncedTake, in_force_later},
};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{HotkeyArg, KnownNames},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    plan::Plan,
    share::{percent, proportion, take, u16_percent},
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{ChainState, FamilyMember, calls, runtime::staking::events};
use myelin_economics::children::Proportion;
use myelin_primitives::{BlockNumber, NetUid, Take};
use schemars::JsonSchema;
use serde::Serialize;
use std::str::FromStr;

/// A child and its part of the stake weight, as it is typed: `HOTKEY=25%`.
#[derive(Clone, Debug)]
pub(super) struct Child {
    hotkey: HotkeyArg,
    proportion: u64,
}

impl FromStr for Child {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (hotkey, part) = text.split_once('=').ok_or("write a hotkey and its part, such as `miner-1=25%`")?;
        Ok(Self {
            hotkey: hotkey.parse().map_err(|error: myelin_keys::NameError| error.to_string())?,
            proportion: proportion(part)?,
        })
    }
}

/// Stake weight that one hotkey lends to another.
#[derive(Debug, Serialize, JsonSchema)]
struct ChildRow {
    /// Address of the child, or of the parent.
    hotkey: String,
    /// Name of the hotkey on this machine.
    name: Option<String>,
    /// Part of the parent's stake weight, as a fraction `v / 18446744073709551615`.
    proportion: u64,
}

impl ChildRow {
    fn all(relatives: &[FamilyMember], names: &KnownNames) -> Vec<Self> {
        let lent = |relative: &FamilyMember| Self {
            hotkey: relative.hotkey.to_string(),
            name: names.of(&relative.hotkey).map(str::to_owned),
            proportion: relative.proportion.parts(),
        };
        relatives.iter().map(lent).collect()
    }
}

/// Arguments of `myelin stake children show`.
#[derive(Debug, clap::Args)]
pub struct ShowChildren {
    /// Number of the subnet
    #[arg(long)]
    netuid: NetUid,

    /// Hotkey: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,
}

/// The children and parents of a hotkey on a subnet.
#[derive(Debug, Serialize, JsonSchema)]
#[allow(clippy::struct_field_names, reason = "so it is called on the chain")]
pub struct StakeChildrenShowOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Number of the subnet.
    netuid: u16,
    /// Children that borrow its stake weight.
    children: Vec<ChildRow>,
    /// Parents that lend stake weight to it.
    parents: Vec<ChildRow>,
    /// Requested children, which replace the current ones later.
    pending: Option<PendingChildrenRow>,
    /// Its take from the earnings for its parents, as a fraction `v / 65535`.
    take: u16,
    /// Higher take that was announced.
    take_raise: Option<AnnouncedTake>,
}

/// Children that are requested and not in effect yet.
#[derive(Debug, Serialize, JsonSchema)]
struct PendingChildrenRow {
    /// The children; empty if all are revoked.
    children: Vec<ChildRow>,
    /// Block after which the first epoch puts them into effect.
    after: BlockNumber,
}

impl Render for StakeChildrenShowOutput {
    fn render(&self, page: &mut Page) {
        let columns = ["AS", "NAME", "HOTKEY"].map(|heading| (heading, Side::Left));
        let [role, name, hotkey] = columns;
        let mut table = Table::new([role, name, hotkey, ("PART", Side::Right)]);
        let pending = self.pending.as_ref().map(|pending| pending.children.as_slice()).unwrap_or_default();
        let lists = [("child", self.children.as_slice()), ("pending child", pending), ("parent", &self.parents)];
        for (role, list) in lists {
            for lent in list {
                let part = percent(lent.proportion, u64::MAX);
                table.row([
                    role.into(),
                    TableCell::optional(lent.name.as_deref()),
                    lent.hotkey.as_str().into(),
                    part.into(),
                ]);
            }
        }
        if lists.iter().all(|(_, list)| list.is_empty()) {
            page.line(format!("{} neither lends nor borrows stake weight on subnet {}", self.hotkey, self.netuid));
        } else {
            page.table(&table);
        }
        if let Some(pending) = &self.pending {
            let what = if pending.children.is_empty() {
                "the revocation of all children takes effect"
            } else {
                "the pending children take effect"
            };
            page.line(format!("{what} with the first epoch after block {}", pending.after));
        }
        let announced =
            |AnnouncedTake { take, from }: &AnnouncedTake| format!(", from block {from} on {}", u16_percent(*take));
        let raise = self.take_raise.as_ref().map_or_else(String::new, announced);
        let take = u16_percent(self.take);
        page.line(Tone::Faint.paint(&format!("it keeps {take} of its earnings for its parents{raise}")));
    }
}

impl Command for ShowChildren {
    const PATH: &'static str = "stake children show";
    const SUMMARY: &'static str = "Show the children and parents of a hotkey on a subnet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "The hotkey of the wallet on subnet 1", line: "myelin stake children show --netuid 1" }];
    type Output = StakeChildrenShowOutput;

    async fn run(self, context: &Context, output: &Printer<StakeChildrenShowOutput>) -> Result<(), CliError> {
        let hotkey = HotkeyArg::or_default(self.hotkey.as_ref(), context)?;
        let names = KnownNames::here(context)?;
        let now = context.chain().await?.at_finalised().await?;
        exists(&now, self.netuid).await?;
        let family = now.family(self.netuid, &hotkey.key).await?;
        let next = next_block(&now);
        let take = family.take_at(next, now.network_parameters().await?.max_childkey_take);
        let take_raise = family.take_raise.filter(|raise| raise.from > next).map(AnnouncedTake::from);
        let pending = family.pending.map(|pending| PendingChildrenRow {
            children: ChildRow::all(&pending.children, &names),
            after: pending.after,
        });
        Ok(output.show(&StakeChildrenShowOutput {
            hotkey: hotkey.key.to_string(),
            netuid: self.netuid.get(),
            children: ChildRow::all(&family.children, &names),
            parents: ChildRow::all(&family.parents, &names),
            pending,
            take: take.get(),
            take_raise,
        })?)
    }
}

/// Returns the number of the next block, in which takes count next.
fn next_block(now: &ChainState) -> BlockNumber {
    BlockNumber::try_from(now.height()).unwrap_or(BlockNumber::MAX).saturating_add(1)
}

async fn exists(now: &ChainState, netuid: NetUid) -> Result<(), CliError> {
    let subnet = now.subnet(netuid).await?;
    subnet.map(drop).ok_or_else(|| myelin_client::ChainError::NoNetwork { netuid, block: now.height() }.into())
}

/// Arguments of `myelin stake children set`.
#[derive(Debug, clap::Args)]
pub struct SetChildren {
    /// Child and its part of the stake weight: `HOTKEY=25%`, with an address or the name of a hotkey on this machine
    #[arg(value_name = "HOTKEY=PART", required_unless_present = "none")]
    children: Vec<Child>,

    /// Revoke all children
    #[arg(long, conflicts_with = "children")]
    none: bool,

    /// Number of the subnet
    #[arg(long)]
    netuid: NetUid,

    /// Parent hotkey, which lends: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// Requested children of a hotkey.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeChildrenSetOutput {
    /// Address of the parent hotkey.
    hotkey: String,
    /// Number of the subnet.
    netuid: u16,
    /// The children; empty if all are revoked.
    children: Vec<ChildRow>,
    /// Block after which the first epoch puts them into effect.
    after: BlockNumber,
}

impl Render for StakeChildrenSetOutput {
    fn render(&self, page: &mut Page) {
        let Self { hotkey, netuid, children, after } = self;
        let count = children.len();
        page.line(format!(
            "{hotkey} has {count} children on subnet {netuid} from the first epoch after block {after} on"
        ));
    }
}

impl Command for SetChildren {
    const PATH: &'static str = "stake children set";
    const SUMMARY: &'static str = "Set the children that borrow a hotkey's stake weight on a subnet";
    const DETAILS: &'static str = "The stake does not move. Children validate with its weight, and share the earnings \
         with the stakers of the parent. The list replaces the current children.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "set_children")];
    const EXAMPLES: &'static [Example] = &[
        Example {
            purpose: "A quarter to one child, half to another",
            line: "myelin stake children set 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY=25% default=50% --netuid 1 --from parent",
        },
        Example { purpose: "Revoke all children", line: "myelin stake children set --none --netuid 1" },
    ];
    type Output = TransactionOutput<StakeChildrenSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (from, signer) = (HotkeyArg::or_default(self.from.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let netuid = self.netuid;
        let names = KnownNames::here(context)?;
        let mut children: Vec<FamilyMember> = Vec::new();
        let mut plan = Plan::new(format!("Lend stake weight of {from} on subnet {netuid}")).touches(netuid);
        for child in &self.children {
            let party = child.hotkey.find(context)?;
            plan = plan.effect(format!("{} to {party}", percent(child.proportion, u64::MAX)));
            let proportion = Proportion::from_parts(child.proportion);
            children.push(FamilyMember { proportion, hotkey: party.key });
        }
        if self.none {
            plan = plan.effect("all children are revoked");
        }
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        own(&now, &from, &signer.public()).await?;
        let network = now.network_parameters().await?;
        let blocks = network.pending_childkey_cooldown;
        let mut plan = plan.effect(format!("the change takes effect with the first epoch after {blocks} more blocks"));
        if !children.is_empty() {
            let [least, owners] = [false, true].map(|is_owners| network.least_lending_stake(is_owners));
            plan = plan
                .effect(format!("{from} needs a stake of {least}, as the hotkey of the subnet's owner {owners}"))
                .effect("a child takes at most the greatest take of a delegate less the take of its parent")
                .risk("the change is dropped if the stake falls below that, or a child has 32 parents that lend more");
        }
        let call = calls::set_children(&from.key, netuid, &children);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let after = included.event::<events::SetChildrenScheduled>().map_or(0, |event| event.after);
            let hotkey = from.key.to_string();
            Ok(StakeChildrenSetOutput {
                hotkey,
                netuid: netuid.get(),
                children: ChildRow::all(&children, &names),
                after,
            })
        })?)?)
    }
}

/// Arguments of `myelin stake children take`.
#[derive(Debug, clap::Args)]
pub struct SetChildTake {
    /// Take in percent, such as `9%`, or as a number `v` of the fraction `v / 65535`
    #[arg(value_parser = take)]
    take: Take,

    /// Number of the subnet
    #[arg(long)]
    netuid: NetUid,

    /// Hotkey: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The new take of a child hotkey.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StakeChildrenTakeOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Number of the subnet.
    netuid: u16,
    /// Its take, as a fraction `v / 65535`.
    take: u16,
    /// First block in which a higher take is in force; absent if the take is in force now.
    from: Option<BlockNumber>,
}

impl Render for StakeChildrenTakeOutput {
    fn render(&self, page: &mut Page) {
        let Self { hotkey, netuid, take, from } = self;
        let later = from.map_or_else(String::new, |from| format!(" from block {from} on"));
        let take = u16_percent(*take);
        page.line(format!("{hotkey} keeps {take} of its earnings for its parents on subnet {netuid}{later}"));
    }
}

impl Command for SetChildTake {
    const PATH: &'static str = "stake children take";
    const SUMMARY: &'static str = "Set the take of a child hotkey on a subnet";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Staking", "set_childkey_take")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "A take of 5 % on subnet 1", line: "myelin stake children take 5% --netuid 1" }];
    type Output = TransactionOutput<StakeChildrenTakeOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) = (HotkeyArg::or_default(self.hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let (netuid, take) = (self.netuid, self.take);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        own(&now, &hotkey, &signer.public()).await?;
        let network = now.network_parameters().await?;
        let before = now.family(netuid, &hotkey.key).await?.take_at(next_block(&now), network.max_childkey_take);
        let [from, to] = [before, take].map(|take| u16_percent(take.get()));
        let mut plan =
            Plan::new(format!("Change the take of the child hotkey {hotkey} on subnet {netuid} from {from} to {to}"))
                .touches(netuid);
        if take > before {
            let limit = network.tx_childkey_take_rate_limit;
            plan = plan
                .effect(in_force_later(&now, network.take_notice).await?)
                .risk(format!("a rise fails within {limit} blocks of the last change"));
        }
        let call = calls::set_childkey_take(&hotkey.key, netuid, take);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|included| {
            let from = included.event::<events::TakeRaiseAnnounced>().map(|announced| announced.from);
            let hotkey = hotkey.key.to_string();
            Ok(StakeChildrenTakeOutput { hotkey, netuid: netuid.get(), take: take.get(), from })
        })?)?)
    }
}
