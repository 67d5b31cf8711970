//! The command `myelin metagraph export`.

use super::{MetagraphRow, MetagraphShowOutput, NeuronFilter, show::read};
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::{OutputError, Printer},
    page::{Page, Render},
};
use clap::ValueEnum;
use myelin_client::{BlockNumber, NetUid};
use myelin_files::{Access, OnExisting};
use schemars::JsonSchema;
use serde::Serialize;
use std::{io, path::PathBuf};

/// File format of a metagraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TableFormat {
    /// A line for each neuron, below a line with the column names
    Csv,
    /// One document, as in `metagraph show --output json`
    Json,
}

/// Arguments of `myelin metagraph export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Number of the network; 0 is root
    netuid: NetUid,

    /// File format
    #[arg(value_enum, default_value = "csv")]
    form: TableFormat,

    /// Write to this file, atomically [default: standard output]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,

    #[command(flatten)]
    choice: NeuronFilter,
}

/// Result of an export.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MetagraphExportOutput {
    /// Number of the network.
    #[schemars(with = "u16")]
    netuid: NetUid,
    /// Block that the export describes.
    block: BlockNumber,
    /// Number of neurons.
    neurons: usize,
    /// Path of the file.
    file: Option<PathBuf>,
    /// Text of the export, if no file was written.
    text: Option<String>,
}

impl Render for MetagraphExportOutput {
    fn render(&self, page: &mut Page) {
        match (&self.file, &self.text) {
            (Some(file), _) => page.line(format!(
                "{} neurons of network {} as of block {} written to {}",
                self.neurons,
                self.netuid,
                self.block,
                file.display()
            )),
            (None, text) => page.line(text.as_deref().unwrap_or_default().trim_end()),
        }
    }
}

fn csv(rows: &[MetagraphRow]) -> Result<Vec<u8>, CliError> {
    let failed = |error: csv::Error| OutputError::Write(error.into());
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).map_err(failed)?;
    }
    Ok(writer.into_inner().map_err(|error| OutputError::Write(error.into_error()))?)
}

fn json(view: &MetagraphShowOutput) -> Result<Vec<u8>, CliError> {
    let mut text = serde_json::to_vec_pretty(view).map_err(|error| OutputError::Write(error.into()))?;
    text.push(b'\n');
    Ok(text)
}

impl Command for Export {
    const PATH: &'static str = "metagraph export";
    const SUMMARY: &'static str = "Export the neurons of a network, for other programs";
    const DETAILS: &'static str = "Amounts are in rao; fractions are parts of 65 535.";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "For a spreadsheet", line: "myelin metagraph export 1 --file subnet-1.csv" },
        Example { purpose: "As JSON, to standard output", line: "myelin metagraph export 1 json" },
    ];
    type Output = MetagraphExportOutput;

    async fn run(self, context: &Context, output: &Printer<MetagraphExportOutput>) -> Result<(), CliError> {
        let chosen = self.choice.find(context)?;
        let snapshot = read(context, self.netuid).await?;
        let view = MetagraphShowOutput::of(&snapshot, &chosen, usize::MAX, false);
        let bytes = match self.form {
            TableFormat::Csv => csv(view.neurons())?,
            TableFormat::Json => json(&view)?,
        };
        let text = if let Some(path) = &self.file {
            let written = myelin_files::write(path, &bytes, Access::Shared, OnExisting::Replace);
            written.map_err(|error| CliError::file("write", path)(error.source))?;
            None
        } else {
            let unreadable = |error| OutputError::Write(io::Error::new(io::ErrorKind::InvalidData, error));
            Some(String::from_utf8(bytes).map_err(unreadable)?)
        };
        let neurons = view.neurons().len();
        Ok(output.show(&MetagraphExportOutput {
            netuid: self.netuid,
            block: snapshot.block,
            neurons,
            file: self.file,
            text,
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::rows::tests::neuron, *};

    #[test]
    fn csv_has_the_fields_of_the_json_and_a_line_for_each_neuron() {
        let rows: Vec<_> = (0..2).map(|uid| MetagraphRow::from(&neuron(uid))).collect();
        let text = String::from_utf8(csv(&rows).unwrap()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let fields = serde_json::to_value(&rows[0]).unwrap();
        let mut names: Vec<_> = lines[0].split(',').collect();
        names.sort_unstable();
        assert_eq!(names, fields.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
        assert!(lines[1].starts_with(&format!("0,{},", neuron(0).hotkey)) && lines[1].contains(",10.0.0.1:8091,4,"));
    }
}
