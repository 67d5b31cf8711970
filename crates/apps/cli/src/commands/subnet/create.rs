//! Subnets come, go and change hands.

use super::{
    find_own,
    identity::{SubnetIdentityTexts, a_name},
    price::{Prices, PrunedSubnet},
};
use crate::{
    command::{Calls, Command, Effect, Example},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::{ColdkeyArg, HotkeyArg},
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{
    Amount, Chain, NetUid, Tao, calls,
    runtime::subnets::events::{NetworkAdded, NetworkRemoved},
};
use schemars::JsonSchema;
use serde::Serialize;

/// `myelin subnet create`
#[derive(Debug, clap::Args)]
pub struct Create {
    /// What it is called
    #[arg(long, value_name = "TEXT", value_parser = a_name())]
    name: Option<String>,

    /// The hotkey that takes its first seat: an address or a name; by default the hotkey that is meant
    #[arg(long, value_name = "HOTKEY")]
    owner_hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that was created.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetCreateOutput {
    /// Its number.
    netuid: Option<u16>,
    /// What is locked for it, in rao.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// The address of the hotkey with its first seat.
    hotkey: String,
}

impl Render for SubnetCreateOutput {
    fn render(&self, page: &mut Page) {
        let number = self.netuid.map_or_else(|| "the subnet".to_owned(), |netuid| format!("subnet {netuid}"));
        page.line(format!(
            "{number} is yours; {} are locked for it, and {} has its first seat",
            self.locked, self.hotkey
        ));
    }
}

impl Create {
    async fn plan(&self, chain: &Chain, signer: &WalletSigner, hotkey: &str) -> Result<Plan, CliError> {
        let prices = Prices::read(&chain.at_finalised().await?).await?;
        if let Some(block) = prices.not_before() {
            return Err(CliError::Impossible {
                message: format!(
                    "another subnet was created lately, so the next comes in block {block} at the earliest"
                ),
                hint: "see the price until then with `myelin subnet price`".into(),
            });
        }
        let price = prices.price();
        let name = self.name.as_ref().map_or_else(String::new, |name| format!(" called {name}"));
        let plan = Plan::new(format!("Create a subnet{name} for {price}, with {signer}"))
            .spends(price)
            .effect(format!("{price} are locked, and given back when the subnet ends"))
            .effect(format!("{hotkey} takes the first seat"));
        let plan = match prices.replaced() {
            PrunedSubnet::Nobody => plan,
            PrunedSubnet::Subnet(netuid) => plan.effect(format!("subnet {netuid} ends, because every place is taken")),
            PrunedSubnet::AllImmune => {
                return Err(CliError::Impossible {
                    message: "every place is taken, and no subnet is old enough to be replaced".into(),
                    hint: "see which there are with `myelin subnet list`".into(),
                });
            }
        };
        Ok(plan.risk("if somebody creates one before, the price is twice as high, or the next has to wait"))
    }
}

impl Command for Create {
    const PATH: &'static str = "subnet create";
    const SUMMARY: &'static str = "Create a subnet of one's own";
    const DETAILS: &'static str = "Its price is locked as long as it exists. `myelin subnet price` tells how it falls.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "register_network"), ("Subnets", "register_network_with_identity")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "What would it cost?", line: "myelin subnet create --name text --dry-run" },
        Example { purpose: "Create it", line: "myelin subnet create --name text" },
    ];
    type Output = TransactionOutput<SubnetCreateOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) =
            (HotkeyArg::or_default(self.owner_hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let plan = self.plan(&chain, &signer, &hotkey.to_string()).await?;
        let sent = if let Some(name) = self.name {
            let call = calls::register_network_with_identity(&hotkey.key, SubnetIdentityTexts::named(name).into());
            self.sending.send(context, &chain, &signer, &call, plan).await?
        } else {
            self.sending.send(context, &chain, &signer, &calls::register_network(&hotkey.key), plan).await?
        };
        output.show(&sent.answer(|included| {
            let added = included.event::<NetworkAdded>();
            Ok(SubnetCreateOutput {
                netuid: added.as_ref().map(|added| NetUid::from(added.netuid).get()),
                locked: added.map_or(Amount::ZERO, |added| added.locked.into()),
                hotkey: hotkey.to_string(),
            })
        })?)
    }
}

/// `myelin subnet remove`
#[derive(Debug, clap::Args)]
pub struct Remove {
    /// Which subnet
    netuid: NetUid,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that ended. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetRemoveOutput {
    /// Which subnet it was.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// What was given back.
    #[schemars(with = "u64")]
    refunded: Amount<Tao>,
    /// What nobody gets, and is issued again one day.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
}

impl Render for SubnetRemoveOutput {
    fn render(&self, page: &mut Page) {
        let Self { netuid, refunded, recycled } = self;
        page.line(format!("subnet {netuid} has ended; {refunded} given back, {recycled} recycled"));
    }
}

impl Command for Remove {
    const PATH: &'static str = "subnet remove";
    const SUMMARY: &'static str = "End a subnet, and get back what is locked for it";
    const DETAILS: &'static str = "Only the owner may. It cannot be undone.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "dissolve_network")];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "What would be given back?", line: "myelin subnet remove 2 --dry-run" },
        Example { purpose: "End it", line: "myelin subnet remove 2" },
    ];
    type Output = TransactionOutput<SubnetRemoveOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, signer) = (self.netuid, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let subnet = find_own(&chain.at_finalised().await?, netuid, &signer).await?;
        let plan = Plan::new(format!("End subnet {netuid} for ever"))
            .touches(netuid)
            .effect(format!("{} that are locked for it go to {signer}", subnet.locked))
            .effect(format!("{} that have accrued since the last epoch are recycled, not paid", subnet.pending))
            .effect(format!("{} neurons lose their seats; stake on them stays", subnet.neurons));
        let sent = self.sending.send(context, &chain, &signer, &calls::dissolve_network(netuid), plan).await?;
        output.show(&sent.answer(|included| {
            let ended = included.event::<NetworkRemoved>();
            let (refunded, recycled) =
                ended.map_or_else(Default::default, |ended| (ended.refunded.into(), ended.recycled.into()));
            Ok(SubnetRemoveOutput { netuid, refunded, recycled })
        })?)
    }
}

