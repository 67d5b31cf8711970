//! The command `myelin chain runtime`.

use super::node;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_client::{ChainError, ChainState, is_generated_from, runtime, subxt::Metadata};
use schemars::JsonSchema;
use serde::Serialize;

/// Version of the metadata format from which this program was generated.
///
/// In another format the same runtime looks different.
const FORMAT: u32 = 15;

/// Arguments of `myelin chain runtime`.
#[derive(Debug, clap::Args)]
pub struct Runtime {}

/// A pallet of the runtime.
#[derive(Debug, Serialize, JsonSchema)]
struct PalletRow {
    /// Index of the pallet.
    index: u8,
    /// Name of the pallet.
    name: String,
    /// Number of calls.
    calls: usize,
    /// Number of event types.
    events: usize,
    /// Number of error types.
    errors: usize,
    /// Number of storage items.
    storage: usize,
}

/// The present runtime of the chain.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChainRuntimeOutput {
    /// Height of the final block that was read.
    block: u64,
    /// Name of the runtime.
    name: String,
    /// Version of the runtime, which increases with every change of the rules.
    version: u32,
    /// Version of the transaction format.
    transaction_version: u32,
    /// True if this program was generated from this runtime; otherwise some commands may fail.
    compatible: bool,
    /// Pallets of the runtime.
    pallets: Vec<PalletRow>,
}

/// Returns true if this program was generated from the runtime.
async fn compatible(now: &ChainState) -> Result<bool, ChainError> {
    let told = now.ask(runtime::runtime_apis().metadata().metadata_at_version(FORMAT)).await?;
    let metadata = told.and_then(|told| Metadata::decode_from(&told.0).ok());
    Ok(metadata.is_some_and(|metadata| is_generated_from(&metadata)))
}

impl Render for ChainRuntimeOutput {
    fn render(&self, page: &mut Page) {
        let compatible = if self.compatible {
            TableCell::new("yes", Tone::Good)
        } else {
            TableCell::new("in part: update this program", Tone::Warning)
        };
        page.fields([
            ("runtime", format!("{}, version {}", self.name, self.version).into()),
            ("transactions", format!("version {}", self.transaction_version).into()),
            ("compatible", compatible),
        ]);
        page.line("");
        let mut table = Table::new([
            ("", Side::Right),
            ("PALLET", Side::Left),
            ("CALLS", Side::Right),
            ("EVENTS", Side::Right),
            ("ERRORS", Side::Right),
            ("STORAGE", Side::Right),
        ]);
        for pallet in &self.pallets {
            let counts = [pallet.calls, pallet.events, pallet.errors, pallet.storage];
            let [calls, events, errors, storage] = counts.map(|count| TableCell::from(count.to_string()));
            table.row([pallet.index.to_string().into(), pallet.name.as_str().into(), calls, events, errors, storage]);
        }
        page.table(&table);
    }
}

impl Command for Runtime {
    const PATH: &'static str = "chain runtime";
    const SUMMARY: &'static str = "Show the runtime of the chain, and whether it is compatible";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Show the version", line: "myelin chain runtime" },
        Example {
            purpose: "Stop if this program is too old",
            line: "myelin chain runtime --output json | jq -e .compatible",
        },
    ];
    type Output = ChainRuntimeOutput;

    async fn run(self, context: &Context, output: &Printer<ChainRuntimeOutput>) -> Result<(), CliError> {
        let chain = context.chain().await?;
        let now = chain.at_finalised().await?;
        let version = node(&chain).state_get_runtime_version(Some(now.hash())).await.map_err(ChainError::from)?;
        let metadata = now.client().metadata();
        let pallets = metadata.pallets().map(|pallet| PalletRow {
            index: pallet.call_index(),
            name: pallet.name().to_owned(),
            calls: pallet.call_variants().map_or(0, <[_]>::len),
            events: pallet.event_variants().map_or(0, <[_]>::len),
            errors: pallet.error_variants().map_or(0, <[_]>::len),
            storage: pallet.storage().map_or(0, |storage| storage.entries().len()),
        });
        let name = version.other.get("specName").and_then(|name| name.as_str()).unwrap_or("unknown");
        Ok(output.show(&ChainRuntimeOutput {
            block: now.height(),
            name: name.to_owned(),
            version: version.spec_version,
            transaction_version: version.transaction_version,
            compatible: compatible(&now).await?,
            pallets: pallets.collect(),
        })?)
    }
}
