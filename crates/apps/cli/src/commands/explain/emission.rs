//! `myelin explain emission`

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

/// `myelin explain emission`
#[derive(Debug, clap::Args)]
pub struct Emission {
    /// Which subnet
    netuid: NetUid,

    #[command(flatten)]
    who: NeuronArg,

    /// The block that ran the epoch; by default the last one that did
    #[arg(long, value_name = "BLOCK")]
    epoch: Option<BlockNumber>,
}

/// What an epoch divided, in rao.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PotsRow {
    /// What had accrued.
    #[schemars(with = "u64")]
    accrued: Amount<Tao>,
    /// For the owner of the subnet.
    #[schemars(with = "u64")]
    owner: Amount<Tao>,
    /// For mining.
    #[schemars(with = "u64")]
    miners: Amount<Tao>,
    /// For validating.
    #[schemars(with = "u64")]
    validators: Amount<Tao>,
    /// For nobody, because there was no neuron.
    #[schemars(with = "u64")]
    recycled: Amount<Tao>,
}

impl From<EpochTotals> for PotsRow {
    fn from(pots: EpochTotals) -> Self {
        let EpochTotals { accrued, owner, miners, validators, recycled } = pots;
        Self { accrued, owner, miners, validators, recycled }
    }
}

/// What one neuron should have been paid, and was.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NeuronRow {
    /// Its seat.
    uid: u16,
    /// Its hotkey.
    hotkey: String,
    /// What it earns for mining by the rules, in rao.
    #[schemars(with = "u64")]
    mining: Amount<Tao>,
    /// What it earns for validating by the rules, in rao.
    #[schemars(with = "u64")]
    validating: Amount<Tao>,
    /// What the chain noted that it paid, in rao. Nothing if the seat changed hands in the same block.
    #[schemars(with = "Option<u64>")]
    paid: Option<Amount<Tao>>,
    /// What the chain paid more than the rules say, in rao.
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

/// What an epoch should have paid, what the chain paid, and why.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ExplainEmissionOutput {
    /// The subnet.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// The block that ran the epoch.
    epoch: BlockNumber,
    /// The block of the epoch before.
    previous: Option<BlockNumber>,
    /// Who receives the owner's cut.
    owner: Option<String>,
    /// What each side receives by the rules.
    expected: PotsRow,
    /// What each side received.
    paid: PotsRow,
    /// Every neuron by uid.
    neurons: Vec<NeuronRow>,
    /// What became of the pools of stake that were paid into.
    pools: Vec<PoolRow>,
    /// By how many rao the chain differs from the rules, all differences added up.
    difference: u64,
    /// Whether it differs by nothing, in what it paid and in what it found of every neuron.
    exact: bool,
    /// How many amounts cannot be compared, because transactions of the same block removed what they were noted in.
    unseen: usize,
    /// How the neuron that was asked for came to its pay.
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
            (false, 0) => Tone::Bad.paint("the chain paid what the rules say, and noted something else of a neuron"),
            (false, rao) => Tone::Bad.paint(&format!("the chain differs from the rules by {rao} rao")),
        });
        if self.unseen > 0 {
            page.line(Tone::Warning.paint(&format!(
                "{} amounts cannot be compared one by one: transactions of the same block removed what they were noted in",
                self.unseen
            )));
        }
    }
}

impl Command for Emission {
    const PATH: &'static str = "explain emission";
    const SUMMARY: &'static str = "Say why an epoch paid what it paid, and whether that is right";
    const DETAILS: &'static str = "Reads what the block before the epoch left, runs the same functions over it as the chain \
                                   did, and compares every amount. With a neuron it shows each term of its pay. Nodes keep \
                                   the states of the last 256 blocks by default, so older epochs need an archive node.";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "The last epoch of a subnet", line: "myelin explain emission 1" },
        Example { purpose: "Why my neuron earned what it did", line: "myelin explain emission 1 --of myself" },
        Example { purpose: "A neuron in an earlier epoch", line: "myelin explain emission 1 --uid 3 --epoch 8640" },
        Example {
            purpose: "Raise an alarm if the chain paid otherwise",
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
