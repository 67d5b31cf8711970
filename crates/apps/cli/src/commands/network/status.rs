//! The command `myelin network status`.

use super::NetworkFolderArg;
use crate::{
    command::{Command, Effect, Example, outputs},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
};
use myelin_local::{NetworkStatus, NodePhase, NodeStatus, status};

/// Arguments of `myelin network status`.
#[derive(Debug, clap::Args)]
pub struct Status {
    #[command(flatten)]
    place: NetworkFolderArg,
}

impl Render for NetworkStatus {
    fn render(&self, page: &mut Page) {
        if !self.up {
            page.line("the network is not up; `myelin network up` starts it");
            return;
        }
        let columns = [
            ("NODE", Side::Left),
            ("ROLE", Side::Left),
            ("STATE", Side::Left),
            ("HEIGHT", Side::Right),
            ("FINAL", Side::Right),
            ("PEERS", Side::Right),
            ("MEMORY", Side::Right),
            ("DISK", Side::Right),
            ("RESTARTS", Side::Right),
            ("RPC", Side::Left),
        ];
        let mut table = Table::new(columns);
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        for status in &self.nodes {
            let node = &status.node;
            table.row([
                node.name.as_str().into(),
                status.role().into(),
                phase(status),
                number(status.height).into(),
                number(status.finalised).into(),
                number(status.peers).into(),
                status.memory.map_or_else(|| "-".to_owned(), bytes).into(),
                bytes(status.disk).into(),
                node.restarts.to_string().into(),
                node.rpc.as_deref().unwrap_or("-").into(),
            ]);
        }
        page.table(&table);
        for node in self.nodes.iter().map(|status| &status.node) {
            if let Some(how) = &node.last_end {
                page.line(Tone::Warning.paint(&format!("{} died: {how}", node.name)));
            }
        }
    }
}

fn phase(status: &NodeStatus) -> TableCell {
    match status.node.phase {
        NodePhase::Running if status.node.role.is_node() && status.height.is_none() => {
            TableCell::new("silent", Tone::Bad)
        }
        NodePhase::Running => TableCell::new("running", Tone::Good),
        NodePhase::Starting => TableCell::new("starting", Tone::Warning),
        NodePhase::Restarting => TableCell::new("restarting", Tone::Warning),
        NodePhase::GivenUp => TableCell::new("given up", Tone::Bad),
    }
}

/// Formats bytes in steps of 1024, with one decimal above the first step.
fn bytes(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut tenths, mut unit) = (u128::from(bytes) * 10, 0);
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths = tenths.div_ceil(1024);
        unit += 1;
    }
    let name = units[unit];
    if unit == 0 { format!("{bytes} {name}") } else { format!("{}.{} {name}", tenths / 10, tenths % 10) }
}

outputs! {
    /// The nodes of a network.
    NetworkStatusOutput(NetworkStatus);
}

impl Command for Status {
    const PATH: &'static str = "network status";
    const SUMMARY: &'static str = "Show each node: height, final block, peers, memory and disk";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "All nodes", line: "myelin network status" },
        Example {
            purpose: "The last final block, for a script",
            line: "myelin network status --output json | jq .nodes[0].finalised",
        },
    ];
    type Output = NetworkStatusOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkStatusOutput>) -> Result<(), CliError> {
        Ok(output.show(&NetworkStatusOutput(status(&self.place.directory(context)?).await?))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_short_and_have_a_unit() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(1023), "1023 B");
        assert_eq!(bytes(1024), "1.0 KiB");
        assert_eq!(bytes(1536), "1.5 KiB");
        assert_eq!(bytes(5 << 30), "5.0 GiB");
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
    }
}
