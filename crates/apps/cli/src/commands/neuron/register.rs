//! The command `myelin neuron register`.

use super::search::{Effort, WantedSeat, search, search_path};
use crate::{
    command::{Calls, Command, Effect, Example},
    consent::{ConsentArgs, NewPair, PAIR_FIRST},
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

/// Arguments of `myelin neuron register`.
#[derive(Debug, clap::Args)]
pub struct Register {
    /// Number of the subnet
    #[arg(long)]
    netuid: NetUid,

    /// Hotkey to register: an address, the name of a hotkey on this machine, or `myself` [default: myself]
    #[arg(conflicts_with = "work")]
    hotkey: Option<HotkeyArg>,

    /// Pay with proof of work instead of TAO. Ctrl-C pauses the search, and the same command continues it
    #[arg(long)]
    work: bool,

    /// Number of cores that search [default: all]
    #[arg(long, value_name = "COUNT", requires = "work")]
    cores: Option<NonZeroUsize>,

    /// The highest price to pay [default: the present price]
    #[arg(long, value_name = "AMOUNT", conflicts_with = "work")]
    max_price: Option<Amount<Tao>>,

    /// Pay the price at inclusion, without a limit
    #[arg(long, conflicts_with_all = ["work", "max_price"])]
    any_price: bool,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A seat that was taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeuronRegisterOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Uid of the seat, if the events of the transaction name it.
    uid: Option<u16>,
    /// Address of the hotkey.
    hotkey: String,
    /// Address of the coldkey that owns the hotkey.
    coldkey: String,
    /// TAO that was burned for the seat, in rao.
    #[schemars(with = "u64")]
    burned: Amount<Tao>,
    /// Work of the search, if the seat was taken with proof of work.
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
        page.line(
            Tone::Faint
                .paint(&format!("announce its axon with `myelin neuron serve ADDRESS:PORT --netuid {}`", self.netuid)),
        );
    }
}

