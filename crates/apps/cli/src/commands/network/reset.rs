//! The command `myelin network reset`.

use super::NetworkFolderArg;
use crate::{
    command::{Command, Effect, Example},
    context::Context,
    error::CliError,
    output::Printer,
    page::{Page, Render},
};
use myelin_local::{LocalError, down};
use schemars::JsonSchema;
use serde::Serialize;
use std::path::PathBuf;

/// Arguments of `myelin network reset`.
#[derive(Debug, clap::Args)]
pub struct Reset {
    #[command(flatten)]
    place: NetworkFolderArg,
}

/// Result of deleting the chain of a local network.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NetworkResetOutput {
    /// Folder of the network.
    directory: PathBuf,
    /// True if there was a chain.
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
        Example { purpose: "Start again with a new chain", line: "myelin network reset" },
        Example { purpose: "In a script", line: "myelin network reset --yes" },
    ];
    type Output = NetworkResetOutput;

    async fn run(self, context: &Context, output: &Printer<NetworkResetOutput>) -> Result<(), CliError> {
        let directory = self.place.directory(context)?;
        if let Some(supervisor) = directory.supervisor()? {
            return Err(LocalError::Up { directory: directory.path().to_owned(), supervisor }.into());
        }
        let chain = directory.chain()?.is_some();
        let path = directory.path().display();
        context.terminal().confirm(&format!("Delete the chain and the logs in {path}?"))?;
        let (lock, ..) = down(&directory).await?;
        directory.delete(&lock)?;
        Ok(output.show(&NetworkResetOutput { directory: directory.path().to_owned(), chain })?)
    }
}
