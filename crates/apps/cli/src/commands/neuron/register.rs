//! `myelin neuron register`

use super::search::{Effort, search, search_path};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{ColdkeyArg, HotkeyArg, NamedKey},
    output::Printer,
    page::{Page, Render, Tone},
    plan::Plan,
    transact::{PlanOutcome, PreparedPlan, TransactionArgs, TransactionOutput},
};
use myelin_client::{
    Amount, Chain, ChainState, IncludedTransaction, NetUid, PublicKey, SubnetInfo, Tao, calls, key,
    runtime::{balances::events::Burned, neurons::events::NeuronRegistered},
};
use schemars::JsonSchema;
use serde::Serialize;
use std::{num::NonZeroUsize, path::PathBuf};

/// `myelin neuron register`
#[derive(Debug, clap::Args)]
pub struct Register {
    /// On which subnet
    #[arg(long)]
    netuid: NetUid,

    /// Whom: an address or a name; by default the hotkey that is meant
    #[arg(conflicts_with = "work")]
    hotkey: Option<HotkeyArg>,

    /// Pay with work in place of TAO. Ctrl-C pauses it, and the same command goes on
    #[arg(long)]
    work: bool,

    /// On how many cores; by default on all
    #[arg(long, value_name = "COUNT", requires = "work")]
    cores: Option<NonZeroUsize>,

    /// The highest price that is paid; by default the present one
    #[arg(long, value_name = "AMOUNT", conflicts_with = "work")]
    max_price: Option<Amount<Tao>>,

    /// Pay whatever it costs by then
    #[arg(long, conflicts_with_all = ["work", "max_price"])]
    any_price: bool,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A seat that was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronRegisterOutput {
    /// On which network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The seat.
    uid: Option<u16>,
    /// The address of the hotkey.
    hotkey: String,
    /// The address of the coldkey that owns it.
    coldkey: String,
    /// What was burned for it, in rao.
    #[schemars(with = "u64")]
    burned: Amount<Tao>,
    /// What was worked for it.
    work: Option<Effort>,
}

impl Render for NeuronRegisterOutput {
    fn render(&self, page: &mut Page) {
        let seat = self.uid.map_or_else(|| "a seat".to_owned(), |uid| format!("seat {uid}"));
        let price = match &self.work {
            Some(effort) => effort.to_string(),
            None => self.burned.to_string(),
        };
        page.line(format!("{} has {seat} on subnet {}, for {price}", self.hotkey, self.netuid));
        page.line(Tone::Faint.paint(&format!(
            "announce where it answers with `myelin neuron serve ADDRESS:PORT --netuid {}`",
            self.netuid
        )));
    }
}

impl Command for Register {
    const PATH: &'static str = "neuron register";
    const SUMMARY: &'static str = "Take a seat on a subnet, for TAO or for work";
    const DETAILS: &'static str = "A seat is lost to a newcomer when every seat is taken and no other neuron past its \
                                   immunity earns less.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Neurons", "register_limit"), ("Neurons", "burned_register"), ("Neurons", "register")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "What does it cost?", line: "myelin neuron register --netuid 1 --dry-run" },
        Example {
            purpose: "Also if the price rises a little",
            line: "myelin neuron register --netuid 1 --max-price 0.5",
        },
        Example { purpose: "Without TAO", line: "myelin neuron register --netuid 1 --work" },
    ];
    type Output = TransactionOutput<NeuronRegisterOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        if self.netuid.is_root() {
            return Err(CliError::Usage {
                message: "root is joined in another way".into(),
                hint: "see `myelin root register --help`",
            });
        }
        let hotkey = HotkeyArg::or_default(self.hotkey.as_ref(), context)?;
        let coldkey = ColdkeyArg::or_default(None, context)?.key;
        let kept = if self.work { Some(search_path(self.netuid, &hotkey.key)?) } else { None };
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let subnet = now.subnet(self.netuid).await?;
        let missing = || myelin_client::ChainError::NoNetwork { netuid: self.netuid, block: now.height() };
        let subnet = subnet.ok_or_else(missing)?;
        self.check(&now, &hotkey, &coldkey).await?;
        let (carried, work) = match kept {
            Some(path) => self.work(context, &chain, &subnet, &hotkey, &coldkey, path).await?,
            None => (self.burn(context, &chain, &subnet, &hotkey).await?, None),
        };
        Ok(output.show(&carried.output(|included| {
            Ok(NeuronRegisterOutput {
                netuid: self.netuid,
                uid: taken(included, &hotkey.key),
                hotkey: hotkey.key.to_string(),
                coldkey: coldkey.to_string(),
                burned: included.event::<Burned>().map_or(Amount::ZERO, |burned| Amount::from_rao(burned.amount)),
                work,
            })
        })?)?)
    }
}

