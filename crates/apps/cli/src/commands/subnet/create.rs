//! The command `myelin subnet create`.

use super::{
    identity::{SubnetIdentityTexts, a_name},
    price::{PrunedSubnet, SubnetPriceOutput},
};
use crate::{
    command::{Calls, Command, Effect, Example},
    consent::{ConsentArgs, PAIR_FIRST},
    context::Context,
    error::CliError,
    key::WalletSigner,
    named_key::HotkeyArg,
    output::Printer,
    page::{Page, Render},
    plan::Plan,
    transact::{TransactionArgs, TransactionOutput},
};
use myelin_client::{Amount, Chain, Tao, calls, runtime::subnets::events::NetworkAdded};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin subnet create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Name of the subnet
    #[arg(long, value_name = "TEXT", value_parser = a_name())]
    name: Option<String>,

    /// Hotkey on the first seat: an address, or the name of a hotkey on this machine [default: the selected hotkey]
    #[arg(long, value_name = "HOTKEY")]
    owner_hotkey: Option<HotkeyArg>,

    #[command(flatten)]
    consent: ConsentArgs,

    #[command(flatten)]
    sending: TransactionArgs,
}

/// A subnet that was created.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetCreateOutput {
    /// Number of the subnet, if the events of the transaction name it.
    netuid: Option<u16>,
    /// TAO that is locked for it, in rao.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// Address of the hotkey on its first seat.
    hotkey: String,
}

impl Render for SubnetCreateOutput {
    fn render(&self, page: &mut Page) {
        let number = self.netuid.map_or_else(|| "the subnet".to_owned(), |netuid| format!("subnet {netuid}"));
        page.line(format!(
            "created {number}; {} are locked for it, and {} has its first seat",
            self.locked, self.hotkey
        ));
    }
}

impl Create {
    async fn plan(&self, chain: &Chain, signer: &WalletSigner, hotkey: &str) -> Result<Plan, CliError> {
        let now = chain.at_finalised().await?;
        let opens_at = now.launch().await?.ends_at;
        if now.height().saturating_add(1) < opens_at.into() {
            return Err(CliError::Impossible {
                message: format!("the chain is in its launch phase; creation of subnets opens in block {opens_at}"),
                hint: "take a seat with `myelin neuron register --netuid 1 --work`".into(),
            });
        }
        plan_at(&SubnetPriceOutput::read(&now).await?, self.name.as_deref(), &signer.to_string(), hotkey)
    }
}

/// Makes the plan of a creation at these prices.
fn plan_at(prices: &SubnetPriceOutput, name: Option<&str>, owner: &str, hotkey: &str) -> Result<Plan, CliError> {
    if let Some(block) = prices.not_before() {
        return Err(CliError::Impossible {
            message: format!("a subnet was created recently; the next can be created in block {block} at the earliest"),
            hint: "see the price in later blocks with `myelin subnet price`".into(),
        });
    }
    let price = prices.price();
    let name = name.map_or_else(String::new, |name| format!(" called {name}"));
    let plan = Plan::new(format!("Create a subnet{name} for {price}, owned by {owner}"))
        .spends(price)
        .effect(format!("{price} are locked; the next creation costs {} right after this", prices.next_price()))
        .effect(format!("comes back at the end of the subnet: {}", prices.comes_back()))
        .effect(format!("{hotkey} takes the first seat"));
    let plan = match prices.replaced() {
        PrunedSubnet::Nobody => plan,
        PrunedSubnet::Subnet(netuid) => {
            plan.effect(format!("subnet {netuid} ends, because all places for subnets are taken"))
        }
        PrunedSubnet::AllImmune => {
            return Err(CliError::Impossible {
                message: "all places for subnets are taken, and all subnets are immune".into(),
                hint: "list the subnets with `myelin subnet list`".into(),
            });
        }
    };
    Ok(plan.risk("another creation before this one doubles the price or delays this one"))
}

impl Command for Create {
    const PATH: &'static str = "subnet create";
    const SUMMARY: &'static str = "Create a subnet";
    const DETAILS: &'static str = "The price is locked for as long as the subnet exists. At its end the owner gets back \
         what has vested, and the rest is recycled. `myelin subnet price` shows the refunds and how the price falls.";
    const EFFECT: Effect = Effect::Chain;
    const CALLS: Calls =
        &[("Subnets", "register_network"), ("Subnets", "register_network_with_identity"), PAIR_FIRST[0], PAIR_FIRST[1]];
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Show the cost first", line: "myelin subnet create --name text --dry-run" },
        Example { purpose: "Create it", line: "myelin subnet create --name text" },
    ];
    type Output = TransactionOutput<SubnetCreateOutput>;

    async fn run(self, context: &Context, output: &Printer<Self::Output>) -> Result<(), CliError> {
        let (hotkey, signer) =
            (HotkeyArg::or_default(self.owner_hotkey.as_ref(), context)?, WalletSigner::coldkey(context)?);
        let chain = context.chain().await?;
        let plan = self.plan(&chain, &signer, &hotkey.to_string()).await?;
        let now = chain.at_finalised().await?;
        let pair = self.consent.new_pair(context, &chain, &now, &signer.public(), &hotkey).await?;
        let sent = if let Some(name) = self.name {
            let call = calls::register_network_with_identity(&hotkey.key, SubnetIdentityTexts::named(name).into());
            self.sending.send_paired(context, &chain, &signer, pair, &call, plan).await?
        } else {
            let call = calls::register_network(&hotkey.key);
            self.sending.send_paired(context, &chain, &signer, pair, &call, plan).await?
        };
        Ok(output.show(&sent.output(|included| {
            let added = included.event::<NetworkAdded>();
            Ok(SubnetCreateOutput {
                netuid: added.as_ref().map(|added| added.netuid.get()),
                locked: added.map_or(Amount::ZERO, |added| added.locked.0),
                hotkey: hotkey.to_string(),
            })
        })?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_shows_the_lock_and_its_refund() {
        let plan = plan_at(&SubnetPriceOutput::example(), Some("text"), "alice", "miner").unwrap();
        let mut page = Page::new(120);
        plan.render(&mut page);
        let text = anstream::adapter::strip_str(&page.into_text()).to_string();
        let expected = "\
Create a subnet called text for 150 TAO, owned by alice
  150 TAO are locked; the next creation costs 300 TAO right after this
  comes back at the end of the subnet: 37.5 TAO after 7 days, 75 TAO after 14 days, 150 TAO after 28 days
  miner takes the first seat
  spends  150 TAO
  fee     none
  risk  another creation before this one doubles the price or delays this one
";
        assert_eq!(text, expected);
    }
}
