//! The command `myelin network down`.

use super::NetworkFolderArg;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render},
};
use myelin_local::{EndedProcess, down};
use schemars::JsonSchema;
use serde::Serialize;

/// Arguments of `myelin network down`.
#[derive(Debug, clap::Args)]
pub struct Down {
    #[command(flatten)]
    place: NetworkFolderArg,
}

/// Result of stopping a local network.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkDownOutput {
    /// Process id of the supervisor that was ended with its nodes.
    supervisor: Option<u32>,
    /// Nodes of an earlier supervisor that were ended.
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
    const SUMMARY: &'static str = "Stop the network and keep its chain";
    const EFFECT: Effect = Effect::LocalFiles;
    const EXAMPLES: &'static [Example] = &[Example { purpose: "Stop it", line: "myelin network down" }];
    type Output = NetworkDownOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkDownOutput>) -> Result<(), CliError> {
        let (_lock, supervisor, left_behind) = down(&self.place.directory(context)?).await?;
        Ok(output.show(&NetworkDownOutput { supervisor, left_behind })?)
    }
}