/// The seat that the hotkey took there.
fn taken(included: &IncludedTransaction, hotkey: &PublicKey) -> Option<u16> {
    let seat = included.event::<NeuronRegistered>()?;
    (key(seat.hotkey) == *hotkey).then(|| seat.uid.get())
}

impl Register {
    /// Whether it can be had at all.
    async fn check(&self, now: &ChainState, hotkey: &NamedKey, coldkey: &PublicKey) -> Result<(), CliError> {
        let netuid = self.netuid;
        if let Some(uid) = now.uid(netuid, &hotkey.key).await? {
            return Err(CliError::Impossible {
                message: format!("{hotkey} has seat {uid} on subnet {netuid} already"),
                hint: format!("see it with `myelin neuron show --netuid {netuid}`").into(),
            });
        }
        match now.hotkey(&hotkey.key).await? {
            Some(known) if known.coldkey != *coldkey => Err(CliError::Impossible {
                message: format!("{hotkey} belongs to {}", known.coldkey),
                hint: "take another hotkey, or the wallet of its owner".into(),
            }),
            _ => Ok(()),
        }
    }

    /// What is the same in both ways.
    fn plan(&self, summary: String, subnet: &SubnetInfo) -> Plan {
        let full = subnet.neurons >= subnet.max_neurons;
        let room = if full { "another neuron makes room, because every seat is taken" } else { "it takes a free seat" };
        Plan::new(summary).touches(self.netuid).effect(room)
    }

    async fn burn(
        &self,
        context: &Context,
        chain: &Chain,
        subnet: &SubnetInfo,
        hotkey: &NamedKey,
    ) -> Result<PlanOutcome, CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        let Some(price) = subnet.registration.burn else {
            return Err(CliError::Impossible {
                message: format!("subnet {netuid} sells no seats"),
                hint: match subnet.registration.difficulty {
                    Some(_) => "work for one, with `--work`".into(),
                    None => "see where there are some with `myelin subnet list`".into(),
                },
            });
        };
        let limit = self.max_price.unwrap_or(price);
        if price > limit {
            return Err(CliError::Impossible {
                message: format!("a seat costs {price}, which is more than {limit}"),
                hint: format!("wait until the price is adjusted in block {}", subnet.registration.adjusts_at).into(),
            });
        }
        let spends = if self.any_price { price } else { limit };
        let plan = self
            .plan(format!("Buy a seat on subnet {netuid} for {hotkey}"), subnet)
            .spends(spends)
            .effect(format!("{price} are burned at the present price"))
            .effect(format!("{hotkey} belongs to {signer}"));
        let adjusts = subnet.registration.adjusts_at;
        if self.any_price {
            let plan = plan.risk(format!("the price may rise in block {adjusts}, and is paid whatever it is"));
            return self
                .sending
                .send(context, chain, &signer, &calls::burned_register(netuid, &hotkey.key), plan)
                .await;
        }
        let plan = plan.risk(format!("fails if the price has risen above {limit}, which it may in block {adjusts}"));
        self.sending.send(context, chain, &signer, &calls::register_limit(netuid, &hotkey.key, limit), plan).await
    }

    async fn work(
        &self,
        context: &Context,
        chain: &Chain,
        subnet: &SubnetInfo,
        hotkey: &NamedKey,
        coldkey: &PublicKey,
        path: PathBuf,
    ) -> Result<(PlanOutcome, Option<Effort>), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::hotkey(context)?);
        let Some(difficulty) = subnet.registration.difficulty else {
            return Err(CliError::Impossible {
                message: format!("subnet {netuid} gives no seats for work"),
                hint: match subnet.registration.burn {
                    Some(_) => "buy one, without `--work`".into(),
                    None => "see where there are some with `myelin subnet list`".into(),
                },
            });
        };
        let plan = self
            .plan(format!("Work for a seat on subnet {netuid} for {hotkey}"), subnet)
            .costs(Amount::ZERO)
            .effect(format!("{difficulty} seals have to be tried on average"))
            .effect(format!("{hotkey} belongs to {coldkey}"))
            .risk(format!(
                "the difficulty is adjusted in block {}, and others may be faster",
                subnet.registration.adjusts_at
            ));
        let ready = match self.sending.prepare(context, chain, &signer, plan).await? {
            PreparedPlan::Shown(plan) => return Ok((PlanOutcome::shown(plan), None)),
            PreparedPlan::Ready(ready) => ready.with_mortality(myelin_client::work::MORTALITY),
        };
        let (transaction, included, effort) =
            search(chain, &ready, netuid, &hotkey.key, coldkey, self.cores, path).await?;
        Ok((ready.carried(transaction, included), Some(effort)))
    }
}
