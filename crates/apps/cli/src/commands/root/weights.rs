//! The weights that root validators give to subnets.

use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{HotkeyArg, KnownNames},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    plan::Plan,
    share::percent,
    transact::{TransactionArgs, TransactionOutput},
};
use futures::{StreamExt, TryStreamExt, stream};
use myelin_client::{ChainError, ChainState, MetagraphInfo, calls};
use myelin_primitives::{Amount, NetUid, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::BTreeMap, str::FromStr};

/// The most requests to the node at the same time.
const MAX_IN_FLIGHT: usize = 16;

async fn root(now: &ChainState) -> Result<MetagraphInfo, CliError> {
    let root = now.metagraph(NetUid::ROOT).await?;
    Ok(root.ok_or(ChainError::NoNetwork { netuid: NetUid::ROOT, block: now.height() })?)
}

/// Arguments of `myelin root weights show`.
#[derive(Debug, clap::Args)]
pub struct ShowWeights {
    /// Only the weights of this root validator: an address, or the name of a hotkey on this machine
    #[arg(value_name = "HOTKEY")]
    hotkey: Option<HotkeyArg>,
}

/// The weights of root validators.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootWeightsShowOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Each root validator, by seat.
    validators: Vec<RootValidatorRow>,
}

/// A root validator and its weights.
#[derive(Debug, Serialize, JsonSchema)]
struct RootValidatorRow {
    /// Uid of its seat.
    uid: u16,
    /// Address of its hotkey.
    hotkey: String,
    /// Name of the hotkey on this machine.
    name: Option<String>,
    /// Stake on the hotkey, in rao.
    #[schemars(with = "u64")]
    stake: Amount<Tao>,
    /// Block in which it last set weights.
    last_update: u32,
    /// Weight of each network, by netuid; only the proportions count.
    weights: BTreeMap<u16, u16>,
}

impl Render for RootWeightsShowOutput {
    fn render(&self, page: &mut Page) {
        if self.validators.is_empty() {
            page.line("root has no validators; `myelin root register` registers one");
            return;
        }
        let mut table = Table::new([
            ("UID", Side::Right),
            ("NAME", Side::Left),
            ("HOTKEY", Side::Left),
            ("STAKE", Side::Right),
            ("UPDATED", Side::Right),
            ("WEIGHTS", Side::Left),
        ]);
        for validator in &self.validators {
            let sum: u64 = validator.weights.values().map(|weight| u64::from(*weight)).sum();
            let weights = validator.weights.iter().map(|(netuid, weight)| {
                let part = percent((*weight).into(), sum);
                format!("{netuid}: {part}")
            });
            let weights = weights.collect::<Vec<_>>().join(", ");
            table.row([
                validator.uid.to_string().into(),
                TableCell::optional(validator.name.as_deref()),
                validator.hotkey.as_str().into(),
                validator.stake.to_string().into(),
                validator.last_update.to_string().into(),
                TableCell::optional(Some(weights).filter(|weights| !weights.is_empty())),
            ]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("as of block {}; weights are by netuid", self.block)));
    }
}

impl Command for ShowWeights {
    const PATH: &'static str = "root weights show";
    const SUMMARY: &'static str = "Show the weights that root validators give to subnets";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All root validators", line: "myelin root weights show" },
        Example { purpose: "One root validator", line: "myelin root weights show validator-1" },
    ];
    type Output = RootWeightsShowOutput;

    async fn run(self, context: &Context, output: &Printer<RootWeightsShowOutput>) -> Result<(), CliError> {
        let one = self.hotkey.as_ref().map(|hotkey| hotkey.find(context)).transpose()?;
        let names = KnownNames::here(context)?;
        let now = context.chain().await?.at_finalised().await?;
        let members = root(&now).await?.neurons;
        let chosen: Vec<_> =
            members.into_iter().filter(|member| one.as_ref().is_none_or(|one| one.key == member.hotkey)).collect();
        if let Some(one) = one.filter(|_| chosen.is_empty()) {
            return Err(no_seat(&one.to_string()));
        }
        let validators = chosen.into_iter().map(async |member| {
            let ratings = now.ratings(NetUid::ROOT, member.uid).await?;
            let weights = ratings.map(|ratings| ratings.weights).unwrap_or_default();
            Ok::<_, CliError>(RootValidatorRow {
                uid: member.uid.get(),
                hotkey: member.hotkey.to_string(),
                name: names.of(&member.hotkey).map(str::to_owned),
                stake: member.stake,
                last_update: member.last_update,
                weights: weights.iter().map(|entry| (entry.uid.get(), entry.value)).collect(),
            })
        });
        let validators = stream::iter(validators).buffered(MAX_IN_FLIGHT).try_collect().await?;
        Ok(output.show(&RootWeightsShowOutput { block: now.height(), validators })?)
    }
}