impl Command for Register {
    const PATH: &'static str = "neuron register";
    const SUMMARY: &'static str = "Register a hotkey on a subnet, for TAO or proof of work";
    const DETAILS: &'static str = "If every seat is taken, the new neuron replaces the neuron with the lowest score, a \
         slow mean of its pay. Among equals it replaces the one that registered first. A neuron within its immunity \
         period is replaced only if no other neuron can be. A seat that is protected for the owner of the subnet is \
         never replaced. In the launch phase of the chain, a subnet without an owner replaces the neuron that has held \
         its seat longest. `myelin explain seat NETUID` lists the seats in the order of pruning.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[
        ("Neurons", "register_limit"),
        ("Neurons", "burned_register"),
        ("Neurons", "register"),
        PAIR_FIRST[0],
        PAIR_FIRST[1],
    ];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Show the price", line: "myelin neuron register --netuid 1 --dry-run" },
        Example {
            purpose: "Accept a price of up to 0.5 TAO",
            line: "myelin neuron register --netuid 1 --max-price 0.5",
        },
        Example { purpose: "Pay with proof of work", line: "myelin neuron register --netuid 1 --work" },
    ];
    type Output = TransactionOutput<NeuronRegisterOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        if self.netuid.is_root() {
            return Err(CliError::Usage {
                message: "`neuron register` does not register on root".into(),
                hint: "register on root with `myelin root register`",
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
        let (carried, work) = if let Some(path) = kept {
            self.work(context, &chain, &subnet, &hotkey, &coldkey, path).await?
        } else {
            let pair = self.consent.new_pair(context, &chain, &now, &coldkey, &hotkey).await?;
            (self.burn(context, &chain, &subnet, &hotkey, pair).await?, None)
        };
        Ok(output.show(&carried.output(|included| {
            Ok(NeuronRegisterOutput {
                netuid: self.netuid,
                uid: taken(included, &hotkey.key),
                hotkey: hotkey.key.to_string(),
                coldkey: coldkey.to_string(),
                burned: if work.is_some() { Amount::ZERO } else { burned(included) },
                work,
            })
        })?)?)
    }
}

/// Returns the uid of the seat that the hotkey took.
fn taken(included: &IncludedTransaction, hotkey: &PublicKey) -> Option<u16> {
    let seat = included.event::<NeuronRegistered>()?;
    (key(seat.hotkey) == *hotkey).then(|| seat.uid.get())
}

/// Returns the price of the seat. The cost of a new pair is burned before it.
fn burned(included: &IncludedTransaction) -> Amount<Tao> {
    let burned = included.events().filter_map(|event| event.ok()?.decode_fields_as::<Burned>()?.ok()).last();
    burned.map_or(Amount::ZERO, |burned| Amount::from_rao(burned.amount))
}

impl Register {
    /// Returns an error if the hotkey cannot be registered, which is known beforehand.
    async fn check(&self, now: &ChainState, hotkey: &NamedKey, coldkey: &PublicKey) -> Result<(), CliError> {
        let netuid = self.netuid;
        if let Some(uid) = now.uid(netuid, &hotkey.key).await? {
            return Err(CliError::Impossible {
                message: format!("{hotkey} already has seat {uid} on subnet {netuid}"),
                hint: format!("show it with `myelin neuron show --netuid {netuid}`").into(),
            });
        }
        match now.hotkey(&hotkey.key).await? {
            Some(known) if known.coldkey != *coldkey => Err(CliError::Impossible {
                message: format!("{hotkey} belongs to {}", known.coldkey),
                hint: "choose another hotkey, or the wallet of its owner with `--wallet`".into(),
            }),
            _ => Ok(()),
        }
    }

    /// Makes the part of the plan that both kinds of registration share.
    fn plan(&self, summary: String, subnet: &SubnetInfo) -> Plan {
        let full = subnet.neurons >= subnet.max_neurons;
        let room =
            if full { "another neuron loses its seat, because every seat is taken" } else { "it takes a free seat" };
        Plan::new(summary).touches(self.netuid).effect(room)
    }

    async fn burn(
        &self,
        context: &Context,
        chain: &Chain,
        subnet: &SubnetInfo,
        hotkey: &NamedKey,
        pair: Option<NewPair>,
    ) -> Result<PlanOutcome, CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        let Some(price) = subnet.registration.burn else {
            return Err(CliError::Impossible {
                message: format!("burned registration is closed on subnet {netuid}"),
                hint: match subnet.registration.difficulty {
                    Some(_) => "register with proof of work: add `--work`".into(),
                    None => "choose another subnet of `myelin subnet list`".into(),
                },
            });
        };
        let limit = self.max_price.unwrap_or(price);
        if price > limit {
            return Err(CliError::Impossible {
                message: format!("the limit is {limit}; a seat costs {price}"),
                hint: format!("wait until the price is adjusted in block {}", subnet.registration.adjusts_at).into(),
            });
        }
        let spends = if self.any_price { price } else { limit };
        let plan = self
            .plan(format!("Register {hotkey} on subnet {netuid} for TAO"), subnet)
            .spends(spends)
            .effect(format!("{price} are burned at the present price"));
        let adjusts = subnet.registration.adjusts_at;
        if self.any_price {
            let plan = plan.risk(format!("the price may rise in block {adjusts}, and has no limit"));
            let call = calls::burned_register(netuid, &hotkey.key);
            return self.sending.send_paired(context, chain, &signer, pair, &call, plan).await;
        }
        let plan = plan.risk(format!("fails if the price has risen above {limit}, which it may in block {adjusts}"));
        let call = calls::register_limit(netuid, &hotkey.key, limit);
        self.sending.send_paired(context, chain, &signer, pair, &call, plan).await
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
                message: format!("registration by proof of work is closed on subnet {netuid}"),
                hint: match subnet.registration.burn {
                    Some(_) => "register with TAO: leave out `--work`".into(),
                    None => "choose another subnet of `myelin subnet list`".into(),
                },
            });
        };
        let plan = self
            .plan(format!("Register {hotkey} on subnet {netuid} with proof of work"), subnet)
            .costs(Amount::ZERO)
            .effect(format!("{difficulty} seals have to be tried on average"))
            .effect(format!("{hotkey} belongs to {coldkey}"))
            .risk(format!(
                "the difficulty is adjusted in block {}, and other registrations may be faster",
                subnet.registration.adjusts_at
            ));
        let consent = match chain.at_finalised().await?.hotkey(&hotkey.key).await? {
            Some(_) => None,
            None => Some(self.consent.find(context, chain, coldkey, coldkey, &hotkey.key)?),
        };
        let ready = match self.sending.prepare(context, chain, &signer, plan).await? {
            PreparedPlan::Shown(plan) => return Ok((PlanOutcome::shown(plan), None)),
            PreparedPlan::Ready(ready) => ready.with_mortality(myelin_client::work::MORTALITY),
        };
        let consent = consent.map(|consent| consent.sign(context.terminal())).transpose()?.flatten();
        let seat = WantedSeat { netuid, hotkey: &hotkey.key, coldkey, consent };
        let (transaction, included, effort) = search(chain, &ready, seat, self.cores, path).await?;
        Ok((ready.carried(transaction, included), Some(effort)))
    }
}
