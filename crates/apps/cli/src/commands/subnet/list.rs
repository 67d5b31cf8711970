//! Which subnets there are.

use super::find;
use crate::{
    command::{Command, Effect, Example},
    commands::metagraph::{LastEpochRow, decimal, none, title},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, Tone, plain},
};
use myelin_client::{Amount, BlockNumber, NetUid, SubnetInfo, Tao};
use schemars::JsonSchema;
use serde::Serialize;

/// A network at a glance. Amounts are in rao.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetRow {
    /// Which network; 0 is root.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Its name, as its owner gave it.
    name: String,
    /// The address of who owns it.
    owner: Option<String>,
    /// The address of the hotkey that represents the owner.
    owner_hotkey: Option<String>,
    /// The block in which it was created.
    registered_at: BlockNumber,
    /// What is locked for it.
    #[schemars(with = "u64")]
    locked: Amount<Tao>,
    /// Blocks between its epochs, less one.
    tempo: u16,
    /// Seats taken.
    neurons: u16,
    /// Seats there are.
    seats: u16,
    /// What it receives of every block at present.
    #[schemars(with = "u64")]
    emission: Amount<Tao>,
    /// What has accrued to it since its last epoch.
    #[schemars(with = "u64")]
    pending: Amount<Tao>,
    /// Its last epoch.
    last_epoch: Option<LastEpochRow>,
    /// The block of its next epoch.
    next_epoch: Option<BlockNumber>,
    /// What a seat costs, if seats are to be had by burning.
    #[schemars(with = "Option<u64>")]
    burn: Option<Amount<Tao>>,
    /// How many seals have to be tried for a seat on average, if seats are to be had by work.
    difficulty: Option<u64>,
    /// What seats have cost so far, which is issued again one day.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
    /// The block in which burn and difficulty are adjusted next.
    adjusts_at: BlockNumber,
    #[serde(skip)]
    title: String,
}

impl From<SubnetInfo> for SubnetRow {
    fn from(subnet: SubnetInfo) -> Self {
        Self {
            title: title(subnet.netuid, &subnet),
            netuid: subnet.netuid,
            name: subnet.name,
            owner: subnet.owner.map(|owner| owner.to_string()),
            owner_hotkey: subnet.owner_hotkey.map(|hotkey| hotkey.to_string()),
            registered_at: subnet.registered_at,
            locked: subnet.locked,
            tempo: subnet.tempo,
            neurons: subnet.neurons,
            seats: subnet.max_neurons,
            emission: subnet.emission,
            pending: subnet.pending,
            last_epoch: subnet.last_epoch.map(LastEpochRow::from),
            next_epoch: subnet.next_epoch,
            burn: subnet.registration.burn,
            difficulty: subnet.registration.difficulty,
            recycled: subnet.registration.recycled,
            adjusts_at: subnet.registration.adjusts_at,
        }
    }
}

/// All networks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SubnetList {
    /// As of this final block.
    block: u64,
    /// Each network, by its number.
    subnets: Vec<SubnetRow>,
}

impl Render for SubnetList {
    fn render(&self, page: &mut Page) {
        let mut table = Table::new([
            ("SUBNET", Side::Right),
            ("NAME", Side::Left),
            ("NEURONS", Side::Right),
            ("TAO PER BLOCK", Side::Right),
            ("SEAT, TAO", Side::Right),
            ("DIFFICULTY", Side::Right),
            ("NEXT EPOCH", Side::Right),
        ]);
        for subnet in &self.subnets {
            let name = if subnet.netuid.is_root() { "root".to_owned() } else { plain(&subnet.name) };
            table.row([
                subnet.netuid.to_string().into(),
                if name.is_empty() { none() } else { name.into() },
                format!("{}/{}", subnet.neurons, subnet.seats).into(),
                if subnet.emission.is_zero() { none() } else { decimal(subnet.emission, 6).into() },
                subnet.burn.map_or_else(none, |burn| decimal(burn, 4).into()),
                subnet.difficulty.map_or_else(none, |difficulty| difficulty.to_string().into()),
                subnet.next_epoch.map_or_else(none, |block| block.to_string().into()),
            ]);
        }
        page.table(&table);
        page.line(Tone::Faint.paint(&format!("as of block {}", self.block)));
    }
}

impl Render for SubnetRow {
    fn render(&self, page: &mut Page) {
        page.line(Tone::Label.paint(&self.title));
        let owner = |owner: &Option<String>| owner.as_deref().map_or_else(none, Into::into);
        let epoch = match &self.last_epoch {
            Some(epoch) => format!("{} in block {}", epoch.emission, epoch.block).into(),
            None => none(),
        };
        page.fields([
            ("owner", owner(&self.owner)),
            ("owner's hotkey", owner(&self.owner_hotkey)),
            ("created in block", self.registered_at.to_string().into()),
            ("locked", self.locked.to_string().into()),
            ("neurons", format!("{} of {} seats", self.neurons, self.seats).into()),
            ("emission", format!("{} per block", self.emission).into()),
            ("accrued", self.pending.to_string().into()),
            ("last epoch", epoch),
            ("next epoch", self.next_epoch.map_or_else(none, |block| format!("block {block}").into())),
            ("a seat burns", self.burn.map_or_else(|| "not to be had".into(), |burn| burn.to_string().into())),
            (
                "or takes",
                match self.difficulty {
                    Some(difficulty) => format!("{difficulty} seals on average").into(),
                    None => "not to be had by work".into(),
                },
            ),
            ("adjusted in block", self.adjusts_at.to_string().into()),
            ("recycled so far", self.recycled.to_string().into()),
        ]);
    }
}

/// `myelin subnet list`
#[derive(Debug, clap::Args)]
pub struct List {}

impl Command for List {
    const PATH: &'static str = "subnet list";
    const SUMMARY: &'static str = "List the subnets, what they earn and what a seat costs";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Which are there?", line: "myelin subnet list" },
        Example {
            purpose: "Where is a seat to be had by work?",
            line: "myelin subnet list --output json | jq '.subnets[] | select(.difficulty) | .netuid'",
        },
    ];
    type Output = SubnetList;

    async fn run(self, context: &Context, output: &Printer<SubnetList>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        let subnets = now.subnets().await?.into_iter().map(SubnetRow::from).collect();
        output.show(&SubnetList { block: now.height(), subnets })
    }
}

/// `myelin subnet show`
#[derive(Debug, clap::Args)]
pub struct Show {
    /// Which network; 0 is root
    netuid: NetUid,
}

impl Command for Show {
    const PATH: &'static str = "subnet show";
    const SUMMARY: &'static str = "Show one subnet";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Who owns it?", line: "myelin subnet show 1" }];
    type Output = SubnetRow;

    async fn run(self, context: &Context, output: &Printer<SubnetRow>) -> Result<(), CliError> {
        let now = context.chain().await?.at_finalised().await?;
        output.show(&find(&now, self.netuid).await?.into())
    }
}
