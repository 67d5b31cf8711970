//! The command `myelin explain emission`.

use super::{NeuronArg, NeuronDerivation, NeuronName, PoolRow};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    share::percent,
};
use myelin_client::{BlockNumber, NetUid};
use myelin_explain::{Audit, EpochTotals, NeuronAudit};
use myelin_primitives::{Amount, Q32, Tao};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Arguments of `myelin explain emission`.
#[derive(Debug, clap::Args)]
pub struct Emission {
    /// Number of the subnet
    netuid: NetUid,

    #[command(flatten)]
    who: NeuronArg,

    /// Block that ran the epoch [default: that of the last epoch]
    #[arg(long, value_name = "BLOCK")]
    epoch: Option<BlockNumber>,
}

/// Division of the emission of an epoch, in rao.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PotsRow {
    /// Pending emission before the epoch, in rao.
    #[schemars(with = "u64")]
    accrued: Amount<Tao>,
    /// Owner cut, in rao.
    #[schemars(with = "u64")]
    owner: Amount<Tao>,
    /// Emission for miners, in rao.
    #[schemars(with = "u64")]
    miners: Amount<Tao>,
    /// Emission for validators, in rao.
    #[schemars(with = "u64")]
    validators: Amount<Tao>,
    /// Emission that was recycled because no neuron had a claim to it, in rao.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
}

impl From<EpochTotals> for PotsRow {
    fn from(pots: EpochTotals) -> Self {
        let EpochTotals { accrued, owner, miners, validators, recycled } = pots;
        Self { accrued, owner, miners, validators, recycled }
    }
}

/// Expected and paid emission of one neuron.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NeuronRow {
    /// Uid of the neuron.
    uid: u16,
    /// Address of the hotkey.
    hotkey: String,
    /// Emission for mining by the rules, in rao.
    #[schemars(with = "u64")]
    mining: Amount<Tao>,
    /// Emission for validating by the rules, in rao.
    #[schemars(with = "u64")]
    validating: Amount<Tao>,
    /// Emission that the chain recorded, in rao; absent if the seat changed hands in the same block.
    #[schemars(with = "Option<u64>")]
    paid: Option<Amount<Tao>>,
    /// Recorded emission less the emission by the rules, in rao.
    difference: Option<i64>,
}

impl From<&NeuronAudit> for NeuronRow {
    fn from(neuron: &NeuronAudit) -> Self {
        Self {
            uid: neuron.uid.get(),
            hotkey: neuron.hotkey.to_string(),
            mining: neuron.emission.miner,
            validating: neuron.emission.validator,
            paid: neuron.paid,
            difference: neuron.difference(),
        }
    }
}

/// Audit of an epoch: the expected and the paid emission, and the derivation for one neuron.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainEmissionOutput {
    /// Number of the subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The block that ran the epoch.
    epoch: BlockNumber,
    /// Block of the epoch before.
    previous: Option<BlockNumber>,
    /// Address that receives the owner cut.
    owner: Option<String>,
    /// Division of the emission by the rules.
    expected: PotsRow,
    /// Division of the emission as it was paid.
    paid: PotsRow,
    /// All neurons, by uid.
    neurons: Vec<NeuronRow>,
    /// Stake pools into which the epoch paid.
    pools: Vec<PoolRow>,
    /// Sum of all differences between the chain and the rules, in rao.
    difference: u64,
    /// True if the chain differs from the rules neither in payments nor in the outputs of any neuron.
    exact: bool,
    /// Number of amounts that cannot be compared, because transactions of the block removed their records.
    unseen: usize,
    /// Derivation of the emission of the selected neuron.
    derivation: Option<NeuronDerivation>,
}

impl ExplainEmissionOutput {
    fn of(audit: &Audit, neuron: Option<&NeuronAudit>) -> Self {
        let active: BTreeMap<u16, Q32> =
            audit.neurons.iter().map(|neuron| (neuron.uid.get(), neuron.active_stake)).collect();
        Self {
            netuid: audit.netuid,
            epoch: audit.block,
            previous: audit.previous,
            owner: audit.owner.map(|owner| owner.to_string()),
            expected: audit.expected.into(),
            paid: audit.paid.into(),
            neurons: audit.neurons.iter().map(NeuronRow::from).collect(),
            pools: audit.credits.iter().map(PoolRow::from).collect(),
            difference: audit.difference(),
            exact: audit.is_exact(),
            unseen: audit.unseen(),
            derivation: neuron.map(|neuron| NeuronDerivation::of(neuron, &active)),
        }
    }

