//! `myelin network down`

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
        Ok(output.show(&NetworkDownOutput { supervisor, left_behind })?)
    }
}
