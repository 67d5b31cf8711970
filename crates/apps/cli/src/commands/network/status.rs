//! Commands about a network on this machine.

mod logs;
mod screen;
mod up;

pub use logs::{LogLine, Logs};
pub use up::Up;

use crate::{
    command::{Command, Effect, Example},
    context::{Context, checked},
    error::CliError,
    network::{EndedProcess, NetworkError, NetworkFolder, NetworkStatus, NodePhase, NodeStatus, down, status},
    output::Printer,
    page::{Page, Render, Side, Table, TableCell, Tone},
    settings::LOCAL_DIRECTORY,
};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Which network.
#[derive(Clone, Debug, clap::Args)]
pub struct NetworkFolderArg {
    /// Where the network keeps its chain, logs and process numbers [env: `MYELIN_LOCAL_DIRECTORY`]
    #[arg(long, value_name = "FOLDER", value_parser = checked(&LOCAL_DIRECTORY))]
    directory: Option<String>,
}

impl NetworkFolderArg {
    fn directory(&self, context: &Context) -> Result<NetworkFolder, CliError> {
        context.local_network(self.directory.as_deref())
    }
}

/// `myelin network down`
#[derive(Debug, clap::Args)]
pub struct Down {
    #[command(flatten)]
    place: NetworkFolderArg,
}

/// What was taken down.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkDownOutput {
    /// The supervisor that was ended, and its nodes with it.
    supervisor: Option<u32>,
    /// Nodes that an earlier supervisor had left behind.
    left_behind: Vec<EndedProcess>,
}

impl Render for NetworkDownOutput {
    fn render(&self, page: &mut Page) {
        for EndedProcess { name, pid } in &self.left_behind {
            page.line(format!("ended {name} (process {pid}), which was left behind"));
        }
        page.line(match self.supervisor {
            Some(_) => "the network is down; `myelin network up` goes on from here",
            None => "the network was not up",
        });
    }
}

impl Command for Down {
    const PATH: &'static str = "network down";
    const SUMMARY: &'static str = "End the network; its chain stays";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "End it", line: "myelin network down" }];
    type Output = NetworkDownOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkDownOutput>) -> Result<(), CliError> {
        let (_lock, supervisor, left_behind) = down(&self.place.directory(context)?).await?;
        output.show(&NetworkDownOutput { supervisor, left_behind })
    }
}

/// `myelin network reset`
#[derive(Debug, clap::Args)]
pub struct Reset {
    #[command(flatten)]
    place: NetworkFolderArg,
}

/// What was deleted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkResetOutput {
    /// The network.
    directory: PathBuf,
    /// Whether there was a chain.
    chain: bool,
}

impl Render for NetworkResetOutput {
    fn render(&self, page: &mut Page) {
        let directory = self.directory.display();
        page.line(if self.chain {
            format!("the chain in {directory} is gone; `myelin network up` begins a new one")
        } else {
            format!("there was no chain in {directory}")
        });
    }
}

impl Command for Reset {
    const PATH: &'static str = "network reset";
    const SUMMARY: &'static str = "Delete the chain of a network that is down, after a question";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "Begin anew", line: "myelin network reset" },
        Example { purpose: "In a script", line: "myelin network reset --yes" },
    ];
    type Output = NetworkResetOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkResetOutput>) -> Result<(), CliError> {
        let directory = self.place.directory(context)?;
        if let Some(supervisor) = directory.supervisor()? {
            return Err(NetworkError::Up { directory: directory.path().to_owned(), supervisor }.into());
        }
        let chain = directory.chain()?.is_some();
        let path = directory.path().display();
        context.terminal().confirm(&format!("Delete the chain and the logs in {path}?"))?;
        let (lock, ..) = down(&directory).await?;
        directory.delete(&lock)?;
        output.show(&NetworkResetOutput { directory: directory.path().to_owned(), chain })
    }
}

/// `myelin network status`
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

/// Bytes as people read them, in steps of 1024, with one decimal above the first step.
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

impl Command for Status {
    const PATH: &'static str = "network status";
    const SUMMARY: &'static str = "Show each node: its height, what is final, peers, memory, disk";
    const EFFECT: Effect = Effect::Nothing;
    const EXAMPLES: &'static [Example] = &[
        Example { purpose: "How is it?", line: "myelin network status" },
        Example {
            purpose: "What is final, for a script",
            line: "myelin network status --output json | jq .nodes[0].finalised",
        },
    ];
    type Output = NetworkStatus;

    async fn run(self, context: &Context, output: &Printer<NetworkStatus>) -> Result<(), CliError> {
        output.show(&status(&self.place.directory(context)?).await?)
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