    fn sides(&self) -> Table {
        let mut table =
            Table::new([("", Side::Left), ("PART", Side::Right), ("BY THE RULES", Side::Right), ("PAID", Side::Right)]);
        let (expected, paid) = (&self.expected, &self.paid);
        let sides = [
            ("accrued", expected.accrued, paid.accrued),
            ("owner", expected.owner, paid.owner),
            ("miners", expected.miners, paid.miners),
            ("validators", expected.validators, paid.validators),
            ("recycled", expected.recycled, paid.recycled),
        ];
        for (side, by_rule, paid) in sides.into_iter().filter(|(_, one, other)| !(one.is_zero() && other.is_zero())) {
            let tone = if by_rule == paid { Tone::Plain } else { Tone::Bad };
            table.row([
                side.into(),
                percent(by_rule.rao(), expected.accrued.rao()).into(),
                by_rule.to_string().into(),
                TableCell::new(paid.to_string(), tone),
            ]);
        }
        table
    }

    fn everybody(&self) -> Table {
        let mut table = Table::new([
            ("UID", Side::Right),
            ("HOTKEY", Side::Left),
            ("MINING", Side::Right),
            ("VALIDATING", Side::Right),
            ("PAID", Side::Right),
            ("DIFFERENCE", Side::Right),
        ]);
        for neuron in &self.neurons {
            let difference = match neuron.difference {
                Some(0) => TableCell::new("0", Tone::Good),
                Some(rao) => TableCell::new(format!("{rao} rao"), Tone::Bad),
                None => TableCell::new("not seen", Tone::Warning),
            };
            table.row([
                neuron.uid.to_string().into(),
                neuron.hotkey.as_str().into(),
                neuron.mining.to_string().into(),
                neuron.validating.to_string().into(),
                TableCell::optional(neuron.paid.map(|paid| paid.to_string())),
                difference,
            ]);
        }
        table
    }
}

impl Render for ExplainEmissionOutput {
    fn render(&self, page: &mut Page) {
        let title = match &self.derivation {
            Some(neuron) => format!("uid {} of subnet {}, {}", neuron.uid, self.netuid, neuron.hotkey),
            None => format!("subnet {}", self.netuid),
        };
        let since = self.previous.map_or_else(String::new, |block| format!(", {block} was the one before"));
        let epoch = format!("the epoch of block {}{since}", self.epoch);
        page.line(format!("{}  {}", Tone::Label.paint(&title), Tone::Faint.paint(&epoch)));
        page.line("");
        page.table(&self.sides());
        match &self.derivation {
            Some(neuron) => neuron.render(page),
            None if self.neurons.is_empty() => page.line("no neuron"),
            None => {
                page.line("");
                page.table(&self.everybody());
            }
        }
        page.line("");
        page.line(match (self.exact, self.difference) {
            (true, _) => Tone::Good.paint("the chain paid what the rules say, to the rao"),
            (false, 0) => Tone::Bad.paint("the chain paid what the rules say, and recorded other outputs of a neuron"),
            (false, rao) => Tone::Bad.paint(&format!("the chain differs from the rules by {rao} rao")),
        });
        if self.unseen > 0 {
            page.line(Tone::Warning.paint(&format!(
                "{} amounts cannot be compared one by one: transactions of the same block removed their records",
                self.unseen
            )));
        }
    }
}

impl Command for Emission {
    const PATH: &'static str = "explain emission";
    const SUMMARY: &'static str = "Explain the payments of an epoch, and compare them with the rules";
    const DETAILS: &'static str = "Reads the state before the epoch, runs the functions of the chain over it, and \
         compares every amount. With a neuron it shows each term of the neuron's emission. Nodes keep the states of \
         the last 1024 blocks by default; older epochs need an archive node.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The last epoch of a subnet", line: "myelin explain emission 1" },
        Example { purpose: "Each term of your own neuron's emission", line: "myelin explain emission 1 --of myself" },
        Example { purpose: "A neuron in an earlier epoch", line: "myelin explain emission 1 --uid 3 --epoch 8640" },
        Example {
            purpose: "Fail if the chain paid another amount",
            line: "myelin explain emission 1 --output json | jq -e .exact",
        },
    ];
    type Output = ExplainEmissionOutput;

    async fn run(self, context: &Context, output: &Printer<ExplainEmissionOutput>) -> Result<(), CliError> {
        let named = self.who.find(context)?;
        let chain = context.chain().await?;
        let audit = match self.epoch {
            Some(block) => Audit::of_epoch(&chain, self.netuid, block).await?,
            None => Audit::of_last_epoch(&chain, self.netuid).await?,
        };
        let neuron = match &named {
            Some(NeuronName::Uid(uid)) => audit.neuron(*uid),
            Some(NeuronName::Hotkey(hotkey)) => audit.by_hotkey(hotkey),
            None => None,
        };
        if let Some(named) = named.filter(|_| neuron.is_none()) {
            return Err(named.missing(self.netuid, audit.block.into()));
        }
        Ok(output.show(&ExplainEmissionOutput::of(&audit, neuron))?)
    }
}