fn no_seat(hotkey: &str) -> CliError {
    CliError::NotFound {
        message: format!("{hotkey} has no seat on root"),
        hint: "register it with `myelin root register`".into(),
    }
}

/// The weight of a subnet as it is typed: `NETUID=WEIGHT`.
#[derive(Clone, Copy, Debug)]
struct SubnetWeightArg(NetUid, u16);

impl FromStr for SubnetWeightArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || "write a subnet and its weight up to 65535, such as `1=50`".to_owned();
        let (netuid, weight) = text.split_once('=').ok_or_else(refused)?;
        Ok(Self(netuid.trim().parse().map_err(|_| refused())?, weight.trim().parse().map_err(|_| refused())?))
    }
}

/// Arguments of `myelin root weights set`.
#[derive(Debug, clap::Args)]
pub struct SetWeights {
    /// Weight of each subnet, up to 65535; only the proportions count
    #[arg(value_name = "NETUID=WEIGHT", required_unless_present = "none")]
    weights: Vec<SubnetWeightArg>,

    /// Remove all weights
    #[arg(long, conflicts_with = "weights")]
    none: bool,

    /// Hotkey of the root validator: the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(long, value_name = "HOTKEY")]
    from: Option<HotkeyArg>,

    /// Version key of the validator, for networks that require one
    #[arg(long, value_name = "VERSION", default_value = "0")]
    version_key: u64,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The new weights of a root validator.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RootWeightsSetOutput {
    /// Address of the hotkey.
    hotkey: String,
    /// Weight of each subnet, by netuid; only the proportions count.
    weights: BTreeMap<u16, u16>,
}

impl Render for RootWeightsSetOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} has set its weights on root", self.hotkey));
    }
}

impl SetWeights {
    /// Returns one weight for each subnet.
    ///
    /// # Errors
    /// [`CliError::Usage`] if a subnet has two weights.
    fn checked(&self) -> Result<BTreeMap<NetUid, u16>, CliError> {
        let mut weights = BTreeMap::new();
        for SubnetWeightArg(netuid, weight) in &self.weights {
            if weights.insert(*netuid, *weight).is_some() {
                return Err(CliError::Usage {
                    message: format!("subnet {netuid} has two weights"),
                    hint: "give each subnet one weight",
                });
            }
        }
        Ok(weights)
    }
}

impl Command for SetWeights {
    const PATH: &'static str = "root weights set";
    const SUMMARY: &'static str = "Set the weights of subnets as a root validator";
    const DETAILS: &'static str = "The coldkey signs, so that a stolen hotkey cannot move the emission. The weights \
         take effect with the next root epoch, and replace all earlier weights.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Weights", "set_root_weights")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Three quarters to subnet 1, the rest to 7", line: "myelin root weights set 1=75 7=25" },
        Example { purpose: "Remove all weights", line: "myelin root weights set --none" },
    ];
    type Output = TransactionOutput<RootWeightsSetOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let weights = self.checked()?;
        let (hotkey, signer) = (HotkeyArg::or_default(self.from.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let root = root(&now).await?;
        let member = root.by_hotkey(&hotkey.key).ok_or_else(|| no_seat(&hotkey.to_string()))?;
        let known = now.subnets().await?;
        let sum: u64 = weights.values().map(|weight| u64::from(*weight)).sum();
        let mut plan = Plan::new(format!("Set the weights of {hotkey} on root"))
            .effect(format!("they count with a stake of {} from the next root epoch on", member.stake));
        for (netuid, weight) in &weights {
            if !known.iter().any(|network| network.netuid == *netuid) {
                return Err(ChainError::NoNetwork { netuid: *netuid, block: now.height() }.into());
            }
            plan = plan.touches(*netuid).effect(format!("subnet {netuid}: {}", percent((*weight).into(), sum)));
        }
        if let Some(parameters) = now.parameters(NetUid::ROOT).await? {
            let blocks = parameters.weights_set_rate_limit;
            plan = plan.risk(format!("it fails within {blocks} blocks of the last weights, or of the registration"));
        }
        let pairs: Vec<_> = weights.iter().map(|(netuid, weight)| (*netuid, *weight)).collect();
        let call = calls::set_root_weights(&hotkey.key, &pairs, self.version_key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        Ok(output.show(&sent.output(|_| {
            let weights = weights.iter().map(|(netuid, weight)| (netuid.get(), *weight)).collect();
            Ok(RootWeightsSetOutput { hotkey: hotkey.key.to_string(), weights })
        })?)?)
    }
}