/// `myelin subnet transfer`
#[derive(Debug, clap::Args)]
pub struct Transfer {
    /// Which subnet
    netuid: NetUid,

    /// To whom: an address or the name of a wallet
    #[arg(long, value_name = "COLDKEY")]
    to: ColdkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that changed hands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetTransferOutput {
    /// Which subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Whose it is: an address.
    owner: String,
}

impl Render for SubnetTransferOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("subnet {} is {}'s", self.netuid, self.owner));
    }
}

impl Command for Transfer {
    const PATH: &'static str = "subnet transfer";
    const SUMMARY: &'static str = "Give a subnet to another coldkey, with what is locked for it";
    const DETAILS: &'static str = "Only the owner may. The new owner names a hotkey with `myelin subnet owner-hotkey`.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "transfer_network")];
    const EXAMPLES: &'static [Example] =
        &[Example { purpose: "To another wallet of one's own", line: "myelin subnet transfer 2 --to savings" }];
    type Output = TransactionOutput<SubnetTransferOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, to, signer) = (self.netuid, self.to.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let subnet = find_own(&chain.at_finalised().await?, netuid, &signer).await?;
        if to.key == signer.public() {
            return Err(CliError::Usage { message: "it is theirs already".into(), hint: "name another with `--to`" });
        }
        let plan = Plan::new(format!("Give subnet {netuid} to {to}"))
            .touches(netuid)
            .effect(format!("{} that are locked for it are theirs too", subnet.locked))
            .effect("the owner's hotkey represents nobody any more, and its seat is not protected");
        let sent = self.sending.send(context, &chain, &signer, &calls::transfer_network(netuid, &to.key), plan).await?;
        output.show(&sent.answer(|_| Ok(SubnetTransferOutput { netuid, owner: to.key.to_string() }))?)
    }
}

/// `myelin subnet owner-hotkey`
#[derive(Debug, clap::Args)]
pub struct OwnerHotkey {
    /// Which subnet
    netuid: NetUid,

    /// Which hotkey: an address or a name
    hotkey: HotkeyArg,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// The hotkey that represents an owner.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetOwnerHotkeyOutput {
    /// Of which subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The address of the hotkey.
    hotkey: String,
}

impl Render for SubnetOwnerHotkeyOutput {
    fn render(&self, page: &mut Page) {
        page.line(format!("{} represents the owner of subnet {}", self.hotkey, self.netuid));
    }
}

impl Command for OwnerHotkey {
    const PATH: &'static str = "subnet owner-hotkey";
    const SUMMARY: &'static str = "Name the hotkey that represents the owner of a subnet";
    const DETAILS: &'static str = "Only the owner may, now and then. The hotkey has to be the owner's; its seat, if it \
                                   has one, is never given to somebody else.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls = &[("Subnets", "set_subnet_owner_hotkey")];
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Name it", line: "myelin subnet owner-hotkey 2 owner" }];
    type Output = TransactionOutput<SubnetOwnerHotkeyOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (netuid, hotkey, signer) = (self.netuid, self.hotkey.find(context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let subnet = find_own(&now, netuid, &signer).await?;
        let known = now.hotkey(&hotkey.key).await?;
        if known.is_none_or(|known| known.coldkey != signer.public()) {
            return Err(CliError::Impossible {
                message: format!("{hotkey} is not a hotkey of {signer}"),
                hint: "give it a seat with `myelin neuron register`, which makes it one".into(),
            });
        }
        let before = subnet.owner_hotkey.map_or_else(|| "nobody".to_owned(), |before| before.to_string());
        let limit = now.network_parameters().await?.owner_hotkey_rate_limit;
        let plan = Plan::new(format!("Let {hotkey} represent the owner of subnet {netuid}"))
            .touches(netuid)
            .effect(format!("until now it was {before}"))
            .risk(format!("can be changed once in {limit} blocks, and fails if it was changed lately"));
        let call = calls::set_subnet_owner_hotkey(netuid, &hotkey.key);
        let sent = self.sending.send(context, &chain, &signer, &call, plan).await?;
        output.show(&sent.answer(|_| Ok(SubnetOwnerHotkeyOutput { netuid, hotkey: hotkey.key.to_string() }))?)
    }
}
